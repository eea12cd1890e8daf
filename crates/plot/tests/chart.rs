//! Charts as files: well-formed SVG with both themes, and the errors for data that cannot be drawn.

use chreode_plot::{Chart, Ink, Line, Marker, Paint, PlotError, Series, Theme, png, svg};

fn chart(points: Vec<[f64; 2]>) -> Chart {
    let series = |(index, marker): (usize, &Marker)| Series {
        name: format!("method <{index}>"),
        points: points.iter().map(|[x, y]| [x * (1.0 + index as f64), *y]).collect(),
        ink: Ink::Series(index as u8),
        marker: *marker,
        line: if index == 0 { Line::Dashed } else { Line::Full },
    };
    Chart {
        title: "Errors & times".into(),
        names: ["seconds".into(), "error".into()],
        series: Marker::ALL.iter().enumerate().map(series).collect(),
    }
}

#[test]
fn a_chart_names_every_series_and_is_well_formed_in_every_paint() {
    let scene = chart(vec![[1e-5, 1e-3], [1e-4, 1e-6], [1e-3, 1e-9]]).log_log().unwrap();
    for paint in [Paint::Fixed(Theme::Light), Paint::Variables, Paint::Adaptive] {
        let text = svg(&scene, paint, "a chart");
        let tree = roxmltree::Document::parse(&text).unwrap();
        let words: Vec<&str> =
            tree.descendants().filter(|n| n.has_tag_name("text")).filter_map(|n| n.text()).collect();
        for index in 0..Marker::ALL.len() {
            assert!(words.contains(&format!("method <{index}>").as_str()), "{words:?}");
        }
        assert!(words.contains(&"10⁻⁶") && words.contains(&"10⁻⁴"), "{words:?}");
    }
}

#[test]
fn an_adaptive_picture_carries_both_themes_and_its_background() {
    let text = svg(&chart(vec![[1.0, 1.0]]).log_log().unwrap(), Paint::Adaptive, "a chart");
    for theme in Theme::ALL {
        assert!(text.contains(&theme.css()), "{theme:?}");
    }
    assert!(text.contains("fill=\"var(--surface)\""));
}

#[test]
fn a_chart_becomes_a_png() {
    let bytes = png(&chart(vec![[1.0, 1.0], [2.0, 0.1]]).log_log().unwrap(), Theme::Light).unwrap();
    assert_eq!(&bytes[1..4], b"PNG");
}

#[test]
fn points_that_logarithmic_axes_cannot_hold_are_named() {
    let error = chart(vec![[1.0, 1.0], [2.0, 0.0]]).log_log().unwrap_err();
    assert_eq!(
        error.to_string(),
        "point 1 of series \"method <0>\" is (2e0, 0e0), and logarithmic axes need finite positive numbers; leave that \
         point out"
    );
    let error = chart(vec![[f64::NAN, 1.0]]).log_log().unwrap_err();
    assert!(matches!(error, PlotError::NotPositive { index: 0, .. }), "{error}");
    let error = chart(vec![]).log_log().unwrap_err().to_string();
    assert_eq!(
        error,
        "the chart \"Errors & times\" has no point with positive coordinates; add a series with results"
    );
}
