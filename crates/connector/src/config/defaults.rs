//! What holds when no source says otherwise (`docs/protocol/07 §1.4`).

use serde_json::{Value, json};

/// The lowest source. The order of `modules` is their load order.
pub(super) fn defaults() -> Value {
    json!({
        "debug": false,
        "transportLibrary": {
            "allowIdentityCreation": true,
            "platformTimeout": 60000,
            "platformMaxRedirects": 10,
            "platformAdditionalHeaders": {},
            "datawalletEnabled": false,
            "debug": false
        },
        "database": { "connectionString": "sqlite://./data", "dbName": "default" },
        "logging": {
            "appenders": {
                "consoleAppender": {
                    "type": "stdout",
                    "layout": { "type": "pattern", "pattern": "%[[%d] [%p] %c - %m %x{correlationId}%]" }
                },
                "console": { "type": "logLevelFilter", "level": "INFO", "appender": "consoleAppender" }
            },
            "categories": { "default": { "appenders": ["console"], "level": "TRACE" } }
        },
        "infrastructure": {
            "httpServer": { "enabled": true, "port": 80, "cors": { "origin": false }, "authentication": {} }
        },
        "modules": {
            "notification": { "enabled": true, "location": "@nmshd/runtime:NotificationModule" },
            "decider": { "enabled": true, "location": "@nmshd/runtime:DeciderModule" },
            "request": { "enabled": true, "location": "@nmshd/runtime:RequestModule" },
            "autoAcceptPendingRelationships": {
                "enabled": false,
                "location": "@nmshd/connector:AutoAcceptPendingRelationshipsModule"
            },
            "autoDecomposeDeletionProposedRelationships": {
                "enabled": false,
                "location": "@nmshd/connector:AutoDecomposeDeletionProposedRelationshipsModule"
            },
            "coreHttpApi": {
                "enabled": true,
                "location": "@nmshd/connector:CoreHttpApiModule",
                "requiredInfrastructure": ["httpServer"],
                "docs": { "enabled": false, "rapidoc": { "persistAuth": false } }
            },
            "webhooks": {
                "enabled": false,
                "location": "@nmshd/connector:WebhooksModule",
                "targets": {},
                "webhooks": [],
                "skipTlsCheck": false
            },
            "messageBrokerPublisher": {
                "enabled": false,
                "location": "@nmshd/connector:MessageBrokerPublisherModule",
                "brokers": []
            },
            "sync": { "enabled": false, "location": "@nmshd/connector:SyncModule", "interval": 60 },
            "sse": { "enabled": false, "location": "@nmshd/connector:SseModule" }
        }
    })
}
