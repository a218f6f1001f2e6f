// The frozen vectors of the Rust verifier: the same files, verdicts, reasons and sentences.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { verify } from '../src/index.js';

const vectors = new URL('../../crates/chain/tests/vectors/', import.meta.url);
const { network, genuine, tampered } = JSON.parse(readFileSync(new URL('verdicts.json', vectors)));
const other = '0'.repeat(64);
const text = (file) => readFileSync(new URL(file, vectors), 'utf8');
const change = ({ of, find, replace }) => text(of).replace(find, () => replace);

for (const { file, proves } of genuine) {
  test(`${file} is genuine, of its network and no other`, () => {
    const bytes = readFileSync(new URL(file, vectors));
    const found = verify(bytes);
    assert.deepEqual([found.verdict, found.proves], ['genuine', proves], found.message);
    assert.equal(verify(bytes, network).verdict, 'genuine');
    assert.equal(verify(bytes, other).reason, 'other_network');
  });
}

for (const variant of tampered) {
  const { name, of, find, verdict, reason } = variant;
  test(`${name}: ${verdict.replace('_', ' ')}, ${reason}`, () => {
    assert.equal(text(of).split(find).length, 2);
    const found = verify(new TextEncoder().encode(change(variant)));
    assert.deepEqual([found.verdict, found.reason], [verdict, reason], found.message);
  });
}

test('a receipt with a founding of form 2 is genuine, and its form is held to', () => {
  const later = text('record-founding-2.json');
  const reason = (find, replace) => {
    assert.equal(later.split(find).length, 2, find);
    return verify(new TextEncoder().encode(later.replace(find, () => replace))).reason;
  };
  assert.equal(verify(new TextEncoder().encode(later)).verdict, 'genuine');
  assert.equal(reason('"epoch_blocks":16,', ''), 'bad_form');
  assert.equal(reason('"epoch_blocks":16,', '"epoch_blocks":0,'), 'bad_form');
  assert.equal(reason('"address":"node-2.example:7000",', ''), 'bad_form');
  assert.equal(reason('node-2.example:7000', ''), 'bad_form');
  assert.equal(reason(',"v":2,', ',"v":1,'), 'bad_form');
  assert.equal(reason(',"v":2,', ',"v":3,'), 'unknown_founding_version');
  assert.equal(reason('"epoch_blocks":16,', '"epoch_blocks":18,'), 'bad_certificate');
});

test('a receipt of a block that was proposed again is genuine, in possible views only', () => {
  const again = JSON.parse(text('record-again.json'));
  const { view } = again.header;
  const reason = (round) => {
    const changed = { ...again, certificate: { ...again.certificate, ...round } };
    return verify(new TextEncoder().encode(JSON.stringify(changed))).reason;
  };
  assert.equal(verify(new TextEncoder().encode(text('record-again.json'))).verdict, 'genuine');
  assert.equal(reason({ parent_view: view - 1 }), 'other_round');
  assert.equal(reason({ view }), 'other_round');
  assert.equal(reason({ parent_view: view + 1 }), 'bad_certificate');
});

for (const program of ['cli.js', 'dist/pacta-verify.js']) {
  test(`${program} tells the verdict by its exit code`, () => {
    const run = (...args) => {
      const script = fileURLToPath(new URL(`../${program}`, import.meta.url));
      return spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' }).status;
    };
    const directory = mkdtempSync(join(tmpdir(), 'pacta-verify-'));
    const written = (wanted) => {
      const file = join(directory, wanted);
      writeFileSync(file, change(tampered.find(({ verdict }) => verdict === wanted)));
      return file;
    };
    const good = fileURLToPath(new URL(genuine[0].file, vectors));
    const [forged, later] = ['not_genuine', 'cannot_tell'].map(written);
    assert.equal(run(good), 0);
    assert.equal(run(forged), 65);
    assert.equal(run(later), 3);
    assert.equal(run(good, later), 3);
    assert.equal(run(good, later, forged), 65);
    assert.equal(run('--network', network, good), 0);
    assert.equal(run('--network', other, good), 65);
    assert.equal(run(), 2);
    assert.equal(run('--network', 'short', good), 2);
    assert.equal(run(join(directory, 'no-such-file')), 74);
    rmSync(directory, { recursive: true });
  });
}
