use super::*;

fn words(text: &str) -> String {
    Condition::from_text(text).unwrap().words()
}

#[test]
fn the_conditions_that_law_knows_are_said_in_its_words() {
    for (text, expected) in [
        ("yes >= 2/3 pv", "at least two thirds of those present and voting are in favour"),
        ("yes > 1/2 all", "more than half of all members, voting or not, are in favour"),
        ("yes >= 9", "at least 9 members are in favour"),
        ("no@P5 = 0", "none of the members of P5 are against"),
        ("0 >= no", "none of the members are against"),
        ("yes > no", "more members are in favour than against"),
        ("no < yes", "more members are in favour than against"),
        ("3 >= (no+abs+absent)", "at most 3 members are against, abstain or do not vote"),
        ("!(no@A > 1/2 all@A)", "at most half of all members of A, voting or not, are against"),
        ("pres >= 1/3 all", "at least one third of all members, voting or not, are present"),
        ("yes@A >= all@A", "all members of A are in favour"),
        (
            "yes*pop >= 65/100 all*pop",
            concat!(
                "the members that are in favour together hold at least 65 % ",
                "of the weight `pop` of all members, voting or not"
            ),
        ),
        (
            "yes*v >= 12",
            concat!(
                "the members that are in favour together hold at least 12, ",
                "counted by weight `v`"
            ),
        ),
        (
            "0 >= no - no@V",
            concat!(
                "the number of members that are against less ",
                "the number of members of V that are against is at most 0"
            ),
        ),
        (
            "veto <= 334/1000 (yes+no+veto)",
            concat!(
                "at most 33.4 % of those that are in favour, are against or are strongly ",
                "against ",
                "are strongly against"
            ),
        ),
    ] {
        assert_eq!(words(text), expected, "{text}");
    }
}

#[test]
fn any_other_comparison_is_said_exactly() {
    assert_eq!(
        words("all - yes <= 3"),
        concat!(
            "the number of members that may vote less ",
            "the number of members that are in favour is at most 3"
        )
    );
    assert_eq!(
        words("2 yes + 1/7 no*v > -3/2"),
        concat!(
            "2 of the number of members that are in favour plus ",
            "1/7 of the weight `v` of members that are against is more than minus 3/2"
        )
    );
}

#[test]
fn combinations_are_lists() {
    assert_eq!(
        words("(yes >= 9 & no@P5 = 0) | 2 of {yes > 1, !(yes > 2 & yes > 3)}"),
        "at least one of these holds:\n\
         - all of these hold:\n\
         \x20 - at least 9 members are in favour\n\
         \x20 - none of the members of P5 are against\n\
         - at least 2 of these hold:\n\
         \x20 - more than 1 members are in favour\n\
         \x20 - this does not hold:\n\
         \x20   - all of these hold:\n\
         \x20     - more than 2 members are in favour\n\
         \x20     - more than 3 members are in favour"
    );
    assert_eq!(
        words("each g in {A, B}: yes@g > 1/2 pv@g"),
        "for each of these groups (members of A; members of B), taken by itself:\n\
         - more than half of the members of the group present and voting are in favour"
    );
}
