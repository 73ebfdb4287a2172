use crate::query::Sort;
use crate::sql::{Dialect, is_safe_path};
use crate::{Query, StoreError};

/// One of the values by which documents are ordered, never `NULL`.
struct Term {
    sql: String,
    descending: bool,
}

/// The `ORDER BY` clause of a query on `document AS d`.
pub(crate) fn order_by(dialect: Dialect, query: &Query) -> Result<String, StoreError> {
    let terms = terms(dialect, query, "d")?;
    let terms: Vec<String> =
        terms.into_iter().map(|term| term.sql + if term.descending { " DESC" } else { "" }).collect();
    Ok(format!(" ORDER BY {}", terms.join(", ")))
}

/// The condition that a document comes after the one whose key is the parameter of this number; `$1` is the collection.
pub(crate) fn after(dialect: Dialect, query: &Query, parameter: usize) -> Result<String, StoreError> {
    let (candidate, known) = (terms(dialect, query, "d")?, terms(dialect, query, "k")?);
    let known_is = format!("k.collection = $1 AND k.document_key = ${parameter}");
    if query.sort.is_empty() {
        // As a value this is found first, and the index leads to the rest.
        return Ok(format!("d.seq > (SELECT k.seq FROM document AS k WHERE {known_is})"));
    }
    let mut equal = String::new();
    let mut ways = Vec::new();
    for (one, other) in candidate.iter().zip(&known) {
        let operator = if one.descending { "<" } else { ">" };
        ways.push(format!("({equal}{} {operator} {})", one.sql, other.sql));
        equal = format!("{equal}{} = {} AND ", one.sql, other.sql);
    }
    Ok(format!("EXISTS (SELECT 1 FROM document AS k WHERE {known_is} AND ({}))", ways.join(" OR ")))
}

/// The `LIMIT` and `OFFSET` clause of a query.
pub(crate) fn limit(dialect: Dialect, query: &Query) -> String {
    let clamp = |number: u64| number.min(i64::MAX as u64);
    let limit = match (query.limit, dialect) {
        (Some(limit), _) => format!(" LIMIT {}", clamp(limit)),
        (None, Dialect::Sqlite) if query.offset > 0 => " LIMIT -1".to_owned(),
        (None, _) => String::new(),
    };
    if query.offset > 0 { format!("{limit} OFFSET {}", clamp(query.offset)) } else { limit }
}

/// The order of a query as values of the documents of a table; the last one is different for each.
fn terms(dialect: Dialect, query: &Query, table: &str) -> Result<Vec<Term>, StoreError> {
    let mut terms = Vec::new();
    for sort in &query.sort {
        let values = sort_values(dialect, sort, table)?;
        terms.extend(values.into_iter().map(|sql| Term { sql, descending: sort.descending }));
    }
    terms.push(Term { sql: format!("{table}.seq"), descending: false });
    Ok(terms)
}

/// The JSON type first, then the value within the type.
fn sort_values(dialect: Dialect, sort: &Sort, table: &str) -> Result<Vec<String>, StoreError> {
    if !is_safe_path(&sort.path) {
        return Err(StoreError::InvalidQuery(format!("cannot sort by the path '{}'", sort.path.escape_default())));
    }
    let segments: Vec<&str> = sort.path.split('.').collect();
    let path = dialect.path_literal("strict", &segments);
    Ok(match dialect {
        Dialect::Sqlite => {
            let kind = format!("json_type({table}.body, {path})");
            vec![
                format!(
                    "CASE {kind} WHEN 'integer' THEN 1 WHEN 'real' THEN 1 WHEN 'text' THEN 2 WHEN 'true' THEN 3 WHEN 'false' THEN 3 ELSE 0 END"
                ),
                format!(
                    "CASE WHEN {kind} IN ('integer', 'real') THEN CAST({table}.body ->> {path} AS REAL) WHEN {kind} IN ('text', 'true', 'false') THEN {table}.body ->> {path} ELSE 0 END"
                ),
            ]
        }
        Dialect::Postgres => {
            let node = format!("jsonb_path_query_first({table}.document, {path}, '{{}}'::jsonb, TRUE)");
            vec![
                format!(
                    "CASE jsonb_typeof({node}) WHEN 'number' THEN 1 WHEN 'string' THEN 2 WHEN 'boolean' THEN 3 ELSE 0 END"
                ),
                format!("(CASE WHEN jsonb_typeof({node}) = 'number' THEN ({node} #>> '{{}}')::float8 ELSE 0 END)"),
                format!("(CASE WHEN jsonb_typeof({node}) = 'string' THEN {node} #>> '{{}}' ELSE '' END) COLLATE \"C\""),
                format!("(CASE WHEN jsonb_typeof({node}) = 'boolean' THEN {node} = 'true'::jsonb ELSE FALSE END)"),
            ]
        }
    })
}
