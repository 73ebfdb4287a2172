//! Announcements (`docs/protocol/06-rest-api.md` §5.2).

use content::code_lists;

use crate::error::{ApplicationError, RuntimeError};

/// `GET /Announcements`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetAnnouncementsRequest {
    /// Two letters of ISO 639-1.
    pub language: String,
}

impl GetAnnouncementsRequest {
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue`.
    pub fn parse(query: &[(String, String)]) -> Result<Self, ApplicationError> {
        let mut given = query.iter().filter(|(name, _)| name == "language").map(|(_, value)| value);
        let language = match (given.next(), given.next()) {
            (Some(language), None) => language,
            (Some(_), Some(_)) => return Err(RuntimeError::property("language must be string").into()),
            (None, _) => {
                return Err(RuntimeError::property("must have required property 'language'").into());
            }
        };
        if !code_lists::is_language(language) {
            let text = "language must be equal to one of the allowed values";
            return Err(RuntimeError::property(text).into());
        }
        Ok(Self { language: language.clone() })
    }
}
