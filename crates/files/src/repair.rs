//! Files that are found damaged: set aside, wanted again, and removed when their bytes have come.

use std::{fs, io};

use crate::{
    Digest,
    disk::{self, sync_folder, write_whole},
    error::Error,
    reader,
    store::{Held, Store, Wanted, names},
};

impl Store {
    /// Looks at a file that was found damaged: if only its states are, they are made again;
    /// otherwise it is wanted again, and what is here is kept aside until its bytes have come.
    /// Whether it is still held.
    ///
    /// # Errors
    /// [`Error::Disk`] or [`Error::DiskFull`]; the file is then left as it is.
    pub fn repair(&self, id: &Digest) -> Result<bool, Error> {
        let _one = self.repairing();
        let Some(held) = self.held(id) else { return Ok(false) };
        if let Some(states) = reader::states_of(&self.path("held", &id.to_string()), &held)? {
            write_whole(&self.path("held", &format!("{id}.states")), &states)?;
            tracing::warn!(%id, "the states of a file were damaged; they are made again");
            return Ok(true);
        }
        tracing::error!(%id, "a file is damaged on this disk; it is kept aside and wanted again");
        self.set_aside(held)?;
        Ok(false)
    }

    /// Wants a file again, and then no longer holds what is here of it.
    fn set_aside(&self, held: Held) -> Result<(), Error> {
        let Held { id, media_type, named, .. } = held;
        self.note_wanted(None, Wanted { id, media_type: Some(media_type), named })?;
        let (from, to) =
            (self.path("held", &id.to_string()), self.path("damaged", &id.to_string()));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            moved => {
                moved.map_err(|error| Error::at(&from, &error))?;
                sync_folder(&self.folder().join("damaged"))?;
                self.catalog().damaged.insert(id);
            }
        }
        self.catalog().held.remove(&id);
        self.remove_description(&id);
        self.changed();
        Ok(())
    }

    fn remove_description(&self, id: &Digest) {
        disk::remove(&self.path("held", &format!("{id}.json")));
        disk::remove(&self.path("held", &format!("{id}.states")));
    }

    /// Ends what a crash cut: a file with a description, but without bytes of its length. If all
    /// of them have come and are right, it is held; otherwise it is wanted again, if an act names
    /// it or some of it is here.
    ///
    /// # Errors
    /// [`Error::Disk`] or [`Error::DiskFull`]; everything is then left for the next start.
    pub(crate) fn recover(&self, held: Held) -> Result<(), Error> {
        let id = held.id;
        let [arrived, states] = self.arriving_paths(&id);
        if let Some(made) = reader::states_of(&arrived, &held)? {
            write_whole(&states, &made)?;
            return self.publish(held, &arrived, &states).map(drop);
        }
        let path = self.path("held", &id.to_string());
        let here = path.try_exists().map_err(|error| Error::at(&path, &error))?;
        if here || held.named {
            tracing::error!(%id, "a file is not whole on this disk; it is wanted again");
            return self.set_aside(held);
        }
        self.remove_description(&id);
        Ok(())
    }

    /// Finds the damaged copies that are kept aside, and removes those whose bytes have come.
    pub(crate) fn look_at_damaged(&self) -> Result<(), Error> {
        for name in names(&self.folder().join("damaged"))? {
            let Ok(id) = name.parse::<Digest>() else { continue };
            match self.held(&id) {
                Some(_) => disk::remove(&self.path("damaged", &name)),
                None => drop(self.catalog().damaged.insert(id)),
            }
        }
        Ok(())
    }
}
