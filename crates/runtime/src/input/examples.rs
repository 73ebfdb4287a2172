//! Values of the examples in the OpenAPI document. Those that name an object name one that does not exist.

/// An unused address.
pub const ADDRESS: &str = "did:e:localhost:dids:0123456789abcdef012345";
pub(super) const FILE_REFERENCE: &str =
    "RklMMDAwMDAwMDAwMDAwMDAwMDB8M3xBQUVDQXdRRkJnY0lDUW9MREEwT0R4QVJFaE1VRlJZWEdCa2FHeHdkSGg4fHw";
pub(super) const TEMPLATE_REFERENCE: &str =
    "UkxUMDAwMDAwMDAwMDAwMDAwMDB8M3xBQUVDQXdRRkJnY0lDUW9MREEwT0R4QVJFaE1VRlJZWEdCa2FHeHdkSGg4fHw";
pub(super) const TOKEN_REFERENCE: &str =
    "VE9LMDAwMDAwMDAwMDAwMDAwMDB8M3xBQUVDQXdRRkJnY0lDUW9MREEwT0R4QVJFaE1VRlJZWEdCa2FHeHdkSGg4fHw";
pub(super) const TEMPLATE_ID: &str = "RLT00000000000000000";
pub(super) const EXPIRY: &str = "2099-12-31T23:59:59.000Z";
/// An example of an earlier challenge.
pub(super) const CHALLENGE: &str = r#"{"createdBy":"did:e:vectors.example:dids:0117822daa40781e4f165c","createdByDevice":"DVC5FxS293j6XEhUdkEd","expiresAt":"2026-11-21T19:53:01.271Z","id":"CHLvAQQJ3mBrcGZgDAn0","type":"Identity"}"#;
/// The signature of [`CHALLENGE`].
pub(super) const SIGNATURE: &str = "eyJzaWciOiIzQklMU0dKMXBJMmVqUVU3S2ZURlNKZ1FxdFlqS0RkZkRtVGxzVEJ3VGxDTy1manhhMFBLVWlENEljS0JXS2tUMnFJOVBkdTNsakU5dGRGSlJRdXlDUSIsImFsZyI6MiwiQHR5cGUiOiJDcnlwdG9TaWduYXR1cmUifQ";
