//! The few files beside the pages, inside the binary. Their addresses hold their digest, so that a
//! browser may keep them for ever.

use std::fmt::Write;
use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::extract::Named;
use crate::guard;
use crate::problem::Problem;

/// One file.
pub struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

/// The style sheet of all pages.
pub static STYLE: Asset = Asset {
    name: "style.css",
    kind: "text/css; charset=utf-8",
    bytes: include_bytes!("../assets/style.css"),
};
/// What makes pages live.
pub static LIVE: Asset = Asset {
    name: "live.js",
    kind: "text/javascript; charset=utf-8",
    bytes: include_bytes!("../assets/live.js"),
};
/// The sign of the product, also shown as the icon of a page.
pub static SEAL: Asset =
    Asset { name: "seal.svg", kind: "image/svg+xml", bytes: include_bytes!("../assets/seal.svg") };

static HREFS: LazyLock<[(String, &Asset); 3]> =
    LazyLock::new(|| [&STYLE, &LIVE, &SEAL].map(|asset| (versioned(asset), asset)));

impl Asset {
    /// The address of the file, which changes with its bytes.
    pub fn href(&self) -> String {
        format!("/assets/{}", versioned(self))
    }
}

fn versioned(asset: &Asset) -> String {
    let mut version = String::new();
    for byte in &Sha256::digest(asset.bytes)[..6] {
        let _ = write!(version, "{byte:02x}"); // Writing to a string does not fail.
    }
    format!("{version}-{}", asset.name)
}

/// `GET /assets/{file}`
pub async fn serve(Named(file): Named) -> Response {
    match HREFS.iter().find(|(name, _)| *name == file) {
        Some((_, asset)) => {
            let keep = "public, max-age=31536000, immutable";
            let headers = [(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, keep)];
            (headers, asset.bytes).into_response()
        }
        None => {
            let detail = "this file is not here any more; reload the page that names it";
            guard::failure(false, Problem::not_found(detail))
        }
    }
}
