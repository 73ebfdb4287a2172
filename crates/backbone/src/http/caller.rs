use std::sync::{Arc, OnceLock};

use core_types::{DeviceId, IdentityAddress};

/// The device that sends the request, and its Identity.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) address: IdentityAddress,
    pub(crate) device: DeviceId,
}

/// Passes the Identity that sent a request on to the server, once it is known.
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
