//! The `hoso` command.

use std::process::ExitCode;

/// Most of what a run does is to make and drop columns of a few hundred kilobytes on several threads
/// (docs/decisions/0019). What libraries in C allocate it gives, too: zstd makes a context a column.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What one thread has freed is soon used by another: few arenas, whatever the number of cores.
///
/// What none has used for a second is given back; what is of two megabytes or more, at once: kept, it
/// would seldom fit what is asked for next.
#[expect(unsafe_code, reason = "the allocator reads its settings from a symbol of this name")]
#[unsafe(export_name = "malloc_conf")]
pub static ALLOCATOR_SETTINGS: &[u8] =
    b"narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0,oversize_threshold:2097152\0";

fn main() -> ExitCode {
    hoso::cli::main()
}
