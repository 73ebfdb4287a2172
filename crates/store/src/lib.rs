//! Typed document collections with filters, transactions and the event log on SQLite and PostgreSQL
