import assert from 'node:assert/strict';
import { test } from 'node:test';

import { read, write } from '../src/canonical.js';

const bytes = (text) => new TextEncoder().encode(text);

test('canonical texts are read and written again as they were', () => {
  for (const text of [
    '{}', '[]', '""', '0', '-1', '9007199254740991', 'true', '{"":0,"10":1,"9":2,"a":[false]}',
    '"\\"\\\\/é"', `${'['.repeat(24)}${']'.repeat(24)}`,
  ]) {
    assert.equal(write(read(bytes(text))), text);
  }
});

test('whatever is not canonical is refused', () => {
  for (const text of [
    '', ' 1', '1 ', '{"a":1,"a":2}', '{"b":1,"a":2}', '{"é":1}', '1.0', '1e3', '01', '-0', '-',
    '+1', 'null', '9007199254740992', '-9007199254740992', '99999999999999999999', '"\\u0041"',
    '"\\/"', '"\\n"', '"\u0000"', '"\u0301e', '"e\u0301"', '"\u202e"', '"\u200b"', '"\ue000"',
    '"\ufffe"', '\ufeff1', '[1,]', '[1', '{"a"}', '{"a":}', '"a', '[1 ,2]', 'tru',
    `${'['.repeat(25)}${']'.repeat(25)}`, `[${'1,'.repeat(16_384)}1]`,
  ]) {
    assert.throws(() => read(bytes(text)), { reason: 'not_canonical' }, text.slice(0, 40));
  }
  assert.throws(() => read(Uint8Array.of(0x22, 0xff, 0x22)), { reason: 'not_canonical' });
  assert.throws(() => read(new Uint8Array(4 * 1024 * 1024 + 1)), { reason: 'not_canonical' });
});

test('a character that a later Unicode may assign is no ground for a verdict', () => {
  assert.throws(() => read(bytes('"\u{e0fff}"')), { reason: 'unknown_character' });
});
