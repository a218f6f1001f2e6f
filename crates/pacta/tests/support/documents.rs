//! Files beside the ledger, handed in, asked for and saved.

use std::fs;
use std::path::Path;

use pacta_files::Digest;
use serde_json::Value;

use super::{Network, get, json, pacta, text, wait_until};

/// Writes a file that does not repeat itself; its id.
pub fn write(path: &Path, bytes: usize) -> String {
    let mut state = 88_172_645_463_325_252_u64;
    let mut file = Vec::with_capacity(bytes + 8);
    while file.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        file.extend_from_slice(&state.to_be_bytes());
    }
    file.truncate(bytes);
    fs::write(path, &file).expect("written");
    Digest::of(&[&file]).to_string()
}

/// Where a file stands at a node.
pub fn standing(network: &Network, place: usize, id: &str) -> (u16, Value) {
    let url = format!("{}/files/{id}/status", network.api(place));
    get(&url).unwrap_or((0, Value::Null))
}

/// Waits until a node holds a file.
pub fn wait_held(network: &Network, place: usize, id: &str) {
    wait_until("a node holds the file", 120, || standing(network, place, id).1["status"] == "held");
}

/// Hands a file in at a node.
pub fn add(network: &Network, place: usize, file: &Path, media_type: &str) -> Value {
    let node = network.url(place);
    let args = ["file", "add", text(file), "--media-type", media_type, "--node", &node, "--json"];
    let (code, answer) = json(&pacta(&args));
    assert_eq!(code, 0, "{answer}");
    answer
}

/// The file as a command saves it from a node.
pub fn saved(network: &Network, place: usize, id: &str, to: &Path) -> Vec<u8> {
    let node = network.url(place);
    let saved = pacta(&["file", "get", id, "-o", text(to), "--node", &node, "--json"]);
    assert_eq!(json(&saved).0, 0);
    fs::read(to).expect("it was written")
}

/// Has the first State draft a treaty whose text is a file, so that all validators want it.
pub fn draft(network: &Network, file: &Path) {
    let (_, mut draft) = json(&pacta(&["treaty", "example"]));
    draft["negotiating"] = Value::from(vec![network.state(0, "actor"), network.state(1, "actor")]);
    let path = network.root.join("draft.json");
    fs::write(&path, draft.to_string()).expect("written");
    let language = format!("en={}", text(file));
    let drafted = network.sign(0, &["treaty", "draft", text(&path), "--text", &language]);
    let (code, answer) = json(&drafted);
    assert_eq!(code, 0, "{answer}");
}
