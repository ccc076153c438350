//! Other handhelds on the same network: listening, finding, calling. A thread of its own carries bytes; what they say is
//! for the worker, which is asked at every turn.

mod discovery;
mod frame;
mod session;
mod tls;

use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use documents::{PublicKey, SigningKey};
use protocol::{Judge, PeerRefusal};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::worker::ToWorker;
use discovery::Discovery;

/// Connections of neighbours at one time; a further one waits to be accepted.
const CONNECTIONS_MAX: usize = 4;
/// Addresses of one neighbour that are tried.
const ADDRESSES_MAX: usize = 8;

/// Secret of a set-up QR.
pub type SetUpSecret = [u8; 16];

/// Who this device is to its neighbours.
#[derive(Debug, Clone)]
pub struct Own {
    /// Proved in each handshake.
    pub key: SigningKey,
    /// Signed by the server.
    pub certificate: Vec<u8>,
    /// What people call it.
    pub name: String,
    /// Who is let in.
    pub judge: Judge,
}

impl Own {
    fn tag(&self) -> String {
        Judge::tag(self.judge.organisation)
    }
}

/// As whom a neighbour is called.
#[derive(Debug, Clone)]
pub enum Caller {
    /// As one of the organisation.
    Certified(Arc<Own>),
    /// As a handheld that is to be set up.
    New {
        /// Just made.
        key: Box<SigningKey>,
        /// From the neighbour's QR.
        secret: SetUpSecret,
    },
}

/// A neighbour to call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Tried in order until one connects.
    pub addresses: Vec<SocketAddr>,
    /// What it must prove to hold.
    pub key: PublicKey,
    /// As whom.
    pub caller: Caller,
}

/// Why an exchange with a neighbour ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// No connection, or it broke, or it took too long.
    #[error("the neighbour does not answer")]
    Unreachable,
    /// It does not hold the key that it was announced with.
    #[error("another device answers")]
    KeyWrong,
    /// It said what no neighbour says.
    #[error("the neighbour's message cannot be read")]
    Malformed,
    /// One of both does not take the other.
    #[error("refused: {0:?}")]
    Refused(PeerRefusal),
}

impl PeerError {
    /// Code of the sentence that people read.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable => "peer-unreachable",
            Self::KeyWrong => PeerRefusal::Stranger.code(),
            Self::Malformed => PeerRefusal::Malformed.code(),
            Self::Refused(refusal) => refusal.code(),
        }
    }
}

/// What the worker is told.
#[derive(Debug)]
pub enum PeerNews {
    /// Neighbours are listened for here; empty: no more.
    Listening(Vec<SocketAddr>),
    /// Somebody of this organisation announces itself.
    Found {
        key: PublicKey,
        addresses: Vec<SocketAddr>,
    },
    /// A turn of an exchange.
    Turn(Turn),
    /// An exchange is over.
    Ended {
        key: PublicKey,
        /// What people call it; empty if it never said.
        name: String,
        /// Whether this device called.
        called: bool,
        result: Result<(), PeerError>,
    },
}

/// The worker is asked what to say.
#[derive(Debug)]
pub struct Turn {
    /// What people call the neighbour.
    pub name: String,
    pub kind: TurnKind,
    /// `None`: nothing more is to be said.
    pub reply: oneshot::Sender<Option<Vec<u8>>>,
}

/// What came, if anything.
#[derive(Debug)]
pub enum TurnKind {
    /// This device called and speaks first.
    Begin,
    /// A [`protocol::PeerMessage`] in answer to this device's.
    Answered(Vec<u8>),
    /// A [`protocol::PeerMessage`] of a neighbour that called.
    Asked(Vec<u8>),
    /// The same of a handheld that is set up: it may read, and nothing is taken from it.
    AskedByNew(Vec<u8>),
    /// The exchange is done: this device called and speaks first of keys.
    BeginKeys,
    /// A [`protocol::peer_keys::PeerKeys`] in answer to this device's.
    KeysAnswered(Vec<u8>),
    /// A [`protocol::peer_keys::PeerKeys`] of a neighbour that called.
    KeysAsked(Vec<u8>),
    /// A handheld with the secret of this device's QR wants its [`protocol::SetUp`].
    SetUpAsked,
    /// A [`protocol::SetUp`] for this device; the reply begins the exchange.
    SetUp(Vec<u8>, Box<SigningKey>),
}

/// What connections share with the worker.
#[derive(Default)]
struct Shared {
    own: Mutex<Option<Arc<Own>>>,
    secret: Mutex<Option<SetUpSecret>>,
}

/// What a mutex holds; a thread that panicked leaves it whole.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

