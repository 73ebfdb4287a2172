//! A client of the REST interface.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::sync::watch;

/// The time limit for an answer on a busy machine.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// The outcome of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The Connector answered.
    Answered {
        /// HTTP status.
        status: u16,
        /// Body; null if there is none.
        body: Value,
    },
    /// The connection broke: it is unknown whether the call was carried out.
    Nothing(String),
}

impl Answer {
    /// The `result` of an answer with this status.
    ///
    /// # Errors
    /// For any other answer, and for none.
    pub fn result(self, expected: u16) -> anyhow::Result<Value> {
        match self {
            Self::Answered { status, mut body } if status == expected => Ok(body["result"].take()),
            Self::Answered { status, body } => bail!("answered {status} instead of {expected}: {body}"),
            Self::Nothing(reason) => bail!("did not answer: {reason}"),
        }
    }

    /// The code of an error answer.
    #[must_use]
    pub fn error_code(&self) -> Option<&str> {
        match self {
            Self::Answered { body, .. } => body["error"]["code"].as_str(),
            Self::Nothing(_) => None,
        }
    }
}

/// A client of one Connector. While the Connector is down, calls wait for it.
#[derive(Debug, Clone)]
pub struct RestClient {
    name: String,
    http: reqwest::Client,
    api_key: String,
    url: watch::Receiver<Option<String>>,
}

impl RestClient {
    pub(crate) fn new(name: &str, api_key: &str, url: watch::Receiver<Option<String>>) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(ANSWER_LIMIT).build()?;
        Ok(Self { name: name.to_owned(), http, api_key: api_key.to_owned(), url })
    }

    /// Any call; `route` is relative to `/api/core/v1`.
    ///
    /// # Errors
    /// When the Connector will never come back, or takes longer than a minute.
    pub async fn call(&self, method: Method, route: &str, body: Option<&Value>) -> anyhow::Result<Answer> {
        self.call_path(method, &format!("/api/core/v1{route}"), body).await
    }

    async fn call_path(&self, method: Method, route: &str, body: Option<&Value>) -> anyhow::Result<Answer> {
        let url = self.url.clone().wait_for(Option::is_some).await?.clone().unwrap_or_default();
        let mut request = self.http.request(method, format!("{url}{route}")).header("X-API-KEY", &self.api_key);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answered = async {
            let response = request.send().await?;
            let status = response.status().as_u16();
            Ok::<_, reqwest::Error>((status, response.bytes().await?))
        };
        match answered.await {
            Ok((status, body)) => {
                Ok(Answer::Answered { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
            }
            Err(error) if error.is_timeout() => Err(anyhow!("{} does not answer {route}", self.name)),
            Err(error) => Ok(Answer::Nothing(error.to_string())),
        }
    }

    /// `GET`, which must succeed.
    ///
    /// # Errors
    /// When it does not.
    pub async fn get(&self, route: &str) -> anyhow::Result<Value> {
        let answer = self.call(Method::GET, route, None).await?;
        answer.result(200).with_context(|| format!("{}: GET {route}", self.name))
    }

    /// `POST`, which must create something.
    ///
    /// # Errors
    /// When it does not.
    pub async fn post(&self, route: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.call(Method::POST, route, Some(body)).await?;
        answer.result(201).with_context(|| format!("{}: POST {route}", self.name))
    }

    /// `PUT` without a body, which must succeed.
    ///
    /// # Errors
    /// When it does not.
    pub async fn put(&self, route: &str) -> anyhow::Result<Value> {
        let answer = self.call(Method::PUT, route, None).await?;
        answer.result(200).with_context(|| format!("{}: PUT {route}", self.name))
    }

    /// The targets of events, and the progress of each.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn delivery_targets(&self) -> anyhow::Result<Value> {
        let answer = self.deliveries(Method::GET, "/Targets", None).await?;
        answer.result(200).with_context(|| format!("{}: targets of events", self.name))
    }

    /// Any call about deliveries; `route` is relative to `/api/delivery/v1`.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn deliveries(&self, method: Method, route: &str, body: Option<&Value>) -> anyhow::Result<Answer> {
        self.call_path(method, &format!("/api/delivery/v1{route}"), body).await
    }

    /// Uploads a File; returns its id.
    ///
    /// # Errors
    /// When that fails.
    pub async fn upload(&self, filename: &str, content: &'static str) -> anyhow::Result<String> {
        let url = self.url.clone().wait_for(Option::is_some).await?.clone().unwrap_or_default();
        let part = Part::text(content).file_name(filename.to_owned()).mime_str("text/plain")?;
        let form = Form::new().part("file", part).text("title", filename.to_owned());
        let request = self.http.post(format!("{url}/api/core/v1/Files/Own")).header("X-API-KEY", &self.api_key);
        let response = request.multipart(form).send().await?;
        let answer: Value = serde_json::from_slice(&response.bytes().await?)?;
        answer["result"]["id"].as_str().map(str::to_owned).with_context(|| format!("{}: {answer}", self.name))
    }

    /// Synchronises.
    ///
    /// # Errors
    /// When that fails.
    pub async fn sync(&self) -> anyhow::Result<()> {
        let answer = self.call(Method::POST, "/Account/Sync", None).await?;
        answer.result(204).with_context(|| format!("{}: synchronisation", self.name)).map(|_| ())
    }

    /// The address of its Identity.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn address(&self) -> anyhow::Result<String> {
        let info = self.get("/Account/IdentityInfo").await?;
        info["address"].as_str().map(str::to_owned).context("an Identity without address")
    }

    /// Returns true if `GET /health` reports that everything works.
    ///
    /// # Errors
    /// When the Connector does not answer at all.
    pub async fn is_healthy(&self) -> anyhow::Result<bool> {
        let url = self.url.clone().wait_for(Option::is_some).await?.clone().unwrap_or_default();
        Ok(self.http.get(format!("{url}/health")).send().await?.status() == 200)
    }

    /// Sends a Mail.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn send_mail(&self, to: &str, subject: &str, body: &str) -> anyhow::Result<Answer> {
        let content = json!({ "@type": "Mail", "to": [to], "cc": [], "subject": subject, "body": body });
        self.call(Method::POST, "/Messages", Some(&json!({ "recipients": [to], "content": content }))).await
    }
}

/// Establishes an active relationship that `requestor` requests; returns its id.
///
/// # Errors
/// When a step fails.
pub async fn establish_relationship(templator: &RestClient, requestor: &RestClient) -> anyhow::Result<String> {
    let template = json!({
        "content": { "@type": "ArbitraryRelationshipTemplateContent", "value": {} },
        "expiresAt": "2999-01-01T00:00:00.000Z",
        "maxNumberOfAllocations": 1,
    });
    let template = templator.post("/RelationshipTemplates/Own", &template).await?;
    let reference = json!({ "reference": template["reference"]["truncated"] });
    let template = requestor.post("/RelationshipTemplates/Peer", &reference).await?;
    let creation = json!({
        "templateId": template["id"],
        "creationContent": { "@type": "ArbitraryRelationshipCreationContent", "value": {} },
    });
    let relationship = requestor.post("/Relationships", &creation).await?;
    let id = relationship["id"].as_str().context("a Relationship without id")?.to_owned();
    templator.sync().await?;
    templator.put(&format!("/Relationships/{id}/Accept")).await?;
    requestor.sync().await?;
    let status = requestor.get(&format!("/Relationships/{id}")).await?["status"].take();
    if status != "Active" {
        bail!("the relationship is {status} instead of Active");
    }
    Ok(id)
}
