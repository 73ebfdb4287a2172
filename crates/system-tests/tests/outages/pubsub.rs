//! Google Pub/Sub, as a service that implements its protocol.

use serde_json::{Value, json};
use system_tests::PubSubService;

use crate::audit::Audit;
use crate::goal::{Goal, dead_webhook};

/// A topic of Google Pub/Sub.
pub(crate) struct PubSubGoal {
    service: PubSubService,
}

impl PubSubGoal {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        Ok(Self { service: PubSubService::start().await? })
    }
}

impl Goal for PubSubGoal {
    fn modules(&self) -> Value {
        let emulator = format!("127.0.0.1:{}", self.service.port());
        let configuration =
            json!({ "projectId": "outages", "topicName": "events", "emulatorHost": emulator, "orderingKey": true });
        let brokers = json!([{ "type": "PubSub", "configuration": configuration, "triggers": ["transport.**"] }]);
        let delivery = json!({ "maxRetryDelaySeconds": 1 });
        json!({
            "messageBrokerPublisher": { "enabled": true, "brokers": brokers, "delivery": delivery },
            "webhooks": dead_webhook(),
        })
    }

    async fn stop(&mut self) -> anyhow::Result<()> {
        self.service.stop().await
    }

    async fn start_again(&mut self) -> anyhow::Result<()> {
        self.service.start_again().await
    }

    async fn read(&mut self, audit: &mut Audit) -> anyhow::Result<()> {
        while !audit.is_complete() {
            audit.take(&serde_json::from_slice(&self.service.next().await?.message.data)?)?;
        }
        // Nothing is waiting any more, so a repetition would have come as well.
        for published in self.service.drain() {
            audit.take(&serde_json::from_slice(&published.message.data)?)?;
        }
        Ok(())
    }
}
