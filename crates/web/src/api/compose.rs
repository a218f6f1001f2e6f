//! What a client needs before it signs: the sentence, the number of the key, and what would come of
//! the act. The client checks that the answer says what it asked for, and signs that and no more.

use std::net::IpAddr;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::Extensions;
use pacta_law::{
    Act, Draft, Event, Instant, Ledger, Missing, NetworkId, Path, Refusal, Stop, compose, dry_run,
    reads,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::records::BODY_BYTES_MAX;
use crate::connections::Client;
use crate::node::Records;
use crate::problem::Problem;
use crate::state::AppState;
use crate::turns::Begun;

/// How long a composed act may wait for its block, if nothing is said: an hour.
pub const EXPIRES_AFTER_MS: u64 = 60 * 60 * 1_000;
/// Drafts on which the law runs at the same time: it runs on the few threads that serve all else.
pub const COMPOSED_AT_ONCE: usize = 1;
/// How long a draft may take, with the time in which it waits for others.
const DRAFT_MAX: Duration = Duration::from_secs(5);
const BUSY: &str = "other drafts are being completed, and this one was not in time; try again, \
                    and send one at a time";
/// More records than any act reads: a loop would be a fault of ours.
const RECORDS_MAX: usize = 20_000;

/// An act before its number and its sentence are known. What its members may be, the law says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    actor: Value,
    data: Value,
    #[serde(default, deserialize_with = "given")]
    expires: Option<Value>,
    key: Value,
    kind: Value,
    #[serde(default, deserialize_with = "given")]
    mandate: Option<Value>,
}

/// A member that is there, even as a null: the law has no nulls, so it is not as if left out.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// An act to be signed, and what would come of it.
#[derive(Debug, Serialize)]
pub struct Composed {
    /// The act, whose canonical JSON is signed.
    act: Value,
    /// The id that it will have.
    id: String,
    /// The height of the ledger on which it was tried.
    height: u64,
    /// `executed` or `refused`.
    would_be: &'static str,
    /// What it would bring about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<Event>,
    /// Why it would be refused.
    #[serde(flatten)]
    refusal: Option<Refused>,
}

#[derive(Debug, Serialize)]
struct Refused {
    code: u16,
    refusal: String,
    sentence: String,
}

/// `POST /api/v1/acts/compose`: completes a draft and tries it on the latest final ledger. Nothing
/// is kept, and nobody else learns of it.
///
/// # Errors
/// A [`Problem`] of status 422 for a draft that cannot become an act: of an unknown key or kind,
/// or of data that the kind does not have.
pub async fn composed(
    State(state): State<AppState>,
    extensions: Extensions,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Composed>, Problem> {
    let body = body.map_err(|_| Problem::too_large(BODY_BYTES_MAX))?;
    let asked: Asked = serde_json::from_slice(&body).map_err(|error| {
        let needed = "send actor, data, key, kind, and mandate and expires where they are needed";
        Problem::bad_request(format!("{error}; {needed}"))
    })?;
    let client = extensions.get::<ConnectInfo<Client>>().map(|client| client.0.0.ip());
    let completed = tokio::time::timeout(DRAFT_MAX, complete(&state, client, asked)).await;
    completed.unwrap_or_else(|_| Err(Problem::unavailable(BUSY)))
}

async fn complete(
    state: &AppState,
    client: Option<IpAddr>,
    asked: Asked,
) -> Result<Json<Composed>, Problem> {
    let mut view = View::open(state, client).await?;
    let (network, now) = (view.ledger.network(), view.ledger.now());
    let act = act_of(asked, network, now).map_err(|refusal| Problem::refused(&refusal))?;
    view.load(reads(&act)).await?;
    let Act { actor, data, expires, key, mandate, .. } = act;
    let draft = Draft { actor, data, expires, key, mandate };
    let act = view.run(|ledger| compose(ledger, draft.clone())).await?;
    let act = act.map_err(|refusal| Problem::refused(&refusal))?;
    let tried = view.run(|ledger| match dry_run(ledger, &act) {
        Ok(Ok(events)) => Ok(events),
        Ok(Err(refusal)) => Err(Stop::Refused(refusal)),
        Err(missing) => Err(Stop::Missing(missing)),
    });
    let tried = tried.await?;
    let id = act.id().to_string();
    let act = serde_json::from_slice(&act.to_bytes()).map_err(|_| Problem::internal())?;
    let height = view.height;
    Ok(Json(match tried {
        Ok(events) => Composed { act, id, height, would_be: "executed", events, refusal: None },
        Err(refusal) => {
            let refusal = Some(Refused {
                code: refusal.code(),
                refusal: refusal.name().to_string(),
                sentence: refusal.to_string(),
            });
            Composed { act, id, height, would_be: "refused", events: Vec::new(), refusal }
        }
    }))
}

/// The act as far as it is known, read by the law as strictly as any other.
fn act_of(asked: Asked, network: NetworkId, now: Instant) -> Result<Act, Refusal> {
    let soon = now.ms().saturating_add(EXPIRES_AFTER_MS);
    let expires = asked.expires.unwrap_or_else(|| soon.into());
    let mut act = json!({
        "actor": asked.actor,
        "data": asked.data,
        "expires": expires,
        "key": asked.key,
        "kind": asked.kind,
        "network": network.to_string(),
        "says": "",
        "sequence": 1,
        "v": 1,
    });
    if let (Some(mandate), Some(members)) = (asked.mandate, act.as_object_mut()) {
        members.insert("mandate".into(), mandate);
    }
    Act::from_bytes(&pacta_law::json::to_bytes(&act))
}

/// The latest final ledger, as far as it has been loaded.
struct View<'a> {
    state: &'a AppState,
    begun: Begun,
    height: u64,
    /// Acts are tried as if in the next block, now.
    ledger: Ledger,
    known: Vec<Path>,
}

