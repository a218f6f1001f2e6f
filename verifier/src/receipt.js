// A receipt: a final header, and the proof that the journal or the ledger under it holds something.

import { checkAct } from './act.js';
import { digest } from './bytes.js';
import { read, write } from './canonical.js';
import { SCHEME, checkCertificate } from './certificate.js';
import * as form from './form.js';
import { checkHeader, headerForm } from './header.js';
import {
  absenceForm,
  journalForm,
  ledgerForm,
  verifyAbsence,
  verifyJournal,
  verifyLedger,
} from './proof.js';
import { CannotTell, NotGenuine } from './verdict.js';

const { anything, hex, instant, list, members, natural, object, oneOf, optional, text } = form;

const FOUNDING = {
  dealer: optional(form.yes),
  ledger: hex(32),
  name: text,
  network_key: hex(96),
  scheme: text,
  v: natural,
  validators: list((value, name) => members(value, { actor: hex(16), key: hex(32) }, name)),
};
const CERTIFICATE = {
  epoch: natural,
  parent_view: natural,
  payload: hex(32),
  scheme: text,
  signature: hex(48),
  view: natural,
};
const JOURNAL = {
  act: optional(anything),
  location: natural,
  outcome: anything,
  proof: journalForm,
};
const LEDGER = {
  absence: optional(absenceForm),
  path: text,
  proof: optional(ledgerForm),
  record: optional(anything),
};
const RECEIPT = {
  certificate: (value, name) => members(value, CERTIFICATE, name),
  format: oneOf(['pacta-receipt']),
  founding: (value, name) => members(value, FOUNDING, name),
  header: headerForm,
  journal: optional((value, name) => members(value, JOURNAL, name)),
  ledger: optional((value, name) => members(value, LEDGER, name)),
  v: natural,
};
const OUTCOME = {
  act: optional(hex(32)),
  code: optional(form.upTo(0xffff)),
  due: optional(object),
  events: optional(list(object)),
  height: natural,
  index: form.upTo(0xffff_ffff),
  instant,
  refusal: optional(text),
  result: oneOf(['executed', 'refused', 'due']),
  sentence: optional(text),
  v: natural,
};

/**
 * Verifies the bytes of a receipt and, if given, that it is of the network with this id.
 *
 * Returns `{ verdict: 'genuine', network, height, instant, proves }`, or `verdict` `'not_genuine'`
 * or `'cannot_tell'` with `reason`, a stable name, and `message`, a sentence.
 */
export function verify(bytes, expected) {
  try {
    return { verdict: 'genuine', ...prove(bytes, expected) };
  } catch (error) {
    const { reason, message } = error;
    if (error instanceof NotGenuine) return { verdict: 'not_genuine', reason, message };
    if (error instanceof CannotTell) return { verdict: 'cannot_tell', reason, message };
    throw error;
  }
}

function prove(bytes, expected) {
  const value = read(bytes);
  const receipt = decode(value);
  const { founding, header, certificate } = receipt;
  const network = digest(write(value.get('founding')));
  if (expected !== undefined && expected !== network) {
    const message = `it is of the network ${network}, not of the one you gave`;
    throw new NotGenuine('other_network', message);
  }
  if (certificate.payload !== checkHeader(header)) {
    throw new NotGenuine('other_header', 'the certificate is of another header');
  }
  if (['epoch', 'view', 'parent_view'].some((part) => certificate[part] !== header[part])) {
    throw new NotGenuine('other_round', 'the certificate is of another round than the header');
  }
  checkCertificate(certificate, founding, network);
  const what = receipt.journal
    ? checkJournal(receipt.journal, header, network)
    : checkLedger(receipt.ledger, header);
  const proves = `${what}, on the network ${founding.name}${marks(founding)}`;
  return { network, height: header.height, instant: header.instant, proves };
}

