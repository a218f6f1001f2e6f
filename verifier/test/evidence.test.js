// Evidence of misconduct. Keys, founding, votes and signatures are made here, without the code that
// is tested.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';

import { verify } from '../src/index.js';

const secret = (byte) => new Uint8Array(32).fill(byte);
const publicOf = (byte) => bytesToHex(ed25519.getPublicKey(secret(byte)));
const [KEY, OTHER_KEY, STRANGER] = [7, 8, 9].map(publicOf);
const ACTOR = '0a'.repeat(16);
// The neutral point of the curve: anyone can sign for this key.
const NEUTRAL = `01${'00'.repeat(31)}`;
const FOUNDING = {
  ledger: '11'.repeat(32),
  name: 'Trial of Ἀθῆναι',
  network_key: '22'.repeat(96),
  scheme: 'bls12381-threshold-minsig/1',
  v: 1,
  validators: [
    { actor: '0b'.repeat(16), key: OTHER_KEY },
    { actor: ACTOR, key: KEY },
    { actor: '0c'.repeat(16), key: NEUTRAL },
  ],
};

// Canonical JSON of values without text that needs an escape.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `"${name}":${canonical(value[name])}`).join(',')}}`;
}

const idOf = (founding) => bytesToHex(sha256(utf8ToBytes(canonical(founding))));
const NETWORK = idOf(FOUNDING);

const ROUND = '8080808080808080800102'; // epoch 2^63, view 2
const PARENT = '01';
const LATER_ROUND = ROUND.replace(/02$/, '03');
const BLOCK = 'aa'.repeat(32);
const OTHER_BLOCK = 'bb'.repeat(32);
const proposal = (block, round = ROUND, parent = PARENT) => round + parent + block;

function vote(cast, statement, { by = 7, network = NETWORK, suffix = cast.toUpperCase() } = {}) {
  const namespace = utf8ToBytes(`pacta-${network}_${suffix}`);
  const message = Uint8Array.of(namespace.length, ...namespace, ...hexToBytes(statement));
  return { cast, signature: bytesToHex(ed25519.sign(message, secret(by))), statement };
}

const notarize = (...proposed) => vote('notarize', proposal(...proposed));
const finalize = (...proposed) => vote('finalize', proposal(...proposed));
const nullify = (round = ROUND) => vote('nullify', round);

const evidence = (votes, changes = {}) => ({
  format: 'pacta-evidence',
  founding: FOUNDING,
  v: 1,
  validator: KEY,
  votes,
  ...changes,
});
const find = (text, expected) => verify(utf8ToBytes(text), expected);
const found = (value, expected) => find(canonical(value), expected);

const TWO_NOTARIZED = [notarize(BLOCK), notarize(OTHER_BLOCK)];
const TWO_FINAL = [finalize(BLOCK), finalize(OTHER_BLOCK)];
const FINAL_AND_LEFT = [finalize(BLOCK), nullify()];
const WHO = `the validator ${KEY} of the actor ${ACTOR}`;
const WHERE = `of epoch 9223372036854775808, on the network ${FOUNDING.name}`;

const BIG = 'ffffffffffffffffff01'; // 2^64 - 1
const kinds = {
  'two blocks notarized': [TWO_NOTARIZED, `voted for two blocks in view 2 ${WHERE}`],
  'two blocks final': [TWO_FINAL, `voted that each of two blocks is final in view 2 ${WHERE}`],
  'a block final, and its view left': [
    FINAL_AND_LEFT,
    `voted that a block is final and to leave its view without one in view 2 ${WHERE}`,
  ],
  'one block with two parents': [
    [notarize(BLOCK), notarize(BLOCK, ROUND, '00')],
    `voted for two blocks in view 2 ${WHERE}`,
  ],
  'votes in either order': [
    TWO_NOTARIZED.toReversed(),
    `voted for two blocks in view 2 ${WHERE}`,
  ],
  'the greatest numbers': [
    [BLOCK, OTHER_BLOCK].map((block) => finalize(block, BIG + BIG, BIG)),
    'voted that each of two blocks is final in view 18446744073709551615 of epoch ' +
      `18446744073709551615, on the network ${FOUNDING.name}`,
  ],
};

