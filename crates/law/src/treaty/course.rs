//! What a signature, consent, void, notice or published date does to a treaty.
//!
//! Pure: acts of today and transcribed facts of a history take the same way. Conditions are
//! judged at the end of a day; since no day's end comes with an act, they are judged after each
//! change, and the trigger of a day is unset again if a void of the same day undoes it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::clauses::{FinalClauses, SignatureKind};
use super::dates::{self, NoticeEffect};
use super::kind::ConsentKind;
use super::participant::Participant;
use super::record::{Consent, Notice, Party, SPELLS_MAX, Signed, Spell, Treaty};
use super::tally::{Contribution, Tally};
use crate::date::Date;
use crate::event::Event;
use crate::ids::TreatyId;
use crate::limits::MISSING_BYTES_MAX;
use crate::refusal::Refusal;

/// A treaty with what its course depends on.
#[derive(Clone, Debug)]
pub struct Course {
    /// Which treaty.
    pub id: TreatyId,
    /// Its head record.
    pub treaty: Treaty,
    /// Its final clauses.
    pub clauses: FinalClauses,
    /// Its tally, where the conditions are known.
    pub tally: Option<Tally>,
    /// What came about.
    pub events: Vec<Event>,
}

/// What became of a notice of withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeOutcome {
    /// The author has no consent that stands.
    NotBound,
    /// An earlier notice is running, with this effect.
    Running(Date),
    /// What the clauses say.
    Judged(NoticeEffect),
}

/// A sentence of at most [`MISSING_BYTES_MAX`]: each consent of a batch repeats it.
fn shortened(mut sentence: String) -> String {
    if sentence.len() > MISSING_BYTES_MAX {
        let end = sentence.floor_char_boundary(MISSING_BYTES_MAX - '…'.len_utf8());
        sentence.truncate(end);
        sentence.push('…');
    }
    sentence
}

impl Course {
    /// Enters a signature; false if the participant had signed before.
    ///
    /// # Errors
    /// [`Refusal::DateOutOfRange`] if a date it brings about is past the year 9999.
    pub fn sign(
        &mut self,
        party: &mut Party,
        kind: SignatureKind,
        on: Date,
    ) -> Result<bool, Refusal> {
        if party.signature.is_some() {
            return Ok(false);
        }
        self.events.push(Event::TreatySigned {
            on,
            participant: party.participant.clone(),
            signature: kind,
            treaty: self.id.clone(),
        });
        self.changing(party, on, |party| party.signature = Some(Signed { kind, on }))?;
        self.treaty.counts.signatures += 1;
        Ok(true)
    }

    /// Enters a consent; false if one stands already, since a further one changes nothing.
    ///
    /// # Errors
    /// [`Refusal::TooManySpells`]; [`Refusal::DateOutOfRange`] past the year 9999.
    pub fn consent(&mut self, party: &mut Party, consent: Consent) -> Result<bool, Refusal> {
        if party.standing(consent.on).is_some() {
            return Ok(false);
        }
        let at = self.events.len();
        let spell = Spell { consent: Some(consent), ..Spell::default() };
        let Consent { kind, on, succession } = consent;
        self.open_spell(party, spell, on)?;
        let event = self.established(party, kind, on, succession)?;
        self.events.insert(at, event); // before the date that it may have fixed
        Ok(true)
    }

    /// Voids the consent that stands; false if there is none, or if the treaty is in force for
    /// the participant already.
    ///
    /// # Errors
    /// [`Refusal::DateOutOfRange`] past the year 9999.
    pub fn void(&mut self, party: &mut Party, on: Date) -> Result<bool, Refusal> {
        let Some(spell) = party.standing(on).filter(|spell| spell.consent.is_some()) else {
            return Ok(false);
        };
        let entry = spell.entry(&self.clauses, self.treaty.dates())?;
        let day_is_open = self.treaty.trigger == Some(on);
        if !day_is_open && entry.is_some_and(|entry| entry.date <= on) {
            return Ok(false);
        }
        self.changing(party, on, |party| {
            let last = party.spells.last_mut().expect("a spell stands");
            last.voided = Some(on);
        })?;
        let participant = party.participant.clone();
        self.events.push(Event::ConsentVoided { treaty: self.id.clone(), participant, on });
        Ok(true)
    }

