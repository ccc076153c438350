//! Runs the app on a listener until it is told to stop.

use std::future::Future;

use tokio::net::TcpListener;

use crate::router::router;
use crate::settings::{Settings, Unprotected};
use crate::state::AppState;
use crate::tls::{Identity, Peer, TlsListener};

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// See [`Unprotected`].
    #[error(transparent)]
    Unprotected(#[from] Unprotected),
    /// The listener broke.
    #[error("the listener broke")]
    Io(#[from] std::io::Error),
}

/// Serves until `shutdown` is done, then lets running requests end. `identity`: as [`crate::tls::identity`] made it for
/// these settings; `None` for plain HTTP.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(
    settings: &Settings,
    app: AppState,
    listener: TcpListener,
    identity: Option<Identity>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    settings.check()?;
    let routes = router(app.clone()).into_make_service_with_connect_info::<Peer>();
    let stop = async move {
        shutdown.await;
        app.close();
    };
    let Some(identity) = identity else {
        axum::serve(listener, routes)
            .with_graceful_shutdown(stop)
            .await?;
        return Ok(());
    };
    axum::serve(TlsListener::start(listener, identity.config)?, routes)
        .with_graceful_shutdown(stop)
        .await?;
    Ok(())
}
