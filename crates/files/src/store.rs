//! The store: what is held, what is wanted, and the space for both.
//!
//! ```text
//! held/<id>           the bytes of a file; its presence says that all of it is there
//! held/<id>.states    the states of SHA-256 before its chunks, from the last to the first
//! held/<id>.json      its length, media type, and whether an act names it
//! arriving/<id>, <id>.states   what came of a file so far, from its end
//! wanted/<id>.json    a file that this node is to hold and does not hold yet
//! uploading/          what is being handed in; emptied at each start
//! scanned             the height up to which final acts were looked through for named files
//! ```

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::watch;

use crate::{
    Digest,
    chain::Shape,
    disk::{self, sync_folder, write_whole},
    error::Error,
    media,
    reader::{self, Reader},
    space::Limits,
};

const FOLDERS: [&str; 4] = ["held", "arriving", "wanted", "uploading"];
const SCANNED: &str = "scanned";
/// Files that are wanted though no act names them, at most.
const UNNAMED_WANTED_MAX: usize = 64;
/// New files that are remembered for whoever tells others, at most.
const NEWS_MAX: usize = 64;
/// How long a file that no act names is wanted while nobody sends any of it.
const UNNAMED_WANTED: Duration = Duration::from_secs(60 * 60);
/// Form of the small files.
const VERSION: u8 = 1;

/// A file that is held: all of it, verified and durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// SHA-256 of its bytes.
    pub id: Digest,
    /// Its length.
    pub bytes: u64,
    /// Its media type as declared, or as its first bytes say.
    pub media_type: String,
    /// What its first bytes say that it is.
    pub sniffed: String,
    /// Whether an act names it, so that all validators hold it.
    pub named: bool,
}

/// A file that this node is to hold and does not hold yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// SHA-256 of its bytes.
    pub id: Digest,
    /// Its media type as declared where it is named.
    pub media_type: Option<String>,
    /// Whether an act names it.
    pub named: bool,
}

/// Where a file stands at this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is held.
    Held(Held),
    /// It is wanted: its length, once that is known, and how much of it has come.
    Wanted(Wanted, Option<u64>, u64),
    /// It is neither.
    Unknown,
}

#[derive(Serialize, Deserialize)]
struct HeldFile {
    bytes: u64,
    media_type: String,
    named: bool,
    sniffed: String,
    v: u8,
}

#[derive(Serialize, Deserialize)]
struct WantedFile {
    media_type: Option<String>,
    named: bool,
    v: u8,
}

#[derive(Default)]
pub(crate) struct Catalog {
    pub(crate) held: BTreeMap<Digest, Held>,
    wanted: BTreeMap<Digest, (Wanted, Instant)>,
    /// Files that come in now: length and what has come.
    arriving: BTreeMap<Digest, (u64, u64)>,
    /// Files that are held since somebody asked last.
    news: Vec<Held>,
    pub(crate) uploads: usize,
    /// Space promised to what comes in: named and unnamed.
    pub(crate) promised: [u64; 2],
}

struct Inner {
    folder: PathBuf,
    limits: Limits,
    catalog: Mutex<Catalog>,
    changes: watch::Sender<u64>,
}

/// Files in a directory. Clones are the same store.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

impl Store {
    /// Opens a store, or makes it. One process at a time uses it: the caller holds its lock.
    ///
    /// # Errors
    /// [`Error::Disk`] or [`Error::DiskFull`].
    pub fn open(folder: &Path, limits: Limits) -> Result<Self, Error> {
        for name in FOLDERS {
            let folder = folder.join(name);
            fs::create_dir_all(&folder).map_err(|error| Error::at(&folder, &error))?;
        }
        for left in names(&folder.join("uploading"))? {
            disk::remove(&folder.join("uploading").join(left));
        }
        let mut catalog = Catalog::default();
        for (id, read) in read_all::<HeldFile>(&folder.join("held"))? {
            let path = folder.join("held").join(id.to_string());
            let arrived = folder.join("arriving").join(id.to_string());
            let is_whole = |path: &Path| fs::metadata(path).is_ok_and(|it| it.len() == read.bytes);
            // Its description is written once it is whole and durable: a crash came in between.
            if !is_whole(&path) && is_whole(&arrived) {
                fs::rename(&arrived, &path).map_err(|error| Error::at(&path, &error))?;
            }
            if is_whole(&path) {
                let HeldFile { bytes, media_type, named, sniffed, .. } = read;
                catalog.held.insert(id, Held { id, bytes, media_type, sniffed, named });
            }
        }
        for (id, read) in read_all::<WantedFile>(&folder.join("wanted"))? {
            let wanted = Wanted { id, media_type: read.media_type, named: read.named };
            if !catalog.held.contains_key(&id) {
                catalog.wanted.insert(id, (wanted, Instant::now()));
            }
        }
        let (changes, _) = watch::channel(0);
        let catalog = Mutex::new(catalog);
        Ok(Self(Arc::new(Inner { folder: folder.into(), limits, catalog, changes })))
    }

