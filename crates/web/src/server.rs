//! Which address answers what, and the server.

use std::future::Future;
use std::io;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use tokio::net::TcpListener;

use crate::connections::{CONNECTIONS_MAX, Limited};
use crate::state::AppState;
use crate::{api, assets, guard, operate, pages};

/// Every page and the API, over a state.
pub fn router(state: AppState) -> Router {
    let read = Router::new()
        .route("/", get(pages::network::page))
        .route("/treaties", get(pages::treaties::page))
        .route("/treaties/{slug}", get(pages::treaty::page))
        .route("/acts/{id}", get(pages::act::page))
        .route("/assets/{file}", get(assets::serve))
        .route("/api/v1/acts/{id}", get(api::acts::standing))
        .route("/api/v1/acts/{id}/receipt", get(api::acts::receipt))
        .route("/api/v1/treaties", get(api::treaties::list))
        .route("/api/v1/treaties/{slug}", get(api::treaties::one))
        .route("/api/v1/records", get(api::records::proven))
        .route("/api/v1/records/receipt", get(api::records::receipt))
        .route("/api/v1/records/load", post(api::records::load))
        .route("/api/v1/network", get(api::network::network))
        .route("/api/v1/validators", get(api::network::validators))
        .route("/api/v1/founding", get(api::network::founding))
        .route("/api/v1/genesis", get(api::network::genesis))
        .route("/api/v1/blocks/{height}", get(api::network::block))
        .route("/api/v1/blocks/{height}/archive", get(api::network::archive))
        .route("/api/v1/evidence", get(api::evidence::list))
        .route("/api/v1/evidence/{digest}", get(api::evidence::one))
        .route("/api/v1/health", get(api::network::health))
        .route("/healthz", get(operate::alive))
        .route("/readyz", get(operate::ready))
        .route("/metrics", get(operate::metrics))
        .layer(from_fn(guard::time_limit));
    // An act may wait until it is final, and a feed goes on: they have limits of their own.
    let long = Router::new()
        .route("/api/v1/acts", post(api::acts::submit))
        .route("/api/v1/events", get(api::events::feed));
    read.merge(long)
        .fallback(guard::nothing_here)
        .method_not_allowed_fallback(guard::wrong_method)
        .layer(DefaultBodyLimit::max(api::records::BODY_BYTES_MAX))
        .layer(from_fn(guard::no_panic))
        .layer(from_fn(guard::security_headers))
        .with_state(state)
}

/// Serves until `stop` completes, then lets open answers end; live feeds end at once.
///
/// # Errors
/// Those of the listener.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let hub = state.hub.clone();
    let stopped = async move {
        stop.await;
        hub.close();
    };
    let listener = Limited::new(listener, CONNECTIONS_MAX);
    axum::serve(listener, router(state)).with_graceful_shutdown(stopped).await
}
