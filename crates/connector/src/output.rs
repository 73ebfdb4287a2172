//! What a command says to whoever called it, as opposed to what is logged.

use std::fmt::Display;
use std::io::Write as _;

/// A line on standard output. A reader that went away is no reason to fail.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// A line on standard error.
pub(crate) fn complain(line: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
