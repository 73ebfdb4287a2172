use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::ApiError;
use super::query::checked_id;
use crate::ids::WireId;

/// The `{id}` of the path.
#[derive(Debug)]
pub(crate) struct PathId<T>(pub(crate) T);

impl<S: Send + Sync, T: WireId> FromRequestParts<S> for PathId<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(id) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::invalid_property("The ID is not valid."))?;
        checked_id(&id).map(Self)
    }
}
