//! One connection with a neighbour, from either side: handshake, hellos, turns.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use documents::{Partition, PublicKey, Role, SigningKey};
use protocol::peer::{PEER_FRAME_BYTES_MAX, PEER_HELLO_BYTES_MAX};
use protocol::{PeerFrame, PeerHello, PeerMessage, PeerRefusal};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::{
    Call, Caller, PeerError, PeerNews, SetUpSecret, Shared, Turn, TurnKind, frame, locked, tls,
};
use crate::worker::ToWorker;

const CONNECT: Duration = Duration::from_secs(5);
/// Handshake and hellos: a stranger holds a place no longer than this.
const ADMISSION: Duration = Duration::from_secs(10);
/// One frame in one direction, and one turn of the worker.
const FRAME: Duration = Duration::from_secs(30);
/// More turns no honest exchange needs: four gigabytes.
const TURNS_MAX: u32 = 10_000;

type Outcome<T> = Result<T, PeerError>;

impl From<io::Error> for PeerError {
    fn from(error: io::Error) -> Self {
        let inner = error.get_ref().and_then(|e| e.downcast_ref());
        match inner {
            Some(rustls::Error::InvalidCertificate(_)) => Self::KeyWrong,
            _ if error.kind() == io::ErrorKind::InvalidData => Self::Malformed,
            _ => Self::Unreachable,
        }
    }
}

impl From<tokio::time::error::Elapsed> for PeerError {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self::Unreachable
    }
}

/// Asks the worker what to say.
async fn turn(to: &Sender<ToWorker>, name: &str, kind: TurnKind) -> Outcome<Option<Vec<u8>>> {
    let (reply, answer) = oneshot::channel();
    let turn = Turn {
        name: name.to_owned(),
        kind,
        reply,
    };
    let busy = PeerError::Refused(PeerRefusal::Busy);
    to.send(ToWorker::Peer(PeerNews::Turn(turn)))
        .map_err(|_| busy)?;
    timeout(FRAME, answer).await?.map_err(|_| busy)
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), kind: PeerFrame, body: &[u8]) -> Outcome<()> {
    Ok(timeout(FRAME, frame::write(stream, kind, body)).await??)
}

/// The next frame, which must be of that kind.
async fn receive(
    stream: &mut (impl AsyncRead + Unpin),
    expected: PeerFrame,
    bytes_max: usize,
) -> Outcome<Vec<u8>> {
    match timeout(FRAME, frame::read(stream, bytes_max)).await?? {
        Some((kind, body)) if kind == expected => Ok(body),
        Some((PeerFrame::Refused, body)) => Err(match body.first() {
            Some(number) => {
                PeerRefusal::from_number(*number).map_or(PeerError::Malformed, PeerError::Refused)
            }
            None => PeerError::Malformed,
        }),
        Some(_) => Err(PeerError::Malformed),
        None => Err(PeerError::Unreachable),
    }
}

/// Calls a neighbour and exchanges until neither lacks anything.
pub(super) async fn call(call: Call, to_worker: Sender<ToWorker>) {
    let mut name = String::new();
    let result = exchange(&call, &to_worker, &mut name).await;
    let ended = PeerNews::Ended {
        key: call.key,
        name,
        called: true,
        result,
    };
    // A worker that has ended needs no news.
    let _ = to_worker.send(ToWorker::Peer(ended));
}

async fn exchange(call: &Call, to_worker: &Sender<ToWorker>, name: &mut String) -> Outcome<()> {
    let (key, hello) = match &call.caller {
        Caller::Certified(own) => (&own.key, hello(&own.certificate, None, &own.name)),
        Caller::New { key, secret } => (&**key, hello(&[], Some(*secret), "")),
    };
    let tcp = connect(&call.addresses).await?;
    let admission = async {
        let mut stream = handshake(tcp, key, call.key).await?;
        send(&mut stream, PeerFrame::Hello, &hello.to_bytes()).await?;
        let theirs = receive(&mut stream, PeerFrame::Hello, PEER_HELLO_BYTES_MAX).await?;
        let theirs = PeerHello::from_bytes(&theirs).map_err(|_| PeerError::Malformed)?;
        Ok::<_, PeerError>((stream, theirs))
    };
    let (mut stream, theirs) = timeout(ADMISSION, admission).await??;
    name.clone_from(&theirs.name);
    let mut counter = false;
    let begin = match &call.caller {
        Caller::Certified(own) => {
            // The key alone was announced or scanned; the server's word is what counts.
            let certificate = own
                .judge
                .admit(&theirs, &call.key)
                .map_err(PeerError::Refused)?;
            counter = certificate.role == Role::Counter;
            TurnKind::Begin
        }
        Caller::New { key, .. } => {
            let set_up = receive(&mut stream, PeerFrame::SetUp, PEER_HELLO_BYTES_MAX).await?;
            TurnKind::SetUp(set_up, key.clone())
        }
    };
    let mut next = turn(to_worker, name, begin).await?;
    let mut last = Vec::new();
    for _ in 0..TURNS_MAX {
        let Some(message) = next.take().filter(|m| *m != last) else {
            // The same again: what one has left out, it will leave out again.
            break;
        };
        send(&mut stream, PeerFrame::Exchange, &message).await?;
        let answer = receive(&mut stream, PeerFrame::Exchange, PEER_FRAME_BYTES_MAX).await?;
        last = message;
        let answer = heard(answer, counter);
        next = turn(to_worker, name, TurnKind::Answered(answer)).await?;
    }
    if matches!(call.caller, Caller::Certified(_)) && !counter {
        // One that knows no keys ends the connection, and what matters is exchanged already.
        if let Err(error) = exchange_keys(&mut stream, to_worker, name).await {
            tracing::info!(%error, "no keys of customers from a neighbour");
        }
    }
    Ok(())
}

