//! Inks and themes: what a mark means, and the colour that it gets on a light or a dark page.
//!
//! Time uses viridis (van der Walt and Smith, 2015, CC0), which is uniform in lightness and readable without colour
//! vision; each theme takes the part of it that stands out from its page.

/// The page that a picture is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark marks on white.
    Light,
    /// Light marks on near black.
    Dark,
}

/// Number of steps of the time colours.
pub const TIME_STEPS: usize = 64;

/// Number of colours for series.
pub const SERIES: usize = 8;

/// Colours of series on light and on dark: after Okabe and Ito (2008), which are told apart without full colour
/// vision, darkened or lightened until they stand out from the page.
const SERIES_RGB: [[u32; 2]; SERIES] = [
    [0x0072b2, 0x56a9e8],
    [0xc8501e, 0xff8f5a],
    [0x00805c, 0x2fc79c],
    [0xa8518a, 0xe08fc4],
    [0x8a6d00, 0xe8b93a],
    [0x2b8ac0, 0x8fd0f5],
    [0x6b4fa3, 0xb39ddb],
    [0x57606a, 0xa6afb9],
];

/// What a mark means; a [`Theme`] says its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ink {
    /// Words that are read first.
    Text,
    /// Words that are read second.
    Muted,
    /// Axes and their ticks.
    Axis,
    /// Lines behind the data.
    Grid,
    /// The page.
    Surface,
    /// Cells in the background.
    Cell,
    /// Measured cells when they are the subject.
    Measured,
    /// The model and what it predicts.
    Model,
    /// Methods the model is compared with.
    Baseline,
    /// Time, from 0 (first) to `TIME_STEPS - 1` (last).
    Time(u8),
    /// One of the [`SERIES`] colours for lines that are told apart; others wrap around.
    Series(u8),
}

const NAMED: [Ink; 9] = [
    Ink::Text,
    Ink::Muted,
    Ink::Axis,
    Ink::Grid,
    Ink::Surface,
    Ink::Cell,
    Ink::Measured,
    Ink::Model,
    Ink::Baseline,
];

const VIRIDIS: [u32; 17] = [
    0x440154, 0x48186a, 0x472d7b, 0x424086, 0x3b528b, 0x33638d, 0x2c728e, 0x26828e, 0x21918c, 0x1fa088,
    0x28ae80, 0x3fbc73, 0x5ec962, 0x84d44b, 0xaddc30, 0xd8e219, 0xfde725,
];

impl Ink {
    /// The ink of a time on a span; a span without length has the first colour.
    pub fn time(t: f64, span: [f64; 2]) -> Ink {
        let width = span[1] - span[0];
        let share = if width > 0.0 { ((t - span[0]) / width).clamp(0.0, 1.0) } else { 0.0 };
        Ink::Time((share * (TIME_STEPS - 1) as f64).round() as u8)
    }

    /// Name of the CSS variable.
    pub fn variable(self) -> String {
        match self {
            Ink::Text => "--text".into(),
            Ink::Muted => "--muted".into(),
            Ink::Axis => "--axis".into(),
            Ink::Grid => "--grid".into(),
            Ink::Surface => "--surface".into(),
            Ink::Cell => "--cell".into(),
            Ink::Measured => "--measured".into(),
            Ink::Model => "--model".into(),
            Ink::Baseline => "--baseline".into(),
            Ink::Time(step) => format!("--t{step}"),
            Ink::Series(index) => format!("--s{}", index as usize % SERIES),
        }
    }
}

impl Theme {
    /// Both themes, light first.
    pub const ALL: [Theme; 2] = [Theme::Light, Theme::Dark];

