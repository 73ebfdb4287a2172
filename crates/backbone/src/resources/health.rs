//! `GET /health` (`docs/protocol/03 §9`).

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::context::Context;
use crate::database;
use crate::health::Outcome;
use crate::http::{ApiError, Failure};
use crate::unit::Unit;

/// Time limit for a check.
const LONGEST_CHECK: Duration = Duration::from_millis(1500);
/// Size of the test write, so that it needs room as real work does.
const WRITTEN_BYTES: i64 = 16 * 1024;

/// `Healthy` while something can be written, otherwise `Unhealthy` and why.
pub(crate) async fn answer(State(context): State<Context>) -> Response {
    match context.health().outcome(check(&context)).await {
        Ok(()) => "Healthy".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("Unhealthy: {reason}")).into_response(),
    }
}

/// Notes failures of requests, and checks for their end even if `/health` is never requested.
pub(crate) async fn watch(State(context): State<Context>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if let Some(reason) = response.extensions().get().and_then(|Failure(error)| error.obstacle()) {
        context.health().note(reason);
    } else if context.health().is_in_trouble() {
        tokio::spawn(async move { context.health().outcome(check(&context)).await });
    }
    response
}

async fn check(context: &Context) -> Outcome {
    let commits = context.database().commits();
    match tokio::time::timeout(LONGEST_CHECK, write(context)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(ApiError::Database(error))) => {
            Err(database::obstacle(&error).map_or_else(|| format!("the database failed: {error}"), str::to_owned))
        }
        Ok(Err(error)) => Err(error.to_string()),
        // Others are served meanwhile: it is busy, not unhealthy.
        Err(_) if context.database().commits() != commits => Ok(()),
        Err(_) => Err(format!("nothing could be written within {} ms", LONGEST_CHECK.as_millis())),
    }
}

async fn write(context: &Context) -> Result<(), ApiError> {
    let mut unit = Unit::write(context).await?;
    let result = replace_row(&mut unit).await;
    unit.finish(result.map_err(ApiError::from)).await
}

/// The new row before the old one goes, so that room for it is needed.
async fn replace_row(unit: &mut Unit) -> sqlx::Result<()> {
    let inserted = sqlx::query("INSERT INTO health_checks (content) VALUES (randomblob(?))")
        .bind(WRITTEN_BYTES)
        .execute(unit.db())
        .await?;
    sqlx::query("DELETE FROM health_checks WHERE id < ?").bind(inserted.last_insert_rowid()).execute(unit.db()).await?;
    Ok(())
}
