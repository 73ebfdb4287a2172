//! One connection that many deliveries share.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use delivery::DeliveryError;

/// The connection to a broker: opened on demand, shared by all deliveries, reopened after it was lost.
#[derive(Debug)]
pub(crate) struct Link<C> {
    current: Mutex<Option<Arc<C>>>,
    /// Held while connecting; the reason why the latest attempt failed.
    connecting: tokio::sync::Mutex<String>,
    /// The number of failed attempts.
    failures: AtomicU64,
}

impl<C> Link<C> {
    pub(crate) fn new() -> Self {
        Self { current: Mutex::new(None), connecting: tokio::sync::Mutex::default(), failures: AtomicU64::new(0) }
    }

    /// The connection, if it is `usable`, else a new one. Callers that wait for an attempt share its failure: otherwise
    /// many deliveries would wait in turn for a broker that does not answer.
    ///
    /// # Errors
    /// `Unreachable` with the text of `connect`.
    pub(crate) async fn connection(
        &self,
        usable: impl Fn(&C) -> bool,
        connect: impl Future<Output = Result<C, String>>,
    ) -> Result<Lease<'_, C>, DeliveryError> {
        let failures = self.failures.load(Ordering::Acquire);
        if let Some(connection) = self.current().clone().filter(|connection| usable(connection)) {
            return Ok(self.lease(connection));
        }
        let mut reason = self.connecting.lock().await;
        if let Some(connection) = self.current().clone().filter(|connection| usable(connection)) {
            return Ok(self.lease(connection));
        }
        if self.failures.load(Ordering::Acquire) != failures {
            return Err(DeliveryError::Unreachable(reason.clone()));
        }
        // The former connection ends before the next begins.
        *self.current() = None;
        match connect.await {
            Ok(connection) => {
                let connection = Arc::new(connection);
                *self.current() = Some(Arc::clone(&connection));
                Ok(self.lease(connection))
            }
            Err(failure) => {
                reason.clone_from(&failure);
                self.failures.fetch_add(1, Ordering::Release);
                Err(DeliveryError::Unreachable(failure))
            }
        }
    }

    /// Removes the connection, to close it.
    pub(crate) fn take(&self) -> Option<Arc<C>> {
        self.current().take()
    }

    fn lease(&self, connection: Arc<C>) -> Lease<'_, C> {
        Lease { link: self, connection, sound: false }
    }

    fn current(&self) -> MutexGuard<'_, Option<Arc<C>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The use of a connection by one delivery. Unless that ends with an answer of the broker, the connection is not
/// reused: a delivery that fails or times out may have met a dead connection that has not been noticed yet.
#[derive(Debug)]
pub(crate) struct Lease<'a, C> {
    link: &'a Link<C>,
    connection: Arc<C>,
    sound: bool,
}

impl<C> Lease<'_, C> {
    /// The broker has answered.
    pub(crate) fn sound(mut self) {
        self.sound = true;
    }
}

impl<C> Deref for Lease<'_, C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.connection
    }
}

impl<C> Drop for Lease<'_, C> {
    fn drop(&mut self) {
        if !self.sound {
            let mut current = self.link.current();
            if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, &self.connection)) {
                *current = None;
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use delivery::DeliveryError;
    use futures_util::future::join_all;

    use super::Link;

    #[tokio::test]
    async fn a_connection_is_shared_until_a_delivery_ends_without_an_answer() {
        let link = Link::new();
        let first = link.connection(|_| true, async { Ok(1) }).await.unwrap();
        let second = link.connection(|_| true, async { Ok(2) }).await.unwrap();
        assert_eq!((*first, *second), (1, 1));
        first.sound();
        assert_eq!(*link.connection(|_| true, async { Ok(3) }).await.unwrap(), 1);
        drop(second);
        let third = link.connection(|_| true, async { Ok(4) }).await.unwrap();
        assert_eq!(*third, 4);
        assert_eq!(*link.connection(|number| *number != 4, async { Ok(5) }).await.unwrap(), 5);
    }

    #[tokio::test]
    async fn who_waits_for_an_attempt_shares_its_failure_and_the_next_one_tries_again() {
        let link = Link::<u32>::new();
        let attempts = AtomicU32::new(0);
        let connect = async || {
            tokio::task::yield_now().await;
            Err(format!("attempt {}", attempts.fetch_add(1, Ordering::Relaxed)))
        };
        let unreachable = |number: u32| DeliveryError::Unreachable(format!("attempt {number}")).to_string();
        let results = join_all((0..10).map(|_| link.connection(|_| true, connect()))).await;
        assert!(results.into_iter().all(|result| result.unwrap_err().to_string() == unreachable(0)));
        let next = link.connection(|_| true, connect()).await;
        assert_eq!(next.unwrap_err().to_string(), unreachable(1));
    }
}
