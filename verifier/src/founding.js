// The founding act of a network, as receipts and evidence carry it.

import { digest } from './bytes.js';
import { write } from './canonical.js';
import { SCHEME } from './certificate.js';
import {
  filled,
  hex,
  list,
  members,
  natural,
  optional,
  positive,
  text,
  version,
  yes,
} from './form.js';
import { CannotTell } from './verdict.js';

// Form 1 knew neither epochs nor addresses nor the outcome of the sharing.
const VALIDATOR = { actor: hex(16), key: hex(32) };
const FOUNDING = {
  dealer: optional(yes),
  ledger: hex(32),
  name: text,
  network_key: hex(96),
  scheme: text,
  v: natural,
  validators: list((value, name) => members(value, VALIDATOR, name)),
};
const VALIDATOR_2 = { ...VALIDATOR, address: filled };
const FOUNDING_2 = {
  ...FOUNDING,
  ceremony: optional(text),
  epoch_blocks: positive,
  validators: list((value, name) => members(value, VALIDATOR_2, name)),
};
const FORMS = { 1: FOUNDING, 2: FOUNDING_2 };

/** The form of a founding of a version that is known. */
export const foundingForm = (value, name) => members(value, FORMS[version(value, name)], name);

/** Refuses a founding of a form or a scheme that is not known here. Other members come later. */
export function knowFounding(value, name) {
  const v = version(value, name);
  const scheme = text(value.get('scheme'), `${name}.scheme`);
  if (!Object.hasOwn(FORMS, v)) {
    const message = `foundings of form ${v} are not known here; use a later verifier`;
    throw new CannotTell('unknown_founding_version', message);
  }
  if (scheme !== SCHEME) {
    const message = `certificates of the scheme ${scheme} are not known here; use a later verifier`;
    throw new CannotTell('unknown_scheme', message);
  }
}

/** The id of the network with this founding. */
export const networkId = (value) => digest(write(value));
