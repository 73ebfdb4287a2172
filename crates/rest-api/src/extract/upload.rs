//! `multipart/form-data` with one file (`docs/protocol/06 §5.6`).

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use mime::Mime;
use runtime::requests::UploadedFile;

use crate::error::ApiError;

/// The name of the form field that carries the file.
const FILE_FIELD: &str = "file";
/// The type of a part that names none.
const DEFAULT_MIMETYPE: &str = "text/plain";
/// Limit of the whole form in bytes: the largest file that can be stored is 10 MiB; above it there is room
/// for the other fields, and for files whose excess the service reports by name.
pub(crate) const UPLOAD_LIMIT: usize = 16 * 1024 * 1024;
/// How long an upload may take to arrive.
const UPLOAD_DEADLINE: Duration = Duration::from_secs(120);

/// The parts of an upload. A body of another type is an upload without any part.
#[derive(Debug, Default)]
pub(crate) struct Upload {
    pub(crate) file: Option<UploadedFile>,
    pub(crate) fields: Vec<(String, String)>,
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        if !is_multipart(&request) {
            return Ok(Self::default());
        }
        let (parts, body) = request.into_parts();
        let body = super::super::middleware::body::read(body, UPLOAD_LIMIT, UPLOAD_DEADLINE).await?;
        let request = Request::from_parts(parts, Body::from(body));
        let mut form = Multipart::from_request(request, state)
            .await
            .map_err(|rejection| ApiError::InvalidMultipart(rejection.body_text()))?;
        let invalid = |error: axum::extract::multipart::MultipartError| ApiError::InvalidMultipart(error.body_text());

        let mut upload = Self::default();
        while let Some(field) = form.next_field().await.map_err(invalid)? {
            let name = field.name().unwrap_or_default().to_owned();
            let mimetype = field.content_type().map(str::to_owned);
            let filename = field.file_name().map(str::to_owned);
            match filename {
                None => upload.fields.push((name, field.text().await.map_err(invalid)?)),
                Some(_) if name != FILE_FIELD || upload.file.is_some() => {
                    return Err(ApiError::InvalidMultipart(format!(
                        "exactly one file in the field '{FILE_FIELD}' is expected, found another one in '{name}'"
                    )));
                }
                Some(filename) => {
                    upload.file = Some(UploadedFile {
                        content: field.bytes().await.map_err(invalid)?.into(),
                        filename,
                        mimetype: mimetype.unwrap_or_else(|| DEFAULT_MIMETYPE.to_owned()),
                    });
                }
            }
        }
        Ok(upload)
    }
}

fn is_multipart(request: &Request) -> bool {
    request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<Mime>().ok())
        .is_some_and(|mime| mime.type_() == mime::MULTIPART)
}
