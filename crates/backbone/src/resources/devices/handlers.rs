use axum::extract::State;
use backbone_api::devices::{
    ChangePasswordRequest, CreateDeviceRequest, CreateDeviceResponse, Device, RegisterPushNotificationsRequest,
    RegisterPushNotificationsResponse, UpdateDeviceRequest,
};
use core_types::DeviceId;

use super::{rules, storage};
use crate::context::Context;
use crate::http::{Answer, ApiError, Caller, Json, NoContent, Paged, PathId, Query};
use crate::unit::Unit;

pub(crate) async fn create(
    State(context): State<Context>,
    caller: Caller,
    Json(request): Json<CreateDeviceRequest>,
) -> Result<Answer<CreateDeviceResponse>, ApiError> {
    let password = rules::prepare_password(&context, &request).await?;
    let mut unit = Unit::write(&context).await?;
    let result = rules::create(&mut unit, &caller, &request, password).await;
    Ok(Answer::created(unit.finish(result).await?))
}

pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
    query: Query,
) -> Result<Paged<Device>, ApiError> {
    let (ids, paging) = (query.ids::<DeviceId>()?, query.paging()?);
    let mut unit = Unit::read(&context).await?;
    let items = storage::list(unit.db(), &caller.address, &ids, paging).await?;
    let total = match paging.total_behind(items.len()) {
        Some(total) => total,
        None => storage::count(unit.db(), &caller.address, &ids).await?,
    };
    Ok(Paged { items, total, paging })
}

pub(crate) async fn own(State(context): State<Context>, caller: Caller) -> Result<Answer<Device>, ApiError> {
    let mut unit = Unit::read(&context).await?;
    let device = storage::find(unit.db(), &caller.device).await?;
    device.map(|stored| Answer::ok(stored.device)).ok_or(ApiError::NotFound("Device"))
}

pub(crate) async fn update(
    State(context): State<Context>,
    caller: Caller,
    Json(request): Json<UpdateDeviceRequest>,
) -> Result<NoContent, ApiError> {
    rules::require_known_language(&request.communication_language)?;
    let mut unit = Unit::write(&context).await?;
    let result = storage::set_language(unit.db(), &caller.device, &request.communication_language).await;
    unit.finish(result.map_err(ApiError::from)).await?;
    Ok(NoContent)
}

pub(crate) async fn change_password(
    State(context): State<Context>,
    caller: Caller,
    Json(request): Json<ChangePasswordRequest>,
) -> Result<NoContent, ApiError> {
    let password = rules::prepare_new_password(&context, &caller, &request).await?;
    let mut unit = Unit::write(&context).await?;
    let result = storage::set_password(unit.db(), &caller.device, &password).await;
    unit.finish(result.map_err(ApiError::from)).await?;
    Ok(NoContent)
}

pub(crate) async fn delete(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<DeviceId>,
) -> Result<NoContent, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = rules::delete(&mut unit, &caller, &id).await;
    unit.finish(result).await?;
    Ok(NoContent)
}

pub(crate) async fn register_push(
    State(context): State<Context>,
    caller: Caller,
    Json(request): Json<RegisterPushNotificationsRequest>,
) -> Result<Answer<RegisterPushNotificationsResponse>, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = rules::register_push(&mut unit, &caller, &request).await;
    Ok(Answer::ok(unit.finish(result).await?))
}

pub(crate) async fn unregister_push(State(context): State<Context>, caller: Caller) -> Result<NoContent, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = storage::set_push_registration(unit.db(), &caller.device, None).await;
    unit.finish(result.map_err(ApiError::from)).await?;
    Ok(NoContent)
}
