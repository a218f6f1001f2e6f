// An admission: a validator's signed word that it took an act.

import { concatBytes, utf8ToBytes } from './bytes.js';
import { write } from './canonical.js';
import { verifies } from './ed25519.js';
import { hex, instant, members, natural, oneOf, version } from './form.js';
import { foundingForm, knowFounding } from './founding.js';
import { CannotTell, NotGenuine } from './verdict.js';

/** What every admission says it is. */
export const FORMAT = 'pacta-admission';

const DOMAIN = 'pacta/admission/v1\n';
const ADMISSION = {
  act: hex(32),
  format: oneOf([FORMAT]),
  founding: foundingForm,
  height: natural,
  instant,
  node: hex(32),
  signature: hex(64),
  v: natural,
};

/** Reads an admission. */
export function decode(value) {
  const v = version(value, 'admission');
  if (v !== 1) {
    const message = `admissions of form ${v} are not known here; use a later verifier`;
    throw new CannotTell('unknown_admission_version', message);
  }
  knowFounding(value.get('founding'), 'admission.founding');
  return members(value, ADMISSION, 'admission');
}

/** Verifies that a validator of the founding signed it. */
export function prove({ act, founding, height, instant: ms, node, signature }, network) {
  const signed = new Map(Object.entries({ act, height, instant: ms, network, node }));
  const message = concatBytes(utf8ToBytes(DOMAIN), utf8ToBytes(write(signed)));
  if (!verifies(node, message, signature)) {
    throw new NotGenuine('bad_admission', 'the node did not sign this');
  }
  const validator = founding.validators.find(({ key }) => key === node);
  if (!validator) {
    const message = `${node} signed this but is no validator of the founding`;
    throw new CannotTell('unknown_node', message);
  }
  const at = `at height ${height} (${new Date(ms).toISOString()})`;
  const who = `the validator ${node} of the actor ${validator.actor}`;
  const proves = `${who} had taken the act ${act} ${at}, on the network ${founding.name}`;
  return { height, instant: ms, proves };
}
