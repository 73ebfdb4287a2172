//! The program `connector`; all of it is in the library, where fuzz targets can reach its parsers.

use std::alloc::System;
use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

/// Wipes freed memory: parsers of configurations, requests and databases leave copies of secrets in buffers that the
/// program cannot address.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    connector::main()
}
