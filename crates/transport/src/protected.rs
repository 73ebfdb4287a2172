//! The common features of templates and tokens: they can be personalised and protected by a password
//! (`docs/protocol/02 §9.6, §9.8`).

use core_types::{PasswordProtection, SharedPasswordProtection};

use crate::{
    context::Context,
    error::{Result, TransportError},
};

/// The protection of an object with its password. The caller's password takes precedence over one inside the reference.
///
/// # Errors
/// [`TransportError::NoPasswordProvided`] if there is a protection and neither has a password.
pub(crate) fn with_password(
    protection: Option<&SharedPasswordProtection>,
    password: Option<&str>,
) -> Result<Option<PasswordProtection>> {
    let Some(protection) = protection else { return Ok(None) };
    let password = password
        .filter(|password| !password.is_empty())
        .or(protection.password.as_deref())
        .ok_or(TransportError::NoPasswordProvided)?;
    Ok(Some(PasswordProtection::from_shared(protection, password)?))
}

/// Checks that something personalised for an address, or the end of one, is intended for this Identity.
///
/// # Errors
/// [`TransportError::NotIntendedForYou`] if it is not.
pub(crate) fn check_intended(context: &Context, for_identity: Option<&str>, id: &str) -> Result<()> {
    match for_identity {
        Some(ending) if !context.identity().address.is_addressed_by(ending) => {
            Err(TransportError::NotIntendedForYou(id.to_owned()))
        }
        _ => Ok(()),
    }
}

/// The `password` parameter of a call that loads a protected object.
pub(crate) async fn password_parameter(
    context: &Context,
    protection: Option<&PasswordProtection>,
) -> Result<Option<String>> {
    match protection {
        Some(protection) => Ok(Some(context.password_hashing().hash(protection).await?)),
        None => Ok(None),
    }
}
