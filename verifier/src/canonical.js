// Canonical JSON: RFC 8785, restricted to integers, NFC text, booleans, arrays and objects.
//
// The reader refuses and never repairs. Objects become Maps, since a JavaScript object would put
// members whose names look like numbers in another order.

import { CannotTell, NotGenuine } from './verdict.js';

const BYTES_MAX = 4 * 1024 * 1024;
const DEPTH_MAX = 24;
const ITEMS_MAX = 16_384;

// Controls, private use, surrogates, and characters that hide or reorder text.
const FORBIDDEN = new RegExp(
  '[\\p{Cc}\\p{Co}\\p{Cs}\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e' +
    '\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}\\p{Noncharacter_Code_Point}]',
  'u',
);
// Assigned in no Unicode version that this engine knows; a later one may.
const UNKNOWN = /\p{Cn}/u;

/** Reads exactly one canonical value from bytes. */
export function read(bytes) {
  if (bytes.length > BYTES_MAX) refuse('it is too long');
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    refuse('it is not UTF-8');
  }
  const reader = new Reader(text);
  const value = reader.value(0);
  if (reader.at !== text.length) refuse('something follows the value');
  return value;
}

/** The canonical text of a value that `read` gave. */
export function write(value) {
  if (value instanceof Map) {
    const members = [...value].map(([name, member]) => `${quote(name)}:${write(member)}`);
    return `{${members.join(',')}}`;
  }
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  return typeof value === 'string' ? quote(value) : String(value);
}

function quote(text) {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function refuse(why) {
  throw new NotGenuine('not_canonical', `the text is not that of a receipt (${why})`);
}

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  take(character) {
    if (this.text[this.at] !== character) refuse(`${character} is missing at ${this.at}`);
    this.at += 1;
  }

  value(depth) {
    const first = this.text[this.at];
    if (first === '{') return this.object(depth + 1);
    if (first === '[') return this.array(depth + 1);
    if (first === '"') return this.string();
    for (const [word, value] of [['true', true], ['false', false]]) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.integer();
  }

  object(depth) {
    const members = new Map();
    let last = null;
    this.items('{', '}', depth, () => {
      const name = this.string();
      if (!/^[\x20-\x7e]*$/.test(name) || /["\\]/.test(name)) refuse('a member is not ASCII');
      if (last !== null && last >= name) refuse(`the member ${name} is double or unsorted`);
      last = name;
      this.take(':');
      members.set(name, this.value(depth));
    });
    return members;
  }

  array(depth) {
    const items = [];
    this.items('[', ']', depth, () => items.push(this.value(depth)));
    return items;
  }

  items(open, close, depth, item) {
    if (depth > DEPTH_MAX) refuse('it is nested too deep');
    this.take(open);
    if (this.text[this.at] === close) {
      this.at += 1;
      return;
    }
    for (let count = 0; count < ITEMS_MAX; count += 1) {
      item();
      if (this.text[this.at] === close) {
        this.at += 1;
        return;
      }
      this.take(',');
    }
    refuse('an array or object is too long');
  }

  integer() {
    const [digits] = /^(?:0|-?[1-9][0-9]*)?/.exec(this.text.slice(this.at, this.at + 18));
    if (digits === '') refuse(`no value stands at ${this.at}`);
    const number = Number(digits);
    if (!Number.isSafeInteger(number)) refuse('an integer is out of range');
    this.at += digits.length;
    return number;
  }

  string() {
    this.take('"');
    let value = '';
    for (;;) {
      const stop = /["\\]/g;
      stop.lastIndex = this.at;
      const end = stop.exec(this.text)?.index ?? refuse('a text does not end');
      value += this.text.slice(this.at, end);
      this.at = end + 1;
      if (this.text[end] === '"') break;
      const escaped = this.text[this.at];
      if (escaped !== '"' && escaped !== '\\') refuse('an escape is not needed');
      value += escaped;
      this.at += 1;
    }
    if (FORBIDDEN.test(value)) refuse('a text holds a forbidden character');
    if (UNKNOWN.test(value)) {
      throw new CannotTell('unknown_character', 'a text holds a character that is not known here');
    }
    if (value.normalize('NFC') !== value) refuse('a text is not in normalization form C');
    return value;
  }
}
