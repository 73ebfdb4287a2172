//! The middleware that every request passes, one file each. Their order is set in [`crate::app`].

pub(crate) mod allowance;
pub(crate) mod body;
pub(crate) mod canonical_path;
pub(crate) mod compression;
pub(crate) mod correlation;
pub(crate) mod cors;
pub(crate) mod errors;
pub(crate) mod etag;
pub(crate) mod head;
pub(crate) mod limits;
pub(crate) mod negotiation;
pub(crate) mod observation;
pub(crate) mod security_headers;
pub(crate) mod vary;
