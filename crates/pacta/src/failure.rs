//! Why a command stops, and its exit code. All exit codes are decided here.

use std::fmt;
use std::io;
use std::path::Path;

/// The exit codes of `pacta`, which scripts may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, and what was checked is genuine.
    Done = 0,
    /// Anything else that went wrong: an act was refused, a step failed.
    Failed = 1,
    /// The command was called wrongly.
    Usage = 2,
    /// What was given does not suffice to tell whether it is genuine.
    CannotTell = 3,
    /// What was given is not genuine, or has defects.
    Defective = 65,
    /// A node or another service does not answer.
    Unavailable = 69,
    /// A file or directory cannot be made.
    CannotCreate = 73,
    /// Reading from or writing to a disk failed.
    Disk = 74,
}

/// The exit codes, for the help.
pub const EXIT_CODES: &str = "\
Exit codes: 0 done (genuine), 1 failed or refused, 2 wrong usage, 3 cannot tell, 65 not genuine or \
defective, 69 unavailable, 73 cannot create a file, 74 reading or writing failed.";

/// Why a command stopped: a sentence that says what is wrong, then what to do; and the exit code.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What is wrong, then what to do; lower case, no final stop.
    pub sentence: String,
}

/// What a command returns.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// Something failed that no other exit code describes.
    pub fn failed(sentence: impl fmt::Display) -> Self {
        Self::new(Exit::Failed, sentence)
    }

    /// The command was called wrongly.
    pub fn usage(sentence: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, sentence)
    }

    /// What was given is not genuine, or has defects.
    pub fn defective(sentence: impl fmt::Display) -> Self {
        Self::new(Exit::Defective, sentence)
    }

    /// A node or another service does not answer.
    pub fn unavailable(sentence: impl fmt::Display) -> Self {
        Self::new(Exit::Unavailable, sentence)
    }

    /// A file or directory cannot be made.
    pub fn cannot_create(path: &Path, why: impl fmt::Display) -> Self {
        Self::new(Exit::CannotCreate, format!("cannot create {}: {why}", path.display()))
    }

    /// Reading from or writing to a disk failed.
    pub fn disk(path: &Path, error: &io::Error) -> Self {
        let advice = match error.kind() {
            io::ErrorKind::NotFound => "; check the name",
            io::ErrorKind::PermissionDenied => "; check who may use it",
            io::ErrorKind::StorageFull => "; free some space and try again",
            _ => "",
        };
        Self::new(Exit::Disk, format!("{}: {error}{advice}", path.display()))
    }

    /// A failure with an exit code of its own.
    pub fn new(exit: Exit, sentence: impl fmt::Display) -> Self {
        Self { exit, sentence: sentence.to_string() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sentence)
    }
}

impl std::error::Error for Failure {}
