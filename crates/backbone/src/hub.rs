//! The open event streams, and the events that each still has to send.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use backbone_api::sse::SseEvent;
use core_types::{DeviceId, IdentityAddress};
use tokio::sync::Notify;

/// Maximum number of streams of one Identity; the oldest makes room for one more.
const MAX_PER_IDENTITY: usize = 32;

/// The recipients of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Every device of an Identity.
    Identity(IdentityAddress),
    /// The devices of an Identity except the one that caused it.
    OtherDevices(IdentityAddress, DeviceId),
    /// All Identities.
    All,
}

impl Audience {
    fn includes(&self, listener: &Listener) -> bool {
        match self {
            Self::OtherDevices(_, causer) => listener.device != *causer,
            Self::Identity(_) | Self::All => true,
        }
    }
}

/// The listeners of all Identities.
#[derive(Debug, Default)]
pub(crate) struct Hub(Mutex<Listeners>);

#[derive(Debug, Default)]
struct Listeners {
    by_identity: HashMap<IdentityAddress, Vec<Arc<Listener>>>,
    is_closed: bool,
}

impl Hub {
    /// Adds a listener. On a closed hub its stream ends at once.
    pub(crate) fn listen(&self, identity: &IdentityAddress, device: &DeviceId) -> Arc<Listener> {
        let listener = Arc::new(Listener { device: device.clone(), state: Mutex::default(), wake: Notify::new() });
        let mut listeners = lock(&self.0);
        if listeners.is_closed {
            listener.end();
            return listener;
        }
        let own = listeners.by_identity.entry(identity.clone()).or_default();
        if own.len() >= MAX_PER_IDENTITY {
            own.remove(0).end();
        }
        own.push(Arc::clone(&listener));
        listener
    }

    pub(crate) fn forget(&self, identity: &IdentityAddress, listener: &Arc<Listener>) {
        let mut listeners = lock(&self.0);
        if let Some(own) = listeners.by_identity.get_mut(identity) {
            own.retain(|other| !Arc::ptr_eq(other, listener));
            if own.is_empty() {
                listeners.by_identity.remove(identity);
            }
        }
    }

    /// Checks for an open stream of a device.
    pub(crate) fn has_listener(&self, identity: &IdentityAddress, device: &DeviceId) -> bool {
        lock(&self.0).by_identity.get(identity).is_some_and(|own| own.iter().any(|other| other.device == *device))
    }

    pub(crate) fn publish(&self, audience: &Audience, event: SseEvent) {
        let listeners = lock(&self.0);
        let push = |own: &[Arc<Listener>]| {
            own.iter().filter(|listener| audience.includes(listener)).for_each(|listener| listener.push(event));
        };
        match audience {
            Audience::Identity(identity) | Audience::OtherDevices(identity, _) => {
                listeners.by_identity.get(identity).into_iter().for_each(|own| push(own));
            }
            Audience::All => listeners.by_identity.values().for_each(|own| push(own)),
        }
    }

    /// Ends the streams of an Identity after their pending events.
    pub(crate) fn dismiss(&self, identity: &IdentityAddress) {
        lock(&self.0).by_identity.remove(identity).into_iter().flatten().for_each(|listener| listener.end());
    }

    /// Ends all streams and lets no new ones begin.
    pub(crate) fn close(&self) {
        let mut listeners = lock(&self.0);
        listeners.is_closed = true;
        listeners.by_identity.drain().for_each(|(_, own)| own.iter().for_each(|listener| listener.end()));
    }
}

/// One open stream. It holds each pending event once: an event means "look", not how often, so a client that does not
/// read costs no memory however much happens.
#[derive(Debug)]
pub(crate) struct Listener {
    device: DeviceId,
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    pending: Vec<SseEvent>,
    has_ended: bool,
}

impl Listener {
    /// The next event; nothing once the stream has to end.
    pub(crate) async fn next(&self) -> Option<SseEvent> {
        loop {
            {
                let mut state = lock(&self.state);
                if !state.pending.is_empty() {
                    return Some(state.pending.remove(0));
                }
                if state.has_ended {
                    return None;
                }
            }
            // A wake-up between the check above and this line is not lost.
            self.wake.notified().await;
        }
    }

    fn push(&self, event: SseEvent) {
        let mut state = lock(&self.state);
        if !state.pending.contains(&event) {
            state.pending.push(event);
        }
        drop(state);
        self.wake.notify_one();
    }

    fn end(&self) {
        lock(&self.state).has_ended = true;
        self.wake.notify_one();
    }
}

/// The guarded data is consistent between any two statements, so a panic elsewhere spoils nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(name: &str) -> IdentityAddress {
        IdentityAddress::new(name)
    }

    #[tokio::test]
    async fn an_event_waits_once_however_often_it_happens() {
        let hub = Hub::default();
        let listener = hub.listen(&address("a"), &DeviceId::new("DVC1"));
        for _ in 0..1000 {
            hub.publish(&Audience::Identity(address("a")), SseEvent::ExternalEventCreated);
            hub.publish(&Audience::All, SseEvent::NewAnnouncement);
        }
        hub.publish(&Audience::Identity(address("b")), SseEvent::TokenLocked);
        hub.close();
        let mut sent = Vec::new();
        while let Some(event) = listener.next().await {
            sent.push(event);
        }
        assert_eq!(sent, [SseEvent::ExternalEventCreated, SseEvent::NewAnnouncement]);
    }

    #[tokio::test]
    async fn the_causing_device_is_left_out() {
        let hub = Hub::default();
        let (one, two) = (DeviceId::new("DVC1"), DeviceId::new("DVC2"));
        let (first, second) = (hub.listen(&address("a"), &one), hub.listen(&address("a"), &two));
        hub.publish(&Audience::OtherDevices(address("a"), one), SseEvent::DatawalletModificationsCreated);
        hub.dismiss(&address("a"));
        assert_eq!(first.next().await, None);
        assert_eq!(second.next().await, Some(SseEvent::DatawalletModificationsCreated));
        assert_eq!(second.next().await, None);
    }

    #[tokio::test]
    async fn the_oldest_of_too_many_makes_room() {
        let hub = Hub::default();
        let device = DeviceId::new("DVC1");
        let listeners: Vec<_> = (0..=MAX_PER_IDENTITY).map(|_| hub.listen(&address("a"), &device)).collect();
        hub.publish(&Audience::All, SseEvent::NewAnnouncement);
        let mut sent = 0;
        for listener in &listeners {
            hub.forget(&address("a"), listener);
            listener.end();
            sent += usize::from(listener.next().await.is_some());
        }
        assert_eq!(sent, MAX_PER_IDENTITY);
        assert!(!hub.has_listener(&address("a"), &device));
        hub.close();
        assert_eq!(hub.listen(&address("a"), &device).next().await, None);
    }
}
