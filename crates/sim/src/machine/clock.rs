//! A clock that may be wrong.

use std::time::{Duration, SystemTime};

/// Longer than any simulation; a longer sleep is cut to it.
const SLEEP_MAX: Duration = Duration::from_secs(100 * 365 * 86_400);
const MILLION: i128 = 1_000_000;

/// A clock that was set at some moment, and is fast or slow since.
#[derive(Clone, Copy, Debug)]
pub struct Wall {
    /// When it was set, and what it showed then.
    real: SystemTime,
    shown: SystemTime,
    /// Microseconds that it gains in each true second; it loses if negative.
    drift_ppm: i32,
}

impl Wall {
    /// A clock that is set now, so many milliseconds before or after the true time.
    pub fn new(real: SystemTime, offset_ms: i64, drift_ppm: i32) -> Self {
        let mut wall = Self { real, shown: real, drift_ppm };
        wall.set(real, offset_ms);
        wall
    }

    /// Sets it anew.
    pub fn set(&mut self, real: SystemTime, offset_ms: i64) {
        let offset = Duration::from_millis(offset_ms.unsigned_abs());
        self.real = real;
        self.shown = if offset_ms < 0 { real - offset } else { real + offset };
    }

    /// What it shows at a moment that is not before it was set.
    pub fn at(&self, real: SystemTime) -> SystemTime {
        let passed = real.duration_since(self.real).unwrap_or_default();
        let nanos = passed.as_nanos() as i128;
        self.shown + duration(nanos + nanos * i128::from(self.drift_ppm) / MILLION)
    }

    /// The true time that passes while it shows that so much has passed; rounded up, so that
    /// whoever sleeps so long sleeps long enough.
    pub fn real(&self, shown: Duration) -> Duration {
        let nanos = shown.min(SLEEP_MAX).as_nanos() as i128;
        if self.drift_ppm == 0 {
            return duration(nanos);
        }
        duration(nanos * MILLION / (MILLION + i128::from(self.drift_ppm)) + 2)
    }
}

fn duration(nanos: i128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or_default())
}
