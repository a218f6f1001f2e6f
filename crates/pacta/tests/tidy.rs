//! Style that a machine can hold: short files, short lines, no words that mean unfinished work.

use std::fs;
use std::path::{Path, PathBuf};

const FILE_LINES_MAX: usize = 500;
const LINE_COLUMNS_MAX: usize = 100;

#[test]
fn files_and_lines_are_short_and_nothing_is_left_unfinished() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("crates/ holds this crate");
    let mut files = Vec::new();
    sources(crates, &mut files);
    assert!(files.len() > 20, "the walk found only {} files", files.len());

    let unfinished = [concat!("to", "do!("), concat!("unimpl", "emented!("), concat!("FIX", "ME")];
    let mut faults = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).expect("a source file is readable");
        if text.lines().count() > FILE_LINES_MAX {
            faults.push(format!("{}: over {FILE_LINES_MAX} lines", file.display()));
        }
        for (number, line) in text.lines().enumerate() {
            let too_long = line.chars().count() > LINE_COLUMNS_MAX && !line.contains("://");
            if too_long || unfinished.iter().any(|word| line.contains(word)) {
                faults.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Collects the `.rs` files below a folder.
fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the workspace is readable") {
        let path = entry.expect("an entry is readable").path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
