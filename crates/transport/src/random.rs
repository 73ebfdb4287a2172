//! Where everything random comes from that leaves this process: the operating system, asked each time.
//!
//! A generator inside the process has its state in memory. A virtual machine that is copied while it runs has that state
//! twice, and both copies would draw the same keys and nonces for what they say from then on.

use rand::{rand_core::UnwrapErr, rngs::SysRng};

/// The random numbers of the operating system.
pub(crate) fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}
