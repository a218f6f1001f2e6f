#!/usr/bin/env python3
"""A whole client of a pacta node without any code of pacta: it makes a key, composes an act, checks
and signs it, hands it in, waits until it is final, and verifies the receipt."""

import argparse
import json
import os
import sys
import urllib.error
import urllib.request

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

import canonical
import verify

WAIT_SECONDS = 20
TIMEOUT_SECONDS = 60


class Refused(Exception):
    """The node answers with a problem (RFC 9457)."""


def call(node, path, body=None):
    """Status and bytes of what a node answers."""
    request = urllib.request.Request(node.rstrip("/") + path, data=body)
    if body is not None:
        request.add_header("content-type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        raise Refused(f"{problem['detail']} ({problem['type']})") from None


def make_key(file):
    """Makes a key that only its owner can read. In earnest, let hardware hold it."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(pem)
    return key


def read_key(file):
    with open(file, "rb") as pem:
        return load_pem_private_key(pem.read(), password=None)


def prove(key, network, actor):
    """What an actor needs to register the key: the public half, and the proof that we hold it."""
    message = f"pacta/possession/v1\n{network}\n{actor}\nsign-act".encode()
    public = key.public_key().public_bytes_raw()
    key_id, possession = verify.key_id(public), key.sign(message).hex()
    return {"key": key_id, "public": public.hex(), "possession": possession}


def compose(node, network, key, draft):
    """The act as the node completes it, once it is found to be what was asked for."""
    draft["key"] = verify.key_id(key.public_key().public_bytes_raw())
    _, answer = call(node, "/api/v1/acts/compose", canonical.write(draft))
    composed = json.loads(answer)
    act = composed["act"]
    asked = {**draft, "network": network, "v": 1}
    known = {name: act.get(name) for name in asked}
    added = set(act) - set(asked)
    if known != asked or added != {"expires", "says", "sequence"}:
        raise Refused("the node composed another act than the one that was asked for")
    return composed


def sign(key, act):
    """The signed act in the bytes that are handed in."""
    message = b"pacta/act/v1\n" + canonical.write(act)
    public = key.public_key().public_bytes_raw().hex()
    signature = key.sign(message).hex()
    return canonical.write(
        {"act": act, "algorithm": "ed25519", "public": public, "signature": signature}
    )


def submit(node, signed):
    """Hands an act in and waits until it is final. Handing in again changes nothing."""
    status, answer = call(node, f"/api/v1/acts?wait={WAIT_SECONDS}", signed)
    standing = json.loads(answer)
    while status == 202:
        status, answer = call(node, f"{standing['status_url']}?wait={WAIT_SECONDS}")
        standing = json.loads(answer)
    if standing["status"] != "final":
        raise Refused("the act expired before a block held it; sign it again")
    return standing


def act(arguments):
    """The whole way of one act."""
    key = read_key(arguments.key)
    draft = {"actor": arguments.actor, "data": json.loads(arguments.data), "kind": arguments.kind}
    if arguments.mandate:
        draft["mandate"] = arguments.mandate
    composed = compose(arguments.node, arguments.network, key, draft)
    print(f"You sign:\n\n  {composed['act']['says']}\n", file=sys.stderr)
    if composed["would_be"] != "executed":
        raise Refused(f"the ledger would refuse it: {composed['sentence']}")
    if not arguments.yes and input("Sign this? [y/N] ") != "y":
        raise Refused("nothing was signed")
    standing = submit(arguments.node, sign(key, composed["act"]))
    if standing["id"] != composed["id"]:
        raise Refused("the node tells of another act")
    _, receipt = call(arguments.node, standing["receipt_url"])
    proves = verify.verify(receipt, arguments.network)
    with open(arguments.receipt, "wb") as out:
        out.write(receipt)
    return {"act": standing["id"], "height": standing["height"], "proves": proves}


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("key", help="make a key")
    proof = commands.add_parser("prove", help="prove to the actor that registers it that you hold it")
    doing = commands.add_parser("act", help="do an act")
    checking = commands.add_parser("verify", help="verify the receipt of an act, offline")
    for command in (new, proof, doing):
        command.add_argument("key", help="key file (PEM)")
    for command in (proof, doing, checking):
        command.add_argument("--network", required=True, help="id of the network that you mean")
    for command in (proof, doing):
        command.add_argument("--actor", required=True, help="id of the actor")
    doing.add_argument("--node", required=True, help="address of a node")
    doing.add_argument("--mandate", help="id of the mandate by which the key acts")
    doing.add_argument("--receipt", required=True, help="file for the receipt")
    doing.add_argument("--yes", action="store_true", help="do not ask before signing")
    doing.add_argument("kind", help="kind of the act, such as sign")
    doing.add_argument("data", help="members of the kind, as JSON")
    checking.add_argument("receipt", help="file of the receipt")
    return parser.parse_args()


def main():
    arguments = parse()
    try:
        if arguments.command == "key":
            key = make_key(arguments.key).public_key().public_bytes_raw()
            told = {"key": verify.key_id(key), "public": key.hex()}
        elif arguments.command == "prove":
            told = prove(read_key(arguments.key), arguments.network, arguments.actor)
        elif arguments.command == "act":
            told = act(arguments)
        else:
            with open(arguments.receipt, "rb") as file:
                told = {"proves": verify.verify(file.read(), arguments.network)}
    except (OSError, Refused, verify.NotGenuine) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    print(json.dumps(told, ensure_ascii=False))


if __name__ == "__main__":
    main()
