//! A PostgreSQL schema for a single test.

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};
use store::{Store, StoreConfig};

/// Removed when dropped, even if it is still in use.
pub(crate) struct Schema(String);

impl Schema {
    pub(crate) fn new() -> Self {
        Self(format!("test_{}", core_types::random::uuid(&mut core_types::Randomness::system())))
    }

    pub(crate) async fn open(&self) -> Store {
        let url = postgres_url();
        let separator = if url.contains('?') { '&' } else { '?' };
        // The application name distinguishes the sessions of this test.
        let connection_string = format!("{url}{separator}application_name={}", self.0);
        Store::open(&StoreConfig { connection_string, db_name: self.0.clone() }).await.unwrap()
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let schema = &self.0;
        let sql = format!(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = '{schema}'; \
             DROP SCHEMA IF EXISTS \"{schema}\" CASCADE"
        );
        // A separate thread, because the test's runtime may be running here.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin().await).await.unwrap() });
        });
        assert!(dropped.join().is_ok() || std::thread::panicking());
    }
}

fn postgres_url() -> String {
    std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned())
}

async fn admin() -> PgConnection {
    postgres_url().parse::<PgConnectOptions>().unwrap().connect().await.unwrap()
}
