//! Runs functions of the law on the last final ledger, from outside of the engine's tasks.

use pacta_law::{Instant, Ledger, Missing, Refusal, Stop};

use crate::{error::Error, handle::Handle};

/// The ledger as the next block would see it, as far as it was read.
pub struct Reading<'a> {
    handle: &'a Handle,
    ledger: Ledger,
    /// Height of the last final block when the reading began.
    pub height: u64,
}

impl<'a> Reading<'a> {
    /// Begins to read; the next block's instant is `now_ms` or later.
    ///
    /// # Errors
    /// Those of [`Handle::load`].
    pub async fn begin(handle: &'a Handle, now_ms: u64) -> Result<Self, Error> {
        let last = handle.load(Vec::new()).await?;
        let instant = Instant::from_ms(now_ms.max(last.instant.ms().saturating_add(1)));
        let instant = instant.unwrap_or(Instant::MAX);
        let ledger = Ledger::new(handle.network(), last.height + 1, instant);
        Ok(Self { handle, ledger, height: last.height })
    }

    /// Runs a function of the law, loading what it misses.
    ///
    /// # Errors
    /// Those of [`Handle::load`].
    pub async fn run<T>(
        &mut self,
        mut function: impl FnMut(&Ledger) -> Result<T, Missing>,
    ) -> Result<T, Error> {
        let answer = self.attempt(|ledger| function(ledger).map_err(Stop::Missing)).await?;
        Ok(answer.expect("it refuses nothing"))
    }

    /// Runs a function of the law that may refuse, loading what it misses.
    ///
    /// # Errors
    /// Those of [`Handle::load`].
    pub async fn attempt<T>(
        &mut self,
        mut function: impl FnMut(&Ledger) -> Result<T, Stop>,
    ) -> Result<Result<T, Refusal>, Error> {
        loop {
            match function(&self.ledger) {
                Ok(value) => return Ok(Ok(value)),
                Err(Stop::Refused(refusal)) => return Ok(Err(refusal)),
                Err(Stop::Missing(Missing(path))) => {
                    let mut loaded = self.handle.load(vec![path.clone()]).await?;
                    self.ledger.load(path, loaded.records.pop().flatten());
                }
            }
        }
    }
}
