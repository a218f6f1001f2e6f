//! Which address answers what, and the server.

use std::future::Future;
use std::io;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::connections::{CONNECTIONS_MAX, Client, Limited};
use crate::state::AppState;
use crate::{api, assets, cache, cross_origin, guard, operate, pages};

/// Every page and the API, over a state.
pub fn router(state: AppState) -> Router {
    let pages = Router::new()
        .route("/", get(pages::network::page))
        .route("/treaties", get(pages::treaties::page))
        .route("/treaties/{slug}", get(pages::treaty::page))
        .route("/acts/{id}", get(pages::act::page))
        .route("/assets/{file}", get(assets::serve))
        .route("/healthz", get(operate::alive))
        .route("/readyz", get(operate::ready))
        .route("/metrics", get(operate::metrics))
        .layer(from_fn(guard::time_limit));
    pages
        .merge(api::routes().into_router())
        .fallback(guard::nothing_here)
        .method_not_allowed_fallback(guard::wrong_method)
        .layer(DefaultBodyLimit::max(api::records::BODY_BYTES_MAX))
        .layer(from_fn(guard::no_panic))
        .layer(from_fn(cache::tags))
        .layer(from_fn(guard::security_headers))
        .layer(from_fn(cross_origin::reading))
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
    let service = router(state).into_make_service_with_connect_info::<Client>();
    axum::serve(listener, service).with_graceful_shutdown(stopped).await
}
