//! The settings of the administrator's file.

use axum::body::Body;
use axum::http::Request;
use backbone::OAuthClient;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::{Server, pass};

fn names(name: &str) -> Value {
    json!({"displayNames": {"en": name, "de": name}, "children": {}})
}

fn whole_file() -> Value {
    let mut language = names("Language");
    language["children"] = json!({"English": names("English")});
    json!({
        "tags": {"supportedLanguages": ["en", "de"], "tagsForAttributeValueTypes": {"DisplayName": {"Language": language}}},
        "announcements": [{
            "id": "ANC00000000000000001", "severity": "Low", "isSilent": true, "expiresAt": "2027-01-01T00:00:00.000Z",
            "texts": {"en": {"title": "T", "body": "B"}}, "recipients": [], "iqlQuery": "x",
            "actions": [{"displayName": {"en": "More"}, "link": "https://example.com"}],
        }],
        "tiers": [
            {"name": "Basic", "quotas": [{"metricKey": "NumberOfTokens", "max": 1000, "period": "Week"}]},
            {"id": "TIR00000000000000003", "name": "Premium", "quotas": []},
        ],
        "individualQuotas": [],
        "clients": [
            {"clientId": "test", "defaultTier": "Premium", "maxIdentities": 2},
            {"clientId": "further", "clientSecret": "its-secret"},
        ],
        "identityDeletion": {"gracePeriodDays": 3},
        "messages": {"maxRecipients": 1, "maxUnreceivedFromOneSender": 2},
        "notificationCodes": ["Code"],
        "publicRelationshipTemplateReferences": {
            "test": [{"title": "T", "description": "D", "truncatedReference": "UkxU"}],
        },
    })
}

#[tokio::test]
async fn the_whole_file_is_put_in_force() {
    let server = Server::start_with_file(&whole_file()).await;
    let (one, other, _) = server.related().await;
    assert_eq!(one.get("/Identities/Self").await.result(200)["tierId"], "TIR00000000000000003");
    let key = server.new_key();
    server.create_identity(&key, |_| {}).await.fails(400, "validation.device.clientReachedIdentitiesLimit");
    let of_further = server.create_identity(&key, |body| {
        body["clientId"] = json!("further");
        body["clientSecret"] = json!("its-secret");
    });
    of_further.await.result(201);

    let references = async |device: &crate::support::Device| {
        let request = Request::get("/api/poc/PublicRelationshipTemplateReferences").body(Body::empty()).unwrap();
        device.send(request).await.result(200)
    };
    let reference = json!({"title": "T", "description": "D", "truncatedReference": "UkxU"});
    assert_eq!(references(&one).await, json!([reference]));

    one.post("/Notifications", json!({"recipients": [other.address], "code": "Code"})).await.is_empty_with(204);
    one.send_message(&other).await.result(201);
    one.send_message(&other).await.result(201);
    one.send_message(&other).await.fails(400, "validation.message.maxNumberOfUnreceivedMessagesReached");
    let process = one.post("/Identities/Self/DeletionProcesses", json!({})).await.result(201);
    assert_eq!(process["gracePeriodEndsAt"], "2026-01-04T00:00:00.000Z");
}

#[tokio::test]
async fn tags_are_named_by_their_md5_and_sent_when_they_change() {
    let server = Server::start_with_file(&whole_file()).await;
    let client = server.identity().await;
    let first = client.get("/Tags").await;
    assert_eq!(first.headers["content-type"], "application/json; charset=utf-8");
    let mut language = names("Language");
    // Only names of the first level are written in camel case.
    language["children"] = json!({"English": names("English")});
    let expected = json!({
        "supportedLanguages": ["en", "de"], "tagsForAttributeValueTypes": {"DisplayName": {"language": language}},
    });
    assert_eq!(first.result(200), expected);
    let etag = first.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(etag, format!("\"{}\"", STANDARD.encode(Md5::digest(&first.body))));
    let ask = async |header: String| {
        client.send(Request::get("/api/v2/Tags").header("if-none-match", header).body(Body::empty()).unwrap()).await
    };
    for header in [etag.clone(), format!("W/{etag}"), format!("\"other\" , W/{etag}"), "*".to_owned()] {
        ask(header).await.is_empty_with(304);
    }
    assert_eq!(ask(etag.clone()).await.headers["etag"], etag.as_str());
    ask("\"other\"".to_owned()).await.result(200);
    let mut file = whole_file();
    file["tags"]["tagsForAttributeValueTypes"] = json!({});
    server.reload(&file).await;
    let second = ask(etag).await;
    assert_eq!(second.result(200)["tagsForAttributeValueTypes"], json!({}));
}

