//! What is kept of a validator's votes apart from its data directory.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::PoisonError,
    thread,
    time::Duration,
};

use super::{Place, Voting};
use crate::{directory::write_durably, error::Error};

/// Name of the file of the marks.
const MARKS: &str = "voted";
/// Name of the file that says that nothing was voted here yet.
const NEVER_STARTED: &str = "never-started";
/// How the file of the marks begins.
const FORM: &str = "pacta-voted-1";
/// Marks are written at most once in this time: each lags the votes by so much, which matters only
/// if the journal of votes is lost in the same moment.
const PAUSE: Duration = Duration::from_secs(1);

/// What is kept of a validator's votes apart from its journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// The last place in which it voted, as its journal must know.
    pub voted: Place,
    /// It says nothing up to this place, since it may have said something else there.
    pub floor: Option<Place>,
    /// Its votes are lost, and it abstains.
    pub abstains: bool,
}

impl Marks {
    /// Reads the marks in a folder; none if there are none that can be read.
    pub fn read(folder: &Path) -> Option<Self> {
        Self::of_text(fs::read_to_string(folder.join(MARKS)).ok()?.trim_end())
    }

    /// Whether a folder is marked as that of a validator that has never started.
    pub fn is_new(folder: &Path) -> bool {
        folder.join(NEVER_STARTED).exists() && !folder.join(MARKS).exists()
    }

    /// Whether nothing that was said and forgotten can be of this place or a later one.
    pub(super) fn is_open(&self, place: Place) -> bool {
        self.floor.is_none_or(|floor| {
            // The last block of an epoch may have opened the first view of the next one.
            let is_first_of_next = place.0 == floor.0.saturating_add(1) && place.1 <= 1;
            place > floor && !is_first_of_next
        })
    }

    fn to_text(&self) -> String {
        let (voted, abstains) = (self.voted, u8::from(self.abstains));
        let floor =
            self.floor.map_or_else(|| "none".into(), |(epoch, view)| format!("{epoch} {view}"));
        format!("{FORM}\nvoted {} {}\nfloor {floor}\nabstains {abstains}", voted.0, voted.1)
    }

    fn of_text(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let form = lines.next()? == FORM;
        let voted = read_place(lines.next()?.strip_prefix("voted ")?)?;
        let floor = match lines.next()?.strip_prefix("floor ")? {
            "none" => None,
            place => Some(read_place(place)?),
        };
        let abstains = match lines.next()?.strip_prefix("abstains ")? {
            "0" => false,
            "1" => true,
            _ => return None,
        };
        (form && lines.next().is_none()).then_some(Self { voted, floor, abstains })
    }
}

fn read_place(text: &str) -> Option<Place> {
    let (epoch, view) = text.split_once(' ')?;
    Some((epoch.parse().ok()?, view.parse().ok()?))
}

/// Marks a new folder of a validator as one that has never voted, so that it votes at once when it
/// starts for the first time. Whoever makes the validator's key writes this; nobody else may.
///
/// # Errors
/// [`Error::Directory`] if it cannot be written.
pub fn never_started(folder: &Path) -> Result<(), Error> {
    write_durably(&folder.join(NEVER_STARTED), FORM).map_err(|error| cannot(folder, &error))
}

fn cannot(folder: &Path, error: &io::Error) -> Error {
    Error::Directory { directory: folder.into(), reason: error.to_string() }
}

/// Writes the marks of a validator as they change, on a thread of its own.
pub struct Keeper {
    voting: Voting,
    thread: Option<thread::JoinHandle<()>>,
}

impl Voting {
    /// Reads the marks in a folder, and keeps them there. Without marks, and unless it has never
    /// started, the validator abstains. One that is `alone` has nobody to contradict itself before;
    /// `despite_lost_votes` makes one vote whatever was lost.
    ///
    /// # Errors
    /// [`Error::Directory`] if the marks cannot be read or written.
    pub fn open(
        folder: &Path,
        alone: bool,
        despite_lost_votes: bool,
    ) -> Result<(Self, Keeper), Error> {
        let failed = |error: io::Error| cannot(folder, &error);
        fs::create_dir_all(folder).map_err(failed)?;
        let (file, never) = (folder.join(MARKS), folder.join(NEVER_STARTED));
        let kept = match fs::read_to_string(&file) {
            Ok(text) => Marks::of_text(text.trim_end()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => None,
            Err(error) => return Err(failed(error)),
        };
        let is_new = never.try_exists().map_err(failed)?;
        let marks = match kept {
            _ if alone || despite_lost_votes => {
                Marks { floor: None, abstains: false, ..kept.unwrap_or_default() }
            }
            Some(marks) => marks,
            None if is_new && !file.exists() => Marks::default(),
            None => Marks { abstains: true, ..Marks::default() },
        };
        if despite_lost_votes {
            tracing::error!("votes whatever was lost, since its operator asked for it");
        } else if marks.abstains {
            tracing::warn!(
                "what this validator has voted is lost; it abstains until the network has moved \
                 on, some minutes at most"
            );
        }
        write_durably(&file, &marks.to_text()).map_err(failed)?;
        if is_new {
            fs::remove_file(&never).map_err(failed)?; // once the marks are there
        }
        let voting = Self::new(marks.clone());
        if alone || despite_lost_votes {
            voting.trust();
        }
        let keeper = Keeper::start(voting.clone(), marks, file).map_err(failed)?;
        Ok((voting, keeper))
    }
}

impl Keeper {
    fn start(voting: Voting, written: Marks, file: PathBuf) -> io::Result<Self> {
        let kept = voting.clone();
        let thread = thread::Builder::new()
            .name("pacta-marks".into())
            .spawn(move || keep(&kept, written, &file))?;
        Ok(Self { voting, thread: Some(thread) })
    }
}

impl Drop for Keeper {
    /// Writes the last marks.
    fn drop(&mut self) {
        self.voting.lock().closed = true;
        self.voting.0.marked.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // it writes what it can, and says what it cannot
        }
    }
}

fn keep(voting: &Voting, mut written: Marks, file: &Path) {
    loop {
        let (marks, closed) = {
            let waiting = |state: &mut super::State| !state.closed && state.marks == written;
            let state = voting.0.marked.wait_while(voting.lock(), waiting);
            let state = state.unwrap_or_else(PoisonError::into_inner);
            (state.marks.clone(), state.closed)
        };
        if marks != written {
            match write_durably(file, &marks.to_text()) {
                Ok(()) => written = marks,
                Err(error) => tracing::error!(%error, "the marks of votes cannot be kept"),
            }
        }
        if closed {
            return;
        }
        let pause = |state: &mut super::State| !state.closed;
        drop(voting.0.marked.wait_timeout_while(voting.lock(), PAUSE, pause));
    }
}
