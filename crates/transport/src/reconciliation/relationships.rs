//! The relationships: the Backbone lists only those that are requested by id.

use std::collections::HashMap;

use backbone_api::{
    paths,
    relationships::{Relationship as BackboneRelationship, RelationshipMetadata},
};
use core_types::{RelationshipId, Timestamp};
use store::{Filter, Query, Sort};

use super::{Budget, PassReport, Reconciliation, hand_over, state};
use crate::{
    backbone::Call,
    documents::{AuditLogReason, Relationship, RelationshipStatus},
    error::Result,
    inbox::Found,
    relationships::Relationships,
};

/// The number of relationships per call; the contents of each can be large.
const PER_CALL: u64 = 8;

/// States that can still change for this side.
const OPEN: [RelationshipStatus; 4] = [
    RelationshipStatus::Pending,
    RelationshipStatus::Active,
    RelationshipStatus::Terminated,
    RelationshipStatus::DeletionProposed,
];

impl Reconciliation {
    /// Compares all relationships that can still change, continuing where an earlier pass had to stop; returns true if
    /// it reached the end.
    pub(super) async fn compare_relationships(&self, budget: &mut Budget, report: &mut PassReport) -> Result<bool> {
        let context = &self.context;
        let mut progress = state::progress(context).await?;
        let settled = state::synchronised_until(context.store()).await?.unwrap_or(progress.compared_until);
        let is_complete = loop {
            let some = self.behind(progress.relationships_after.as_ref()).await?;
            let Some(last) = some.last() else { break true };
            if !budget.take() {
                break false;
            }
            progress.relationships_after = Some(last.id.clone());
            let call =
                some.iter().fold(Call::get(paths::RELATIONSHIPS), |call, one| call.query("ids", Some(one.id.as_str())));
            let fetched: Vec<BackboneRelationship> = context.backbone().pages(call).await?;
            let fetched: HashMap<_, _> =
                fetched.into_iter().map(|fetched| (fetched.metadata.id.clone(), fetched.metadata)).collect();
            let changed = some.iter().filter(|stored| {
                fetched.get(&stored.id).is_some_and(|fetched| self.is_behind(stored, fetched, settled))
            });
            let changed = changed.map(|stored| Found::Relationship(stored.id.clone())).collect();
            report.found += hand_over(context, changed).await?;
        };
        if is_complete {
            progress.relationships_after = None;
            progress.relationships_at = Some(context.clock().now());
        }
        let mut unit = context.unit_of_work().await?;
        state::set_progress(&mut unit, &progress).await?;
        unit.commit().await?;
        Ok(is_complete)
    }

    async fn behind(&self, after: Option<&RelationshipId>) -> Result<Vec<Relationship>> {
        let mut filters = vec![Filter::any_of("status", OPEN.map(RelationshipStatus::as_str))];
        filters.extend(after.map(|after| Filter::Gt("id".to_owned(), after.as_str().into())));
        let query = Query { limit: Some(PER_CALL), ..Query::new(Filter::And(filters)) };
        Relationships::new(&self.context).find(&query.sort_by(Sort::ascending("id"))).await
    }

    /// Returns true if the Backbone has changes that are not stored here and that no event will report any more.
    fn is_behind(&self, stored: &Relationship, fetched: &RelationshipMetadata, settled: Timestamp) -> bool {
        let is_settled = fetched.audit_log.iter().all(|entry| entry.created_at < settled);
        let is_given_up = fetched
            .audit_log
            .iter()
            .any(|entry| entry.reason == AuditLogReason::Decomposition && self.context.is_me(&entry.created_by));
        let differs = stored.status != fetched.status || stored.audit_log.len() != fetched.audit_log.len();
        differs && is_settled && !is_given_up
    }
}
