//! Reads JSON of other programs: peers, a Backbone, clients.
//!
//! JavaScript reads and writes some JSON that `serde_json` refuses: nesting of any depth, lone surrogates (`"\ud83d"`),
//! and numbers beyond the range of a double. None of that may make a message unreadable, and none of it may exhaust the
//! stack of code that handles the value later, as all operations on a value (reading, writing, comparing, dropping) are
//! recursive. So one rule applies everywhere, and is implemented here:
//!
//! - a lone surrogate is read as U+FFFD, which is also what JavaScript makes of it in UTF-8;
//! - a number beyond the range of a double is read as `null`, which is what JavaScript writes for it;
//! - arrays and objects that are nested deeper than a limit are read as strings that hold their JSON.
//!
//! A [`Reading`] tells if it covers the whole text. Reading takes time linear in the length of the text.

mod levels;
mod repair;

use std::cell::Cell;

use serde::de::{DeserializeOwned, Error as _, IgnoredAny};
use serde_json::Error;

/// The maximum nesting of arrays and objects in content that is read, exchanged and sent. Everything that handles
/// values is tested with this depth and some more, for the wrapping of a content.
pub const MAX_DEPTH: usize = 256;

/// The result of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading<T> {
    /// The content of the text, as far as the limits allow.
    pub value: T,
    /// True if lone surrogates or numbers were replaced.
    pub is_repaired: bool,
    /// True if something was nested deeper than the limit and became a string.
    pub is_too_deep: bool,
}

impl<T> Reading<T> {
    /// Returns true if the value covers the whole text.
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

/// Reads a text with another limit than [`MAX_DEPTH`], of at least 128 levels. The stack has to suffice for handling
/// the value.
///
/// # Errors
/// As [`read`].
pub fn read_levels<T: DeserializeOwned>(text: impl AsRef<[u8]>, levels: usize) -> Result<Reading<T>, Error> {
    let text = std::str::from_utf8(text.as_ref()).map_err(Error::custom)?;
    // Nearly everything can be read directly, at no extra cost.
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
    // It is too deep, or not JSON at all; building values would be wasted effort for the latter.
    serde_json::from_str::<IgnoredAny>(text)?;
    let is_too_deep = Cell::new(false);
    let value = levels::read(text, levels, &is_too_deep)?;
    Ok(Reading { value: T::deserialize(value)?, is_repaired, is_too_deep: is_too_deep.get() })
}
