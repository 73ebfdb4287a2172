//! The correlation id of the current work: it is passed on to the Backbone (`x-correlation-id`) and to the events that
//! the work causes.

use std::future::Future;

tokio::task_local! {
    static CORRELATION_ID: String;
}

/// Runs `work` under the correlation id `id`.
pub async fn with<F: Future>(id: String, work: F) -> F::Output {
    CORRELATION_ID.scope(id, work).await
}

/// The correlation id of the current work, if any.
#[must_use]
pub fn current() -> Option<String> {
    CORRELATION_ID.try_with(Clone::clone).ok()
}

/// Runs `work` under `id`, or without a correlation id. For work that moves to another task, which inherits nothing.
pub(crate) async fn carry<F: Future>(id: Option<String>, work: F) -> F::Output {
    match id {
        Some(id) => with(id, work).await,
        None => work.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn is_known_only_inside_its_work() {
        assert_eq!(current(), None);
        with("a".to_owned(), async {
            assert_eq!(current().as_deref(), Some("a"));
            with("b".to_owned(), async { assert_eq!(current().as_deref(), Some("b")) }).await;
            let carried = carry(current(), async { current() }).await;
            assert_eq!(carried.as_deref(), Some("a"));
        })
        .await;
        assert_eq!(current(), None);
    }
}