for (const [name, [votes, what]] of Object.entries(kinds)) {
  test(`evidence of ${name} is genuine, of its network and no other`, () => {
    const expected = { verdict: 'genuine', network: NETWORK, proves: `${WHO} ${what}` };
    assert.deepEqual(found(evidence(votes)), expected);
    assert.deepEqual(found(evidence(votes), NETWORK), expected);
    assert.equal(found(evidence(votes), '0'.repeat(64)).reason, 'other_network');
  });
}

test('a dealer is part of the founding, and not of the sentence', () => {
  const founding = { ...FOUNDING, dealer: true };
  const network = idOf(founding);
  const votes = [BLOCK, OTHER_BLOCK].map((of) => vote('notarize', proposal(of), { network }));
  const { verdict, proves } = found(evidence(votes, { founding }));
  assert.equal(verdict, 'genuine');
  assert.equal(proves, `${WHO} voted for two blocks in view 2 ${WHERE}`);
});

test('signatures are verified by the rules of ZIP 215', () => {
  // The neutral point as key and as R, with S = 0: good by ZIP 215, bad by stricter rules.
  const signed = (signature) =>
    TWO_NOTARIZED.map((one) => ({ ...one, signature: signature + '00'.repeat(32) }));
  const verdict = (r) => found(evidence(signed(r), { validator: NEUTRAL })).verdict;
  assert.equal(verdict(NEUTRAL), 'genuine');
  // The same point, not reduced: y = p + 1.
  assert.equal(verdict(`ee${'ff'.repeat(30)}7f`), 'genuine');
  assert.equal(verdict(`02${'00'.repeat(31)}`), 'not_genuine');
});

test('S must be less than the order of the group', () => {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const [one, other] = TWO_NOTARIZED;
  const s = BigInt(`0x${bytesToHex(hexToBytes(one.signature.slice(64)).reverse())}`) + order;
  const high = bytesToHex(hexToBytes(s.toString(16).padStart(64, '0')).reverse());
  const signature = one.signature.slice(0, 64) + high;
  assert.equal(found(evidence([{ ...one, signature }, other])).reason, 'bad_vote');
});

const [FIRST, SECOND] = TWO_NOTARIZED;
const founding = (changes) => ({ founding: { ...FOUNDING, ...changes } });
const twice = (make) => [BLOCK, OTHER_BLOCK].map(make);
const flip = (text) => text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');
const without = (name) => {
  const { [name]: _, ...rest } = evidence(TWO_NOTARIZED);
  return rest;
};
const statement = (round, parent = PARENT) => twice((block) => notarize(block, round, parent));

