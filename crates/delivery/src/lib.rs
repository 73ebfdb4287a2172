//! Delivery of events from the log to their consumers.
//!
//! A [`Target`] is a receiver of messages, one [`OutboundEvent`] each. An [`Engine`] reads the event log for each
//! target from a durable cursor, sends the events that match the target's triggers, retries with back-off, and turns
//! messages that are too old into dead letters. [`Deliveries`] shows all of it to operators and redelivers. A
//! [`Subscription`] or an [`EventReader`] reads the log without any of that. To understand the rest, begin with
//! `runner/core/mod.rs`.

mod deliveries;
mod endpoint;
mod engine;
mod error;
mod health;
mod meters;
mod options;
mod outbound_event;
mod pattern;
mod reader;
mod registry;
mod runner;
mod subscription;
mod target;
mod view;

pub use deliveries::Deliveries;
pub use endpoint::shown_path;
pub use engine::Engine;
pub use error::{DeliveryError, ReplayError};
pub use options::{DeliveryOptions, MESSAGE_OPTIONS, REQUEST_OPTIONS};
pub use outbound_event::OutboundEvent;
pub use pattern::matches;
pub use reader::EventReader;
pub use subscription::Subscription;
pub use target::{Receipt, Target, TargetSpec};
pub use view::{Activity, DeliveryQuery, DeliveryState, DeliveryView, Replay, TargetState};
