//! Acts offered to one node at a steady rate, by several connections, whatever it answers.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Connections to each node.
pub const CONNECTIONS: usize = 16;
/// Requests that one connection sends before it reads their answers (HTTP/1.1 pipelining).
const PIPELINED: usize = 8;
const TIMEOUT: Duration = Duration::from_secs(30);

/// Acts for one node.
pub struct Stream {
    address: SocketAddr,
    /// Requests, each with an act, in the order of their numbers.
    requests: Vec<Vec<u8>>,
    /// Requests that are to be sent: the first of them comes next.
    left: Mutex<BTreeSet<usize>>,
    per_second: u64,
    /// Requests whose time was claimed.
    claimed: AtomicU64,
    offered: AtomicU64,
    turned_away: AtomicU64,
    failed: AtomicU64,
}

/// What was sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent {
    /// Acts that were offered, those offered again included.
    pub offered: u64,
    /// Acts that were answered with 429.
    pub turned_away: u64,
    /// Connections that ended before they should have.
    pub failed: u64,
}

impl Sent {
    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            offered: self.offered + other.offered,
            turned_away: self.turned_away + other.turned_away,
            failed: self.failed + other.failed,
        }
    }
}

impl Stream {
    /// Will offer acts to the node at an address, so many a second.
    pub fn new(address: SocketAddr, acts: Vec<Vec<u8>>, per_second: u64) -> Self {
        let left = Mutex::new((0..acts.len()).collect());
        let requests = acts.into_iter().map(|act| request(address, &act)).collect();
        let [claimed, offered, turned_away, failed] = [(); 4].map(|()| AtomicU64::new(0));
        Self { address, requests, left, per_second, claimed, offered, turned_away, failed }
    }

    /// What was sent so far.
    pub fn sent(&self) -> Sent {
        Sent {
            offered: self.offered.load(Ordering::Relaxed),
            turned_away: self.turned_away.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }

    /// Sends by one connection, at the rate that all keep since `start`, until told to stop.
    pub fn send(&self, start: Instant, stop: &AtomicBool) {
        if self.connection(start, stop).is_err() {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn connection(&self, start: Instant, stop: &AtomicBool) -> io::Result<()> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        let mut answers = BufReader::new(stream.try_clone()?);
        while !stop.load(Ordering::Relaxed) {
            self.wait_for_turn(start, stop);
            let some = self.take();
            if some.is_empty() {
                thread::sleep(Duration::from_millis(5)); // others may still give some back
                continue;
            }
            let requests: Vec<u8> =
                some.iter().flat_map(|place| &self.requests[*place]).copied().collect();
            stream.write_all(&requests)?;
            self.offered.fetch_add(some.len() as u64, Ordering::Relaxed);
            for place in some {
                if status(&mut answers)? == 429 {
                    self.turned_away.fetch_add(1, Ordering::Relaxed);
                    self.left().insert(place);
                }
            }
        }
        Ok(())
    }

    /// Waits until as many requests may be sent as go together.
    fn wait_for_turn(&self, start: Instant, stop: &AtomicBool) {
        let place = self.claimed.fetch_add(PIPELINED as u64, Ordering::Relaxed);
        let due = start + Duration::from_micros(place * 1_000_000 / self.per_second);
        while !stop.load(Ordering::Relaxed) {
            let wait = due.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                return;
            }
            thread::sleep(wait.min(Duration::from_millis(100)));
        }
    }

    fn take(&self) -> Vec<usize> {
        let mut left = self.left();
        (0..PIPELINED).map_while(|_| left.pop_first()).collect()
    }

    fn left(&self) -> std::sync::MutexGuard<'_, BTreeSet<usize>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn request(address: SocketAddr, act: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /api/v1/acts HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        act.len()
    );
    [head.as_bytes(), act].concat()
}

/// Reads an answer; its status.
fn status(answers: &mut impl BufRead) -> io::Result<u16> {
    let bad = || io::Error::new(io::ErrorKind::InvalidData, "not an answer of HTTP/1.1");
    let mut line = String::new();
    answers.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(bad)?;
    let mut length = 0;
    loop {
        line.clear();
        answers.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(|_| bad())?;
        }
    }
    io::copy(&mut answers.by_ref().take(length), &mut io::sink())?;
    Ok(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_follow_each_other_are_told_apart() {
        let text = "HTTP/1.1 202 Accepted\r\ncontent-length: 3\r\n\r\nabcHTTP/1.1 429 Too Many \
                    Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
        let mut answers = text.as_bytes();
        assert_eq!(status(&mut answers).ok(), Some(202));
        assert_eq!(status(&mut answers).ok(), Some(429));
        assert!(status(&mut answers).is_err(), "there is no third");
    }
}
