//! Damages files in memory and reads them: no panic, no hang, no allocation beyond a limit. Prints a count per reader.
//!
//! ```text
//! cargo run --release -p chreode-io --example mutate -- COUNT [SEED [FOLDER]]
//! ```
//!
//! `COUNT` inputs are shared out over all readers; the files of `FOLDER`, if given, are readers' inputs too. The exit
//! code is 1 after a finding, and each is printed with what is needed to make it again.

use chreode_core::Seed;
use chreode_io::{
    AnnData, Annotation, Categories, CategoryOrder, Column, Compression, Csr, Matrix, Uns, ZarrVersion,
    convert, read, read_bytes, write_h5ad_as, write_zarr,
};
use ndarray::Array2;
use rand::{Rng, RngExt};
use std::alloc::{GlobalAlloc, Layout, System};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Memory that a reader may have at once, whatever a small input says.
const LIMIT: usize = 256 << 20;
/// Time for one input.
const PATIENCE: Duration = Duration::from_secs(10);

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static DONE: AtomicU64 = AtomicU64::new(0);

struct Counting;

// SAFETY: every call is passed on to the system's allocator with the arguments as they came.
#[expect(unsafe_code, reason = "an allocator that counts has no other form")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promise about `layout` is the one asked for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: `pointer` came from the system's allocator with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LIVE.fetch_sub(layout.size(), Relaxed);
        count(size);
        // SAFETY: as in `dealloc`; `size` is the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn count(size: usize) {
    let live = LIVE.fetch_add(size, Relaxed) + size;
    PEAK.fetch_max(live, Relaxed);
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// An input and its share of all.
struct Subject {
    name: String,
    bytes: Vec<u8>,
    share: f64,
}

#[expect(clippy::print_stdout, reason = "a program that reports")]
fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let total: f64 = arguments.next().ok_or("give the number of inputs")?.parse()?;
    let seed: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let mut subjects = own(folder.path())?;
    if let Some(more) = arguments.next() {
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(more)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
        paths.retain(|path| path.is_file() && std::fs::metadata(path).is_ok_and(|m| m.len() < 1 << 17));
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap_or_default().display().to_string();
            subjects.push(Subject { bytes: std::fs::read(&path)?, share: share(&name), name });
        }
    }
    // Panics are findings, reported below with their input.
    std::panic::set_hook(Box::new(|panic| println!("{panic}")));
    std::thread::spawn(watch);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let shares: f64 = subjects.iter().map(|s| s.share).sum();
    let (mut findings, mut all) = (0, 0);
    println!(
        "{:<28} {:>10} {:>10} {:>10} {:>9} {:>9}",
        "input", "bytes", "mutated", "read", "seconds", "peak MB"
    );
    for subject in &subjects {
        let count = (total * subject.share / shares).ceil() as u64;
        let (start, mut accepted, mut most) = (Instant::now(), 0u64, 0);
        for i in 0..count {
            let mut rng = Seed(seed).stream(&subject.name, i);
            let bytes = damaged(&subject.bytes, &mut rng);
            let base = LIVE.load(Relaxed);
            PEAK.store(base, Relaxed);
            let name = &subject.name;
            let outcome = catch_unwind(AssertUnwindSafe(|| pool.install(|| read_bytes(name, bytes).is_ok())));
            let used = PEAK.load(Relaxed).saturating_sub(base);
            most = most.max(used);
            DONE.fetch_add(1, Relaxed);
            match outcome {
                Ok(read) => accepted += u64::from(read),
                Err(_) => {
                    findings += 1;
                    println!("panic: {name}, seed {seed}, input {i}");
                }
            }
            if used > LIMIT {
                findings += 1;
                println!("memory: {name}, seed {seed}, input {i} took {} MB", used >> 20);
            }
        }
        all += count;
        println!(
            "{:<28} {:>10} {count:>10} {accepted:>10} {:>9.1} {:>9.1}",
            subject.name,
            subject.bytes.len(),
            start.elapsed().as_secs_f64(),
            most as f64 / 1e6
        );
    }
    let (stores, found) = stores(folder.path(), seed, (total / 1000.0).ceil() as u64)?;
    println!("{:<28} {:>10} {stores:>10}", "zarr stores", "");
    println!("{} inputs, {} findings", all + stores, findings + found);
    std::process::exit(i32::from(findings + found > 0));
}

/// Ends the program if one input takes too long.
#[expect(clippy::print_stdout, reason = "a program that reports")]
fn watch() {
    let mut last = (DONE.load(Relaxed), Instant::now());
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let done = DONE.load(Relaxed);
        if done != last.0 {
            last = (done, Instant::now());
        } else if last.1.elapsed() > PATIENCE {
            println!("hang: after {done} inputs");
            std::process::exit(1);
        }
    }
}

/// Files of HDF5, of which there are many, and tables take ten times as long as the others.
fn share(name: &str) -> f64 {
    match name.rsplit('.').next() {
        Some("h5ad" | "h5" | "loom" | "csv" | "tsv") => 0.05,
        _ => 1.0,
    }
}

