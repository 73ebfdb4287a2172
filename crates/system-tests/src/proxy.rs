//! A proxy that records requests, and disturbs them on demand.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::disturbance::{Disturbance, Trouble, page};

/// A request that came through, whether or not it was answered.
#[derive(Debug, Clone)]
pub struct RecordedRequest {
    /// Method.
    pub method: Method,
    /// Path without query.
    pub path: String,
    /// Body as received.
    pub body: Bytes,
}

/// A proxy in front of a server, at an address that stays while the server stops and starts; it keeps the bodies of all
/// requests. If the server breaks a connection, so does the proxy: the client sees what it would see without it.
#[derive(Debug)]
pub struct RecordingProxy {
    address: SocketAddr,
    records: Records,
    disturbance: Arc<Mutex<Option<Disturbance>>>,
    server: JoinHandle<()>,
}

type Records = Arc<Mutex<Vec<RecordedRequest>>>;

impl RecordingProxy {
    /// Starts one in front of the port.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn start(port: watch::Receiver<Option<u16>>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let records = Records::default();
        let disturbance = Arc::default();
        let upstream = Upstream {
            http: reqwest::Client::builder().no_proxy().build()?,
            port,
            records: Arc::clone(&records),
            disturbance: Arc::clone(&disturbance),
            disturbed: Arc::default(),
        };
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, upstream.clone()));
            }
        });
        Ok(Self { address, records, disturbance, server })
    }

    /// The base URL of the server for its clients. `localhost`, because addresses of Identities contain the host name.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    /// Disturbs requests from now on.
    pub fn disturb(&self, disturbance: Disturbance) {
        *self.disturbance.lock().unwrap_or_else(PoisonError::into_inner) = Some(disturbance);
    }

    /// Ends the disturbance.
    pub fn calm(&self) {
        *self.disturbance.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The requests with a body so far.
    #[must_use]
    pub fn recorded(&self) -> Vec<RecordedRequest> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for RecordingProxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[derive(Clone)]
struct Upstream {
    http: reqwest::Client,
    port: watch::Receiver<Option<u16>>,
    records: Records,
    disturbance: Arc<Mutex<Option<Disturbance>>>,
    /// Counts the requests that a disturbance applies to.
    disturbed: Arc<AtomicU32>,
}

async fn serve(stream: TcpStream, upstream: Upstream) {
    let service = service_fn(|request| {
        let upstream = upstream.clone();
        async move { upstream.forward(request).await }
    });
    // An error of the service breaks the connection, as intended.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

impl Upstream {
    async fn forward(&self, request: Request<Incoming>) -> anyhow::Result<Response<Full<Bytes>>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        if !body.is_empty() {
            let record =
                RecordedRequest { method: parts.method.clone(), path: parts.uri.path().to_owned(), body: body.clone() };
            self.records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
        }
        let trouble = self.trouble(&parts.method, parts.uri.path());
        match trouble {
            Some(Trouble::Refused(status)) => return Ok(page(status)),
            Some(Trouble::Page) => return Ok(page(200)),
            Some(Trouble::Lost) => bail!("the request is lost"),
            Some(Trouble::Late(delay)) => tokio::time::sleep(delay).await,
            Some(Trouble::AnswerReplaced(_) | Trouble::Cut) | None => {}
        }
        let port = (*self.port.borrow()).context("the server is down")?;
        let mut headers = parts.headers;
        for name in [HOST, CONNECTION, TRANSFER_ENCODING] {
            headers.remove(name);
        }
        let url = format!("http://127.0.0.1:{port}{}", parts.uri);
        let answer = self.http.request(parts.method, url).headers(headers).body(body).send().await?;
        let mut response = Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            if name != CONNECTION && name != TRANSFER_ENCODING {
                response = response.header(name, value);
            }
        }
        let bytes = answer.bytes().await?;
        match trouble {
            Some(Trouble::AnswerReplaced(status)) => Ok(page(status)),
            Some(Trouble::Cut) => bail!("the answer is cut off"),
            _ => Ok(response.body(Full::new(bytes))?),
        }
    }

    fn trouble(&self, method: &Method, path: &str) -> Option<Trouble> {
        let disturbance = *self.disturbance.lock().unwrap_or_else(PoisonError::into_inner);
        let disturbance = disturbance.filter(|disturbance| disturbance.is_about(method, path))?;
        let number = self.disturbed.fetch_add(1, Ordering::Relaxed);
        number.is_multiple_of(disturbance.one_of.max(1)).then_some(disturbance.trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn records_passes_on_and_breaks_off() -> anyhow::Result<()> {
        let router =
            axum::Router::new().fallback(|method: Method, body: String| async move { format!("{method} {body}") });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = watch::Sender::new(Some(listener.local_addr()?.port()));
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        let proxy = RecordingProxy::start(port.subscribe()).await?;
        let client = reqwest::Client::builder().no_proxy().build()?;

        let answer = client.post(format!("{}/a/b?c=d", proxy.url())).body("text").send().await?;
        assert_eq!(answer.text().await?, "POST text");
        client.get(proxy.url()).send().await?;
        let recorded = proxy.recorded();
        assert_eq!(recorded.len(), 1);
        assert_eq!((recorded[0].path.as_str(), recorded[0].body.as_ref()), ("/a/b", b"text".as_slice()));

        port.send_replace(None);
        let broken = client.post(proxy.url()).body("lost").send().await;
        assert!(broken.is_err());
        assert_eq!(proxy.recorded().len(), 2);
        server.abort();
        Ok(())
    }
}