/// Keys of customers, once neither lacks anything else.
async fn exchange_keys(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    to_worker: &Sender<ToWorker>,
    name: &str,
) -> Outcome<()> {
    let mut next = turn(to_worker, name, TurnKind::BeginKeys).await?;
    let mut last = Vec::new();
    for _ in 0..TURNS_MAX {
        let Some(message) = next.take().filter(|m| *m != last) else {
            return Ok(());
        };
        send(stream, PeerFrame::Keys, &message).await?;
        let answer = receive(stream, PeerFrame::Keys, PEER_FRAME_BYTES_MAX).await?;
        last = message;
        next = turn(to_worker, name, TurnKind::KeysAnswered(answer)).await?;
    }
    Ok(())
}

/// What a neighbour says, as far as it may ask: whatever a counter says that it holds, it is given nothing of a site.
fn heard(message: Vec<u8>, counter: bool) -> Vec<u8> {
    if !counter {
        return message;
    }
    match PeerMessage::from_bytes(&message) {
        Ok(mut said) => {
            said.have.retain(|h| h.partition == Partition::Shared);
            said.to_bytes()
        }
        // The worker says what is wrong with it.
        Err(_) => message,
    }
}

/// Whether a neighbour may say that once it is admitted. A counter is given no key, whatever it asks for, nor is who has no
/// certificate yet.
const fn may_ask(kind: PeerFrame, counter: bool, is_new: bool) -> bool {
    match kind {
        PeerFrame::Exchange => true,
        PeerFrame::Keys => !counter && !is_new,
        PeerFrame::Hello | PeerFrame::Refused | PeerFrame::SetUp => false,
    }
}

async fn connect(addresses: &[SocketAddr]) -> Outcome<TcpStream> {
    for address in addresses {
        if let Ok(Ok(stream)) = timeout(CONNECT, TcpStream::connect(address)).await {
            // Turns are small and wait for each other.
            stream.set_nodelay(true)?;
            return Ok(stream);
        }
    }
    Err(PeerError::Unreachable)
}

async fn handshake(
    tcp: TcpStream,
    key: &SigningKey,
    expected: PublicKey,
) -> Outcome<tokio_rustls::client::TlsStream<TcpStream>> {
    let config = tls::client_config(key, Some(expected)).map_err(|error| {
        tracing::error!(%error, "the device's key cannot be used");
        PeerError::Unreachable
    })?;
    let host = ServerName::IpAddress(tcp.peer_addr()?.ip().into());
    Ok(TlsConnector::from(Arc::new(config))
        .connect(host, tcp)
        .await?)
}

fn hello(certificate: &[u8], secret: Option<SetUpSecret>, name: &str) -> PeerHello {
    PeerHello {
        versions: protocol::VERSIONS,
        certificate: certificate.to_vec().into(),
        secret: secret.map(Into::into),
        name: name.to_owned(),
    }
}

/// Answers a neighbour that has connected.
pub(super) async fn answer(tcp: TcpStream, shared: Arc<Shared>, to_worker: Sender<ToWorker>) {
    let mut who = None;
    let result = serve(tcp, &shared, &to_worker, &mut who).await;
    if let Err(error) = &result {
        tracing::info!(%error, "a neighbour's exchange ended early");
    }
    if let Some((key, name)) = who {
        let ended = PeerNews::Ended {
            key,
            name,
            called: false,
            result,
        };
        // A worker that has ended needs no news.
        let _ = to_worker.send(ToWorker::Peer(ended));
    }
}

