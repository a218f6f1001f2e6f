//! Who calls the roll of a founding and keeps it.

use std::time::Duration;

use commonware_macros::select;
use commonware_p2p::{Receiver, Recipients, Sender};

use crate::{
    application::now_ms,
    ceremony::{Desk, Founder, News},
    error::Error,
    rollcall::{CALL, Call, Digest, Odd, Roll, Standing},
    types::{Context, ValidatorKey},
};

/// News of the roll come at most so often, in milliseconds.
const NEWS_MS: u64 = 1_000;
/// Who must not go on still calls for this time, in milliseconds, so that the others hear why.
const ODD_MS: u64 = 2_000;
/// And for this time while some are absent, who may just be connecting.
const ODD_ABSENT_MS: u64 = 15_000;
/// The last calls of who leaves.
const LAST_CALLS: usize = 8;

/// Who calls the roll and keeps it.
pub(crate) struct Clerk<'a, E, S, R> {
    context: E,
    /// The roll.
    pub roll: Roll,
    founders: &'a [Founder],
    sender: S,
    receiver: R,
    /// Who hears the news.
    pub desk: &'a mut dyn Desk,
    /// What was called last, and when.
    called: Option<(Call, u64)>,
    /// What was told last, and when.
    told: (Vec<(Standing, bool)>, u64),
    odd_since: Option<u64>,
}

impl<'a, E, S, R> Clerk<'a, E, S, R>
where
    E: Context,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    /// A clerk that speaks and hears through a channel.
    pub fn new(
        context: E,
        roll: Roll,
        founders: &'a [Founder],
        (sender, receiver): (S, R),
        desk: &'a mut dyn Desk,
    ) -> Self {
        let (called, told, odd_since) = (None, (Vec::new(), 0), None);
        Self { context, roll, founders, sender, receiver, desk, called, told, odd_since }
    }

    /// Calls and listens until something is so.
    pub async fn until(&mut self, mut is_so: impl FnMut(&Roll, u64) -> bool) -> Result<(), Error> {
        loop {
            let now = now_ms(&self.context);
            self.call(now);
            self.tell(now);
            if let Some(error) = self.odd(now) {
                return Err(error);
            }
            if self.odd_since.is_none() && is_so(&self.roll, now) {
                return Ok(());
            }
            select! {
                heard = self.receiver.recv() => match heard {
                    Ok((who, bytes)) => self.hear(&who, bytes.as_ref()),
                    Err(_) => return Err(Error::Stopped("its network ended".into())),
                },
                _ = self.context.sleep(CALL) => {},
            }
        }
    }

    /// Tells all that this founder has finished, and stays while one needs it.
    pub async fn finish(&mut self) -> Result<(), Error> {
        self.roll.finish(now_ms(&self.context));
        self.until(Roll::is_over).await?;
        self.last_calls().await;
        Ok(())
    }

    /// Tells all that nothing came of the ceremony, and stays until they know it themselves.
    pub async fn give_up(&mut self) -> Result<(), Error> {
        self.roll.give_up(now_ms(&self.context));
        self.until(Roll::all_know).await?;
        self.last_calls().await;
        Ok(())
    }

    async fn last_calls(&mut self) {
        for _ in 0..LAST_CALLS {
            self.called = None;
            self.call(now_ms(&self.context));
            self.context.sleep(CALL).await;
        }
    }

    fn hear(&mut self, who: &ValidatorKey, bytes: &[u8]) {
        let place = self.founders.iter().position(|founder| founder.key == *who);
        if let Some(place) = place {
            self.roll.hear(place, bytes, now_ms(&self.context));
        }
    }

    /// Calls, if it is time or there is something new to say.
    fn call(&mut self, now: u64) {
        let call = self.roll.call(now);
        let due = match &self.called {
            Some((called, at)) => *called != call || now >= at + millis(CALL) || now < *at,
            None => true,
        };
        if due {
            let _ = self.sender.send(Recipients::All, call.encode(), true); // else the next
            self.called = Some((call, now));
        }
    }

    fn tell(&mut self, now: u64) {
        let standings = self.roll.standings(now).into_iter().enumerate();
        let news: Vec<_> = standings.map(|(who, one)| (one, self.roll.is_done(who))).collect();
        if news != self.told.0 && now >= self.told.1 + NEWS_MS {
            self.desk.tell(News::Roll(&news));
            self.told = (news, now);
        }
    }

    /// Why this founder must not go on, once the others have had time to hear it.
    fn odd(&mut self, now: u64) -> Option<Error> {
        let Some(odd) = self.roll.odd(now) else {
            self.odd_since = None;
            return None;
        };
        let since = *self.odd_since.get_or_insert(now);
        let absent = self.roll.standings(now).contains(&Standing::Absent);
        let stays_ms = if absent { ODD_ABSENT_MS } else { ODD_MS };
        (now >= since + stays_ms).then(|| self.sentence(&odd))
    }

    fn sentence(&self, odd: &Odd) -> Error {
        let names = |places: &[usize]| {
            let names: Vec<_> =
                places.iter().map(|who| self.founders[*who].name.as_str()).collect();
            names.join(", ")
        };
        let hex = |digest: &Digest| pacta_law::Digest(*digest).to_string();
        match odd {
            Odd::Plan(places, plan) => Error::Founders(format!(
                "{} have another plan ({}); compare the fingerprints of your plans, and start \
                 again with the same one",
                names(places),
                hex(plan)
            )),
            Odd::Attempt(places, attempt) => Error::AnotherAttempt {
                reason: format!("{} are at a later attempt", names(places)),
                attempt: attempt.get(),
            },
            Odd::Network(who, network) => Error::Founders(format!(
                "{} made another network of the same ceremony ({}); check that all founders run \
                 the same version of this program, and found nothing before that is explained",
                names(&[*who]),
                hex(network)
            )),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
