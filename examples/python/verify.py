"""Verifies the receipt of an act offline, by docs/receipt-format.md and nothing else."""

import functools
import re
from datetime import datetime, timedelta, timezone
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from py_ecc.bls.g2_primitives import is_inf, subgroup_check
from py_ecc.bls.hash_to_curve import hash_to_G1
from py_ecc.bls.point_compression import decompress_G1, decompress_G2
from py_ecc.optimized_bls12_381 import G2, pairing

import canonical

SCHEME = "bls12381-threshold-minsig/1"
DST = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_"
HEADER = b"pacta/header/v1\0"
# The members of a header in the order of its bytes, with how many each has: 32 are a digest.
LAYOUT = {
    "epoch": 8, "view": 8, "leader": 32, "parent_view": 8, "parent_digest": 32, "height": 8,
    "instant": 8, "acts_root": 32, "ledger_root": 32, "ledger_ops_root": 32, "ledger_start": 8,
    "ledger_end": 8, "journal_root": 32, "journal_ops_root": 32, "journal_start": 8,
    "journal_end": 8, "law_version": 4,
}  # fmt: skip


class NotGenuine(Exception):
    """The receipt proves nothing, or is of a form that this program does not know."""


def verify(data, network):
    """What the receipt of an act proves, in words. `network` is the id of the network that is
    meant, which the reader knows from elsewhere."""
    try:
        receipt = canonical.read(data)
    except canonical.NotCanonical as error:
        raise NotGenuine(f"it is not canonical: {error}") from error
    check(isinstance(receipt, dict) and receipt.get("v") == 1, "its version is not known")
    form = {"certificate": dict, "format": str, "founding": dict, "header": dict, "journal": dict}
    members(receipt, {**form, "v": 1}, "the receipt of an act")
    check(receipt["format"] == "pacta-receipt", "it is no receipt")
    founding = receipt["founding"]
    second = founding.get("v") == 2
    check(second or founding.get("v") == 1, "the founding's version is not known")
    form = {"ledger": 32, "name": str, "network_key": 96, "scheme": SCHEME, "v": 2 if second else 1}
    form |= {"validators": list} | ({"epoch_blocks": int} if second else {})
    optional = {"dealer": True} | ({"ceremony": str} if second else {})
    members(founding, form, "the founding", optional)
    for validator in founding["validators"]:
        form = {"actor": 16, "key": 32} | ({"address": str} if second else {})
        members(validator, form, "a validator")
    identity = sha256(canonical.write(founding)).hexdigest()
    check(identity == network, f"it is of another network, {identity}")
    header = receipt["header"]
    check_header(header)
    check_certificate(receipt["certificate"], header, founding, network)
    said = check_journal(receipt["journal"], header, network)
    dealer = " (whose key a dealer made)" if founding.get("dealer") else ""
    return f"{said}, on the network {founding['name']}{dealer}"


def check_header(header):
    """The readable members say what the bytes say."""
    form = {name: 32 if size == 32 else int for name, size in LAYOUT.items()}
    members(header, {**form, "bytes": str}, "the header")
    parts = [HEADER]
    for name, size in LAYOUT.items():
        value = header[name]
        check(size == 32 or value < 1 << (8 * size), f"the header's {name} is too large")
        parts.append(bytes.fromhex(value) if size == 32 else value.to_bytes(size, "big"))
    check(header["bytes"] == b"".join(parts).hex(), "the header's members and bytes differ")


def check_certificate(certificate, header, founding, network):
    """The network's key signed that this header is final."""
    rounds = ["epoch", "view", "parent_view"]
    form = {"payload": 32, "scheme": SCHEME, "signature": 48, **dict.fromkeys(rounds, int)}
    members(certificate, form, "the certificate")
    digest = sha256(bytes.fromhex(header["bytes"])).hexdigest()
    check(certificate["payload"] == digest, "the certificate is of another header")
    for name in rounds:
        check(certificate[name] == header[name], "the certificate is of another round")
    namespace = f"pacta-{network}_FINALIZE".encode()
    proposal = b"".join(varint(header[name]) for name in rounds) + bytes.fromhex(digest)
    message = varint(len(namespace)) + namespace + proposal
    good = is_signed(founding["network_key"], message, certificate["signature"])
    check(good, "the network did not sign the certificate")


@functools.lru_cache
def is_signed(key, message, signature):
    """e(H(message), key) = e(signature, generator of G2), on BLS12-381 (RFC 9380 for H)."""
    try:
        key_point = decompress_G2((int(key[:96], 16), int(key[96:], 16)))
        signature_point = decompress_G1(int(signature, 16))
    except ValueError:
        return False
    for point in (key_point, signature_point):
        if is_inf(point) or not subgroup_check(point):
            return False
    return pairing(key_point, hash_to_G1(message, DST, sha256)) == pairing(G2, signature_point)


