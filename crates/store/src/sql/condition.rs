use serde_json::Value;

use crate::Filter;
use crate::filter::fold;
use crate::index::{CollectionIndexes, index_value};
use crate::sql::range::{odd_condition, ranges};
use crate::sql::{Arg, Dialect, is_safe_path};

/// A filter as an SQL condition on `document AS d`.
///
/// Not everything has an exact SQL form: case folding beyond ASCII, deep equality, decimal fractions, odd texts, very
/// large filters. There the condition lets through more than the filter, and [`Condition::exact`] says that
/// [`Filter::matches`] decides.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) sql: String,
    pub(crate) args: Vec<Arg>,
    pub(crate) exact: bool,
}

/// The side on which an inexact condition may err.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// It may let through more.
    Upper,
    /// It may let through less: below a `NOT`.
    Lower,
}

impl Bound {
    fn flip(self) -> Self {
        match self {
            Self::Upper => Self::Lower,
            Self::Lower => Self::Upper,
        }
    }

    /// The condition that errs on this side as far as possible.
    fn loosest(self) -> String {
        match self {
            Self::Upper => TRUE.to_owned(),
            Self::Lower => FALSE.to_owned(),
        }
    }
}

const TRUE: &str = "1 = 1";
const FALSE: &str = "1 = 0";

/// Relative difference within which SQLite's reading of a decimal fraction is not trusted.
const NEARLY: f64 = 1e-12;

/// Larger filters are left to the evaluator from here on: a planner takes very long over thousands of conditions.
const MAX_TESTS: usize = 100;

#[derive(Clone, Copy)]
enum TextTest {
    Contains,
    StartsWith,
    EndsWith,
}

/// The whole `WHERE` clause: documents of the collection that pass the filter.
pub(crate) fn where_clause(
    dialect: Dialect,
    collection: &str,
    key: &str,
    indexes: &CollectionIndexes,
    filter: &Filter,
) -> Condition {
    let mut translator = Translator { dialect, key, indexes, args: vec![Arg::from(collection)], exact: true, tests: 0 };
    let mut condition = translator.translate(filter, Bound::Upper);
    for range in translator.indexed_ranges(filter) {
        condition = format!("{range} AND ({condition})");
    }
    // SQLite would rather scan the collection than an index entry list. The `+` rules that out.
    let collection = match dialect {
        Dialect::Sqlite if translator.is_driven_by_index(filter) => "+d.collection = $1",
        _ => "d.collection = $1",
    };
    Condition { sql: format!(" WHERE {collection} AND ({condition})"), args: translator.args, exact: translator.exact }
}

struct Translator<'a> {
    dialect: Dialect,
    key: &'a str,
    indexes: &'a CollectionIndexes,
    args: Vec<Arg>,
    exact: bool,
    /// Filters translated so far.
    tests: usize,
}

