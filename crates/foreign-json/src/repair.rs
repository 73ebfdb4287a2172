//! Replaces, in the text, what JavaScript reads and `serde_json` does not.

use std::ops::Range;

/// Length of `\uXXXX`.
const ESCAPE: usize = 6;

/// The text without lone surrogates and numbers beyond the range of a double, if it has any. Invalid JSON stays
/// invalid.
pub(crate) fn repaired(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut repair = Repair { text, taken: 0, repaired: String::new() };
    let mut is_in_text = false;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'"' => {
                is_in_text = !is_in_text;
                1
            }
            b'\\' if is_in_text => match escaped(bytes, at) {
                Some(0xd800..=0xdbff) if matches!(escaped(bytes, at + ESCAPE), Some(0xdc00..=0xdfff)) => 2 * ESCAPE,
                Some(0xd800..=0xdfff) => repair.replace(at..at + ESCAPE, "\\ufffd"),
                Some(_) => ESCAPE,
                None => 2,
            },
            b'-' | b'0'..=b'9' if !is_in_text => {
                let is_part = |byte: &&u8| matches!(**byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                let end = at + bytes.iter().skip(at).take_while(is_part).count();
                let number = text.get(at..end).and_then(|number| number.parse::<f64>().ok());
                if number.is_some_and(f64::is_infinite) { repair.replace(at..end, "null") } else { end - at }
            }
            _ => 1,
        };
    }
    repair.finish()
}

/// The UTF-16 code unit that is written as `\uXXXX` at this place.
fn escaped(bytes: &[u8], at: usize) -> Option<u16> {
    let [b'\\', b'u', digits @ ..] = bytes.get(at..at + ESCAPE)? else { return None };
    digits.iter().try_fold(0, |unit, digit| {
        let digit = u16::try_from(char::from(*digit).to_digit(16)?).ok()?;
        Some(unit << 4 | digit)
    })
}

struct Repair<'t> {
    text: &'t str,
    /// The end of the part of the text that has been copied.
    taken: usize,
    repaired: String,
}

impl Repair<'_> {
    /// Returns the length of the replaced part.
    fn replace(&mut self, range: Range<usize>, with: &str) -> usize {
        self.repaired.push_str(self.text.get(self.taken..range.start).unwrap_or_default());
        self.repaired.push_str(with);
        self.taken = range.end;
        range.len()
    }

    fn finish(mut self) -> Option<String> {
        if self.taken == 0 {
            return None;
        }
        self.repaired.push_str(self.text.get(self.taken..).unwrap_or_default());
        Some(self.repaired)
    }
}
