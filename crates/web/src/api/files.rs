//! Files beside the ledger: handing them in, reading them, and where they stand.
//!
//! Nothing in a file is executed: it is served as something to save, sandboxed, and shown in a
//! browser only on demand and if its type is on a short list and its bytes are of that type.

use std::net::IpAddr;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::{Stream, stream};
use pacta_files::{CHUNK_BYTES, Digest, Error, Held, Reader, Standing, Store, Wanted, media};
use serde::{Deserialize, Serialize};

use crate::api::pace::Pace;
use crate::connections::Client;
use crate::extract::{Asked, Named};
use crate::problem::Problem;
use crate::state::AppState;

/// Files of one list.
const LIST_MAX: usize = 1000;
/// What a browser may do with a file that it shows: nothing but show it.
const FILE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// What may be said of a file that is handed in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Announced {
    /// Its SHA-256: other bytes are refused.
    id: Option<String>,
}

/// How a file is to be served.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// Whether a browser may show it, if its type is one of those that are shown.
    #[serde(default)]
    inline: bool,
}

/// Which part of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// The last file of the list before.
    after: Option<String>,
}

/// Where a file stands at this node.
#[derive(Debug, Serialize)]
pub struct FileStanding {
    id: Digest,
    /// `held`, `arriving` or `wanted`.
    status: &'static str,
    /// Its length, once that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// How much of it has come.
    bytes_had: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    /// Whether an act names it, so that all validators hold it.
    named: bool,
    url: String,
    status_url: String,
}

/// Files of this node.
#[derive(Debug, Serialize)]
pub struct Files {
    /// Held files in the order of their digests.
    files: Vec<FileStanding>,
    /// The address of the rest, if there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    /// Files that are wanted and not held.
    wanted: Vec<FileStanding>,
}

impl FileStanding {
    fn of(standing: Standing) -> Option<Self> {
        let (id, status, bytes, bytes_had, media_type, named) = match standing {
            Standing::Held(held) => {
                let bytes = held.bytes;
                (held.id, "held", Some(bytes), bytes, Some(held.media_type), held.named)
            }
            Standing::Wanted(wanted, bytes, had) => {
                let status = if had > 0 { "arriving" } else { "wanted" };
                (wanted.id, status, bytes, had, wanted.media_type, wanted.named)
            }
            Standing::Unknown => return None,
        };
        let url = format!("/api/v1/files/{id}");
        let status_url = format!("{url}/status");
        Some(Self { id, status, bytes, bytes_had, media_type, named, url, status_url })
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::TooLarge { .. } => Self::too_much(detail),
            Error::Full { .. } | Error::FullOfUnnamed { .. } | Error::DiskFull => {
                Self::no_space(detail)
            }
            Error::Busy { .. } | Error::BusyBytes { .. } => Self::too_many(detail),
            Error::Empty | Error::OtherDigest { .. } | Error::BadMediaType => {
                Self::bad_request(detail)
            }
            Error::OtherMediaType { .. } => Self::other_type(detail),
            Error::NotHeld(_) => Self::not_found(detail),
            Error::Damaged(_) => Self::unavailable(detail),
            Error::WrongChunk | Error::OtherLength { .. } | Error::Disk(_) => {
                tracing::error!(%detail, "files failed");
                Self::internal()
            }
        }
    }
}

fn store(state: &AppState) -> Result<Store, Problem> {
    let none = || Problem::unavailable("this node keeps no files; ask another node");
    state.files.clone().ok_or_else(none)
}

/// The address of whoever asks, as far as the connection tells.
fn client(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<Client>>().map(|client| client.0.0.ip())
}

fn read_id(id: &str) -> Result<Digest, Problem> {
    id.parse().map_err(|_| {
        Problem::bad_request("a file is named by its SHA-256: 64 lower-case hex digits; correct it")
    })
}

/// Runs what waits for the disk on a thread where waiting is allowed.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(Problem::internal()),
    }
}

