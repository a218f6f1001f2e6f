//! The routes of the API, with what each takes and gives: added here, a route refuses other media
//! types by itself, and a test finds it and asks for its place in the OpenAPI document.

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use crate::guard;
use crate::problem::Problem;
use crate::state::AppState;

/// What a route gives when all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// One JSON value.
    Json,
    /// Server-sent events.
    Events,
    /// Bytes of a media type that the asker need not name, such as a file's own.
    Bytes,
}

/// What a route takes as its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// One JSON value.
    Json,
    /// Bytes of any media type.
    Bytes,
}

/// How long an answer may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// As long as a read: `guard::ANSWER_MS_MAX`.
    Short,
    /// As long as the handler lets it: it waits or streams, and has a limit of its own.
    Own,
}

/// Routes, and the list of them. Those of pages and assets are not among them.
#[derive(Default)]
pub struct Routes {
    router: Router<AppState>,
    list: Vec<(Method, &'static str)>,
}

impl Routes {
    /// Adds a route that reads.
    #[must_use]
    pub fn get<H, T>(self, path: &'static str, gives: Gives, time: Time, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.add(Method::GET, path, gives, time, get(handler))
    }

    /// Adds a route that takes a body.
    #[must_use]
    pub fn post<H, T>(
        self,
        path: &'static str,
        takes: Takes,
        gives: Gives,
        time: Time,
        handler: H,
    ) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        let route = match takes {
            Takes::Json => post(handler).route_layer(from_fn(takes_json)),
            Takes::Bytes => post(handler),
        };
        self.add(Method::POST, path, gives, time, route)
    }

    fn add(
        mut self,
        method: Method,
        path: &'static str,
        gives: Gives,
        time: Time,
        mut route: MethodRouter<AppState>,
    ) -> Self {
        if time == Time::Short {
            route = route.route_layer(from_fn(guard::time_limit));
        }
        route = match gives {
            Gives::Json => route.route_layer(from_fn(gives_json)),
            Gives::Events => route.route_layer(from_fn(gives_events)),
            Gives::Bytes => route,
        };
        self.router = self.router.route(path, route);
        self.list.push((method, path));
        self
    }

    /// Method and path of each route.
    #[must_use]
    pub fn list(&self) -> &[(Method, &'static str)] {
        &self.list
    }

    /// The routes, to be served.
    pub fn into_router(self) -> Router<AppState> {
        self.router
    }
}

async fn gives_json(request: Request, next: Next) -> Response {
    gives("application", "json", request, next).await
}

async fn gives_events(request: Request, next: Next) -> Response {
    gives("text", "event-stream", request, next).await
}

async fn gives(kind: &str, part: &str, request: Request, next: Next) -> Response {
    match accepts(request.headers(), kind, part) {
        true => next.run(request).await,
        false => Problem::not_acceptable(&format!("{kind}/{part}")).into_response(),
    }
}

async fn takes_json(request: Request, next: Next) -> Response {
    match request.headers().get(header::CONTENT_TYPE).map(|value| value.to_str()) {
        None => next.run(request).await,
        Some(Ok(given)) if is_json(given) => next.run(request).await,
        Some(_) => Problem::wrong_media_type("application/json").into_response(),
    }
}

fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Whether the asker takes a media type, by its `Accept` (RFC 9110, 12.5.1); without one, any. Of
/// several ranges that fit, the most exact decides, and a weight of 0 means no.
fn accepts(headers: &HeaderMap, kind: &str, part: &str) -> bool {
    let mut best: Option<(u8, bool)> = None;
    let mut asked = false;
    for value in headers.get_all(header::ACCEPT) {
        for range in value.to_str().unwrap_or_default().split(',') {
            let mut parts = range.split(';').map(str::trim);
            let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
            if essence.is_empty() {
                continue;
            }
            asked = true;
            let exact = match essence.split_once('/') {
                Some((one, two)) if one == kind && two == part => 2,
                Some((one, "*")) if one == kind => 1,
                Some(("*", "*")) => 0,
                _ => continue,
            };
            let refused = parts.any(is_weight_zero);
            if best.is_none_or(|(other, _)| exact > other) {
                best = Some((exact, !refused));
            }
        }
    }
    best.map_or(!asked, |(_, taken)| taken)
}

fn is_weight_zero(parameter: &str) -> bool {
    let weight = parameter.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("q"));
    weight.is_some_and(|(_, value)| value.trim().parse::<f32>().is_ok_and(|weight| weight == 0.0))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn takes(accept: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(accept).expect("a header"));
        accepts(&headers, "application", "json")
    }

    #[test]
    fn the_most_exact_range_decides() {
        assert!(accepts(&HeaderMap::new(), "application", "json"));
        for yes in ["*/*", "application/*", "text/html, application/JSON;q=0.1", "", "*/*;q=0.5"] {
            assert!(takes(yes), "{yes}");
        }
        for no in ["text/html", "application/json;q=0, */*", "*/*; q=0.0", "json", "image/*"] {
            assert!(!takes(no), "{no}");
        }
    }

    #[test]
    fn a_media_type_may_have_parameters() {
        assert!(is_json("application/json; charset=utf-8"));
        assert!(is_json("Application/JSON"));
        assert!(!is_json("text/json"));
        assert!(!is_json(""));
    }
}
