//! Reads JSON that others wrote: peers, a Backbone, clients.
//!
//! JavaScript reads and writes some JSON that `serde_json` refuses: nesting of any depth, lone surrogates (`"\ud83d"`), and
//! numbers beyond the range of a double. Nothing of that may make a message unreadable, and nothing of it may exhaust the
//! stack of whoever handles the value later, for all that is done with a value (reading, writing, comparing, dropping) is
//! recursive. So one rule holds everywhere, and is kept here:
//!
//! - a lone surrogate is read as U+FFFD, which is also what JavaScript makes of it in UTF-8;
//! - a number beyond the range of a double is read as `null`, which is what JavaScript writes for it;
//! - arrays and objects that lie deeper than a limit are read as texts that hold their JSON.
//!
//! A [`Reading`] tells whether it says all that the text said. Reading takes time linear in the length of the text.

mod levels;
mod repair;

use std::cell::Cell;

use serde::de::{DeserializeOwned, Error as _, IgnoredAny};
use serde_json::Error;

/// How deep arrays and objects may be nested in what is read, exchanged and sent. Everything that handles values is tested
/// with this depth and some more, which what we wrap around a content needs.
pub const MAX_DEPTH: usize = 256;

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading<T> {
    /// What the text says, as far as the limits allow.
    pub value: T,
    /// Whether lone surrogates or numbers were replaced.
    pub is_repaired: bool,
    /// Whether something lies deeper than the limit and became a text.
    pub is_too_deep: bool,
}

impl<T> Reading<T> {
    /// Whether the value says all that the text said.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.is_repaired && !self.is_too_deep
    }
}

/// Reads a text with [`MAX_DEPTH`] levels.
///
/// # Errors
/// If it is no JSON in UTF-8, or not that of a `T`.
pub fn read<T: DeserializeOwned>(text: impl AsRef<[u8]>) -> Result<Reading<T>, Error> {
    read_levels(text, MAX_DEPTH)
}

/// The value of [`read`].
///
/// # Errors
/// As [`read`].
pub fn from_slice<T: DeserializeOwned>(text: impl AsRef<[u8]>) -> Result<T, Error> {
    read(text).map(|reading| reading.value)
}

/// Reads a text with another limit than [`MAX_DEPTH`], of at least 128 levels. What is read has to be handled on some stack.
///
/// # Errors
/// As [`read`].
pub fn read_levels<T: DeserializeOwned>(text: impl AsRef<[u8]>, levels: usize) -> Result<Reading<T>, Error> {
    let text = std::str::from_utf8(text.as_ref()).map_err(Error::custom)?;
    // Nearly everything can be read directly, at no cost.
    match serde_json::from_str(text) {
        Err(error) if !error.is_data() => {}
        done => return done.map(|value| Reading { value, is_repaired: false, is_too_deep: false }),
    }
    let repaired = repair::repaired(text);
    let is_repaired = repaired.is_some();
    let text = repaired.as_deref().unwrap_or(text);
    if is_repaired {
        match serde_json::from_str(text) {
            Err(error) if !error.is_data() => {}
            done => return done.map(|value| Reading { value, is_repaired, is_too_deep: false }),
        }
    }
    // It is too deep, or no JSON at all; values would be built in vain for that.
    serde_json::from_str::<IgnoredAny>(text)?;
    let is_too_deep = Cell::new(false);
    let value = levels::read(text, levels, &is_too_deep)?;
    Ok(Reading { value: T::deserialize(value)?, is_repaired, is_too_deep: is_too_deep.get() })
}