/// Flipped, cut, zeroed, moved, or with a lie where a length may be.
fn damaged(bytes: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let n = bytes.len();
    match rng.random_range(0..10u32) {
        0 => bytes.truncate(rng.random_range(0..n)),
        1 => {
            let at = rng.random_range(0..n);
            let end = (at + rng.random_range(1..64)).min(n);
            bytes[at..end].fill(0);
        }
        2 => {
            let (from, to) = (rng.random_range(0..n), rng.random_range(0..n));
            let length = rng.random_range(1..128).min(n - from).min(n - to);
            bytes.copy_within(from..from + length, to);
        }
        3 | 4 => {
            const LIES: [u64; 8] =
                [0, 1, 0x7fff_ffff, 0xffff_ffff, 1 << 33, 1 << 40, i64::MAX as u64, u64::MAX];
            let width = [1, 2, 4, 8][rng.random_range(0..4)];
            let at = rng.random_range(0..n);
            let end = (at + width).min(n);
            let lie = LIES[rng.random_range(0..LIES.len())].to_le_bytes();
            bytes[at..end].copy_from_slice(&lie[..end - at]);
        }
        _ => {
            for _ in 0..rng.random_range(1..6) {
                let at = rng.random_range(0..n);
                bytes[at] = if rng.random_range(0..2u32) == 0 {
                    rng.random()
                } else {
                    bytes[at] ^ (1 << rng.random_range(0..8u32))
                };
            }
        }
    }
    bytes
}

/// Files that this crate writes itself.
fn own(folder: &Path) -> Outcome<Vec<Subject>> {
    let data = object()?;
    let mut subjects = Vec::new();
    for (name, compression) in [("plain.h5ad", Compression::None), ("gzip.h5ad", Compression::Gzip)] {
        write_h5ad_as(folder.join(name), &data, compression)?;
    }
    for name in ["own.npz", "own.safetensors", "own.csv", "own.tsv"] {
        convert(folder.join("plain.h5ad"), folder.join(name), Compression::None)?;
    }
    convert(folder.join("plain.h5ad"), folder.join("own"), Compression::None)?;
    std::fs::rename(folder.join("own/matrix.mtx.gz"), folder.join("own.mtx.gz"))?;
    let text = b"%%MatrixMarket matrix coordinate real general\n% note\n4 3 5\n1 1 1\n1 3 2.5\n3 2 3\n4 1 4e1\n4 3 5\n";
    std::fs::write(folder.join("own.mtx"), text)?;
    let mut npy =
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': True, 'shape': (4, 3), }".to_vec();
    npy.resize(127, b' ');
    npy.push(b'\n');
    (0..12).for_each(|i| npy.extend((i as f32).to_le_bytes()));
    std::fs::write(folder.join("own.npy"), npy)?;
    for name in [
        "plain.h5ad",
        "gzip.h5ad",
        "own.npz",
        "own.npy",
        "own.safetensors",
        "own.csv",
        "own.tsv",
        "own.mtx",
        "own.mtx.gz",
    ] {
        subjects.push(Subject {
            name: name.to_string(),
            bytes: std::fs::read(folder.join(name))?,
            share: share(name),
        });
    }
    Ok(subjects)
}

fn object() -> Outcome<AnnData> {
    let names = |prefix: &str, n: usize| (0..n).map(|i| format!("{prefix}{i}")).collect::<Vec<_>>();
    let mut data = AnnData::new(names("c", 4), names("g", 3));
    let csr = Csr::new((4, 3), vec![0, 2, 2, 3, 5], vec![0, 2, 1, 0, 2], vec![1.0, 2.0, 3.0, 4.0, 5.0])?;
    data.x = Some(Matrix::Csr(csr.clone()));
    data.obs.set(
        "day",
        Column::Categorical {
            codes: vec![Some(0), None, Some(1), Some(1)],
            categories: Categories::Strings(names("day", 2)),
            order: CategoryOrder::Ordered,
        },
    )?;
    data.obs.set("gap", Column::Integers(vec![Some(1), None, Some(3), None]))?;
    data.obs.set("text", Column::Strings(names("t", 4).into_iter().map(Some).collect()))?;
    data.layers.insert("dense".into(), Matrix::Dense(Matrix::Csr(csr.clone()).to_dense()));
    data.layers.insert("csc".into(), Matrix::Csc(csr.to_csc()));
    // Large enough for chunks.
    let wide = Array2::from_shape_fn((4, 1200), |(i, j)| ((i * j) % 7) as f32);
    data.obsm.insert("X_pca".into(), Annotation::F32(wide));
    data.uns.insert("a/b".into(), Uns::Number(2.5));
    data.uns.insert("rec".into(), Uns::Records(vec![("x".into(), Column::Numbers(vec![1.0, 2.0]))]));
    Ok(data)
}

/// Damages one file of a store at a time.
#[expect(clippy::print_stdout, reason = "a program that reports")]
fn stores(folder: &Path, seed: u64, each: u64) -> Outcome<(u64, u64)> {
    let (mut done, mut findings) = (0, 0);
    for (name, version) in [("v2.zarr", ZarrVersion::V2), ("v3.zarr", ZarrVersion::V3)] {
        let store = folder.join(name);
        let mut data = object()?;
        // Records have no place in a store.
        data.uns.remove("rec");
        write_zarr(&store, &data, version)?;
        let mut files = Vec::new();
        let mut folders = vec![store.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        for i in 0..each {
            let mut rng = Seed(seed).stream(name, i);
            let path = &files[rng.random_range(0..files.len())];
            let whole = std::fs::read(path)?;
            std::fs::write(path, damaged(&whole, &mut rng))?;
            let base = LIVE.load(Relaxed);
            PEAK.store(base, Relaxed);
            if catch_unwind(AssertUnwindSafe(|| read(&store).is_ok())).is_err() {
                findings += 1;
                println!("panic: {name}, seed {seed}, input {i}, {}", path.display());
            }
            if PEAK.load(Relaxed).saturating_sub(base) > LIMIT {
                findings += 1;
                println!("memory: {name}, seed {seed}, input {i}, {}", path.display());
            }
            DONE.fetch_add(1, Relaxed);
            std::fs::write(path, whole)?;
            done += 1;
        }
    }
    Ok((done, findings))
}
