use crypto::encoding::{
    base58_decode, base58_encode, base64_decode, base64_encode, base64url_decode, base64url_encode,
};

use crate::case::{self, Case};

#[test]
fn encodings() {
    case::for_each("encodings.json", |case| if case.has("decode_input") { decoder(case) } else { encoder(case) });
}

fn encoder(case: &mut Case) {
    let bytes = case.bytes("bytes_hex");
    if case.has("utf8_string") {
        case.expect_text("utf8_string", std::str::from_utf8(&bytes).unwrap());
    } else {
        let padded = base64_encode(&bytes);
        assert_eq!(base64_decode(&padded).unwrap(), bytes);
        case.expect_text("base64_std_padded", &padded);
        let base58 = base58_encode(&bytes);
        assert_eq!(base58_decode(&base58).unwrap(), bytes);
        case.expect_text("base58", &base58);
    }
    let url_safe = base64url_encode(&bytes);
    assert_eq!(base64url_decode(&url_safe).unwrap(), bytes);
    case.expect_text("base64url_nopad", &url_safe);
}

fn decoder(case: &mut Case) {
    let input = case.text("decode_input");
    let decoded = match case.text("decoder").as_str() {
        "base64url_nopad" => base64url_decode(&input),
        "base64_std_padded" => base64_decode(&input),
        other => panic!("unknown decoder {other}"),
    };
    if case.flag("accepted") {
        case.expect_bytes("bytes_hex", decoded.unwrap());
    } else {
        assert!(decoded.is_err(), "{input:?} was accepted");
    }
}
