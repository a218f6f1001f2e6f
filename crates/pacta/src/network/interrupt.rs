//! Waiting for the end: Ctrl-C, or a polite request to stop (SIGTERM).

use tokio::signal::unix::{SignalKind, signal};

use crate::failure::{Failure, Result};

/// Waits, blocking, until this process is asked to stop.
///
/// # Errors
/// When signals cannot be listened to.
pub fn wait() -> Result<()> {
    let cannot =
        |error: std::io::Error| Failure::failed(format!("cannot listen to signals: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(cannot)?.block_on(interrupted()).map_err(cannot)
}

/// Completes when this process is asked to stop.
///
/// # Errors
/// When signals cannot be listened to.
pub async fn interrupted() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
