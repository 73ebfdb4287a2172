//! Google's client, configured without retries of its own, as those are left to [`delivery`].

use std::path::Path;
use std::time::Duration;

use delivery::DeliveryError;
use google_cloud_auth::credentials::{Credentials, anonymous, service_account, user_account};
use google_cloud_gax::error::CredentialsError;
use google_cloud_gax::error::rpc::Code;
use google_cloud_gax::retry_policy::RetryPolicyExt;
use google_cloud_pubsub::Error;
use google_cloud_pubsub::client::Publisher;
use google_cloud_pubsub::retry_policy::RetryableErrors;
use serde_json::Value;

use super::config::{Access, PubSubConfig};

/// Time limit of the service for one request.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Time for which a message waits for others that can be sent in the same request.
const BATCH_DELAY: Duration = Duration::from_millis(5);
/// The length in characters of the service's message that operators see.
const MAX_REASON: usize = 200;

/// Connects lazily. An error is a sentence for operators.
pub(super) async fn publisher(config: &PubSubConfig) -> Result<Publisher, String> {
    let builder = Publisher::builder(config.topic())
        .with_retry_policy(RetryableErrors.with_attempt_limit(1).with_time_limit(TIMEOUT))
        .set_delay_threshold(BATCH_DELAY);
    let builder = match &config.access {
        Access::Google { key_file } => builder.with_credentials(credentials(key_file).await?),
        Access::Emulator { endpoint } => {
            builder.with_endpoint(endpoint).with_credentials(anonymous::Builder::new().build())
        }
    };
    builder.build().await.map_err(|error| format!("the client for Pub/Sub could not be made: {error}"))
}

/// The error describes the fault of the file, but nothing of its contents.
async fn credentials(key_file: &Path) -> Result<Credentials, String> {
    let wrong = |reason: &str| format!("the keyFile {} {reason}", key_file.display());
    let bytes = tokio::fs::read(key_file).await.map_err(|error| wrong(&format!("cannot be read: {error}")))?;
    let key: Value = serde_json::from_slice(&bytes).map_err(|_| wrong("is not JSON"))?;
    let credentials = match key.get("type").and_then(Value::as_str) {
        Some("service_account") => service_account::Builder::new(key).build(),
        Some("authorized_user") => user_account::Builder::new(key).build(),
        _ => return Err(wrong("is neither the key of a service account nor that of an authorized user")),
    };
    credentials.map_err(|_| wrong("holds a key that cannot be used"))
}

/// A failed request.
pub(super) struct Failure {
    pub(super) error: DeliveryError,
    /// The next attempt should read the key file again.
    pub(super) start_anew: bool,
}

impl Failure {
    pub(super) fn of(error: &Error) -> Self {
        if error.is_authentication() {
            let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<CredentialsError>());
            let waiting_helps = source.is_some_and(CredentialsError::is_transient);
            let reason = if waiting_helps {
                "Google's token service does not answer"
            } else {
                "Google refuses the key of keyFile"
            };
            return Self { error: DeliveryError::Unreachable(reason.to_owned()), start_anew: true };
        }
        let Some(status) = error.status() else {
            let error = DeliveryError::Unreachable("Pub/Sub cannot be reached or does not answer".to_owned());
            return Self { error, start_anew: false };
        };
        let said: String = status.message.chars().filter(|c| !c.is_control()).take(MAX_REASON).collect();
        let (error, start_anew) = match status.code {
            Code::InvalidArgument | Code::OutOfRange => {
                (DeliveryError::Refused(format!("Pub/Sub refused the message: {said}")), false)
            }
            Code::NotFound => (DeliveryError::Unreachable(format!("Pub/Sub does not know the topic: {said}")), false),
            Code::PermissionDenied | Code::Unauthenticated => {
                (DeliveryError::Unreachable(format!("Pub/Sub refuses the credentials: {said}")), true)
            }
            code => (DeliveryError::Unreachable(format!("Pub/Sub did not take the message: {code} {said}")), false),
        };
        Self { error, start_anew }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use std::process::Command;

    use google_cloud_auth::credentials::CacheableResource;
    use serde_json::{Value, json};

    use super::credentials;

    /// A key of a service account authenticates itself, without a call to Google.
    #[tokio::test]
    async fn requests_are_signed_with_the_key_of_a_service_account() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.json");
        let made = Command::new("openssl").args(["genpkey", "-algorithm", "RSA", "-quiet"]).output().unwrap();
        let key = json!({
            "type": "service_account", "project_id": "project", "private_key_id": "id", "client_email": "connector@project",
            "private_key": String::from_utf8(made.stdout).unwrap(), "universe_domain": "googleapis.com",
        });
        std::fs::write(&file, key.to_string()).unwrap();
        let credentials = credentials(&file).await.unwrap();
        let CacheableResource::New { data, .. } = credentials.headers(http::Extensions::new()).await.unwrap() else {
            panic!("nothing was there before")
        };
        let authorization = data["authorization"].to_str().unwrap();
        let token = authorization.strip_prefix("Bearer ").unwrap();
        let claims = base64_url(token.split('.').nth(1).unwrap());
        assert_eq!(claims["iss"], "connector@project");
    }

    fn base64_url(text: &str) -> Value {
        use base64::Engine as _;
        serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn the_file_of_an_authorized_user_is_taken_as_well() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("user.json");
        let user = json!({ "type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r" });
        std::fs::write(&file, user.to_string()).unwrap();
        credentials(&file).await.unwrap();
        std::fs::write(&file, json!({ "type": "authorized_user" }).to_string()).unwrap();
        assert!(credentials(&file).await.unwrap_err().ends_with("holds a key that cannot be used"));
    }
}