/// `POST /api/v1/files`: takes a file in; 201, or 200 when it is held already. The content type is
/// the file's; the body is streamed to the disk.
///
/// # Errors
/// A [`Problem`]: 400 for another digest than announced or an empty file, 408 when it comes too
/// slowly, 413 for too long a file, 415 when its bytes are of another type than declared, 429 when
/// too much is handed in at the time, 507 when there is no space. Nothing is kept then.
pub async fn upload(
    State(state): State<AppState>,
    Asked(asked): Asked<Announced>,
    headers: HeaderMap,
    extensions: Extensions,
    body: Body,
) -> Result<Response, Problem> {
    let store = store(&state)?;
    let announced = asked.id.as_deref().map(read_id).transpose()?;
    if let Some(held) = announced.and_then(|id| store.held(&id)) {
        return Ok(taken(StatusCode::OK, held));
    }
    let media_type = match headers.get(header::CONTENT_TYPE) {
        Some(declared) => {
            Some(declared.to_str().map_err(|_| Problem::from(Error::BadMediaType))?.to_owned())
        }
        None => None,
    };
    let limit = store.limits().file_bytes_max;
    let length = headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > limit) {
        return Err(Error::TooLarge { max: limit }.into());
    }
    let client = client(&extensions);
    let begin = move || store.upload_of(client, announced, media_type.as_deref());
    let mut upload = on_disk(begin).await?;
    let mut parts = body.into_data_stream();
    let mut pace = Pace::default();
    while let Some(part) = pace.next(&mut parts).await? {
        let part = part.map_err(|_| {
            Problem::bad_request("the file broke off before its end; send it again")
        })?;
        upload = on_disk(move || upload.write(&part).map(|()| upload)).await?;
    }
    let held = on_disk(move || upload.finish()).await?;
    Ok(taken(StatusCode::CREATED, held))
}

fn taken(status: StatusCode, held: Held) -> Response {
    let location = format!("/api/v1/files/{}", held.id);
    let standing = FileStanding::of(Standing::Held(held));
    (status, [(header::LOCATION, location)], Json(standing)).into_response()
}

/// `GET /api/v1/files`: files that this node holds, and those that it wants.
///
/// # Errors
/// A [`Problem`] of status 400 when `after` is no digest.
pub async fn list(
    State(state): State<AppState>,
    Asked(page): Asked<Page>,
) -> Result<Json<Files>, Problem> {
    let store = store(&state)?;
    let after = page.after.as_deref().map(read_id).transpose()?;
    let held = store.list(after, LIST_MAX);
    let next_url = match held.last() {
        Some(last) if held.len() == LIST_MAX => Some(format!("/api/v1/files?after={}", last.id)),
        _ => None,
    };
    let standing = |wanted: Wanted| FileStanding::of(store.standing(&wanted.id));
    let wanted = store.wanted().into_iter().take(LIST_MAX).filter_map(standing).collect();
    let files = held.into_iter().filter_map(|held| FileStanding::of(Standing::Held(held)));
    Ok(Json(Files { files: files.collect(), next_url, wanted }))
}

/// `GET /api/v1/files/{id}/status`: whether this node holds a file, or how far it has come.
///
/// # Errors
/// A [`Problem`] of status 404 for a file that it neither holds nor wants.
pub async fn standing(
    State(state): State<AppState>,
    Named(id): Named,
) -> Result<Json<FileStanding>, Problem> {
    let id = read_id(&id)?;
    let standing = FileStanding::of(store(&state)?.standing(&id));
    Ok(Json(standing.ok_or(Error::NotHeld(id))?))
}

/// `POST /api/v1/files/{id}/fetch`: has this node fetch a file from those who hold it.
///
/// # Errors
/// A [`Problem`] of status 429 when it fetches many already, for this client or for all.
pub async fn fetch(
    State(state): State<AppState>,
    Named(id): Named,
    extensions: Extensions,
) -> Result<Response, Problem> {
    let store = store(&state)?;
    let id = read_id(&id)?;
    let (wanting, client) = (store.clone(), client(&extensions));
    let wanted = Wanted { id, media_type: None, named: false };
    on_disk(move || wanting.want_of(client, wanted)).await?;
    let standing = FileStanding::of(store.standing(&id)).ok_or_else(Problem::internal)?;
    let status = if standing.status == "held" { StatusCode::OK } else { StatusCode::ACCEPTED };
    let location = [(header::LOCATION, standing.status_url.clone())];
    Ok((status, location, Json(standing)).into_response())
}

