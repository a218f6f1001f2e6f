//! Executes acts: the checks that all acts share, in their order, then the handler of the kind.

use alloc::string::String;
use alloc::vec::Vec;

use crate::act::{Act, Data, SignedAct, VerifiedAct};
use crate::actor::end_mandate::end_mandate;
use crate::actor::grant_full_powers::grant_full_powers;
use crate::actor::grant_office::grant_office;
use crate::actor::register_actor::register_actor;
use crate::actor::register_key::register_key;
use crate::actor::revoke_key::revoke_key;
use crate::actor::{Author, Key, Mandate, Purpose, Sequence, actor_path};
use crate::date::Instant;
use crate::due;
use crate::event::Event;
use crate::ids::{ActId, KeyId};
use crate::ledger::{Ledger, Missing, Path, Stop};
use crate::limits::EXPIRY_AHEAD_MS_MAX;
use crate::network::consent_to_validator_change::consent_to_validator_change;
use crate::network::leave_validators::leave_validators;
use crate::network::propose_validator_change::propose_validator_change;
use crate::network::replace_validator_key::replace_validator_key;
use crate::network::report_ready::report_ready;
use crate::network::withdraw_validator_change::withdraw_validator_change;
use crate::outcome::Outcome;
use crate::refusal::Refusal;
use crate::treaty::adopt::adopt;
use crate::treaty::authenticate::authenticate;
use crate::treaty::deposit::deposit;
use crate::treaty::draft_treaty::draft_treaty;
use crate::treaty::revoke_withdrawal::revoke_withdrawal;
use crate::treaty::sign::sign;
use crate::treaty::transcribe::transcribe;
use crate::treaty::transcribe_treaty::transcribe_treaty;
use crate::treaty::withdraw::withdraw;
use crate::treaty::withdraw_instrument::withdraw_instrument;

/// Executes the bytes of a signed act: decodes, verifies, then as [`execute_verified`].
///
/// # Errors
/// [`Missing`] when a record must be loaded first; nothing has changed then.
pub fn execute(ledger: &mut Ledger, bytes: &[u8]) -> Result<Outcome, Missing> {
    ledger.begin(ActId([0; 32]));
    let signed = match SignedAct::decode(bytes) {
        Ok(signed) => signed,
        Err(refusal) => return Ok(Outcome::refused(ledger, None, &refusal)),
    };
    let id = signed.id();
    match signed.verify() {
        Ok(act) => execute_verified(ledger, &act),
        Err(refusal) => Ok(Outcome::refused(ledger, Some(id), &refusal)),
    }
}

/// Executes an act. Its outcome is final with the block: executed, or refused with a code. An act
/// that is refused after its number was found right uses the number up and changes nothing else.
///
/// # Errors
/// [`Missing`] when a record must be loaded first; nothing has changed then.
pub fn execute_verified(ledger: &mut Ledger, act: &VerifiedAct) -> Result<Outcome, Missing> {
    let id = act.id();
    match try_act(ledger, act.act(), id)? {
        Tried::Inadmissible(refusal) => {
            ledger.discard();
            Ok(Outcome::refused(ledger, Some(id), &refusal))
        }
        Tried::Refused(refusal) => {
            ledger.discard();
            use_number(ledger, act.act());
            ledger.keep();
            Ok(Outcome::refused(ledger, Some(id), &refusal))
        }
        Tried::Executed => {
            use_number(ledger, act.act());
            let events = ledger.keep();
            Ok(Outcome::executed(ledger, id, events))
        }
    }
}

/// Whether the next block would execute an act; changes nothing.
///
/// # Errors
/// [`Missing`] when a record must be loaded first.
pub fn check(ledger: &mut Ledger, act: &VerifiedAct) -> Result<Result<(), Refusal>, Missing> {
    Ok(events_of(ledger, act.act(), act.id())?.map(|_| ()))
}

/// What an act would bring about; changes nothing.
pub(crate) fn events_of(
    ledger: &mut Ledger,
    act: &Act,
    id: ActId,
) -> Result<Result<Vec<Event>, Refusal>, Missing> {
    let tried = try_act(ledger, act, id)?;
    let events = ledger.take_events();
    Ok(match tried {
        Tried::Inadmissible(refusal) | Tried::Refused(refusal) => Err(refusal),
        Tried::Executed => Ok(events),
    })
}

