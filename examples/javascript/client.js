#!/usr/bin/env node
// A whole client of a pacta node without any code of pacta: it makes a key, composes an act, checks
// and signs it, hands it in, waits until it is final, and verifies the receipt.

import { createPrivateKey, createPublicKey, generateKeyPairSync, sign as signWith } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';

import { write } from './canonical.js';
import { keyId, verify } from './verify.js';

const WAIT_SECONDS = 20;
const TIMEOUT_MS = 60_000;
const USAGE = `usage: client.js key KEY
       client.js prove KEY --network ID --actor ID
       client.js act KEY --node URL --network ID --actor ID [--mandate ID] [--yes] --receipt FILE KIND DATA
       client.js verify RECEIPT --network ID`;

// Status and bytes of what a node answers.
async function call(node, path, body) {
  const request = body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': 'application/json' } };
  const answer = await fetch(new URL(path, node), { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (answer.ok) return { status: answer.status, bytes };
  const problem = JSON.parse(bytes); // RFC 9457
  throw new Error(`${problem.detail} (${problem.type})`);
}

// Makes a key that only its owner can read. In earnest, let hardware hold it.
function makeKey(file) {
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), { flag: 'wx', mode: 0o600 });
  return privateKey;
}

const readKey = (file) => createPrivateKey(readFileSync(file));

// The 32 public bytes, in hex.
const publicOf = (key) => Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x, 'base64url').toString('hex');

// What an actor needs to register the key: the public half, and the proof that we hold it.
function prove(key, network, actor) {
  const message = Buffer.from(`pacta/possession/v1\n${network}\n${actor}\nsign-act`);
  const possession = signWith(null, message, key).toString('hex');
  return { key: keyId(publicOf(key)), public: publicOf(key), possession };
}

// The act as the node completes it, once it is found to be what was asked for.
async function compose(node, network, key, draft) {
  const asked = { ...draft, key: keyId(publicOf(key)) };
  const { bytes } = await call(node, '/api/v1/acts/compose', write(asked));
  const composed = JSON.parse(bytes);
  const { expires, says, sequence, ...rest } = composed.act;
  const expected = { ...asked, network, v: 1 };
  if (write(rest) !== write(expected) || [expires, says, sequence].includes(undefined)) {
    throw new Error('the node composed another act than the one that was asked for');
  }
  return composed;
}

// The signed act in the text that is handed in.
function sign(key, act) {
  const signature = signWith(null, Buffer.from(`pacta/act/v1\n${write(act)}`), key).toString('hex');
  return write({ act, algorithm: 'ed25519', public: publicOf(key), signature });
}

// Hands an act in and waits until it is final. Handing in again changes nothing.
async function submit(node, signed) {
  let { status, bytes } = await call(node, `/api/v1/acts?wait=${WAIT_SECONDS}`, signed);
  while (status === 202) {
    const { status_url: url } = JSON.parse(bytes);
    ({ status, bytes } = await call(node, `${url}?wait=${WAIT_SECONDS}`));
  }
  const standing = JSON.parse(bytes);
  if (standing.status !== 'final') throw new Error('the act expired before a block held it; sign it again');
  return standing;
}

async function agreed() {
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await asking.question('Sign this? [y/N] ');
  asking.close();
  return answer === 'y';
}

// The whole way of one act.
async function act(key, [kind, data], { node, network, actor, mandate, yes, receipt: file }) {
  const draft = { actor, data: JSON.parse(data), kind, ...(mandate === undefined ? {} : { mandate }) };
  const composed = await compose(node, network, key, draft);
  process.stderr.write(`You sign:\n\n  ${composed.act.says}\n\n`);
  if (composed.would_be !== 'executed') throw new Error(`the ledger would refuse it: ${composed.sentence}`);
  if (!yes && !(await agreed())) throw new Error('nothing was signed');
  const standing = await submit(node, sign(key, composed.act));
  if (standing.id !== composed.id) throw new Error('the node tells of another act');
  const { bytes } = await call(node, standing.receipt_url);
  const proves = verify(bytes, network);
  writeFileSync(file, bytes);
  return { act: standing.id, height: standing.height, proves };
}

async function main() {
  const text = { type: 'string' };
  const options = { actor: text, mandate: text, network: text, node: text, receipt: text, yes: { type: 'boolean' } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [command, file, ...rest] = positionals;
  const has = (...names) => names.every((name) => values[name] !== undefined) && file !== undefined;
  if (command === 'key' && has()) {
    const key = publicOf(makeKey(file));
    return { key: keyId(key), public: key };
  }
  if (command === 'prove' && has('network', 'actor')) return prove(readKey(file), values.network, values.actor);
  if (command === 'act' && rest.length === 2 && has('node', 'network', 'actor', 'receipt')) {
    return act(readKey(file), rest, values);
  }
  if (command === 'verify' && has('network')) return { proves: verify(readFileSync(file), values.network) };
  throw new Error(USAGE);
}

try {
  console.log(JSON.stringify(await main()));
} catch (error) {
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
}
