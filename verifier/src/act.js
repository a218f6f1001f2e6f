// The signed act in a receipt.

import { write } from './canonical.js';
import { digest, hexToBytes, utf8ToBytes } from './bytes.js';
import { verifies } from './ed25519.js';
import { anything, hex, members, natural, object, optional, text, version } from './form.js';
import { CannotTell, NotGenuine } from './verdict.js';

const SIGNED = { act: anything, algorithm: text, public: hex(32), signature: hex(64) };
const ACT = {
  actor: hex(16),
  data: object,
  expires: natural,
  key: hex(32),
  kind: text,
  mandate: optional(hex(16)),
  network: hex(32),
  says: text,
  sequence: natural,
  v: natural,
};
const DOMAIN = 'pacta/act/v1\n';

/** Verifies a signed act, and returns its id and what it says. */
export function checkAct(value, network) {
  const signed = members(value, SIGNED, 'act');
  if (signed.algorithm !== 'ed25519') {
    const message = `signatures of the algorithm ${signed.algorithm} are not known here`;
    throw new CannotTell('unknown_algorithm', message);
  }
  const v = version(signed.act, 'act.act');
  if (v !== 1) throw new CannotTell('unknown_act_version', `acts of form ${v} are not known here`);
  const act = members(signed.act, ACT, 'act.act');
  if (act.network !== network) {
    throw new NotGenuine('act_of_other_network', 'the act was signed for another network');
  }
  if (act.key !== digest('pacta/key/v1', Uint8Array.of(0, 1), hexToBytes(signed.public))) {
    const message = 'the act names another key than the one it was signed with';
    throw new NotGenuine('act_of_other_key', message);
  }
  const message = DOMAIN + write(signed.act);
  if (!verifies(signed.public, utf8ToBytes(message), signed.signature)) {
    throw new NotGenuine('bad_act_signature', 'the signature does not fit the act');
  }
  return { id: digest(message), says: act.says };
}
