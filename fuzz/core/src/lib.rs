//! What several targets share.

use std::sync::OnceLock;

/// The genuine receipts and evidence among the frozen vectors.
const GENUINE: [&[u8]; 5] = [
    include_bytes!("../../../crates/chain/tests/vectors/executed-act.json"),
    include_bytes!("../../../crates/chain/tests/vectors/refused-act.json"),
    include_bytes!("../../../crates/chain/tests/vectors/due-item.json"),
    include_bytes!("../../../crates/chain/tests/vectors/record.json"),
    include_bytes!("../../../crates/chain/tests/vectors/absence.json"),
];

/// Vectors of evidence, genuine and not.
const EVIDENCE: &[u8] = include_bytes!("../../../crates/chain/tests/vectors/evidence.json");

/// All files that are genuine: nothing else may be found so.
pub fn genuine() -> &'static [Vec<u8>] {
    static ALL: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all: Vec<_> = GENUINE.iter().map(|bytes| bytes.to_vec()).collect();
        let evidence: serde_json::Value = serde_json::from_slice(EVIDENCE).expect("a vector");
        collect(&evidence, &mut all);
        assert!(all.len() > GENUINE.len(), "there is genuine evidence among the vectors");
        all
    })
}

/// Collects the texts in a value that verification finds genuine.
fn collect(value: &serde_json::Value, all: &mut Vec<Vec<u8>>) {
    if let Some(text) = value.as_str() {
        if matches!(pacta_chain::verify(text.as_bytes(), None), pacta_chain::Verdict::Genuine(_)) {
            all.push(text.into());
        }
    } else if let Some(values) = value.as_array() {
        values.iter().for_each(|value| collect(value, all));
    } else if let Some(members) = value.as_object() {
        members.values().for_each(|value| collect(value, all));
    }
}

/// Applies changes, drawn from bytes, to a text: each is a place, a kind and what to put there.
/// Few bytes change a long text anywhere, and most changed texts stay canonical JSON.
pub fn tamper(text: &mut Vec<u8>, changes: &[u8]) {
    for change in changes.chunks_exact(4) {
        let [high, low, kind, what] = [change[0], change[1], change[2], change[3]];
        if text.is_empty() {
            return;
        }
        let at = usize::from(u16::from_be_bytes([high, low])) % text.len();
        match kind % 8 {
            0 => text[at] = what,
            1 => text[at] ^= 1 << (what % 8),
            2 => drop(text.remove(at)),
            3 => text.insert(at, what),
            4 => {
                // Another digit of the same kind.
                if let Some(digit) = digit(text, at) {
                    text[digit] = b"0123456789abcdef"[usize::from(what % 16)];
                }
            }
            5 => {
                let Some(from) = digit(text, at) else { continue };
                let Some(to) = digit(text, (from + 64 * usize::from(what)) % text.len()) else {
                    continue;
                };
                let length = 64.min(text.len() - from.max(to));
                let digits = text[from..from + length].to_vec();
                text[to..to + length].copy_from_slice(&digits);
            }
            6 => {
                // An element of a list, or a member, twice.
                let end = (at + usize::from(what)).min(text.len());
                let piece = text[at..end].to_vec();
                text.splice(at..at, piece);
            }
            _ => {
                let end = (at + usize::from(what)).min(text.len());
                text.drain(at..end);
            }
        }
    }
}

/// The first hexadecimal digit from a place on.
fn digit(text: &[u8], at: usize) -> Option<usize> {
    let digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text[at..].iter().position(digit).map(|offset| at + offset)
}
