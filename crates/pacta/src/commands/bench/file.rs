//! A file from one node to another, against a plain copy over the same connection.

use std::fs;
use std::path::Path;

use pacta_node::files::measure::measure as send;

use super::figures::{Figure, Goal};
use crate::failure::{Exit, Failure, Result};
use crate::printer::progress;

/// What the file may lose against the plain copy.
const RATIO_GOAL: f64 = 0.6;

/// Sends a file of so many bytes.
///
/// # Errors
/// When it does not arrive, or cannot be kept in the directory.
pub fn measure(root: &Path, bytes: u64) -> Result<Vec<Figure>> {
    progress(format!("sending a file of {bytes} bytes between two nodes"));
    fs::create_dir_all(root).map_err(|error| Failure::cannot_create(root, error))?;
    let measured = send(root, bytes).map_err(|error| Failure::new(Exit::Failed, error))?;
    let file = bytes as f64 / measured.file.as_secs_f64();
    let plain = bytes as f64 / measured.plain.as_secs_f64();
    let figure = |name, value, goal, method: String| Figure { name, value, goal, method };
    Ok(vec![
        figure(
            "file_bytes_per_second",
            file.round(),
            Goal::Reported,
            format!(
                "{bytes} bytes from the store of one node to that of another in one process over \
                 TCP on loopback, from when the file is wanted until it is held: asked for, read, \
                 verified by both sides, written, synced to the disk and published"
            ),
        ),
        figure(
            "plain_copy_bytes_per_second",
            plain.round(),
            Goal::Reported,
            "as many bytes in messages of the same length, asked for in the same window, over the \
             same encrypted connection in a channel of the same quota, from memory and dropped on \
             arrival: no store, no disk, no digest; the faster of a run before the file and one \
             after it"
                .to_owned(),
        ),
        figure(
            "file_ratio",
            file / plain,
            Goal::AtLeast(RATIO_GOAL),
            "the first over the second".to_owned(),
        ),
    ])
}