enum Command {
    Serve(Option<Arc<Own>>),
    Call(Box<Call>),
}

/// The thread, as the worker sees it.
pub struct Peers {
    commands: UnboundedSender<Command>,
    shared: Arc<Shared>,
}

impl Peers {
    /// Starts the thread; nothing listens yet. `listen`: where, once it is wanted; `None`: never, it only calls. The
    /// thread ends when this is dropped.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(listen: Option<SocketAddr>, to_worker: Sender<ToWorker>) -> std::io::Result<Self> {
        let (commands, queue) = unbounded_channel();
        let shared = Arc::<Shared>::default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let server = Server {
            listen,
            shared: shared.clone(),
            to_worker,
        };
        std::thread::Builder::new()
            .name("neighbours".to_owned())
            .spawn(move || runtime.block_on(server.run(queue)))?;
        Ok(Self { commands, shared })
    }

    /// Listens and announces as this device, or stops both.
    pub fn serve(&self, own: Option<Arc<Own>>) {
        // A thread that has ended serves nobody.
        let _ = self.commands.send(Command::Serve(own));
    }

    /// Sets up one handheld that knows this secret, or none.
    pub fn offer(&self, secret: Option<SetUpSecret>) {
        *locked(&self.shared.secret) = secret;
    }

    /// Exchanges with a neighbour; the end is told as [`PeerNews::Ended`].
    pub fn call(&self, call: Call) {
        let _ = self.commands.send(Command::Call(Box::new(call)));
    }
}

struct Server {
    listen: Option<SocketAddr>,
    shared: Arc<Shared>,
    to_worker: Sender<ToWorker>,
}

/// Ends with what it holds: the task is aborted, the announcement taken back.
struct Serving {
    accepting: JoinHandle<()>,
    _discovery: Option<Discovery>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Server {
    async fn run(self, mut queue: UnboundedReceiver<Command>) {
        let mut serving: Option<Serving> = None;
        while let Some(command) = queue.recv().await {
            match command {
                Command::Call(call) => {
                    tokio::spawn(session::call(*call, self.to_worker.clone()));
                }
                Command::Serve(own) => {
                    // Connections that are open already are judged by what is known now, too.
                    *locked(&self.shared.own) = own.clone();
                    match own {
                        None => {
                            serving = None;
                            self.tell(PeerNews::Listening(Vec::new()));
                        }
                        Some(_) if serving.is_some() => {}
                        Some(own) => serving = self.serve(&own).await,
                    }
                }
            }
        }
    }

    async fn serve(&self, own: &Own) -> Option<Serving> {
        let bound = match TcpListener::bind(self.listen?).await {
            Ok(listener) => listener.local_addr().map(|at| (listener, at)),
            Err(error) => Err(error),
        };
        let (listener, at) = match bound {
            Ok(bound) => bound,
            Err(error) => {
                tracing::warn!(%error, "cannot listen for neighbours");
                return None;
            }
        };
        let discovery = Discovery::start(own, at, self.to_worker.clone());
        if let Err(error) = &discovery {
            tracing::warn!(%error, "neighbours are not found by themselves");
        }
        self.tell(PeerNews::Listening(reachable_at(at)));
        let (shared, to_worker) = (self.shared.clone(), self.to_worker.clone());
        let accepting = tokio::spawn(accept(listener, shared, to_worker));
        Some(Serving {
            accepting,
            _discovery: discovery.ok(),
        })
    }

    fn tell(&self, news: PeerNews) {
        // A worker that has ended needs no news.
        let _ = self.to_worker.send(ToWorker::Peer(news));
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, to_worker: Sender<ToWorker>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    while let Ok(place) = places.clone().acquire_owned().await {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of files, or the connection was gone already.
                tracing::debug!(%error, "a connection was not accepted");
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                continue;
            }
        };
        let answering = session::answer(stream, shared.clone(), to_worker.clone());
        tokio::spawn(async move {
            answering.await;
            drop(place);
        });
    }
}

/// Addresses that others can reach this machine at, for the QR.
fn reachable_at(at: SocketAddr) -> Vec<SocketAddr> {
    if !at.ip().is_unspecified() {
        return vec![at];
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<SocketAddr> = interfaces
        .iter()
        .filter(|i| !i.is_loopback() && i.is_oper_up())
        .map(if_addrs::Interface::ip)
        .filter(IpAddr::is_ipv4)
        .map(|ip| SocketAddr::new(ip, at.port()))
        .collect();
    addresses.sort_unstable();
    addresses.truncate(ADDRESSES_MAX);
    addresses
}
