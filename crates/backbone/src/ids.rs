//! The identifiers of the wire contract under one trait.

use core_types::{
    AnnouncementId, ChallengeId, DeviceId, FileId, IdentityDeletionProcessId, MessageId, RelationshipId,
    RelationshipTemplateId, SyncRunId, TierId, TokenId, Username,
};

/// An identifier that a client or an administrator may write.
pub(crate) trait WireId: From<String> + AsRef<str> {
    const PREFIX: &'static str;
}

macro_rules! wire_ids {
    ($($id:ty),+ $(,)?) => {
        $(impl WireId for $id {
            const PREFIX: &'static str = <$id>::PREFIX;
        })+
    };
}

wire_ids!(
    AnnouncementId,
    ChallengeId,
    DeviceId,
    FileId,
    IdentityDeletionProcessId,
    MessageId,
    RelationshipId,
    RelationshipTemplateId,
    SyncRunId,
    TierId,
    TokenId,
    Username,
);

const MAX_LENGTH: usize = 20;

/// Checks prefix, length and characters of an identifier (`docs/protocol/03 §1.5`).
pub(crate) fn is_well_formed<T: WireId>(id: &T) -> bool {
    let id = id.as_ref();
    id.starts_with(T::PREFIX) && id.len() <= MAX_LENGTH && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_prefix_length_and_characters() {
        assert!(is_well_formed(&TokenId::new("TOKabc")));
        assert!(is_well_formed(&TokenId::new("TOK00000000000000001")));
        for id in ["", "FIL00000000000000001", "TOK000000000000000012", "TOK-", "tokabc", "TOKä"] {
            assert!(!is_well_formed(&TokenId::new(id)), "{id}");
        }
    }
}
