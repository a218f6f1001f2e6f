//! Receipts that are not genuine, or of which one cannot tell: each differs from a genuine one.

use commonware_codec::{DecodeExt as _, Encode as _};
use commonware_cryptography::bls12381::primitives::group::G1;
use pacta_law::json;
use serde_json::{Value, json};

use super::world::{ACTOR, World};

/// A genuine receipt with one thing changed.
pub struct Tampered {
    pub name: String,
    /// The genuine one.
    pub of: &'static str,
    pub bytes: Vec<u8>,
    /// What verification must find: the name of a reason.
    pub reason: &'static str,
}

/// All of them.
pub fn make(world: &World) -> Vec<Tampered> {
    let mut all = Vec::new();
    for receipt in &world.receipts {
        let of = Base { name: receipt.name, bytes: &receipt.bytes };
        of.every_leaf(&mut all);
    }
    let base = |name| {
        let receipt = world.receipts.iter().find(|receipt| receipt.name == name).unwrap();
        Base { name: receipt.name, bytes: &receipt.bytes }
    };
    certificates(world, &base("record"), &mut all);
    forms(&base("absence"), &mut all);
    texts(&base("record"), &mut all);
    swaps(&base("executed-act"), &base("refused-act"), &mut all);
    all
}

struct Base<'a> {
    name: &'static str,
    bytes: &'a [u8],
}

impl Base<'_> {
    fn value(&self) -> Value {
        serde_json::from_slice(self.bytes).unwrap()
    }

    fn with(&self, what: &str, reason: &'static str, edit: impl FnOnce(&mut Value)) -> Tampered {
        let mut value = self.value();
        edit(&mut value);
        let name = format!("{}: {what}", self.name);
        Tampered { name, of: self.name, bytes: json::to_bytes(&value), reason }
    }

    fn text(&self, what: &str, reason: &'static str, find: &str, replace: &str) -> Tampered {
        let text = std::str::from_utf8(self.bytes).unwrap();
        assert!(text.contains(find), "{find}");
        let bytes = text.replacen(find, replace, 1).into_bytes();
        let name = format!("{}: {what}", self.name);
        Tampered { name, of: self.name, bytes, reason }
    }

    /// One variant for each number and text of the receipt.
    fn every_leaf(&self, all: &mut Vec<Tampered>) {
        let mut paths = Vec::new();
        leaves(&self.value(), &mut String::new(), &mut paths);
        for path in paths {
            if let Some(reason) = reason(self.name, &path) {
                let edit = |value: &mut Value| change(value.pointer_mut(&path).unwrap());
                all.push(self.with(&path, reason, edit));
            }
        }
    }
}

fn leaves(value: &Value, path: &mut String, paths: &mut Vec<String>) {
    let mut inside = |name: &str, value: &Value| {
        let length = path.len();
        path.push('/');
        path.push_str(name);
        leaves(value, path, paths);
        path.truncate(length);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| inside(name, value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| inside(&at.to_string(), value));
        }
        _ => paths.push(path.clone()),
    }
}

/// Another value of the same form.
fn change(leaf: &mut Value) {
    *leaf = match &*leaf {
        Value::Number(number) => json!(number.as_u64().unwrap() + 1),
        Value::String(text) if text == "executed" => json!("refused"),
        Value::String(text) if ["refused", "due"].contains(&text.as_str()) => json!("executed"),
        Value::String(text) => {
            // The last digit of hex, or the last letter, becomes another of its kind.
            let mut text = text.clone();
            let last = text.pop().unwrap();
            text.push(if last == '1' { '2' } else { '1' });
            json!(text)
        }
        other => unreachable!("{other} is no leaf"),
    };
}

