use std::collections::{BTreeMap, HashMap};

use backbone_api::template_references::PublicRelationshipTemplateReference;
use core_types::{IdentityAddress, TierId};

use super::admin_file::{AdminFile, Quota};
use super::announcement::AnnouncementDefinition;
use super::document::Document;
use super::problem::Problem;
use super::tiers::{BASIC, DEFAULT_QUOTAS, QUEUED_FOR_DELETION, QuotaDefinition, quotas_in_deletion};
use crate::clients::Client;
use crate::config::BackboneConfig;

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
    /// Combines the configuration with the overrides of the file.
    ///
    /// # Errors The first invalid member of the file.
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

    /// The quotas of a tier; none for a tier that is no longer in the file.
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

fn definitions(quotas: &[Quota]) -> Vec<QuotaDefinition> {
    quotas.iter().map(Quota::definition).collect()
}