/// The records that an act will read as far as they are known beforehand, to be loaded at once.
#[must_use]
pub fn reads(act: &Act) -> Vec<Path> {
    let mut paths = alloc::vec![
        Key::path(act.key),
        Sequence::path(act.key),
        actor_path(act.actor),
        due::SIZE_PATH.into(),
    ];
    paths.extend(act.mandate.map(Mandate::path));
    let actor = act.actor;
    match &act.data {
        Data::RegisterActor(data) => data.reads(actor, &mut paths),
        Data::RegisterKey(data) => data.reads(actor, &mut paths),
        Data::RevokeKey(data) => data.reads(actor, &mut paths),
        Data::GrantOffice(data) => data.reads(actor, &mut paths),
        Data::GrantFullPowers(data) => data.reads(actor, &mut paths),
        Data::EndMandate(data) => data.reads(actor, &mut paths),
        Data::DraftTreaty(data) => data.reads(actor, &mut paths),
        Data::Adopt(data) => data.reads(actor, &mut paths),
        Data::Authenticate(data) => data.reads(actor, &mut paths),
        Data::Sign(data) => data.reads(actor, &mut paths),
        Data::Deposit(data) => data.reads(actor, &mut paths),
        Data::Withdraw(data) => data.reads(actor, &mut paths),
        Data::RevokeWithdrawal(data) => data.reads(actor, &mut paths),
        Data::WithdrawInstrument(data) => data.reads(actor, &mut paths),
        Data::TranscribeTreaty(data) => data.reads(actor, &mut paths),
        Data::Transcribe(data) => data.reads(actor, &mut paths),
        Data::ProposeValidatorChange(data) => data.reads(actor, &mut paths),
        Data::ConsentToValidatorChange(data) => data.reads(actor, &mut paths),
        Data::WithdrawValidatorChange(data) => data.reads(actor, &mut paths),
        Data::ReplaceValidatorKey(data) => data.reads(actor, &mut paths),
        Data::LeaveValidators(data) => data.reads(actor, &mut paths),
        Data::ReportReady(data) => data.reads(actor, &mut paths),
    }
    paths
}

/// How an act went, with its changes still in the overlay.
enum Tried {
    /// Refused before its number was found right: it uses nothing up.
    Inadmissible(Refusal),
    /// Refused by its author's mandate, its sentence or its handler.
    Refused(Refusal),
    /// Executed.
    Executed,
}

fn try_act(ledger: &mut Ledger, act: &Act, id: ActId) -> Result<Tried, Missing> {
    ledger.begin(id);
    match admissible(ledger, act) {
        Ok(()) => ledger.admit(),
        Err(Stop::Refused(refusal)) => return Ok(Tried::Inadmissible(refusal)),
        Err(Stop::Missing(missing)) => return Err(missing),
    }
    match run(ledger, act) {
        Ok(()) => Ok(Tried::Executed),
        Err(Stop::Refused(refusal)) => Ok(Tried::Refused(refusal)),
        Err(Stop::Missing(missing)) => Err(missing),
    }
}

fn use_number(ledger: &mut Ledger, act: &Act) {
    ledger.put(Sequence::path(act.key), &Sequence { last: act.sequence, v: 1 });
}

/// The number that the next act of a key must have.
///
/// # Errors
/// [`Missing`] when the record must be loaded first.
pub fn next_sequence(ledger: &Ledger, key: KeyId) -> Result<u64, Missing> {
    let last = ledger.record::<Sequence>(&Sequence::path(key))?.map_or(0, |used| used.last);
    Ok(last.saturating_add(1))
}

/// Checks network, key, expiry and number, on which it depends whether a block may hold the act.
fn admissible(ledger: &Ledger, act: &Act) -> Result<(), Stop> {
    if act.network != ledger.network() {
        return Err(Refusal::WrongNetwork { network: ledger.network() }.into());
    }
    let key = ledger.key(act.key)?;
    let purpose = act.data.purpose();
    if key.purpose != purpose {
        return Err(match purpose {
            Purpose::NodeVote => Refusal::NodeKeyNeeded { key: act.key },
            _ => Refusal::WrongPurpose { key: act.key, purpose: key.purpose },
        }
        .into());
    }
    if let Some(on) = key.revoked {
        return Err(Refusal::KeyRevoked { key: act.key, on }.into());
    }
    if key.actor != act.actor {
        return Err(Refusal::NotYourKey { key: act.key, actor: act.actor }.into());
    }
    let now = ledger.now();
    if act.expires <= now {
        return Err(Refusal::Expired { at: act.expires }.into());
    }
    let latest = Instant::from_ms(now.ms().saturating_add(EXPIRY_AHEAD_MS_MAX));
    let latest = latest.unwrap_or(Instant::MAX);
    if act.expires > latest {
        return Err(Refusal::ExpiresTooLate { latest }.into());
    }
    let expected = next_sequence(ledger, act.key)?;
    match act.sequence.cmp(&expected) {
        core::cmp::Ordering::Equal => Ok(()),
        core::cmp::Ordering::Less => Err(Refusal::SequenceUsed { expected }.into()),
        core::cmp::Ordering::Greater => Err(Refusal::SequenceAhead { expected }.into()),
    }
}

