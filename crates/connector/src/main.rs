//! The program `connector`; all of it is in the library, where its parsers can be reached by the fuzz targets.

use std::process::ExitCode;

fn main() -> ExitCode {
    connector::main()
}
