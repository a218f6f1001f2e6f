// Ed25519 signatures, by the rules of ZIP 215: those by which the validators verify.

import { ed25519 } from '@noble/curves/ed25519.js';

import { hexToBytes } from './bytes.js';

/** Whether a signature of a message fits a key. Key and signature are in hex. */
export function verifies(key, message, signature) {
  try {
    return ed25519.verify(hexToBytes(signature), message, hexToBytes(key), { zip215: true });
  } catch {
    return false;
  }
}