// What is changed, the evidence, and the reason.
const tampered = [
  // What it says it is.
  ['a later form', evidence(TWO_NOTARIZED, { v: 3, more: 1 }), 'unknown_evidence_version'],
  ['form 2 without a committee', evidence(TWO_NOTARIZED, { v: 2 }), 'bad_form'],
  ['form 0', evidence(TWO_NOTARIZED, { v: 0 }), 'unknown_evidence_version'],
  ['a form that is no number', evidence(TWO_NOTARIZED, { v: '1' }), 'bad_form'],
  ['a form less than 0', evidence(TWO_NOTARIZED, { v: -1 }), 'bad_form'],
  ['a later form of receipt', evidence([], { format: 'other', v: 2 }), 'unknown_receipt_version'],
  ['another format', evidence(TWO_NOTARIZED, { format: 'pacta-receipt' }), 'bad_form'],
  ['the format in an array', ['pacta-evidence'], 'bad_form'],
  ['a later founding', evidence([], founding({ v: 3, more: 1 })), 'unknown_founding_version'],
  ['a founding of another form', evidence([], founding({ v: 2 })), 'bad_form'],
  ['another scheme', evidence([], founding({ scheme: 'other/1' })), 'unknown_scheme'],
  ['a scheme that is no text', evidence([], founding({ scheme: 1, v: 2 })), 'bad_form'],
  // The members.
  ...['founding', 'v', 'validator', 'votes'].map((name) => [
    `no ${name}`,
    without(name),
    'bad_form',
  ]),
  ['one member more', evidence(TWO_NOTARIZED, { more: 1 }), 'bad_form'],
  ['a dealer that is false', evidence(TWO_NOTARIZED, founding({ dealer: false })), 'bad_form'],
  ['one vote', evidence([FIRST]), 'bad_form'],
  ['three votes', evidence([FIRST, SECOND, SECOND]), 'bad_form'],
  ['votes that are no array', evidence({ 0: FIRST, 1: SECOND }), 'bad_form'],
  ['a vote with one member more', evidence([FIRST, { ...SECOND, more: 1 }]), 'bad_form'],
  ['a vote of another kind', evidence([FIRST, { ...SECOND, cast: 'abstain' }]), 'bad_form'],
  ['a kind named as objects have', evidence([FIRST, { ...SECOND, cast: 'toString' }]), 'bad_form'],
  ['half a byte', evidence([FIRST, { ...SECOND, statement: `${ROUND}0` }]), 'bad_form'],
  ['upper case', evidence([FIRST, { ...SECOND, statement: 'AA' }]), 'bad_form'],
  ['a short signature', evidence([FIRST, { ...SECOND, signature: '00' }]), 'bad_form'],
  ['a long key', evidence(TWO_NOTARIZED, { validator: `${KEY}00` }), 'bad_form'],
  // The accused.
  ['a stranger', evidence(TWO_NOTARIZED, { validator: STRANGER }), 'no_validator'],
  ['no validators', evidence(TWO_NOTARIZED, founding({ validators: [] })), 'no_validator'],
  ['a stranger comes before a statement', evidence(
    [FIRST, { ...SECOND, statement: '' }], { validator: STRANGER }), 'no_validator'],
  ['the key of another validator', evidence(TWO_NOTARIZED, { validator: OTHER_KEY }), 'bad_vote'],
  ['the network of another name', evidence(TWO_NOTARIZED, founding({ name: 'B' })), 'bad_vote'],
  // The statements. All are signed.
  ['an empty statement', evidence([FIRST, vote('notarize', '')]), 'bad_vote'],
  ['an epoch of too many bytes', evidence(statement('800002')), 'bad_vote'],
  ['a view of too many bytes', evidence(statement('018200')), 'bad_vote'],
  ['a parent of too many bytes', evidence(statement(ROUND, '8100')), 'bad_vote'],
  ['an epoch of 2^64', evidence(statement('8080808080808080800202')), 'bad_vote'],
  ['an epoch of eleven bytes', evidence(statement('808080808080808080800102')), 'bad_vote'],
  ['a parent of too many bytes, and a block less', evidence(
    twice((block) => notarize(block.slice(4), ROUND, '8100'))), 'bad_vote'],
  ['views left that are not named', evidence([finalize(BLOCK), nullify('')]), 'bad_vote'],
  ['two statements of nothing', evidence([nullify(''), nullify('')]), 'bad_vote'],
  ['a number that does not end', evidence([FIRST, vote('notarize', '80')]), 'bad_vote'],
  ['a byte more', evidence(twice((block) => notarize(`${block}00`))), 'bad_vote'],
  ['a byte less', evidence(twice((block) => notarize(block.slice(2)))), 'bad_vote'],
  ['a view left, with a block', evidence([FIRST, vote('nullify', proposal(BLOCK))]), 'bad_vote'],
  ['a view left, with a byte more', evidence([finalize(BLOCK), nullify(`${ROUND}00`)]), 'bad_vote'],
  ['a block, without it', evidence([FIRST, vote('notarize', ROUND)]), 'bad_vote'],
  // What contradicts what.
  ['one vote twice', evidence([FIRST, FIRST]), 'no_contradiction'],
  ['one final block twice', evidence([TWO_FINAL[0], TWO_FINAL[0]]), 'no_contradiction'],
  ['votes of two views', evidence([FIRST, notarize(OTHER_BLOCK, LATER_ROUND)]),
    'no_contradiction'],
  ['votes of two epochs', evidence([notarize(BLOCK, '0102'), notarize(OTHER_BLOCK, '0202')]),
    'no_contradiction'],
  ['epochs that are one as doubles', evidence([
    notarize(BLOCK, '808080808080801002'), notarize(OTHER_BLOCK, '818080808080801002'),
  ]), 'no_contradiction'],
  ['a final block, another view left', evidence([finalize(BLOCK), nullify(LATER_ROUND)]),
    'no_contradiction'],
  ['a good block, its view left', evidence([FIRST, nullify()]), 'no_contradiction'],
  ['a good block, another final', evidence([finalize(BLOCK), SECOND]), 'no_contradiction'],
  ['a view left twice', evidence([nullify(), nullify()]), 'no_contradiction'],
  ['a view left before a final block', evidence(FINAL_AND_LEFT.toReversed()), 'no_contradiction'],
  ['no contradiction comes before signatures', evidence(
    [FIRST, { ...FIRST, signature: '00'.repeat(64) }]), 'no_contradiction'],
  // The signatures.
  ['another signature', evidence([FIRST, { ...SECOND, signature: FIRST.signature }]), 'bad_vote'],
  ['the first signature changed', evidence(
    [{ ...FIRST, signature: flip(FIRST.signature) }, SECOND]), 'bad_vote'],
  ['a changed block', evidence([FIRST, { ...SECOND, statement: flip(SECOND.statement) }]),
    'bad_vote'],
  ['other key', evidence([FIRST, vote('notarize', SECOND.statement, { by: 8 })]), 'bad_vote'],
  ['the namespace of another network', evidence(
    [FIRST, vote('notarize', SECOND.statement, { network: 'f'.repeat(64) })]), 'bad_vote'],
  ['the namespace of another kind of vote', evidence(
    [FIRST, vote('notarize', SECOND.statement, { suffix: 'FINALIZE' })]), 'bad_vote'],
  ['votes for a block given as final', evidence(
    TWO_NOTARIZED.map((one) => ({ ...one, cast: 'finalize' }))), 'bad_vote'],
  ['a key that is no point', evidence(TWO_NOTARIZED, {
    ...founding({ validators: [{ actor: ACTOR, key: `02${'00'.repeat(31)}` }] }),
    validator: `02${'00'.repeat(31)}`,
  }), 'bad_vote'],
];

