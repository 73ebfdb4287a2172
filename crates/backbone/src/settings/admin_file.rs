//! The administrator's file: its format, and reading it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use backbone_api::SecretText;
use backbone_api::announcements::AnnouncementSeverity;
use backbone_api::quotas::{MetricKey, QuotaPeriod};
use backbone_api::tags::TagCollection;
use backbone_api::template_references::PublicRelationshipTemplateReference;
use core_types::{AnnouncementId, IdentityAddress, TierId, Timestamp};
use serde::Deserialize;

use super::problem::Problem;
use super::tiers::{BASIC, BASIC_NAME, QuotaDefinition};
use crate::clients::Client;
use crate::config::BackboneConfig;

/// All members are optional; absent ones leave the configuration of the program in force.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct AdminFile {
    pub(super) tags: Option<TagCollection>,
    pub(super) announcements: Vec<Announcement>,
    pub(super) tiers: Vec<Tier>,
    pub(super) individual_quotas: Vec<IndividualQuota>,
    pub(super) clients: Vec<ClientSettings>,
    pub(super) identity_deletion: IdentityDeletion,
    pub(super) messages: Messages,
    pub(super) notification_codes: Option<Vec<String>>,
    /// By client id.
    pub(super) public_relationship_template_references: BTreeMap<String, Vec<PublicRelationshipTemplateReference>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Announcement {
    pub(super) id: AnnouncementId,
    #[serde(default = "usual_severity")]
    pub(super) severity: AnnouncementSeverity,
    /// Suppresses the notification.
    #[serde(default)]
    pub(super) is_silent: bool,
    #[serde(default)]
    pub(super) expires_at: Option<Timestamp>,
    /// By language.
    pub(super) texts: BTreeMap<String, AnnouncementText>,
    /// All Identities when empty.
    #[serde(default)]
    pub(super) recipients: Vec<IdentityAddress>,
    #[serde(default)]
    pub(super) actions: Vec<Action>,
    #[serde(default)]
    pub(super) iql_query: Option<String>,
}

const fn usual_severity() -> AnnouncementSeverity {
    AnnouncementSeverity::Medium
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnouncementText {
    pub(super) title: String,
    pub(super) body: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Action {
    /// By language.
    pub(super) display_name: BTreeMap<String, String>,
    pub(super) link: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tier {
    /// Needed except for the tier `Basic`, which has one.
    #[serde(default)]
    pub(super) id: Option<TierId>,
    pub(super) name: String,
    #[serde(default)]
    pub(super) quotas: Vec<Quota>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Quota {
    metric_key: MetricKey,
    max: u64,
    period: QuotaPeriod,
}

impl Quota {
    pub(super) fn definition(&self) -> QuotaDefinition {
        QuotaDefinition { metric: self.metric_key, max: self.max, period: self.period }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct IndividualQuota {
    pub(super) identity: IdentityAddress,
    metric_key: MetricKey,
    max: u64,
    period: QuotaPeriod,
}

impl IndividualQuota {
    pub(super) fn definition(&self) -> QuotaDefinition {
        QuotaDefinition { metric: self.metric_key, max: self.max, period: self.period }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ClientSettings {
    pub(super) client_id: String,
    /// Makes it an additional client; without one it is a client of the configuration.
    #[serde(default)]
    pub(super) client_secret: Option<SecretText>,
    /// Name of the tier of the Identities it creates.
    #[serde(default)]
    pub(super) default_tier: Option<String>,
    #[serde(default)]
    pub(super) max_identities: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct IdentityDeletion {
    pub(super) grace_period_days: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Messages {
    pub(super) max_recipients: Option<usize>,
    pub(super) max_unreceived_from_one_sender: Option<u32>,
}

/// Reads the file.
///
/// # Errors
/// The mistake in it, with the member.
pub(crate) async fn read(path: &Path) -> Result<AdminFile, Problem> {
    let text = tokio::fs::read(path).await.map_err(|error| Problem::of_file(format!("it can not be read: {error}")))?;
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    // The library would read an array as the members of an object in order.
    if text.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(Problem::of_file("a JSON object is expected"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let file = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| Problem::new(error.path().to_string(), error.inner().to_string()))?;
    deserializer.end().map_err(|error| Problem::of_file(error.to_string()))?;
    Ok(file)
}

impl AdminFile {
    /// The ids of the tiers by their names.
    pub(super) fn tier_ids(&self) -> HashMap<&str, TierId> {
        let basic = (BASIC_NAME, TierId::new(BASIC));
        let own = self.tiers.iter().filter_map(|tier| Some((tier.name.as_str(), tier.id.clone()?)));
        std::iter::once(basic).chain(own).collect()
    }

    /// The clients of the configuration with the overrides of the file, and the file's own.
    pub(super) fn clients_in_force(&self, config: &BackboneConfig, tiers: &HashMap<&str, TierId>) -> Vec<Client> {
        let tier_of = |settings: Option<&ClientSettings>| {
            let name = settings.and_then(|settings| settings.default_tier.as_deref()).unwrap_or(BASIC_NAME);
            tiers.get(name).cloned().unwrap_or_else(|| TierId::new(BASIC))
        };
        let configured = config.clients.iter().map(|client| {
            let settings = self.clients.iter().find(|settings| settings.client_id == client.id);
            Client {
                id: client.id.clone(),
                secret: settings
                    .and_then(|settings| settings.client_secret.clone())
                    .unwrap_or_else(|| client.secret.clone()),
                max_identities: settings.and_then(|settings| settings.max_identities).or(client.max_identities),
                default_tier: tier_of(settings),
            }
        });
        let further = self.clients.iter().filter_map(|settings| {
            let is_configured = config.clients.iter().any(|client| client.id == settings.client_id);
            let secret = settings.client_secret.clone().filter(|_| !is_configured)?;
            Some(Client {
                id: settings.client_id.clone(),
                secret,
                max_identities: settings.max_identities,
                default_tier: tier_of(Some(settings)),
            })
        });
        configured.chain(further).collect()
    }
}
