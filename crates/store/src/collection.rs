//! Statements on the documents of a collection.

use std::collections::HashMap;

use serde_json::Value;

use crate::document;
use crate::index::{CollectionIndexes, Indexes};
use crate::sql::condition::{Condition, where_clause};
use crate::sql::{Arg, Dialect, Session, Statement, order, without_nul};
use crate::{CollectionSpec, Filter, Query, StoreError};

/// Documents per statement while an index is built.
const BACKFILL_PAGE: i64 = 500;

/// The position of a document, and its size as text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) seq: i64,
    pub(crate) bytes: u32,
}

/// A stored document as it was written.
pub(crate) struct Stored {
    pub(crate) key: String,
    pub(crate) body: String,
}

/// Contents are never printed.
impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Stored {
    pub(crate) fn to_value(&self, spec: &CollectionSpec) -> Result<Value, StoreError> {
        document::read(&self.body)
            .map_err(|error| spec.invalid(&self.key, format!("is not JSON ({:?} error)", error.classify())))
    }
}

pub(crate) async fn get(
    session: &mut Session<'_>,
    spec: &CollectionSpec,
    key: &str,
) -> Result<Option<Stored>, StoreError> {
    let statement = Statement::new("SELECT d.body FROM document AS d WHERE d.collection = $1 AND d.document_key = $2")
        .bind(spec.name)
        .bind(key);
    let row = session.fetch_optional(statement).await?;
    row.map(|row| Ok(Stored { key: key.to_owned(), body: row.text(0)? })).transpose()
}

pub(crate) async fn find(
    session: &mut Session<'_>,
    spec: &CollectionSpec,
    indexes: &CollectionIndexes,
    query: &Query,
) -> Result<Vec<Stored>, StoreError> {
    let (statement, exact) = select("d.document_key, d.body", session.dialect(), spec, indexes, query)?;
    // The work that the database has not done already.
    let (mut to_skip, limit) = if exact { (0, None) } else { (query.offset, query.limit) };
    let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let mut found = Vec::new();
    let mut rows = session.stream(statement);
    while found.len() < limit {
        let Some(row) = rows.next().await? else { break };
        let stored = Stored { key: row.text(0)?, body: row.text(1)? };
        if !exact && !query.filter.matches(&stored.to_value(spec)?) {
            continue;
        }
        if to_skip > 0 {
            to_skip -= 1;
        } else {
            found.push(stored);
        }
    }
    drop(rows);
    if found.is_empty() {
        check_after(session, spec, query).await?;
    }
    Ok(found)
}

/// The positions of a query's documents, in its order, and whether they are exactly its result. If not, there are more
/// of them, and neither the offset nor the limit of the query has been applied.
pub(crate) async fn places(
    session: &mut Session<'_>,
    spec: &CollectionSpec,
    indexes: &CollectionIndexes,
    query: &Query,
) -> Result<(Vec<Place>, bool), StoreError> {
    let dialect = session.dialect();
    // Both databases know this without reading the text.
    let size = match dialect {
        Dialect::Sqlite => "octet_length(d.body)",
        Dialect::Postgres => "octet_length(d.body)::bigint",
    };
    let (statement, exact) = select(&format!("d.seq, {size}"), dialect, spec, indexes, query)?;
    let mut places = Vec::new();
    let mut rows = session.stream(statement);
    while let Some(row) = rows.next().await? {
        places.push(Place { seq: row.integer(0)?, bytes: u32::try_from(row.integer(1)?).unwrap_or(u32::MAX) });
    }
    drop(rows);
    if places.is_empty() {
        check_after(session, spec, query).await?;
    }
    Ok((places, exact))
}

/// Refuses a position that does not exist. Checked afterwards, so that a document deleted in between is noticed too.
async fn check_after(session: &mut Session<'_>, spec: &CollectionSpec, query: &Query) -> Result<(), StoreError> {
    let Some(key) = &query.after else { return Ok(()) };
    let sql = "SELECT d.seq FROM document AS d WHERE d.collection = $1 AND d.document_key = $2";
    match session.fetch_optional(Statement::new(sql).bind(spec.name).bind(key.as_str())).await? {
        Some(_) => Ok(()),
        None => Err(StoreError::UnknownPosition { collection: spec.name.to_owned(), key: key.clone() }),
    }
}

