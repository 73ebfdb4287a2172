use super::principal::Principal;

/// What a method says about a request.
pub(super) enum Verdict {
    /// There are no credentials for it.
    Absent,
    /// There are, but nobody is let in with them.
    Refused,
    /// They are good.
    Accepted(Principal),
}
