"""One subject of a hundred thousand is erased: gone from every answer and file, its keys destroyed and that signed, and no backup brings it back."""

import json
import shutil
import subprocess
import sys
import time

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from installation import BINARIES, ROOT, Installation

sys.path[:0] = [str(ROOT / "Tests" / "Stranger")]
from sealane_formats import Refused, epoch_of, open_value, pseudonym, record_keys_of  # noqa: E402
from store_files import identities  # noqa: E402

PEOPLE, BATCH = 100_000, 2_000
GONE, STAYS = "person-who-is-erased", "person-00000"
WORD = "vermilion-and-gone"


def subject(sealane, name: str) -> str:
    return "s_" + pseudonym(1, (sealane.keys / "pseudonym.key").read_bytes(), 1, [name]).hex()


def wait_for(condition, what: str, seconds: float = 120):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, what
        time.sleep(0.1)
    return found


def record_keys(sealane) -> int:
    done = subprocess.run(
        [BINARIES / "sealane-custodian", "status", "--data", sealane.custodian_data, "--json"], capture_output=True, text=True, timeout=60, check=True)
    return sum(project["record_keys"] for project in json.loads(done.stdout)["projects"])


def sealed_ids(sealane, *names: str) -> dict[str, list[bytes]]:
    """The sealed ids in the store's files, by name."""
    found = {name: [] for name in names}
    wanted = {bytes.fromhex(subject(sealane, name)[2:]): name for name in names}
    for path in (sealane.data / "projects").rglob("identities-*"):
        for who, value in identities(path.read_bytes())[1]:
            if who in wanted:
                found[wanted[who]].append(value)
    return found


def opened(sealane, custodian, name: str, value: bytes) -> list[str]:
    who = bytes.fromhex(subject(sealane, name)[2:])
    return [open_value(value, key, 1, who, "$id") for key in record_keys_of(custodian, 1, who, epoch_of(value))]


def erasures(sealane, *arguments) -> list:
    return json.loads(sealane.command("subject", "erasures", *arguments, "--data", sealane.data, "--json"))["erasures"]


def is_gone(sealane):
    assert sealane.total("Here") == PEOPLE and sealane.total("Left a trace") == 0 and sealane.total(measure="unique") == PEOPLE
    who = subject(sealane, GONE)
    assert WORD not in requests.get(sealane.api + "/api/v1/values", params={"property": "word"}, auth=sealane.account, timeout=60).text
    profile = requests.get(sealane.api + f"/api/v1/subjects/{who}", auth=sealane.account, timeout=60)
    assert profile.status_code == 404 or not (profile.json()["verified"] or profile.json()["unverified"])
    timeline = requests.get(sealane.api + f"/api/v1/subjects/{who}/timeline", auth=sealane.account, timeout=60)
    assert timeline.status_code == 404 or timeline.json()["events"] == []
    assert who not in {line["properties"]["distinct_id"] for line in sealane.export(event='["Left a trace"]')}


@pytest.fixture(scope="module")
def erased(tmp_path_factory):
    root = tmp_path_factory.mktemp("erasure")
    (root / "one").mkdir()
    sealane = Installation(root / "one")
    sealane.start()
    sealane.start_custodian()
    start = int(time.time()) - 86_400
    for first in range(0, PEOPLE, BATCH):
        assert sealane.send_import([
            {"event": "Here", "properties": {"time": start + n % 3600, "distinct_id": f"person-{n:05}", "$insert_id": f"h-{n}", "word": "ultramarine"}}
            for n in range(first, first + BATCH)]).status_code == 200
    traces = [{"event": "Left a trace", "properties": {"time": start + n, "distinct_id": GONE, "$insert_id": f"g-{n}", "word": WORD}} for n in range(20)]
    traces.append({"event": "Left a trace", "properties": {
        "time": start + 50, "$device_id": "device-gone", "distinct_id": "$device:device-gone", "$insert_id": "g-d", "word": WORD}})
    traces.append({"event": "Left a trace", "properties": {
        "time": start + 51, "$device_id": "device-gone", "$user_id": GONE, "distinct_id": GONE, "$insert_id": "g-m", "word": WORD}})
    assert sealane.send_import(traces).status_code == 200
    profile = [{"$token": sealane.token, "$distinct_id": GONE, "$set": {"$email": "gone@fenwright.example", "tier": "copper-and-gone"}}]
    assert requests.post(sealane.intake + "/engage", json=profile, auth=sealane.account, timeout=30).text == "1"
    wait_for(lambda: record_keys(sealane) >= PEOPLE + 2, "the custodian does not fetch the keys")
    sealane.command("backup", root / "backup", "--data", sealane.data)
    before = sealed_ids(sealane, GONE, STAYS)
    assert opened(sealane, sealane.custodian_data, GONE, before[GONE][0]) == [GONE]
    assert opened(sealane, sealane.custodian_data, STAYS, before[STAYS][0]) == [STAYS]
    held = record_keys(sealane)
    made = json.loads(sealane.command("subject", "erase", subject(sealane, GONE), "--compact", "--data", sealane.data, "--json"))
    assert made["subjects"] == 1 and made["ids"] == 2
    yield sealane, before, held, root
    sealane.close()


