//! Serves a Backbone on a loopback port: `cargo run -p backbone --example serve -- [DATA_DIR] [PORT] [ADMIN_FILE]`.
//!
//! Clients use `http://localhost:PORT` with the OAuth client `test` and its secret `test`.

use std::error::Error;

use backbone::{Backbone, BackboneConfig, OAuthClient};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let data_dir = arguments.next().unwrap_or_else(|| "backbone-data".to_owned());
    let port = arguments.next().map_or(Ok(8090), |port| port.parse::<u16>())?;

    let mut config = BackboneConfig::new(data_dir, vec![OAuthClient::new("test", "test")]);
    config.notification_codes = vec!["TestCode".to_owned()];
    config.admin_file = arguments.next().map(Into::into);
    let backbone = Backbone::open(config).await?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let shutdown = CancellationToken::new();
    let on_signal = shutdown.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            on_signal.cancel();
        }
    });
    backbone.serve(listener, shutdown).await?;
    backbone.close().await;
    Ok(())
}