/// The documents of the collection at these positions, as far as they still exist.
pub(crate) async fn at(
    session: &mut Session<'_>,
    spec: &CollectionSpec,
    seqs: &[i64],
) -> Result<HashMap<i64, Stored>, StoreError> {
    let list = Value::from(seqs.to_vec()).to_string();
    let among = match session.dialect() {
        Dialect::Sqlite => "d.seq IN (SELECT l.value FROM json_each($2) AS l) AND +d.collection = $1",
        Dialect::Postgres => {
            "d.seq = ANY (ARRAY(SELECT jsonb_array_elements_text($2::jsonb)::bigint)) AND d.collection = $1"
        }
    };
    let sql = format!("SELECT d.seq, d.document_key, d.body FROM document AS d WHERE {among}");
    let rows = session.fetch_all(Statement::new(sql).bind(spec.name).bind(list)).await?;
    rows.into_iter().map(|row| Ok((row.integer(0)?, Stored { key: row.text(1)?, body: row.text(2)? }))).collect()
}

/// The statement of a query, and whether its result is exact. If not, it selects more and has no limit.
pub(crate) fn select(
    columns: &str,
    dialect: Dialect,
    spec: &CollectionSpec,
    indexes: &CollectionIndexes,
    query: &Query,
) -> Result<(Statement, bool), StoreError> {
    let Condition { mut sql, mut args, exact } = where_clause(dialect, spec.name, spec.key, indexes, &query.filter);
    if let Some(key) = &query.after {
        args.push(Arg::from(key.as_str()));
        sql = format!("{sql} AND {}", order::after(dialect, query, args.len())?);
    }
    let order = order::order_by(dialect, query)?;
    let limit = if exact { order::limit(dialect, query) } else { String::new() };
    let sql = format!("SELECT {columns} FROM document AS d{sql}{order}{limit}");
    Ok((Statement::with_args(sql, args), exact))
}

pub(crate) async fn count(
    session: &mut Session<'_>,
    spec: &CollectionSpec,
    indexes: &CollectionIndexes,
    filter: &Filter,
) -> Result<u64, StoreError> {
    let Condition { sql, args, exact } = where_clause(session.dialect(), spec.name, spec.key, indexes, filter);
    if exact {
        let row =
            session.fetch_one(Statement::with_args(format!("SELECT count(*) FROM document AS d{sql}"), args)).await?;
        return Ok(row.integer(0)?.unsigned_abs());
    }
    let mut count = 0;
    let mut rows =
        session.stream(Statement::with_args(format!("SELECT d.document_key, d.body FROM document AS d{sql}"), args));
    while let Some(row) = rows.next().await? {
        let stored = Stored { key: row.text(0)?, body: row.text(1)? };
        count += u64::from(filter.matches(&stored.to_value(spec)?));
    }
    Ok(count)
}

/// Adds a document at the end of the collection.
pub(crate) async fn insert(
    session: &mut Session<'_>,
    spec: &CollectionSpec,
    indexes: &Indexes,
    document: &Value,
) -> Result<(), StoreError> {
    let key = spec.key_of(document)?;
    let sql = match session.dialect() {
        Dialect::Sqlite => {
            "INSERT INTO document (collection, document_key, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING seq"
        }
        Dialect::Postgres => {
            "INSERT INTO document (collection, document_key, body, document) VALUES ($1, $2, $3, $4::jsonb) ON CONFLICT DO NOTHING RETURNING seq"
        }
    };
    let row = session
        .fetch_optional(with_document(Statement::new(sql).bind(spec.name).bind(key), session.dialect(), document))
        .await?;
    let Some(row) = row else {
        return Err(StoreError::Duplicate { collection: spec.name.to_owned(), key: key.to_owned() });
    };
    insert_entries(session, spec, indexes, row.integer(0)?, document).await
}

/// Replaces a document in its place. False if there is none.
pub(crate) async fn replace(
    session: &mut Session<'_>,
    spec: &CollectionSpec,
    indexes: &Indexes,
    document: &Value,
) -> Result<bool, StoreError> {
    let key = spec.key_of(document)?;
    let sql = match session.dialect() {
        Dialect::Sqlite => "UPDATE document SET body = $3 WHERE collection = $1 AND document_key = $2 RETURNING seq",
        Dialect::Postgres => {
            "UPDATE document SET body = $3, document = $4::jsonb WHERE collection = $1 AND document_key = $2 RETURNING seq"
        }
    };
    let row = session
        .fetch_optional(with_document(Statement::new(sql).bind(spec.name).bind(key), session.dialect(), document))
        .await?;
    let Some(row) = row else { return Ok(false) };
    let seq = row.integer(0)?;
    delete_entries(session, seq).await?;
    insert_entries(session, spec, indexes, seq, document).await?;
    Ok(true)
}

