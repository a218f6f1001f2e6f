// Verifies a file: an admission or evidence of misconduct, if it says that it is that, or else a
// receipt.

import * as admission from './admission.js';
import { read } from './canonical.js';
import * as evidence from './evidence.js';
import { networkId } from './founding.js';
import * as receipt from './receipt.js';
import { CannotTell, NotGenuine } from './verdict.js';

/**
 * Verifies the bytes of a receipt, an admission or evidence and, if given, that it is of the
 * network with this id.
 *
 * Returns `{ verdict: 'genuine', network, height, instant, proves }`, of evidence without `height`
 * and `instant`, or `verdict` `'not_genuine'` or `'cannot_tell'` with `reason`, a stable name, and
 * `message`, a sentence.
 */
export function verify(bytes, expected) {
  try {
    return { verdict: 'genuine', ...judge(bytes, expected) };
  } catch (error) {
    const { reason, message } = error;
    if (error instanceof NotGenuine) return { verdict: 'not_genuine', reason, message };
    if (error instanceof CannotTell) return { verdict: 'cannot_tell', reason, message };
    throw error;
  }
}

function judge(bytes, expected) {
  const value = read(bytes);
  const format = value instanceof Map ? value.get('format') : undefined;
  const { decode, prove } = [admission, evidence].find(({ FORMAT }) => FORMAT === format) ?? receipt;
  const file = decode(value);
  const network = networkId(value.get('founding'));
  if (expected !== undefined && expected !== network) {
    const message = `it is of the network ${network}, not of the one you gave`;
    throw new NotGenuine('other_network', message);
  }
  return { network, ...prove(file, network) };
}
