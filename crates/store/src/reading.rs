//! The only access to the database for readers.

/// Runs a function of the lower modules on a session that reads. Any damage that it meets is recorded.
macro_rules! read {
    ($inner:expr, |$session:ident| $call:expr) => {{
        let inner = &$inner;
        let result = async {
            let mut connection = inner.read().await?;
            let $session = &mut connection.session(&inner.database);
            $call.await
        };
        inner.noted(result.await)
    }};
}

pub(crate) use read;
