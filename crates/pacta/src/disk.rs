//! How much room a disk has.

use std::path::Path;

/// Free bytes for this user on the disk that holds a path; none if the system does not tell.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(path).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}
