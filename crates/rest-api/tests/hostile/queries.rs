//! Query parameters that no list has, or with malicious values.

use axum::http::Uri;

use crate::routes::operations;
use crate::support::request;
use crate::world::World;

const VALUES: [&str; 34] = [
    "",
    "!",
    "!!",
    "=",
    "==",
    "<",
    ">=",
    "<=!",
    "^",
    "$",
    "~",
    "~~",
    "~(",
    "~[",
    "^.*%2B%2B",
    "~(a%2B)%2B$",
    "~%5C",
    "~%25_",
    "%00",
    "~%00",
    "%FF",
    "~%FF",
    "%",
    "%GG",
    "1e400",
    "-0",
    "99999999999999999999999999",
    "NaN",
    "{\"$ne\":null}",
    "'%20OR%201=1--",
    "%2B",
    "a%0D%0Ab",
    "%E2%84%AA",
    "true",
];

fn queries(filter: &str) -> Vec<String> {
    let mut queries: Vec<String> = VALUES.iter().map(|value| format!("{filter}={value}")).collect();
    queries.extend([
        filter.to_owned(),
        format!("{filter}=a&{filter}=b"),
        format!("{filter}[]=a"),
        format!("{filter}[]=a&{filter}[]=!b&{filter}[]=~c&{filter}[]=>1"),
        format!("{filter}[$ne]=1"),
        format!("{filter}.x=1"),
        format!("{filter}=~{}", "a".repeat(40_000)),
        format!("{filter}={}", "%28".repeat(10_000)),
        vec![format!("{filter}=!x"); 500].join("&"),
    ]);
    queries
}

const UNKNOWN: [&str; 16] = [
    "=",
    "&",
    "&&&&",
    "==",
    "?",
    "%",
    "%00",
    "%00=%00",
    "__proto__=x",
    "__proto__[a]=x",
    "constructor=x",
    "a=b",
    "$where=1",
    "[]=1",
    "id=FIL00000000000000000",
    "%FF=%FE",
];

pub(crate) async fn filters_and_what_looks_like_them(world: World) {
    let before = world.snapshot().await;
    let mut count = 0;
    for operation in operations().iter().filter(|operation| operation.method == "GET") {
        let path = operation.path(&world.ids);
        let filters = operation.filters.iter().flat_map(|filter| queries(filter));
        let unknown = UNKNOWN.iter().map(|query| (*query).to_owned());
        for query in unknown.chain(filters) {
            if let Ok(uri) = format!("{path}?{query}").parse::<Uri>() {
                world.probe("query", request("GET", &uri.to_string(), &[], "")).await;
                count += 1;
            }
        }
        assert!(before == world.snapshot().await, "{} changed the store", operation.pattern);
    }
    assert!(count > 3000, "{count} queries");
}

pub(crate) async fn queries_where_none_are_expected(world: World) {
    for operation in operations().iter().filter(|operation| operation.method != "GET") {
        let path = operation.path(&world.ids);
        for query in UNKNOWN.into_iter().chain(VALUES) {
            if let Ok(uri) = format!("{path}?{query}").parse::<Uri>() {
                world.attack("query", request(&operation.method, &uri.to_string(), &[], "")).await;
            }
        }
    }
}
