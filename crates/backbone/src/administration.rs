//! Reads the administrator's file and puts its settings in force.

use std::sync::Arc;

use crate::config::BackboneConfig;
use crate::context::Context;
use crate::error::BackboneError;
use crate::resources::announcements;
use crate::settings::{self, AdminFile, Problem, Settings};
use crate::unit::Unit;

/// The settings without the administrator's file.
///
/// # Errors
/// [`BackboneError::Configuration`].
pub(crate) fn configured(config: &BackboneConfig) -> Result<Settings, BackboneError> {
    Settings::new(config, AdminFile::default())
        .map_err(|problem| BackboneError::Configuration { setting: "clients", reason: problem.to_string() })
}

/// The settings with the administrator's file, if there is one.
///
/// # Errors
/// [`BackboneError::AdminFile`] when it is invalid.
pub(crate) async fn read(config: &BackboneConfig) -> Result<Settings, BackboneError> {
    let Some(path) = &config.admin_file else { return configured(config) };
    let refuse = |problem: Problem| BackboneError::AdminFile { path: path.clone(), reason: problem.to_string() };
    Settings::new(config, settings::read(path).await.map_err(refuse)?).map_err(refuse)
}

/// Puts settings in force.
///
/// # Errors
/// A failure of the database; the settings stay as they were.
pub(crate) async fn adopt(context: &Context, mut settings: Settings) -> Result<(), BackboneError> {
    let result = async {
        let mut unit = Unit::write(context).await?;
        let result = announcements::rules::note(&mut unit, &mut settings.announcements).await;
        let former = context.settings();
        if result.is_ok() {
            // Before the commit, because listeners who hear of an announcement come to read it at once.
            context.set_settings(Arc::new(settings));
        }
        let finished = unit.finish(result).await;
        if finished.is_err() {
            context.set_settings(former);
        }
        finished
    };
    Ok(result.await?)
}

/// Reads the file again and adopts it.
///
/// # Errors
/// As [`read`] and [`adopt`].
pub(crate) async fn reload(context: &Context) -> Result<(), BackboneError> {
    let settings = read(context.config()).await?;
    adopt(context, settings).await
}
