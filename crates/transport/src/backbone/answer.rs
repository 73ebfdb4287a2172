//! The interpretation of the Backbone's answers: the rules of `docs/protocol/02 §3.2, §3.3`.

use backbone_api::{Pagination, headers};
use bytes::Bytes;
use reqwest::header::{ETAG, HeaderMap};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use super::call::Call;
use super::refusal::{asked_pause, redirect_destination, redirect_reason};
use crate::request_error::{RequestError, codes};

/// Status, headers and body of an answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The members of an answer that are used; result and error are parsed only when they are needed.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    pagination: Option<Pagination>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

impl Answer {
    pub(super) fn status(&self) -> u16 {
        self.status
    }

    /// The ETag: the version of the answer.
    pub(super) fn etag(&self) -> Option<String> {
        self.header(ETAG.as_str())
    }

    /// The `result` of an answer with content.
    pub(crate) fn result<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Box<RequestError>> {
        let members = self.members(call)?;
        self.refuse_client_errors(call)?;
        self.read_result(call, members.as_ref())
    }

    /// Checks for the success of a call whose result does not matter or does not exist.
    pub(crate) fn done(&self, call: &Call) -> Result<(), Box<RequestError>> {
        self.members(call)?;
        self.refuse_client_errors(call)?;
        if self.status < 300 { Ok(()) } else { Err(self.undefined(call, "there is no result")) }
    }

    /// One page of a list. Without `pagination` there is only this page.
    pub(crate) fn page<T: DeserializeOwned>(&self, call: &Call) -> Result<(Vec<T>, u64), Box<RequestError>> {
        let members = self.members(call)?;
        if matches!(self.status, 400..=499) {
            return Err(self.error(call, codes::BAD_REQUEST, "the Backbone refuses the call"));
        }
        let items = self.read_result(call, members.as_ref())?;
        let pages = members.and_then(|members| members.pagination).map_or(1, |pagination| pagination.total_pages);
        Ok((items, pages))
    }

    /// The bytes of a download. Unlike the other implementations, which take any ordinary answer for the file, a
    /// download checks the status.
    pub(crate) fn bytes(self, call: &Call) -> Result<Bytes, Box<RequestError>> {
        if self.status < 300 {
            return Ok(self.body);
        }
        self.members(call)?;
        self.refuse_client_errors(call)?;
        Err(self.undefined(call, "there is no file"))
    }

