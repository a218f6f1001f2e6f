//! Dates, times, numbers and digests, as people read them.

use maud::{Markup, html};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAY_MS: u64 = 86_400_000;

/// A number with its thousands apart: `4 812`.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// An instant in milliseconds UTC: "22 November 2026, 12:04:07 UTC".
pub fn time(instant_ms: u64) -> Markup {
    let (year, month, day) = day_of(instant_ms / DAY_MS);
    let seconds = instant_ms % DAY_MS / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let machine = format!(
        "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{:03}Z",
        instant_ms % 1_000
    );
    let month = MONTHS[month - 1];
    html! {
        time datetime=(machine) {
            (day) " " (month) " " (year) ", "
            (format!("{hours:02}:{minutes:02}:{seconds:02} UTC"))
        }
    }
}

/// A date written `YYYY-MM-DD`, as "22 November 2026"; anything else is shown as it is.
pub fn date(iso: &str) -> Markup {
    let mut parts = iso.splitn(3, '-');
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let month = month.and_then(|month| month.parse::<usize>().ok());
    let name = month.and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    let day = day.and_then(|day| day.parse::<u8>().ok());
    html! {
        @match (year, name, day) {
            (Some(year), Some(name), Some(day)) => {
                time datetime=(iso) { (day) " " (name) " " (year) }
            }
            _ => (iso),
        }
    }
}

/// The beginning of a digest; the whole of it is in the title and can be copied from `Proof`.
pub fn short(digest: &str) -> Markup {
    let head = digest.get(..12).unwrap_or(digest);
    html! { code title=(digest) { (head) "…" } }
}

/// A text as a whole sentence: with a capital letter and a full stop.
pub fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), characters.as_str())
}

/// A list as a sentence has it: "a, b and c".
pub fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The direction of writing of a language, for fragments that are not in English.
pub fn direction(language: &str) -> &'static str {
    let primary = language.split('-').next().unwrap_or_default();
    match ["ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"].contains(&primary) {
        true => "rtl",
        false => "ltr",
    }
}

/// The name of a language in that language, or its code.
pub fn language(code: &str) -> &str {
    const NAMES: [(&str, &str); 12] = [
        ("ar", "العربية"),
        ("be", "Беларуская"),
        ("de", "Deutsch"),
        ("en", "English"),
        ("es", "Español"),
        ("fr", "Français"),
        ("hy", "Հայերեն"),
        ("kk", "Қазақша"),
        ("ky", "Кыргызча"),
        ("pt", "Português"),
        ("ru", "Русский"),
        ("zh", "中文"),
    ];
    NAMES.iter().find(|(known, _)| *known == code).map_or(code, |(_, name)| name)
}

/// Year, month and day of a count of days since 1970-01-01, by the civil calendar.
fn day_of(days: u64) -> (u64, usize, u64) {
    // Howard Hinnant's civil_from_days: years start in March, so that leap days end them.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = 400 * era + year_of_era + u64::from(month <= 2);
    (year, month as usize, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_in_full_and_in_utc() {
        let shown = |ms| time(ms).into_string();
        assert_eq!(
            shown(1_795_349_047_123),
            "<time datetime=\"2026-11-22T12:04:07.123Z\">22 November 2026, 12:04:07 UTC</time>"
        );
        assert!(shown(0).contains(">1 January 1970, 00:00:00 UTC<"));
        assert!(shown(951_782_400_000).contains(">29 February 2000, 00:00:00 UTC<"));
        assert!(shown(4_107_542_399_999).contains(">28 February 2100, 23:59:59 UTC<"));
        assert!(shown(9_007_199_254_740_991).contains("287396"));
    }

    #[test]
    fn dates_are_written_in_full_and_nonsense_is_shown_as_it_is() {
        let long = "<time datetime=\"2016-11-04\">4 November 2016</time>";
        assert_eq!(date("2016-11-04").into_string(), long);
        assert_eq!(date("<b>").into_string(), "&lt;b&gt;");
        assert_eq!(date("2016-13-04").into_string(), "2016-13-04");
    }

    #[test]
    fn numbers_have_their_thousands_apart() {
        assert_eq!(number(7), "7");
        assert_eq!(number(812), "812");
        assert_eq!(number(4_812), "4\u{202f}812");
        assert_eq!(number(1_234_567), "1\u{202f}234\u{202f}567");
    }

    #[test]
    fn lists_read_as_sentences() {
        let list =
            |items: &[&str]| listed(&items.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn digests_of_any_text_are_shortened_without_cutting_a_letter() {
        assert!(short("0123456789abcdef").into_string().contains(">0123456789ab…<"));
        assert!(short("ааааааааааааа").into_string().contains("а…<"));
    }
}