/// What a change at a place is found by; none where [`change`] gives another form.
fn reason(of: &str, path: &str) -> Option<&'static str> {
    Some(match path {
        "/certificate/epoch" | "/certificate/view" | "/certificate/parent_view" => "other_round",
        "/certificate/payload" => "other_header",
        "/certificate/scheme" => "other_scheme",
        "/certificate/signature" => "bad_certificate",
        "/format" => "bad_form",
        "/v" => "unknown_receipt_version",
        "/founding/dealer" => return None,
        "/founding/scheme" => "unknown_scheme",
        "/founding/v" => "bad_form", // what the next form needs is not there
        "/journal/act/act/key" | "/journal/act/public" => "act_of_other_key",
        "/journal/act/act/network" => "act_of_other_network",
        "/journal/act/act/v" => "unknown_act_version",
        "/journal/act/algorithm" => "unknown_algorithm",
        "/journal/outcome/act" => "outcome_of_other_act",
        "/journal/outcome/v" => "unknown_outcome_version",
        _ if path.starts_with("/header/") => "header_differs",
        _ if path.starts_with("/founding/") => "bad_certificate",
        _ if path.starts_with("/journal/act/") => "bad_act_signature",
        // The executed act is from an earlier block, and the header does not say from which.
        "/journal/outcome/height" | "/journal/outcome/instant" if of != "executed-act" => {
            "outcome_of_other_block"
        }
        _ if path.starts_with("/journal/") => "bad_journal_proof",
        _ => "bad_ledger_proof",
    })
}

fn certificates(world: &World, base: &Base<'_>, all: &mut Vec<Tampered>) {
    let header = world.headers.last().unwrap();
    let bad = "bad_certificate";
    let mut forged = |what: &str, signature: &[u8]| {
        let signature = json!(hex::encode(signature));
        all.push(base.with(what, bad, |value| value["certificate"]["signature"] = signature));
    };
    forged("signed by another network", &world.other.certify(header).signature);
    forged("signed to notarize only", &world.network.notarize(header).signature);
    forged("signature of the parent", &world.network.certify(&world.headers[4]).signature);
    let good = world.network.certify(header).signature;
    let negated = -G1::decode(good.to_vec()).unwrap();
    forged("negated signature", &negated.encode());
    let mut identity = [0; 48];
    identity[0] = 0xc0;
    forged("identity as signature", &identity);
    forged("no point as signature", &[0xff; 48]);
    let key = json!(world.other.founding.network_key);
    all.push(base.with("key of another network", bad, |value| {
        value["founding"]["network_key"] = key;
    }));
    let mut identity = [0; 96];
    identity[0] = 0xc0;
    all.push(base.with("identity as key", bad, |value| {
        value["founding"]["network_key"] = json!(hex::encode(identity));
    }));
    all.push(base.with("without dealer", bad, |value| {
        value["founding"].as_object_mut().unwrap().remove("dealer");
    }));
    all.push(base.with("without a validator", bad, |value| {
        value["founding"]["validators"].as_array_mut().unwrap().pop();
    }));
}

fn forms(base: &Base<'_>, all: &mut Vec<Tampered>) {
    let bad = "bad_form";
    let remove = |value: &mut Value, name: &str| {
        value.as_object_mut().unwrap().remove(name).unwrap();
    };
    for name in ["certificate", "format", "founding", "header", "ledger", "v"] {
        all.push(base.with(&format!("without {name}"), bad, |value| remove(value, name)));
    }
    all.push(base.with("unknown member", bad, |value| value["seal"] = json!(1)));
    all.push(base.with("without absence", bad, |value| remove(&mut value["ledger"], "absence")));
    all.push(base.with("with record", bad, |value| value["ledger"]["record"] = json!({})));
    all.push(base.with("dealer is false", bad, |value| {
        value["founding"]["dealer"] = json!(false);
    }));
    all.push(base.with("upper case", bad, |value| {
        let payload = &mut value["certificate"]["payload"];
        *payload = json!(payload.as_str().unwrap().to_uppercase());
    }));
    all.push(base.with("short digest", bad, |value| {
        value["certificate"]["payload"] = json!("00");
    }));
    all.push(base.with("number as text", bad, |value| value["certificate"]["view"] = json!("1")));
    all.push(base.with("negative number", bad, |value| value["certificate"]["view"] = json!(-1)));
    all.push(base.with("later receipt", "unknown_receipt_version", |value| {
        *value = json!({"all": "is different", "v": 2});
    }));
    all.push(base.with("later scheme", "unknown_scheme", |value| {
        value["founding"]["scheme"] = json!("bls12381-threshold-minsig/2");
        value["certificate"]["scheme"] = json!("bls12381-threshold-minsig/2");
    }));
    all.push(base.with("header without its end", "header_differs", |value| {
        let bytes = value["header"]["bytes"].as_str().unwrap().len() - 2;
        value["header"]["bytes"] = json!(value["header"]["bytes"].as_str().unwrap()[..bytes]);
    }));
}