/// A member, an invalid value for it, and a part of the message.
type Mistake = (&'static str, Value, &'static str);

fn wrong_tags_and_announcements() -> Vec<Mistake> {
    vec![
        (
            "/tags/supportedLanguages",
            json!(["de"]),
            "'tags.supportedLanguages': the supported languages must include 'en'",
        ),
        ("/tags/supportedLanguages/1", json!("xx"), "'tags.supportedLanguages[1]'"),
        (
            "/tags/tagsForAttributeValueTypes/DisplayName/Language/children/English/displayNames",
            json!({"en": "x"}),
            "'tags.tagsForAttributeValueTypes.DisplayName.Language.children.English.displayNames': lacks the language 'de'",
        ),
        (
            "/tags/tagsForAttributeValueTypes/DisplayName",
            json!({"X": names("x")}),
            "DisplayName.X': the name is reserved",
        ),
        ("/announcements/0/id", json!("ANC1"), "'announcements[0].id'"),
        ("/announcements/0/severity", json!("Extreme"), "'announcements[0].severity'"),
        ("/announcements/0/texts", json!({"de": {"title": "T", "body": "B"}}), "'announcements[0].texts'"),
        ("/announcements/0/texts/en/title", json!(""), "'announcements[0].texts.en.title'"),
        ("/announcements/0/expiresAt", json!("soon"), "'announcements[0].expiresAt'"),
        ("/announcements/0/recipients", json!(["nobody"]), "'announcements[0].recipients[0]'"),
        (
            "/announcements/0/actions/0/displayName",
            json!({"en": "a\nb"}),
            "'announcements[0].actions[0].displayName.en'",
        ),
        ("/announcements/0/actions/0/displayName", json!({"en": "x".repeat(31)}), "displayName.en'"),
        ("/announcements/0/actions/0/link", json!("x".repeat(301)), "'announcements[0].actions[0].link'"),
        (
            "/announcements",
            json!([whole_file()["announcements"][0], whole_file()["announcements"][0]]),
            "'announcements'",
        ),
    ]
}

fn wrong_tiers_and_limits() -> Vec<Mistake> {
    vec![
        ("/tiers/1/id", json!("TIR00000000000000001"), "'tiers[1].id'"),
        ("/tiers/1/id", json!("TIR00000000000000002"), "'tiers[1].id'"),
        ("/tiers/1/id", json!(null), "'tiers[1].id'"),
        ("/tiers/1/name", json!("x"), "'tiers[1].name'"),
        ("/tiers/1/name", json!("Queued for Deletion"), "'tiers[1].name'"),
        ("/tiers/0/quotas/0/metricKey", json!("NumberOfThoughts"), "'tiers[0].quotas[0].metricKey'"),
        ("/tiers/0/quotas/0/period", json!("Fortnight"), "'tiers[0].quotas[0].period'"),
        ("/tiers/0/quotas/0/max", json!(-1), "'tiers[0].quotas[0].max'"),
        (
            "/individualQuotas",
            json!([{"identity": "x", "metricKey": "NumberOfFiles", "max": 1, "period": "Day"}]),
            "'individualQuotas[0].identity'",
        ),
        ("/clients/0/defaultTier", json!("Platinum"), "'clients[0].defaultTier'"),
        ("/clients/1/clientSecret", json!(null), "'clients[1].clientSecret'"),
        ("/clients/1/clientId", json!("test"), "'clients'"),
        ("/identityDeletion/gracePeriodDays", json!(-1), "'identityDeletion.gracePeriodDays'"),
        ("/messages/maxRecipients", json!(0), "'messages.maxRecipients'"),
        ("/messages/maxUnreceivedFromOneSender", json!(101), "'messages.maxUnreceivedFromOneSender'"),
        ("/notificationCodes/0", json!(""), "'notificationCodes[0]'"),
        (
            "/publicRelationshipTemplateReferences",
            json!({"nobody": []}),
            "'publicRelationshipTemplateReferences.nobody'",
        ),
        ("/messages", json!({"maxRecipient": 1}), "unknown field `maxRecipient`"),
    ]
}

