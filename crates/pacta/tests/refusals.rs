//! Bad input is refused at the API with a code and a sentence, and never ends a node.

mod support;

use ed25519_consensus::SigningKey;
use pacta_law::actor::end_mandate::EndMandate;
use pacta_law::actor::register_key::RegisterKey;
use pacta_law::actor::revoke_key::RevokeKey;
use pacta_law::{Act, Data, Instant, KeyId, MandateId, NetworkId, PublicKey, Purpose, Signature};
use serde_json::{Value, json};
use support::company::{Company, now_ms, prove, public, signed};
use support::{Network, json, post};

#[test]
fn whatever_is_wrong_with_an_act_has_a_code_and_a_sentence() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let network = Network::start(&parent.path().join("network"), 4);
    let mut company = Company::register(&network, 0, "Bad Input Ltd", 55);
    let api = Api { url: format!("{}/acts", network.api(0)) };

    form(&api, &mut company);
    signature_key_and_number(&api, &mut company);
    keys(&api, &mut company);
    treaties(&network);
    let (status, _) = support::get(&format!("{}/network", network.api(0))).expect("an answer");
    assert_eq!(status, 200, "the node has survived all of it");
}

struct Api {
    url: String,
}

impl Api {
    /// Posts bytes and expects a refusal with a name of its own.
    fn refuses(&self, bytes: &[u8], name: &str) {
        let (status, problem) = post(&self.url, bytes).expect("the node answers");
        assert!((400..500).contains(&status), "{name}: {status} {problem}");
        assert_eq!(problem["name"], json!(name), "{problem}");
        assert!(problem["code"].is_u64(), "{problem}");
        let sentence = problem["detail"].as_str().expect("a sentence");
        // The sentence that an act should say ends with a full stop of its own.
        let ends = sentence.ends_with('.') && name != "says_differs";
        assert!(sentence.contains([';', ':', '(']) && !ends, "{sentence}");
    }

    /// Posts an act and expects it to become final and executed.
    fn takes(&self, bytes: &[u8]) {
        let url = format!("{}?wait=final", self.url);
        let (status, answer) = post(&url, bytes).expect("the node answers");
        assert_eq!((status, &answer["outcome"]["result"]), (200, &json!("executed")), "{answer}");
    }
}

/// What is no canonical JSON of the right form.
fn form(api: &Api, company: &mut Company) {
    let act = company.act();
    company.sequence -= 1;
    let good = String::from_utf8(company.sign(&act)).expect("JSON is UTF-8");
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from} is not in {good}");
        good.replacen(from, to, 1).into_bytes()
    };
    let expires = format!("\"expires\":{}", act.expires.ms());
    api.refuses(b"", "malformed");
    api.refuses(b"{\"act\":", "malformed");
    api.refuses(&[0xff, 0xfe], "malformed");
    api.refuses(&with("{\"act\":", "{ \"act\":"), "not_canonical");
    api.refuses(&with("\"kind\":", "\"kind\":\"adopt\",\"kind\":"), "duplicate_key");
    api.refuses(&with("\"says\":\"", "\"says\":\"e\u{301}"), "not_nfc");
    api.refuses(&with("\"says\":\"", "\"says\":\"\u{202e}"), "forbidden_character");
    api.refuses(&with(&expires, "\"expires\":1.5"), "float");
    api.refuses(&with(&expires, "\"expires\":9007199254740992"), "number_out_of_range");
    api.refuses(&with(&expires, "\"expires\":null"), "null");
    api.refuses(&with("\"kind\":\"register_key\"", "\"kind\":\"conquer\""), "unknown_kind");
    api.refuses(&with("\"purpose\":\"sign-act\"", "\"purpose\":\"to-rule\""), "bad_member");
    api.refuses(&with("\"algorithm\":\"ed25519\"", "\"algorithm\":\"none\""), "unknown_algorithm");
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    api.refuses(deep.as_bytes(), "too_deep");
    let long = with("\"says\":\"", &format!("\"says\":\"{}", "a".repeat(3_000)));
    api.refuses(&long, "too_long");
    let (status, problem) = post(&api.url, &vec![b' '; 70_000]).expect("the node answers");
    assert_eq!(status, 413, "{problem}");
    assert!(problem["detail"].is_string(), "{problem}");
}