function decode(value) {
  const unknown = (reason, what, which) => {
    throw new CannotTell(reason, `${what} ${which} are not known here; use a later verifier`);
  };
  const v = form.version(value, 'receipt');
  if (v !== 1) unknown('unknown_receipt_version', 'receipts of form', v);
  const founding = value.get('founding');
  const foundingVersion = form.version(founding, 'receipt.founding');
  const scheme = text(founding.get('scheme'), 'receipt.founding.scheme');
  if (foundingVersion !== 1) {
    unknown('unknown_founding_version', 'foundings of form', foundingVersion);
  }
  if (scheme !== SCHEME) unknown('unknown_scheme', 'certificates of the scheme', scheme);
  const receipt = members(value, RECEIPT, 'receipt');
  const { journal, ledger } = receipt;
  const [absent, proof, record] = ledger
    ? [ledger.absence, ledger.proof, ledger.record].map((part) => part !== undefined)
    : [true, false, false];
  if ((journal === undefined) === (ledger === undefined) || absent === proof || proof !== record) {
    form.badForm('there must be either an outcome, a record or an absence');
  }
  return receipt;
}

function checkJournal(journal, header, network) {
  const said = journal.act === undefined ? undefined : checkAct(journal.act, network);
  const v = form.version(journal.outcome, 'outcome');
  if (v !== 1) {
    throw new CannotTell('unknown_outcome_version', `outcomes of form ${v} are not known here`);
  }
  const outcome = members(journal.outcome, OUTCOME, 'outcome');
  if (outcome.act !== said?.id) {
    throw new NotGenuine('outcome_of_other_act', 'the outcome is not that of the act');
  }
  const order = Math.sign(header.height - outcome.height);
  if (order < 0 || order !== Math.sign(header.instant - outcome.instant)) {
    const message = "the outcome is not from the header's block or one before it";
    throw new NotGenuine('outcome_of_other_block', message);
  }
  const leaf = digest(write(journal.outcome));
  if (!verifyJournal(journal.proof, header, journal.location, leaf)) {
    const message = 'the outcome is not in the journal of the header';
    throw new NotGenuine('bad_journal_proof', message);
  }
  return describe(outcome, said);
}

function describe(outcome, said) {
  if (said && outcome.due) form.badForm('an act is not what falls due');
  const place = `number ${outcome.index} of its block`;
  let what = outcome.due ? `what fell due as ${place}` : `an act of no known form, ${place}`;
  if (said) what = `the act ${said.id} ("${said.says}")`;
  const { code, refusal, sentence } = outcome;
  let why = '';
  if (code !== undefined && refusal !== undefined) {
    why = ` for ${code} ${refusal}${sentence === undefined ? '' : `: ${sentence}`}`;
  }
  const at = atBlock(outcome);
  if (outcome.result === 'executed') return `${what} was executed ${at}`;
  if (outcome.result === 'refused') return `${what} was refused ${at}${why}`;
  return code === undefined ? `${what} was done ${at}` : `${what} had no effect ${at}${why}`;
}

function checkLedger(ledger, header) {
  const key = digest(ledger.path);
  const at = atBlock(header);
  const fails = () => {
    const message = 'the ledger of the header does not say this of the path';
    throw new NotGenuine('bad_ledger_proof', message);
  };
  if (ledger.absence) {
    if (!verifyAbsence(ledger.absence, header, key)) fails();
    return `the ledger held nothing at ${ledger.path} ${at}`;
  }
  const value = digest(write(ledger.record));
  if (!verifyLedger(ledger.proof, header, key, value)) fails();
  return `the ledger held the record ${value} at ${ledger.path} ${at}`;
}

function atBlock({ height, instant: ms }) {
  return `at height ${height} (${new Date(ms).toISOString()})`;
}

// What a reader must know of a network that rests on less than several independent validators.
function marks({ validators, dealer }) {
  if (validators.length === 1) {
    return dealer ? ' (one validator alone, whose key a dealer made)' : ' (one validator alone)';
  }
  return dealer ? ' (whose key a dealer made)' : '';
}
