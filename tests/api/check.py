"""Starts a network, lets both example clients do an act on it, follows the live feed, and then lets
Schemathesis ask every address of the OpenAPI document what it can think of."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import openapi_spec_validator

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACTA = os.environ.get("PACTA", str(ROOT / "target/release/pacta"))
PYTHON = [sys.executable, str(ROOT / "examples/python/client.py")]
NODE = ["node", str(ROOT / "examples/javascript/client.js")]
START_SECONDS = 60
FEED_SECONDS = 20
EXAMPLES_MAX = os.environ.get("EXAMPLES", "25")
FUZZING_SECONDS = os.environ.get("FUZZING_SECONDS", "90")


def run(*command, **more):
    """The one JSON object that a command prints."""
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=60, check=True, **more)
    return json.loads(done.stdout)


def ask(url, body=None, **headers):
    """Status, headers and bytes of an answer, whatever it is."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def start(folder):
    """A network of four States; its description once all nodes answer."""
    told = folder / "told.json"
    command = [PACTA, "--json", "devnet", "--states", "4", "--dir", str(folder / "net")]
    with told.open("wb") as out, (folder / "log").open("wb") as log:
        devnet = subprocess.Popen(command, stdout=out, stderr=log)
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and devnet.poll() is None:
        try:
            network = json.loads(told.read_text())
        except ValueError:
            time.sleep(0.2)
            continue
        for node in network["nodes"]:
            node["url"] = f"http://{node['http']}"  # its name under .localhost is for browsers
        return devnet, network
    devnet.kill()
    raise SystemExit(f"the network does not start: {(folder / 'log').read_text()}")


def register(network, node, key):
    """What an official of a State does: registers the key of a treaty officer. Its mandate."""
    minister = pathlib.Path(node["directory"]) / "keys/foreign-minister.json"
    more = {"PACTA_NODE": node["url"], "PACTA_KEY": str(minister), "PACTA_PASSPHRASE": "devnet"}
    quiet = {"env": {**os.environ, **more}, "stderr": subprocess.DEVNULL}
    proof = ["--public", key["public"], "--possession", key["possession"]]
    run(PACTA, "--json", "actor", "register-key", "--yes", *proof, **quiet)
    granted = run(PACTA, "--json", "actor", "grant-office", "--yes", key["key"], "treaty-officer", **quiet)
    return granted["act"][:32]


def do_act(client, name, network, node, folder):
    """An example client drafts a treaty, from its key to the verified receipt."""
    pem, receipt = str(folder / f"{name}.pem"), str(folder / f"{name}-receipt.json")
    whose = ["--network", network["network"], "--actor", node["actor"]]
    run(*client, "key", pem)
    mandate = register(network, node, run(*client, "prove", pem, *whose))
    data = json.loads((ROOT / "examples/draft.json").read_text())
    data["treaty"] = f"{name}-example"
    data["negotiating"] = sorted(other["actor"] for other in network["nodes"])
    where = ["--node", node["url"], "--mandate", mandate, "--receipt", receipt, "--yes"]
    done = run(*client, "act", pem, *whose, *where, "draft_treaty", json.dumps(data))
    print(f"{name}: {done['proves']}")
    return {**done, "treaty": data["treaty"], "receipt": receipt}


def cross_check(network, acts):
    """Each client, and ours, believes the receipt of the other; nobody believes a changed one."""
    for done in acts:
        for client in (PYTHON, NODE):
            told = run(*client, "verify", done["receipt"], "--network", network["network"])
            assert told["proves"] == done["proves"], told
        subprocess.run([PACTA, "verify", done["receipt"]], check=True, stdout=subprocess.DEVNULL)
        changed = pathlib.Path(done["receipt"]).with_suffix(".changed")
        text = pathlib.Path(done["receipt"]).read_text()
        changed.write_text(text.replace("Treaty on the Exchange", "Treaty on the exchange"))
        assert changed.read_text() != text
        for client in (PYTHON, NODE):
            command = [*client, "verify", str(changed), "--network", network["network"]]
            refused = subprocess.run(command, capture_output=True, timeout=60)
            assert refused.returncode == 1 and b"signature does not fit" in refused.stderr, refused


def hand_in_again(network, done):
    """The same act at another node is no fault, and the answer is what became of it."""
    signed = json.loads(pathlib.Path(done["receipt"]).read_text())["journal"]["act"]
    body = json.dumps(signed, separators=(",", ":"), ensure_ascii=False).encode()
    for node in network["nodes"]:
        url = f"{node['url']}/api/v1/acts?wait=20"
        status, _, answer = ask(url, body, content_type="application/json", idempotency_key="any")
        standing = json.loads(answer)
        assert (status, standing["status"], standing["id"]) == (200, "final", done["act"]), answer
        assert standing["height"] == done["height"], "it is final once"


