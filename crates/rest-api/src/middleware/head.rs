//! `HEAD` is answered by the `GET` handler, without the body but with the headers it would have. `Allow`
//! does not list it.

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::header::{ALLOW, CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

/// Turns the request into a `GET` and drops the body of the answer.
pub(crate) async fn serve_by_get(mut request: Request, next: Next) -> Response {
    if request.method() != Method::HEAD {
        return without_head_in_allow(next.run(request).await);
    }
    *request.method_mut() = Method::GET;
    let mut response = without_head_in_allow(next.run(request).await);
    let length = response.body().size_hint().exact();
    if let Some(length) = length
        && !response.headers().contains_key(TRANSFER_ENCODING)
    {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    *response.body_mut() = Body::empty();
    response
}

/// `Allow` of 405 in the form clients know; the router also adds it to other answers, where it does not belong.
fn without_head_in_allow(mut response: Response) -> Response {
    let methods = response.headers_mut().remove(ALLOW);
    if response.status() == StatusCode::METHOD_NOT_ALLOWED
        && let Some(methods) = methods.as_ref().and_then(|methods| methods.to_str().ok())
    {
        let methods: Vec<&str> = methods.split(',').map(str::trim).filter(|method| *method != "HEAD").collect();
        if let Ok(methods) = HeaderValue::from_str(&methods.join(", ")) {
            response.headers_mut().insert(ALLOW, methods);
        }
    }
    response
}
