//! Invalid ids, and paths with a special meaning elsewhere.

use axum::http::Uri;

use crate::routes::operations;
use crate::support::request;
use crate::world::World;

/// Texts in place of an id.
fn segments(world: &World) -> Vec<String> {
    let ids = &world.ids;
    let mut segments: Vec<String> = [
        "..",
        ".",
        "%2e%2e",
        "%2E%2e%2f%2e%2e",
        "%2f",
        "%5c",
        "%00",
        "%0d%0aSet-Cookie:%20a=b",
        "%FF",
        "%C0%80",
        "%ED%A0%80",
        "%",
        "%2",
        "%GG",
        "%25%32%66",
        "*",
        "~",
        "null",
        "undefined",
        "0",
        "-1",
        "true",
        "{id}",
        ":id",
        "$where",
        "%7B%7D",
        "'%20OR%20'1'='1",
        "\"",
        "%22",
        "a;b=c",
        "a,b",
        "a+b",
        "a%20b",
        "%E2%80%AE",
        "FIL",
        "FIL0000000000000000",
        "FIL000000000000000000000",
        "xFIL00000000000000000x",
        "TOK00000000000000000",
        "RLT00000000000000000",
        "REL00000000000000000",
        "MSG00000000000000000",
        "__proto__",
        "constructor",
        "VE9L",
        "RklMAAAA",
        "Own%2F..",
        "Own;",
        "Own%00",
    ]
    .map(str::to_owned)
    .to_vec();
    segments.extend(["VE9L", "RklM", "UkxU"].map(|prefix| format!("{prefix}{}", "A".repeat(84))));
    segments.push("a".repeat(50_000));
    segments.push("%61".repeat(10_000));
    // Ids of other kinds of objects, and with additional characters.
    for id in [&ids.file, &ids.message, &ids.relationship, &ids.template, &ids.token] {
        segments.extend([format!("{id}%00"), format!("{id}%2F"), format!("%20{id}"), id.to_lowercase()]);
    }
    segments
}

pub(crate) async fn ids_that_are_none(world: World) {
    let mut count = 0;
    for operation in operations().iter().filter(|operation| operation.has_parameters()) {
        for segment in segments(&world) {
            let path = operation.path_with(&segment);
            // Text that is not a URI never reaches a route.
            if path.parse::<Uri>().is_ok() {
                let answer = world.attack("id", request(&operation.method, &path, &[], "")).await;
                // `Own` and `Peer` are separate routes.
                if !answer.status.is_client_error() {
                    world.fail(format!("{} {path}: {}", operation.method, answer.status));
                }
                count += 1;
            }
        }
    }
    assert!(count > 500, "{count} paths");
}

pub(crate) async fn paths_that_are_nearly_routes(world: World) {
    for operation in operations() {
        let path = operation.path(&world.ids);
        let unknown = path.replacen("/api", "/api%2f", 1);
        for (path, may_be_known) in [
            (format!("/{path}"), false),
            (format!("{path}//"), false),
            (format!("{path}/."), true),
            (format!("{path}/.."), true),
            (format!("{path}/%2e%2e/{path}"), false),
            (format!("{path}%00"), true),
            (format!("{path};a=b"), true),
            (format!("{path}%3Fa=b"), true),
            (format!("{path}%23"), true),
            (format!("{path}/extra"), true),
            (format!("/../..{path}"), false),
            (format!("/./{path}"), false),
            (path.replace('/', "//"), false),
            (path.replace('/', "%2F"), false),
            (path.replacen('/', "\\", 2), false),
            (unknown, true),
            (format!("{path}{}", "/x".repeat(15_000)), false),
            (format!("{path}{}", "x".repeat(60_000)), true),
        ] {
            let Ok(uri) = path.parse::<Uri>() else { continue };
            for method in [operation.method.as_str(), "PROPFIND"] {
                let Ok(request) = axum::http::Request::builder().method(method).uri(uri.clone()).body("".into()) else {
                    continue;
                };
                let answer = world.attack("path", request).await;
                if !may_be_known && answer.status != 404 {
                    world.fail(format!("{method} {uri}: {}", answer.status));
                }
            }
        }
    }
}