def check_journal(journal, header, network):
    """The journal under the header holds the outcome, and the outcome is that of the act."""
    form = {"act": dict, "location": int, "outcome": dict, "proof": dict}
    members(journal, form, "the journal")
    act, identity = check_act(journal["act"], network)
    outcome = journal["outcome"]
    check(outcome.get("v") == 1, "the outcome's version is not known")
    form = {"act": identity, "height": int, "index": int, "instant": int, "result": str, "v": 1}
    optional = {"code": int, "events": list, "refusal": str, "sentence": str}
    members(outcome, form, "the outcome", optional)
    check(outcome["result"] in ("executed", "refused"), "an act is executed or refused")
    earlier = outcome["height"] < header["height"]
    same = outcome["height"] == header["height"]
    check(earlier or same, "the outcome is of a later block")
    fits = outcome["instant"] < header["instant"] if earlier else outcome["instant"] == header["instant"]
    check(fits, "the outcome is of another block")
    leaf = sha256(canonical.write(outcome)).digest()
    root = tree_root(journal["proof"], journal["location"], header, b"\x01" + leaf + bytes(9))
    check(root.hex() == header["journal_root"], "the journal does not hold the outcome")
    instant = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=outcome["instant"])
    when = f"at height {outcome['height']} ({instant.isoformat(timespec='milliseconds')[:-6]}Z)"
    why = ""
    if "code" in outcome and "refusal" in outcome:
        why = f" for {outcome['code']} {outcome['refusal']}"
        why += f": {outcome['sentence']}" if "sentence" in outcome else ""
    why = why if outcome["result"] == "refused" else ""
    return f'the act {identity} ("{act["says"]}") was {outcome["result"]} {when}{why}'


def check_act(signed, network):
    """The signed act and its id. The signature is checked by RFC 8032, which is stricter than the
    rules of ZIP 215: it may doubt an act that was signed in an odd way, never believe a false one."""
    form = {"act": dict, "algorithm": "ed25519", "public": 32, "signature": 64}
    members(signed, form, "the signed act")
    act, public = signed["act"], bytes.fromhex(signed["public"])
    form = {"actor": 16, "data": dict, "expires": int, "key": 32, "kind": str, "network": network}
    form |= {"says": str, "sequence": int, "v": 1}
    members(act, form, "the act", {"mandate": 16})
    check(act["key"] == key_id(public), "the act names another key")
    message = b"pacta/act/v1\n" + canonical.write(act)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(signed["signature"]), message)
    except (InvalidSignature, ValueError):
        raise NotGenuine("the act's signature does not fit") from None
    return act, sha256(message).hexdigest()


def key_id(public):
    """The id of an Ed25519 key."""
    return sha256(b"pacta/key/v1" + b"\x00\x01" + public).hexdigest()


def tree_root(proof, location, header, operation):
    """The root that an operation of the journal leads to, over `journal_end` operations of which
    those before `journal_start` are inactive."""
    members(proof, {"after": list, "before": list, "path": list}, "the proof")
    for digest in proof["after"] + proof["before"] + proof["path"]:
        check(is_hex(digest, 32), "a proof holds digests")
    after, before, path = ([bytes.fromhex(one) for one in proof[name]] for name in proof)
    count, start = header["journal_end"], header["journal_start"]
    check(location < count, "the journal is not that long")
    heights = [height for height in reversed(range(53)) if count >> height & 1]
    ends = [sum(1 << height for height in heights[: place + 1]) for place in range(len(heights))]
    own = next(place for place, end in enumerate(ends) if location < end)
    inactive = sum(end <= start for end in ends)
    if own >= inactive:
        lengths = (own - inactive + (inactive > 0), int(own + 1 < len(ends)))
        from_left = int(inactive > 0)
    else:
        lengths = (int(own > 0), inactive - 1 - own + (inactive < len(ends)))
        from_left = inactive - own + (own > 0)
    shape = (len(before), len(after), len(path))
    check(shape == (*lengths, heights[own]), "a proof has another shape")
    digest = hashed(position(location, 0), operation)
    for height, sibling in enumerate(path, 1):
        pair = (sibling, digest) if location >> (height - 1) & 1 else (digest, sibling)
        digest = hashed(position(location, height), *pair)
    row = [*before, digest, *after]
    if from_left:
        row = [functools.reduce(hashed, row[:from_left]), *row[from_left:]]
    folded = functools.reduce(lambda right, left: hashed(left, right), reversed(row))
    mark = [inactive.to_bytes(8, "big")] if inactive else []
    return hashed(b"\x00\x01", count.to_bytes(8, "big"), *mark, folded)


def position(location, height):
    """The position of the node of a height above a location."""
    first = location >> height << height
    return (2 * first - first.bit_count() + (2 << height) - 2).to_bytes(8, "big")


def hashed(*parts):
    return sha256(b"".join(parts)).digest()


def varint(number):
    """Unsigned LEB128."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])


def members(value, form, what, optional=()):
    """Exactly these members. A form is a type, a number of bytes in hex, or the one value."""
    check(isinstance(value, dict), f"{what} is no object")
    optional = dict(optional)
    check(set(form) <= set(value) <= set(form) | set(optional), f"{what} has other members")
    for name, found in value.items():
        expected = form.get(name, optional.get(name))
        if expected is int:
            fits = type(found) is int and found >= 0
        elif isinstance(expected, type):
            fits = isinstance(found, expected)
        elif type(expected) is int and name != "v":
            fits = is_hex(found, expected)
        else:
            fits = type(found) is type(expected) and found == expected
        check(fits, f"{what}: {name} is not what it must be")


def is_hex(value, size):
    return isinstance(value, str) and re.fullmatch(f"[0-9a-f]{{{2 * size}}}", value) is not None


def check(condition, problem):
    if not condition:
        raise NotGenuine(problem)
