use std::time::Instant;

use anyhow::{Context as _, ensure};
use reqwest::multipart::{Form, Part};
use serde_json::{Map, Value};

use crate::clock::median;
use crate::pair::{Pair, Place};
use crate::report::Row;

/// The size used since the first measurement, so that the figures can be compared.
const MEBIBYTES: usize = 7;

/// Upload and download of a large file.
#[expect(clippy::cast_precision_loss, reason = "a handful")]
pub(crate) async fn files(place: &Place<'_>) -> anyhow::Result<Vec<Row>> {
    let pair = Pair::start(place, "files", Map::new()).await?;
    let url = pair.a.connector.url().context("the Connector is down")?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let content: Vec<u8> = (0..MEBIBYTES * 1024 * 1024).map(|index| (index % 251) as u8).collect();
    let content = bytes::Bytes::from(content);
    let (mut up, mut down) = (Vec::new(), Vec::new());
    for _ in 0..place.count(7, 1) {
        let part = Part::stream_with_length(content.clone(), content.len() as u64).file_name("measured.bin");
        let form = Form::new().part("file", part.mime_str("application/octet-stream")?).text("title", "measured");
        let started = Instant::now();
        let request =
            client.post(format!("{url}/api/core/v1/Files/Own")).header("x-api-key", pair.a.connector.api_key());
        let response = request.multipart(form).send().await?;
        let status = response.status();
        let answer = response.text().await?;
        ensure!(status == 201, "the upload was answered with {status}: {answer}");
        let file: Value = serde_json::from_str(&answer)?;
        up.push(MEBIBYTES as f64 / started.elapsed().as_secs_f64());

        let id = file["result"]["id"].as_str().context("a File without id")?;
        let started = Instant::now();
        let request = client.get(format!("{url}/api/core/v1/Files/{id}/Download"));
        let loaded = request.header("x-api-key", pair.a.connector.api_key()).send().await?.bytes().await?;
        down.push(MEBIBYTES as f64 / started.elapsed().as_secs_f64());
        ensure!(loaded == content, "another content was loaded");
    }
    pair.end().await?;
    let row = |what: &str, values| Row::new(what, place.name, format!("{:.0} MiB/s", median(values)));
    Ok(vec![row("file of 7 MiB up", up), row("file of 7 MiB down", down)])
}
