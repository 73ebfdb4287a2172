//! The settings in force: what the program was started with, and above it the administrator's file.

mod admin_file;
mod announcement;
mod document;
mod rules;

use std::collections::{BTreeMap, HashMap};

use backbone_api::quotas::{MetricKey, QuotaPeriod};
use backbone_api::template_references::PublicRelationshipTemplateReference;
use core_types::{IdentityAddress, TierId};

use crate::BackboneConfig;
use crate::clients::Client;

pub(crate) use admin_file::{AdminFile, read};
pub(crate) use announcement::AnnouncementDefinition;
pub(crate) use document::Document;
pub(crate) use rules::{Problem, check_tags};

/// The tier of Identities in deletion (`docs/protocol/03 §1.5`).
pub(crate) const QUEUED_FOR_DELETION: &str = "TIR00000000000000001";
const QUEUED_FOR_DELETION_NAME: &str = "Queued for Deletion";
/// The tier of Identities whose client names no other.
const BASIC: &str = "TIR00000000000000002";
const BASIC_NAME: &str = "Basic";

/// What Identities of the tier `Basic` may do unless the administrator's file says something about it: more than anybody needs
/// who uses the Backbone as it is meant, and less than fills a disk overnight.
const DEFAULT_QUOTAS: [QuotaDefinition; 6] = [
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

/// How much of a metric may be used in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuotaDefinition {
    pub(crate) metric: MetricKey,
    pub(crate) max: u64,
    pub(crate) period: QuotaPeriod,
}

/// The settings in force.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) clients: Vec<Client>,
    pub(crate) tags: Document,
    pub(crate) announcements: Vec<AnnouncementDefinition>,
    pub(crate) notification_codes: Vec<String>,
    pub(crate) grace_period_days: f64,
    pub(crate) max_message_recipients: usize,
    pub(crate) max_unreceived_messages: u32,
    quotas_by_tier: HashMap<TierId, Vec<QuotaDefinition>>,
    individual_quotas: HashMap<IdentityAddress, Vec<QuotaDefinition>>,
    template_references: BTreeMap<String, Vec<PublicRelationshipTemplateReference>>,
}

impl Settings {
    /// Puts the file above the configuration.
    ///
    /// # Errors
    /// The first member of the file that makes no sense.
    pub(crate) fn new(config: &BackboneConfig, file: AdminFile) -> Result<Self, Problem> {
        file.check(config)?;
        let tier_ids = file.tier_ids();
        let clients = file.clients_in_force(config, &tier_ids);
        let mut quotas_by_tier: HashMap<_, _> = file
            .tiers
            .iter()
            .filter_map(|tier| Some((tier_ids.get(tier.name.as_str())?.clone(), definitions(&tier.quotas))))
            .collect();
        quotas_by_tier.insert(TierId::new(QUEUED_FOR_DELETION), quotas_in_deletion());
        quotas_by_tier.entry(TierId::new(BASIC)).or_insert_with(|| DEFAULT_QUOTAS.to_vec());
        let mut individual_quotas: HashMap<_, Vec<_>> = HashMap::new();
        for quota in &file.individual_quotas {
            individual_quotas.entry(quota.identity.clone()).or_default().push(quota.definition());
        }
        Ok(Self {
            clients,
            tags: Document::of_tags(&file.tags.unwrap_or_else(|| config.tags.clone())),
            announcements: file.announcements.into_iter().map(AnnouncementDefinition::new).collect(),
            notification_codes: file.notification_codes.unwrap_or_else(|| config.notification_codes.clone()),
            grace_period_days: file.identity_deletion.grace_period_days.unwrap_or(config.grace_period_days),
            max_message_recipients: file.messages.max_recipients.unwrap_or(config.max_message_recipients),
            max_unreceived_messages: file
                .messages
                .max_unreceived_from_one_sender
                .unwrap_or(config.max_unreceived_messages),
            quotas_by_tier,
            individual_quotas,
            template_references: file.public_relationship_template_references,
        })
    }

    /// The quotas of a tier; none for a tier the file no longer names.
    pub(crate) fn tier_quotas(&self, tier: &TierId) -> impl Iterator<Item = QuotaDefinition> + '_ {
        self.quotas_by_tier.get(tier).into_iter().flatten().copied()
    }

    pub(crate) fn individual_quotas(
        &self,
        identity: &IdentityAddress,
    ) -> impl Iterator<Item = QuotaDefinition> + use<'_> {
        self.individual_quotas.get(identity).into_iter().flatten().copied()
    }

    /// The templates recommended to the Identities of a client.
    pub(crate) fn template_references(&self, client_id: &str) -> &[PublicRelationshipTemplateReference] {
        self.template_references.get(client_id).map(Vec::as_slice).unwrap_or_default()
    }
}

fn definitions(quotas: &[admin_file::Quota]) -> Vec<QuotaDefinition> {
    quotas.iter().map(admin_file::Quota::definition).collect()
}

/// An Identity in deletion may do no more than finish (`docs/protocol/03 §15`).
fn quotas_in_deletion() -> Vec<QuotaDefinition> {
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
