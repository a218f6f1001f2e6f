// Bytes, hex and SHA-256.

import { sha256 as hash } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';

export { bytesToHex, concatBytes, hexToBytes, utf8ToBytes };

/** SHA-256 of the parts, one after the other. */
export const sha256 = (...parts) => hash(concatBytes(...parts));

/** The same in hex; texts are taken as UTF-8. */
export const digest = (...parts) =>
  bytesToHex(sha256(...parts.map((part) => (typeof part === 'string' ? utf8ToBytes(part) : part))));
