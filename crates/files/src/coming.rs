//! Files that are wanted, and what of them has come: for how long, and how many.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use crate::{
    Digest, arrival,
    chain::Shape,
    disk,
    error::Error,
    space::{charge, client_of},
    store::{Store, Wanted, names},
};

/// Files that are wanted though no act names them, at most: anybody may cause them.
pub(crate) const UNNAMED_WANTED_MAX: usize = 64;
/// And those that one client caused, at most.
pub(crate) const UNNAMED_WANTED_OF_ONE_MAX: usize = 16;
/// How long a file that no act names is wanted if nobody says that he holds it.
const UNKNOWN: Duration = Duration::from_secs(60);
/// How long a file that no act names is wanted, and kept in part, while no chunk of it comes.
const UNNAMED_STILL: Duration = Duration::from_secs(60 * 60);
/// How long a file that an act names is kept in part while no chunk of it comes.
const NAMED_STILL: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A file that is wanted.
pub(crate) struct Want {
    pub(crate) wanted: Wanted,
    /// The client that caused it, as far as it is known since the start.
    pub(crate) client: Option<IpAddr>,
    /// When it was wanted, or a chunk of it came last.
    pub(crate) since: Instant,
}

/// A file that comes in now, or of which something has come.
pub(crate) struct Coming {
    /// Its length: proved once a chunk has come, and until then what somebody tells.
    pub(crate) shape: Shape,
    /// Bytes that have come.
    pub(crate) had: u64,
    /// What it takes of the limits.
    pub(crate) charge: u64,
    /// Whether it is being transferred.
    live: bool,
}

impl Store {
    /// Files that are wanted and not held. Those that have been wanted too long are forgotten.
    #[must_use]
    pub fn wanted(&self) -> Vec<Wanted> {
        self.forget_still(Instant::now());
        self.catalog().wanted.values().map(|want| want.wanted.clone()).collect()
    }

    /// What is wanted of a file, if it is.
    #[must_use]
    pub fn wants(&self, id: &Digest) -> Option<Wanted> {
        self.catalog().wanted.get(id).map(|want| want.wanted.clone())
    }

    /// Wants a file, or learns that an act names it. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`Error::Busy`] if too many files that no act names are wanted, [`Error::Disk`] or
    /// [`Error::DiskFull`].
    pub fn want(&self, wanted: Wanted) -> Result<(), Error> {
        self.want_of(None, wanted)
    }

    /// As [`Store::want`], for a client that may want only so many files that no act names.
    ///
    /// # Errors
    /// Those of [`Store::want`].
    pub fn want_of(&self, client: Option<IpAddr>, wanted: Wanted) -> Result<(), Error> {
        let client = client.map(client_of);
        let id = wanted.id;
        if let Some(mut held) = self.held(&id) {
            if wanted.named && !held.named {
                held.named = true;
                self.write_held(&held)?;
                self.catalog().held.insert(id, held);
            }
            return Ok(());
        }
        self.forget_still(Instant::now());
        {
            let catalog = self.catalog();
            match catalog.wanted.get(&id) {
                Some(want) if want.wanted.named || !wanted.named => return Ok(()),
                _ => {}
            }
            let unnamed = || catalog.wanted.values().filter(|want| !want.wanted.named);
            if !wanted.named && unnamed().count() >= UNNAMED_WANTED_MAX {
                return Err(Error::Busy { max: UNNAMED_WANTED_MAX });
            }
            let of_client = unnamed().filter(|want| want.client == client).count();
            if !wanted.named && client.is_some() && of_client >= UNNAMED_WANTED_OF_ONE_MAX {
                return Err(Error::Busy { max: UNNAMED_WANTED_OF_ONE_MAX });
            }
        }
        self.note_wanted(client, wanted)
    }

    /// Wants a file, durably.
    pub(crate) fn note_wanted(&self, client: Option<IpAddr>, wanted: Wanted) -> Result<(), Error> {
        self.write_wanted(&wanted)?;
        let want = Want { client, since: Instant::now(), wanted };
        self.catalog().wanted.insert(want.wanted.id, want);
        self.changed();
        Ok(())
    }

