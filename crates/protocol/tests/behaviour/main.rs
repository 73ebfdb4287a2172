//! Properties of every object, whatever its content: it opens to what was sealed, and is refused when altered or
//! forged.
#![expect(clippy::unwrap_used, reason = "tests")]

mod creation_response;
mod odd_json;
mod properties;
mod refusals;
mod world;
