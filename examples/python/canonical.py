"""Canonical JSON: what is signed, hashed and proven has one encoding (docs/receipt-format.md)."""

import json
import unicodedata

INTEGER_MAX = 2**53 - 1
BYTES_MAX = 4 * 1024 * 1024
DEPTH_MAX = 24
ITEMS_MAX = 16_384
# Characters that hide or reorder text; controls, private use and surrogates go by their category.
HIDDEN = {0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0xFEFF}
HIDDEN |= {*range(0x2028, 0x202F), *range(0x2060, 0x2070), *range(0xFFF9, 0xFFFC)}
HIDDEN |= {*range(0xE0000, 0xE0080)}


class NotCanonical(ValueError):
    """The value or text has no canonical form, or is not in it."""


def write(value):
    """The canonical bytes of a value."""
    return _text(value, 0).encode()


def read(data):
    """Reads exactly one canonical value. It refuses, and never repairs: what is read must be
    written again to the same bytes."""
    if len(data) > BYTES_MAX:
        raise NotCanonical("it is too long")
    try:
        value = json.loads(data.decode(), parse_float=_refuse, parse_constant=_refuse)
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise NotCanonical(f"it is no JSON of this kind: {error}") from error
    if write(value) != data:
        raise NotCanonical("it is JSON, but not written canonically")
    return value


def _refuse(number):
    raise NotCanonical(f"{number} is no integer")


def _text(value, depth):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if abs(value) > INTEGER_MAX:
            raise NotCanonical("an integer is out of range")
        return str(value)
    if isinstance(value, str):
        return _quoted(value)
    if not isinstance(value, (dict, list)):
        raise NotCanonical("there is neither null nor a float")
    if depth == DEPTH_MAX or len(value) > ITEMS_MAX:
        raise NotCanonical("it is too deep or too long")
    if isinstance(value, list):
        return "[" + ",".join(_text(item, depth + 1) for item in value) + "]"
    for name in value:
        if not all(" " <= letter <= "~" for letter in name) or '"' in name or "\\" in name:
            raise NotCanonical("a member is not plain ASCII")
    members = (f'"{name}":{_text(value[name], depth + 1)}' for name in sorted(value))
    return "{" + ",".join(members) + "}"


def _quoted(text):
    for letter in text:
        if ord(letter) in HIDDEN or unicodedata.category(letter) in ("Cc", "Cn", "Co", "Cs"):
            raise NotCanonical("a text holds a forbidden character")
    if unicodedata.normalize("NFC", text) != text:
        raise NotCanonical("a text is not in normalization form C")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