impl Translator<'_> {
    fn bind(&mut self, arg: impl Into<Arg>) -> String {
        self.args.push(arg.into());
        format!("${}", self.args.len())
    }

    fn inexact(&mut self, bound: Bound) -> String {
        self.exact = false;
        bound.loosest()
    }

    fn translate(&mut self, filter: &Filter, bound: Bound) -> String {
        if self.tests >= MAX_TESTS {
            return self.inexact(bound);
        }
        self.tests += 1;
        match filter {
            Filter::All => TRUE.to_owned(),
            Filter::None => FALSE.to_owned(),
            Filter::And(filters) => self.join(filters, " AND ", TRUE, bound),
            Filter::Or(filters) => self.join(filters, " OR ", FALSE, bound),
            Filter::Not(filter) => format!("NOT ({})", self.translate(filter, bound.flip())),
            Filter::Eq(path, operand) => self.equals_any(path, std::slice::from_ref(operand), bound),
            Filter::Ne(path, operand) => {
                format!("NOT ({})", self.equals_any(path, std::slice::from_ref(operand), bound.flip()))
            }
            Filter::In(path, operands) => self.equals_any(path, operands, bound),
            Filter::NotIn(path, operands) => format!("NOT ({})", self.equals_any(path, operands, bound.flip())),
            Filter::Exists(path) => self.exists(path, bound),
            Filter::Missing(path) => format!("NOT ({})", self.exists(path, bound.flip())),
            Filter::Lt(path, operand) => self.compares(path, "<", operand, bound),
            Filter::Lte(path, operand) => self.compares(path, "<=", operand, bound),
            Filter::Gt(path, operand) => self.compares(path, ">", operand, bound),
            Filter::Gte(path, operand) => self.compares(path, ">=", operand, bound),
            Filter::Contains(path, text) => self.tests_text(path, TextTest::Contains, text, bound),
            Filter::StartsWith(path, text) => self.tests_text(path, TextTest::StartsWith, text, bound),
            Filter::EndsWith(path, text) => self.tests_text(path, TextTest::EndsWith, text, bound),
        }
    }

    fn join(&mut self, filters: &[Filter], operator: &str, empty: &str, bound: Bound) -> String {
        let mut conditions = Vec::new();
        for filter in filters {
            conditions.push(format!("({})", self.translate(filter, bound)));
            if self.tests >= MAX_TESTS {
                // The others would be translated in the same way.
                conditions.push(self.inexact(bound));
                break;
            }
        }
        if conditions.is_empty() { empty.to_owned() } else { conditions.join(operator) }
    }

    /// Returns true if every document that passes is found through an index entry of a condition that must hold.
    fn is_driven_by_index(&self, filter: &Filter) -> bool {
        match filter {
            Filter::And(filters) => {
                filters.iter().any(|filter| self.is_driven_by_index(filter))
                    && !filters.iter().any(|filter| self.is_driven_by_key(filter))
            }
            Filter::Eq(path, operand) => self.index_of(path, std::slice::from_ref(operand)).is_some(),
            Filter::In(path, operands) => self.index_of(path, operands).is_some(),
            Filter::Lt(path, operand)
            | Filter::Lte(path, operand)
            | Filter::Gt(path, operand)
            | Filter::Gte(path, operand) => {
                operand.is_string() && self.index_of(path, std::slice::from_ref(operand)).is_some()
            }
            _ => false,
        }
    }

    /// Conditions that hold for every document that passes, and that an index can answer: a range of texts at an
    /// indexed path.
    fn indexed_ranges(&mut self, filter: &Filter) -> Vec<String> {
        let mut conditions = Vec::new();
        for (path, range) in ranges(&conjuncts(filter)) {
            let Some(id) = self.indexes.get(path).copied().filter(|_| path != self.key) else { continue };
            let within = range.condition(|value| self.bind(value));
            let odd = odd_condition(|value| self.bind(value));
            let entries = format!(
                "SELECT e.document FROM index_entry AS e WHERE e.index_id = {id} AND {within} \
                 UNION ALL SELECT e.document FROM index_entry AS e WHERE e.index_id = {id} AND {odd}"
            );
            conditions.push(self.is_among(&entries));
        }
        conditions
    }

    /// A condition that the document is one of those that `entries` selects.
    fn is_among(&self, entries: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("d.seq IN ({entries})"),
            // As an array the entries are found first, whatever number of them the planner expects.
            Dialect::Postgres => format!("d.seq = ANY (ARRAY({entries}))"),
        }
    }

    fn is_driven_by_key(&self, filter: &Filter) -> bool {
        match filter {
            Filter::And(filters) => filters.iter().any(|filter| self.is_driven_by_key(filter)),
            Filter::Eq(path, operand) => path == self.key && operand.is_string(),
            Filter::In(path, operands) => path == self.key && operands.iter().all(Value::is_string),
            _ => false,
        }
    }

    /// The index of the path and the entries to look for, if all operands have one.
    fn index_of(&self, path: &str, operands: &[Value]) -> Option<(i64, Vec<String>)> {
        if path == self.key {
            return None;
        }
        let id = self.indexes.get(path)?;
        let values = operands.iter().map(index_value).collect::<Option<Vec<_>>>()?;
        Some((*id, values))
    }

    fn equals_any(&mut self, path: &str, operands: &[Value], bound: Bound) -> String {
        if operands.is_empty() {
            return FALSE.to_owned();
        }
        if let Some((id, values)) = self.index_of(path, operands) {
            let values = self.among("e.value", values);
            let entries = format!("SELECT e.document FROM index_entry AS e WHERE e.index_id = {id} AND {values}");
            return self.is_among(&entries);
        }
        let mut texts = Vec::new();
        let mut numbers = Vec::new();
        let mut tests = Vec::new();
        let mut all_exact = true;
        for operand in operands {
            match operand {
                Value::String(text) if is_kept_by_all(text) => texts.push(text.clone()),
                Value::Number(_) => numbers.extend(operand.as_f64()),
                Value::Bool(value) => tests.push(self.boolean_test("=", *value)),
                Value::Null => tests.push(self.type_test("null")),
                Value::String(_) | Value::Array(_) | Value::Object(_) => all_exact = false,
            }
        }
        if !all_exact {
            self.exact = false;
            if bound == Bound::Upper {
                return TRUE.to_owned();
            }
        }
        if path == self.key {
            return if texts.is_empty() { FALSE.to_owned() } else { self.among("d.document_key", texts) };
        }
        if !is_safe_path(path) {
            return self.inexact(bound);
        }
        if !texts.is_empty() {
            let column = self.text_column();
            let test = self.among(column, texts);
            tests.push(self.guarded("string", &test));
        }
        for number in numbers {
            let test = self.number_test("=", number, bound);
            tests.push(test);
        }
        if tests.is_empty() { FALSE.to_owned() } else { self.any_candidate(path, &tests.join(" OR ")) }
    }

    fn compares(&mut self, path: &str, operator: &str, operand: &Value, bound: Bound) -> String {
        if !is_safe_path(path) {
            return self.inexact(bound);
        }
        let test = match operand {
            Value::String(text) if is_kept_by_all(text) => {
                let text = self.bind(text.as_str());
                self.guarded("string", &format!("{} {operator} {text}", self.text_column()))
            }
            Value::String(_) => return self.inexact(bound),
            Value::Number(_) => self.number_test(operator, operand.as_f64().unwrap_or(f64::NAN), bound),
            Value::Bool(value) => self.boolean_test(operator, *value),
            Value::Null | Value::Array(_) | Value::Object(_) => return FALSE.to_owned(),
        };
        self.any_candidate(path, &test)
    }

    /// Exact for ASCII texts; for other texts the evaluator decides.
    fn tests_text(&mut self, path: &str, test: TextTest, text: &str, bound: Bound) -> String {
        if !is_safe_path(path) {
            return self.inexact(bound);
        }
        let text = fold(text);
        if text.is_empty() {
            return self.any_candidate(path, &self.type_test("string"));
        }
        self.exact = false;
        let column = self.text_column();
        let beyond_ascii = match self.dialect {
            Dialect::Sqlite => format!("length({column}) <> length(CAST({column} AS BLOB))"),
            Dialect::Postgres => format!("octet_length({column}) <> char_length({column})"),
        };
        let passes = if text.is_ascii() && !text.contains('\0') {
            let length = text.len();
            let text = self.bind(text);
            match (self.dialect, test) {
                (Dialect::Sqlite, TextTest::Contains) => format!("instr(lower({column}), {text}) > 0"),
                (Dialect::Sqlite, TextTest::StartsWith) => format!("substr(lower({column}), 1, {length}) = {text}"),
                (Dialect::Sqlite, TextTest::EndsWith) => format!("substr(lower({column}), -{length}) = {text}"),
                (Dialect::Postgres, TextTest::Contains) => format!("strpos(lower({column}), {text}) > 0"),
                (Dialect::Postgres, TextTest::StartsWith) => format!("starts_with(lower({column}), {text})"),
                (Dialect::Postgres, TextTest::EndsWith) => format!("right(lower({column}), {length}) = {text}"),
            }
        } else {
            FALSE.to_owned()
        };
        let test = match bound {
            Bound::Upper => format!("({beyond_ascii} OR {passes})"),
            Bound::Lower => format!("NOT ({beyond_ascii}) AND {passes}"),
        };
        let test = self.guarded("string", &test);
        self.any_candidate(path, &test)
    }

    fn among(&mut self, column: &str, mut values: Vec<String>) -> String {
        if values.len() == 1 {
            let value = self.bind(values.remove(0));
            return format!("{column} = {value}");
        }
        let list = self.bind(Value::from(values).to_string());
        match self.dialect {
            Dialect::Sqlite => format!("{column} IN (SELECT l.value FROM json_each({list}) AS l)"),
            Dialect::Postgres => format!("{column} = ANY (ARRAY(SELECT jsonb_array_elements_text({list}::jsonb)))"),
        }
    }

    fn text_column(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => "c.value",
            Dialect::Postgres => "(c.value #>> '{}') COLLATE \"C\"",
        }
    }

    fn type_test(&self, kind: &str) -> String {
        match (self.dialect, kind) {
            (Dialect::Sqlite, "string") => "c.type = 'text'".to_owned(),
            (Dialect::Sqlite, "number") => "c.type IN ('integer', 'real')".to_owned(),
            (Dialect::Sqlite, "boolean") => "c.type IN ('true', 'false')".to_owned(),
            (Dialect::Sqlite, kind) => format!("c.type = '{kind}'"),
            (Dialect::Postgres, kind) => format!("jsonb_typeof(c.value) = '{kind}'"),
        }
    }

    /// The test if the candidate has the type. `CASE`, because PostgreSQL may otherwise cast before it checks.
    fn guarded(&self, kind: &str, test: &str) -> String {
        format!("CASE WHEN {} THEN {test} ELSE {FALSE} END", self.type_test(kind))
    }

    /// Exact in PostgreSQL. SQLite reads a decimal fraction as a double that can be off in the last place, so near the
    /// operand the evaluator decides.
    fn number_test(&mut self, operator: &str, operand: f64, bound: Bound) -> String {
        let exact = self.bind(Arg::Real(operand));
        let test = match self.dialect {
            Dialect::Postgres => format!("(c.value #>> '{{}}')::float8 {operator} {exact}"),
            Dialect::Sqlite => {
                self.exact = false;
                let margin = operand.abs() * NEARLY + f64::MIN_POSITIVE;
                let fraction = match (operator, bound) {
                    ("=", Bound::Lower) => FALSE.to_owned(),
                    ("=", Bound::Upper) => {
                        let least = self.bind(Arg::Real(operand - margin));
                        let greatest = self.bind(Arg::Real(operand + margin));
                        format!("c.value BETWEEN {least} AND {greatest}")
                    }
                    (operator, bound) => {
                        let upward = operator.starts_with('<') == (bound == Bound::Upper);
                        let limit = self.bind(Arg::Real(if upward { operand + margin } else { operand - margin }));
                        format!("c.value {operator} {limit}")
                    }
                };
                format!(
                    "CASE typeof(c.value) WHEN 'integer' THEN CAST(c.value AS REAL) {operator} {exact} ELSE {fraction} END"
                )
            }
        };
        self.guarded("number", &test)
    }

    fn boolean_test(&self, operator: &str, operand: bool) -> String {
        let test = match self.dialect {
            Dialect::Sqlite => format!("(c.type = 'true') {operator} {}", i32::from(operand)),
            Dialect::Postgres => format!("(c.value = 'true'::jsonb) {operator} {operand}"),
        };
        self.guarded("boolean", &test)
    }

    /// A test on `c`: the value at the (safe) path or an element of the array there.
    fn any_candidate(&self, path: &str, test: &str) -> String {
        let segments: Vec<&str> = path.split('.').collect();
        match self.dialect {
            Dialect::Sqlite => {
                let (mut sources, node) = sqlite_steps(&segments);
                // An array itself is never a candidate here: no test of a scalar passes on it.
                sources.push(format!("json_each({}) AS c", elements(&node)));
                format!("EXISTS (SELECT 1 FROM {} WHERE {test})", sources.join(", "))
            }
            Dialect::Postgres => {
                let path = self.dialect.path_literal("lax", &segments);
                format!(
                    "EXISTS (SELECT 1 FROM jsonb_path_query(d.document, {path}) AS t(node) CROSS JOIN LATERAL jsonb_array_elements(\
                     CASE WHEN jsonb_typeof(t.node) = 'array' THEN t.node ELSE jsonb_build_array(t.node) END) AS c(value) WHERE {test})"
                )
            }
        }
    }

    fn exists(&mut self, path: &str, bound: Bound) -> String {
        if !is_safe_path(path) {
            return self.inexact(bound);
        }
        let segments: Vec<&str> = path.split('.').collect();
        match self.dialect {
            Dialect::Sqlite => {
                let (sources, node) = sqlite_steps(&segments);
                let test = format!("({node}) IS NOT NULL");
                if sources.is_empty() {
                    test
                } else {
                    format!("EXISTS (SELECT 1 FROM {} WHERE {test})", sources.join(", "))
                }
            }
            Dialect::Postgres => {
                format!("jsonb_path_exists(d.document, {})", self.dialect.path_literal("lax", &segments))
            }
        }
    }
}

