use std::fmt;

/// A place in a query, in UTF-16 code units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// From the beginning, counted from 0.
    pub offset: usize,
    /// Line, counted from 1; lines end at U+000A only.
    pub line: usize,
    /// From the beginning of the line, counted from 1.
    pub column: usize,
}

impl Position {
    /// The place before the byte at `offset`.
    pub(super) fn at(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let units = |text: &str| text.encode_utf16().count();
        Self {
            offset: units(before),
            line: before.matches('\n').count() + 1,
            column: units(before.get(line_start..).unwrap_or_default()) + 1,
        }
    }
}

/// A text that is no query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IqlError {
    /// Where it cannot be understood any more.
    pub start: Position,
    /// One further, or the same at the end of the text.
    pub end: Position,
    /// Everything that would have been possible there, sorted.
    pub expected: Vec<&'static str>,
    /// The character there; `None` at the end of the text.
    pub found: Option<char>,
}

impl IqlError {
    /// The error in words, as the peers put it (`docs/protocol/04 §8.2`).
    #[must_use]
    pub fn message(&self) -> String {
        let expected = match self.expected.as_slice() {
            [] => String::new(),
            [only] => (*only).to_owned(),
            [first, second] => format!("{first} or {second}"),
            [firsts @ .., last] => format!("{}, or {last}", firsts.join(", ")),
        };
        let found = self.found.map_or_else(|| "end of input".to_owned(), |found| format!("\"{}\"", escaped(found)));
        format!("Expected {expected} but {found} found.")
    }
}

impl fmt::Display for IqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for IqlError {}

fn escaped(character: char) -> String {
    match character {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\0' => "\\0".to_owned(),
        '\t' => "\\t".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        control if control < ' ' || ('\u{7f}'..='\u{9f}').contains(&control) => {
            format!("\\x{:02X}", u32::from(control))
        }
        other => other.to_string(),
    }
}
