// The frozen proofs of the Rust verifier: trees of one to several thousand operations.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { read } from '../src/canonical.js';
import * as proof from '../src/proof.js';

const file = new URL('../../crates/chain/tests/vectors/proofs.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file));
const bytes = (value) => new TextEncoder().encode(JSON.stringify(value));

const verifiers = {
  ledger: (of, form) => proof.verifyLedger(proof.ledgerForm(form, ''), of.header, of.key, of.value),
  absence: (of, form) => proof.verifyAbsence(proof.absenceForm(form, ''), of.header, of.key),
  journal: (of, form) =>
    proof.verifyJournal(proof.journalForm(form, ''), of.header, of.location, of.leaf),
};

// Whether a proof is of the right form and holds.
function holds(of, changed = of.proof) {
  try {
    return verifiers[of.kind](of, read(bytes(changed)));
  } catch (error) {
    if (['bad_form', 'not_canonical'].includes(error.reason)) return false;
    throw error;
  }
}

const flip = (text, at) => text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);

// All values that differ from this one in one place.
function* changes(value) {
  if (typeof value === 'string') {
    yield flip(value, 0);
    yield flip(value, value.length - 1);
    yield `${value}00`;
  } else if (typeof value === 'number') {
    yield* [value + 1, Math.max(value - 1, 0), value + 256].filter((other) => other !== value);
  } else if (Array.isArray(value)) {
    yield [...value, '00'.repeat(32)];
    for (let at = 0; at < value.length; at += 1) {
      yield value.toSpliced(at, 1);
      for (const item of changes(value[at])) yield value.with(at, item);
    }
  } else {
    for (const name of Object.keys(value)) {
      const { [name]: removed, ...rest } = value;
      yield rest;
      for (const member of changes(removed)) yield { ...value, [name]: member };
    }
    for (const name of ['more', 'partial', 'span']) {
      if (!(name in value)) {
        const entries = Object.entries({ ...value, [name]: '00'.repeat(32) });
        yield Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
      }
    }
  }
}

for (const [number, of] of vectors.entries()) {
  test(`proof ${number} (${of.name}) holds, and no other`, () => {
    assert.ok(holds(of));
    for (const changed of changes(of.proof)) assert.ok(!holds(of, changed), JSON.stringify(changed));
    for (const name of ['key', 'value', 'leaf', 'location'].filter((member) => member in of)) {
      if (of.kind === 'absence') continue;
      for (const other of changes(of[name])) assert.ok(!holds({ ...of, [name]: other }), name);
    }
    for (const name of Object.keys(of.header)) {
      if (!name.startsWith(of.kind === 'journal' ? 'journal_' : 'ledger_')) continue;
      if (!name.endsWith('_root')) continue;
      const header = { ...of.header, [name]: flip(of.header[name], 5) };
      assert.ok(!holds({ ...of, header }), name);
    }
  });
}

test('a key of a span is not absent', () => {
  for (const of of vectors.filter(({ kind, proof: { span } }) => kind === 'absence' && span)) {
    assert.ok(!holds({ ...of, key: of.proof.span.key }));
    assert.ok(!holds({ ...of, key: of.proof.span.next_key }));
  }
});