/// The author of an act, with its mandate checked.
pub(crate) fn author(ledger: &Ledger, act: &Act) -> Result<Author, Stop> {
    let record = ledger.actor(act.actor)?;
    let mandate = match act.mandate {
        None => None,
        Some(id) => {
            let mandate = ledger.mandate(id)?;
            if mandate.key != act.key || mandate.actor != act.actor {
                return Err(Refusal::NotYourMandate { mandate: id }.into());
            }
            mandate.require_in_time(id, ledger.today())?;
            Some((id, mandate))
        }
    };
    Ok(Author { actor: act.actor, record, key: act.key, mandate })
}

fn run(ledger: &mut Ledger, act: &Act) -> Result<(), Stop> {
    let author = author(ledger, act)?;
    let says = says(ledger, &author, &act.data)?;
    if says != act.says {
        return Err(Refusal::SaysDiffers { says }.into());
    }
    let author = &author;
    match &act.data {
        Data::RegisterActor(data) => register_actor(ledger, author, data),
        Data::RegisterKey(data) => register_key(ledger, author, data),
        Data::RevokeKey(data) => revoke_key(ledger, author, data),
        Data::GrantOffice(data) => grant_office(ledger, author, data),
        Data::GrantFullPowers(data) => grant_full_powers(ledger, author, data),
        Data::EndMandate(data) => end_mandate(ledger, author, data),
        Data::DraftTreaty(data) => draft_treaty(ledger, author, data),
        Data::Adopt(data) => adopt(ledger, author, data),
        Data::Authenticate(data) => authenticate(ledger, author, data),
        Data::Sign(data) => sign(ledger, author, data),
        Data::Deposit(data) => deposit(ledger, author, data),
        Data::Withdraw(data) => withdraw(ledger, author, data),
        Data::RevokeWithdrawal(data) => revoke_withdrawal(ledger, author, data),
        Data::WithdrawInstrument(data) => withdraw_instrument(ledger, author, data),
        Data::TranscribeTreaty(data) => transcribe_treaty(ledger, author, data),
        Data::Transcribe(data) => transcribe(ledger, author, data),
        Data::ProposeValidatorChange(data) => propose_validator_change(ledger, author, data),
        Data::ConsentToValidatorChange(data) => consent_to_validator_change(ledger, author, data),
        Data::WithdrawValidatorChange(data) => withdraw_validator_change(ledger, author, data),
        Data::ReplaceValidatorKey(data) => replace_validator_key(ledger, author, data),
        Data::LeaveValidators(data) => leave_validators(ledger, author, data),
        Data::ReportReady(data) => report_ready(ledger, author, data),
    }
}

/// The sentence that the author of an act signs.
pub(crate) fn says(ledger: &Ledger, author: &Author, data: &Data) -> Result<String, Stop> {
    Ok(match data {
        Data::RegisterActor(data) => data.says(author),
        Data::RegisterKey(data) => data.says(author),
        Data::RevokeKey(data) => data.says(author),
        Data::GrantOffice(data) => data.says(author),
        Data::GrantFullPowers(data) => data.says(author),
        Data::EndMandate(data) => data.says(author),
        Data::DraftTreaty(data) => data.says(ledger, author)?,
        Data::Adopt(data) => data.says(ledger, author)?,
        Data::Authenticate(data) => data.says(ledger, author)?,
        Data::Sign(data) => data.says(ledger, author)?,
        Data::Deposit(data) => data.says(ledger, author)?,
        Data::Withdraw(data) => data.says(ledger, author)?,
        Data::RevokeWithdrawal(data) => data.says(ledger, author)?,
        Data::WithdrawInstrument(data) => data.says(ledger, author)?,
        Data::TranscribeTreaty(data) => data.says(ledger, author)?,
        Data::Transcribe(data) => data.says(ledger, author)?,
        Data::ProposeValidatorChange(data) => data.says(ledger, author)?,
        Data::ConsentToValidatorChange(data) => data.says(ledger, author)?,
        Data::WithdrawValidatorChange(data) => data.says(ledger, author)?,
        Data::ReplaceValidatorKey(data) => data.says(ledger, author)?,
        Data::LeaveValidators(data) => data.says(author),
        Data::ReportReady(data) => data.says(author),
    })
}