    /// Learns that nobody who was asked holds these files. Those that no act names and of which
    /// nothing is here are soon wanted no more.
    pub fn nobody_holds<'a>(&self, ids: impl IntoIterator<Item = &'a Digest>) {
        self.forget_unknown(ids, Instant::now());
    }

    pub(crate) fn forget_unknown<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a Digest>,
        now: Instant,
    ) {
        for id in ids {
            let mut catalog = self.catalog();
            let here = catalog.arriving.contains_key(id) || catalog.damaged.contains(id);
            let unknown = |want: &Want| {
                !want.wanted.named && now.saturating_duration_since(want.since) >= UNKNOWN
            };
            if !here && catalog.wanted.get(id).is_some_and(unknown) {
                catalog.wanted.remove(id);
                disk::remove(&self.path("wanted", &format!("{id}.json")));
            }
        }
    }

    /// Forgets what nobody has sent any of for too long: what came of it, and that it is wanted, if
    /// no act names it. A file whose damaged copy is here stays wanted.
    pub(crate) fn forget_still(&self, now: Instant) {
        let mut gone = Vec::new();
        let mut locked = self.catalog(); // until what goes is gone from the disk too
        let catalog = &mut *locked;
        catalog.wanted.retain(|id, want| {
            let named = want.wanted.named;
            let still = now.saturating_duration_since(want.since);
            let limit = if named { NAMED_STILL } else { UNNAMED_STILL };
            let coming = catalog.arriving.get(id);
            if still < limit || coming.is_some_and(|coming| coming.live) {
                return true;
            }
            let keep = named || catalog.damaged.contains(id);
            if !keep || coming.is_some() {
                catalog.arriving.remove(id);
                gone.push((*id, keep));
            }
            keep
        });
        for (id, keep) in gone {
            tracing::info!(%id, "nobody has sent any of a file for long; what came is removed");
            self.arriving_paths(&id).iter().for_each(|path| disk::remove(path));
            if !keep {
                disk::remove(&self.path("wanted", &format!("{id}.json")));
            }
        }
    }

    /// Notes that a file comes in, and says how much of it has come; fails if it does already, or
    /// if what has come proves another length.
    pub(crate) fn begin(&self, id: Digest, shape: Shape) -> Result<u64, Error> {
        let mut catalog = self.catalog();
        let coming = Coming { shape, had: 0, charge: 0, live: false };
        let coming = catalog.arriving.entry(id).or_insert(coming);
        if coming.live {
            return Err(Error::Busy { max: 1 });
        }
        if coming.had > 0 && coming.shape != shape {
            return Err(Error::OtherLength { bytes: coming.shape.bytes() });
        }
        (coming.shape, coming.live) = (shape, true);
        Ok(coming.had)
    }

    /// Notes how much of a file has come, and whether it comes now.
    pub(crate) fn progress(&self, id: &Digest, had: u64, now: bool) {
        let mut catalog = self.catalog();
        if let Some(coming) = catalog.arriving.get_mut(id) {
            coming.had = had;
        }
        if let Some(want) = catalog.wanted.get_mut(id).filter(|_| now) {
            want.since = Instant::now();
        }
    }

    /// Ends or interrupts a transfer. What has come counts until it is resumed or forgotten;
    /// without knowledge of what has come, nothing is changed on the disk.
    pub(crate) fn pause(&self, id: &Digest, had: Option<u64>) {
        let mut catalog = self.catalog();
        let Some(coming) = catalog.arriving.get_mut(id) else { return };
        coming.live = false;
        if let Some(had) = had.filter(|had| *had > 0) {
            (coming.had, coming.charge) = (had, charge(had));
        } else if had.is_some() || coming.charge == 0 {
            catalog.arriving.remove(id);
        }
        if had == Some(0) {
            self.arriving_paths(id).iter().for_each(|path| disk::remove(path));
        }
    }

    /// Looks at what has come of files before a restart: what can be resumed counts, the rest is
    /// removed. What cannot be read is left for whoever looks at the disk.
    pub(crate) fn look_at_arriving(&self) -> Result<(), Error> {
        for name in names(&self.folder().join("arriving"))? {
            let id = name.strip_suffix(".states").unwrap_or(&name).parse::<Digest>();
            let wanted = id.as_ref().ok().filter(|id| self.wants(id).is_some());
            let left = wanted.map_or(Ok(None), |id| arrival::left(self, id));
            match (left, wanted) {
                (Ok(Some((shape, had, disk))), Some(id)) => {
                    let coming = Coming { shape, had, charge: charge(disk), live: false };
                    self.catalog().arriving.insert(*id, coming);
                }
                (Err(error), Some(id)) => {
                    tracing::error!(%id, %error, "what came of a file cannot be read; it is left");
                }
                _ => disk::remove(&self.path("arriving", &name)),
            }
        }
        Ok(())
    }
}
