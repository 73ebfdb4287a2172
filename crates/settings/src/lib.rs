//! Settings: the permitted contents of a configuration, in tables, and the one reader that checks a configuration
//! against them.
//!
//! The crate that owns a section declares a [`Section`]: one [`Setting`] for each key, with its type, default and
//! documentation. Everything else follows from it: what [`check`] refuses, the [`defaults()`], the parts of a
//! configuration that are [`shown`], the tables in the documentation ([`markdown`]) and the JSON Schema for editors
//! ([`schema()`]).
//!
//! Rules that a table cannot express are functions over a [`Node`], a value that knows its place in the configuration.
//! They report to the same [`Report`], which collects all mistakes. Nothing here logs, and no message repeats a value:
//! it may be a secret.

mod check;
mod defaults;
pub mod markdown;
mod node;
mod normalise;
mod path;
mod report;
mod schema;
mod shown;
mod similar;
mod table;

pub use check::{check, kind_of, read};
pub use defaults::defaults;
pub use node::Node;
pub use normalise::normalise;
pub use path::Path;
pub use report::{Mistakes, Problem, Report, Severity};
pub use schema::schema;
pub use shown::{HIDDEN, Shown, shown};
pub use similar::{closest, corrected};
pub use table::{
    Entries, Entry, Kind, Members, Names, Otherwise, Preset, Rule, Section, Setting, Since, Tagged, Text, Unknown,
    Wrong,
};
