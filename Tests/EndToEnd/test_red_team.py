"""A thief with the data disk and its backups identifies nobody; with the key directory too, guesses match and still nothing opens."""

import json
import subprocess
import sys
import time

import pytest
import requests
from installation import BINARIES, ROOT

sys.path[:0] = [str(ROOT / "Tests" / "RedTeam"), str(ROOT / "Tests" / "Stranger")]
from attack import Loot, guess, open_all, open_with_custodian, read_plainly  # noqa: E402
from sealane_formats import Refused, epoch_of, open_value, record_keys_of  # noqa: E402

ATTACK = ROOT / "Tests" / "RedTeam" / "attack.py"
ACCOUNTS = [f"acct_Vq{n:03}ashgrove" for n in range(400)]
EMAILS = [f"quillon.{n:03}@fenwright.example" for n in range(400)]
ORGS = [f"org_Xk{n:03}fenwright" for n in range(200)]
WORDS = ACCOUNTS + EMAILS


def record_keys(sealane) -> int:
    done = subprocess.run(
        [BINARIES / "sealane-custodian", "status", "--data", sealane.custodian_data, "--json"], capture_output=True, text=True, timeout=60, check=True)
    return sum(project["record_keys"] for project in json.loads(done.stdout)["projects"])


@pytest.fixture(scope="module")
def stolen(sealane, tmp_path_factory):
    """A store with a thousand sealed ids, and a backup of it, as they lie on the disk."""
    start = int(time.time()) - 3_600
    records = [
        {"event": "API call", "properties": {
            "time": start + n, "distinct_id": person, "$insert_id": f"r-{n}", "org_id": ORGS[n % len(ORGS)], "plan": "pro"}}
        for n, person in enumerate(ACCOUNTS + EMAILS)
    ]
    assert sealane.send_import(records).status_code == 200
    updates = [{"$token": sealane.token, "$distinct_id": account, "$set": {"$email": email, "$name": "Quillon Ashgrove"}}
               for account, email in zip(ACCOUNTS, EMAILS)]
    assert requests.post(sealane.intake + "/engage", json=updates, timeout=30).text == "1"
    end = time.monotonic() + 60
    while record_keys(sealane) < 1_000:
        assert time.monotonic() < end, "the custodian does not fetch the keys"
        time.sleep(0.1)
    backup = tmp_path_factory.mktemp("stolen") / "backup"
    sealane.command("backup", backup, "--data", sealane.data)
    assert sealane.terminate() == 0
    sealane.close()
    return sealane, backup


def attack(words, *directories) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, ATTACK, "--words", words, *directories], capture_output=True, text=True, timeout=300)


def test_the_disk_and_its_backups_identify_nobody(stolen, tmp_path):
    sealane, backup = stolen
    loot = Loot.of(sealane.data, backup)
    assert len(loot.ids) >= 1_000 and len(loot.sealed) >= 1_000
    assert read_plainly(loot, WORDS + ORGS) == []
    assert guess(loot, WORDS) == {}
    assert open_all(loot) == {}
    (tmp_path / "words").write_text("\n".join(WORDS))
    done = attack(tmp_path / "words", sealane.data, backup)
    assert done.returncode == 0 and "pseudonyms guessed: 0; sealed ids opened: 0" in done.stdout, done.stdout + done.stderr


def test_with_the_key_directory_guesses_match_and_nothing_opens(stolen, tmp_path):
    sealane, backup = stolen
    loot = Loot.of(sealane.data, backup, sealane.keys)
    found = guess(loot, WORDS)
    assert set(found) == set(WORDS), "the attack is blind: with the right key every id is found"
    assert open_all(loot) == {}
    assert read_plainly(loot, WORDS + ORGS) == []
    # Who never was here is no match: a guess says something only about whom one knows already.
    assert guess(loot, ACCOUNTS[:1] + ["nobody@fenwright.example"]) == {ACCOUNTS[0]: found[ACCOUNTS[0]]}
    (tmp_path / "words").write_text("\n".join(ACCOUNTS[:20]))
    done = attack(tmp_path / "words", sealane.data, sealane.keys)
    assert done.returncode == 1 and "pseudonyms guessed: 20; sealed ids opened: 0" in done.stdout, done.stdout + done.stderr
    assert not any(word in done.stdout + done.stderr for word in ACCOUNTS)


def test_only_the_custodian_s_keys_open_and_only_in_place(stolen):
    sealane, _ = stolen
    loot = Loot.of(sealane.data)
    opened = open_with_custodian(loot, sealane.custodian_data)
    assert len(opened) >= 1_000 and set(ACCOUNTS + EMAILS + ORGS) <= set(opened.values())
    # A value that was put in the place of another does not open there.
    one, other = sorted(loot.sealed, key=lambda sealed: sealed.subject)[:2]
    (key,) = record_keys_of(sealane.custodian_data, 1, one.subject, epoch_of(one.value))
    assert open_value(one.value, key, 1, one.subject, "$id") == opened[one.subject]
    for project, subject, field in ((1, other.subject, "$id"), (1, one.subject, "$email"), (2, one.subject, "$id")):
        with pytest.raises(Refused):
            open_value(one.value, key, project, subject, field)
    with pytest.raises(Refused):
        open_value(other.value, key, 1, one.subject, "$id")
