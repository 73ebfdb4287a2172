//! File names in the forms of many clients.

use serde_json::json;

use crate::support::{Answer, account, call, post, production};

async fn upload(router: &axum::Router, disposition: &[u8]) -> Answer {
    let body = [b"--b\r\n", disposition, b"\r\nContent-Type: text/plain\r\n\r\ncontent\r\n--b--\r\n"].concat();
    post(router, "/api/core/v1/Files/Own", "multipart/form-data; boundary=b", body).await
}

#[tokio::test]
async fn files_are_called_as_their_senders_meant_it() {
    let router = production(&account::open().await, json!({}));
    for (disposition, expected) in [
        (&b"Content-Disposition: form-data; name=\"file\"; filename=\"../../etc/passwd\""[..], "passwd"),
        (b"Content-Disposition: form-data; name=\"file\"; filename=\"C:\\fakepath\\x.txt\"", "x.txt"),
        (b"Content-Disposition: form-data; name=\"file\"; filename=\"a/b/c.txt\"", "c.txt"),
        (b"content-disposition: Form-Data; Name=\"file\"; FileName=\"a.txt\"", "a.txt"),
        (b"Content-Disposition: form-data; name=file; filename*=UTF-8''%C3%A4.txt", "\u{e4}.txt"),
        (b"Content-Disposition: form-data; name=file; filename=_.txt; filename*=utf-8''%C3%A4.txt", "\u{e4}.txt"),
        (b"Content-Disposition: form-data; name=\"file\"; filename=\"=?utf-8?B?w6QudHh0?=\"", "\u{e4}.txt"),
        (b"Content-Disposition: form-data; name=\"file\"; filename=\"\xe4.txt\"", "\u{e4}.txt"),
        (b"Content-Disposition: form-data; name=\"file\"; filename=\"\xc3\xa4.txt\"", "\u{e4}.txt"),
        (b"Content-Disposition: form-data; name=\"file\"; filename=\"a%22b.txt\"", "a\"b.txt"),
    ] {
        let shown = String::from_utf8_lossy(disposition);
        let created = upload(&router, disposition).await;
        assert_eq!(created.status, 201, "{shown}");
        let file = created.json()["result"].clone();
        assert_eq!((&file["filename"], &file["mimetype"]), (&json!(expected), &json!("text/plain")), "{shown}");
        let path = format!("/api/core/v1/Files/{}/Download", file["id"].as_str().unwrap());
        assert_eq!(call(&router, "GET", &path, &[]).await.body, b"content", "{shown}");
    }
}

#[tokio::test]
async fn a_file_without_a_name_is_none() {
    let router = production(&account::open().await, json!({}));
    for filename in ["", "..", ".", "/", "C:\\", "../.."] {
        let disposition = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{filename}\"");
        let refused = upload(&router, disposition.as_bytes()).await;
        let message = refused.json()["error"]["message"].clone();
        assert_eq!(
            (refused.status.as_u16(), refused.code().as_str(), message),
            (400, "error.runtime.validation.invalidPropertyValue", json!("must have required property 'content'")),
            "{filename:?}"
        );
    }
}
