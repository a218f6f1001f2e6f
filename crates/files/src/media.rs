//! Media types: what is declared, what the first bytes say, and what may be shown in a browser.

use crate::error::Error;

/// Longest media type, in bytes: the law's limit for a text.
pub const MEDIA_TYPE_BYTES_MAX: usize = pacta_law::limits::MEDIA_TYPE_BYTES_MAX;
/// The type of bytes of which nothing else is known.
pub const UNKNOWN: &str = "application/octet-stream";
/// How many first bytes tell the type.
pub const HEAD_BYTES: usize = 4096;
const PDF: &str = "application/pdf";
const PNG: &str = "image/png";
const JPEG: &str = "image/jpeg";
const ZIP: &str = "application/zip";
const TEXT: &str = "text/plain";
/// Types that a browser may show without executing anything in them, with the ending of a name and
/// the header by which they are served. All others are only saved.
const SHOWN: [(&str, &str, &str); 4] = [
    (PDF, "pdf", PDF),
    (PNG, "png", PNG),
    (JPEG, "jpg", JPEG),
    (TEXT, "txt", "text/plain; charset=utf-8"),
];

/// What the first bytes of a file say that it is.
#[must_use]
pub fn sniff(head: &[u8]) -> &'static str {
    let begins = |magic: &[u8]| head.starts_with(magic);
    match () {
        () if begins(b"%PDF-") => PDF,
        () if begins(b"\x89PNG\r\n\x1a\n") => PNG,
        () if begins(b"\xff\xd8\xff") => JPEG,
        () if begins(b"PK\x03\x04") => ZIP,
        () if is_text(head) => TEXT,
        () => UNKNOWN,
    }
}

/// Whether the bytes are UTF-8 without control characters, but for a character cut at the end.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|one| one.is_control() && !"\t\n\r\x0c".contains(one))
}

/// A declared media type in its form: type and subtype (RFC 9110, 8.3.1), in lower case, without
/// parameters.
///
/// # Errors
/// [`Error::BadMediaType`].
pub fn read(declared: &str) -> Result<String, Error> {
    let token = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let essence = declared.split(';').next().unwrap_or_default().trim();
    match essence.split_once('/') {
        Some((one, two)) if declared.len() <= MEDIA_TYPE_BYTES_MAX && token(one) && token(two) => {
            Ok(essence.to_ascii_lowercase())
        }
        _ => Err(Error::BadMediaType),
    }
}

/// Refuses a declared type that the first bytes contradict.
///
/// # Errors
/// [`Error::OtherMediaType`].
pub fn check(declared: &str, head: &[u8]) -> Result<(), Error> {
    let found = sniff(head);
    let told_by_bytes = [PDF, PNG, JPEG, ZIP, TEXT].contains(&declared);
    match told_by_bytes && declared != found {
        true => Err(Error::OtherMediaType { declared: declared.into(), found }),
        false => Ok(()),
    }
}

/// How a file is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// The content type of the answer.
    pub content_type: &'static str,
    /// The ending of the name under which it is saved.
    pub ending: &'static str,
    /// Whether a browser may show it.
    pub shown: bool,
}

/// How a file of a declared type is served, if its first bytes are of the other type. Only what is
/// on the list of shown types, and is what it is declared to be, is served as such.
#[must_use]
pub fn served(declared: &str, sniffed: &str) -> Served {
    let listed = SHOWN.iter().find(|(name, ..)| *name == declared && declared == sniffed);
    match listed {
        Some(&(_, ending, content_type)) => Served { content_type, ending, shown: true },
        None => Served { content_type: UNKNOWN, ending: "bin", shown: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_type() {
        for (head, expected) in [
            (&b"%PDF-1.7\n%\xe2\xe3"[..], PDF),
            (b"\x89PNG\r\n\x1a\n\0\0", PNG),
            (b"\xff\xd8\xff\xe0", JPEG),
            (b"PK\x03\x04", ZIP),
            ("Договор".as_bytes(), TEXT),
            (&"Договор".as_bytes()[..3], TEXT),
            (b"\x7fELF\x02", UNKNOWN),
            (b"\0", UNKNOWN),
            (b"\xff", UNKNOWN),
            (b"", UNKNOWN),
        ] {
            assert_eq!(sniff(head), expected, "{head:?}");
        }
    }

    #[test]
    fn a_declared_type_is_in_form_and_not_contradicted() {
        assert_eq!(read("Application/PDF; q=1"), Ok(PDF.to_owned()));
        let long = |bytes: usize| format!("a/{}", "b".repeat(bytes - 2));
        assert!(read(&long(MEDIA_TYPE_BYTES_MAX)).is_ok());
        for bad in ["", "pdf", "/pdf", "a/", "a b/c", "a/b/c", "a/\u{e9}", "a/b\r\n"] {
            // What follows is trimmed; only the essence is kept.
            let read = read(bad);
            assert!(read.is_err() || read == Ok("a/b".to_owned()), "{bad:?}: {read:?}");
        }
        assert_eq!(read(&long(MEDIA_TYPE_BYTES_MAX + 1)), Err(Error::BadMediaType));
        assert!(check(PDF, b"%PDF-1.7").is_ok());
        assert!(check("application/msword", b"anything").is_ok());
        assert!(matches!(check(PDF, b"<html>"), Err(Error::OtherMediaType { found: TEXT, .. })));
        assert!(check(TEXT, b"\0\0").is_err());
    }

    #[test]
    fn only_what_is_listed_and_is_what_it_says_is_shown() {
        assert!(served(PDF, PDF).shown);
        for (declared, sniffed) in
            [(PDF, TEXT), ("text/html", TEXT), ("image/svg+xml", TEXT), (ZIP, ZIP)]
        {
            let served = served(declared, sniffed);
            assert_eq!((served.content_type, served.shown), (UNKNOWN, false), "{declared}");
        }
    }
}
