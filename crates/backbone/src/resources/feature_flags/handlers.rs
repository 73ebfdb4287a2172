use std::collections::BTreeMap;

use axum::extract::{Path, State};
use core_types::IdentityAddress;

use super::{rules, storage};
use crate::camel_case::camel_case;
use crate::context::Context;
use crate::http::{Answer, ApiError, Caller, Json, NoContent};
use crate::unit::Unit;
use crate::validation;

pub(crate) async fn change(
    State(context): State<Context>,
    caller: Caller,
    Json(flags): Json<BTreeMap<String, bool>>,
) -> Result<NoContent, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = rules::change(&mut unit, &caller, &flags).await;
    unit.finish(result).await?;
    Ok(NoContent)
}

pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Path(address): Path<String>,
) -> Result<Answer<BTreeMap<String, bool>>, ApiError> {
    let address = IdentityAddress::new(address);
    validation::address("address", &address)?;
    let mut unit = Unit::read(&context).await?;
    if !storage::may_read(unit.db(), &caller.address, &address).await? {
        return Err(ApiError::NotFound("Identity"));
    }
    let flags = storage::list(unit.db(), &address).await?;
    Ok(Answer::ok(flags.into_iter().map(|(name, value)| (camel_case(&name), value)).collect()))
}