    /// Enters a notice of withdrawal, if it has an effect.
    ///
    /// # Errors
    /// [`Refusal::DateOutOfRange`] past the year 9999.
    pub fn notice(&mut self, party: &mut Party, on: Date) -> Result<NoticeOutcome, Refusal> {
        let Some(spell) = party.standing(on) else { return Ok(NoticeOutcome::NotBound) };
        if let Some(effect) = spell.notice.and_then(|notice| notice.effect) {
            return Ok(NoticeOutcome::Running(effect));
        }
        let treaty = self.treaty.dates();
        let mut entries = Vec::new();
        for spell in &party.spells {
            entries.extend(spell.entry(&self.clauses, treaty)?.map(|entry| entry.date));
        }
        let in_force = (entries.first().copied(), entries.last().copied());
        let effect = dates::withdrawal(&self.clauses, treaty, in_force, on)?;
        if let NoticeEffect::Effective(explanation) = &effect {
            let last = party.spells.last_mut().expect("a spell stands");
            last.notice = Some(Notice { effect: Some(explanation.date), on });
            self.events.push(Event::WithdrawalNotified {
                treaty: self.id.clone(),
                participant: party.participant.clone(),
                on,
                effect: explanation.date,
                explanation: explanation.to_string(),
            });
        }
        Ok(NoticeOutcome::Judged(effect))
    }

    /// Takes back a notice before its effect: the spell goes on unbroken (VCLT art. 68). False
    /// if there is no notice, or if it took effect.
    pub fn revoke_notice(&mut self, party: &mut Party, on: Date) -> bool {
        let Some(spell) = party.spells.last_mut().filter(|spell| spell.stands(on)) else {
            return false;
        };
        if spell.notice.take().is_none() {
            return false;
        }
        let participant = party.participant.clone();
        self.events.push(Event::WithdrawalRevoked { treaty: self.id.clone(), participant, on });
        true
    }

    /// Leaves the end of a running notice open. False if none is running.
    pub fn suspend_notice(&mut self, party: &mut Party, on: Date) -> bool {
        let Some(spell) = party.spells.last_mut().filter(|spell| spell.stands(on)) else {
            return false;
        };
        let Some(notice) = spell.notice.as_mut().filter(|notice| notice.effect.is_some()) else {
            return false;
        };
        notice.effect = None;
        let participant = party.participant.clone();
        self.events.push(Event::WithdrawalSuspended { treaty: self.id.clone(), participant, on });
        true
    }

    /// Enters the published date of a participant; the earliest is the treaty's own.
    ///
    /// # Errors
    /// [`Refusal::TooManySpells`].
    pub fn publish_entry(&mut self, party: &mut Party, date: Date) -> Result<(), Refusal> {
        let free = |spell: &&mut Spell| spell.stands(date) && spell.published_entry.is_none();
        if let Some(spell) = party.spells.last_mut().filter(free) {
            spell.published_entry = Some(date);
        } else {
            let spell = Spell { published_entry: Some(date), ..Spell::default() };
            self.open_spell(party, spell, date)?;
        }
        let (treaty, participant) = (self.id.clone(), party.participant.clone());
        self.events.push(Event::EntryPublished { treaty, participant, date });
        if self.treaty.entry.is_none_or(|entry| date < entry) {
            self.treaty.entry = Some(date);
        }
        Ok(())
    }

    /// Enters the published end of a participant's spell; false if no spell is open.
    pub fn publish_end(&mut self, party: &mut Party, date: Date) -> bool {
        let open = |spell: &&mut Spell| spell.voided.is_none() && spell.published_end.is_none();
        let Some(spell) = party.spells.last_mut().filter(open) else { return false };
        spell.published_end = Some(date);
        let (treaty, participant) = (self.id.clone(), party.participant.clone());
        self.events.push(Event::EndPublished { treaty, participant, date });
        true
    }

