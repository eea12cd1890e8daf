//! Lines on standard output and errors, which may go to a pipe that nobody reads or to a full disk.

use std::fmt::Arguments;
use std::io::{Error, ErrorKind, Write};
use std::sync::OnceLock;

static LOST: OnceLock<Error> = OnceLock::new();

/// Prints a line as `println!` does, but a line that cannot be printed does not end the program.
macro_rules! say {
    ($($part:tt)*) => { $crate::say::line(format_args!($($part)*)) };
}
pub(crate) use say;

/// Prints `text` and a newline.
pub(crate) fn line(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush()) {
        // `chreode inspect FILE | head` is no fault; a training run goes on without its reader.
        if error.kind() != ErrorKind::BrokenPipe {
            _ = LOST.set(error);
        }
    }
}

/// Prints an error, if anybody listens.
pub(crate) fn error(text: &str) {
    _ = writeln!(std::io::stderr(), "error: {text}");
}

/// The first failure to print, other than a reader that went away.
pub(crate) fn lost() -> Option<&'static Error> {
    LOST.get()
}