/// What is signed for another network, too late, too often, or says something else.
fn signature_key_and_number(api: &Api, company: &mut Company) {
    let good = company.act();
    company.sequence -= 1;
    let sign = |change: &dyn Fn(&mut Act)| {
        let mut act = good.clone();
        change(&mut act);
        company.sign(&act)
    };
    api.refuses(&sign(&|act| act.network = NetworkId([9; 32])), "wrong_network");
    api.refuses(&sign(&|act| act.expires = at(now_ms() - 1_000)), "expired");
    api.refuses(&sign(&|act| act.expires = at(now_ms() + 40 * 86_400_000)), "expires_too_late");
    api.refuses(&sign(&|act| act.says = "Bad Input Ltd does nothing.".into()), "says_differs");
    api.refuses(&sign(&|act| act.mandate = Some(MandateId([3; 16]))), "unknown_mandate");
    let stranger = SigningKey::from([99; 32]);
    let mut unknown = good.clone();
    unknown.key = KeyId::of(&public(&stranger));
    api.refuses(&signed(&stranger, &unknown), "unknown_key");
    let text = String::from_utf8(company.sign(&good)).expect("JSON is UTF-8");
    let place = text.rfind("\"signature\":\"").expect("a signature") + 13;
    let mut forged = text.clone().into_bytes();
    forged[place] = if forged[place] == b'0' { b'1' } else { b'0' };
    api.refuses(&forged, "bad_signature");
    let mut foreign = text.into_bytes();
    let place = String::from_utf8_lossy(&foreign).rfind("\"public\":\"").expect("a key") + 10;
    let other = public(&stranger).to_string();
    foreign[place..place + 64].copy_from_slice(other.as_bytes());
    api.refuses(&foreign, "key_differs");

    let first = company.sign(&good);
    api.takes(&first);
    api.takes(&first); // handing in the same act twice is no fault, and does nothing twice
    let mut replayed = good.clone();
    replayed.expires = at(now_ms() + 300_000);
    api.refuses(&company.sign(&replayed), "sequence_used");
    company.sequence += 1;
}

/// Keys that are weak, for another purpose, revoked, or not in the hands of who registers them.
fn keys(api: &Api, company: &mut Company) {
    let register = |company: &Company, public: PublicKey, possession: Signature, purpose| {
        company.sign(&company.compose(Data::RegisterKey(RegisterKey {
            possession,
            public,
            purpose,
        })))
    };
    let network = company.act().network;
    company.sequence -= 1;
    let identity = PublicKey({
        let mut point = [0; 32];
        point[0] = 1;
        point
    });
    let none = Signature([0; 64]);
    api.refuses(&register(company, identity, none, Purpose::SignAct), "weak_key");
    let voter = SigningKey::from([41; 32]);
    api.refuses(&register(company, public(&voter), none, Purpose::NodeVote), "no_possession");

    let possession = prove(&voter, network, company.actor, Purpose::NodeVote);
    api.takes(&register(company, public(&voter), possession, Purpose::NodeVote));
    company.sequence += 1;
    let mut act = company.act();
    company.sequence -= 1;
    (act.key, act.sequence) = (KeyId::of(&public(&voter)), 1);
    api.refuses(&signed(&voter, &act), "wrong_purpose");

    let spare = SigningKey::from([42; 32]);
    let possession = prove(&spare, network, company.actor, Purpose::SignAct);
    api.takes(&register(company, public(&spare), possession, Purpose::SignAct));
    company.sequence += 1;
    let key = KeyId::of(&public(&spare));
    api.takes(&company.sign(&company.compose(Data::RevokeKey(RevokeKey { key }))));
    company.sequence += 1;
    (act.key, act.sequence) = (key, 1);
    api.refuses(&signed(&spare, &act), "key_revoked");

    let mandate = MandateId([5; 16]);
    let ended = company.compose(Data::EndMandate(EndMandate { mandate }));
    api.refuses(&company.sign(&ended), "unknown_mandate");
    let text = String::from_utf8(company.sign(&ended)).expect("JSON is UTF-8");
    let impossible = text.replace("\"kind\":\"end_mandate\"", "\"kind\":\"grant_office\"").replace(
        &format!("\"data\":{{\"mandate\":\"{mandate}\"}}"),
        &format!(
            "\"data\":{{\"from\":\"2027-02-30\",\"key\":\"{key}\",\"office\":\"representative\"}}"
        ),
    );
    let (status, problem) = post(&api.url, impossible.as_bytes()).expect("the node answers");
    assert_eq!(status, 422, "{problem}");
    let name = problem["name"].as_str().unwrap_or_default();
    assert!(["impossible_date", "bad_member"].contains(&name), "{problem}");
}

fn at(ms: u64) -> Instant {
    Instant::from_ms(ms).expect("in range")
}