fn texts(base: &Base<'_>, all: &mut Vec<Tampered>) {
    let bad = "not_canonical";
    for (what, find, replace) in [
        ("space", ",\"format\":", ", \"format\":"),
        ("member twice", "\"format\":", "\"format\":\"pacta-receipt\",\"format\":"),
        ("members unsorted", "{\"actor\":", "{\"z\":1,\"actor\":"),
        ("fraction", "\"epoch\":3", "\"epoch\":3.0"),
        ("exponent", "\"epoch\":3", "\"epoch\":3e0"),
        ("leading zero", "\"epoch\":3", "\"epoch\":03"),
        ("null", "\"epoch\":3", "\"epoch\":null"),
        ("beyond 2^53", "\"epoch\":3", "\"epoch\":9007199254740992"),
        ("needless escape", "\"format\":\"pacta", "\"format\":\"\\u0070acta"),
        ("decomposed letters", "Traité", "Traite\u{301}"),
        ("reordered text", "Traité", "Traité\u{202e}"),
        ("hidden character", "Traité", "Traité\u{200b}"),
        ("control", "Traité", "Traité\u{7}"),
        ("line feed", ",\"format\":", ",\n\"format\":"),
        ("cut off", "\"v\":1}", "\"v\":1"),
    ] {
        all.push(base.text(what, bad, find, replace));
    }
}

fn swaps(executed: &Base<'_>, refused: &Base<'_>, all: &mut Vec<Tampered>) {
    let other = refused.value();
    let swap = |path: &str, reason| {
        let from = other.pointer(path).unwrap().clone();
        let what = format!("{path} of another receipt");
        executed.with(&what, reason, |value| *value.pointer_mut(path).unwrap() = from)
    };
    all.push(swap("/journal/act", "outcome_of_other_act"));
    all.push(swap("/journal/outcome", "outcome_of_other_act"));
    all.push(swap("/journal/proof", "bad_journal_proof"));
    all.push(swap("/journal/location", "bad_journal_proof"));
    all.push(executed.with("without act", "outcome_of_other_act", |value| {
        value["journal"].as_object_mut().unwrap().remove("act");
    }));
    all.push(executed.with("without signature", "bad_form", |value| {
        value["journal"]["act"].as_object_mut().unwrap().remove("signature");
    }));
    all.push(executed.with("signed by another actor", "bad_act_signature", |value| {
        value["journal"]["act"]["act"]["actor"] = json!(ACTOR.replace("a1", "c3"));
    }));
    all.push(executed.with("later than its block", "outcome_of_other_block", |value| {
        value["journal"]["outcome"]["height"] = json!(7);
    }));
    all.push(executed.with("sooner than its height", "outcome_of_other_block", |value| {
        value["journal"]["outcome"]["instant"] = value["header"]["instant"].clone();
    }));
    all.push(executed.with("earlier block", "bad_journal_proof", |value| {
        value["journal"]["outcome"]["height"] = json!(2);
    }));
    all.push(executed.with("event removed", "bad_journal_proof", |value| {
        value["journal"]["outcome"].as_object_mut().unwrap().remove("events");
    }));
}
