//! A clock that runs slowly while there is nothing to do, and fast while nobody can do it.
//!
//! The engine's time limits must outlast the heartbeat, or a quiet network would change leaders all
//! day; but a leader that has crashed should cost little time. So the engine, and it alone, gets a
//! clock that runs at full speed while this node knows of something to do, slowly otherwise, and
//! fast while the leader is known to be gone, so that its turn is over soon.
//! Time limits concern only how soon something becomes final, never what; nothing that is signed or
//! stored comes from this clock.

use std::{
    convert::Infallible,
    fmt::Display,
    future::Future,
    ops::RangeInclusive,
    sync::Arc,
    time::{Duration, SystemTime},
};

use commonware_macros::select;
use commonware_runtime::{
    BlobVersion, Clock, Error, Handle, Metrics, Name, Spawner, Storage, Supervisor, signal,
    telemetry::metrics::{Metric, Registered},
};
use commonware_utils::sync::Mutex;
use rand_core::{TryCryptoRng, TryRng};

use crate::{bell::Bell, types::Context};

/// How fast an elastic clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// So much real time passes for one unit of elastic time; 1 is full speed.
    Slow(u32),
    /// So many units of elastic time pass in one of real time.
    Hasty(u32),
}

impl Pace {
    /// Elastic time that passes in some real time.
    fn elastic(self, real: Duration) -> Duration {
        match self {
            Self::Slow(slowness) => real / slowness.max(1),
            Self::Hasty(haste) => real.saturating_mul(haste.max(1)),
        }
    }

    /// Real time that passes for some elastic time.
    fn real(self, elastic: Duration) -> Duration {
        match self {
            Self::Slow(slowness) => elastic.saturating_mul(slowness.max(1)),
            Self::Hasty(haste) => elastic / haste.max(1),
        }
    }
}

/// Where the elastic clock stood when its speed last changed.
#[derive(Clone, Copy)]
struct Mark {
    real: SystemTime,
    elastic: SystemTime,
    pace: Pace,
}

impl Mark {
    fn at(&self, real: SystemTime) -> SystemTime {
        self.elastic + self.pace.elastic(real.duration_since(self.real).unwrap_or_default())
    }
}

/// The speed of the clock of all contexts of one engine.
pub struct Speed<E> {
    clock: E,
    mark: Mutex<Mark>,
    changed: Bell,
}

impl<E: Context> Speed<E> {
    /// A clock that shows real time and runs at full speed.
    pub fn new(clock: E) -> Arc<Self> {
        let now = clock.current();
        let mark = Mark { real: now, elastic: now, pace: Pace::Slow(1) };
        Arc::new(Self { clock, mark: Mutex::new(mark), changed: Bell::default() })
    }

    /// Runs at another pace from now on.
    pub fn set(&self, pace: Pace) {
        {
            let mut mark = self.mark.lock();
            if mark.pace == pace {
                return;
            }
            let real = self.clock.current();
            *mark = Mark { real, elastic: mark.at(real), pace };
        }
        self.changed.ring();
    }

    fn now(&self) -> SystemTime {
        let real = self.clock.current();
        let mut mark = self.mark.lock();
        mark.real = mark.real.min(real); // the machine's clock may be set back
        mark.at(real)
    }

    async fn sleep_until(self: Arc<Self>, deadline: SystemTime) {
        loop {
            let change = self.changed.next();
            let now = self.now();
            let Ok(left) = deadline.duration_since(now) else { return };
            if left.is_zero() {
                return;
            }
            // Rounded up, so that the deadline is reached.
            let real = self.mark.lock().pace.real(left) + Duration::from_nanos(1);
            select! {
                _ = self.clock.sleep(real) => {},
                _ = change => {},
            }
        }
    }
}

/// A context whose clock is elastic.
pub struct Elastic<E> {
    inner: E,
    speed: Arc<Speed<E>>,
}

impl<E: Context> Elastic<E> {
    /// Gives a context another clock.
    pub fn new(inner: E, speed: Arc<Speed<E>>) -> Self {
        Self { inner, speed }
    }

    fn with(&self, inner: E) -> Self {
        Self { inner, speed: self.speed.clone() }
    }
}

impl<E: Context> governor::clock::Clock for Elastic<E> {
    type Instant = SystemTime;

    fn now(&self) -> SystemTime {
        self.speed.now()
    }
}

impl<E: Context> governor::clock::ReasonablyRealtime for Elastic<E> {}

impl<E: Context> Clock for Elastic<E> {
    fn current(&self) -> SystemTime {
        self.speed.now()
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static + use<E> {
        self.sleep_until(self.current() + duration)
    }

    fn sleep_until(
        &self,
        deadline: SystemTime,
    ) -> impl Future<Output = ()> + Send + 'static + use<E> {
        self.speed.clone().sleep_until(deadline)
    }
}

impl<E: Context> Supervisor for Elastic<E> {
    fn name(&self) -> Name {
        self.inner.name()
    }

    fn child(&self, label: &'static str) -> Self {
        self.with(self.inner.child(label))
    }

    fn with_attribute(self, key: &'static str, value: impl Display) -> Self {
        Self { inner: self.inner.with_attribute(key, value), speed: self.speed }
    }
}

impl<E: Context> Spawner for Elastic<E> {
    fn shared(self, blocking: bool) -> Self {
        Self { inner: self.inner.shared(blocking), speed: self.speed }
    }

    fn dedicated(self) -> Self {
        Self { inner: self.inner.dedicated(), speed: self.speed }
    }

    fn spawn<F, Fut, T>(self, function: F) -> Handle<T>
    where
        F: FnOnce(Self) -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let speed = self.speed;
        self.inner.spawn(move |inner| function(Self { inner, speed }))
    }

    async fn stop(self, value: i32, timeout: Option<Duration>) -> Result<(), Error> {
        self.inner.stop(value, timeout).await
    }

    fn stopped(&self) -> signal::Signal {
        self.inner.stopped()
    }
}

impl<E: Context> Metrics for Elastic<E> {
    fn register<N: Into<String>, H: Into<String>, M: Metric>(
        &self,
        name: N,
        help: H,
        metric: M,
    ) -> Registered<M> {
        self.inner.register(name, help, metric)
    }

    fn encode(&self) -> String {
        self.inner.encode()
    }
}

impl<E: Context> Storage for Elastic<E> {
    type Blob = E::Blob;

    async fn open_versioned(
        &self,
        partition: &str,
        name: &[u8],
        versions: RangeInclusive<BlobVersion>,
    ) -> Result<(Self::Blob, u64, BlobVersion), Error> {
        self.inner.open_versioned(partition, name, versions).await
    }

    async fn remove(&self, partition: &str, name: Option<&[u8]>) -> Result<(), Error> {
        self.inner.remove(partition, name).await
    }

    async fn scan(&self, partition: &str) -> Result<Vec<Vec<u8>>, Error> {
        self.inner.scan(partition).await
    }
}

impl<E: Context> TryRng for Elastic<E> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.inner.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.inner.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.inner.try_fill_bytes(bytes)
    }
}

impl<E: Context> TryCryptoRng for Elastic<E> {}
