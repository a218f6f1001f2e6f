//! The words, numbers and signs of a text, each with its place.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::check::limit;
use crate::error::Error;

/// Most bytes of a rule in text.
pub const TEXT_BYTES_MAX: usize = 1 << 16;

/// Signs of two characters stand before the sign with which they begin.
const SYMBOLS: [&str; 18] =
    ["->", ">=", "<=", ">", "<", "=", "&", "|", "!", "(", ")", "{", "}", ",", ":", "@", "*", "/"];
/// Signs that are also part of sums.
const SUM_SYMBOLS: [&str; 2] = ["+", "-"];

/// A word, number or sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters, digits and `_`, beginning with a letter or `_`.
    Word(String),
    /// Decimal digits.
    Number(u64),
    /// Between quotation marks, without them.
    Quoted(String),
    /// A sign.
    Symbol(&'static str),
    /// After the last of them.
    End,
}

impl Kind {
    /// How an error names it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Word(word) => format!("`{word}`"),
            Self::Number(number) => format!("`{number}`"),
            Self::Quoted(_) => "a quoted text".into(),
            Self::Symbol(symbol) => format!("`{symbol}`"),
            Self::End => "the end".into(),
        }
    }
}

/// What stands where.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// The byte at which it begins.
    pub(crate) at: usize,
}

/// Whether a name can be written without quotation marks.
pub(crate) fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(in_word)
}

const fn in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// All tokens of a text; the last is [`Kind::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, Error> {
    limit("bytes of a rule in text", text.len(), TEXT_BYTES_MAX)?;
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else {
            tokens.push(Token { kind: Kind::End, at });
            return Ok(tokens);
        };
        let (kind, bytes) = if first == '"' {
            quoted(text, at)?
        } else if first.is_ascii_digit() {
            number(text, at)?
        } else if is_word(&rest[..first.len_utf8()]) {
            let bytes = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
            (Kind::Word(rest[..bytes].into()), bytes)
        } else {
            let mut symbols = SYMBOLS.iter().chain(&SUM_SYMBOLS);
            let symbol = symbols.find(|symbol| rest.starts_with(**symbol)).ok_or_else(|| {
                problem_at(text, at, &format!("`{first}` has no meaning here; remove it"))
            })?;
            (Kind::Symbol(symbol), symbol.len())
        };
        tokens.push(Token { kind, at });
        at += bytes;
    }
}

fn number(text: &str, at: usize) -> Result<(Kind, usize), Error> {
    let rest = &text[at..];
    let bytes = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let digits = &rest[..bytes];
    if digits.len() > 1 && digits.starts_with('0') {
        return Err(problem_at(text, at, "a number does not begin with 0; remove it"));
    }
    let number = digits.parse().ok();
    let number = number.ok_or_else(|| problem_at(text, at, "the number is too large"))?;
    Ok((Kind::Number(number), bytes))
}

/// A text in quotation marks, in which `\"` and `\\` stand for `"` and `\`.
fn quoted(text: &str, at: usize) -> Result<(Kind, usize), Error> {
    let mut content = String::new();
    let mut characters = text[at..].char_indices().skip(1);
    while let Some((i, c)) = characters.next() {
        match c {
            '"' => return Ok((Kind::Quoted(content), i + 1)),
            '\\' => match characters.next() {
                Some((_, escaped @ ('"' | '\\'))) => content.push(escaped),
                _ => return Err(problem_at(text, at + i, "after `\\` write `\\` or `\"`")),
            },
            c if c.is_control() => {
                return Err(problem_at(text, at, "a quoted text ends on its line; add `\"`"));
            }
            c => content.push(c),
        }
    }
    Err(problem_at(text, at, "a quoted text ends on its line; add `\"`"))
}

/// A name as it is written: bare if it is a word, quoted otherwise.
pub(crate) fn name_text(name: &str) -> String {
    if is_word(name) { name.into() } else { quoted_text(name) }
}

/// A text in quotation marks.
pub(crate) fn quoted_text(content: &str) -> String {
    format!("\"{}\"", content.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A problem at a place of a text, with the line and a mark below the place.
pub(crate) fn problem_at(text: &str, at: usize, problem: &str) -> Error {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = text[start..at].chars().count() + 1;
    let shown: String = excerpt(text[start..].lines().next().unwrap_or_default(), column);
    let mark = " ".repeat((column - 1) % EXCERPT_CHARACTERS);
    let place = format!("line {line}, column {column}");
    Error::form(place, format!("{problem}\n  {shown}\n  {mark}^"))
}

/// Characters of a line that an error shows.
const EXCERPT_CHARACTERS: usize = 80;

/// The part of a line in which a column stands.
fn excerpt(line: &str, column: usize) -> String {
    let start = (column - 1) / EXCERPT_CHARACTERS * EXCERPT_CHARACTERS;
    let shown: String = line.chars().skip(start).take(EXCERPT_CHARACTERS).collect();
    shown.trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_shown_at_its_line_and_column() {
        let text = "yes >= 9 &\nno@P5 ? 0";
        let message = tokens(text).unwrap_err().to_string();
        let expected =
            "line 2, column 7: `?` has no meaning here; remove it\n  no@P5 ? 0\n        ^";
        assert_eq!(message, expected);
    }

    #[test]
    fn a_long_line_is_shown_in_part() {
        let text = format!("{}?", " ".repeat(EXCERPT_CHARACTERS + 2));
        let message = tokens(&text).unwrap_err().to_string();
        assert!(message.ends_with("\n    ?\n    ^"), "{message}");
    }

    #[test]
    fn a_text_has_at_most_so_many_bytes() {
        assert!(tokens(&" ".repeat(TEXT_BYTES_MAX)).is_ok());
        assert!(tokens(&" ".repeat(TEXT_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn quoted_texts_may_hold_what_marks_them() {
        let content = r#"a "b" \ c"#;
        let text = quoted_text(content);
        assert_eq!(tokens(&text).unwrap()[0].kind, Kind::Quoted(content.into()));
        for wrong in ["\"a", "\"a\nb\"", "\"\\n\"", "\"\\"] {
            assert!(tokens(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_have_one_form() {
        assert!(tokens("18446744073709551615").is_ok());
        assert!(tokens("18446744073709551616").is_err());
        assert!(tokens("007").is_err());
    }
}
