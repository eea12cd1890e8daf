//! A million cells by two thousand genes, one in ten not zero: written as they are simulated, then cut, dealt into
//! minibatches and converted, each within bounded memory. Prints the time of every step and the most memory so far.
//!
//! ```text
//! cargo run --release -p chreode-io --example million -- FOLDER [CELLS] [GENES]
//! ```

use chreode_core::Seed;
use chreode_io::{Batches, Compression, H5ad, Matrix, Subset, shuffled, write_rows};
use rand::RngExt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[expect(clippy::print_stdout, reason = "a program that reports")]
fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("give a folder with room for 10 GB")?);
    let mut size = |default: usize| arguments.next().map_or(Ok(default), |text| text.parse());
    let (cells, genes) = (size(1_000_000)?, size(2000)?);
    let (whole, part) = (folder.join("million.h5ad"), folder.join("part.h5ad"));
    let mut clock = Instant::now();
    let mut say = |step: &str, more: String| {
        println!("{step:<44} {:8.1} s   {:>9}   {more}", clock.elapsed().as_secs_f64(), peak());
        clock = Instant::now();
    };

    write_rows(&whole, (cells, genes), Compression::Gzip, |block, count, out| {
        let mut rng = Seed(1).stream("counts", block as u64);
        for _ in 0..count {
            let mut gene = rng.random_range(0..10);
            while gene < genes {
                out.push(gene as u32, (1 + rng.random_range(0..8) * rng.random_range(0..2)) as f32);
                gene += rng.random_range(1..20);
            }
            out.end_row();
        }
    })?;
    say("written, gzip", format!("{:.2} GB", std::fs::metadata(&whole)?.len() as f64 / 1e9));

    let file = H5ad::open(&whole)?;
    let x = file.backed("X")?;
    let mut sum = 0.0;
    for start in (0..cells).step_by(8192) {
        let rows: Vec<usize> = (start..cells.min(start + 8192)).collect();
        sum += total(&x.rows(&rows)?);
    }
    say("read in order, 8192 rows at a time", format!("sum {sum}"));

    let order = shuffled(cells, &mut Seed(2).stream("epoch", 0));
    let (mut batches, mut shuffled_sum) = (0, 0.0);
    for batch in Batches::new(x, order, NonZeroUsize::new(512).ok_or("a batch has rows")?, 1 << 30) {
        shuffled_sum += total(&batch?.values);
        batches += 1;
    }
    say("one epoch in shuffled batches of 512", format!("{batches} batches, sum {shuffled_sum}"));
    if sum != shuffled_sum {
        return Err("the batches are not the rows".into());
    }

    let subset = Subset {
        cells: Some((0..cells).step_by(2).collect()),
        variables: Some((0..genes).filter(|gene| gene % 4 != 0).collect()),
    };
    file.write_subset(&part, &subset, Compression::Gzip)?;
    say(
        "every second cell, three genes of four, written",
        format!("{:.2} GB", std::fs::metadata(&part)?.len() as f64 / 1e9),
    );
    file.write_subset(&part, &Subset::default(), Compression::None)?;
    say("converted to no compression", format!("{:.2} GB", std::fs::metadata(&part)?.len() as f64 / 1e9));
    std::fs::remove_file(&whole)?;
    std::fs::remove_file(&part)?;
    Ok(())
}

fn total(values: &Matrix) -> f64 {
    match values {
        Matrix::Csr(csr) => csr.data().iter().map(|&v| f64::from(v)).sum(),
        other => other.to_dense().iter().map(|&v| f64::from(v)).sum(),
    }
}

/// The most memory that the process has had, where the system says.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|text| text.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.map_or_else(|| "?".to_string(), |kb| format!("{:.0} MB", kb / 1024.0))
}
