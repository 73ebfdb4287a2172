use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use backbone_api::{Envelope, Page, Pagination};
use serde::Serialize;

use super::content_type::JSON;
use super::query::Paging;

/// A result in its envelope.
#[derive(Debug)]
pub(crate) struct Answer<T> {
    status: StatusCode,
    result: T,
}

impl<T> Answer<T> {
    pub(crate) fn ok(result: T) -> Self {
        Self { status: StatusCode::OK, result }
    }

    pub(crate) fn created(result: T) -> Self {
        Self { status: StatusCode::CREATED, result }
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        (self.status, [(header::CONTENT_TYPE, JSON)], Json(Envelope { result: self.result })).into_response()
    }
}

/// 204.
#[derive(Debug)]
pub(crate) struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// One page of a list with the number of records of the whole list.
#[derive(Debug)]
pub(crate) struct Paged<T> {
    pub(crate) items: Vec<T>,
    pub(crate) total: u64,
    pub(crate) paging: Paging,
}

impl<T: Serialize> IntoResponse for Paged<T> {
    fn into_response(self) -> Response {
        let pagination = pagination(self.total, self.paging);
        ([(header::CONTENT_TYPE, JSON)], Json(Page { result: self.items, pagination })).into_response()
    }
}

/// The position of a page, if its list has more than one.
pub(crate) fn pagination(total: u64, paging: Paging) -> Option<Pagination> {
    let total_pages = total.div_ceil(paging.size);
    (total_pages > 1).then_some(Pagination {
        page_number: paging.number,
        page_size: paging.size,
        total_pages,
        total_records: total,
    })
}
