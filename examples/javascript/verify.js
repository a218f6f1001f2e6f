// Verifies the receipt of an act offline, by docs/receipt-format.md and nothing else.

import { createHash } from 'node:crypto';

import { bls12_381 } from '@noble/curves/bls12-381.js';
import { ed25519 } from '@noble/curves/ed25519.js';

import { read, write } from './canonical.js';

const SCHEME = 'bls12381-threshold-minsig/1';
const DST = 'BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_';
// The members of a header in the order of its bytes, with how many each has: 32 are a digest.
const LAYOUT = {
  epoch: 8, view: 8, leader: 32, parent_view: 8, parent_digest: 32, height: 8, instant: 8,
  acts_root: 32, ledger_root: 32, ledger_ops_root: 32, ledger_start: 8, ledger_end: 8,
  journal_root: 32, journal_ops_root: 32, journal_start: 8, journal_end: 8, law_version: 4,
};

/** The receipt proves nothing, or is of a form that this program does not know. */
export class NotGenuine extends Error {}

/** What the receipt of an act proves, in words. `network` is the id of the network that is meant,
 * which the reader knows from elsewhere. */
export function verify(bytes, network) {
  let receipt;
  try {
    receipt = read(bytes);
  } catch (error) {
    throw new NotGenuine(`it is not canonical: ${error.message}`);
  }
  check(receipt.v === 1, 'its version is not known');
  const { certificate, founding, header, journal } = members(
    receipt,
    { certificate: object, format: same('pacta-receipt'), founding: object, header: object, journal: object, v: same(1) },
    'the receipt of an act',
  );
  const second = founding.v === 2;
  const form = { ledger: hex(32), name: text, network_key: hex(96), scheme: same(SCHEME), validators: list };
  Object.assign(form, { v: same(second ? 2 : 1) }, second && { epoch_blocks: natural });
  members(founding, form, 'the founding', { dealer: same(true), ...(second && { ceremony: text }) });
  const seat = { actor: hex(16), key: hex(32), ...(second && { address: text }) };
  for (const one of founding.validators) members(one, seat, 'a validator');
  const id = sha256(write(founding)).toString('hex');
  check(id === network, `it is of another network, ${id}`);
  checkHeader(header);
  checkCertificate(certificate, header, founding, network);
  const said = checkJournal(journal, header, network);
  return `${said}, on the network ${founding.name}${founding.dealer ? ' (whose key a dealer made)' : ''}`;
}

// The readable members say what the bytes say.
function checkHeader(header) {
  const form = { bytes: text };
  for (const [name, size] of Object.entries(LAYOUT)) form[name] = size === 32 ? hex(32) : natural;
  members(header, form, 'the header');
  const parts = [Buffer.from('pacta/header/v1\0')];
  for (const [name, size] of Object.entries(LAYOUT)) {
    const digits = size === 32 ? header[name] : header[name].toString(16).padStart(size * 2, '0');
    check(digits.length === size * 2, `the header's ${name} is too large`);
    parts.push(Buffer.from(digits, 'hex'));
  }
  check(header.bytes === Buffer.concat(parts).toString('hex'), "the header's members and bytes differ");
}

// The network's key signed that this header is final.
function checkCertificate(certificate, header, founding, network) {
  const rounds = ['epoch', 'view', 'parent_view'];
  const form = { payload: hex(32), scheme: same(SCHEME), signature: hex(48) };
  for (const name of rounds) form[name] = same(header[name]);
  members(certificate, form, 'the certificate');
  const digest = sha256(Buffer.from(header.bytes, 'hex'));
  check(certificate.payload === digest.toString('hex'), 'the certificate is of another header');
  const namespace = Buffer.from(`pacta-${network}_FINALIZE`);
  const proposal = [...rounds.map((name) => varint(header[name])), digest];
  const message = Buffer.concat([varint(namespace.length), namespace, ...proposal]);
  const good = isSigned(founding.network_key, message, certificate.signature);
  check(good, 'the network did not sign the certificate');
}

// e(H(message), key) = e(signature, generator of G2), on BLS12-381 (RFC 9380 for H).
function isSigned(key, message, signature) {
  try {
    const points = [bls12_381.G2.Point.fromHex(key), bls12_381.G1.Point.fromHex(signature)];
    for (const point of points) {
      point.assertValidity();
      if (point.is0() || !point.isTorsionFree()) return false;
    }
    const { shortSignatures } = bls12_381;
    return shortSignatures.verify(points[1], shortSignatures.hash(message, DST), points[0]);
  } catch {
    return false;
  }
}

// The journal under the header holds the outcome, and the outcome is that of the act.
function checkJournal(journal, header, network) {
  const form = { act: object, location: natural, outcome: object, proof: object };
  const { act: signed, location, outcome, proof } = members(journal, form, 'the journal');
  const { act, id } = checkAct(signed, network);
  members(
    outcome,
    { act: same(id), height: natural, index: natural, instant: natural, result: text, v: same(1) },
    'the outcome',
    { code: natural, events: list, refusal: text, sentence: text },
  );
  check(['executed', 'refused'].includes(outcome.result), 'an act is executed or refused');
  const order = Math.sign(header.height - outcome.height);
  const fits = order >= 0 && order === Math.sign(header.instant - outcome.instant);
  check(fits, 'the outcome is of another block');
  const operation = Buffer.concat([Buffer.of(1), sha256(write(outcome)), Buffer.alloc(9)]);
  const root = treeRoot(proof, location, header, operation);
  check(root.toString('hex') === header.journal_root, 'the journal does not hold the outcome');
  let why = '';
  if (outcome.result === 'refused' && outcome.code !== undefined && outcome.refusal !== undefined) {
    why = ` for ${outcome.code} ${outcome.refusal}`;
    if (outcome.sentence !== undefined) why += `: ${outcome.sentence}`;
  }
  const when = `at height ${outcome.height} (${new Date(outcome.instant).toISOString()})`;
  return `the act ${id} ("${act.says}") was ${outcome.result} ${when}${why}`;
}