for (const [name, value, reason] of tampered) {
  test(`evidence, ${name}: ${reason}`, () => {
    const verdict = reason.startsWith('unknown_') ? 'cannot_tell' : 'not_genuine';
    const result = found(value);
    assert.deepEqual([result.verdict, result.reason], [verdict, reason], result.message);
    // The network comes before the proof, and after the form.
    const byForm = ['bad_form', 'not_canonical'].includes(reason) || verdict === 'cannot_tell';
    assert.equal(found(value, '0'.repeat(64)).reason, byForm ? reason : 'other_network');
  });
}

test('evidence that is not canonical is not genuine', () => {
  const text = canonical(evidence(TWO_NOTARIZED));
  assert.equal(find(text).verdict, 'genuine');
  const swapped = text.replace(/("founding":.*),("v":1),("validator":"\w+")/, '$1,$3,$2');
  assert.notEqual(swapped, text);
  for (const changed of [`${text}\n`, ` ${text}`, text.replace('"v":1', '"v":1.0'), swapped]) {
    assert.equal(find(changed).reason, 'not_canonical');
  }
});

for (const program of ['cli.js', 'dist/pacta-verify.js']) {
  test(`${program} tells the verdict on evidence`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'pacta-verify-'));
    const written = (name, value) => {
      const file = join(directory, name);
      writeFileSync(file, canonical(value));
      return file;
    };
    const script = fileURLToPath(new URL(`../${program}`, import.meta.url));
    const run = (...args) => spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
    const good = written('good', evidence(TWO_FINAL));
    const forged = written('forged', evidence([TWO_FINAL[0], FIRST]));
    const later = written('later', evidence(TWO_FINAL, { v: 3 }));
    const { proves } = found(evidence(TWO_FINAL));
    assert.equal(run(good).status, 0);
    const lines = [good, '  verdict  genuine', `  proves   ${proves}`, `  network  ${NETWORK}`];
    assert.equal(run(good).stdout, `${lines.join('\n')}\n`);
    const json = { file: good, verdict: 'genuine', network: NETWORK, proves };
    assert.deepEqual(JSON.parse(run('--json', good).stdout), json);
    assert.equal(run('--network', '0'.repeat(64), good).status, 65);
    assert.equal(run(good, forged).status, 65);
    assert.equal(run(later, good).status, 3);
    rmSync(directory, { recursive: true });
  });
}

// The frozen evidence of the Rust verifier: the same texts, verdicts, reasons and sentences.
const frozen = new URL('../../crates/chain/tests/vectors/evidence.json', import.meta.url);
for (const { name, text, genuine, found: expected } of JSON.parse(readFileSync(frozen))) {
  test(`frozen evidence, ${name}: ${genuine ? 'genuine' : expected}`, () => {
    const { verdict, reason, proves } = verify(new TextEncoder().encode(text));
    assert.deepEqual([verdict === 'genuine', proves ?? reason], [genuine, expected]);
  });
}
