mod create;
mod defaults;
mod delete;
mod deletion_info;
mod properties;
mod query;
mod share;
mod succeed;

use core_types::{AttributeId, IdentityAddress};
use serde_json::{Value, json};

use crate::documents::*;
use crate::testing::*;
use crate::{
    AnyDocument, Changes, ConsumptionError, ConsumptionSettings, Facts, Need, PeerDeletion, PeerRelationship,
    RelationshipStatus, Write,
};
