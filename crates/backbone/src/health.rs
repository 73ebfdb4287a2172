//! `GET /health` (`docs/protocol/03 §9`).

use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Mutex;

use crate::http::ApiError;
use crate::unit::Unit;
use crate::{Backbone, database};

/// How long the outcome of a check is good for.
const FRESH: Duration = Duration::from_secs(3);
/// How long a check may take.
const LONGEST_CHECK: Duration = Duration::from_millis(1500);
/// What a check writes, so that it needs room as real work does.
const WRITTEN_BYTES: i64 = 16 * 1024;

/// How long nothing must have failed until a trouble is over: what needs little room works now and then on a full disk as well.
const QUIET: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(crate) struct Health {
    /// The last check; checks at the same time are one.
    last: Mutex<Option<(Instant, Outcome)>>,
    trouble: std::sync::Mutex<Option<Trouble>>,
}

/// What keeps the Backbone from working for some time. It is said once, not with every request that fails.
#[derive(Debug)]
struct Trouble {
    said: Vec<String>,
    last_seen: Instant,
}

/// What keeps the Backbone from working, if anything does.
type Outcome = Result<(), String>;

/// `Healthy` while something can be written, otherwise `Unhealthy` and why.
pub(crate) async fn answer(State(backbone): State<Backbone>) -> Response {
    match backbone.health().outcome(&backbone).await {
        Ok(()) => "Healthy".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("Unhealthy: {reason}")).into_response(),
    }
}

impl Health {
    async fn outcome(&self, backbone: &Backbone) -> Outcome {
        let mut last = self.last.lock().await;
        if let Some((time, outcome)) = &*last
            && time.elapsed() < FRESH
        {
            return outcome.clone();
        }
        let outcome = check(backbone).await;
        match &outcome {
            Err(reason) => self.note(reason),
            Ok(()) => self.note_success(),
        }
        *last = Some((Instant::now(), outcome.clone()));
        outcome
    }

    /// Something from outside the program has made work fail.
    fn note(&self, reason: &str) {
        let mut trouble = self.trouble();
        let trouble = trouble.get_or_insert_with(|| Trouble { said: Vec::new(), last_seen: Instant::now() });
        trouble.last_seen = Instant::now();
        if !trouble.said.iter().any(|said| said == reason) {
            trouble.said.push(reason.to_owned());
            tracing::error!("The Backbone can not work: {reason}.");
        }
    }

    fn note_success(&self) {
        let mut trouble = self.trouble();
        if trouble.as_ref().is_some_and(|trouble| trouble.last_seen.elapsed() >= QUIET) {
            *trouble = None;
            tracing::info!("The Backbone can work again.");
        }
    }

    fn is_in_trouble(&self) -> bool {
        self.trouble().is_some()
    }

    /// What is guarded here is consistent between any two statements, so a panic elsewhere spoils nothing.
    fn trouble(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What has made a request fail, said with its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Obstacle(pub(crate) &'static str);

/// Notes what makes requests fail, and when that is over, which nobody may ask for.
pub(crate) async fn watch(State(backbone): State<Backbone>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if let Some(Obstacle(reason)) = response.extensions().get() {
        backbone.health().note(reason);
    } else if backbone.health().is_in_trouble() {
        tokio::spawn(async move { backbone.health().outcome(&backbone).await });
    }
    response
}

async fn check(backbone: &Backbone) -> Outcome {
    let commits = backbone.database().commits();
    match tokio::time::timeout(LONGEST_CHECK, write(backbone)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(ApiError::Database(error))) => {
            Err(database::obstacle(&error).map_or_else(|| format!("the database failed: {error}"), str::to_owned))
        }
        Ok(Err(error)) => Err(error.to_string()),
        // Others are served meanwhile: it is busy, not ill.
        Err(_) if backbone.database().commits() != commits => Ok(()),
        Err(_) => Err(format!("nothing could be written within {} ms", LONGEST_CHECK.as_millis())),
    }
}

async fn write(backbone: &Backbone) -> Result<(), ApiError> {
    let mut unit = backbone.write().await?;
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
