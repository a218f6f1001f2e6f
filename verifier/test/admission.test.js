// Admissions. Keys, founding and signatures are made here, without the code that is tested.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

import { verify } from '../src/index.js';

const SECRET = new Uint8Array(32).fill(7);
const NODE = bytesToHex(ed25519.getPublicKey(SECRET));
const ACTOR = '0a'.repeat(16);
const FOUNDING = {
  ledger: '11'.repeat(32),
  name: 'A',
  network_key: '22'.repeat(96),
  scheme: 'bls12381-threshold-minsig/1',
  v: 1,
  validators: [{ actor: ACTOR, key: NODE }],
};
const SAID = { act: 'ac'.repeat(32), height: 41, instant: 1_795_500_003_750 };

// Members are in order wherever objects are written below.
const idOf = (founding) => bytesToHex(sha256(utf8ToBytes(JSON.stringify(founding))));
const NETWORK = idOf(FOUNDING);

function admission({ domain = 'pacta/admission/v1\n', founding = FOUNDING, network, ...changes }) {
  const { act, height, instant } = SAID;
  const signed = { act, height, instant, network: network ?? idOf(founding), node: NODE };
  const message = utf8ToBytes(domain + JSON.stringify(signed));
  const signature = bytesToHex(ed25519.sign(message, SECRET));
  const format = 'pacta-admission';
  return { act, format, founding, height, instant, node: NODE, signature, v: 1, ...changes };
}

const found = (value, expected) => verify(utf8ToBytes(JSON.stringify(value)), expected);

test('an admission is genuine, of its network and no other', () => {
  const proves =
    `the validator ${NODE} of the actor ${ACTOR} had taken the act ${SAID.act} at height 41 ` +
    '(2026-11-24T06:00:03.750Z), on the network A';
  const { height, instant } = SAID;
  const expected = { verdict: 'genuine', network: NETWORK, height, instant, proves };
  assert.deepEqual(found(admission({})), expected);
  assert.deepEqual(found(admission({}), NETWORK), expected);
  assert.equal(found(admission({}), '0'.repeat(64)).reason, 'other_network');
});

const nobody = { ...FOUNDING, validators: [] };
const tampered = [
  ['another domain', { domain: 'pacta/act/v1\n' }, 'bad_admission'],
  ['no domain', { domain: '' }, 'bad_admission'],
  ['the network of another founding', { network: 'f'.repeat(64) }, 'bad_admission'],
  ['another act', { act: 'ad'.repeat(32) }, 'bad_admission'],
  ['another height', { height: 40 }, 'bad_admission'],
  ['another instant', { instant: 0 }, 'bad_admission'],
  ['a date after the year 9999', { instant: 253_402_300_800_000 }, 'bad_form'],
  ['a member more', { w: 1 }, 'bad_form'],
  ['a later form', { v: 2, w: 1 }, 'unknown_admission_version'],
  ['a founding without the node', { founding: nobody }, 'unknown_node'],
];

for (const [name, changes, reason] of tampered) {
  test(`admission, ${name}: ${reason}`, () => {
    const verdict = reason.startsWith('unknown_') ? 'cannot_tell' : 'not_genuine';
    const result = found(admission(changes));
    assert.deepEqual([result.verdict, result.reason], [verdict, reason], result.message);
  });
}

// The frozen admissions of the Rust verifier: the same texts, verdicts, reasons and sentences.
const frozen = new URL('../../crates/chain/tests/vectors/admissions.json', import.meta.url);
for (const { name, text, genuine, found: expected } of JSON.parse(readFileSync(frozen))) {
  test(`frozen admission, ${name}: ${genuine ? 'genuine' : expected}`, () => {
    const { verdict, reason, proves } = verify(new TextEncoder().encode(text));
    assert.deepEqual([verdict === 'genuine', proves ?? reason], [genuine, expected]);
  });
}