/// `GET` and `HEAD /api/v1/files/{id}`: the file, or one range of it. Each chunk is verified as it
/// is read; if one is damaged, the answer breaks off, so that nobody takes it for the file.
///
/// # Errors
/// A [`Problem`] of status 404 for a file that this node does not hold, 416 for a range that the
/// file does not have.
pub async fn read(
    State(state): State<AppState>,
    Named(id): Named,
    Asked(shown): Asked<Shown>,
    method: Method,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let store = store(&state)?;
    let id = read_id(&id)?;
    let reading = store.clone();
    let opened = on_disk(move || match reading.read(&id) {
        Err(Error::Damaged(_)) if reading.repair(&id)? => reading.read(&id),
        opened => opened,
    });
    let reader = opened.await?;
    let held = reader.held().clone();
    let tag = format!("\"{id}\"");
    let mut headers = headers_of(&held, shown.inline, &tag);
    let text = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok());
    let is_known = |tags: &str| tags.split(',').any(|one| ["*", &tag].contains(&one.trim()));
    if text(header::IF_NONE_MATCH).is_some_and(is_known) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let same = text(header::IF_RANGE).is_none_or(|known| known == tag);
    let range =
        text(header::RANGE).filter(|_| same).and_then(|range| Range::read(range, held.bytes));
    let (status, from, to) = match range {
        None => (StatusCode::OK, 0, held.bytes),
        Some(Range::Part(from, to)) => {
            let value = format!("bytes {from}-{}/{}", to - 1, held.bytes);
            put(&mut headers, header::CONTENT_RANGE, &value);
            (StatusCode::PARTIAL_CONTENT, from, to)
        }
        Some(Range::Outside) => {
            let mut response = Problem::outside(held.bytes).into_response();
            let value = format!("bytes */{}", held.bytes);
            put(response.headers_mut(), header::CONTENT_RANGE, &value);
            return Ok(response);
        }
    };
    put(&mut headers, header::CONTENT_LENGTH, &(to - from).to_string());
    let body = match method == Method::HEAD {
        true => Body::empty(),
        false => Body::from_stream(stream_of(store, reader, from, to)),
    };
    Ok((status, headers, body).into_response())
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn headers_of(held: &Held, inline: bool, tag: &str) -> HeaderMap {
    let served = media::served(&held.media_type, &held.sniffed);
    let how = if inline && served.shown { "inline" } else { "attachment" };
    let mut headers = HeaderMap::new();
    put(&mut headers, header::CONTENT_TYPE, served.content_type);
    let name = format!("{how}; filename=\"{}.{}\"", held.id, served.ending);
    put(&mut headers, header::CONTENT_DISPOSITION, &name);
    put(&mut headers, header::CONTENT_SECURITY_POLICY, FILE_POLICY);
    put(&mut headers, header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    put(&mut headers, header::ETAG, tag);
    put(&mut headers, header::ACCEPT_RANGES, "bytes");
    headers
}

/// The bytes from one place to another, chunk by chunk: one chunk is in memory at a time.
fn stream_of(
    store: Store,
    reader: Reader,
    from: u64,
    to: u64,
) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
    stream::try_unfold((store, reader, from), move |(store, reader, at)| async move {
        if at >= to {
            return Ok(None);
        }
        let read = move || {
            let chunk = at / CHUNK_BYTES as u64;
            let read = reader.chunk(chunk, 0);
            if let Err(Error::Damaged(id)) = &read {
                store.repair(id)?;
            }
            Ok((read?.1, store, reader))
        };
        let read = tokio::task::spawn_blocking(read).await;
        let (bytes, store, reader) = read.map_err(|error| Error::Disk(error.to_string()))??;
        let start = reader.shape().start(at / CHUNK_BYTES as u64);
        let place =
            |at: u64| usize::try_from(at - start).map_or(bytes.len(), |at| at.min(bytes.len()));
        let part = Bytes::copy_from_slice(&bytes[place(at)..place(to)]);
        let next = at + part.len() as u64;
        Ok(Some((part, (store, reader, next))))
    })
}

/// What a `Range` header asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    /// From one place up to before another.
    Part(u64, u64),
    /// Nothing that the file has.
    Outside,
}

impl Range {
    /// Reads a header (RFC 9110, 14.2); none, which means the whole, if it is malformed or asks for
    /// several ranges.
    fn read(header: &str, bytes: u64) -> Option<Self> {
        let (first, last) = header.strip_prefix("bytes=")?.trim().split_once('-')?;
        let part = |from: u64, to: u64| match from < to {
            true => Self::Part(from, to),
            false => Self::Outside,
        };
        match (first, last) {
            ("", last) => {
                let last: u64 = last.parse().ok()?;
                Some(part(bytes.saturating_sub(last), bytes))
            }
            (first, "") => Some(part(first.parse().ok()?, bytes)),
            (first, last) => {
                let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
                (first <= last).then(|| part(first, last.saturating_add(1).min(bytes)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_the_standard_says() {
        let read = |header: &str| Range::read(header, 100);
        assert_eq!(read("bytes=0-9"), Some(Range::Part(0, 10)));
        assert_eq!(read("bytes=90-"), Some(Range::Part(90, 100)));
        assert_eq!(read("bytes=-5"), Some(Range::Part(95, 100)));
        assert_eq!(read("bytes=-500"), Some(Range::Part(0, 100)));
        assert_eq!(read("bytes=50-5000"), Some(Range::Part(50, 100)));
        for outside in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(read(outside), Some(Range::Outside), "{outside}");
        }
        for whole in ["bytes=0-1,3-4", "bytes=5-4", "lines=0-1", "bytes=", "bytes=a-b", "bytes=-"] {
            assert_eq!(read(whole), None, "{whole}");
        }
        assert_eq!(read("bytes=0-18446744073709551615"), Some(Range::Part(0, 100)));
    }
}
