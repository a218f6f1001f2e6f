#!/usr/bin/env node
// Verifies receipts, admissions and evidence offline. Exit codes: 0 genuine, 65 not genuine, 3 cannot tell,
// 2 usage, 74 a file cannot be read. Of several files the worst decides: 65, then 3.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { verify } from './src/index.js';

const USAGE = 'usage: pacta-verify [--network DIGEST] [--json] FILE...';
const EXITS = { genuine: 0, not_genuine: 65, cannot_tell: 3 };

function main() {
  const options = { network: { type: 'string' }, json: { type: 'boolean' } };
  let args;
  try {
    args = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return fail(2, `${error.message}\n${USAGE}`);
  }
  const { values, positionals: files } = args;
  if (files.length === 0) return fail(2, USAGE);
  if (values.network !== undefined && !/^[0-9a-f]{64}$/.test(values.network)) {
    return fail(2, `a network id has 64 lower-case hex digits\n${USAGE}`);
  }
  const results = [];
  for (const file of files) {
    let bytes;
    try {
      bytes = readFileSync(file);
    } catch (error) {
      return fail(74, `${file} cannot be read: ${error.message}`);
    }
    results.push({ file, ...verify(bytes, values.network) });
  }
  if (values.json) {
    const answer = results.length === 1 ? results[0] : { results };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  } else {
    for (const result of results) process.stdout.write(describe(result));
  }
  const exits = results.map(({ verdict }) => EXITS[verdict]);
  return [65, 3].find((exit) => exits.includes(exit)) ?? 0;
}

function describe({ file, verdict, proves, message, network }) {
  const lines = [file, `  verdict  ${verdict.replace('_', ' ')}`];
  if (proves) lines.push(`  proves   ${proves}`);
  if (message) lines.push(`  reason   ${message}`);
  if (network) lines.push(`  network  ${network}`);
  return `${lines.join('\n')}\n`;
}

function fail(exit, message) {
  process.stderr.write(`${message}\n`);
  return exit;
}

process.exitCode = main();
