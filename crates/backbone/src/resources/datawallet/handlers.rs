use axum::extract::State;
use axum::response::Response;
use backbone_api::datawallet::{
    Datawallet, DatawalletModification, LOCAL_INDEX, PushModificationsRequest, PushModificationsResponse,
};
use core_types::IdentityAddress;

use super::supported_version::SupportedVersion;
use super::{rules, storage};
use crate::context::Context;
use crate::http::{Answer, ApiError, Caller, Json, Query};
use crate::resources::records::{Extent, Lister, Records};
use crate::unit::Unit;

/// The index before the first one.
const BEFORE_FIRST: i64 = -1;

pub(crate) async fn get(State(context): State<Context>, caller: Caller) -> Result<Answer<Datawallet>, ApiError> {
    let mut unit = Unit::read(&context).await?;
    let version = storage::version(unit.db(), &caller.address).await?;
    version.map(|version| Answer::ok(Datawallet { version })).ok_or(rules::NOT_FOUND)
}

pub(crate) async fn modifications(
    State(context): State<Context>,
    caller: Caller,
    supported: SupportedVersion,
    query: Query,
    lister: Lister,
) -> Result<Response, ApiError> {
    let local_index = query.parsed(LOCAL_INDEX)?.unwrap_or(BEFORE_FIRST);
    let paging = query.paging()?;
    let mut unit = Unit::read(&context).await?;
    if let Some(version) = storage::version(unit.db(), &caller.address).await? {
        supported.require(version)?;
    }
    let page = storage::list(unit.db(), &caller.address, local_index, paging).await?;
    let total = match paging.total_behind(page.len()) {
        Some(total) => total,
        None => storage::count(unit.db(), &caller.address, local_index).await?,
    };
    drop(unit);
    let identity = caller.address.clone();
    lister.answer(Modifications { indexes: page, identity }, total, paging).await
}

/// Modifications of one datawallet.
struct Modifications {
    indexes: Vec<i64>,
    identity: IdentityAddress,
}

impl Records for Modifications {
    type Record = DatawalletModification;

    fn len(&self) -> usize {
        self.indexes.len()
    }

    async fn extent(&self, unit: &mut Unit) -> sqlx::Result<Extent> {
        storage::extent(unit.db(), &self.identity, &self.indexes).await
    }

    async fn load(&self, unit: &mut Unit, index: usize) -> Result<Option<DatawalletModification>, ApiError> {
        let Some(index) = self.indexes.get(index) else { return Ok(None) };
        Ok(storage::find(unit.db(), &self.identity, *index).await?)
    }
}

pub(crate) async fn push(
    State(context): State<Context>,
    caller: Caller,
    supported: SupportedVersion,
    Json(request): Json<PushModificationsRequest>,
) -> Result<Answer<PushModificationsResponse>, ApiError> {
    supported.require_named()?;
    let mut unit = Unit::write(&context).await?;
    let result = rules::push(&mut unit, &caller, supported, &request).await;
    Ok(Answer::created(unit.finish(result).await?))
}
