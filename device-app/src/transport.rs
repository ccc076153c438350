//! POSTs to the hub, on a thread of its own. It knows nothing of what is sent; it tells apart why nothing came back.

mod live;
mod pinned;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use protocol::{MEDIA_TYPE, REPLY_BYTES_MAX, Refusal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub use live::{LiveLine, LiveNews, LiveTell};

/// Where a hub is and how it is recognised.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Server {
    /// Without a slash at the end.
    pub url: String,
    /// SHA-256 of its TLS certificate, where no authority vouches for it.
    pub fingerprint: Option<[u8; 32]>,
}

impl Server {
    /// Whether the address can be used: https, or plain http to this machine itself.
    pub fn is_well_formed(&self) -> bool {
        let Ok(url) = reqwest::Url::parse(&self.url) else {
            return false;
        };
        match url.scheme() {
            "https" => url.has_host(),
            "http" => matches!(
                url.host_str(),
                Some("localhost" | "127.0.0.1" | "[::1]" | "::1")
            ),
            _ => false,
        }
    }
}

/// One request.
#[derive(Debug)]
pub struct Post {
    pub server: Server,
    /// Begins with a slash.
    pub path: &'static str,
    /// The bearer token, once enrolled.
    pub token: Option<String>,
    pub body: Vec<u8>,
}

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// No connection.
    #[error("the server does not answer")]
    Unreachable,
    /// There was a connection, and it broke or took too long.
    #[error("the line to the server broke")]
    Cut,
    /// Somebody answered who is not the hub: a captive portal or a proxy.
    #[error("the answer is not the server's")]
    NotTheServer,
    /// The certificate is not the pinned one.
    #[error("the server's certificate is not the enrolled one")]
    CertificateWrong,
    /// The address is none, or plain http to another machine.
    #[error("not a server address")]
    BadAddress,
    /// The hub said no.
    #[error("the server refused")]
    Refused(Refusal),
}

impl PostError {
    /// Code of the sentence that people read.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable | Self::Cut | Self::NotTheServer => "server-unreachable",
            Self::CertificateWrong => "server-certificate-wrong",
            Self::BadAddress => "enrol-url-malformed",
            Self::Refused(refusal) => refusal.code.code(),
        }
    }
}

/// What came back.
pub type Answer = Result<Vec<u8>, PostError>;

/// Carries requests out. Implementers owe: `done` is called once for each, from any thread.
pub trait Network: Send {
    fn post(&mut self, post: Post, done: Box<dyn FnOnce(Answer) + Send>);

    /// Whether it can hold a connection open.
    fn has_live(&self) -> bool {
        false
    }

    /// Opens one. Implementers owe: `tell` hears [`LiveNews::Opened`] or [`LiveNews::Closed`].
    fn open_live(&mut self, _server: Server, _token: String, _tell: LiveTell) -> Option<LiveLine> {
        None
    }
}

/// The real network: a thread with a runtime, and one client for each server.
pub struct HttpNetwork {
    jobs: UnboundedSender<Job>,
    runtime: tokio::runtime::Handle,
}

type Job = (Post, Box<dyn FnOnce(Answer) + Send>);

impl HttpNetwork {
    /// Starts the thread. It ends when this is dropped and what is under way is done.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let (jobs, queue) = unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let handle = runtime.handle().clone();
        std::thread::Builder::new()
            .name("network".to_owned())
            .spawn(move || runtime.block_on(run(queue)))?;
        Ok(Self {
            jobs,
            runtime: handle,
        })
    }
}

impl Network for HttpNetwork {
    fn post(&mut self, post: Post, done: Box<dyn FnOnce(Answer) + Send>) {
        if let Err(unsent) = self.jobs.send((post, done)) {
            (unsent.0.1)(Err(PostError::Unreachable));
        }
    }

    fn has_live(&self) -> bool {
        true
    }

    fn open_live(&mut self, server: Server, token: String, tell: LiveTell) -> Option<LiveLine> {
        server
            .is_well_formed()
            .then(|| live::open(&self.runtime, server, token, tell))
    }
}