async fn serve(
    tcp: TcpStream,
    shared: &Shared,
    to_worker: &Sender<ToWorker>,
    who: &mut Option<(PublicKey, String)>,
) -> Outcome<()> {
    tcp.set_nodelay(true)?;
    let Some(own) = locked(&shared.own).clone() else {
        return Ok(());
    };
    let admission = async {
        let config = tls::server_config(&own.key).map_err(|error| {
            tracing::error!(%error, "the device's key cannot be used");
            PeerError::Unreachable
        })?;
        let mut stream = TlsAcceptor::from(Arc::new(config)).accept(tcp).await?;
        let key = tls::proven(stream.get_ref().1.peer_certificates()).ok_or(PeerError::KeyWrong)?;
        let theirs = receive(&mut stream, PeerFrame::Hello, PEER_HELLO_BYTES_MAX).await?;
        let theirs = PeerHello::from_bytes(&theirs).map_err(|_| PeerError::Malformed)?;
        Ok::<_, PeerError>((stream, key, theirs))
    };
    let (mut stream, key, theirs) = timeout(ADMISSION, admission).await??;
    let wants_set_up = theirs.certificate.is_empty() && theirs.secret.is_some();
    let mut counter = false;
    let admitted = if wants_set_up {
        let offered = *locked(&shared.secret);
        let fits = offered.is_some_and(|s| theirs.secret == Some(s.into()));
        fits.then_some(()).ok_or(PeerRefusal::SecretWrong)
    } else {
        let certificate = own.judge.admit(&theirs, &key);
        certificate.map(|certificate| counter = certificate.role == Role::Counter)
    };
    if let Err(refusal) = admitted {
        tracing::warn!(code = refusal.code(), "a neighbour was refused");
        send(&mut stream, PeerFrame::Refused, &[refusal.number()]).await?;
        return Err(PeerError::Refused(refusal));
    }
    *who = Some((key, theirs.name.clone()));
    let hello = hello(&own.certificate, None, &own.name);
    send(&mut stream, PeerFrame::Hello, &hello.to_bytes()).await?;
    if wants_set_up {
        let set_up = turn(to_worker, &theirs.name, TurnKind::SetUpAsked).await?;
        let set_up = set_up.ok_or(PeerError::Refused(PeerRefusal::Busy))?;
        send(&mut stream, PeerFrame::SetUp, &set_up).await?;
        // Once: who photographed the screen comes too late.
        locked(&shared.secret).take();
    }
    for _ in 0..TURNS_MAX {
        let next = timeout(FRAME, frame::read(&mut stream, PEER_FRAME_BYTES_MAX)).await??;
        let Some((kind, message)) = next else {
            return Ok(());
        };
        if !may_ask(kind, counter, wants_set_up) {
            return Err(PeerError::Malformed);
        }
        // Revoked while it was connected.
        let revoked = |o: &Arc<super::Own>| o.judge.revoked.contains(&key);
        if locked(&shared.own).as_ref().is_none_or(revoked) {
            return Ok(());
        }
        let answers = kind;
        let kind = if kind == PeerFrame::Keys {
            TurnKind::KeysAsked(message)
        } else if wants_set_up {
            TurnKind::AskedByNew(message)
        } else {
            TurnKind::Asked(heard(message, counter))
        };
        let Some(reply) = turn(to_worker, &theirs.name, kind).await? else {
            let refusal = [PeerRefusal::Malformed.number()];
            send(&mut stream, PeerFrame::Refused, &refusal).await?;
            return Err(PeerError::Malformed);
        };
        send(&mut stream, answers, &reply).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::SiteId;
    use protocol::{Holding, LogPosition};

    use super::*;

    #[test]
    fn only_handhelds_that_hold_stock_are_given_keys_of_customers() {
        assert!(may_ask(PeerFrame::Keys, false, false));
        assert!(!may_ask(PeerFrame::Keys, true, false));
        assert!(!may_ask(PeerFrame::Keys, false, true));
        assert!(may_ask(PeerFrame::Exchange, true, false));
        assert!(may_ask(PeerFrame::Exchange, false, true));
        assert!(!may_ask(PeerFrame::SetUp, false, false));
    }

    #[test]
    fn whatever_a_counter_says_that_it_holds_it_is_given_nothing_of_a_site() {
        let site = Partition::Site(SiteId::from_bytes([1; 16]));
        let have = [Partition::Shared, site].map(|partition| Holding {
            partition,
            position: LogPosition::default(),
            heads: Vec::new(),
        });
        let said = PeerMessage {
            versions: protocol::VERSIONS,
            have: have.to_vec(),
            parcel: None,
        };
        let bytes = said.to_bytes();
        assert_eq!(heard(bytes.clone(), false), bytes);
        let kept = PeerMessage::from_bytes(&heard(bytes, true)).unwrap();
        assert_eq!(kept.have, have[..1]);
        assert_eq!(heard(vec![0xff], true), [0xff]);
    }
}
