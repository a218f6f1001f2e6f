//! First inputs of fuzz targets: scripts, one act of each kind, one outcome with each event, and
//! records of each form. `PACTA_WRITE_SEEDS=1` writes them; the corpora keep what they lead to.

use std::fs;
use std::path::Path;

use crate::play::{Reached, World};

/// The forms of records, as the fuzz target `forms` numbers them, by the path they are found at.
const FORMS: [(u8, &str); 20] = [
    (1, "actor/?"),
    (2, "key/?"),
    (3, "mandate/?"),
    (4, "name/?"),
    (5, "sequence/?"),
    (6, "actor/?/signing-keys"),
    (7, "treaty/?"),
    (8, "treaty/?/clauses"),
    (9, "treaty/?/texts"),
    (10, "treaty/?/tally"),
    (11, "treaty/?/negotiating/?"),
    (12, "treaty/?/party/?"),
    (20, "network/validators"),
    (20, "network/committee/?"),
    (20, "network/signing/?"),
    (21, "network/epochs"),
    (22, "network/ceremony"),
    (23, "network/attendance"),
    (24, "network/changes"),
    (25, "network/change/?"),
];

/// Whether they are asked for.
pub fn wanted() -> bool {
    std::env::var_os("PACTA_WRITE_SEEDS").is_some()
}

/// A script, and the records after it.
pub fn of_world(number: u32, script: &[u8], world: &World) {
    write("law", &number.to_string(), script);
    for (path, record) in &world.records {
        let of_form = |(_, form): &&(u8, &str)| fits(path, form);
        if let Some((form, name)) = FORMS.iter().find(of_form) {
            let name = format!("{}-{number}", name.replace(['/', '?'], ""));
            write("forms", &name, &[&[*form], &record[..]].concat());
        }
    }
}

/// Acts and outcomes.
pub fn of_reached(reached: &Reached) {
    for (kind, act) in reached.refused.iter().chain(&reached.executed) {
        write("act", kind, act);
        write("json", kind, act);
    }
    for (event, outcome) in &reached.events {
        write("forms", event, &[&[0], &outcome[..]].concat());
    }
}

fn fits(path: &str, form: &str) -> bool {
    let (path, form) = (path.split('/'), form.split('/'));
    path.clone().count() == form.clone().count()
        && path.zip(form).all(|(part, form)| form == "?" || form == part)
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    fs::create_dir_all(corpora.join(target)).unwrap();
    fs::write(corpora.join(target).join(format!("seed-{name}")), bytes).unwrap();
}
