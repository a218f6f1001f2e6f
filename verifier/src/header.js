// The header of a block: its bytes, and its members beside them.

import { bytesToHex, digest, hexToBytes, utf8ToBytes } from './bytes.js';
import { hex, instant, members, natural, text, upTo } from './form.js';
import { NotGenuine } from './verdict.js';

const DOMAIN = 'pacta/header/v1\0';
// In the order of the bytes: a length of 4 or 8 is a number, 32 a digest or key.
const LAYOUT = [
  ['epoch', 8],
  ['view', 8],
  ['leader', 32],
  ['parent_view', 8],
  ['parent_digest', 32],
  ['height', 8],
  ['instant', 8],
  ['acts_root', 32],
  ['ledger_root', 32],
  ['ledger_ops_root', 32],
  ['ledger_start', 8],
  ['ledger_end', 8],
  ['journal_root', 32],
  ['journal_ops_root', 32],
  ['journal_start', 8],
  ['journal_end', 8],
  ['law_version', 4],
];
const BYTES = LAYOUT.reduce((sum, [, length]) => sum + length, DOMAIN.length);

const kind = (name, length) => {
  if (name === 'instant') return instant;
  if (length === 32) return hex(32);
  return length === 4 ? upTo(0xffff_ffff) : natural;
};

/** The form of a header in a receipt. */
export function headerForm(value, name) {
  const kinds = LAYOUT.map(([member, length]) => [member, kind(member, length)]);
  return members(value, { bytes: text, ...Object.fromEntries(kinds) }, name);
}

/** Checks that members and bytes agree, and returns the digest. */
export function checkHeader(header) {
  const differs = () => {
    throw new NotGenuine('header_differs', 'the members of the header are not those of its bytes');
  };
  if (header.bytes.length !== BYTES * 2 || !/^[0-9a-f]*$/.test(header.bytes)) differs();
  const bytes = hexToBytes(header.bytes);
  const expected = LAYOUT.map(([name, length]) =>
    length === 32 ? header[name] : header[name].toString(16).padStart(length * 2, '0'),
  );
  const domain = bytesToHex(utf8ToBytes(DOMAIN));
  if (header.bytes !== domain + expected.join('')) differs();
  return digest(bytes);
}
