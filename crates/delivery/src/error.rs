use store::StoreError;

/// Why a target did not take a message. The texts are shown to operators: they hold no secret, nothing of what was to be
/// delivered, and no URL with credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The other side cannot be reached or does not answer, which says nothing about this message.
    #[error("{0}")]
    Unreachable(String),
    /// The other side refused this message.
    #[error("{0}")]
    Refused(String),
    /// Trying again is useless, for instance because the message is larger than the other side ever takes. It becomes a
    /// dead letter at once.
    #[error("{0}")]
    Hopeless(String),
}

/// Why nothing was sent once more.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// No such target is configured.
    #[error("no target called '{0}' is configured")]
    UnknownTarget(String),
    /// There is no such delivery.
    #[error("there is no delivery {0}")]
    UnknownDelivery(i64),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
