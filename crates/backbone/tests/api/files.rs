use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::support::{Answer, Device, Server, database, pass, within};

const BOUNDARY: &str = "multipart-boundary";

/// Uploads a file of these fields; `content` is a file part.
async fn upload_fields(device: &Device, content: &[u8], fields: &[(&str, &str)]) -> Answer {
    let mut body = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"content\"; filename=\"cipher.bin\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(content);
    for (name, value) in fields {
        let part = format!("\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}");
        body.extend_from_slice(part.as_bytes());
    }
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    let request =
        Request::post("/api/v2/Files").header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"));
    device.send(request.body(Body::from(body)).unwrap()).await
}

const FIELDS: [(&str, &str); 5] = [
    ("cipherHash", "AAAA"),
    ("owner", "somebody"),
    ("ownerSignature", "BBBB"),
    ("expiresAt", "2026-01-01T00:10:00.000Z"),
    ("encryptedProperties", "CCCC"),
];

async fn upload(device: &Device) -> (String, String) {
    let answer = upload_fields(device, b"cipher", &FIELDS).await.result(201);
    let text = |member: &str| answer[member].as_str().unwrap().to_owned();
    (text("id"), text("ownershipToken"))
}

fn path(id: &str, rest: &str) -> String {
    format!("/Files/{id}{rest}")
}

#[tokio::test]
async fn keeps_content_and_metadata() {
    let server = Server::start().await;
    let (owner, other) = (server.identity().await, server.identity().await);
    let created = upload_fields(&owner, b"\x00\xffcipher", &FIELDS).await.result(201);
    assert_eq!(created["owner"], owner.address.as_str());
    assert_eq!(created["cipherSize"], 8);
    assert_eq!(created["ownershipToken"].as_str().unwrap().len(), 20);
    let id = created["id"].as_str().unwrap();
    let content = other.get(&path(id, "")).await;
    assert_eq!((content.status, content.body.as_ref()), (200, b"\x00\xffcipher".as_slice()));
    assert_eq!(content.headers["content-type"], "application/octet-stream");
    let metadata = other.get(&path(id, "/Metadata")).await.result(200);
    assert_eq!(
        metadata,
        json!({
            "id": id, "createdAt": "2026-01-01T00:00:00.000Z", "createdBy": owner.address, "createdByDevice": owner.id,
            "modifiedAt": "2026-01-01T00:00:00.000Z", "modifiedBy": owner.address, "modifiedByDevice": owner.id,
            "deletedAt": null, "deletedBy": null, "deletedByDevice": null, "owner": owner.address, "ownerSignature": "BBBB",
            "ownershipIsLocked": false, "cipherSize": 8, "cipherHash": "AAAA", "expiresAt": "2026-01-01T00:10:00.000Z",
            "encryptedProperties": "CCCC",
        })
    );
    assert_eq!(owner.get("/Files").await.result(200), json!([metadata]));
    assert_eq!(other.get(&format!("/Files?ids={id}")).await.result(200), json!([]));
    server.anonymous().get(&path(id, "")).await.is_empty_with(401);
}

#[tokio::test]
async fn contents_of_every_length_come_back_as_they_were() {
    let server = Server::start().await;
    let device = server.identity().await;
    let piece = 256 * 1024;
    for length in [1, piece - 1, piece, piece + 1, 3 * piece, 5 * 1024 * 1024 + 7] {
        let content: Vec<u8> = (0_usize..length).map(|index| (index * 31 + index / 251).to_le_bytes()[0]).collect();
        let created = upload_fields(&device, &content, &FIELDS).await.result(201);
        assert_eq!(created["cipherSize"], length);
        let answer = device.get(&path(created["id"].as_str().unwrap(), "")).await;
        assert_eq!(answer.headers["content-length"], length.to_string().as_str());
        assert!(answer.body == content, "{length}");
    }
}

/// As a former version has left it, with the whole content in one place.
#[tokio::test]
async fn contents_of_former_versions_are_read_and_removed() {
    let server = Server::start().await;
    let mut device = server.identity().await;
    let id = upload(&device).await.0;
    let mut database = database(&server).await;
    for statement in [
        "INSERT INTO file_contents (file, content) SELECT file, x'00ff' || content FROM file_pieces",
        "UPDATE files SET cipher_size = 8",
        "DELETE FROM file_pieces",
    ] {
        sqlx::query(statement).execute(&mut database).await.unwrap();
    }
    assert_eq!(device.get(&path(&id, "")).await.body.as_ref(), b"\x00\xffcipher");
    pass(&server, 31 * 24 * 3600);
    device.log_in().await;
    server.backbone.maintain().await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM file_contents").fetch_one(&mut database).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_stalled_download_does_not_delay_others() {
    let server = Server::start().await;
    let device = server.identity().await;
    let content = vec![1; 15 * 1024 * 1024];
    let id = upload_fields(&device, &content, &FIELDS).await.id(201);
    // More than would fit into what one Identity may have of the memory.
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(within(device.begin(&path(&id, ""))).await);
    }
    assert!(within(device.get(&path(&id, ""))).await.body == content);
    drop(silent);
}

