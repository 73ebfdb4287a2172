//! The request bodies as described in the OpenAPI document. They are parsed and validated by the typed requests of
//! `runtime`, whose failures have the texts clients know.
#![expect(dead_code, reason = "only their schemas are used")]

use runtime::dto::PasswordProtectionDto;
use serde_json::Value;
use utoipa::ToSchema;

/// Which kind of challenge to create.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct CreateChallengeBody {
    /// `Identity`, `Device` or `Relationship`: whose key signs.
    challenge_type: String,
    /// Id of the Relationship, for `Relationship` only.
    #[schema(nullable = false, pattern = "REL[A-Za-z0-9]{17}")]
    relationship: Option<String>,
}

/// A challenge and its signature, as they were created.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ValidateChallengeBody {
    challenge_string: String,
    signature: String,
}

/// The form of an upload.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct UploadOwnFileForm {
    /// The file; its name and type are those of the part.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// ISO 8601; the end of the year 9999 if absent.
    #[schema(nullable = false, example = "2099-12-31T23:59:59.000Z")]
    expires_at: Option<String>,
    #[schema(nullable = false, example = "Greeting")]
    title: Option<String>,
    #[schema(nullable = false, example = "A short text")]
    description: Option<String>,
    /// Repeat the field for several tags.
    #[schema(nullable = false, example = json!(["x:greetings"]))]
    tags: Option<Vec<String>>,
}

/// A reference, in its truncated or its URL form, to what a peer shares.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct LoadPeerObjectBody {
    reference: String,
    /// Needed if what is referred to is protected.
    #[schema(nullable = false)]
    password: Option<String>,
}

/// A reference, in its truncated or its URL form, to a Token of a peer.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct LoadPeerTokenBody {
    reference: String,
    /// Whether the Token is only returned and not stored; `false` if absent.
    #[schema(nullable = false)]
    ephemeral: Option<bool>,
    /// Needed if the Token is protected.
    #[schema(nullable = false)]
    password: Option<String>,
}

/// A Token with any content.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct CreateOwnTokenBody {
    #[schema(value_type = Object)]
    content: Value,
    /// ISO 8601, in the future.
    expires_at: String,
    /// Whether the Token is only returned and not stored; `false` if absent.
    #[schema(nullable = false)]
    ephemeral: Option<bool>,
    /// The only Identity that may load it.
    #[schema(nullable = false)]
    for_identity: Option<String>,
    #[schema(nullable = false)]
    password_protection: Option<PasswordProtectionDto>,
}

/// A Token that leads to an object.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct CreateTokenForObjectBody {
    /// ISO 8601, in the future; the expiry of the object if absent.
    #[schema(nullable = false)]
    expires_at: Option<String>,
    /// Whether the Token is only returned and not stored; `true` if absent.
    #[schema(nullable = false)]
    ephemeral: Option<bool>,
    /// The only Identity that may load it.
    #[schema(nullable = false)]
    for_identity: Option<String>,
    #[schema(nullable = false)]
    password_protection: Option<PasswordProtectionDto>,
}

/// An invitation to a Relationship.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct CreateOwnRelationshipTemplateBody {
    /// ISO 8601, in the future.
    expires_at: String,
    /// A RelationshipTemplateContent or an ArbitraryRelationshipTemplateContent.
    #[schema(value_type = Object)]
    content: Value,
    #[schema(nullable = false, minimum = 1)]
    max_number_of_allocations: Option<f64>,
    /// The only Identity that may load it.
    #[schema(nullable = false)]
    for_identity: Option<String>,
    #[schema(nullable = false)]
    password_protection: Option<PasswordProtectionDto>,
}

/// A Relationship to the creator of a template.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct CreateRelationshipBody {
    #[schema(pattern = "RLT[A-Za-z0-9]{17}")]
    template_id: String,
    /// A RelationshipCreationContent or an ArbitraryRelationshipCreationContent.
    #[schema(value_type = Object)]
    creation_content: Value,
}

/// The question whether a Relationship could be created.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct CanCreateRelationshipBody {
    #[schema(pattern = "RLT[A-Za-z0-9]{17}")]
    template_id: String,
    /// A RelationshipCreationContent or an ArbitraryRelationshipCreationContent.
    #[schema(value_type = Object, nullable = false)]
    creation_content: Option<Value>,
}

/// A text for peers.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SendBackboneNotificationBody {
    /// Addresses, at least one.
    recipients: Vec<String>,
    /// Names the text, which the operator of the Backbone has configured.
    code: String,
}

/// A Message to one or several peers.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SendMessageBody {
    /// Addresses, at least one, each once.
    #[schema(min_items = 1)]
    recipients: Vec<String>,
    /// A Mail, Request, ResponseWrapper, Notification or ArbitraryMessageContent.
    #[schema(value_type = Object)]
    content: Value,
    /// Ids of Files, each once.
    #[schema(nullable = false)]
    attachments: Option<Vec<String>>,
}

/// The bytes of a file or an image.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(crate) struct Binary(Vec<u8>);

/// What to send once more: `delivery`, or `deliveries`, or `target` with `deadLetters`, or `target` with `from` and `to`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ReplayBody {
    /// Id of a delivery.
    #[schema(nullable = false)]
    delivery: Option<i64>,
    /// Ids of at most 1000 deliveries.
    #[schema(nullable = false)]
    deliveries: Option<Vec<i64>>,
    /// Id of a target.
    #[schema(nullable = false)]
    target: Option<String>,
    /// `true`: everything that was given up for the target.
    #[schema(nullable = false)]
    dead_letters: Option<bool>,
    /// Everything that the target gets and that happened at this time or later, ISO 8601.
    #[schema(nullable = false)]
    from: Option<String>,
    /// And before this time, ISO 8601.
    #[schema(nullable = false)]
    to: Option<String>,
    /// Only events that one of these triggers means.
    #[schema(nullable = false)]
    triggers: Option<Vec<String>>,
}
