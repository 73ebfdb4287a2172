//! Reads a stream of server-sent events, as far as the Backbone's events need it: their names carry all information.

use std::time::Duration;

/// The part of a line that is kept. Names and numbers are short; of other lines only the beginning matters.
const MAX_LINE: usize = 1024;

/// The default name of an event.
const UNNAMED: &str = "message";

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// An item of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An event of this name. Of names longer than any known one only the beginning is kept.
    Event(String),
    /// Clients should wait this long before they connect again.
    Retry(Duration),
}

/// Parses bytes into events, however they are split, by the rules of the HTML standard. It keeps only the beginning of
/// the current line, whatever the server sends.
#[derive(Debug)]
pub struct Decoder {
    line: Vec<u8>,
    name: Vec<u8>,
    has_data: bool,
    is_cut: bool,
    is_first_line: bool,
    after_carriage_return: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder for the beginning of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self {
            line: Vec::new(),
            name: Vec::new(),
            has_data: false,
            is_cut: false,
            is_first_line: true,
            after_carriage_return: false,
        }
    }

    /// The items that the next bytes complete, in their order.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Item> {
        let mut items = Vec::new();
        for &byte in bytes {
            let ends_a_pair = std::mem::take(&mut self.after_carriage_return) && byte == b'\n';
            match byte {
                b'\n' if ends_a_pair => {}
                b'\n' | b'\r' => {
                    self.after_carriage_return = byte == b'\r';
                    items.extend(self.end_line());
                }
                _ if self.line.len() < MAX_LINE => self.line.push(byte),
                _ => self.is_cut = true,
            }
        }
        items
    }

    fn end_line(&mut self) -> Option<Item> {
        let line = std::mem::take(&mut self.line);
        let is_cut = std::mem::take(&mut self.is_cut);
        let is_first = std::mem::take(&mut self.is_first_line);
        let line = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| is_first).unwrap_or(&line);
        if line.is_empty() {
            return self.end_event();
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (line.get(..colon)?, line.get(colon + 1..)?),
            None => (line, &b""[..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => self.name = value.to_vec(),
            b"data" => self.has_data = true,
            b"retry" if !is_cut => return retry(value),
            // Comments, ids (the Backbone sends none) and unknown fields.
            _ => {}
        }
        None
    }

    /// An event without data is not an event.
    fn end_event(&mut self) -> Option<Item> {
        let name = std::mem::take(&mut self.name);
        let name = if name.is_empty() { UNNAMED.to_owned() } else { String::from_utf8_lossy(&name).into_owned() };
        std::mem::take(&mut self.has_data).then_some(Item::Event(name))
    }
}

fn retry(value: &[u8]) -> Option<Item> {
    let digits = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok().map(|milliseconds| Item::Retry(Duration::from_millis(milliseconds)))
}

#[cfg(test)]
#[expect(clippy::panic, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(text: &[u8]) -> Vec<Item> {
        Decoder::new().push(text)
    }

    fn event(name: &str) -> Item {
        Item::Event(name.to_owned())
    }

    #[test]
    fn the_frames_of_the_backbone() {
        let text =
            b"event: ConnectionOpened\ndata: _\n\nevent: keep-alive\ndata: _\n\nevent: ExternalEventCreated\ndata: _\n";
        assert_eq!(decode(text), [event("ConnectionOpened"), event("keep-alive")], "the last one is not complete");
    }

    #[test]
    fn the_rules_of_the_standard() {
        for (text, expected) in [
            ("data\n\n", vec![event("message")]),
            ("event:a\ndata:\n\n", vec![event("a")]),
            ("event:  a\ndata\n\n", vec![event(" a")]),
            ("event: a\n\ndata: _\n\n", vec![event("message")]),
            ("event: a\nevent: b\ndata: 1\ndata: 2\n\n", vec![event("b")]),
            (": data\n\n", vec![]),
            ("Data: x\ndatum: x\nid: 5\n\n", vec![]),
            ("event: a\rdata: _\r\rdata\r\n\r\n", vec![event("a"), event("message")]),
            ("\u{feff}event: a\ndata\n\n\u{feff}data\n\n", vec![event("a")]),
            (
                "retry: 2500\nretry: 2,5\nretry: -1\nretry:\nretry: 99999999999999999999999\n",
                vec![Item::Retry(Duration::from_millis(2500))],
            ),
        ] {
            assert_eq!(decode(text.as_bytes()), expected, "{text:?}");
        }
        assert_eq!(decode(b"event: \xff\ndata\n\n"), [event("\u{fffd}")]);
    }

    #[test]
    fn endless_lines_cost_no_memory_and_do_no_harm() {
        let mut decoder = Decoder::new();
        assert_eq!(decoder.push(b"event: ExternalEventCreated"), []);
        for _ in 0..1000 {
            assert_eq!(decoder.push(&[b'x'; 4096]), []);
            assert!(decoder.line.capacity() <= 2 * MAX_LINE);
        }
        assert_eq!(decoder.push(b"\nretry: "), []);
        assert_eq!(decoder.push(&[b'0'; 4096]), []);
        assert_eq!(decoder.push(b"1\ndata: "), []);
        assert_eq!(decoder.push(&[b'y'; 4096]), []);
        let items = decoder.push(b"\n\nevent: keep-alive\ndata: _\n\n");
        let [Item::Event(long), second] = items.as_slice() else { panic!("{items:?}") };
        assert!(long.starts_with("ExternalEventCreatedxxx") && long.len() < MAX_LINE);
        assert_eq!(*second, event("keep-alive"));
    }

    fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
    }

    proptest! {
        #[test]
        fn where_the_bytes_are_cut_does_not_matter(
            text in "(event: ?[a-c]{0,3}|data(: _)?|retry: [0-9]{1,3}|:x|\u{feff}|[a-z]{0,4}|\r|\n|\r\n){0,40}",
            cuts in proptest::collection::vec(any::<usize>(), 0..20),
        ) {
            let mut decoder = Decoder::new();
            let items: Vec<Item> = pieces(text.as_bytes(), &cuts).into_iter().flat_map(|piece| decoder.push(piece)).collect();
            prop_assert_eq!(items, decode(text.as_bytes()));
        }

        #[test]
        fn events_come_out_as_they_went_in(
            names in proptest::collection::vec("[A-Za-z-]{1,30}", 0..20),
            end in proptest::sample::select(vec!["\n", "\r", "\r\n"]),
            cuts in proptest::collection::vec(any::<usize>(), 0..20),
        ) {
            let text: String =
                names.iter().map(|name| format!("event: {name}{end}:comment{end}data: _{end}{end}")).collect();
            let mut decoder = Decoder::new();
            let items: Vec<Item> = pieces(text.as_bytes(), &cuts).into_iter().flat_map(|piece| decoder.push(piece)).collect();
            let expected: Vec<Item> = names.iter().map(|name| event(name)).collect();
            prop_assert_eq!(items, expected);
        }

        #[test]
        fn any_bytes_are_read_in_bounded_memory(bytes in proptest::collection::vec(any::<u8>(), 0..8192)) {
            let mut decoder = Decoder::new();
            let items = decoder.push(&bytes);
            prop_assert!(items.len() <= bytes.len() / 2);
            prop_assert!(decoder.line.len() <= MAX_LINE && decoder.name.len() <= MAX_LINE);
        }
    }
}
