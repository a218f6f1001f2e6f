"""The verifier of this example against the vectors of the receipt format."""

import json
import pathlib
import unittest

import canonical
import verify

VECTORS = pathlib.Path(__file__).parents[2] / "crates/chain/tests/vectors"
OF_ACTS = ("executed-act.json", "refused-act.json")


class Receipts(unittest.TestCase):
    def setUp(self):
        self.vectors = json.loads((VECTORS / "verdicts.json").read_text())
        self.network = self.vectors["network"]

    def test_genuine_receipts_of_acts_prove_what_they_say(self):
        for genuine in self.vectors["genuine"]:
            if genuine["file"] in OF_ACTS:
                data = (VECTORS / genuine["file"]).read_bytes()
                self.assertEqual(verify.verify(data, self.network), genuine["proves"])

    def test_no_tampered_receipt_proves_anything(self):
        tampered = [one for one in self.vectors["tampered"] if one["of"] in OF_ACTS]
        self.assertGreater(len(tampered), 100)
        for one in tampered:
            text = (VECTORS / one["of"]).read_text()
            self.assertEqual(text.count(one["find"]), 1)
            data = text.replace(one["find"], one["replace"]).encode()
            with self.subTest(reason=one["reason"]), self.assertRaises(verify.NotGenuine):
                verify.verify(data, self.network)

    def test_a_genuine_receipt_of_another_network_proves_nothing_here(self):
        with self.assertRaises(verify.NotGenuine):
            verify.verify((VECTORS / OF_ACTS[0]).read_bytes(), "0" * 64)

    def test_what_is_not_canonical_is_refused(self):
        bad = ['{"b":1,"a":2}', '{"a": 1}', "1.0", "-0", "null", '"\\u0041"', '{"a":1,"a":1}', "01"]
        bad += ['"e\u0301"', '"\u202e"', "9007199254740992", "[" * 25 + "]" * 25, "", "1 "]
        for text in bad:
            with self.subTest(text=text), self.assertRaises(canonical.NotCanonical):
                canonical.read(text.encode())
        good = '{"a":[true,-1,"\\"é"]}'.encode()
        self.assertEqual(canonical.write(canonical.read(good)), good)


if __name__ == "__main__":
    unittest.main()