    /// Refuses an unexpected status, and reads the body. A body that is no JSON object has no members.
    fn members(&self, call: &Call) -> Result<Option<Members<'_>>, Box<RequestError>> {
        match self.status {
            ..300 | 400 | 404 | 500 => {}
            401 => return Err(self.error(call, codes::UNAUTHORIZED, "the Backbone asks for a login")),
            407 => {
                return Err(self.error(
                    call,
                    codes::UNEXPECTED,
                    "the proxy on the way to the Backbone asks for a login",
                ));
            }
            403 => return Err(self.error(call, codes::FORBIDDEN, "the Backbone forbids the call")),
            _ => {
                let redirect = redirect_destination(self.status, &self.headers).map(|to| redirect_reason(&to));
                let reason = redirect.as_deref().unwrap_or("the Backbone answers with an unexpected status");
                return Err(self.error(call, codes::UNEXPECTED, reason));
            }
        }
        let members = serde_json::from_slice::<Members<'_>>(&self.body).ok();
        let error = members.as_ref().and_then(|members| members.error);
        match error.map(|error| foreign_json::from_slice(error.get())) {
            Some(Ok(Value::Null)) | None => Ok(members),
            Some(body) => Err(self.backbone_error(call, &body.unwrap_or_default())),
        }
    }

    fn refuse_client_errors(&self, call: &Call) -> Result<(), Box<RequestError>> {
        match self.status {
            404 => Err(self.error(call, codes::NOT_FOUND, "the Backbone does not know the path")),
            400..=499 => Err(self.error(call, codes::BAD_REQUEST, "the Backbone refuses the call")),
            _ => Ok(()),
        }
    }

    fn read_result<T: DeserializeOwned>(
        &self,
        call: &Call,
        members: Option<&Members<'_>>,
    ) -> Result<T, Box<RequestError>> {
        let Some(result) = members.and_then(|members| members.result) else {
            return Err(self.undefined(call, "there is no result"));
        };
        // The reason names members and positions, never values.
        foreign_json::from_slice(result.get()).map_err(|error| {
            let kind = if error.is_data() { "has an unexpected form" } else { "cannot be read" };
            self.undefined(call, &format!("the result {kind} (line {}, column {})", error.line(), error.column()))
        })
    }

    fn undefined(&self, call: &Call, reason: &str) -> Box<RequestError> {
        let mut error = self.error(call, codes::RESULT_UNDEFINED, reason);
        error.status = 500;
        error
    }

    fn error(&self, call: &Call, code: &str, reason: &str) -> Box<RequestError> {
        let mut error = call.error(code, self.status, reason);
        error.trace_id = self.header(headers::TRACE_ID);
        error.retry_after = asked_pause(&self.headers);
        error.answered_with = Some(self.status);
        error
    }

    fn backbone_error(&self, call: &Call, body: &Value) -> Box<RequestError> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        Box::new(RequestError {
            code: text("code").unwrap_or_else(|| codes::UNEXPECTED.to_owned()),
            reason: text("message").unwrap_or_default(),
            request_id: text("docs"),
            time: text("time"),
            error_id: text("id"),
            details: body.get("details").filter(|details| !details.is_null()).cloned(),
            ..*self.error(call, "", "")
        })
    }

    fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, headers: HeaderMap::new(), body: Bytes::copy_from_slice(body.as_bytes()) }
    }

    fn call() -> Call {
        Call::get("/api/v2/Things")
    }

    #[test]
    fn reads_results_and_errors_by_the_documented_table() {
        const ERROR: &str =
            r#"{"error":{"id":"ERR1","code":"error.platform.recordNotFound","message":"gone","docs":"d","time":"t"}}"#;
        let cases = [
            (200, r#"{"result":5}"#, Ok(5)),
            (201, r#"{"result":5}"#, Ok(5)),
            (500, r#"{"result":5}"#, Ok(5)),
            (200, "{}", Err((codes::RESULT_UNDEFINED, 500))),
            (200, "<html>", Err((codes::RESULT_UNDEFINED, 500))),
            (200, r#"{"result":"five"}"#, Err((codes::RESULT_UNDEFINED, 500))),
            (400, ERROR, Err(("error.platform.recordNotFound", 400))),
            (404, ERROR, Err(("error.platform.recordNotFound", 404))),
            (404, "", Err((codes::NOT_FOUND, 404))),
            (400, "nonsense", Err((codes::BAD_REQUEST, 400))),
            (500, "", Err((codes::RESULT_UNDEFINED, 500))),
            (401, "", Err((codes::UNAUTHORIZED, 401))),
            (403, ERROR, Err((codes::FORBIDDEN, 403))),
            (429, ERROR, Err((codes::UNEXPECTED, 429))),
            (304, "", Err((codes::UNEXPECTED, 304))),
        ];
        for (status, body, expected) in cases {
            let result = answer(status, body).result::<i64>(&call()).map_err(|error| (error.code, error.status));
            assert_eq!(result, expected.map_err(|(code, status)| (code.to_owned(), status)), "{status} {body}");
        }
    }

    #[test]
    fn keeps_what_the_backbone_says_about_an_error() {
        let body = r#"{"error":{"id":"ERR1","code":"c","message":"m","docs":"d","time":"t","details":{"x":1}}}"#;
        let error = answer(400, body).result::<i64>(&call()).unwrap_err();
        assert_eq!(error.reason, "m");
        assert_eq!(error.error_id.as_deref(), Some("ERR1"));
        assert_eq!(error.request_id.as_deref(), Some("d"));
        assert_eq!(error.time.as_deref(), Some("t"));
        assert_eq!(error.details, Some(serde_json::json!({ "x": 1 })));
        assert_eq!(error.to_string(), "c (400): 'm' GET /api/v2/Things at t");
    }

    #[test]
    fn odd_json_is_read() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let result = answer(200, &format!(r#"{{"x":["\ud83d",{deep}],"result":["\ud83d"]}}"#));
        assert_eq!(result.result::<Vec<String>>(&call()).unwrap(), ["\u{fffd}"]);
        let error = answer(400, &format!(r#"{{"error":{{"code":"c","message":"\ud83d","details":{deep}}}}}"#));
        let error = error.result::<i64>(&call()).unwrap_err();
        assert_eq!((error.code.as_str(), error.reason.as_str()), ("c", "\u{fffd}"));
        assert!(error.details.is_some());
    }

    #[test]
    fn pages_need_no_pagination() {
        assert_eq!(answer(200, r#"{"result":[1,2]}"#).page::<i64>(&call()).unwrap(), (vec![1, 2], 1));
        let body = r#"{"result":[1],"pagination":{"pageNumber":1,"pageSize":1,"totalPages":3,"totalRecords":3}}"#;
        assert_eq!(answer(200, body).page::<i64>(&call()).unwrap(), (vec![1], 3));
        assert_eq!(answer(404, "").page::<i64>(&call()).unwrap_err().code, codes::BAD_REQUEST);
    }

    #[test]
    fn a_download_checks_the_status() {
        assert_eq!(answer(200, r#"{"error":{}}"#).bytes(&call()).unwrap(), r#"{"error":{}}"#);
        assert_eq!(answer(404, r#"{"error":{"code":"gone"}}"#).bytes(&call()).unwrap_err().code, "gone");
        assert_eq!(answer(500, "bytes").bytes(&call()).unwrap_err().code, codes::RESULT_UNDEFINED);
    }

    #[test]
    fn done_needs_no_body() {
        answer(204, "").done(&call()).unwrap();
        answer(200, r#"{"result":{}}"#).done(&call()).unwrap();
        assert_eq!(answer(400, r#"{"error":{"code":"no"}}"#).done(&call()).unwrap_err().code, "no");
        assert_eq!(answer(500, "").done(&call()).unwrap_err().code, codes::RESULT_UNDEFINED);
    }
}
