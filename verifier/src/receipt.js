// A receipt: a final header, and the proof that the journal or the ledger under it holds something.

import { checkAct } from './act.js';
import { digest } from './bytes.js';
import { write } from './canonical.js';
import { checkCertificate } from './certificate.js';
import * as form from './form.js';
import { foundingForm, knowFounding } from './founding.js';
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
  founding: foundingForm,
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

/** Reads a receipt. */
export function decode(value) {
  const v = form.version(value, 'receipt');
  if (v !== 1) {
    const message = `receipts of form ${v} are not known here; use a later verifier`;
    throw new CannotTell('unknown_receipt_version', message);
  }
  knowFounding(value.get('founding'), 'receipt.founding');
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

/** Verifies every part of a receipt of this network, and returns what it proves. */
export function prove({ certificate, founding, header, journal, ledger }, network) {
  if (certificate.payload !== checkHeader(header)) {
    throw new NotGenuine('other_header', 'the certificate is of another header');
  }
  if (!isOfRound(certificate, header)) {
    throw new NotGenuine('other_round', 'the certificate is of another round than the header');
  }
  checkCertificate(certificate, founding, network);
  const what = journal ? checkJournal(journal, header, network) : checkLedger(ledger, header);
  const proves = `${what}, on the network ${founding.name}${marks(founding)}`;
  return { height: header.height, instant: header.instant, proves };
}

/** Whether the block became final in the view of its proposal, or in a later one of its epoch. */
function isOfRound({ epoch, view, parent_view: parent }, header) {
  const first = view === header.view && parent === header.parent_view;
  const again = view > parent && parent >= header.view;
  return epoch === header.epoch && (first || again);
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
