use store::StoreError;

/// The reason why a target did not accept a message. The texts are shown to operators: they hold no secret, nothing of
/// the message, and no URL with credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The other side cannot be reached or does not answer: no other message would be accepted either.
    #[error("{0}")]
    Unreachable(String),
    /// The other side refused this message.
    #[error("{0}")]
    Refused(String),
    /// The other side has no consumer for this message, which waits until there is one.
    #[error("{0}")]
    Unroutable(String),
    /// No retry can succeed, for instance because the message is larger than the other side ever accepts. It becomes a
    /// dead letter at once.
    #[error("{0}")]
    Permanent(String),
}

/// The reason why nothing was redelivered.
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
