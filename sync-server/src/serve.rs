//! Runs the app on a listener until it is told to stop.

use std::future::Future;

use tokio::net::TcpListener;

use crate::router::router;
use crate::settings::{Settings, Transport, Unprotected};
use crate::state::AppState;
use crate::tls::{self, Peer, TlsError, TlsListener};

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// See [`Unprotected`].
    #[error(transparent)]
    Unprotected(#[from] Unprotected),
    /// See [`TlsError`].
    #[error("TLS cannot start")]
    Tls(#[from] TlsError),
    /// The listener broke.
    #[error("the listener broke")]
    Io(#[from] std::io::Error),
}

/// Serves until `shutdown` is done, then lets running requests end.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(
    settings: &Settings,
    app: AppState,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    settings.check()?;
    let routes = router(app.clone()).into_make_service_with_connect_info::<Peer>();
    let stop = async move {
        shutdown.await;
        app.close();
    };
    let identity = match &settings.transport {
        Transport::PlainOnLoopback | Transport::PlainAnywhere => {
            axum::serve(listener, routes)
                .with_graceful_shutdown(stop)
                .await?;
            return Ok(());
        }
        Transport::Tls { certificate, key } => tls::from_files(certificate, key)?,
        Transport::SelfSigned => {
            tls::self_signed(&settings.data, self_signed_names(&listener.local_addr()?))?
        }
    };
    tracing::info!(
        fingerprint = identity.fingerprint,
        "certificate fingerprint {}",
        identity.fingerprint
    );
    axum::serve(TlsListener::start(listener, identity.config)?, routes)
        .with_graceful_shutdown(stop)
        .await?;
    Ok(())
}

fn self_signed_names(address: &std::net::SocketAddr) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    if !address.ip().is_unspecified() && !address.ip().is_loopback() {
        names.push(address.ip().to_string());
    }
    names
}