def test_it_is_in_no_answer_and_no_file(erased):
    sealane, _, _, _ = erased
    is_gone(sealane)
    sealane.command("backup", sealane.root / "flushed", "--data", sealane.data)
    for path in (sealane.data / "projects").rglob("*"):
        content = path.read_bytes() if path.is_file() and not path.is_socket() else b""
        assert not any(word in content for word in (WORD.encode(), b"copper-and-gone", b"Left a trace")), path.name


def test_the_custodian_destroys_the_keys_and_signs_it(erased):
    sealane, before, held, _ = erased
    (status,) = wait_for(lambda: [one for one in erasures(sealane) if one["receipt"]], "no receipt comes")
    assert status["ids"] == 2 and not status["in_answers"] and not status["in_files"] and status["keys_destroyed"] == 2
    assert record_keys(sealane) == held - 2
    assert opened(sealane, sealane.custodian_data, GONE, before[GONE][0]) == []
    assert opened(sealane, sealane.custodian_data, STAYS, before[STAYS][0]) == [STAYS]
    assert status["last_copy_dies_at"] - status["keys_destroyed_at"] == 30 * 86_400_000
    assert erasures(sealane, subject(sealane, GONE)) == [status] and erasures(sealane, subject(sealane, STAYS)) == []

    # Anybody can verify it: signed by the identity that the ledger pins, about the entry that says whom.
    entries = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", "1000"))["entries"]
    (pinned,) = [entry for entry in entries if entry["kind"] == "custodian_identity_pinned"]
    body, signature = status["receipt"].rsplit("signature ", 1)
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(pinned["facts"]["public_key"])).verify(bytes.fromhex(signature.strip()), body.encode())
    fields = dict(line.split(" ", 1) for line in body.splitlines()[1:])
    about = entries[int(fields["entry"])]
    assert about["kind"] == "subject_erased" and len(about["detail"]["subjects"]) == 2
    (receipted,) = [entry for entry in entries if entry["kind"] == "erasure_receipted"]
    assert receipted["facts"]["entry"] == fields["entry"]
    # Nobody else signs one.
    token = (sealane.custodian_data / "server.token").read_text().strip()
    for forged in (status["receipt"].replace(f"keys {fields['keys']}", "keys 9"), "nonsense"):
        answer = requests.post(
            sealane.api + "/custodian/v1/erasures", json={"receipt": forged}, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        assert answer.status_code in (400, 403)


def test_a_backup_from_before_does_not_open_it_and_erases_it_again(erased):
    sealane, before, _, root = erased
    assert sealane.terminate() == 0
    sealane.close()
    there = root / "two"
    there.mkdir()
    sealane.command("restore", root / "backup", "--data", there / "data", "--ledger", sealane.data / "ledger")
    shutil.copytree(sealane.keys, there / "data.keys")
    shutil.copytree(sealane.custodian_data, there / "data.custodian")
    restored = Installation(there, made=sealane.made)
    # As it lies there, before it is served: the events are back under pseudonyms, and open no more.
    assert sealed_ids(restored, GONE)[GONE] == before[GONE] and opened(restored, restored.custodian_data, GONE, before[GONE][0]) == []
    with pytest.raises(Refused):
        key = record_keys_of(restored.custodian_data, 1, bytes.fromhex(subject(sealane, STAYS)[2:]), epoch_of(before[STAYS][0]))[0]
        open_value(before[GONE][0], key, 1, bytes.fromhex(subject(sealane, GONE)[2:]), "$id")
    restored.start(timeout=60)
    try:
        is_gone(restored)
        restored.start_custodian()
        (status,) = wait_for(lambda: [one for one in erasures(restored) if one["receipt"]], "the receipt does not come again")
        assert status["keys_destroyed"] == 2
    finally:
        restored.close()


