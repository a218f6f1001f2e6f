//! The journal part of a receipt: what became of an act, or of what fell due.

use pacta_law::{ActId, Digest, Instant, NetworkId, outcome::Verdict as Became};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::act;
use super::form::{JournalForm, bad, read, version};
use crate::header::Header;
use crate::verdict::{Defect, Doubt, Unknown};

/// An outcome, as far as verification reads it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outcome {
    act: Option<ActId>,
    code: Option<u16>,
    due: Option<Map<String, Value>>,
    #[serde(default, rename = "events")]
    _events: Vec<Map<String, Value>>,
    height: u64,
    index: u32,
    instant: Instant,
    refusal: Option<String>,
    result: Became,
    sentence: Option<String>,
    #[serde(rename = "v")]
    _v: u64,
}

/// Checks the part, and says what it proves.
pub(super) fn check(
    journal: &JournalForm,
    header: &Header,
    network: NetworkId,
) -> Result<String, Doubt> {
    let said = match &journal.act {
        Some(signed) => Some(act::check(signed, network)?),
        None => None,
    };
    let bytes = journal.outcome.get().as_bytes();
    let v = version(bytes)?;
    if v != 1 {
        return Err(Unknown::OutcomeVersion(v).into());
    }
    let outcome: Outcome = read(bytes)?;
    if outcome.act != said.as_ref().map(|said| said.id) {
        return Err(Defect::OutcomeOfOtherAct.into());
    }
    let same = outcome.height == header.height && outcome.instant == header.instant;
    let before = outcome.height < header.height && outcome.instant < header.instant;
    if !same && !before {
        return Err(Defect::OutcomeOfOtherBlock.into());
    }
    let leaf = Digest::of(&[bytes]);
    if !journal.proof.verify(header, journal.location, &leaf) {
        return Err(Defect::BadJournalProof.into());
    }
    sentence(&outcome, said.as_ref())
}

fn sentence(outcome: &Outcome, said: Option<&act::Said>) -> Result<String, Doubt> {
    let at = super::at(outcome.height, outcome.instant);
    let what = match (said, &outcome.due) {
        (Some(said), None) => format!("the act {} (\"{}\")", said.id, said.says),
        (None, Some(_)) => format!("what fell due as number {} of its block", outcome.index),
        (None, None) => format!("an act of no known form, number {} of its block", outcome.index),
        (Some(_), Some(_)) => return Err(bad("an act is not what falls due").into()),
    };
    let why = match (outcome.code, &outcome.refusal, &outcome.sentence) {
        (Some(code), Some(name), Some(sentence)) => format!(" for {code} {name}: {sentence}"),
        (Some(code), Some(name), None) => format!(" for {code} {name}"),
        _ => String::new(),
    };
    Ok(match outcome.result {
        Became::Executed => format!("{what} was executed {at}"),
        Became::Refused => format!("{what} was refused {at}{why}"),
        Became::Due if outcome.code.is_some() => format!("{what} had no effect {at}{why}"),
        Became::Due => format!("{what} was done {at}"),
    })
}
