//! How slowly a body may come: who sends less takes a place from others.

use std::time::Duration;

use futures::{Stream, StreamExt};
use tokio::time::{Instant, timeout};

use crate::problem::Problem;

/// How long a client is waited for before it is looked at how much has come.
const WINDOW: Duration = Duration::from_secs(15);
/// Bytes that must come in a window: 32 KiB a second.
const WINDOW_BYTES: u64 = 15 * 32 * 1024;

/// What has come in the present window. Only waiting for the client counts: a slow disk is no fault
/// of it.
pub struct Pace {
    window: Duration,
    waited: Duration,
    came: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { window: WINDOW, waited: Duration::ZERO, came: 0 }
    }
}

impl Pace {
    /// The next part of a body, if it comes soon enough; none after the last.
    ///
    /// # Errors
    /// A [`Problem`] of status 408 when too little comes.
    pub async fn next<S, E>(&mut self, parts: &mut S) -> Result<Option<S::Item>, Problem>
    where
        S: Stream<Item = Result<axum::body::Bytes, E>> + Unpin,
    {
        loop {
            let began = Instant::now();
            let part = timeout(self.window.saturating_sub(self.waited), parts.next()).await;
            let bytes = match &part {
                Ok(Some(Ok(bytes))) => bytes.len() as u64,
                _ => 0,
            };
            let quick = self.note(began.elapsed(), bytes);
            match part {
                Ok(None) => return Ok(None),
                _ if !quick => {
                    return Err(Problem::too_slow(format!(
                        "under {WINDOW_BYTES} bytes came in {} seconds, and nothing is kept; send \
                         the file over a faster line",
                        WINDOW.as_secs()
                    )));
                }
                Ok(part) => return Ok(part),
                Err(_) => {} // the window has ended, and enough had come in it
            }
        }
    }

    /// Notes what has come; whether it was enough.
    fn note(&mut self, waited: Duration, bytes: u64) -> bool {
        self.waited += waited;
        self.came += bytes;
        if self.waited < self.window {
            return true;
        }
        let enough = self.came >= WINDOW_BYTES;
        (self.waited, self.came) = (Duration::ZERO, 0);
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_sends_nothing_more_is_cut_off() {
        let part = Ok::<_, ()>(axum::body::Bytes::from_static(b"part"));
        let mut parts = futures::stream::iter([part.clone()]).chain(futures::stream::pending());
        let mut pace = Pace { window: Duration::from_millis(20), ..Pace::default() };
        assert_eq!(pace.next(&mut parts).await, Ok(Some(part)));
        let cut = pace.next(&mut parts).await.expect_err("it never ends");
        assert_eq!(cut.status.as_u16(), 408);
        let mut none = futures::stream::empty::<Result<_, ()>>();
        assert_eq!(pace.next(&mut none).await, Ok(None));
    }

    #[test]
    fn each_window_of_waiting_must_bring_enough() {
        let second = Duration::from_secs(1);
        let mut pace = Pace::default();
        for _ in 0..3 {
            assert!((0..14).all(|_| pace.note(second, 0)), "the window has not ended");
            assert!(pace.note(second, WINDOW_BYTES));
        }
        assert!((0..1000).all(|_| pace.note(Duration::ZERO, 1)), "nothing was waited for");
        assert!((0..14).all(|_| pace.note(second, 1)));
        assert!(!pace.note(second, WINDOW_BYTES - 1015), "one byte is missing");
    }
}