    /// Red, green and blue of an ink.
    pub fn rgb(self, ink: Ink) -> [u8; 3] {
        let [light, dark] = match ink {
            Ink::Text => [0x1b1f24, 0xe8eaed],
            Ink::Muted => [0x57606a, 0xa6afb9],
            Ink::Axis => [0x8b949e, 0x6e7781],
            Ink::Grid => [0xe4e7eb, 0x2b3138],
            Ink::Surface => [0xffffff, 0x101418],
            Ink::Cell => [0xc8cdd3, 0x4b545e],
            Ink::Measured => [0x3f74ad, 0x6fabe6],
            Ink::Model => [0xc8501e, 0xff8f5a],
            Ink::Baseline => [0x57606a, 0xa6afb9],
            Ink::Time(step) => return self.time_rgb(step),
            Ink::Series(index) => SERIES_RGB[index as usize % SERIES],
        };
        bytes(if self == Theme::Light { light } else { dark })
    }

    /// `#rrggbb` of an ink.
    pub fn hex(self, ink: Ink) -> String {
        let [r, g, b] = self.rgb(ink);
        format!("#{r:02x}{g:02x}{b:02x}")
    }

    /// The declarations of all CSS variables of the theme.
    pub fn css(self) -> String {
        let times = (0..TIME_STEPS).map(|step| Ink::Time(step as u8));
        let series = (0..SERIES).map(|index| Ink::Series(index as u8));
        NAMED
            .into_iter()
            .chain(times)
            .chain(series)
            .map(|ink| format!("{}:{};", ink.variable(), self.hex(ink)))
            .collect()
    }

    fn time_rgb(self, step: u8) -> [u8; 3] {
        let [low, high] = if self == Theme::Light { [0.0, 0.88] } else { [0.24, 1.0] };
        let share = low + (high - low) * f64::from(step) / (TIME_STEPS - 1) as f64;
        let position = share * (VIRIDIS.len() - 1) as f64;
        let index = (position.floor() as usize).min(VIRIDIS.len() - 2);
        let rest = position - index as f64;
        let (a, b) = (bytes(VIRIDIS[index]), bytes(VIRIDIS[index + 1]));
        std::array::from_fn(|c| (f64::from(a[c]) + rest * (f64::from(b[c]) - f64::from(a[c]))).round() as u8)
    }
}

fn bytes(rgb: u32) -> [u8; 3] {
    let [_, r, g, b] = rgb.to_be_bytes();
    [r, g, b]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast of WCAG 2.1.
    fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
        let luminance = |rgb: [u8; 3]| {
            let linear = rgb.map(|v| {
                let v = f64::from(v) / 255.0;
                if v <= 0.03928 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_is_readable_and_marks_are_visible_in_both_themes() {
        for theme in Theme::ALL {
            let surface = theme.rgb(Ink::Surface);
            for ink in [Ink::Text, Ink::Muted, Ink::Baseline] {
                assert!(contrast(theme.rgb(ink), surface) >= 4.5, "{ink:?} on {theme:?}");
            }
            for ink in [Ink::Model, Ink::Axis] {
                assert!(contrast(theme.rgb(ink), surface) >= 3.0, "{ink:?} on {theme:?}");
            }
            for index in 0..SERIES {
                let ink = Ink::Series(index as u8);
                assert!(contrast(theme.rgb(ink), surface) >= 3.0, "{ink:?} on {theme:?}");
            }
            for step in 0..TIME_STEPS {
                assert!(
                    contrast(theme.rgb(Ink::Time(step as u8)), surface) >= 1.6,
                    "time {step} on {theme:?}"
                );
            }
        }
    }

    #[test]
    fn lightness_grows_with_time() {
        for theme in Theme::ALL {
            let green: Vec<u8> = (0..TIME_STEPS).map(|s| theme.rgb(Ink::Time(s as u8))[1]).collect();
            assert!(green.windows(2).all(|pair| pair[0] <= pair[1]), "{green:?}");
        }
    }

    #[test]
    fn times_span_the_scale_and_a_single_time_is_its_start() {
        assert_eq!(Ink::time(2.0, [2.0, 8.0]), Ink::Time(0));
        assert_eq!(Ink::time(8.0, [2.0, 8.0]), Ink::Time(63));
        assert_eq!(Ink::time(5.0, [2.0, 8.0]), Ink::Time(32));
        assert_eq!(Ink::time(5.0, [5.0, 5.0]), Ink::Time(0));
    }
}
