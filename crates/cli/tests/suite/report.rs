//! Reports as a reader gets them: files, pages, figures, and the errors for data that cannot be drawn.

use chreode_cli::report::{
    Cells, Command, Entry, FieldGrid, Loss, Metric, MetricScores, Prediction, Report, ReportError, Role,
    Score, ScoreRow, Scores, Split, Theme, Trajectories,
};
use ndarray::{Array2, array};

/// Cells on an arc: no randomness is needed.
fn arc(n: usize, shift: f64) -> Array2<f64> {
    Array2::from_shape_fn((n, 2), |(i, c)| {
        let angle = i as f64 * 0.7 + shift;
        shift + if c == 0 { angle.cos() } else { angle.sin() }
    })
}

fn row(method: &str, role: Role, value: f64) -> ScoreRow {
    let score = Score::new(value).with_sd(0.012).with_interval(value - 0.05, value + 0.05);
    let metrics = vec![MetricScores { metric: Metric::W1, by_time: vec![Some(score)], mean: Some(score) }];
    ScoreRow { method: method.into(), role, metrics }
}

fn full() -> Report {
    let mut report = Report::new("A <script>alert(\"1\")</script> & 'title'");
    report.time_name = "day".into();
    report.axes = ["PC <1>".into(), "PC \"2\"".into()];
    report.cells = vec![
        Cells::new(0.0, Split::Training, arc(50, 0.0)),
        Cells::new(1.0, Split::HeldOut, arc(60, 0.5)),
        Cells::new(2.5, Split::Training, arc(70, 1.0)),
    ];
    report.predictions = vec![Prediction { time: 1.0, points: arc(40, 0.6) }];
    let paths = vec![array![[0.0, 0.0], [0.5, 0.4], [1.0, 1.0]], array![[0.1, 0.0], [0.6, 0.4], [1.2, 1.0]]];
    report.trajectories = Some(Trajectories { times: vec![0.0, 1.0, 2.5], paths });
    let axis: Vec<f64> = (0..9).map(|i| -1.5 + 0.5 * f64::from(i)).collect();
    let (u, v) = (Array2::from_elem((9, 9), 1.0), Array2::from_elem((9, 9), 0.5));
    report.fields = vec![FieldGrid { time: 0.0, x: axis.clone(), y: axis, u, v }];
    let values: Vec<f64> = (0..200).map(|i| 1.0 / (1.0 + f64::from(i))).collect();
    let smoothed = Some(values.clone());
    report.loss = Some(Loss { steps: (0..200).collect(), values, smoothed, name: "loss & more".into() });
    let rows = vec![
        row("<b>flow</b>", Role::Model, 0.8),
        row("no motion", Role::Baseline, 1.0),
        row("split halves", Role::Floor, 0.5),
    ];
    report.scores = Some(Scores { times: vec![1.0], rows, interval_name: "bootstrap 95 %".into() });
    report.manifest = vec![Entry { key: "seed".into(), value: "</dd><script>".into() }];
    report.commands =
        vec![Command { purpose: "Train".into(), line: "chreode train a.h5ad > log && echo 'x'".into() }];
    report
}

fn names(report: &Report) -> Vec<&'static str> {
    report.figures().expect("the report is valid").iter().map(|f| f.name).collect()
}

fn refused(report: &Report) -> String {
    report.html().expect_err("the report must be refused").to_string()
}

#[test]
fn a_full_report_has_every_figure() {
    assert_eq!(names(&full()), ["scores", "cells", "trajectories", "prediction", "field", "loss"]);
    let page = full().html().unwrap();
    for name in names(&full()) {
        assert!(page.contains(&format!("id=\"{name}\"")), "{name}");
    }
    assert_eq!(page.matches("<svg ").count(), 6);
    assert_eq!(page.matches("<figcaption><b>Figure ").count(), 6);
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    let page = full().html().unwrap();
    for load in
        ["<script", "<link", "<img", "<iframe", "@import", " src=", " href=", "url(h", "url(/", "javascript:"]
    {
        assert!(!page.contains(load), "{load}");
    }
    assert!(page.matches("http").count() == page.matches("xmlns=\"http://www.w3.org/2000/svg\"").count());
    assert!(page.contains("prefers-color-scheme:dark"));
}

#[test]
fn words_of_the_user_are_text() {
    let page = full().html().unwrap();
    assert!(page.contains("A &lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;title&#39;"));
    assert!(page.contains("&lt;b&gt;flow&lt;/b&gt;") && !page.contains("<b>flow"));
    assert!(page.contains("<dd>&lt;/dd&gt;&lt;script&gt;</dd>"));
    assert!(page.contains("chreode train a.h5ad &gt; log &amp;&amp; echo &#39;x&#39;"));
}

