use crate::query::Sort;
use crate::sql::{Dialect, is_safe_path};
use crate::{Query, StoreError};

/// The `ORDER BY` clause of a query on `document AS d`.
pub(crate) fn order_by(dialect: Dialect, query: &Query) -> Result<String, StoreError> {
    let mut terms = Vec::new();
    for sort in &query.sort {
        terms.extend(sort_terms(dialect, sort)?);
    }
    terms.push("d.seq".to_owned());
    Ok(format!(" ORDER BY {}", terms.join(", ")))
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

/// The JSON type first, then the value within the type.
fn sort_terms(dialect: Dialect, sort: &Sort) -> Result<Vec<String>, StoreError> {
    if !is_safe_path(&sort.path) {
        return Err(StoreError::InvalidQuery(format!("cannot sort by the path '{}'", sort.path.escape_default())));
    }
    let segments: Vec<&str> = sort.path.split('.').collect();
    let path = dialect.path_literal("strict", &segments);
    let terms = match dialect {
        Dialect::Sqlite => {
            let kind = format!("json_type(d.body, {path})");
            vec![
                format!(
                    "CASE {kind} WHEN 'integer' THEN 1 WHEN 'real' THEN 1 WHEN 'text' THEN 2 WHEN 'true' THEN 3 WHEN 'false' THEN 3 ELSE 0 END"
                ),
                format!(
                    "CASE WHEN {kind} IN ('integer', 'real') THEN CAST(d.body ->> {path} AS REAL) WHEN {kind} IN ('text', 'true', 'false') THEN d.body ->> {path} END"
                ),
            ]
        }
        Dialect::Postgres => {
            let node = format!("jsonb_path_query_first(d.document, {path}, '{{}}'::jsonb, TRUE)");
            vec![
                format!(
                    "CASE jsonb_typeof({node}) WHEN 'number' THEN 1 WHEN 'string' THEN 2 WHEN 'boolean' THEN 3 ELSE 0 END"
                ),
                format!("CASE WHEN jsonb_typeof({node}) = 'number' THEN ({node} #>> '{{}}')::float8 END"),
                format!("(CASE WHEN jsonb_typeof({node}) = 'string' THEN {node} #>> '{{}}' END) COLLATE \"C\""),
                format!("CASE WHEN jsonb_typeof({node}) = 'boolean' THEN {node} = 'true'::jsonb END"),
            ]
        }
    };
    let direction = if sort.descending { " DESC" } else { "" };
    Ok(terms.into_iter().map(|term| term + direction).collect())
}