// The signed act and its id. The signature is checked by the rules of ZIP 215.
function checkAct(signed, network) {
  const form = { act: object, algorithm: same('ed25519'), public: hex(32), signature: hex(64) };
  const { act, public: key, signature } = members(signed, form, 'the signed act');
  const inner = { actor: hex(16), data: object, expires: natural, key: same(keyId(key)), kind: text };
  Object.assign(inner, { network: same(network), says: text, sequence: natural, v: same(1) });
  members(act, inner, 'the act', { mandate: hex(16) });
  const message = Buffer.from(`pacta/act/v1\n${write(act)}`);
  let good = false;
  try {
    good = ed25519.verify(Buffer.from(signature, 'hex'), message, Buffer.from(key, 'hex'), { zip215: true });
  } catch {
    // Not even a point: not good.
  }
  check(good, "the act's signature does not fit");
  return { act, id: sha256(message).toString('hex') };
}

/** The id of an Ed25519 key, given in hex. */
export function keyId(key) {
  const parts = [Buffer.from('pacta/key/v1'), Buffer.of(0, 1), Buffer.from(key, 'hex')];
  return sha256(...parts).toString('hex');
}

// The root that an operation of the journal leads to, over `journal_end` operations of which those
// before `journal_start` are inactive.
function treeRoot(proof, location, { journal_end: count, journal_start: start }, operation) {
  members(proof, { after: list, before: list, path: list }, 'the proof');
  const digests = (name) => proof[name].map((one) => (check(hex(32)(one), 'no digest'), Buffer.from(one, 'hex')));
  const [after, before, path] = ['after', 'before', 'path'].map(digests);
  check(location < count, 'the journal is not that long');
  const peaks = [];
  let end = 0;
  for (let height = 52; height >= 0; height -= 1) {
    if (Math.floor(count / 2 ** height) % 2 === 0) continue;
    end += 2 ** height;
    peaks.push({ end, height });
  }
  const own = peaks.findIndex((peak) => location < peak.end);
  const inactive = peaks.filter((peak) => peak.end <= start).length;
  const active = own >= inactive;
  const lengths = active
    ? [own - inactive + (inactive > 0), Number(own + 1 < peaks.length)]
    : [Number(own > 0), inactive - 1 - own + (inactive < peaks.length)];
  const fromLeft = active ? Number(inactive > 0) : inactive - own + (own > 0);
  const fits = before.length === lengths[0] && after.length === lengths[1];
  check(fits && path.length === peaks[own].height, 'a proof has another shape');
  let digest = sha256(position(location, 0), operation);
  path.forEach((sibling, below) => {
    const isRight = Math.floor(location / 2 ** below) % 2 === 1;
    const children = isRight ? [sibling, digest] : [digest, sibling];
    digest = sha256(position(location, below + 1), ...children);
  });
  const row = [...before, digest, ...after];
  const right = row.slice(fromLeft);
  const left = row.slice(0, fromLeft);
  if (left.length > 0) right.unshift(left.reduce((folded, next) => sha256(folded, next)));
  const folded = right.reduceRight((so, previous) => sha256(previous, so));
  return sha256(Buffer.of(0, 1), u64(count), ...(inactive > 0 ? [u64(inactive)] : []), folded);
}

// The position of the node of a height above a location.
function position(location, height) {
  const first = (BigInt(location) >> BigInt(height)) << BigInt(height);
  const ones = first.toString(2).replaceAll('0', '').length;
  return u64(2n * first - BigInt(ones) + 2n ** BigInt(height + 1) - 2n);
}

function u64(number) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(number));
  return bytes;
}

function sha256(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

// Unsigned LEB128.
function varint(number) {
  const bytes = [];
  for (let rest = number; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

// Exactly these members, each of its form.
function members(value, form, what, optional = {}) {
  check(object(value), `${what} is no object`);
  for (const name of Object.keys(form)) check(Object.hasOwn(value, name), `${what} lacks ${name}`);
  for (const [name, found] of Object.entries(value)) {
    const known = Object.hasOwn(form, name) ? form[name] : Object.hasOwn(optional, name) && optional[name];
    check(known && known(found), `${what}: ${name} is not what it must be`);
  }
  return value;
}

const list = (value) => Array.isArray(value);
const natural = (value) => Number.isSafeInteger(value) && value >= 0;
const object = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value) => typeof value === 'string';
const same = (expected) => (value) => value === expected;
const hex = (size) => (value) => text(value) && value.length === size * 2 && /^[0-9a-f]*$/.test(value);

function check(condition, problem) {
  if (!condition) throw new NotGenuine(problem);
}