#[test]
fn every_svg_is_well_formed_and_says_what_it_is() {
    for figure in full().figures().unwrap() {
        for theme in Theme::ALL {
            let text = figure.svg(theme);
            let tree = roxmltree::Document::parse(&text).unwrap();
            assert_eq!(tree.root_element().tag_name().name(), "svg");
            assert_eq!(tree.root_element().attribute("aria-label"), Some(figure.title.as_str()));
            assert!(
                !text.contains("NaN") && !text.contains("inf") && !text.contains("var("),
                "{}",
                figure.name
            );
        }
        assert_ne!(figure.svg(Theme::Light), figure.svg(Theme::Dark));
    }
}

#[test]
fn every_mark_lies_on_its_picture() {
    for figure in full().figures().unwrap() {
        let text = figure.svg(Theme::Light);
        let tree = roxmltree::Document::parse(&text).unwrap();
        let size = |name: &str| tree.root_element().attribute(name).unwrap().parse::<f64>().unwrap();
        for node in tree.descendants().filter(|n| n.has_tag_name("text")) {
            let at = |name: &str| node.attribute(name).unwrap().parse::<f64>().unwrap();
            assert!((0.0..=size("width")).contains(&at("x")), "{}: {:?}", figure.name, node.text());
            assert!((0.0..=size("height")).contains(&at("y")), "{}: {:?}", figure.name, node.text());
        }
        for data in tree.descendants().filter_map(|n| n.attribute("d")) {
            for start in data.split('M').skip(1) {
                let mut numbers = start
                    .split(['l', 'h', 'z'])
                    .next()
                    .unwrap()
                    .split(' ')
                    .map(|v| v.parse::<f64>().unwrap());
                let (x, y) = (numbers.next().unwrap(), numbers.next().unwrap());
                assert!(
                    (0.0..=size("width")).contains(&x) && (0.0..=size("height")).contains(&y),
                    "{}",
                    figure.name
                );
            }
        }
    }
}

#[test]
fn a_png_has_three_dots_a_unit_on_the_ground_of_its_theme() {
    let report = full();
    let figure = &report.figures().unwrap()[0];
    let svg = figure.svg(Theme::Dark);
    let tree = roxmltree::Document::parse(&svg).unwrap();
    let width: f64 = tree.root_element().attribute("width").unwrap().parse().unwrap();
    for (theme, ground) in [(Theme::Light, [255, 255, 255]), (Theme::Dark, [0x10, 0x14, 0x18])] {
        let picture = tiny_skia::Pixmap::decode_png(&figure.png(theme).unwrap()).unwrap();
        assert_eq!(picture.width(), (3.0 * width).ceil() as u32);
        let corner = picture.pixel(0, 0).unwrap();
        assert_eq!([corner.red(), corner.green(), corner.blue()], ground);
        let other = picture.pixels().iter().filter(|p| **p != corner).count();
        assert!(other > 1000, "something is drawn: {other}");
    }
}

#[test]
fn the_same_value_gives_the_same_bytes() {
    assert_eq!(full().html().unwrap(), full().html().unwrap());
    let (a, b) = (full().figures().unwrap(), full().figures().unwrap());
    for (a, b) in a.iter().zip(&b) {
        assert_eq!(a.png(Theme::Light).unwrap(), b.png(Theme::Light).unwrap());
    }
}

#[test]
fn write_makes_the_page_and_four_files_a_figure() {
    let folder = tempfile::tempdir().unwrap();
    let written = full().write(folder.path().join("deep/report")).unwrap();
    assert_eq!(written.figures.len(), 24);
    assert!(written.figures.iter().all(|path| path.metadata().unwrap().len() > 500));
    assert_eq!(std::fs::read_to_string(&written.page).unwrap(), full().html().unwrap());
    std::fs::write(folder.path().join("file"), "x").unwrap();
    let error = full().write(folder.path().join("file")).unwrap_err();
    assert!(matches!(error, ReportError::Write { .. }));
    assert!(error.to_string().starts_with("cannot write "), "{error}");
}

#[test]
fn the_page_of_a_large_sample_stays_small() {
    let mut report = full();
    report.cells[0].points = arc(30_000, 0.0);
    let page = report.html().unwrap();
    assert!(page.len() < 1_500_000, "{}", page.len());
    assert!(page.contains("30,130 cells at 3 times"), "the caption counts all cells");
    assert!(page.contains("of them are drawn, evenly thinned"));
}

#[test]
fn sections_without_data_are_left_out() {
    let empty = Report::new("Nothing yet");
    assert_eq!(names(&empty), [""; 0]);
    let page = empty.html().unwrap();
    assert!(page.contains("<h1>Nothing yet</h1>") && !page.contains("<section"));

    let mut report = Report::new("No cells");
    report.cells = vec![Cells::new(0.0, Split::Training, Array2::zeros((0, 2)))];
    report.trajectories = Some(Trajectories { times: vec![], paths: vec![] });
    report.predictions = vec![Prediction { time: 1.0, points: Array2::zeros((0, 2)) }];
    report.loss = Some(Loss { steps: vec![], values: vec![], smoothed: None, name: "loss".into() });
    report.scores = Some(Scores { times: vec![], rows: vec![], interval_name: String::new() });
    assert_eq!(names(&report), [""; 0]);
    assert!(!report.html().unwrap().contains("<section"));
}

