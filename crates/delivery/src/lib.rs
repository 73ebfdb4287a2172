//! From the event log to whoever wants the events.
//!
//! A [`Target`] takes messages. An [`Engine`] reads the event log for each target from a place that outlives the process,
//! hands over what the target's triggers mean, tries again what failed, and gives up what is too old. [`Deliveries`]
//! shows all of it to operators and sends events once more. Whoever wants to read the log without any of that opens a
//! [`Subscription`] or an [`EventReader`].

mod deliveries;
mod engine;
mod error;
mod health;
mod lifecycle;
mod message;
mod meters;
mod options;
mod pattern;
mod reader;
mod registry;
mod runner;
mod subscription;
mod target;
mod view;

pub use deliveries::Deliveries;
pub use engine::Engine;
pub use error::{DeliveryError, ReplayError};
pub use lifecycle::is_delivered;
pub use message::Message;
pub use options::{DeliveryOptions, OptionsError};
pub use pattern::matches;
pub use reader::EventReader;
pub use subscription::Subscription;
pub use target::{Target, TargetSpec};
pub use view::{Activity, DeliveryQuery, DeliveryState, DeliveryView, Replay, TargetState};
