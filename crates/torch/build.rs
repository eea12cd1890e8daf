//! Compiles the shim, and sees to it that programs find libtorch without anybody setting LD_LIBRARY_PATH.

use std::env::var;
use std::error::Error;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=shim");
    // From torch-sys; not there when it is built for its documentation only.
    let Ok(lib) = var("DEP_TCH_LIBTORCH_LIB") else { return Ok(()) };
    let root = Path::new(&lib).parent().ok_or("libtorch's folder of libraries has no parent")?;

    // For this package's tests; build scripts of dependants read it as DEP_CHREODE_TORCH_LIBTORCH_LIB.
    println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}");
    println!("cargo:rustc-link-arg=-Wl,--no-as-needed,-ltorch,--as-needed");
    println!("cargo:libtorch_lib={lib}");

    // `cargo run` and `cargo test` search the libraries of build scripts only below the target folder.
    let link = Path::new(&var("OUT_DIR")?).join("libtorch");
    if link.is_symlink() {
        fs::remove_file(&link)?;
    }
    symlink(&lib, &link)?;
    println!("cargo:rustc-link-search=native={}", link.display());

    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .opt_level(2)
        .debug(false)
        .define("USE_C10D_GLOO", None)
        .include("shim/gloo")
        .include(root.join("include"))
        .include(root.join("include/torch/csrc/api/include"))
        .flag_if_supported("-ftree-vectorize")
        .flag_if_supported("-Wno-unused-parameter")
        .file("shim/shim.cpp")
        .compile("chreode_torch_shim");
    Ok(())
}
