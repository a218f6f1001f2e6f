//! `pacta decide`, `pacta power`, `pacta rule`: the published cases come out again, what is out of
//! form is refused with a sentence, and every rule of the library is shown and explained.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};
use support::{json as answer, pacta, stderr, text};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/data/cases").join(name)
}

fn published(name: &str) -> Vec<Value> {
    let text = fs::read(data(name)).expect("the cases are readable");
    serde_json::from_slice(&text).expect("they are JSON")
}

/// The case of this id.
fn case(name: &str, id: &str) -> Value {
    published(name).into_iter().find(|case| case["id"] == id).expect("a published case")
}

/// A file with one case, changed.
fn changed(folder: &Path, mut case: Value, change: impl FnOnce(&mut Value)) -> PathBuf {
    change(&mut case);
    write(folder, "cases.json", &json!([case]).to_string())
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let file = folder.join(name);
    fs::write(&file, text).expect("a file can be written");
    file
}

fn run(command: &str, file: &Path) -> Output {
    pacta(&[command, "--json", text(file)])
}

/// The sentence of what was refused as out of form.
fn refused(output: &Output) -> String {
    let error = stderr(output);
    assert_eq!(output.status.code(), Some(65), "{error}");
    assert!(output.stdout.is_empty(), "nothing is answered");
    error
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

#[test]
fn every_published_vote_has_its_outcome_and_counts() {
    let (exit, value) = answer(&run("decide", &data("votes.json")));
    let results = value["results"].as_array().expect("a list");
    let cases = published("votes.json");
    assert_eq!((exit, results.len()), (0, cases.len()));
    for (result, case) in results.iter().zip(cases) {
        let id = &case["id"];
        assert_eq!(&result["id"], id);
        assert_eq!(result["outcome"], case["expect"]["outcome"], "{id}");
        assert_eq!((&result["ok"], &result["differences"]), (&json!(true), &json!([])), "{id}");
        let rules = result["explanation"]["rules"].as_array().expect("a list");
        let comparisons = rules.iter().flat_map(|rule| rule["comparisons"].as_array());
        let decisive = |of: &&Value| of["decisive"] == true && of["margin"].is_string();
        assert!(comparisons.flatten().any(|of| decisive(&of)), "{id}");
        assert!(result["could_change"]["is"].is_string(), "{id}");
    }
}

#[test]
fn a_vote_says_why_and_who_could_have_changed_it() {
    let folder = folder();
    let file = changed(folder.path(), case("votes.json", "unsc-2022-155"), |_| {});
    let (exit, value) = answer(&run("decide", &file));
    let result = &value["results"][0];
    assert_eq!((exit, &result["default_taken"]), (0, &json!(true)));
    assert_eq!(result["could_change_alone"], json!(["Russia"]));
    assert_eq!(
        result["could_change"],
        json!({"is": "least", "ballots": 1, "complete": true, "sets": [[{
            "members": ["Russia"], "ballots": 1, "from": "no", "to": "yes",
            "or": ["abstain", "absent"],
        }]]})
    );
    assert_eq!(result["could_have_stopped"], json!({"is": "never"}));
    let veto = &result["explanation"]["rules"][0]["comparisons"][1];
    assert_eq!((&veto["margin"], &veto["decisive"]), (&json!("-1"), &json!(true)));

    let words = pacta(&["decide", text(&file)]);
    let words = String::from_utf8(words.stdout).expect("text");
    for line in [
        "rejected, by default: no rule holds with 11 in favour, 1 against, 3 abstaining",
        "adopted      1 against in P5 <= 0: fails by 1",
        "1 ballot: Russia in favour or abstaining or not voting instead of against",
        "1 as expected, 0 not",
    ] {
        assert!(words.contains(line), "{line}: {words}");
    }
}

#[test]
fn a_base_is_shown_with_what_was_needed_of_it() {
    let folder = folder();
    let of = case("votes.json", "unga-es10-21-canada-amendment");
    let file = changed(folder.path(), of, |_| {});
    let words = String::from_utf8(pacta(&["decide", text(&file)]).stdout).expect("text");
    let line = "88 in favour >= 2/3 of 143 votes cast = 95.33: fails by 7.33";
    assert!(words.contains(line), "{words}");
    let (_, value) = answer(&run("decide", &file));
    let comparison = &value["results"][0]["explanation"]["rules"][0]["comparisons"][0];
    assert_eq!(
        (&comparison["right"]["value"], &comparison["margin"]),
        (&json!("286/3"), &json!("-22/3"))
    );
}

#[test]
fn an_outcome_or_count_that_differs_is_told_with_all_results_and_ends_with_65() {
    let folder = folder();
    let mut cases = published("votes.json");
    cases.truncate(3);
    cases[1]["expect"]["outcome"] = json!("rejected");
    cases[2]["expect"]["counts"]["yes"] = json!(10);
    let file = write(folder.path(), "cases.json", &json!(cases).to_string());
    let (exit, value) = answer(&run("decide", &file));
    let results = value["results"].as_array().expect("a list");
    assert_eq!((exit, results.len()), (65, 3));
    let outcome = json!([{"of": "outcome", "expected": "rejected", "found": "adopted"}]);
    assert_eq!((&results[0]["ok"], &results[1]["differences"]), (&json!(true), &outcome));
    assert_eq!(results[2]["differences"][0]["of"], "counts.yes");
}

#[test]
fn a_case_without_expectation_is_decided() {
    let folder = folder();
    let file = changed(folder.path(), case("votes.json", "unsc-res-82"), |case| {
        case.as_object_mut().expect("an object").remove("expect");
    });
    let (exit, value) = answer(&run("decide", &file));
    assert_eq!((exit, &value["results"][0]["outcome"]), (0, &json!("adopted")));
}

#[test]
fn what_is_out_of_form_is_refused_with_its_place_and_what_to_do() {
    let folder = folder();
    let at = folder.path();
    for (text, problem) in [
        ("", "is empty; give"),
        (" \n", "is empty; give"),
        ("[{\"id\": ", "is not JSON"),
        (r#"[{"votes":{"A":"yes","A":"no"}}]"#, "`A` stands twice"),
        ("{}", "holds no list; write"),
        ("[]", "holds no case; add"),
        ("[{}]", "case 1 (without id): case: has no `id`; add it"),
    ] {
        for command in ["decide", "power"] {
            let error = refused(&run(command, &write(at, "cases.json", text)));
            assert!(error.contains("cases.json") && error.contains(problem), "{error}");
        }
    }
    type Change = fn(&mut Value);
    let changes: [(&str, &str, Change); 6] = [
        ("unsc-2022-155", "P5", |case| {
            for member in case["members"].as_array_mut().expect("a list") {
                member["g"] = json!([]);
            }
        }),
        ("aiib-china-blocks", "China", |case| {
            let members = case["members"].as_array_mut().expect("a list");
            let china = members.iter_mut().find(|member| member["id"] == "China");
            china.expect("a member")["w"] = json!({});
        }),
        ("unsc-2022-155", "limit of 16; make it smaller", |case| {
            let mut rule = case["outcomes"][0]["if"].take();
            for _ in 0..20 {
                rule = json!({"op": "not", "arg": rule});
            }
            case["outcomes"][0]["if"] = rule;
        }),
        ("unsc-2022-155", "votes", |case| case["votes"]["Atlantis"] = json!("yes")),
        ("unsc-2022-155", "outcomes[0].if.op", |case| {
            case["outcomes"][0]["if"]["op"] = json!("most");
        }),
        ("unsc-2022-155", "kind index; use `pacta power`", |case| {
            case["kind"] = json!("index");
            case["rule"] = case["outcomes"][0]["if"].take();
        }),
    ];
    for (id, problem, change) in changes {
        let error = refused(&run("decide", &changed(at, case("votes.json", id), change)));
        let place = format!("case 1 ({id})");
        assert!(error.contains(&place) && error.contains(problem), "{problem}: {error}");
    }
    let votes = run("power", &data("votes.json"));
    assert!(refused(&votes).contains("kind vote; use `pacta decide`"));
    assert_eq!(run("decide", &at.join("none.json")).status.code(), Some(74));
}

#[test]
fn every_published_index_is_found_again() {
    let (exit, value) = answer(&run("power", &data("indices.json")));
    let results = value["results"].as_array().expect("a list");
    let cases = published("indices.json");
    assert_eq!((exit, results.len()), (0, cases.len()));
    for (result, case) in results.iter().zip(cases) {
        let id = &case["id"];
        assert_eq!((&result["id"], &result["players"]), (id, &case["players"]));
        assert_eq!((&result["ok"], &result["differences"]), (&json!(true), &json!([])), "{id}");
        if let Some(winning) = case.get("winning_coalitions") {
            assert_eq!(&result["winning_coalitions"], winning, "{id}");
        }
        let expected = case["expect"]["per_member"].as_object().expect("an object");
        for (member, expected) in expected {
            let found = &result["per_member"][member];
            assert_eq!(found["swings"], expected["swings"], "{id}, {member}");
            assert!(found["banzhaf_norm"].is_string(), "{id}, {member}");
            match case.get("members_file") {
                None => assert!(found["shapley"].is_string(), "{id}, {member}"),
                Some(_) => assert_eq!(result["shapley_exactness"], "proved"),
            }
            let near = |index: &str| {
                let of = |value: &Value| match value {
                    Value::String(text) => text.parse().expect("a decimal"),
                    value => value.as_f64().expect("a number"),
                };
                let (found, expected) = (of(&found[index]), of(&expected[index]));
                assert!((found - expected).abs() < 1e-6, "{id}, {member}: {index}");
            };
            near("banzhaf_norm_dec");
            near("shapley_dec");
        }
    }
    let bank = &results[12];
    assert_eq!(bank["vetoers"], json!(["United States"]));
    let us = &bank["per_member"]["United States"];
    assert!(us["shapley_low"].is_string() && us["shapley_high"].is_string(), "{us}");
}

#[test]
fn nobody_is_called_a_dummy_or_vetoer_where_a_vote_in_favour_may_hurt() {
    let folder = folder();
    let file = changed(folder.path(), case("indices.json", "idx-unsc-15"), |case| {
        case["expect"] = json!({});
        case.as_object_mut().expect("an object").remove("winning_coalitions");
        case["rule"]["args"][0]["l"][0][2]["b"] = json!("no");
    });
    let (exit, value) = answer(&run("power", &file));
    let result = &value["results"][0];
    assert_eq!((exit, &result["per_member"]["elected"]["swings"]), (0, &json!("0")));
    assert_eq!((&result["vetoers"], &result["dummies"]), (&Value::Null, &Value::Null));
}

#[test]
fn an_index_that_differs_is_told_and_ends_with_65() {
    let folder = folder();
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 5] = [
        ("permanent.swings", |case| {
            case["expect"]["per_member"]["permanent"]["swings"] = json!("847");
        }),
        ("elected.shapley", |case| {
            case["expect"]["per_member"]["elected"]["shapley"] = json!("4/2146");
        }),
        ("dummies", |case| case["expect"]["dummies"] = json!(["elected"])),
        ("players", |case| case["players"] = json!(16)),
        ("winning_coalitions", |case| case["winning_coalitions"] = json!("849")),
    ];
    for (of, change) in changes {
        let file = changed(folder.path(), case("indices.json", "idx-unsc-15"), change);
        let (exit, value) = answer(&run("power", &file));
        let differences = value["results"][0]["differences"].as_array().expect("a list");
        assert_eq!((exit, differences.len(), &differences[0]["of"]), (65, 1, &json!(of)));
    }
}

#[test]
fn a_file_of_members_is_read_beside_the_cases_and_its_votes_are_checked() {
    let folder = folder();
    let at = folder.path();
    let file = changed(at, case("indices.json", "idx-imf-85"), |case| {
        case["members_file"] = json!("table.json");
        case["expect"] = json!({});
        case["players"] = json!(3);
        case["rule"]["r"] = json!([[6, 1, 1]]);
    });
    let member = |id: &str, votes: u32| json!({"id": id, "votes": votes});
    let members = [member("A", 5), member("B", 3), member("C", 2)];
    let table = |total: u32| json!({"total_votes": total, "members": members}).to_string();
    write(at, "table.json", &table(10));
    let (exit, value) = answer(&run("power", &file));
    assert_eq!((exit, &value["results"][0]["vetoers"]), (0, &json!(["A"])), "{value}");
    write(at, "table.json", &table(11));
    assert!(refused(&run("power", &file)).contains("add up to 10, not to 11; correct"));
    write(at, "table.json", r#"[{"id": "A", "n": 1, "g": []}]"#);
    assert!(refused(&run("power", &file)).contains("votes"));
    let file = changed(at, case("indices.json", "idx-imf-85"), |case| {
        case["members_file"] = json!("../table.json");
    });
    assert!(refused(&run("power", &file)).contains("put the file beside"));
}

#[test]
fn every_rule_of_the_library_is_listed_shown_and_explained() {
    let (exit, value) = answer(&pacta(&["rule", "list", "--json"]));
    let rules = value["rules"].as_array().expect("a list");
    assert_eq!((exit, rules.len()), (0, 138));
    let folder = folder();
    for rule in rules {
        let slug = rule["slug"].as_str().expect("a name");
        let (exit, shown) = answer(&pacta(&["rule", "show", slug, "--json"]));
        assert_eq!(exit, 0, "{slug}");
        let (exit, explained) = answer(&pacta(&["rule", "explain", slug, "--json"]));
        let title = rule["title"].as_str().expect("a title");
        let words = explained["words"].as_str().expect("words");
        assert!(exit == 0 && words.starts_with(title) && words.contains("bind"), "{words}");
        // Both forms are read again from files, told apart by their first character.
        let text_file = write(folder.path(), "rule", shown["text"].as_str().expect("a text"));
        let again = pacta(&["rule", "show", text(&text_file)]);
        assert_eq!(String::from_utf8_lossy(&again.stdout), shown["text"].as_str().expect("a text"));
        let json_file = write(folder.path(), "rule.json", &shown["json"].to_string());
        let (_, again) = answer(&pacta(&["rule", "show", text(&json_file), "--json"]));
        assert_eq!(again["text"], shown["text"], "{slug}");
    }
}

#[test]
fn an_unknown_rule_is_answered_with_near_names_and_a_bad_one_with_its_line() {
    let unknown = pacta(&["rule", "show", "unsc-substance"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("did you mean 01-unsc-substance?"), "{}", stderr(&unknown));
    let folder = folder();
    let bad = write(folder.path(), "bad.rule", "rule \"A\"\nsource \"B\"\nbase all\n");
    let error = refused(&pacta(&["rule", "explain", text(&bad)]));
    assert!(error.contains("bad.rule") && error.contains("line 3"), "{error}");
    let nobody = pacta(&["rule", "lint", "05-unga-important"]);
    assert_eq!(nobody.status.code(), Some(2));
    assert!(stderr(&nobody).contains("--members FILE"), "{}", stderr(&nobody));
}

/// The verdict of a check of the first outcome.
fn verdict<'a>(report: &'a Value, check: &str) -> &'a Value {
    let checks = report["outcomes"][0]["checks"].as_array().expect("a list");
    checks.iter().find(|each| each["check"] == check).expect("a check of this name")
}

#[test]
fn a_rule_is_checked_and_refused_with_a_witness() {
    let (exit, report) = answer(&pacta(&["rule", "lint", "unsc-1965", "--json"]));
    assert_eq!((exit, &report["admitted"]), (0, &json!(true)), "{report:#}");
    for check in ["monotone", "proper", "can pass", "can fail"] {
        assert_eq!(verdict(&report, check)["verdict"], "holds", "{check}");
    }
    assert_eq!(verdict(&report, "vetoers")["detail"], json!(["permanent"]));
    assert_eq!(verdict(&report, "smallest passing")["detail"]["members"], 9);

    let folder = folder();
    let peer = |set: &str| json!({"id": set, "n": 1, "g": [set]});
    let members = json!([peer("Org1"), peer("Org2"), peer("Org3")]).to_string();
    let members = write(folder.path(), "members.json", &members);
    let lint = |rule: &str| pacta(&["rule", "lint", rule, "--members", text(&members), "--json"]);
    let (exit, report) = answer(&lint("74-fabric-any"));
    assert_eq!((exit, &report["admitted"]), (65, &json!(false)), "{report:#}");
    let proper = verdict(&report, "proper");
    assert_eq!(proper["verdict"], "refused");
    assert_eq!(proper["detail"]["apart"].as_array().map(Vec::len), Some(2), "{proper}");
    let error = refused(&lint("01-unsc-substance"));
    assert!(error.contains("P5"), "a set that nobody is in: {error}");
}

#[test]
fn what_adopts_is_judged_in_favour_whatever_it_says() {
    let folder = folder();
    let text_of = |condition: &str| {
        let shown = answer(&pacta(&["rule", "show", "02-unsc-procedure", "--json"])).1;
        shown["text"].as_str().expect("a text").replace("yes >= 9", condition)
    };
    let members = write(folder.path(), "members.json", r#"[{"id": "m", "n": 15, "g": []}]"#);
    let lint = |condition: &str| {
        let rule = write(folder.path(), "my.rule", &text_of(condition));
        answer(&pacta(&["rule", "lint", text(&rule), "--members", text(&members), "--json"]))
    };
    assert_eq!(lint("yes >= 8").0, 0);
    let (exit, report) = lint("no >= 9");
    assert_eq!((exit, &verdict(&report, "monotone")["verdict"]), (65, &json!("refused")));
    assert_eq!(lint("yes >= 7").0, 65, "two halves could both pass");
    assert_eq!(lint("yes >= 16").0, 65, "nothing passes");
    let (exit, report) = lint("yes >= 12 then adopted\nif yes >= 9");
    assert_eq!(exit, 0, "two ways to one outcome: {report:#}");
}

/// The check of this name of the rule as a whole, for members of whom all may be affected.
fn whole(folder: &Path, condition: &str, check: &str) -> (i32, Value) {
    let (_, shown) = answer(&pacta(&["rule", "show", "02-unsc-procedure", "--json"]));
    let sets =
        "set sovereign in registry \"sovereigns\"\nset affected in matter \"affected\"\n\nmap";
    let text_of =
        shown["text"].as_str().expect("a text").replace("yes >= 9 then adopted", condition);
    let rule = write(folder, "my.rule", &text_of.replacen("map", sets, 1));
    let members = r#"[{"id": "m", "n": 15, "g": ["sovereign", "affected"]}]"#;
    let members = write(folder, "members.json", members);
    let lint = ["rule", "lint", text(&rule), "--members", text(&members), "--json"];
    let (exit, report) = answer(&pacta(&lint));
    let checks = report["checks"].as_array().expect("a list");
    let found = checks.iter().find(|each| each["check"] == check);
    (exit, found.unwrap_or_else(|| panic!("no such check: {report:#}")).clone())
}

#[test]
fn outcomes_that_contradict_each_other_and_sovereigns_without_a_block_are_refused() {
    let folder = folder();
    let check = "outcomes exclude others";
    let condition = "yes >= 9 then adopted\nif yes >= 5 then postponed";
    let (exit, found) = whole(folder.path(), condition, check);
    assert_eq!((exit, &found["verdict"]), (65, &json!("refused")), "{found}");
    assert_eq!(found["detail"], json!({"in_favour": {"m": 15}}));
    let condition = "yes >= 9 & no@affected = 0 then adopted\nif no >= 9 then dropped";
    let (exit, found) = whole(folder.path(), condition, check);
    assert_eq!((exit, &found["verdict"]), (0, &json!("holds")), "{found}");

    let check = "each sovereign can stop what affects it";
    let condition = "yes >= 9 & no@affected = 0 then adopted";
    let (exit, found) = whole(folder.path(), condition, check);
    assert_eq!((exit, &found["verdict"]), (0, &json!("holds")), "{found}");
    let condition = "yes >= 9 & no@affected <= 1 then adopted";
    let (exit, found) = whole(folder.path(), condition, check);
    assert_eq!((exit, &found["verdict"]), (65, &json!("refused")), "{found}");
}

#[test]
fn the_reform_of_the_security_council_is_compared_exactly() {
    let (exit, value) = answer(&pacta(&["rule", "compare", "unsc-1945", "unsc-1965", "--json"]));
    assert_eq!(exit, 0);
    let index = |[before, after, change]: [&str; 3]| {
        let mut values = json!({"before": before, "after": after});
        values["change"] = json!(change);
        values
    };
    let expected = json!([
        {
            "id": "permanent", "n_before": 5, "n_after": 5,
            "banzhaf_norm": index(["19/105", "106/635", "-187/13335"]),
            "shapley": index(["76/385", "421/2145", "-17/15015"]),
        },
        {
            "id": "elected", "n_before": 6, "n_after": 10,
            "banzhaf_norm": index(["1/63", "21/1270", "53/80010"]),
            "shapley": index(["1/462", "4/2145", "-3/10010"]),
        },
    ]);
    assert_eq!(value["members"], expected);
    assert_eq!((&value["vetoers_gained"], &value["vetoers_lost"]), (&json!([]), &json!([])));
    assert_eq!((&value["before"]["players"], &value["after"]["players"]), (&json!(11), &json!(15)));
    let case = format!("{}#idx-unsc-15", text(&data("indices.json")));
    let (_, same) = answer(&pacta(&["rule", "compare", "unsc-1945", &case, "--json"]));
    assert_eq!(same["members"], expected);
}

#[test]
fn a_veto_that_is_gained_is_named() {
    let table = data("imf_2022-10-02.json");
    let args = ["rule", "compare", "34-imf-ordinary", "36-imf-eighty-five", "--json", "--members"];
    let (exit, value) = answer(&pacta(&[&args[..], &[text(&table)]].concat()));
    assert_eq!((exit, &value["vetoers_gained"]), (0, &json!(["United States"])));
}