/// Refusals that the command shows before anything is signed.
fn treaties(network: &Network) {
    refused(network, &["treaty", "sign", "no-such-treaty"], "unknown_treaty");
    let draft = network.root.join("draft.json");
    let actor = network.state(0, "actor");
    let clauses = json!({
        "participation": "negotiating_states",
        "signature": { "kinds": ["simple"], "until": "2020-01-01" },
        "consent": {
            "kinds": ["ratification"], "signature_required": false, "accession": "closed"
        },
        "entry_into_force": { "threshold": {
            "conditions": { "count": { "at_least": 1 } }, "delay": "none",
        }},
        "late_party": "silent",
        "withdrawal": { "silent": { "permitted": false } },
    });
    let value = json!({
        "treaty": "narrow", "titles": { "en": "Narrow Treaty" }, "clauses": clauses,
        "negotiating": [actor],
    });
    std::fs::write(&draft, value.to_string()).expect("a file can be written");
    let text = network.root.join("narrow.txt");
    std::fs::write(&text, "The text.").expect("a file can be written");
    let text = format!("en={}", text.display());
    let draft = draft.to_str().expect("a path is UTF-8");
    let done = |args: &[&str]| {
        let (code, answer) = json(&network.sign(0, args));
        assert_eq!(code, 0, "{args:?}: {answer}");
    };
    done(&["treaty", "draft", draft, "--text", &text]);
    refused(network, &["treaty", "draft", draft, "--text", &text], "treaty_exists");
    refused(network, &["treaty", "deposit", "narrow", "ratification"], "not_authenticated");
    done(&["treaty", "adopt", "narrow"]);
    done(&["treaty", "authenticate", "narrow"]);
    refused(network, &["treaty", "sign", "narrow"], "signature_closed");
    refused(network, &["treaty", "deposit", "narrow", "accession"], "accession_closed");
    powers(network);
    let no_mandate = ["--mandate", "00000000000000000000000000000000"];
    let args = [&["treaty", "deposit", "narrow", "ratification"][..], &no_mandate].concat();
    refused(network, &args, "unknown_mandate");
    let admission = network.root.join("admission.json");
    let admission = admission.to_str().expect("a path is UTF-8");
    done(&["treaty", "deposit", "narrow", "ratification", "--admission", admission]);
    refused(network, &["treaty", "deposit", "narrow", "ratification"], "already_consented");
    admitted(network, admission);
}

/// The word of the node that it took an act is genuine, and another node says what became of it.
fn admitted(network: &Network, admission: &str) {
    let ask =
        || json(&support::pacta(&["verify", admission, "--json", "--against", &network.url(1)]));
    support::wait_until("another node has the act", 20, || ask().0 == 0);
    let (_, found) = ask();
    assert_eq!(
        (&found["verdict"], &found["became"]["status"]),
        (&json!("genuine"), &json!("final"))
    );
    let blocks = found["became"]["blocks"].as_u64().expect("a number of blocks");
    assert!((1..=5).contains(&blocks), "{found}");
    let text = std::fs::read_to_string(admission).expect("it was written");
    let later = text.replacen("\"height\":", "\"height\":1", 1);
    std::fs::write(admission, later).expect("a file can be written");
    let (code, found) = json(&support::pacta(&["verify", admission, "--json"]));
    assert_eq!((code, &found["reason"]), (65, &json!("bad_admission")), "{found}");
}

/// Who took no part in drawing the text up, and who has no full powers.
fn powers(network: &Network) {
    let minister = network.folder(0).join("keys/foreign-minister.json");
    let other = network.folder(1).join("keys/foreign-minister.json");
    let deposit = ["treaty", "deposit", "narrow", "ratification"];
    refused_with(network, &other, &deposit, "not_entitled");

    let officer = network.root.join("officer.json");
    let path = officer.to_str().expect("a path is UTF-8");
    let passphrase = network.root.join("passphrase");
    let passphrase = passphrase.to_str().expect("a path is UTF-8");
    let made = support::pacta(&["key", "new", path, "--json", "--passphrase-file", passphrase]);
    let (code, key) = json(&made);
    assert_eq!(code, 0, "{key}");
    let key = key["key"].as_str().expect("a key has an id");
    let done = |args: &[&str]| {
        let (code, answer) = json(&network.sign_with(&minister, 0, args));
        assert_eq!(code, 0, "{args:?}: {answer}");
        answer["act"].as_str().expect("an act")[..32].to_owned()
    };
    done(&["actor", "register-key", "--new-key", path]);
    refused_with(network, &officer, &deposit, "mandate_needed");
    let mandate = done(&["actor", "grant-office", key, "treaty-officer"]);
    let by_office = [&deposit[..], &["--mandate", &mandate]].concat();
    refused_with(network, &officer, &by_office, "no_full_powers");
}

fn refused(network: &Network, args: &[&str], name: &str) {
    refused_with(network, &network.folder(0).join("keys/foreign-minister.json"), args, name);
}

fn refused_with(network: &Network, key: &std::path::Path, args: &[&str], name: &str) {
    let output = network.sign_with(key, 0, args);
    let error = support::stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{args:?}: {error}");
    assert!(error.contains(&format!(" {name})")), "{args:?}: {error}");
    let dry = network.sign_with(key, 0, &[args, &["--dry-run"]].concat());
    // What cannot even be composed has no act to show.
    if let Ok(value) = serde_json::from_slice::<Value>(&dry.stdout) {
        assert_eq!(value["refusal"], json!(name), "{value}");
    }
    assert_eq!(dry.status.code(), Some(1), "{args:?}");
}