async fn run(mut queue: UnboundedReceiver<Job>) {
    let mut clients: HashMap<Server, Client> = HashMap::new();
    while let Some((post, done)) = queue.recv().await {
        let client = match clients.get(&post.server) {
            Some(client) => client.clone(),
            None => match Client::new(&post.server) {
                Ok(client) => {
                    clients.insert(post.server.clone(), client.clone());
                    client
                }
                Err(error) => {
                    done(Err(error));
                    continue;
                }
            },
        };
        if post.path == protocol::BLOB_PATH {
            // A photo has a lane of its own: one that hangs must not hold up an exchange.
            tokio::spawn(async move { done(client.post(post).await) });
            continue;
        }
        // One at a time: the hub's answers move the cursor in order.
        done(client.post(post).await);
    }
}

#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    mismatch: Arc<AtomicBool>,
}

impl Client {
    fn new(server: &Server) -> Result<Self, PostError> {
        if !server.is_well_formed() {
            return Err(PostError::BadAddress);
        }
        let mismatch = Arc::new(AtomicBool::new(false));
        let mut builder = reqwest::Client::builder()
            // A captive portal redirects; following it would hand our bytes to it.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(Duration::from_secs(15))
            .timeout(Duration::from_secs(90))
            .tcp_keepalive(Duration::from_secs(20));
        if server.url.starts_with("http://") {
            // Only to this machine itself, and a proxy must not carry that elsewhere.
            builder = builder.no_proxy();
        }
        if let Some(fingerprint) = server.fingerprint {
            let config = pinned::client_config(fingerprint, mismatch.clone())
                .map_err(|_| PostError::Unreachable)?;
            builder = builder.tls_backend_preconfigured(config);
        }
        let http = builder.build().map_err(|error| {
            tracing::error!(%error, "no HTTP client");
            PostError::Unreachable
        })?;
        Ok(Self { http, mismatch })
    }

    async fn post(&self, post: Post) -> Answer {
        self.mismatch.store(false, Ordering::Relaxed);
        let mut request = self
            .http
            .post(format!("{}{}", post.server.url, post.path))
            .header("content-type", MEDIA_TYPE)
            .body(post.body);
        if let Some(token) = &post.token {
            request = request.bearer_auth(token);
        }
        let mut response = request.send().await.map_err(|error| {
            let is_connected = !error.is_connect();
            tracing::debug!(error = %error.without_url(), "no answer");
            if self.mismatch.load(Ordering::Relaxed) {
                PostError::CertificateWrong
            } else if is_connected {
                PostError::Cut
            } else {
                PostError::Unreachable
            }
        })?;
        let status = response.status();
        let ours = response
            .headers()
            .get("content-type")
            .is_some_and(|t| t.as_bytes().starts_with(MEDIA_TYPE.as_bytes()));
        if !ours {
            return Err(if status.is_server_error() {
                PostError::Unreachable
            } else {
                PostError::NotTheServer
            });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| PostError::Cut)? {
            // One segment may pass the limit that we asked for; nothing honest is four times as large.
            if body.len() + chunk.len() > 4 * REPLY_BYTES_MAX {
                return Err(PostError::NotTheServer);
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return Ok(body);
        }
        Err(match Refusal::from_bytes(&body) {
            Ok(refusal) => PostError::Refused(refusal),
            Err(_) => PostError::NotTheServer,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_only_to_this_machine() {
        for (url, expected) in [
            ("https://10.0.0.5:8443", true),
            ("https://warehouse.example", true),
            ("http://127.0.0.1:8080", true),
            ("http://localhost:8080", true),
            ("http://[::1]:8080", true),
            ("http://10.0.0.5", false),
            ("ftp://10.0.0.5", false),
            ("10.0.0.5:80", false),
            ("", false),
        ] {
            let server = Server {
                url: url.to_owned(),
                fingerprint: None,
            };
            assert_eq!(server.is_well_formed(), expected, "{url}");
        }
    }
}