/// The filters that must all hold for this one to hold, wherever they are nested.
fn conjuncts(filter: &Filter) -> Vec<&Filter> {
    match filter {
        Filter::And(filters) => filters.iter().flat_map(conjuncts).collect(),
        filter => vec![filter],
    }
}

/// Returns true if both databases store the text unchanged (PostgreSQL stores U+0000 as U+FFFD).
fn is_kept_by_all(text: &str) -> bool {
    !text.contains(['\0', '\u{fffd}'])
}

/// The `FROM` items that enter the arrays on the way, and the JSON text (or NULL) at the end of the path.
fn sqlite_steps(segments: &[&str]) -> (Vec<String>, String) {
    let mut sources = Vec::new();
    let mut node = String::new();
    for (position, segment) in segments.iter().enumerate() {
        let member = Dialect::Sqlite.path_literal("", &[segment]);
        if position == 0 {
            node = format!("d.body -> {member}");
        } else {
            sources.push(format!("json_each({}) AS s{position}", elements(&node)));
            node = format!("CASE s{position}.type WHEN 'object' THEN s{position}.value -> {member} END");
        }
    }
    (sources, node)
}

/// The elements of an array node, or the node as the only element.
fn elements(node: &str) -> String {
    format!("CASE json_type({node}) WHEN 'array' THEN {node} ELSE '[' || ({node}) || ']' END")
}
