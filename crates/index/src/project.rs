//! From final blocks to rows.

use pacta_chain::FinalBlock;
use pacta_law::treaty::Participant;
use pacta_law::{Event, Genesis, Outcome, Verdict};
use rusqlite::{Transaction, params};
use serde::Deserialize;
use serde_json::value::Value;

use crate::{Block, Error, treaties};

/// What the journal shows of an act. The law has read the act in full before it became final; here
/// the parts are picked out of its bytes.
#[derive(Deserialize)]
struct Signed {
    act: Act,
}

#[derive(Deserialize)]
struct Act {
    actor: String,
    key: String,
    kind: String,
    says: String,
    sequence: u64,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
struct Data {
    treaty: Option<String>,
}

/// A block without its entries.
pub(crate) fn header(block: &FinalBlock) -> Block {
    let header = &block.header;
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    Block {
        height: header.height,
        digest: header.digest().to_string(),
        instant: header.instant.ms(),
        epoch: header.epoch,
        view: header.view,
        leader: hex(&header.leader),
        ledger_root: header.ledger_root.to_string(),
        journal_root: header.journal_root.to_string(),
        law_version: header.law_version.into(),
        acts: count(block.acts.len()),
        entries: count(block.outcomes.len()),
    }
}

/// Writes a block with its entries and their events.
pub(crate) fn block(change: &Transaction<'_>, block: &FinalBlock) -> Result<(), Error> {
    let row = header(block);
    let height = row.height;
    change
        .prepare_cached("INSERT INTO blocks VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)")?
        .execute(params![
            row.height,
            row.digest,
            row.instant,
            row.epoch,
            row.view,
            row.leader,
            row.ledger_root,
            row.journal_root,
            row.law_version,
            row.acts,
            row.entries,
        ])?;
    let due = block.outcomes.len().checked_sub(block.acts.len());
    let due = due.ok_or(Error::Malformed { height, reason: "it has more acts than outcomes" })?;
    for (place, outcome) in block.outcomes.iter().enumerate() {
        let act = place.checked_sub(due).and_then(|place| block.acts.get(place));
        entry(change, height, outcome, act.map(|bytes| &bytes[..]))?;
    }
    Ok(())
}

fn entry(
    change: &Transaction<'_>,
    height: u64,
    outcome: &Outcome,
    act: Option<&[u8]>,
) -> Result<(), Error> {
    let signed: Option<Signed> = match (&outcome.act, act) {
        (Some(_), Some(bytes)) => serde_json::from_slice(bytes).ok(),
        _ => None,
    };
    let act = signed.map(|signed| signed.act);
    let bodies = outcome.events.iter().map(serde_json::to_value);
    let bodies = bodies.collect::<Result<Vec<Value>, _>>()?;
    let named = act.as_ref().and_then(|act| act.data.treaty.as_deref());
    let treaty = named.or_else(|| bodies.iter().find_map(|body| text(body, "treaty")));
    change
        .prepare_cached("INSERT INTO journal VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)")?
        .execute(params![
            height,
            outcome.index,
            result(outcome),
            outcome.act.map(|id| id.to_string()),
            act.as_ref().map(|act| &act.kind),
            act.as_ref().map(|act| &act.actor),
            act.as_ref().map(|act| &act.key),
            act.as_ref().map(|act| act.sequence),
            treaty,
            act.as_ref().map(|act| &act.says),
            outcome.code,
            outcome.refusal,
            outcome.sentence,
        ])?;
    for (position, (event, body)) in outcome.events.iter().zip(&bodies).enumerate() {
        change.prepare_cached("INSERT INTO events VALUES (?1,?2,?3,?4,?5,?6,?7)")?.execute(
            params![
                height,
                outcome.index,
                position,
                text(body, "event"),
                text(body, "treaty"),
                text(body, "actor"),
                body.to_string(),
            ],
        )?;
        apply(change, height, outcome, event)?;
    }
    Ok(())
}

/// What an event changes beside the journal: who there is, which treaties, and who takes part.
fn apply(
    change: &Transaction<'_>,
    height: u64,
    outcome: &Outcome,
    event: &Event,
) -> Result<(), Error> {
    match event {
        Event::ActorRegistered { actor, kind, name, parent } => {
            let kind = serde_json::to_value(kind)?;
            let kind = kind.as_str().unwrap_or_default();
            actor_row(change, &actor.to_string(), name, kind, Some(&parent.to_string()))
        }
        Event::TreatyDrafted { treaty, titles, negotiating, .. } => {
            treaties::insert(change, (height, outcome.index), treaty, titles, None)?;
            for actor in negotiating {
                treaties::appears(change, treaty, &Participant::Actor(*actor))?;
            }
            Ok(())
        }
        Event::TreatyTranscribed { treaty, titles, source, .. } => {
            treaties::insert(change, (height, outcome.index), treaty, titles, Some(source))
        }
        Event::TreatySigned { treaty, participant, .. }
        | Event::ConsentEstablished { treaty, participant, .. }
        | Event::WithdrawalNotified { treaty, participant, .. }
        | Event::EntryPublished { treaty, participant, .. }
        | Event::EndPublished { treaty, participant, .. }
        | Event::FactRecorded { treaty, participant, .. } => {
            treaties::appears(change, treaty, participant)
        }
        _ => Ok(()),
    }
}

/// Writes the actors that a network was founded with.
pub(crate) fn genesis(change: &Transaction<'_>, genesis: &Genesis) -> Result<(), Error> {
    for (path, record) in genesis.records() {
        let Some(id) = path.strip_prefix("actor/").filter(|id| !id.contains('/')) else { continue };
        let unreadable = || Error::Genesis { path: path.clone() };
        let record: Value = serde_json::from_slice(&record).map_err(|_| unreadable())?;
        let name = text(&record, "name").ok_or_else(unreadable)?;
        let kind = text(&record, "kind").ok_or_else(unreadable)?;
        actor_row(change, id, name, kind, text(&record, "parent"))?;
    }
    Ok(())
}

fn actor_row(
    change: &Transaction<'_>,
    id: &str,
    name: &str,
    kind: &str,
    parent: Option<&str>,
) -> Result<(), Error> {
    change
        .prepare_cached("INSERT OR REPLACE INTO actors VALUES (?1,?2,?3,?4)")?
        .execute(params![id, name, kind, parent])?;
    Ok(())
}

fn text<'a>(body: &'a Value, member: &str) -> Option<&'a str> {
    body.get(member).and_then(Value::as_str)
}

fn result(outcome: &Outcome) -> &'static str {
    match outcome.result {
        Verdict::Executed => "executed",
        Verdict::Refused => "refused",
        Verdict::Due => "due",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