#[tokio::test]
async fn a_file_that_makes_no_sense_names_the_member_and_changes_nothing() {
    let server = Server::start_with_file(&whole_file()).await;
    let client = server.identity().await;
    for (place, value, expected) in [wrong_tags_and_announcements(), wrong_tiers_and_limits()].concat() {
        let mut file = whole_file();
        *file.pointer_mut(place).unwrap() = value;
        server.write_file(&file.to_string());
        let error = server.backbone.reload().await.unwrap_err();
        assert_eq!(error.code(), "error.backbone.adminFile");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.to_string().contains("admin.json"), "{error}");
    }
    for text in ["", "[]", "{", "{} {}", "null"] {
        server.write_file(text);
        assert_eq!(server.backbone.reload().await.unwrap_err().code(), "error.backbone.adminFile", "{text}");
    }
    std::fs::remove_file(server.folder().join("admin.json")).unwrap();
    assert!(server.backbone.reload().await.unwrap_err().to_string().contains("it can not be read"));
    assert_eq!(client.get("/Tags").await.result(200)["supportedLanguages"], json!(["en", "de"]));
    server.write_file("\u{feff}{}");
    server.backbone.reload().await.unwrap();
    assert_eq!(client.get("/Tags").await.result(200)["supportedLanguages"], json!(["en"]));
}

#[tokio::test]
async fn the_documented_example_is_right() {
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/backbone.md")).unwrap();
    let example = document.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let server = Server::start_with(|config| {
        let path = config.data_dir.join("admin.json");
        std::fs::write(&path, example).unwrap();
        config.admin_file = Some(path);
        config.clients.push(OAuthClient::new("acme", "secret"));
    })
    .await;
    let device = server.identity().await;
    assert_eq!(device.get("/Announcements?language=de").await.result(200)[0]["title"], "Wartung");
    assert_eq!(device.get("/Quotas").await.result(200)[0]["quotas"][0]["max"], 1000);
}

#[tokio::test]
async fn a_tier_lives_on_where_the_file_forgets_it() {
    let server = Server::start_with_file(&whole_file()).await;
    let device = server.identity().await;
    server.reload(&json!({})).await;
    assert_eq!(device.get("/Identities/Self").await.result(200)["tierId"], "TIR00000000000000003");
    assert_eq!(device.get("/Quotas").await.result(200), json!([]));
    assert_eq!(server.identity().await.get("/Identities/Self").await.result(200)["tierId"], "TIR00000000000000002");
    pass(&server, 1);
}

/// Every place of a value.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    found.push(path.to_owned());
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| places(value, &format!("{path}/{name}"), found))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| places(value, &format!("{path}/{index}"), found));
        }
        _ => {}
    }
}

#[test]
fn a_slightly_wrong_file_is_refused_or_harmless() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (server, device) = runtime.block_on(async {
        let server = Server::start_with_file(&whole_file()).await;
        let device = server.identity().await;
        (server, device)
    });
    let mut found = Vec::new();
    places(&whole_file(), "", &mut found);
    let values = select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("en"),
        json!("\u{0}"),
        json!("x".repeat(1000)),
        json!([]),
        json!([[]]),
        json!({}),
        json!({"x": {}}),
    ]);
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    runner
        .run(&(select(found), values), |(place, value)| {
            let mut file = whole_file();
            *file.pointer_mut(&place).unwrap() = value;
            server.write_file(&file.to_string());
            runtime.block_on(async {
                if let Err(error) = server.backbone.reload().await {
                    prop_assert_eq!(error.code(), "error.backbone.adminFile");
                }
                for path in ["/Tags", "/Announcements?language=de", "/Quotas", "/Identities/Self"] {
                    prop_assert_eq!(device.get(path).await.status, 200);
                }
                Ok(())
            })
        })
        .unwrap();
}
