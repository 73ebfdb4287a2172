use std::sync::{Arc, OnceLock};

use core_types::{DeviceId, IdentityAddress};

/// The device that sends the request, and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) address: IdentityAddress,
    pub(crate) device: DeviceId,
}

/// Tells the server, once it is known, which Identity a request is of.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoggedIn(Arc<OnceLock<IdentityAddress>>);

impl LoggedIn {
    pub(crate) fn identity(&self) -> Option<&IdentityAddress> {
        self.0.get()
    }

    pub(crate) fn set(&self, identity: IdentityAddress) {
        // It does not change during a request.
        let _ = self.0.set(identity);
    }
}
