// Canonical JSON: what is signed, hashed and proven has one encoding (docs/receipt-format.md).

const BYTES_MAX = 4 * 1024 * 1024;
const DEPTH_MAX = 24;
const ITEMS_MAX = 16_384;
// Controls, private use, surrogates, what is not assigned, and characters that hide or reorder text.
const FORBIDDEN = new RegExp(
  '[\\p{Cc}\\p{Cn}\\p{Co}\\p{Cs}\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e' +
    '\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}]',
  'u',
);

/** The canonical text of a value. */
export function write(value, depth = 0) {
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new Error('a number is no integer, or out of range');
    return String(value);
  }
  if (value === null || typeof value !== 'object') throw new Error('there is no null');
  const count = Object.keys(value).length;
  if (depth === DEPTH_MAX || count > ITEMS_MAX) throw new Error('it is too deep or too long');
  if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(',')}]`;
  const members = Object.keys(value).sort().map((name) => {
    if (!/^[ !#-[\]-~]*$/.test(name)) throw new Error('a member is not plain ASCII');
    return `"${name}":${write(value[name], depth + 1)}`;
  });
  return `{${members.join(',')}}`;
}

/** Reads exactly one canonical value. It refuses, and never repairs: what is read must be written
 * again to the same bytes. */
export function read(bytes) {
  if (bytes.length > BYTES_MAX) throw new Error('it is too long');
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const value = JSON.parse(text);
  if (write(value) !== text) throw new Error('it is JSON, but not written canonically');
  return value;
}

function quoted(text) {
  if (FORBIDDEN.test(text)) throw new Error('a text holds a forbidden character');
  if (text.normalize('NFC') !== text) throw new Error('a text is not in normalization form C');
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
