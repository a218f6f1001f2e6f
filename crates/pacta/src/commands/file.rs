//! `pacta file`: files beside the ledger.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use clap::Subcommand;
use pacta_files::{CHUNK_BYTES, Digest, Shape, State};
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::failure::{Exit, Failure, Result};
use crate::files::make_folder;
use crate::printer::{Printer, facts, progress};

/// How often progress is told.
const TELL: Duration = Duration::from_secs(1);
/// How often a node is asked how far it is.
const POLL: Duration = Duration::from_millis(200);

/// Hand in, fetch and list files beside the ledger
///
/// Acts name documents by their SHA-256; the documents themselves are kept beside the ledger. Texts
/// of treaties go to all validators by themselves, other files stay where they are until somebody
/// fetches them.
///
/// Example: pacta file add treaty-en.pdf --media-type application/pdf
#[derive(Subcommand)]
pub enum FileCommand {
    Add(AddArgs),
    Get(GetArgs),
    Status(StatusArgs),
    List(ListArgs),
}

/// Hand a file in to a node
///
/// Prints its SHA-256, by which acts name it.
#[derive(clap::Args)]
pub struct AddArgs {
    /// File to hand in
    file: PathBuf,
    /// What it is, for example application/pdf
    #[arg(long, value_name = "TYPE", default_value = "application/octet-stream")]
    media_type: String,
    #[command(flatten)]
    node: NodeArg,
}

/// Save a file of a node
///
/// The file is verified against its SHA-256 before it is put in place.
#[derive(clap::Args)]
pub struct GetArgs {
    /// SHA-256 of the file
    id: Digest,
    /// File to write
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Have the node fetch the file from its holders first, for so many seconds at most
    #[arg(long, value_name = "SECONDS")]
    fetch: Option<u64>,
    #[command(flatten)]
    node: NodeArg,
}

/// Show whether a node holds a file, or how far it has come
#[derive(clap::Args)]
pub struct StatusArgs {
    /// SHA-256 of the file
    id: Digest,
    #[command(flatten)]
    node: NodeArg,
}

/// List the files that a node holds, and those that it wants
#[derive(clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    node: NodeArg,
}

#[derive(clap::Args)]
struct NodeArg {
    /// Node to ask
    #[arg(long, env = "PACTA_NODE", value_name = "URL", default_value = crate::act::DEFAULT_NODE)]
    node: String,
}

/// Where a file stands, as a node answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Standing {
    id: Digest,
    status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    bytes_had: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    named: bool,
}

#[derive(Deserialize)]
struct Listed {
    files: Vec<Standing>,
    next_url: Option<String>,
    wanted: Vec<Standing>,
}

/// Runs the command.
///
/// # Errors
/// Exit code 65 when what a node sends is not the file, 69 when it does not answer, 1 when it
/// refuses.
pub fn run(command: FileCommand, printer: Printer) -> Result<Exit> {
    match command {
        FileCommand::Add(args) => add(&args, printer),
        FileCommand::Get(args) => get(&args, printer),
        FileCommand::Status(args) => {
            let standing = standing(&Client::new(&args.node.node), args.id)?;
            printer.answer(&standing, || describe(&standing))?;
            Ok(Exit::Done)
        }
        FileCommand::List(args) => list(&args, printer),
    }
}

/// Tells on standard error how far something is, now and then.
struct Progress {
    what: String,
    bytes: Option<u64>,
    had: u64,
    told: Instant,
}

impl Progress {
    fn new(what: impl Into<String>, bytes: Option<u64>) -> Self {
        Self { what: what.into(), bytes, had: 0, told: Instant::now() }
    }

    fn reach(&mut self, had: u64) {
        self.had = had;
        if self.told.elapsed() >= TELL {
            self.told = Instant::now();
            match self.bytes {
                Some(bytes) => progress(format!("{}: {had} of {bytes} bytes", self.what)),
                None => progress(format!("{}: {had} bytes", self.what)),
            }
        }
    }
}

/// A reader that tells how much was read.
struct Told<'a> {
    inner: File,
    progress: &'a mut Progress,
}

impl Read for Told<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.progress.reach(self.progress.had + read as u64);
        Ok(read)
    }
}

