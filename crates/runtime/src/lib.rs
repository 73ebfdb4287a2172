//! Hosts Accounts: services, the unit of work, events, durable subscriptions and module lifecycle
