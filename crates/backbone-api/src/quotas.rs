//! `GET /Quotas` (`docs/protocol/03 §15`).

use serde::{Deserialize, Serialize};

use crate::wire_enum::wire_enum;

wire_enum! {
    /// The counted quantity.
    MetricKey {
        /// Messages the Identity has sent.
        NumberOfSentMessages = 0,
        /// Relationships it takes part in: its own open requests and the active ones.
        NumberOfRelationships = 1,
        /// Files it has uploaded.
        NumberOfFiles = 2,
        /// Size of the files it has uploaded, in whole MiB.
        UsedFileStorageSpace = 3,
        /// Relationship templates it has created.
        NumberOfRelationshipTemplates = 4,
        /// Tokens it has created.
        NumberOfTokens = 5,
        /// Deletion processes it has started.
        NumberOfStartedDeletionProcesses = 6,
        /// Modifications it has added to its datawallet.
        NumberOfCreatedDatawalletModifications = 7,
        /// Devices it has registered.
        NumberOfCreatedDevices = 8,
        /// Challenges it has requested.
        NumberOfCreatedChallenges = 9,
    }
}

wire_enum! {
    /// The calendar period (UTC) of a quota.
    QuotaPeriod {
        /// From minute 0.
        Hour = 0,
        /// From midnight.
        Day = 1,
        /// From Monday.
        Week = 2,
        /// From the first day of the month.
        Month = 3,
        /// From January 1.
        Year = 4,
        /// All time.
        Total = 5,
    }
}

wire_enum! {
    /// The origin of a quota.
    QuotaSource {
        /// It was assigned to the Identity itself.
        Individual = 0,
        /// It belongs to the tier of the Identity.
        Tier = 1,
    }
}

/// The quotas of one metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricQuotas {
    /// The counted quantity.
    pub metric_key: MetricKey,
    /// Its quotas.
    pub quotas: Vec<Quota>,
}

/// A quota and its usage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    /// Its origin.
    pub source: QuotaSource,
    /// The counted quantity.
    pub metric_key: MetricKey,
    /// Usage from which on the metric is exhausted.
    pub max: u64,
    /// Usage in the current period.
    pub usage: u64,
    /// The counting period.
    pub period: QuotaPeriod,
}
