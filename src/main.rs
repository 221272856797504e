//! The `hoso` command.

use std::process::ExitCode;

/// Most of what a run does is to make and drop columns of a few hundred kilobytes
/// (docs/decisions/0014).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    hoso::cli::main()
}
