//! The machine of one validator: a context of the runtime whose clock may be wrong, and whose disk
//! may be full, fail or lie. Its clock and disk outlive the validator's process.

mod clock;
mod disk;

use std::{
    convert::Infallible,
    fmt::Display,
    future::Future,
    ops::RangeInclusive,
    sync::Arc,
    time::{Duration, SystemTime},
};

use commonware_runtime::{
    BlobVersion, Clock, Error, Handle, Metrics, Name, Spawner, Storage, Supervisor,
    deterministic::Context,
    signal,
    telemetry::metrics::{Metric, Registered},
};
use commonware_utils::sync::Mutex;
use rand_core::{TryCryptoRng, TryRng};
use tracing::Instrument as _;

pub use clock::Wall;
pub use disk::{Disk, Harm, Lie, Trouble};

use crate::panics::Suspect;

/// Clock and disk of one machine.
pub struct Hardware {
    validator: u32,
    clock: Mutex<Wall>,
    disk: Mutex<Disk>,
}

impl Hardware {
    /// The hardware of a validator.
    pub fn new(validator: u32, clock: Wall, disk: Disk) -> Arc<Self> {
        Arc::new(Self { validator, clock: Mutex::new(clock), disk: Mutex::new(disk) })
    }

    /// The validator that runs on it, counted from 0.
    pub fn validator(&self) -> u32 {
        self.validator
    }

    /// Sets the clock, so many milliseconds before or after the true time.
    pub fn set_clock(&self, real: SystemTime, offset_ms: i64) {
        self.clock.lock().set(real, offset_ms);
    }

    /// From now on the disk is in trouble, or in none.
    pub fn set_trouble(&self, trouble: Option<Trouble>) {
        self.disk.lock().set_trouble(trouble);
    }

    /// Whether the disk is in trouble.
    pub fn is_in_trouble(&self) -> bool {
        self.disk.lock().is_in_trouble()
    }

    /// How the disk lies, if it does.
    pub fn lie(&self) -> Option<Lie> {
        self.disk.lock().lie()
    }

    /// What the disk has done so far that a good one does not.
    pub fn harm(&self) -> Harm {
        self.disk.lock().harm()
    }
}

/// A context of the runtime on one machine.
pub struct Machine {
    inner: Context,
    hardware: Arc<Hardware>,
}

impl Machine {
    /// Runs a context on a machine.
    pub fn new(inner: Context, hardware: Arc<Hardware>) -> Self {
        Self { inner, hardware }
    }

    fn with(&self, inner: Context) -> Self {
        Self { inner, hardware: self.hardware.clone() }
    }
}

impl governor::clock::Clock for Machine {
    type Instant = SystemTime;

    fn now(&self) -> SystemTime {
        self.current()
    }
}

impl governor::clock::ReasonablyRealtime for Machine {}

impl Clock for Machine {
    fn current(&self) -> SystemTime {
        self.hardware.clock.lock().at(self.inner.current())
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static + use<> {
        let real = self.hardware.clock.lock().real(duration);
        self.inner.sleep(real)
    }

    /// A clock that is set back meanwhile prolongs no sleep, as timers of operating systems do.
    fn sleep_until(
        &self,
        deadline: SystemTime,
    ) -> impl Future<Output = ()> + Send + 'static + use<> {
        self.sleep(deadline.duration_since(self.current()).unwrap_or_default())
    }
}

impl Supervisor for Machine {
    fn name(&self) -> Name {
        self.inner.name()
    }

    fn child(&self, label: &'static str) -> Self {
        self.with(self.inner.child(label))
    }

    fn with_attribute(self, key: &'static str, value: impl Display) -> Self {
        Self { inner: self.inner.with_attribute(key, value), hardware: self.hardware }
    }
}

impl Spawner for Machine {
    fn shared(self, blocking: bool) -> Self {
        Self { inner: self.inner.shared(blocking), hardware: self.hardware }
    }

    fn dedicated(self) -> Self {
        Self { inner: self.inner.dedicated(), hardware: self.hardware }
    }

    /// A panic of the task is that of this machine's validator, and so is what it logs.
    fn spawn<F, Fut, T>(self, function: F) -> Handle<T>
    where
        F: FnOnce(Self) -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let hardware = self.hardware;
        let validator = hardware.validator;
        self.inner.spawn(move |inner| {
            let task = function(Self { inner, hardware });
            let watched = async move {
                let _suspect = Suspect(validator);
                task.await
            };
            watched.instrument(tracing::info_span!(target: "pacta_node", "machine", validator))
        })
    }

    async fn stop(self, value: i32, timeout: Option<Duration>) -> Result<(), Error> {
        self.inner.stop(value, timeout).await
    }

    fn stopped(&self) -> signal::Signal {
        self.inner.stopped()
    }
}

impl Metrics for Machine {
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

impl Storage for Machine {
    type Blob = disk::Blob;

    async fn open_versioned(
        &self,
        partition: &str,
        name: &[u8],
        versions: RangeInclusive<BlobVersion>,
    ) -> Result<(disk::Blob, u64, BlobVersion), Error> {
        self.hardware.disk.lock().fail()?;
        if self.hardware.disk.lock().is_full() {
            let known = self.inner.scan(partition).await.unwrap_or_default();
            if !known.iter().any(|known| known == name) {
                return Err(self.hardware.disk.lock().full().into());
            }
        }
        let (blob, bytes, version) = self.inner.open_versioned(partition, name, versions).await?;
        Ok((disk::Blob::new(blob, self.hardware.clone(), bytes), bytes, version))
    }

    async fn remove(&self, partition: &str, name: Option<&[u8]>) -> Result<(), Error> {
        self.hardware.disk.lock().fail()?;
        self.inner.remove(partition, name).await
    }

    async fn scan(&self, partition: &str) -> Result<Vec<Vec<u8>>, Error> {
        self.hardware.disk.lock().fail()?;
        self.inner.scan(partition).await
    }
}

impl TryRng for Machine {
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

impl TryCryptoRng for Machine {}
