//! The `hoso` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    hoso::cli::main()
}
