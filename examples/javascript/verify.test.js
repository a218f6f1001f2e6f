// The verifier of this example against the vectors of the receipt format.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { read, write } from './canonical.js';
import { NotGenuine, verify } from './verify.js';

const vector = (file) => readFileSync(new URL(`../../crates/chain/tests/vectors/${file}`, import.meta.url));
const { genuine, network, tampered } = JSON.parse(vector('verdicts.json'));
const ofActs = (file) => ['executed-act.json', 'refused-act.json'].includes(file);

test('genuine receipts of acts prove what they say', () => {
  const known = genuine.filter(({ file }) => ofActs(file));
  assert.equal(known.length, 2);
  for (const { file, proves } of known) assert.equal(verify(vector(file), network), proves);
});

test('no tampered receipt proves anything', () => {
  const known = tampered.filter(({ of }) => ofActs(of));
  assert.ok(known.length > 100);
  for (const { of, find, replace, reason } of known) {
    const parts = vector(of).toString().split(find);
    assert.equal(parts.length, 2);
    assert.throws(() => verify(Buffer.from(parts.join(replace)), network), NotGenuine, reason);
  }
});

test('a genuine receipt of another network proves nothing here', () => {
  assert.throws(() => verify(vector('executed-act.json'), '0'.repeat(64)), NotGenuine);
});

test('what is not canonical is refused', () => {
  const bad = ['{"b":1,"a":2}', '{"a": 1}', '1.0', '-0', 'null', '"\\u0041"', '{"a":1,"a":1}', '01'];
  bad.push('"e\u0301"', '"\u202e"', '9007199254740992', '['.repeat(25) + ']'.repeat(25), '', '1 ');
  for (const text of bad) assert.throws(() => read(Buffer.from(text)), Error, text);
  const good = '{"a":[true,-1,"\\"é"]}';
  assert.equal(write(read(Buffer.from(good))), good);
});