    /// How much may be kept.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    /// The folder of the store.
    pub(crate) fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// Hears when a file is held or wanted anew.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    fn changed(&self) {
        self.0.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn catalog(&self) -> MutexGuard<'_, Catalog> {
        self.0.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file of the store. Names are digests or numbers, never anybody's choice.
    pub(crate) fn path(&self, folder: &str, name: &str) -> PathBuf {
        self.0.folder.join(folder).join(name)
    }

    /// The file of this digest, if it is held.
    #[must_use]
    pub fn held(&self, id: &Digest) -> Option<Held> {
        self.catalog().held.get(id).cloned()
    }

    /// Held files after a digest in rising order, at most so many.
    #[must_use]
    pub fn list(&self, after: Option<Digest>, max: usize) -> Vec<Held> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        self.catalog()
            .held
            .range((from, Unbounded))
            .take(max)
            .map(|(_, held)| held.clone())
            .collect()
    }

    /// Files that are wanted and not held.
    #[must_use]
    pub fn wanted(&self) -> Vec<Wanted> {
        let mut gone = Vec::new();
        let wanted = {
            let mut catalog = self.catalog();
            let Catalog { wanted, arriving, .. } = &mut *catalog;
            wanted.retain(|id, (wanted, since)| {
                let keep = wanted.named
                    || arriving.get(id).is_some_and(|(_, had)| *had > 0)
                    || since.elapsed() < UNNAMED_WANTED;
                if !keep {
                    gone.push(*id);
                }
                keep
            });
            wanted.values().map(|(wanted, _)| wanted.clone()).collect()
        };
        for id in gone {
            disk::remove(&self.path("wanted", &format!("{id}.json")));
        }
        wanted
    }

    /// Files that are held since this was asked last.
    #[must_use]
    pub fn take_news(&self) -> Vec<Held> {
        std::mem::take(&mut self.catalog().news)
    }

    /// Where a file stands.
    #[must_use]
    pub fn standing(&self, id: &Digest) -> Standing {
        let catalog = self.catalog();
        if let Some(held) = catalog.held.get(id) {
            return Standing::Held(held.clone());
        }
        let Some((wanted, _)) = catalog.wanted.get(id) else { return Standing::Unknown };
        match catalog.arriving.get(id) {
            Some((bytes, had)) => Standing::Wanted(wanted.clone(), Some(*bytes), *had),
            None => Standing::Wanted(wanted.clone(), None, 0),
        }
    }

    /// Wants a file, or learns that an act names it. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`Error::Busy`] if too many files that no act names are wanted, [`Error::Disk`] or
    /// [`Error::DiskFull`].
    pub fn want(&self, wanted: Wanted) -> Result<(), Error> {
        let id = wanted.id;
        if let Some(mut held) = self.held(&id) {
            if wanted.named && !held.named {
                held.named = true;
                self.write_held(&held)?;
                self.catalog().held.insert(id, held);
            }
            return Ok(());
        }
        {
            let catalog = self.catalog();
            match catalog.wanted.get(&id) {
                Some((known, _)) if known.named || !wanted.named => return Ok(()),
                _ => {}
            }
            let unnamed = catalog.wanted.values().filter(|(wanted, _)| !wanted.named).count();
            if !wanted.named && unnamed >= UNNAMED_WANTED_MAX {
                return Err(Error::Busy { max: UNNAMED_WANTED_MAX });
            }
        }
        let Wanted { media_type, named, .. } = wanted.clone();
        let file = WantedFile { media_type, named, v: VERSION };
        write_whole(&self.path("wanted", &format!("{id}.json")), &json(&file)?)?;
        sync_folder(&self.0.folder.join("wanted"))?;
        self.catalog().wanted.insert(id, (wanted, Instant::now()));
        self.changed();
        Ok(())
    }

    /// What is wanted of a file, if it is.
    #[must_use]
    pub fn wants(&self, id: &Digest) -> Option<Wanted> {
        self.catalog().wanted.get(id).map(|(wanted, _)| wanted.clone())
    }

    /// The height up to which final acts were looked through.
    #[must_use]
    pub fn scanned(&self) -> u64 {
        let read = fs::read_to_string(self.0.folder.join(SCANNED)).unwrap_or_default();
        read.trim().parse().unwrap_or_default() // looking through them again does no harm
    }

    /// Notes the height up to which final acts were looked through.
    ///
    /// # Errors
    /// [`Error::Disk`] or [`Error::DiskFull`].
    pub fn set_scanned(&self, height: u64) -> Result<(), Error> {
        write_whole(&self.0.folder.join(SCANNED), format!("{height}\n").as_bytes())
    }

    /// Notes that a file comes in; fails if it does already.
    pub(crate) fn begin(&self, id: Digest, shape: Shape) -> Result<(), Error> {
        let mut catalog = self.catalog();
        match catalog.arriving.contains_key(&id) {
            true => Err(Error::Busy { max: 1 }),
            false => {
                catalog.arriving.insert(id, (shape.bytes(), 0));
                Ok(())
            }
        }
    }

    /// Notes how much of a file has come; `None` ends it.
    pub(crate) fn progress(&self, id: &Digest, had: Option<u64>) {
        let mut catalog = self.catalog();
        match had {
            None => drop(catalog.arriving.remove(id)),
            Some(had) => {
                if let Some((_, known)) = catalog.arriving.get_mut(id) {
                    *known = had;
                }
            }
        }
    }

    fn write_held(&self, held: &Held) -> Result<(), Error> {
        let Held { bytes, media_type, sniffed, named, .. } = held.clone();
        let file = HeldFile { bytes, media_type, named, sniffed, v: VERSION };
        write_whole(&self.path("held", &format!("{}.json", held.id)), &json(&file)?)
    }

    /// Puts a file that is whole and durable, with its states, among those that are held. The last
    /// step is the renaming of its bytes: before it the file is not held, after it wholly.
    pub(crate) fn publish(&self, held: Held, bytes: &Path, states: &Path) -> Result<Held, Error> {
        let id = held.id;
        let place = self.path("held", &id.to_string());
        let beside = self.path("held", &format!("{id}.states"));
        fs::rename(states, &beside).map_err(|error| Error::at(&beside, &error))?;
        self.write_held(&held)?;
        fs::rename(bytes, &place).map_err(|error| Error::at(&place, &error))?;
        sync_folder(&self.0.folder.join("held"))?;
        disk::remove(&self.path("wanted", &format!("{id}.json")));
        disk::remove(&self.path("arriving", &id.to_string()));
        disk::remove(&self.path("arriving", &format!("{id}.states")));
        let mut catalog = self.catalog();
        catalog.wanted.remove(&id);
        catalog.held.insert(id, held.clone());
        if catalog.news.len() < NEWS_MAX {
            catalog.news.push(held.clone());
        }
        drop(catalog);
        self.changed();
        Ok(held)
    }

    /// Reads a file that is held, chunk by chunk, each verified.
    ///
    /// # Errors
    /// [`Error::NotHeld`], [`Error::Damaged`] or [`Error::Disk`].
    pub fn read(&self, id: &Digest) -> Result<Reader, Error> {
        let held = self.held(id).ok_or(Error::NotHeld(*id))?;
        let path = self.path("held", &id.to_string());
        let states = self.path("held", &format!("{id}.states"));
        Reader::open(held, &path, &states)
    }

    /// Looks at a file that was found damaged: if only its states are, they are made again;
    /// otherwise it is no longer held, and wanted again. Whether it is still held.
    ///
    /// # Errors
    /// [`Error::Disk`] or [`Error::DiskFull`].
    pub fn repair(&self, id: &Digest) -> Result<bool, Error> {
        let Some(held) = self.held(id) else { return Ok(false) };
        let path = self.path("held", &id.to_string());
        if let Some(states) = reader::states_of(&path, &held)? {
            write_whole(&self.path("held", &format!("{id}.states")), &states)?;
            tracing::warn!(%id, "the states of a file were damaged; they are made again");
            return Ok(true);
        }
        tracing::error!(%id, "a file is damaged on this disk; it is wanted again");
        self.catalog().held.remove(id);
        for name in [format!("{id}.json"), format!("{id}.states"), id.to_string()] {
            disk::remove(&self.path("held", &name));
        }
        let (media_type, named) = (Some(held.media_type), held.named);
        self.want(Wanted { id: *id, media_type, named })?;
        Ok(false)
    }

    /// What a file that has come will be held as.
    pub(crate) fn as_held(
        &self,
        id: Digest,
        bytes: u64,
        declared: Option<String>,
        head: &[u8],
    ) -> Held {
        let sniffed = media::sniff(head);
        let wanted = self.wants(&id);
        let named = wanted.as_ref().is_some_and(|wanted| wanted.named);
        let named_as = wanted.and_then(|wanted| wanted.media_type);
        let media_type = named_as.or(declared).unwrap_or_else(|| sniffed.to_owned());
        Held { id, bytes, media_type, sniffed: sniffed.to_owned(), named }
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::Disk(error.to_string()))
}

fn names(folder: &Path) -> Result<Vec<String>, Error> {
    let at = |error: io::Error| Error::at(folder, &error);
    let entries = fs::read_dir(folder).map_err(at)?;
    let name = |entry: io::Result<fs::DirEntry>| {
        entry.map(|entry| entry.file_name().to_string_lossy().into_owned())
    };
    entries.map(name).collect::<Result<_, _>>().map_err(at)
}

/// The small files of a folder by digest. Those that cannot be read are left out: what they tell is
/// learnt again.
fn read_all<T: DeserializeOwned>(folder: &Path) -> Result<Vec<(Digest, T)>, Error> {
    let mut found = Vec::new();
    for name in names(folder)? {
        let Some(Ok(id)) = name.strip_suffix(".json").map(str::parse::<Digest>) else { continue };
        let bytes = fs::read(folder.join(&name)).unwrap_or_default();
        match serde_json::from_slice(&bytes) {
            Ok(read) => found.push((id, read)),
            Err(error) => tracing::warn!(%name, %error, "a description cannot be read"),
        }
    }
    Ok(found)
}
