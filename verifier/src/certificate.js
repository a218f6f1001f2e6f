// The certificate that a block is final.

import { bls12_381 } from '@noble/curves/bls12-381.js';

import { concatBytes, hexToBytes, utf8ToBytes } from './bytes.js';
import { NotGenuine } from './verdict.js';

/** The one scheme: BLS12-381, keys in G2, signatures in G1. */
export const SCHEME = 'bls12381-threshold-minsig/1';

const DST = 'BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_';

/** Verifies that the network signed the certificate. */
export function checkCertificate(certificate, founding, network) {
  if (certificate.scheme !== founding.scheme) {
    throw new NotGenuine('other_scheme', 'the certificate is not of the scheme of the founding');
  }
  const proposal = concatBytes(
    varint(certificate.epoch),
    varint(certificate.view),
    varint(certificate.parent_view),
    hexToBytes(certificate.payload),
  );
  const namespace = utf8ToBytes(`pacta-${network}_FINALIZE`);
  const message = concatBytes(varint(namespace.length), namespace, proposal);
  if (!verifies(founding.network_key, message, certificate.signature)) {
    throw new NotGenuine('bad_certificate', 'the network did not sign this certificate');
  }
}

function verifies(key, message, signature) {
  try {
    // Both decoders refuse what is not on the curve; the rest is checked here.
    const keyPoint = bls12_381.G2.Point.fromHex(key);
    const signaturePoint = bls12_381.G1.Point.fromHex(signature);
    for (const point of [keyPoint, signaturePoint]) {
      point.assertValidity();
      if (point.is0() || !point.isTorsionFree()) return false;
    }
    const { shortSignatures } = bls12_381;
    return shortSignatures.verify(signaturePoint, shortSignatures.hash(message, DST), keyPoint);
  } catch {
    return false;
  }
}

/** Unsigned LEB128: seven bits a byte, the lowest first. */
export function varint(number) {
  const bytes = [];
  let rest = BigInt(number);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
