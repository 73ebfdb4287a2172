//! The output of a command for its caller, as opposed to log lines.

use std::fmt::Display;
use std::io::Write as _;

/// Prints a line on standard output. A reader that has gone away is not a failure.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Prints a line on standard error.
pub(crate) fn complain(line: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