#[test]
fn one_cell_and_one_loss_are_enough_to_draw() {
    let mut report = Report::new("One of each");
    report.cells = vec![Cells::new(3.0, Split::Training, array![[2.0, -1.0]])];
    report.loss = Some(Loss { steps: vec![1], values: vec![0.0], smoothed: None, name: "loss".into() });
    assert_eq!(names(&report), ["cells", "loss"]);
    assert!(!report.html().unwrap().contains("NaN"));
}

#[test]
fn losses_that_are_not_finite_leave_a_gap_and_are_counted() {
    let mut report = full();
    let loss = report.loss.as_mut().unwrap();
    (loss.values[20], loss.values[21]) = (f64::NAN, f64::INFINITY);
    let page = report.html().unwrap();
    assert!(page.contains("2 values were not finite and are left out."));
    assert!(!page.contains("NaN"));
}

#[test]
fn the_summary_is_made_of_the_numbers() {
    let page = full().html().unwrap();
    assert!(page.contains(
        "180 cells were measured at 3 times; the model was fitted to day 0 and 2.5 and never saw day 1."
    ));
    assert!(page.contains(" scores W₁ = 0.800 ± 0.012 at held-out day 1: 20 % below no motion at 1.000."));
    assert!(page.contains("Two halves of the measured cells score 0.500 against each other."));
}

#[test]
fn the_best_of_a_column_is_bold_and_the_floor_never_is() {
    let page = full().html().unwrap();
    assert!(page.contains("<td><b>0.800</b><small>± 0.012 [0.750, 0.850]</small></td>"));
    assert!(page.contains("<td>0.500<small>"));
    assert!(!page.contains("<b>0.500</b>") && !page.contains("<b>1.000</b>"));
}

#[test]
fn bad_data_are_refused_with_their_place() {
    let mut report = full();
    report.cells[1].points[[7, 0]] = f64::NAN;
    let text = "row 7 of the cells at time 1 has a value that is not finite; drop or repair that row before reporting it";
    assert_eq!(refused(&report), text);
    let folder = tempfile::tempdir().unwrap();
    assert!(report.write(folder.path().join("out")).is_err());
    assert!(!folder.path().join("out").exists(), "nothing is written for refused data");

    let mut report = full();
    report.cells[2].time = 1.0;
    let text =
        "the times of the cells must increase strictly, and do not at position 2; sort them and drop repeats";
    assert_eq!(refused(&report), text);

    let mut report = full();
    report.cells[0].points = Array2::zeros((4, 3));
    assert_eq!(
        refused(&report),
        "wrong shape of the cells at time 0: found 3 columns, expected 2 (the plotted components)"
    );

    let mut report = full();
    report.fields[0].u = Array2::zeros((3, 9));
    let text = "wrong shape of component u of the field at time 0: found shape (3, 9), expected shape (9, 9) (y \
                positions by x positions)";
    assert_eq!(refused(&report), text);

    let mut report = full();
    report.trajectories.as_mut().unwrap().paths[1] = array![[0.0, 1.0]];
    assert_eq!(refused(&report), "wrong shape of trajectory 1: found 1 points, expected 3");

    let mut report = full();
    report.scores.as_mut().unwrap().rows[1].metrics[0].mean = Some(Score::new(1.0).with_interval(1.2, 0.9));
    assert_eq!(
        refused(&report),
        "the interval of W₁ of no motion runs from 1.2 down to 0.9; give the low end first"
    );

    let mut report = full();
    report.scores.as_mut().unwrap().rows[0].metrics[0].by_time.clear();
    assert_eq!(refused(&report), "wrong shape of W₁ of <b>flow</b>: found 0 scores, expected 1");

    let mut report = full();
    report.loss.as_mut().unwrap().steps[5] = 0;
    assert!(matches!(report.html(), Err(ReportError::NotIncreasing { position: 5, .. })));
}

#[test]
fn many_held_out_times_widen_the_score_figure() {
    let mut report = full();
    let scores = report.scores.as_mut().unwrap();
    scores.times = (0..30).map(f64::from).collect();
    for metric in scores.rows.iter_mut().flat_map(|row| &mut row.metrics) {
        metric.by_time = vec![metric.mean; 30];
    }
    let figure = &report.figures().unwrap()[0];
    let text = figure.svg(Theme::Light);
    let tree = roxmltree::Document::parse(&text).unwrap();
    let width: f64 = tree.root_element().attribute("width").unwrap().parse().unwrap();
    assert!(width > 30.0 * 90.0, "{width}");
}
