//! `multipart/form-data` with one file (`docs/protocol/06 §5.6`).

use axum::extract::{FromRequest, Multipart, Request};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use mime::Mime;
use runtime::input::UploadedFile;

use super::disposition::Disposition;
use crate::error::ApiError;

/// The name of the form field that carries the file.
const FILE_FIELD: &str = "file";
/// The default type of a part.
const DEFAULT_MIMETYPE: &str = "text/plain";
/// The parts of an upload, which is already in memory ([`crate::middleware::body`]). A body of another type is an
/// upload without any parts.
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
        let mut form = Multipart::from_request(request, state)
            .await
            .map_err(|rejection| ApiError::InvalidMultipart(rejection.body_text()))?;
        let invalid = |error: axum::extract::multipart::MultipartError| ApiError::InvalidMultipart(error.body_text());

        let mut upload = Self::default();
        while let Some(field) = form.next_field().await.map_err(invalid)? {
            let disposition = field.headers().get(CONTENT_DISPOSITION).map(HeaderValue::as_bytes);
            let Disposition { name, filename } = Disposition::parse(disposition.unwrap_or_default());
            let mimetype = field.content_type().map(str::to_owned);
            match filename {
                // A form whose file was not chosen sends an empty name.
                Some(filename) if filename.is_empty() => {}
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