fn add(args: &AddArgs, printer: Printer) -> Result<Exit> {
    let at = |error: io::Error| Failure::disk(&args.file, &error);
    let bytes = fs::metadata(&args.file).map_err(at)?.len();
    let shape = Shape::of(bytes).ok_or_else(|| {
        Failure::defective(format!("{} is empty; name the document itself", args.file.display()))
    })?;
    let id = digest_of(&args.file, shape)?;
    let client = Client::patient(&args.node.node);
    let mut progress = Progress::new("sent", Some(bytes));
    let inner = File::open(&args.file).map_err(at)?;
    let mut body = Told { inner, progress: &mut progress };
    let path = format!("/api/v1/files?id={id}");
    let answer = client.try_post_stream(&path, &args.media_type, bytes, &mut body)??;
    let standing: Standing = client.parse(&answer)?;
    printer.answer(&standing, || describe(&standing))?;
    Ok(Exit::Done)
}

/// The SHA-256 of a file, in constant memory.
fn digest_of(path: &Path, shape: Shape) -> Result<Digest> {
    let at = |error: io::Error| Failure::disk(path, &error);
    let mut file = File::open(path).map_err(at)?;
    let mut hasher = Hasher::new(shape);
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let read = file.read(&mut buffer).map_err(at)?;
        if read == 0 {
            break;
        }
        hasher.take(&buffer[..read]);
    }
    hasher.end().ok_or_else(|| {
        Failure::failed(format!("{} changed while it was read; try again", path.display()))
    })
}

/// SHA-256 of what comes in any parts.
struct Hasher {
    shape: Shape,
    state: Option<State>,
    chunk: Vec<u8>,
    next: u64,
}

impl Hasher {
    fn new(shape: Shape) -> Self {
        let chunk = Vec::with_capacity(CHUNK_BYTES);
        Self { shape, state: Some(State::FIRST), chunk, next: 0 }
    }

    fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let part = bytes.len().min(CHUNK_BYTES - self.chunk.len());
            self.chunk.extend_from_slice(&bytes[..part]);
            bytes = &bytes[part..];
            if self.chunk.len() == CHUNK_BYTES {
                self.put();
            }
        }
    }

    fn put(&mut self) {
        self.state = self.state.and_then(|state| self.shape.after(self.next, state, &self.chunk));
        self.next += 1;
        self.chunk.clear();
    }

    /// The digest, if as many bytes came as were announced.
    fn end(mut self) -> Option<Digest> {
        if !self.chunk.is_empty() {
            self.put();
        }
        self.state.filter(|_| self.next == self.shape.chunks()).map(|state| Digest(state.0))
    }
}

fn get(args: &GetArgs, printer: Printer) -> Result<Exit> {
    let client = Client::new(&args.node.node);
    if let Some(seconds) = args.fetch {
        fetch(&client, args.id, Duration::from_secs(seconds))?;
    }
    let standing = standing(&client, args.id)?;
    let shape = standing.bytes.and_then(Shape::of).filter(|_| standing.status == "held");
    let shape = shape.ok_or_else(|| {
        Failure::unavailable(format!(
            "{} does not hold the file yet; pass --fetch, or ask another node",
            client.base()
        ))
    })?;
    save(&Client::patient(&args.node.node), args, shape)?;
    let text = || format!("{} is written and verified\n", args.output.display());
    printer.answer(&standing, text)?;
    Ok(Exit::Done)
}

/// Has a node fetch a file, and waits until it holds it.
fn fetch(client: &Client, id: Digest, patience: Duration) -> Result<()> {
    let path = format!("/api/v1/files/{id}/fetch");
    let began = Instant::now();
    let mut told = Progress::new("fetched", None);
    loop {
        // Asked for each time: a node soon forgets what nobody holds yet.
        let now: Standing = client.parse(&client.try_post(&path, "application/json", b"")??)?;
        told.bytes = now.bytes;
        told.reach(now.bytes_had);
        if now.status == "held" {
            return Ok(());
        }
        if began.elapsed() > patience {
            return Err(Failure::unavailable(format!(
                "the node has {} bytes of the file so far; it goes on, ask again later",
                now.bytes_had
            )));
        }
        thread::sleep(POLL);
    }
}

