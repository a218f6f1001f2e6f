//! Which characters a text may hold.

use crate::refusal::Refusal;

/// Whether no text of the ledger may hold the character: controls, what reorders or hides text
/// (bidirectional controls, tags, invisible operators, line separators), private use,
/// noncharacters, and what the pinned Unicode version does not assign.
///
/// The joiners U+200C and U+200D stay: Persian and the languages of India need them.
#[must_use]
pub fn is_forbidden(character: char) -> bool {
    matches!(
        character,
        '\u{00ad}'                 // soft hyphen
            | '\u{061c}'           // Arabic letter mark
            | '\u{180e}'           // Mongolian vowel separator
            | '\u{200b}'           // zero width space
            | '\u{200e}'..='\u{200f}' // direction marks
            | '\u{2028}'..='\u{202e}' // separators, embeddings, overrides
            | '\u{2060}'..='\u{206f}' // invisible operators, isolates, deprecated
            | '\u{feff}'           // byte order mark
            | '\u{fff9}'..='\u{fffb}' // interlinear annotation
            | '\u{e0000}'..='\u{e007f}' // tags
    ) || character.is_control()
        || (!character.is_ascii() && !unicode_normalization::char::is_public_assigned(character))
}

/// Why a `\u` escape is refused: the canonical form has none.
pub(super) fn unicode_escape(digits: &[u8], at: u32) -> Refusal {
    let code = digits.get(..4).and_then(|digits| {
        digits
            .iter()
            .try_fold(0_u32, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?))
    });
    match code.map(char::from_u32) {
        None => Refusal::Malformed { at },
        Some(None) if pairs(digits) => Refusal::NotCanonical { at },
        Some(None) => Refusal::ForbiddenCharacter { at }, // a lone surrogate
        Some(Some(character)) if is_forbidden(character) => Refusal::ForbiddenCharacter { at },
        Some(Some(_)) => Refusal::NotCanonical { at },
    }
}

/// Whether a high surrogate is followed by an escape of a low one.
fn pairs(digits: &[u8]) -> bool {
    let first = |at: usize| digits.get(at).map(u8::to_ascii_lowercase);
    let second = |at: usize| digits.get(at).map(u8::to_ascii_lowercase);
    first(0) == Some(b'd')
        && matches!(first(1), Some(b'8'..=b'9' | b'a'..=b'b'))
        && digits.get(4..6) == Some(b"\\u")
        && second(6) == Some(b'd')
        && matches!(second(7), Some(b'c'..=b'f'))
}