impl<'a> View<'a> {
    async fn open(state: &'a AppState, client: Option<IpAddr>) -> Result<Self, Problem> {
        let begun = state.composing.begin(client).await.ok_or_else(Problem::internal)?;
        let loaded = state.node.load(Vec::new()).await?;
        let (height, ledger) = (loaded.height, next_block(state, &loaded));
        Ok(Self { state, begun, height, ledger, known: Vec::new() })
    }

    async fn load(&mut self, paths: Vec<Path>) -> Result<(), Problem> {
        if self.known.len().saturating_add(paths.len()) > RECORDS_MAX {
            tracing::error!("an act reads without end");
            return Err(Problem::internal());
        }
        let mut asked = paths;
        let mut loaded = self.state.node.load(asked.clone()).await?;
        if loaded.height != self.height {
            // A later ledger: all that is known is read again, so that it is one ledger.
            if !self.known.is_empty() {
                asked.append(&mut self.known);
                loaded = self.state.node.load(asked.clone()).await?;
            }
            (self.height, self.ledger) = (loaded.height, next_block(self.state, &loaded));
        }
        for (path, record) in asked.into_iter().zip(loaded.records) {
            self.known.push(path.clone());
            self.ledger.load(path, record);
        }
        Ok(())
    }

    /// Runs something on the ledger, loading each record that it misses. It has a turn only while
    /// it runs: while its records are loaded, others run.
    async fn run<T>(
        &mut self,
        mut run: impl FnMut(&mut Ledger) -> Result<T, Stop>,
    ) -> Result<Result<T, Refusal>, Problem> {
        loop {
            let turn = self.begun.turn().await.ok_or_else(Problem::internal)?;
            let ran = run(&mut self.ledger);
            turn.end();
            match ran {
                Ok(value) => return Ok(Ok(value)),
                Err(Stop::Refused(refusal)) => return Ok(Err(refusal)),
                Err(Stop::Missing(Missing(path))) => self.load(vec![path]).await?,
            }
        }
    }
}

/// A ledger at the start of the block after those records, now, with nothing loaded.
fn next_block(state: &AppState, last: &Records) -> Ledger {
    let now = Instant::from_ms((state.now_ms)()).unwrap_or(last.instant).max(last.instant);
    Ledger::new(state.node.founding().network(), last.height + 1, now)
}
