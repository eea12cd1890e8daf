//! The embedded font: Inter (The Inter Project Authors, SIL Open Font License 1.1), cut down to Latin and Greek.

use ttf_parser::{Face, OutlineBuilder};

/// Name of the font in CSS and SVG, with what to take where it is missing.
pub const FAMILY: &str = "Inter, 'Helvetica Neue', Helvetica, Arial, sans-serif";

const REGULAR: &[u8] = include_bytes!("font/Inter-Regular.ttf");
const SEMI_BOLD: &[u8] = include_bytes!("font/Inter-SemiBold.ttf");

/// Weight of the letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// 400.
    Regular,
    /// 600.
    SemiBold,
}

impl Weight {
    /// Both weights.
    pub const ALL: [Weight; 2] = [Weight::Regular, Weight::SemiBold];

    /// The weight in CSS.
    pub fn css(self) -> u16 {
        match self {
            Weight::Regular => 400,
            Weight::SemiBold => 600,
        }
    }

    /// The font file.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Weight::Regular => REGULAR,
            Weight::SemiBold => SEMI_BOLD,
        }
    }

    fn face(self) -> Face<'static> {
        Face::parse(self.bytes(), 0).expect("the embedded font is a valid font file")
    }
}

/// Width of a line of text; a letter that the font lacks counts as its box.
pub fn width(words: &str, size: f64, weight: Weight) -> f64 {
    let face = weight.face();
    let units: u32 = words.chars().map(|letter| advance(&face, letter)).sum();
    f64::from(units) * size / f64::from(face.units_per_em())
}

/// The text itself, or its start and an ellipsis, so that it fits.
pub fn fit(words: &str, size: f64, weight: Weight, room: f64) -> String {
    if width(words, size, weight) <= room {
        return words.into();
    }
    let mut kept = words.to_string();
    while !kept.is_empty() && width(&kept, size, weight) + width("…", size, weight) > room {
        kept.pop();
    }
    format!("{}…", kept.trim_end())
}

/// Draws the outlines of a line of text that starts at the origin, in font units, y up; the result is the scale that
/// takes font units to `size`.
pub(crate) fn outline<B: OutlineBuilder>(
    words: &str,
    size: f64,
    weight: Weight,
    mut builder_at: impl FnMut(f32) -> B,
    mut done: impl FnMut(B),
) -> f64 {
    let face = weight.face();
    let mut pen = 0;
    for letter in words.chars() {
        let glyph = face.glyph_index(letter).unwrap_or_default();
        let mut builder = builder_at(pen as f32);
        if face.outline_glyph(glyph, &mut builder).is_some() {
            done(builder);
        }
        pen += advance(&face, letter);
    }
    size / f64::from(face.units_per_em())
}

fn advance(face: &Face<'_>, letter: char) -> u32 {
    face.glyph_hor_advance(face.glyph_index(letter).unwrap_or_default()).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_grows_with_size_letters_and_weight() {
        let one = width("0", 10.0, Weight::Regular);
        // Inter's zero is 0.6 em wide, give or take.
        assert!((5.0..7.5).contains(&one), "{one}");
        assert!((width("00", 20.0, Weight::Regular) - 4.0 * one).abs() < 1e-9);
        assert!(width("Model", 10.0, Weight::SemiBold) > width("Model", 10.0, Weight::Regular));
    }

    #[test]
    fn long_names_end_in_an_ellipsis() {
        assert_eq!(fit("short", 10.0, Weight::Regular, 100.0), "short");
        let cut = fit(&"long name ".repeat(20), 10.0, Weight::Regular, 100.0);
        assert!(cut.starts_with("long name") && cut.ends_with('…'), "{cut}");
        assert!(width(&cut, 10.0, Weight::Regular) <= 100.0);
    }

    #[test]
    fn the_letters_that_figures_use_exist() {
        for weight in Weight::ALL {
            let face = weight.face();
            for letter in "W₁₂±×−–…μ⁻⁰¹²³⁴⁵⁶⁷⁸⁹→·".chars() {
                assert!(face.glyph_index(letter).is_some(), "{letter}");
            }
        }
    }
}