/// Removes a document. False if there is none.
pub(crate) async fn delete(session: &mut Session<'_>, spec: &CollectionSpec, key: &str) -> Result<bool, StoreError> {
    let statement = Statement::new("DELETE FROM document WHERE collection = $1 AND document_key = $2 RETURNING seq")
        .bind(spec.name)
        .bind(key);
    let Some(row) = session.fetch_optional(statement).await? else { return Ok(false) };
    delete_entries(session, row.integer(0)?).await?;
    Ok(true)
}

/// The indexes that exist.
pub(crate) async fn load_indexes(session: &mut Session<'_>) -> Result<Indexes, StoreError> {
    let mut indexes = Indexes::default();
    for row in session.fetch_all(Statement::new("SELECT i.id, i.collection, i.path FROM document_index AS i")).await? {
        indexes.add(&row.text(1)?, &row.text(2)?, row.integer(0)?);
    }
    Ok(indexes)
}

/// Creates an index over the existing documents.
pub(crate) async fn build_index(
    session: &mut Session<'_>,
    spec: &CollectionSpec,
    path: &str,
) -> Result<i64, StoreError> {
    let statement = "INSERT INTO document_index (collection, path) VALUES ($1, $2) ON CONFLICT (collection, path) DO UPDATE SET path = excluded.path RETURNING id";
    let id = session.fetch_one(Statement::new(statement).bind(spec.name).bind(path)).await?.integer(0)?;
    let mut only_this = Indexes::default();
    only_this.add(spec.name, path, id);
    let mut last = i64::MIN;
    loop {
        let page = "SELECT d.seq, d.document_key, d.body FROM document AS d WHERE d.collection = $1 AND d.seq > $2 ORDER BY d.seq LIMIT $3";
        let rows = session.fetch_all(Statement::new(page).bind(spec.name).bind(last).bind(BACKFILL_PAGE)).await?;
        if rows.is_empty() {
            return Ok(id);
        }
        for row in rows {
            last = row.integer(0)?;
            let document = Stored { key: row.text(1)?, body: row.text(2)? }.to_value(spec)?;
            insert_entries(session, spec, &only_this, last, &document).await?;
        }
    }
}

/// Binds the document as `$3`, and in PostgreSQL its searchable form as `$4`.
fn with_document(statement: Statement, dialect: Dialect, document: &Value) -> Statement {
    let body = document.to_string();
    match dialect {
        Dialect::Sqlite => statement.bind(body),
        Dialect::Postgres => {
            let searchable = if body.contains("\\u0000") { searchable(document).to_string() } else { body.clone() };
            statement.bind(body).bind(searchable)
        }
    }
}

/// The document with U+FFFD for U+0000, which `jsonb` refuses.
fn searchable(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(without_nul(text.clone())),
        Value::Array(items) => items.iter().map(searchable).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (without_nul(name.clone()), searchable(value))).collect()
        }
        other => other.clone(),
    }
}

async fn insert_entries(
    session: &mut Session<'_>,
    spec: &CollectionSpec,
    indexes: &Indexes,
    seq: i64,
    document: &Value,
) -> Result<(), StoreError> {
    let Some(entries) = indexes.entries(spec.name, document) else { return Ok(()) };
    let sql = match session.dialect() {
        Dialect::Sqlite => {
            "INSERT INTO index_entry (index_id, value, document) SELECT e.value ->> 0, e.value ->> 1, $1 FROM json_each($2) AS e WHERE TRUE ON CONFLICT DO NOTHING"
        }
        Dialect::Postgres => {
            "INSERT INTO index_entry (index_id, value, document) SELECT (e ->> 0)::bigint, e ->> 1, $1 FROM jsonb_array_elements($2::jsonb) AS e ON CONFLICT DO NOTHING"
        }
    };
    session.execute(Statement::new(sql).bind(seq).bind(Arg::Text(entries))).await.map(|_| ())
}

async fn delete_entries(session: &mut Session<'_>, seq: i64) -> Result<(), StoreError> {
    session.execute(Statement::new("DELETE FROM index_entry WHERE document = $1").bind(seq)).await.map(|_| ())
}
