//! The built-in tiers and their quotas.

use backbone_api::quotas::{MetricKey, QuotaPeriod};

/// The tier of Identities in deletion (`docs/protocol/03 §1.5`).
pub(crate) const QUEUED_FOR_DELETION: &str = "TIR00000000000000001";
pub(super) const QUEUED_FOR_DELETION_NAME: &str = "Queued for Deletion";
/// The tier of Identities whose client names no other.
pub(super) const BASIC: &str = "TIR00000000000000002";
pub(super) const BASIC_NAME: &str = "Basic";

/// Quotas of the tier `Basic` unless the administrator's file sets others: more than normal use needs, and less than
/// fills a disk overnight.
pub(super) const DEFAULT_QUOTAS: [QuotaDefinition; 6] = [
    quota(MetricKey::NumberOfSentMessages, 100_000, QuotaPeriod::Day),
    quota(MetricKey::NumberOfRelationships, 100_000, QuotaPeriod::Total),
    quota(MetricKey::NumberOfRelationshipTemplates, 20_000, QuotaPeriod::Day),
    quota(MetricKey::NumberOfTokens, 20_000, QuotaPeriod::Day),
    quota(MetricKey::NumberOfFiles, 20_000, QuotaPeriod::Day),
    quota(MetricKey::UsedFileStorageSpace, 10_240, QuotaPeriod::Total),
];

const fn quota(metric: MetricKey, max: u64, period: QuotaPeriod) -> QuotaDefinition {
    QuotaDefinition { metric, max, period }
}

/// A limit on the use of a metric in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuotaDefinition {
    pub(crate) metric: MetricKey,
    pub(crate) max: u64,
    pub(crate) period: QuotaPeriod,
}

/// An Identity in deletion may do no more than finish (`docs/protocol/03 §15`).
pub(super) fn quotas_in_deletion() -> Vec<QuotaDefinition> {
    MetricKey::ALL
        .iter()
        .filter(|metric| {
            !matches!(
                metric,
                MetricKey::NumberOfCreatedDatawalletModifications | MetricKey::NumberOfStartedDeletionProcesses
            )
        })
        .map(|metric| QuotaDefinition { metric: *metric, max: 0, period: QuotaPeriod::Total })
        .collect()
}
