// Evidence of misconduct: two votes of one validator that contradict each other. Of a validator that
// was admitted after the founding, it holds the receipt of the record of who signs in that epoch.

import { concatBytes, hexToBytes, utf8ToBytes } from './bytes.js';
import { varint } from './certificate.js';
import { verifies } from './ed25519.js';
import * as form from './form.js';
import { foundingForm, knowFounding, networkId } from './founding.js';
import * as receipts from './receipt.js';
import { CannotTell, NotGenuine } from './verdict.js';

const { anything, hex, hexText, list, members, natural, oneOf, optional, pair, text, version } = form;

/** What all evidence says it is. */
export const FORMAT = 'pacta-evidence';

// What is voted, and the end of the namespace in which that is signed.
const CASTS = { finalize: '_FINALIZE', notarize: '_NOTARIZE', nullify: '_NULLIFY' };
const VOTE = { cast: oneOf(Object.keys(CASTS)), signature: hex(64), statement: hexText };
const EVIDENCE = {
  committee: optional(anything),
  format: oneOf([FORMAT]),
  founding: foundingForm,
  v: natural,
  validator: hex(32),
  votes: pair((value, name) => members(value, VOTE, name)),
};
const SEAT = { actor: hex(16), address: optional(text), key: hex(32) };
const SEATS = { v: natural, validators: list((value, name) => members(value, SEAT, name)) };
const DIGEST_BYTES = 32;
const VARINT_BYTES_MAX = 10;
const U64_MAX = 2n ** 64n - 1n;

/** Reads evidence. */
export function decode(value) {
  const v = version(value, 'evidence');
  if (v !== 1 && v !== 2) {
    const message = `evidence of form ${v} is not known here; use a later verifier`;
    throw new CannotTell('unknown_evidence_version', message);
  }
  knowFounding(value.get('founding'), 'evidence.founding');
  const evidence = members(value, EVIDENCE, 'evidence');
  if ((evidence.committee !== undefined) !== (v === 2)) {
    form.badForm('a committee makes form 2, and only that');
  }
  return evidence;
}

/** Verifies that the validator is one of the network, signed both votes, and that they clash. */
export function prove({ committee, founding, validator, votes }, network) {
  const find = (seats) => seats.find(({ key }) => key === validator) ?? noValidator();
  const founder = committee === undefined ? find(founding.validators) : undefined;
  const said = votes.map((vote) => readStatement(vote) ?? badVote());
  const what = contradiction(votes, said);
  if (what === undefined) {
    throw new NotGenuine('no_contradiction', 'the votes do not contradict each other');
  }
  const [{ epoch, view }] = said;
  const { actor } = founder ?? find(signing(committee, epoch, network));
  for (const vote of votes) {
    if (!verifies(validator, signedMessage(vote, network), vote.signature)) badVote();
  }
  const who = `the validator ${validator} of the actor ${actor}`;
  const where = `in view ${view} of epoch ${epoch}, on the network ${founding.name}`;
  return { proves: `${who} ${what} ${where}` };
}

function noValidator() {
  throw new NotGenuine('no_validator', 'the accused is no validator of this network');
}

// Who signs in an epoch, by a receipt of the record that says so.
function signing(committee, epoch, network) {
  const receipt = receipts.decode(committee);
  if (networkId(committee.get('founding')) !== network) noValidator();
  receipts.prove(receipt, network);
  const { path, record } = receipt.ledger ?? {};
  if (record === undefined || path !== `network/signing/${epoch}`) noValidator();
  return members(record, SEATS, 'evidence.committee.ledger.record').validators;
}

function badVote() {
  throw new NotGenuine('bad_vote', 'the accused did not sign one of the votes');
}

// The namespace of the network and of the kind of vote, behind its length, then the statement.
function signedMessage({ cast, statement }, network) {
  const namespace = utf8ToBytes(`pacta-${network}${CASTS[cast]}`);
  return concatBytes(varint(namespace.length), namespace, hexToBytes(statement));
}

// How two votes contradict each other, if they do. Statements have one form, so two that differ in
// their bytes differ in what they say. To vote for a block and then to leave its view is no
// contradiction, and neither is to vote for one block twice.
function contradiction(votes, [first, second]) {
  if (first.epoch !== second.epoch || first.view !== second.view) return undefined;
  const casts = votes.map(({ cast }) => cast).join();
  const differ = votes[0].statement !== votes[1].statement;
  if (casts === 'notarize,notarize' && differ) return 'voted for two blocks';
  if (casts === 'finalize,finalize' && differ) return 'voted that each of two blocks is final';
  if (casts === 'finalize,nullify') {
    return 'voted that a block is final and to leave its view without one';
  }
  return undefined;
}

// The round that a vote names, or nothing if the statement cannot be read.
function readStatement({ cast, statement }) {
  const reader = { bytes: hexToBytes(statement), at: 0 };
  const epoch = takeVarint(reader);
  const view = takeVarint(reader);
  if (cast !== 'nullify') {
    takeVarint(reader); // the view of the parent
    reader.at += DIGEST_BYTES;
  }
  return reader.at === reader.bytes.length ? { epoch, view } : undefined;
}

// Reads unsigned LEB128 of as few bytes as can be, up to u64. After a failure nothing else reads.
function takeVarint(reader) {
  let number = 0n;
  for (let place = 0; place < VARINT_BYTES_MAX; place += 1) {
    const byte = reader.bytes[reader.at + place];
    if (byte === undefined || (place > 0 && byte === 0)) break;
    number |= BigInt(byte & 0x7f) << BigInt(7 * place);
    if (byte < 0x80) {
      if (number > U64_MAX) break;
      reader.at += place + 1;
      return number;
    }
  }
  reader.at = Number.NaN;
  return undefined;
}
