//! Pages of records that may be large: small pages are answered at once, others record by record as the client reads
//! them.

use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use core_types::IdentityAddress;
use futures_util::stream;
use serde::Serialize;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::context::Context;
use crate::http::{ApiError, JSON, Paging, Shares, pagination};
use crate::unit::Unit;

/// An answer up to this size is built completely before it is sent.
const GATHERED: usize = 1024 * 1024;
/// Size of a record without its contents: names, times, short members.
const ENVELOPE: usize = 1024;

/// The size of records in the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    records: usize,
    bytes: usize,
    largest: usize,
}

impl Extent {
    /// The extent of the rows of a query for `length`, whose parameters are a JSON list of keys and the owner.
    pub(crate) async fn of(
        db: &mut SqliteConnection,
        lengths: &str,
        keys: &str,
        owner: Option<&IdentityAddress>,
    ) -> sqlx::Result<Self> {
        let sql = format!("SELECT COUNT(*), COALESCE(SUM(length), 0), COALESCE(MAX(length), 0) FROM ({lengths})");
        let row =
            sqlx::query(AssertSqlSafe(sql)).bind(keys).bind(owner.map(IdentityAddress::as_str)).fetch_one(db).await?;
        let number =
            |index: usize| Ok::<_, sqlx::Error>(usize::try_from(row.try_get::<i64, _>(index)?).unwrap_or_default());
        Ok(Self { records: number(0)?, bytes: number(1)?, largest: number(2)? })
    }

    /// The size of an answer with all of them. Contents are sent as base64.
    pub(crate) fn text(self) -> usize {
        self.bytes / 3 * 4 + self.records * ENVELOPE
    }

    /// The memory a list of them needs at any time.
    fn list(self) -> usize {
        let text = self.text();
        if text <= GATHERED { text } else { GATHERED + self.largest / 3 * 4 + ENVELOPE }
    }
}

/// The records of a page, each of which can be loaded by itself.
pub(crate) trait Records: Send + 'static {
    type Record: Serialize + Send;

    /// The number of records.
    fn len(&self) -> usize;

    /// Their size altogether.
    fn extent(&self, unit: &mut Unit) -> impl Future<Output = sqlx::Result<Extent>> + Send;

    /// The record at an index; none if it has been deleted meanwhile.
    fn load(
        &self,
        unit: &mut Unit,
        index: usize,
    ) -> impl Future<Output = Result<Option<Self::Record>, ApiError>> + Send;
}

/// Answers lists.
pub(crate) struct Lister {
    context: Context,
    shares: Shares,
}

impl FromRequestParts<Context> for Lister {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, ApiError> {
        let shares = Shares::from_request_parts(parts, context).await?;
        Ok(Self { context: context.clone(), shares })
    }
}

impl Lister {
    /// Answers with these records as one page of a list of `total`.
    pub(crate) async fn answer<R: Records>(self, records: R, total: u64, paging: Paging) -> Result<Response, ApiError> {
        let end = match pagination(total, paging) {
            Some(pagination) => {
                let text = serde_json::to_string(&pagination).map_err(|_| ApiError::Internal("a page"))?;
                format!("],\"pagination\":{text}}}")
            }
            None => "]}".to_owned(),
        };
        let extent = records.extent(&mut Unit::read(&self.context).await?).await?;
        self.shares.take_for_answer(extent.list()).await?;
        let mut page = Page { records, next: 0, text: b"{\"result\":[".to_vec(), is_first: true, end: Some(end) };
        let mut unit = Unit::read(&self.context).await?;
        while page.text.len() < GATHERED && page.end.is_some() {
            page.step(&mut unit).await?;
        }
        drop(unit);
        let body = if page.end.is_none() { Body::from(page.text) } else { streamed(self.context, page) };
        Ok(([(header::CONTENT_TYPE, JSON)], body).into_response())
    }
}

fn streamed<R: Records>(context: Context, page: Page<R>) -> Body {
    Body::from_stream(stream::try_unfold((context, page), |(context, page)| next(context, page)))
}

type Rest<R> = (Context, Page<R>);

/// The next piece of a page, and what follows it.
async fn next<R: Records>(context: Context, mut page: Page<R>) -> Result<Option<(Bytes, Rest<R>)>, ApiError> {
    if page.text.is_empty() && page.end.is_some() {
        // A connection to the database for each record, because clients may take their time between two.
        let mut unit = Unit::read(&context).await?;
        page.step(&mut unit).await?;
    }
    let text = std::mem::take(&mut page.text);
    Ok((!text.is_empty()).then(|| (Bytes::from(text), (context, page))))
}

/// A page that is being written.
struct Page<R> {
    records: R,
    next: usize,
    text: Vec<u8>,
    is_first: bool,
    /// The text after the last record, until it has been written.
    end: Option<String>,
}

impl<R: Records> Page<R> {
    /// Writes the next record that is there, or the end.
    async fn step(&mut self, unit: &mut Unit) -> Result<(), ApiError> {
        while self.next < self.records.len() {
            let record = self.records.load(unit, self.next).await?;
            self.next += 1;
            if let Some(record) = record {
                if !std::mem::take(&mut self.is_first) {
                    self.text.push(b',');
                }
                return serde_json::to_writer(&mut self.text, &record).map_err(|_| ApiError::Internal("a record"));
            }
        }
        if let Some(end) = self.end.take() {
            self.text.extend_from_slice(end.as_bytes());
        }
        Ok(())
    }
}
