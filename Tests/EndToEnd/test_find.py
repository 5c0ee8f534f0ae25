"""Somebody is found by an e-mail address or an id that one knows: through the custodian, which does not let it out of its host."""

import json
import subprocess
import time

import pytest
import requests
from installation import BINARIES

ADDRESS, ACCOUNT, OTHER = "Quillon.Ashgrove@fenwright.example", "acct-quillon", "acct-somebody-else"
FORGED = "mallory@intruder.example"


def find(sealane, *identifiers: str, arguments=(), code: int = 0) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [BINARIES / "sealane-custodian", "find", "--data", sealane.custodian_data, "--server", sealane.api, *arguments], input="\n".join(identifiers) + "\n",
        capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr
    return done


def found(sealane, *identifiers: str, arguments=()) -> set:
    return {(one["subject"], one["match"]) for one in json.loads(find(sealane, *identifiers, arguments=(*arguments, "--json")).stdout)["subjects"]}


@pytest.fixture(scope="module")
def filled(sealane):
    start = int(time.time()) - 600
    records = [{"event": "API call", "properties": {"time": start + n, "distinct_id": who, "$insert_id": f"f-{n}"}} for n, who in enumerate([ACCOUNT, OTHER])]
    assert sealane.send_import(records).status_code == 200
    update = {"$token": sealane.token, "$distinct_id": ACCOUNT, "$set": {"$email": ADDRESS.lower(), "phones": ["+49 151 23456789", "+49 151 98765432"]}}
    assert requests.post(sealane.intake + "/engage", json=[update], auth=sealane.account, timeout=30).text == "1"
    forged = {"$token": sealane.token, "$distinct_id": OTHER, "$set": {"$email": FORGED}}
    assert requests.post(sealane.intake + "/engage", json=[forged], timeout=30).text == "1"
    subjects = {line["properties"]["distinct_id"] for line in sealane.export(event='["API call"]')}
    (quillon, _), = found(sealane, ACCOUNT)
    assert quillon in subjects
    return sealane, quillon, (subjects - {quillon}).pop()


def test_by_address_and_by_id(filled):
    sealane, quillon, other = filled
    assert found(sealane, ADDRESS) == {(quillon, "verified")}
    assert found(sealane, ADDRESS.lower(), ACCOUNT, "nobody@fenwright.example") == {(quillon, "verified"), (quillon, "id")}
    # What the public token wrote is marked as that.
    assert found(sealane, FORGED) == {(other, "unverified")}
    assert found(sealane, "nobody@fenwright.example") == set()
    assert found(sealane, ADDRESS, arguments=("--field", "$phone")) == set()
    assert "by its verified profile" in find(sealane, ADDRESS).stdout and "Nobody was found" in find(sealane, "nobody").stdout


def test_it_stands_in_the_ledger_and_the_identifier_nowhere(filled):
    sealane, quillon, _ = filled
    answer = json.loads(find(sealane, ADDRESS, arguments=("--json",)).stdout)
    entries = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", "1000"))["entries"]
    (entry,) = [entry for entry in entries if entry["index"] == answer["entry"]]
    assert entry["kind"] == "disclosure.subject_search" and entry["detail"]["purpose"] == "custodian.find"
    assert entry["detail"]["principal"]["kind"] == "custodian"
    for path in sealane.root.rglob("*"):
        if path.is_file() and not path.is_socket() and "custodian" not in path.name:
            assert ADDRESS.lower().encode() not in path.read_bytes().lower(), path


def test_wrong_questions(filled):
    sealane, _, _ = filled
    assert find(sealane, code=64).stderr.strip()
    assert find(sealane, *[f"a{n}" for n in range(101)], code=64).stderr.strip()
    assert ADDRESS not in find(sealane, ADDRESS, arguments=("--project-id", "9"), code=1).stderr
    token = (sealane.custodian_data / "server.token").read_text().strip()
    for body in ({}, {"project": 1}, {"project": 1, "ids": ["x"], "tags": []}, {"project": 1, "ids": [], "tags": [{"field": "$email"}]}, {"project": 1, "ids": ["0" * 32] * 2001, "tags": []}):
        answer = requests.post(sealane.api + "/custodian/v1/subjects", json=body, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        assert answer.status_code == 400, body
    assert requests.post(sealane.api + "/custodian/v1/subjects", json={"project": 1, "ids": [], "tags": []}, auth=sealane.account, timeout=30).status_code == 401


def test_who_was_erased_is_not_found(filled):
    sealane, quillon, _ = filled
    sealane.command("subject", "erase", quillon, "--data", sealane.data)
    assert found(sealane, ADDRESS, ACCOUNT) == set()