def feed(url, last, count):
    """The ids of the next entries of the live feed after one."""
    request = urllib.request.Request(f"{url}/api/v1/events", headers={"Last-Event-ID": last})
    found, until = [], time.monotonic() + FEED_SECONDS
    with urllib.request.urlopen(request, timeout=FEED_SECONDS) as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        for line in stream:
            if line.startswith(b"id: "):
                found.append(line[4:].decode().strip())
            if len(found) == count:
                return found
            assert time.monotonic() < until, found
    raise AssertionError(f"the feed ended after {found}")


def follow(network):
    """The feed of any node, resumed anywhere, tells what the journal holds, once and in order."""
    first, *others = [node["url"] for node in network["nodes"]]
    listed = json.loads(ask(f"{first}/api/v1/journal?limit=200")[2])["entries"]
    places = [entry["position"] for entry in listed]
    assert len(places) == len(set(places)) >= 6
    for place, url in enumerate(others):
        assert feed(url, places[place], len(places) - place - 1) == places[place + 1 :]
    for path, headers, expected in [
        ("/api/v1/events?after=x", {}, 400),
        ("/api/v1/events", {"Last-Event-ID": "1"}, 400),
        ("/api/v1/events", {"accept": "application/json"}, 406),
    ]:
        status, told, _ = ask(first + path, **headers)
        assert (status, told["content-type"]) == (expected, "application/problem+json"), path
    print(f"live feed: {len(places)} entries, resumed exactly at {len(others)} nodes")


def known(document, act):
    """The document with examples that exist on this network, so that answers of 200 are met."""
    parameters = document["components"]["parameters"]
    parameters["ActId"]["example"] = act["act"]
    parameters["Path"]["example"] = f"treaty/{act['treaty']}"
    values = {"slug": act["treaty"], "height": act["height"]}
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                if parameter.get("name") in values:
                    parameter["example"] = values[parameter["name"]]
    load = document["paths"]["/api/v1/records/load"]["post"]["requestBody"]
    load["content"]["application/json"]["example"] = {"paths": [f"treaty/{act['treaty']}", "none"]}
    signed = json.loads(pathlib.Path(act["receipt"]).read_text())["journal"]["act"]
    draft = {k: signed["act"][k] for k in ["actor", "data", "expires", "key", "kind", "mandate"]}
    for path, example in [("/api/v1/acts", signed), ("/api/v1/acts/compose", draft)]:
        body = document["paths"][path]["post"]["requestBody"]
        body["content"]["application/json"]["example"] = example
    return document


def schemathesis(url, act, folder):
    """All checks of Schemathesis on all operations but the feed, which has no end."""
    served = json.loads(ask(f"{url}/api/v1/openapi.json")[2])
    openapi_spec_validator.validate(served)
    document = folder / "openapi.json"
    document.write_text(json.dumps(known(served, act)))
    command = [str(pathlib.Path(sys.executable).parent / "st")]
    command += ["--config-file", str(pathlib.Path(__file__).with_name("schemathesis.toml"))]
    command += ["run", str(document), "--url", url, "--checks", "all", "--mode", "all"]
    command += ["--max-examples", EXAMPLES_MAX, "--seed", "1", "--max-time", FUZZING_SECONDS]
    command += ["--exclude-path", "/api/v1/events", "--continue-on-failure", "--workers", "1"]
    environment = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


def main():
    with tempfile.TemporaryDirectory(prefix="pacta-api-") as name:
        folder = pathlib.Path(name)
        devnet, network = start(folder)
        try:
            one, two, *_ = network["nodes"]
            acts = [do_act(PYTHON, "python", network, one, folder)]
            acts += [do_act(NODE, "javascript", network, two, folder)]
            cross_check(network, acts)
            hand_in_again(network, acts[0])
            follow(network)
            failed = schemathesis(one["url"], acts[0], folder)
            status, _, health = ask(f"{one['url']}/api/v1/health")
            assert status == 200, health
        finally:
            devnet.send_signal(signal.SIGINT)
            try:
                devnet.wait(timeout=30)
            except subprocess.TimeoutExpired:
                devnet.kill()
    sys.exit(failed)


if __name__ == "__main__":
    main()
