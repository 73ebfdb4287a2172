use modules::sse::decoder::{Decoder, Item};

/// A stream of server-sent events, which yields the same events wherever it is split.
pub fn event_stream(data: &[u8]) {
    let mut whole = Decoder::new();
    let items = whole.push(data);
    let mut cut = Decoder::new();
    let pieces: Vec<Item> = data.chunks(1).flat_map(|byte| cut.push(byte)).collect();
    assert_eq!(items, pieces);
}