#[tokio::test]
async fn refuses_bad_uploads() {
    let server = Server::start().await;
    let device = server.identity().await;
    let with = |name: &'static str, value: &'static str| {
        let mut fields = FIELDS;
        fields.iter_mut().filter(|field| field.0 == name).for_each(|field| field.1 = value);
        fields
    };
    let empty = upload_fields(&device, b"", &FIELDS).await.json(400);
    assert_eq!(empty["error"]["code"], "InclusiveBetweenValidator");
    let large = upload_fields(&device, &vec![0; 15 * 1024 * 1024 + 1], &FIELDS).await.json(400);
    assert_eq!(large["error"]["code"], "InclusiveBetweenValidator");
    upload_fields(&device, &vec![0; 15 * 1024 * 1024], &FIELDS).await.result(201);
    upload_fields(&device, &vec![0; 20 * 1024 * 1024], &FIELDS).await.fails(400, "requestBodyTooLarge");
    for fields in [with("cipherHash", ""), with("ownerSignature", ""), with("expiresAt", "2026-01-01T00:00:00.000Z")] {
        upload_fields(&device, b"x", &fields).await.fails(400, "validation.invalidPropertyValue");
    }
    for fields in [with("cipherHash", "%"), with("expiresAt", "soon"), with("encryptedProperties", "%")] {
        upload_fields(&device, b"x", &fields).await.fails(400, "inputCannotBeParsed");
    }
    upload_fields(&device, b"x", &FIELDS[1..]).await.fails(400, "inputCannotBeParsed");
    device.post("/Files", json!({})).await.fails(400, "inputCannotBeParsed");
}

#[tokio::test]
async fn expired_and_deleted_files_are_gone_for_everyone() {
    let server = Server::start().await;
    let (mut owner, other) = (server.identity().await, server.identity().await);
    let ((deleted, _), (expired, _)) = (upload(&owner).await, upload(&owner).await);
    other.delete(&path(&deleted, "")).await.fails(403, "forbidden");
    owner.delete(&path(&deleted, "")).await.is_empty_with(204);
    for rest in ["", "/metadata"] {
        owner.get(&path(&deleted, rest)).await.fails(404, "recordNotFound");
    }
    pass(&server, 600);
    owner.log_in().await;
    for rest in ["", "/metadata"] {
        owner.get(&path(&expired, rest)).await.fails(404, "recordNotFound");
    }
    owner.delete(&path(&expired, "")).await.fails(404, "recordNotFound");
    assert_eq!(owner.get("/Files").await.result(200), json!([]));
}

#[tokio::test]
async fn the_right_token_hands_the_file_over() {
    let server = Server::start().await;
    let (owner, other) = (server.identity().await, server.identity().await);
    owner.create_datawallet().await;
    let (id, token) = upload(&owner).await;
    let claim = path(&id, "/ClaimOwnership");
    let own = owner.patch(&claim, json!({"ownershipToken": token})).await;
    own.fails(400, "validation.file.cannotClaimOwnershipOfOwnFile");
    other.patch(&path(&id, "/RegenerateOwnershipToken"), json!({})).await.fails(403, "forbidden");
    let new = other.patch(&claim, json!({"ownershipToken": token})).await.result(200)["newOwnershipToken"].clone();
    assert_ne!(new, json!(token));
    assert_eq!(owner.get(&path(&id, "/metadata")).await.result(200)["owner"], other.address.as_str());
    let payload = json!({"fileId": id, "newOwnerAddress": other.address});
    assert_eq!(owner.sync().await, [("FileOwnershipClaimed".to_owned(), payload)]);
    let validate = path(&id, "/ValidateOwnershipToken");
    assert_eq!(other.post(&validate, json!({"ownershipToken": new})).await.result(200)["isValid"], true);
    // The creator may still delete what is no longer its own.
    owner.delete(&path(&id, "")).await.is_empty_with(204);
}

#[tokio::test]
async fn a_wrong_token_locks_until_the_owner_makes_a_new_one() {
    let server = Server::start().await;
    let (owner, other) = (server.identity().await, server.identity().await);
    owner.create_datawallet().await;
    let (id, token) = upload(&owner).await;
    let (claim, validate) = (path(&id, "/ClaimOwnership"), path(&id, "/ValidateOwnershipToken"));
    let is_valid = async |device: &Device, token: &str| {
        device.post(&validate, json!({"ownershipToken": token})).await.result(200)["isValid"] == true
    };
    assert!(is_valid(&other, &token).await);
    assert!(!is_valid(&owner, "wrong").await);
    assert!(is_valid(&owner, &token).await);
    other.patch(&claim, json!({"ownershipToken": "wrong"})).await.fails(403, "forbidden");
    other.patch(&claim, json!({"ownershipToken": token})).await.fails(403, "forbidden");
    assert!(!is_valid(&owner, &token).await);
    assert_eq!(owner.get(&path(&id, "/metadata")).await.result(200)["ownershipIsLocked"], true);
    assert_eq!(owner.sync().await, [("FileOwnershipLocked".to_owned(), json!({"fileId": id}))]);

    let new = owner.patch(&path(&id, "/RegenerateOwnershipToken"), json!({})).await.result(200);
    let new = new["newOwnershipToken"].as_str().unwrap();
    assert!(is_valid(&owner, new).await);
    assert!(!is_valid(&other, "wrong").await);
    assert!(!is_valid(&owner, new).await);
    other.patch(&claim, json!({"ownershipToken": ""})).await.fails(400, "validation.invalidPropertyValue");
}
