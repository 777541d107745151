//! A picture of a text that a telephone can read, as SVG.
//!
//! The SVG is made here, next to the secret in it, so that no secret leaves for a service that
//! draws pictures. It must not know what the text says.

use qrcode::{EcLevel, QrCode, render::svg};

/// Pixels of a side, at least.
const SIDE: u32 = 220;

/// The picture; empty when the text is too long for one, which no text of this crate is.
pub(crate) fn svg(text: &str) -> String {
    let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M);
    code.map_or_else(
        |_| String::new(),
        |code| {
            code.render::<svg::Color<'_>>()
                .min_dimensions(SIDE, SIDE)
                .dark_color(svg::Color("#000000"))
                .light_color(svg::Color("#ffffff"))
                .build()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_holds_no_script_and_not_the_text() {
        let picture = svg("otpauth://totp/Cofferdam:a?secret=ABCDEFGH");
        assert!(picture.contains("<svg") && picture.len() > 1_000);
        assert!(!picture.contains("ABCDEFGH") && !picture.contains("<script"));
    }
}
