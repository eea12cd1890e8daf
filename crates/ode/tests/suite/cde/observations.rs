//! Tables of observations: what is refused, and how missing values are filled.

use chreode_ode::{DataPath, Observations, PathError, Span};

const NAN: f64 = f64::NAN;

/// Two channels at five times, with gaps at the start, inside and at the end.
fn gappy() -> Observations {
    let rows = [[NAN, 1.0], [2.0, NAN], [NAN, NAN], [5.0, 7.0], [NAN, 8.0]];
    Observations::from_rows(&[0.0, 1.0, 2.0, 4.0, 5.0], &rows).expect("a table")
}

fn column(data: &Observations, channel: usize) -> Vec<f64> {
    (0..data.times().len()).map(|i| data.row(i).expect("a row a time")[channel]).collect()
}

#[test]
fn tables_that_are_none_say_why() {
    let refused = |times: &[f64], channels, values: &[f64]| {
        Observations::new(times.to_vec(), channels, values.to_vec()).unwrap_err()
    };
    let error = refused(&[1.0], 1, &[1.0]);
    assert_eq!(error, PathError::TooFewTimes { found: 1 });
    assert_eq!(
        error.to_string(),
        "a path needs observations at two times at least, but there are 1; give more"
    );
    let error = refused(&[0.0, NAN], 1, &[1.0, 2.0]);
    assert_eq!(error.to_string(), "the time of observation 1 is NaN; every time must be finite");
    let error = refused(&[0.0, 2.0, 1.0], 1, &[1.0, 2.0, 3.0]);
    assert_eq!(error, PathError::TimesNotIncreasing { index: 2, time: 2.0, next: 1.0 });
    assert_eq!(
        error.to_string(),
        "times must increase, but time 1 at index 2 follows 2; sort or merge the rows"
    );
    assert!(matches!(refused(&[0.0, 0.0], 1, &[1.0, 2.0]), PathError::TimesNotIncreasing { index: 1, .. }));
    let error = refused(&[0.0, 1.0], 0, &[]);
    assert_eq!(error.to_string(), "the observations have no channels; give one value a time at least");
    let error = refused(&[0.0, 1.0], 3, &[1.0, 2.0]);
    assert_eq!(
        error.to_string(),
        "2 times with 3 channels make 6 values, but there are 2; give one row a time"
    );
    let error = refused(&[0.0, 1.0], 2, &[1.0, 2.0, 3.0, f64::NEG_INFINITY]);
    assert_eq!(
        error.to_string(),
        "channel 1 of observation 1 is -inf; give a finite value, or NaN if it is missing"
    );
    let error = Observations::from_rows(&[0.0, 1.0], &[vec![1.0, 2.0], vec![3.0]]).unwrap_err();
    assert_eq!(error.to_string(), "row 1 has 1 values where 2 were found before; mark missing values by NaN");
    let error = Observations::from_rows::<[f64; 1]>(&[0.0, 1.0], &[]).unwrap_err();
    assert_eq!(error, PathError::NoChannels);
}

#[test]
fn missing_values_are_filled_channel_by_channel() {
    let data = gappy();
    let lines = data.interpolated().unwrap();
    assert_eq!(column(&lines, 0), [2.0, 2.0, 3.0, 5.0, 5.0]);
    assert_eq!(column(&lines, 1), [1.0, 2.5, 4.0, 7.0, 8.0]);
    let forward = data.fill_start(&[-1.0, 9.0]).unwrap().forward_filled().unwrap();
    assert_eq!(column(&forward, 0), [-1.0, 2.0, 2.0, 5.0, 5.0]);
    assert_eq!(column(&forward, 1), [1.0, 1.0, 1.0, 7.0, 8.0], "a start that is there is kept");
    // Nothing changes where nothing is missing.
    assert_eq!(lines.interpolated().unwrap(), lines);
    assert_eq!(forward.forward_filled().unwrap(), forward);
    assert_eq!(data.row(5), None);
}

#[test]
fn what_cannot_be_filled_says_why() {
    let error = gappy().forward_filled().unwrap_err();
    assert_eq!(error, PathError::StartMissing { channel: 0 });
    assert_eq!(
        error.to_string(),
        "channel 0 has no value at the first time, and a path that must not look ahead cannot take a later \
         one; fill the start"
    );
    assert_eq!(DataPath::rectilinear(&gappy()).unwrap_err(), error);
    let empty = Observations::from_rows(&[0.0, 1.0], &[[1.0, NAN], [2.0, NAN]]).unwrap();
    for error in [
        empty.interpolated().unwrap_err(),
        DataPath::linear(&empty).unwrap_err(),
        DataPath::hermite(&empty).unwrap_err(),
        DataPath::cubic(&empty).unwrap_err(),
    ] {
        assert_eq!(error, PathError::AllMissing { channel: 1 });
        assert_eq!(
            error.to_string(),
            "channel 1 has no value at any time; drop the channel, or fill its start"
        );
    }
    assert!(DataPath::linear(&empty.fill_start(&[0.0, 0.0]).unwrap()).is_ok());
    let error = empty.fill_start(&[1.0]).unwrap_err();
    assert_eq!(error.to_string(), "the start has 1 values for 2 channels; give one value a channel");
    assert!(matches!(empty.fill_start(&[1.0, NAN]), Err(PathError::NotFinite { channel: 1, .. })));
    let path = DataPath::linear(&gappy()).unwrap();
    for (t0, t1) in [(1.0, 1.0), (1.0, 0.0), (0.0, f64::INFINITY), (NAN, 1.0)] {
        let error = path.on(Span { t0, t1 }).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "a path cannot be moved to times {t0} to {t1}; give two finite times, the first one first"
            )
        );
    }
    assert!(matches!(path.on(Span { t0: 1e17, t1: 1e17 + 32.0 }), Err(PathError::TimesNotIncreasing { .. })));
}

#[test]
fn time_and_counts_become_channels() {
    let counted = gappy().with_counts();
    assert_eq!(counted.channels(), 4);
    assert_eq!(column(&counted, 2), [0.0, 1.0, 1.0, 2.0, 2.0]);
    assert_eq!(column(&counted, 3), [1.0, 1.0, 1.0, 2.0, 3.0]);
    assert!(column(&counted, 0)[0].is_nan(), "the values are as they were");
    let begun = counted.fill_start(&[-1.0, NAN, NAN, NAN]).unwrap();
    assert_eq!((column(&begun, 0)[0], column(&begun, 2)[0]), (-1.0, 0.0), "counted before it was filled");
    let timed = counted.with_time();
    assert_eq!(timed.channels(), 5);
    assert_eq!(column(&timed, 0), timed.times());
    assert_eq!(column(&timed, 4), column(&counted, 3));
}
