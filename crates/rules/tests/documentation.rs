//! What the documentation shows is what the reader reads.

use pacta_rules::{Condition, DecisionRule};

const DOCUMENT: &str = include_str!("../../../docs/rules.md");

/// The text between marks, of which this is the first line.
fn block(first: &str) -> String {
    let mut blocks = DOCUMENT.split("```").skip(1).step_by(2);
    let found = blocks.find(|block| block.trim_start().starts_with(first));
    found.expect("the document shows it").trim_start().to_owned()
}

#[test]
fn the_rule_of_the_documentation_is_read_and_written_as_the_same_text() {
    let text = block("rule ");
    let rule = DecisionRule::from_text(&text).expect("a rule in form");
    assert_eq!(rule.to_text(), text);
}

#[test]
fn the_stages_of_the_documentation_are_read_in_a_rule() {
    let stages = block("try ");
    let rule = block("rule ");
    let before = rule.find("if yes").expect("a condition");
    let after = rule.find("default").expect("a default");
    let head = rule[..before].replace("base all", "base pv, all");
    let head = head.replace("weight pop \"population\"", "set P5 in registry \"members\"");
    let text = format!("{head}{stages}\n{}", &rule[after..]);
    let rule = DecisionRule::from_text(&text).expect("a rule in form");
    assert_eq!(rule.stages.len(), 3);
    assert_eq!(rule.to_text(), text);
}

#[test]
fn the_conditions_of_the_documentation_are_in_their_one_form() {
    let table = DOCUMENT.split("| text | plain words |").nth(1).expect("a table of conditions");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut read = 0;
    for row in rows {
        let text = row.split('`').nth(1).expect("a condition in each row");
        let condition = Condition::from_text(text).expect("a condition in form");
        assert_eq!(condition.to_text(), text);
        read += 1;
    }
    assert_eq!(read, 4);
}

#[test]
fn the_error_of_the_documentation_is_the_error_that_is_given() {
    let error = Condition::from_text("yes >= 9 &\n  no@P5 0").expect_err("it has no sign");
    assert_eq!(format!("{error}\n"), block("line 2"));
}