/// Writes a file beside its place, verifies it, and puts it in place.
fn save(client: &Client, args: &GetArgs, shape: Shape) -> Result<()> {
    let output = &args.output;
    let name = output.file_name().ok_or_else(|| Failure::usage("a file needs a name"))?;
    if let Some(folder) = output.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        make_folder(folder)?;
    }
    let beside = output.with_file_name(format!(".{}.new", name.to_string_lossy()));
    let saved = receive(client, args.id, shape, &beside)
        .and_then(|()| fs::rename(&beside, output).map_err(|error| Failure::disk(output, &error)));
    if saved.is_err() {
        let _ = fs::remove_file(&beside); // what came of it is of no use
    }
    saved
}

fn receive(client: &Client, id: Digest, shape: Shape, beside: &Path) -> Result<()> {
    let mut body = client.get_stream(&format!("/api/v1/files/{id}"))?;
    let mut file = File::create(beside).map_err(|error| Failure::cannot_create(beside, error))?;
    let mut hasher = Hasher::new(shape);
    let mut told = Progress::new("received", Some(shape.bytes()));
    let mut buffer = vec![0; CHUNK_BYTES];
    let broke_off =
        |error: io::Error| Failure::unavailable(format!("the file broke off: {error}; try again"));
    loop {
        let read = body.read(&mut buffer).map_err(broke_off)?;
        if read == 0 {
            break;
        }
        hasher.take(&buffer[..read]);
        let written = file.write_all(&buffer[..read]);
        written.map_err(|error| Failure::disk(beside, &error))?;
        told.reach(told.had + read as u64);
    }
    if hasher.end() != Some(id) {
        return Err(Failure::defective(format!(
            "{} sent something else than the file; ask another node",
            client.base()
        )));
    }
    file.sync_all().map_err(|error| Failure::disk(beside, &error))
}

fn standing(client: &Client, id: Digest) -> Result<Standing> {
    client.get_json(&format!("/api/v1/files/{id}/status"))
}

fn list(args: &ListArgs, printer: Printer) -> Result<Exit> {
    let client = Client::new(&args.node.node);
    let mut files = Vec::new();
    let mut next = Some("/api/v1/files".to_owned());
    let mut wanted = Vec::new();
    while let Some(path) = next {
        let page: Listed = client.get_json(&path)?;
        files.extend(page.files);
        (wanted, next) = (page.wanted, page.next_url);
    }
    files.extend(wanted);
    printer.answer(&serde_json::json!({ "files": files }), || {
        let line = |one: &Standing| {
            let bytes = one.bytes.map_or("?".to_owned(), |bytes| bytes.to_string());
            let media_type = one.media_type.as_deref().unwrap_or("?");
            format!("{}  {:<8}  {bytes:>12}  {media_type}\n", one.id, one.status)
        };
        match files.is_empty() {
            true => "no files\n".to_owned(),
            false => files.iter().map(line).collect(),
        }
    })?;
    Ok(Exit::Done)
}

fn describe(standing: &Standing) -> String {
    let bytes = match standing.bytes {
        Some(bytes) if standing.bytes_had < bytes => format!("{} of {bytes}", standing.bytes_had),
        Some(bytes) => bytes.to_string(),
        None => "not known yet".to_owned(),
    };
    let id = standing.id.to_string();
    facts(&[
        ("SHA-256", id.as_str()),
        ("status", standing.status.as_str()),
        ("bytes", bytes.as_str()),
        ("media type", standing.media_type.as_deref().unwrap_or("not known")),
        ("named by an act", if standing.named { "yes" } else { "no" }),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_parts_is_that_of_the_whole_and_the_length_must_match() {
        let bytes: Vec<u8> = (0..CHUNK_BYTES * 2).map(|place| (place % 7) as u8).collect();
        for (announced, given) in [(2, 2), (2, 1), (1, 2)] {
            let shape = Shape::of((CHUNK_BYTES * announced) as u64).expect("not empty");
            let mut hasher = Hasher::new(shape);
            let given = &bytes[..CHUNK_BYTES * given];
            given.chunks(99_999).for_each(|part| hasher.take(part));
            let whole = (announced * CHUNK_BYTES == given.len()).then(|| Digest::of(&[given]));
            assert_eq!(hasher.end(), whole, "{announced}");
        }
    }
}
