// Proofs that the ledger or the journal under a header holds something, or that the ledger holds
// nothing under a key. Written from docs/receipt-format.md. Every member of a proof counts.

import { bytesToHex, concatBytes, hexToBytes, sha256 } from './bytes.js';
import { hex, list, members, natural, optional } from './form.js';

const CHUNK_HEIGHT = 8;
const CHUNK = 2 ** CHUNK_HEIGHT;

const TREE = { after: list(hex(32)), before: list(hex(32)), path: list(hex(32)) };
const tree = (value, name) => members(value, TREE, name);
const PLACE = { chunk: hex(32), location: natural, partial: optional(hex(32)), tree };
const place = (value, name) => members(value, PLACE, name);
const LEDGER = { next_key: hex(32), place };
const SPAN = { key: hex(32), next_key: hex(32), value: hex(32) };
const ABSENCE = { place, span: optional((value, name) => members(value, SPAN, name)) };

/** The form of a proof that the ledger holds a value. */
export const ledgerForm = (value, name) => members(value, LEDGER, name);

/** The form of a proof that the ledger holds nothing. */
export const absenceForm = (value, name) => members(value, ABSENCE, name);

/** The form of a proof that the journal holds something. */
export const journalForm = tree;

/** Whether the ledger under a header holds this value under this key. Both are digests in hex. */
export function verifyLedger(proof, header, key, value) {
  return isActive(proof.place, header, update(key, value, proof.next_key));
}

/** Whether the ledger under a header holds nothing under this key, a digest in hex. */
export function verifyAbsence(proof, header, key) {
  const { place, span } = proof;
  if (span) {
    const { key: before, next_key: after, value } = span;
    // The order of lower-case hex of one length is that of the bytes.
    const between = before < after ? before < key && key < after : before < key || key < after;
    return between && isActive(place, header, update(before, value, after));
  }
  const isLast = place.location === header.ledger_end - 1;
  return isLast && isActive(place, header, commit(place.location));
}

/** Whether the journal under a header holds this leaf, a digest in hex, at this location. */
export function verifyJournal(proof, header, location, leaf) {
  const operation = concatBytes(Uint8Array.of(0x01), hexToBytes(leaf), zeros(9));
  const sizes = { leaves: header.journal_end, start: header.journal_start };
  const root = treeRoot(proof, sizes, location, operation);
  return root !== undefined && bytesToHex(root) === header.journal_root;
}

// Whether an operation of the ledger is at this place, and no later one replaced it.
function isActive({ chunk, location, partial, tree }, header, operation) {
  const bits = hexToBytes(chunk);
  const bit = location % CHUNK;
  if (((bits[bit >> 3] >> (bit & 7)) & 1) === 0) return false;
  const sizes = { leaves: header.ledger_end, start: header.ledger_start };
  const grafted = treeRoot(tree, sizes, location, operation, bits);
  if (grafted === undefined) return false;
  const filled = sizes.leaves % CHUNK;
  const inLastChunk = Math.floor(location / CHUNK) === Math.floor(sizes.leaves / CHUNK);
  if ((partial !== undefined) !== (filled > 0 && !inLastChunk)) return false;
  const parts = [hexToBytes(header.ledger_ops_root), grafted];
  if (filled > 0) parts.push(u64(filled), partial ? hexToBytes(partial) : sha256(bits));
  return bytesToHex(sha256(...parts)) === header.ledger_root;
}

// The root that an operation leads to, or nothing if the path does not have the right lengths.
function treeRoot({ after, before, path }, sizes, location, operation, chunk) {
  const shape = treeShape(sizes, location);
  if (!shape) return undefined;
  if (before.length !== shape.before || after.length !== shape.after) return undefined;
  if (path.length !== shape.path) return undefined;
  let digest = sha256(position(location, 0), operation);
  path.map(hexToBytes).forEach((sibling, below) => {
    const isRight = Math.floor(location / 2 ** below) % 2 === 1;
    const children = isRight ? [sibling, digest] : [digest, sibling];
    const height = below + 1;
    digest = sha256(position(location, height), ...children);
    if (chunk && height === CHUNK_HEIGHT) digest = sha256(chunk, digest);
  });
  const peaks = [...before.map(hexToBytes), digest, ...after.map(hexToBytes)];
  const inactive = shape.inactive > 0 ? [u64(shape.inactive)] : [];
  const folded = fold(peaks, shape.fromLeft);
  return sha256(Uint8Array.of(0, 1), u64(sizes.leaves), ...inactive, folded);
}

// How many digests a path has, and how they fold.
function treeShape({ leaves, start }, location) {
  if (location >= leaves) return undefined;
  const ends = [];
  const heights = [];
  let end = 0;
  for (let height = 52; height >= 0; height -= 1) {
    if (Math.floor(leaves / 2 ** height) % 2 === 1) {
      end += 2 ** height;
      ends.push(end);
      heights.push(height);
    }
  }
  const own = ends.findIndex((peakEnd) => location < peakEnd);
  const inactive = ends.filter((peakEnd) => peakEnd <= start).length;
  const path = heights[own];
  const last = ends.length - 1;
  if (own < inactive) {
    const folded = own > 0 ? 1 : 0;
    const alone = inactive - 1 - own;
    const after = alone + (inactive <= last ? 1 : 0);
    return { inactive, path, before: folded, after, fromLeft: folded + 1 + alone };
  }
  const folded = inactive > 0 ? 1 : 0;
  const before = folded + own - inactive;
  return { inactive, path, before, after: own < last ? 1 : 0, fromLeft: folded };
}

// Folds the first peaks from the left into one, and then all from the right.
function fold(peaks, fromLeft) {
  const right = peaks.slice(fromLeft);
  const left = peaks.slice(0, fromLeft);
  if (fromLeft > 0) right.unshift(left.reduce((folded, peak) => sha256(folded, peak)));
  return right.reduceRight((folded, peak) => sha256(peak, folded));
}

// The position of the node at a height above an operation.
function position(location, height) {
  const first = (BigInt(location) >> BigInt(height)) << BigInt(height);
  const ones = first.toString(2).replaceAll('0', '').length;
  return u64(2n * first - BigInt(ones) + 2n ** BigInt(height + 1) - 2n);
}

function update(key, value, nextKey) {
  return concatBytes(Uint8Array.of(0xd2), ...[key, value, nextKey].map(hexToBytes));
}

// What ends a block of a ledger in which nothing is active.
function commit(location) {
  return concatBytes(Uint8Array.of(0xd3), zeros(33), u64(location), zeros(55));
}

const zeros = (count) => new Uint8Array(count);

function u64(number) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number));
  return bytes;
}