    /// Tells of a consent: its date of entry into force, or what is missing for one.
    fn established(
        &self,
        party: &Party,
        consent: ConsentKind,
        on: Date,
        succession: Option<Date>,
    ) -> Result<Event, Refusal> {
        let spell = party.spells.last().expect("a spell was just opened");
        let entry = spell.entry(&self.clauses, self.treaty.dates())?;
        let missing = match (&self.tally, self.clauses.entry_into_force.conditions()) {
            (Some(tally), Some(conditions)) if self.treaty.trigger.is_none() => {
                tally.progress(conditions)?.sentence().map(shortened)
            }
            _ => None,
        };
        Ok(Event::ConsentEstablished {
            consent,
            entry: entry.as_ref().map(|entry| entry.date),
            explanation: entry.as_ref().map(ToString::to_string),
            missing,
            on,
            participant: party.participant.clone(),
            succession,
            treaty: self.id.clone(),
        })
    }

    fn open_spell(&mut self, party: &mut Party, spell: Spell, on: Date) -> Result<(), Refusal> {
        if party.spells.len() >= SPELLS_MAX {
            return Err(Refusal::TooManySpells { participant: party.participant.clone() });
        }
        self.changing(party, on, |party| party.spells.push(spell))
    }

    /// Changes a participant, keeps the counts and the tally in step, and judges the day.
    fn changing(
        &mut self,
        party: &mut Party,
        on: Date,
        change: impl FnOnce(&mut Party),
    ) -> Result<(), Refusal> {
        let was = party.counted();
        let had_signed = party.signature.is_some();
        change(party);
        let is = party.counted();
        match (was, is) {
            (None, Some(_)) => self.treaty.counts.consents += 1,
            (Some(_), None) => self.treaty.counts.consents -= 1,
            _ => {}
        }
        let Some(conditions) = self.clauses.entry_into_force.conditions() else { return Ok(()) };
        let tally = self.tally.as_mut().expect("a treaty with conditions has a tally");
        if !party.organization || self.clauses.organizations.count {
            let participant = &party.participant;
            let signed = party.signature.is_some();
            tally.replace(
                conditions,
                was.map(|kind| Contribution { participant, kind, signed: had_signed }),
                is.map(|kind| Contribution { participant, kind, signed }),
            );
        }
        // A signature that a history states late serves the consents before it.
        self.judge(self.treaty.latest.max(Some(on)).unwrap_or(on), &party.participant)
    }

    /// Fixes the entry into force on the day on which the conditions hold; unsets it if the same
    /// day undoes them. Once the day is over, nothing moves it.
    fn judge(&mut self, day: Date, by: &Participant) -> Result<(), Refusal> {
        let Some(conditions) = self.clauses.entry_into_force.conditions() else { return Ok(()) };
        let Some(tally) = &self.tally else { return Ok(()) };
        match self.treaty.trigger {
            Some(trigger) if trigger == day && !tally.holds(conditions)? => {
                self.treaty.trigger = None;
                self.treaty.entry = None;
                self.events.push(Event::EntryDateUnset { treaty: self.id.clone(), trigger });
            }
            None if tally.holds(conditions)? => {
                let entry = dates::entry_into_force(&self.clauses, day)?
                    .expect("clauses with conditions give a date");
                self.treaty.trigger = Some(day);
                self.treaty.entry = Some(entry.date);
                self.events.push(Event::EntryDateFixed {
                    treaty: self.id.clone(),
                    trigger: day,
                    participant: by.clone(),
                    date: entry.date,
                    explanation: entry.to_string(),
                });
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_within_the_limit_and_on_a_whole_letter() {
        let at = "a".repeat(MISSING_BYTES_MAX);
        assert_eq!(shortened(at.clone()), at);
        for long in [at + "a", "é".repeat(MISSING_BYTES_MAX)] {
            let told = shortened(long);
            assert!(told.len() <= MISSING_BYTES_MAX && told.ends_with('…'), "{told}");
        }
    }
}
