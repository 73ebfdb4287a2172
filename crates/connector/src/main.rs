//! The program `connector`; all of it is in the library, where its parsers can be reached by the fuzz targets.

use std::alloc::System;
use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

/// Wipes memory that is given back: whoever reads a configuration, a request or a database leaves copies of secrets in buffers
/// that nobody can name.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    connector::main()
}
