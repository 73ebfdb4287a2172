use super::principal::Principal;

/// The verdict of a method on a request.
pub(super) enum Verdict {
    /// There are no credentials for this method.
    Absent,
    /// There are, but they are not accepted.
    Refused,
    /// They are valid.
    Accepted(Principal),
}
