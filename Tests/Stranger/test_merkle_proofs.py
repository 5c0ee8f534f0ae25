"""The witness of the tests judges proofs as transparency-dev/merkle does; MerkleCaseTests.swift says what the cases are, and whence they are."""

import base64
import hashlib
import json
import pathlib

import pytest
from merkle_proofs import continues, includes

CASES = json.loads((pathlib.Path(__file__).resolve().parents[1] / "LedgerTests/transparency-dev-cases.json").read_text())
AS_THEY_STAND = [base64.b64decode(text, validate=True) for text in CASES["hashes"]]
# A hash in the place of what is none: a case of consistency is then judged by what it is about.
AS_HASHES = [text if len(text) == 32 else hashlib.sha256(text).digest() for text in AS_THEY_STAND]
# Two equal roots of 12 bytes: enough for them, not for us.
STRICTER = "consistency/additional/sizes-are-equal-one-and-proof-is-empty"


def test_inclusion():
    cases, table = CASES["inclusion"], AS_THEY_STAND
    assert (len(cases), sum(case["holds"] for case in cases)) == (200, 12)
    for case in cases:
        index, size = case["index"] - case["start"], case["end"] - case["start"]
        holds = includes(table[case["leaf"]], index, size, [table[part] for part in case["proof"]], table[case["root"]])
        assert holds == case["holds"], case["name"]


@pytest.mark.parametrize("table", [AS_THEY_STAND, AS_HASHES], ids=["as they stand", "as hashes"])
def test_consistency(table):
    cases = CASES["consistency"]
    assert (len(cases), sum(case["holds"] for case in cases)) == (98, 6)
    for case in cases:
        proof = [table[part] for part in case["proof"]]
        holds = continues(case["older"], table[case["older_root"]], case["newer"], table[case["newer_root"]], proof)
        assert holds == (case["holds"] and not (table is AS_THEY_STAND and case["name"] == STRICTER)), case["name"]
