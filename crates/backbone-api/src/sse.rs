//! Server-sent events: a stream of names that prompt a device to fetch news (`docs/protocol/03 §13, §14`).
//!
//! One event is `event: <name>`, `data: _` and an empty line; the name carries all the information.

macro_rules! events {
    ($($(#[$meta:meta])* $variant:ident = $name:literal,)+) => {
        /// The events of the stream.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum SseEvent {
            $($(#[$meta])* $variant,)+
        }

        impl SseEvent {
            /// Every event.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in the stream.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

events! {
    /// The first event of every stream.
    ConnectionOpened = "ConnectionOpened",
    /// Nothing happened for a while.
    KeepAlive = "keep-alive",
    /// There is an external event to be fetched by a sync run.
    ExternalEventCreated = "ExternalEventCreated",
    /// Another device of the Identity has changed the datawallet.
    DatawalletModificationsCreated = "DatawalletModificationsCreated",
    /// One of the Identity's tokens was locked after too many wrong passwords.
    TokenLocked = "TokenLocked",
    /// A deletion process of the Identity was started.
    DeletionProcessStarted = "DeletionProcessStarted",
    /// The owner has cancelled the deletion process.
    DeletionProcessCancelledByOwner = "DeletionProcessCancelledByOwner",
    /// The grace period ends in some days.
    DeletionProcessGracePeriodReminder = "DeletionProcessGracePeriodReminder",
    /// The grace period is over, the Identity is being removed.
    DeletionStarts = "DeletionStarts",
    /// The backup device has logged in for the first time.
    BackupDeviceUsed = "BackupDeviceUsed",
    /// There is an announcement to read.
    NewAnnouncement = "NewAnnouncement",
}

impl SseEvent {
    /// The event of this name; newer servers may send unknown ones.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.as_str() == name)
    }
}

/// The content of every event's `data` line.
pub const DATA: &str = "_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_events() {
        for event in SseEvent::ALL {
            assert_eq!(SseEvent::from_name(event.as_str()), Some(*event));
        }
        assert_eq!(SseEvent::from_name("Unheard"), None);
    }
}
