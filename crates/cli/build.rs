//! With the feature `torch`: lets the program find its libtorch wherever it is started from.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Ok(lib) = std::env::var("DEP_CHREODE_TORCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}");
        // libtorch.so has no code of its own that is used, but brings CUDA where the program is run with a libtorch that
        // has it: it must stay among the libraries that the program needs.
        println!("cargo:rustc-link-arg=-Wl,--no-as-needed,-ltorch,--as-needed");
    }
}
