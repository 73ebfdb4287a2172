//! Multipart forms that end early, repeat themselves or contain too much.

use crate::routes::{Operation, operations};
use crate::support::request;
use crate::world::World;

const FILE: &str = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\ncontent\r\n";

async fn upload(world: &World, operation: &Operation, content_type: &str, body: impl Into<Vec<u8>>) -> u16 {
    let headers = [("content-type", content_type)];
    let request = request(&operation.method, &operation.path(&world.ids), &headers, body.into());
    world.attack("upload", request).await.status.as_u16()
}

fn forms() -> Vec<Operation> {
    let forms: Vec<Operation> = operations().into_iter().filter(|operation| operation.takes_form).collect();
    assert!(!forms.is_empty());
    forms
}

fn field(name: &str, value: &str) -> String {
    format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

pub(crate) async fn forms_that_are_cut_off_anywhere(world: World) {
    let form = format!("{FILE}{}--b--\r\n", field("expiresAt", "2098-01-01"));
    for operation in forms() {
        // The last line break may be missing.
        for end in 0..form.len() - 4 {
            let part = form.as_bytes().get(..end).unwrap();
            assert_eq!(upload(&world, &operation, "multipart/form-data; boundary=b", part).await, 400, "{end}");
        }
    }
}

pub(crate) async fn forms_that_are_wrong(world: World) {
    let close = "--b--\r\n";
    let long_name =
        format!("--b\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\nx\r\n{close}", "n".repeat(100_000));
    let many_headers = format!("--b\r\n{}\r\nx\r\n{close}", "X: y\r\n".repeat(20_000));
    for operation in forms() {
        for body in [
            String::new(),
            close.to_owned(),
            format!("{FILE}{FILE}{close}"),
            format!("{}{close}", field("title", "x")),
            format!("{}{close}", field("file", "no file")),
            format!("{FILE}{}{close}", field("expiresAt", "yesterday")),
            format!("{FILE}{}{close}", field("expiresAt", "2000-01-01")),
            "--b\r\nContent-Disposition: form-data; name=\"x\"; filename=\"a\"\r\n\r\n\r\n--b--\r\n".to_owned(),
            "--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b--\r\n".to_owned(),
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\nContent-Type: \r\n\r\n\r\n"
                .to_owned(),
            long_name.clone(),
            many_headers.clone(),
            "--b\r\n".repeat(10_000),
        ] {
            let status = upload(&world, &operation, "multipart/form-data; boundary=b", body.clone()).await;
            let shown: String = body.chars().take(200).collect();
            assert!((400..500).contains(&status), "{status}: {shown}");
        }
        for content_type in
            ["multipart/form-data; boundary=", "multipart/form-data", "multipart/mixed; boundary=b", "multipart/x"]
        {
            let form = format!("{FILE}{close}");
            let status = upload(&world, &operation, content_type, form).await;
            assert!((400..500).contains(&status) || status == 201, "{content_type}: {status}");
        }
        let odd_name =
            b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\xff/../\0a\"\r\n\r\nx\r\n--b--\r\n";
        upload(&world, &operation, "multipart/form-data; boundary=b", *odd_name).await;
        let odd_text = b"--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n\xff\xfe\r\n--b--\r\n";
        upload(&world, &operation, "multipart/form-data; boundary=b", [FILE.as_bytes(), odd_text].concat()).await;
    }
}

pub(crate) async fn files_that_are_too_large(world: World) {
    for operation in forms() {
        for (size, expected) in [(10 * 1024 * 1024 + 1, 400), (17 * 1024 * 1024, 413)] {
            let file = FILE.replace("content", &"x".repeat(size));
            let status =
                upload(&world, &operation, "multipart/form-data; boundary=b", format!("{file}--b--\r\n")).await;
            assert_eq!(status, expected, "{size} bytes");
        }
    }
}
