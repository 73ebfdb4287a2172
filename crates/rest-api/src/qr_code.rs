//! QR codes as PNG (`docs/protocol/06 §1.3`): error correction level M, the smallest version that fits,
//! a quiet zone of 4 modules, 4 pixels per module, black on white, 8-bit RGBA.

use qrcode::{Color, EcLevel, QrCode};

const PIXELS_PER_MODULE: usize = 4;
const QUIET_ZONE: usize = 4;
const BLACK: [u8; 4] = [0, 0, 0, 255];
const WHITE: [u8; 4] = [255, 255, 255, 255];

/// The reason why a text has no QR code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QrCodeError {
    #[error("the text does not fit into a QR code: {0}")]
    Text(#[from] qrcode::types::QrError),
    #[error("the image cannot be written: {0}")]
    Image(#[from] png::EncodingError),
}

/// The PNG file of the QR code of a text.
pub(crate) fn png(text: &str) -> Result<Vec<u8>, QrCodeError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
    let modules = code.width();
    let edge = (modules + 2 * QUIET_ZONE) * PIXELS_PER_MODULE;
    let mut pixels = Vec::with_capacity(edge * edge * WHITE.len());
    for y in 0..edge {
        for x in 0..edge {
            pixels.extend_from_slice(if is_dark(&code, x, y) { &BLACK } else { &WHITE });
        }
    }

    let mut file = Vec::new();
    // A QR code has at most 177 modules per edge.
    let edge = u32::try_from(edge).unwrap_or(u32::MAX);
    let mut encoder = png::Encoder::new(&mut file, edge, edge);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(file)
}

fn is_dark(code: &QrCode, x: usize, y: usize) -> bool {
    let module = |pixel: usize| (pixel / PIXELS_PER_MODULE).checked_sub(QUIET_ZONE);
    match (module(x), module(y)) {
        (Some(x), Some(y)) if x < code.width() && y < code.width() => code[(x, y)] == Color::Dark,
        _ => false,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    struct Image {
        edge: u32,
        color: png::ColorType,
        pixels: Vec<u8>,
    }

    fn read(file: &[u8]) -> Image {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.width, info.height);
        Image { edge: info.width, color: info.color_type, pixels }
    }

    /// The recorded image and the text it encodes.
    fn recorded() -> (Image, String) {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/rest-recordings.json");
        let recordings: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let recording =
            recordings.as_array().unwrap().iter().find(|recording| recording["name"] == "Files: get as PNG").unwrap();
        let binary = &recording["response"]["body"]["$binary"];
        let file = BASE64_STANDARD.decode(binary["base64"].as_str().unwrap()).unwrap();
        (read(&file), binary["qrText"].as_str().unwrap().to_owned())
    }

    #[test]
    fn the_image_has_the_recorded_form() {
        let (recorded, text) = recorded();
        let own = read(&png(&text).unwrap());
        assert_eq!(own.edge, recorded.edge);
        assert_eq!(own.color, png::ColorType::Rgba);
        // The finder pattern in the corner, including the quiet zone, is the same in every QR code.
        let row = usize::try_from(own.edge).unwrap() * 4;
        let corner = (QUIET_ZONE + 8) * PIXELS_PER_MODULE;
        for y in 0..corner {
            let start = y * row;
            assert_eq!(
                own.pixels.get(start..start + corner * 4),
                recorded.pixels.get(start..start + corner * 4),
                "row {y}"
            );
        }
    }

    #[test]
    fn a_text_that_is_too_long_is_an_error() {
        assert!(png(&"ä".repeat(2000)).is_err());
    }
}
