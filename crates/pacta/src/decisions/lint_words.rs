//! The report on a rule as a table.

use super::lint::{Check, Report, Standing};

impl Report {
    /// The table, for people.
    pub fn words(&self) -> String {
        let mut text = format!("{}: {}\n", self.rule, self.verdict());
        self.checks.iter().for_each(|check| text.push_str(&line(check)));
        for outcome in &self.outcomes {
            let (stage, label) = (outcome.stage + 1, &outcome.outcome);
            let (inside, outside) = (outcome.inside, outcome.outside);
            text.push_str(&format!("\nstage {stage}, {label} ({inside}, all others {outside})\n"));
            outcome.checks.iter().for_each(|check| text.push_str(&line(check)));
        }
        text
    }

    fn verdict(&self) -> String {
        let of = |verdict| {
            let all = self.all().filter(move |check| check.verdict == verdict);
            all.map(|check| check.check).collect::<Vec<_>>().join(", ")
        };
        match (self.any(Standing::Refused), self.admitted) {
            (true, _) => format!("would be refused ({})", of(Standing::Refused)),
            (false, true) => "would be admitted".to_owned(),
            (false, false) => format!("not proved ({})", of(Standing::NotProved)),
        }
    }
}

fn line(check: &Check) -> String {
    let verdict = match check.verdict {
        Standing::Holds => "holds",
        Standing::Refused => "REFUSED",
        Standing::NotProved => "not proved",
        Standing::Shown => "shown",
    };
    format!("  {:<24} {verdict:<11} {}\n", check.check, check.words)
}
