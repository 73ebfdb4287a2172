//! The one way to the database for those who only read.

/// Runs a function of the lower modules on a session that reads. Whoever meets damage, it is remembered.
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
