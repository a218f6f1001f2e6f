//! The store: what is held, what is wanted, and the space for both.
//!
//! ```text
//! held/<id>           the bytes of a file; its presence says that all of it is there
//! held/<id>.states    the states of SHA-256 before its chunks, from the last to the first
//! held/<id>.json      its length, media type, and whether an act names it
//! arriving/<id>, <id>.states   what came of a file so far, from its end
//! damaged/<id>        a file that was found damaged, until its bytes have come again
//! wanted/<id>.json    a file that this node is to hold and does not hold yet
//! uploading/          what is being handed in; emptied at each start
//! scanned             the height up to which final acts were looked through for named files
//! ```

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::watch;

use crate::{
    Digest,
    coming::{Coming, Want},
    disk::{self, sync_folder, write_whole},
    error::Error,
    media,
    reader::Reader,
    space::{Limits, Uploads},
};

const FOLDERS: [&str; 5] = ["held", "arriving", "damaged", "wanted", "uploading"];
const SCANNED: &str = "scanned";
/// New files that are remembered for whoever tells others, at most.
const NEWS_MAX: usize = 64;
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

#[derive(Clone, Serialize, Deserialize)]
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
    pub(crate) wanted: BTreeMap<Digest, Want>,
    /// Files that come in now, or of which something has come.
    pub(crate) arriving: BTreeMap<Digest, Coming>,
    /// Files of which a damaged copy is kept aside.
    pub(crate) damaged: BTreeSet<Digest>,
    /// Files that are held since somebody asked last.
    news: Vec<Held>,
    pub(crate) uploads: BTreeMap<Option<IpAddr>, Uploads>,
    /// Space promised to what is handed in: named and unnamed.
    pub(crate) promised: [u64; 2],
}

struct Inner {
    folder: PathBuf,
    limits: Limits,
    catalog: Mutex<Catalog>,
    /// One file at a time is looked at for damage.
    repairing: Mutex<()>,
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
        let mut cut = Vec::new();
        for (id, read) in read_all::<HeldFile>(&folder.join("held"))? {
            let HeldFile { bytes, media_type, named, sniffed, .. } = read;
            let held = Held { id, bytes, media_type, sniffed, named };
            let found = fs::metadata(folder.join("held").join(id.to_string()));
            match found.is_ok_and(|found| found.len() == bytes) {
                true => drop(catalog.held.insert(id, held)),
                false => cut.push(held),
            }
        }
        for (id, read) in read_all::<WantedFile>(&folder.join("wanted"))? {
            let wanted = Wanted { id, media_type: read.media_type, named: read.named };
            if !catalog.held.contains_key(&id) {
                catalog.wanted.insert(id, Want { wanted, client: None, since: Instant::now() });
            }
        }
        let (changes, _) = watch::channel(0);
        let (catalog, repairing) = (Mutex::new(catalog), Mutex::default());
        let folder = folder.into();
        let store = Self(Arc::new(Inner { folder, limits, catalog, repairing, changes }));
        for held in cut {
            let id = held.id;
            if let Err(error) = store.recover(held) {
                tracing::error!(%id, %error, "a file is not whole, and is left as it is");
            }
        }
        store.look_at_damaged()?;
        store.look_at_arriving()?;
        Ok(store)
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

    pub(crate) fn changed(&self) {
        self.0.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn catalog(&self) -> MutexGuard<'_, Catalog> {
        self.0.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no other thread looks at a file for damage.
    pub(crate) fn repairing(&self) -> MutexGuard<'_, ()> {
        self.0.repairing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file of the store. Names are digests or numbers, never anybody's choice.
    pub(crate) fn path(&self, folder: &str, name: &str) -> PathBuf {
        self.0.folder.join(folder).join(name)
    }

    /// Where a file that comes is kept, and its states.
    pub(crate) fn arriving_paths(&self, id: &Digest) -> [PathBuf; 2] {
        [self.path("arriving", &id.to_string()), self.path("arriving", &format!("{id}.states"))]
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
        let Some(want) = catalog.wanted.get(id) else { return Standing::Unknown };
        // Before a chunk has come, the length is what somebody says.
        match catalog.arriving.get(id).filter(|coming| coming.had > 0) {
            Some(Coming { shape, had, .. }) => {
                Standing::Wanted(want.wanted.clone(), Some(shape.bytes()), *had)
            }
            None => Standing::Wanted(want.wanted.clone(), None, 0),
        }
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

    /// Writes down that a file is wanted.
    pub(crate) fn write_wanted(&self, wanted: &Wanted) -> Result<(), Error> {
        let Wanted { id, media_type, named } = wanted.clone();
        let file = WantedFile { media_type, named, v: VERSION };
        write_whole(&self.path("wanted", &format!("{id}.json")), &json(&file)?)?;
        sync_folder(&self.0.folder.join("wanted"))
    }

    pub(crate) fn write_held(&self, held: &Held) -> Result<(), Error> {
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
        self.write_held(&held)?;
        fs::rename(states, &beside).map_err(|error| Error::at(&beside, &error))?;
        fs::rename(bytes, &place).map_err(|error| Error::at(&place, &error))?;
        sync_folder(&self.0.folder.join("held"))?;
        disk::remove(&self.path("wanted", &format!("{id}.json")));
        disk::remove(&self.path("damaged", &id.to_string()));
        self.arriving_paths(&id).iter().for_each(|path| disk::remove(path));
        let mut catalog = self.catalog();
        catalog.wanted.remove(&id);
        catalog.arriving.remove(&id);
        catalog.damaged.remove(&id);
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

pub(crate) fn names(folder: &Path) -> Result<Vec<String>, Error> {
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
