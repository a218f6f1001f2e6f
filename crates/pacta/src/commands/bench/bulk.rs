//! The law alone: a bulk of dated facts, replayed in date order.

use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::figures::{Figure, Goal};
use crate::failure::{Failure, Result};
use crate::files::{self, Access};

/// Size of the bulk that is made up when none is given: that of the published one.
const TREATIES: u64 = 2_345;
const ROWS_PER_TREATY: u64 = 25;
const FACTS_GOAL: f64 = 5.0;

/// Replays the given facts, or as many made-up ones, in a process of its own.
///
/// # Errors
/// When the replay fails.
pub fn measure(root: &Path, given: Option<&Path>) -> Result<Vec<Figure>> {
    let (file, origin) = match given {
        Some(file) => (file.to_owned(), "the given facts"),
        None => (made_up(root)?, "made-up facts, as many as the bulk of the GGO dataset has"),
    };
    let answer = replay(&file)?;
    let number = |name: &str| {
        let value = answer.get(name);
        let text = value.and_then(Value::as_str).and_then(|text| text.parse().ok());
        value.and_then(Value::as_f64).or(text)
    };
    let missing = || Failure::failed("the replay does not say how long it took; report this");
    let seconds = number("seconds").ok_or_else(missing)?;
    let facts = number("facts").or_else(|| number("acts")).ok_or_else(missing)?;
    let method = format!("{facts} dated facts in date order on one core: {origin}");
    Ok(vec![
        Figure {
            name: "law_bulk_replay_seconds",
            value: seconds,
            goal: Goal::AtMost(FACTS_GOAL),
            method,
        },
        Figure {
            name: "law_bulk_facts_per_second",
            value: (facts / seconds).round(),
            goal: Goal::Reported,
            method: "the same".to_owned(),
        },
    ])
}

fn replay(file: &Path) -> Result<Value> {
    let program = env::current_exe()
        .map_err(|error| Failure::failed(format!("this program cannot find itself: {error}")))?;
    let output = Command::new(program)
        .args(["replay", "--json", "--bulk"])
        .arg(file)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Failure::failed(format!("cannot start the replay: {error}")))?;
    serde_json::from_slice(&output.stdout).map_err(|_| {
        Failure::failed(format!("the replay of {} ended with {}", file.display(), output.status))
    })
}

/// Writes facts of a plausible shape: States sign and ratify treaties over sixty years.
fn made_up(root: &Path) -> Result<PathBuf> {
    let mut text = "treaty_no,state,signature,ratification,state_in_force,state_end\n".to_owned();
    for treaty in 0..TREATIES {
        for place in 0..ROWS_PER_TREATY {
            let state = (treaty * 7 + place * 3) % 196;
            let letter = |number: u64| char::from(b'A' + u8::try_from(number % 26).unwrap_or(0));
            let (day, year) = (1 + (treaty + place) % 28, 1945 + (treaty + place / 4) % 60);
            let month = 1 + (treaty + place) % 12;
            let signed = format!("{year}-{month:02}-{day:02}");
            let ratified = format!("{}-{month:02}-{day:02}", year + 1 + place % 5);
            let in_force = match place % 3 {
                0 => String::new(),
                _ => format!("{}-{month:02}-{day:02}", year + 2 + place % 5),
            };
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "{},{}{}{},{signed},{ratified},{in_force},",
                treaty + 1,
                letter(state / 26),
                letter(state),
                letter(state + 7),
            );
        }
    }
    let path = root.join("bulk.csv");
    files::write(&path, text.as_bytes(), Access::Everyone)?;
    Ok(path)
}
