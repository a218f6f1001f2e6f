// The forms of parts of a receipt or of evidence: which members there are, and of which kind.

import { NotGenuine } from './verdict.js';

const bad = (what) => {
  throw new NotGenuine('bad_form', `a member is missing, unknown or of the wrong kind (${what})`);
};

/** Refuses a receipt for its form. */
export const badForm = bad;

/** A member that may be left out. */
export const optional = (kind) => ({ optional: true, kind });

/** Reads an object with exactly these members. Each kind is a function of value and name. */
export function members(value, kinds, name) {
  if (!(value instanceof Map)) bad(name);
  for (const member of value.keys()) {
    if (!Object.hasOwn(kinds, member)) bad(`${name}.${member}`);
  }
  const result = {};
  for (const [member, kind] of Object.entries(kinds)) {
    const found = value.get(member);
    if (found === undefined) {
      if (!kind.optional) bad(`${name}.${member}`);
      continue;
    }
    result[member] = (kind.optional ? kind.kind : kind)(found, `${name}.${member}`);
  }
  return result;
}

/** The version of a form, read before anything else of it. */
export function version(value, name) {
  if (!(value instanceof Map)) bad(name);
  return natural(value.get('v'), `${name}.v`);
}

/** Anything. */
export const anything = (value) => value;

/** An object of any members. */
export const object = (value, name) => (value instanceof Map ? value : bad(name));

/** A text. */
export const text = (value, name) => (typeof value === 'string' ? value : bad(name));

/** A text that is not empty. */
export const filled = (value, name) => (text(value, name) === '' ? bad(name) : value);

/** An integer from 0. */
export function natural(value, name) {
  return Number.isInteger(value) && value >= 0 ? value : bad(name);
}

/** An integer from 1. */
export const positive = (value, name) => (natural(value, name) > 0 ? value : bad(name));

/** An integer from 0 up to a limit. */
export const upTo = (max) => (value, name) => (natural(value, name) <= max ? value : bad(name));

/** Milliseconds since 1970, up to the end of the year 9999. */
export const instant = upTo(253_402_300_799_999);

/** True; false is written by leaving the member out. */
export const yes = (value, name) => (value === true ? value : bad(name));

/** So many bytes in lower-case hex. */
export const hex = (bytes) => (value, name) =>
  typeof value === 'string' && value.length === bytes * 2 && /^[0-9a-f]*$/.test(value)
    ? value
    : bad(name);

/** Any number of bytes in lower-case hex. */
export const hexText = (value, name) =>
  typeof value === 'string' && value.length % 2 === 0 && !/[^0-9a-f]/.test(value)
    ? value
    : bad(name);

/** One of these texts. */
export const oneOf = (texts) => (value, name) => (texts.includes(value) ? value : bad(name));

/** An array. */
export const list = (kind) => (value, name) =>
  Array.isArray(value) ? value.map((item, place) => kind(item, `${name}[${place}]`)) : bad(name);

/** An array of exactly two. */
export const pair = (kind) => (value, name) =>
  Array.isArray(value) && value.length === 2 ? list(kind)(value, name) : bad(name);
