//! The documentation endpoints (`docs/protocol/06 §1.6`), all served from the binary.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use tower::ServiceExt as _;
use utoipa_swagger_ui::Config;

use crate::error::ApiError;
use crate::response::{ApiResult, json};
use crate::startup::CoreHttpApi;

const SWAGGER: &str = "/docs/swagger";
const RAPIDOC: &str = "/docs/rapidoc";
const RAPIDOC_SCRIPT: &str = "/rapidoc/rapidoc-min.js";

/// The paths whose spelling is normalised.
pub(crate) const PATHS: [&str; 5] = ["/docs", "/docs/json", "/docs/yaml", RAPIDOC, RAPIDOC_SCRIPT];

/// The endpoints; everything else is left to the other routes.
pub(crate) fn beside(others: Router, core_api: CoreHttpApi) -> Router {
    endpoints(&others, core_api).fallback_service(or_former_paths(others))
}

fn endpoints(others: &Router, core_api: CoreHttpApi) -> Router {
    let endpoint = |handler: MethodRouter| handler.fallback_service(others.clone());
    let config = Arc::new(Config::new(["/docs/json"]).persist_authorization(core_api.persist_authorization));
    let asset = {
        let others = others.clone();
        move |file: Option<Path<String>>, request: Request| async move {
            let file = file.map_or_else(String::new, |Path(file)| file);
            let found = utoipa_swagger_ui::serve(&file, config).map_err(|error| error.to_string());
            match found {
                Ok(Some(asset)) => {
                    let content_type = HeaderValue::from_str(&with_charset(&asset.content_type))
                        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
                    let mut response = asset.bytes.into_owned().into_response();
                    response.headers_mut().insert(CONTENT_TYPE, content_type);
                    if asset.gzpipped {
                        let gzip = HeaderValue::from_static("gzip");
                        response.headers_mut().insert(CONTENT_ENCODING, gzip);
                    }
                    response
                }
                Ok(None) => match others.oneshot(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                },
                Err(error) => ApiError::unexpected(error).into_response(),
            }
        }
    };
    Router::new()
        .route("/docs", endpoint(get(|| async { moved_to(SWAGGER) })))
        .route("/docs/json", endpoint(get(document)))
        .route("/docs/yaml", endpoint(get(document_as_yaml)))
        .route(RAPIDOC, endpoint(get(move || async move { rapidoc(core_api.persist_authorization) })))
        .route(RAPIDOC_SCRIPT, endpoint(get(rapidoc_script)))
        .route(SWAGGER, endpoint(get(|| async { moved_to("/docs/swagger/") })))
        .route("/docs/swagger/", endpoint(get(asset.clone())))
        .route("/docs/swagger/{*file}", endpoint(get(asset)))
}

/// The remaining paths: former ones that begin with `/api-docs` lead to the documentation.
fn or_former_paths(others: Router) -> Router {
    Router::new().fallback_service(others).layer(from_fn(async |request: Request, next: Next| {
        let path = request.uri().path().to_ascii_lowercase();
        let rest = path.strip_prefix("/api-docs").unwrap_or_default();
        if request.method() == Method::GET && !rest.is_empty() { moved_to(SWAGGER) } else { next.run(request).await }
    }))
}

fn with_charset(content_type: &str) -> String {
    if content_type.starts_with("text/") { format!("{content_type}; charset=utf-8") } else { content_type.to_owned() }
}

/// A page for RapiDoc, with its settings as attributes, so that the page itself contains no script.
fn rapidoc(persist_authorization: bool) -> Response {
    let page = format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>enmeshed Connector</title>
<link rel="icon" href="{icon}">
<script type="module" src="{RAPIDOC_SCRIPT}"></script>
</head>
<body>
<rapi-doc spec-url="/docs/json" load-fonts="false" render-style="read" persist-auth="{persist_authorization}" allow-spec-url-load="false" allow-spec-file-load="false" allow-server-selection="false"></rapi-doc>
</body>
</html>
"#,
        icon = super::favicon::PATH,
    );
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

/// RapiDoc 9.3.8 as published on npm, under the MIT licence in the same folder.
async fn rapidoc_script() -> impl IntoResponse {
    const SCRIPT: &[u8] = include_bytes!("../../assets/rapidoc/rapidoc-min.js");
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT)
}

fn moved_to(path: &'static str) -> Response {
    (StatusCode::MOVED_PERMANENTLY, [(LOCATION, path)]).into_response()
}

async fn document() -> ApiResult {
    json(StatusCode::OK, &crate::openapi())
}

/// Every JSON document is a YAML 1.2 document.
async fn document_as_yaml() -> ApiResult {
    let document = serde_json::to_string_pretty(&crate::openapi());
    let document = document.map_err(|error| ApiError::unexpected(error.to_string()))?;
    Ok(([(CONTENT_TYPE, "text/vnd.yaml; charset=utf-8")], document).into_response())
}
