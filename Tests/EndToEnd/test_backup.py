"""Backup while the server works, restore elsewhere: the same answers, and a crash in between costs nothing."""

import json
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest
import requests
from installation import BINARIES, Installation, today

BATCH = 1_000


def records(first: int, count: int = BATCH):
    start = int(time.time()) - 2 * 86400
    return [
        {
            "event": "Kept", "properties": {
                "time": start + n % 7200, "distinct_id": f"kept-{n % 499}", "$insert_id": f"kept-{n}", "n": n, "plan": ["pro", "free"][n % 2]}}
        for n in range(first, first + count)
    ]


def load(sealane, batches) -> None:
    for number in batches:
        answer = sealane.send_import(records(number * BATCH))
        assert answer.status_code == 200, answer.text[:500]


def report(sealane) -> dict:
    result = sealane.query({
        "report": "insights", "range": {"from": today(-6), "to": today()}, "unit": "day",
        "series": [{"event": "Kept", "measure": "total"}, {"event": "Kept", "measure": "unique"}], "breakdown": {"property": "plan"}})
    return result["result"]


def numbers(sealane) -> set:
    found = [line["properties"]["n"] for line in sealane.export(event='["Kept"]')]
    assert len(found) == len(set(found))
    return set(found)


def backup(sealane, target: Path, *arguments) -> dict:
    return json.loads(sealane.command("backup", target, "--data", sealane.data, "--json", *arguments))


def restored(make_root: Path, sealane, target: Path, *arguments) -> Installation:
    """What `restore` makes of a backup, with the keys put beside it and the ledger as it is now."""
    make_root.mkdir()
    sealane.command("restore", target, "--data", make_root / "data", "--ledger", sealane.data / "ledger", *arguments)
    shutil.copytree(sealane.keys, make_root / "data.keys")
    return Installation(make_root, made=sealane.made)


@pytest.fixture
def elsewhere(tmp_path):
    made = []

    def make(sealane, target, *arguments):
        made.append(restored(tmp_path / f"restored-{len(made)}", sealane, target, *arguments))
        return made[-1]

    yield make
    for installation in made:
        installation.close()


def test_a_backup_while_events_arrive_restores_to_the_same_answers(make_installation, elsewhere, tmp_path):
    sealane = make_installation()
    sealane.start()
    sealane.start_custodian()
    load(sealane, range(20))
    profile = {"$token": sealane.token, "$distinct_id": "kept-7", "$set": {"plan": "pro", "$email": "ada@orrery.example"}}
    assert requests.post(sealane.intake + "/engage", json=[profile], timeout=30).status_code == 200
    target = tmp_path / "backups"
    stop, acknowledged = threading.Event(), set(range(20))

    def send():
        for number in range(20, 400):
            if stop.is_set():
                return
            if sealane.send_import(records(number * BATCH)).status_code == 200:
                acknowledged.add(number)

    sender = threading.Thread(target=send)
    sender.start()
    time.sleep(0.3)
    before = set(acknowledged)
    first = backup(sealane, target)
    stop.set()
    sender.join()
    assert first["files"] > 3 and first["bytes"] > 0

    # What was acknowledged before the backup is in it, and of each batch all or nothing.
    one = elsewhere(sealane, target)
    one.command("doctor", "--data", one.data)
    one.start()
    there = numbers(one)
    batches = {n // BATCH for n in there}
    assert before <= batches <= acknowledged | {max(acknowledged) + 1} and len(there) == len(batches) * BATCH

    # Quiet now: the second backup is equal to the source, and copies little of what the first one has.
    figures = report(sealane)
    second = backup(sealane, target)
    third = backup(sealane, target)
    assert third["bytes"] < (second["bytes"] + second["bytes_there_already"]) / 5 and third["files_there_already"] >= 3, third
    sealane.command("backup", target, "--verify")
    sealane.terminate()
    offline = backup(sealane, target)
    assert offline["files_there_already"] >= 3
    two = elsewhere(sealane, target)
    two.command("doctor", "--data", two.data)
    two.start()
    assert report(two) == figures
    assert two.command("ledger", "verify", "--data", two.data)
    # It goes on: the same events again are duplicates, new ones are taken, under the same pseudonyms.
    load(two, [0, 1, 500])
    assert len(numbers(two)) == (len(acknowledged) + 1) * BATCH
    assert two.total("Kept", "unique") == 499

    # Each backup stands in the ledger, by whom and where to; restoring an older one is possible by its name.
    entries = json.loads(two.command("ledger", "entries", "--data", two.data, "--limit", "1000"))["entries"]
    assert [entry["kind"] for entry in entries].count("backup_made") == 4
    three = elsewhere(sealane, target, "--snapshot", first["backup"])
    three.start()
    assert numbers(three) == there

    # Older ones go on request, with the files that only they had.
    count = len(list((target / "objects").iterdir()))
    backup(sealane, target, "--keep", "1")
    assert len(list((target / "snapshots").iterdir())) == 1 and len(list((target / "objects").iterdir())) < count
    sealane.command("backup", target, "--verify")


def test_a_crash_during_a_backup_leaves_the_one_before(make_installation, elsewhere, tmp_path):
    sealane = make_installation()
    sealane.start()
    load(sealane, range(10))
    target = tmp_path / "backups"
    backup(sealane, target)
    figures = report(sealane)
    for delay in (0.0, 0.01, 0.03, 0.06, 0.12):
        load(sealane, [int(100 + delay * 1000)])
        running = subprocess.Popen(
            [str(BINARIES / "sealane"), "backup", str(target), "--data", str(sealane.data)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        # Until it has begun to write, and a little.
        deadline = time.monotonic() + 5
        while running.poll() is None and time.monotonic() < deadline and not any((target / "objects").glob("tmp-*")):
            time.sleep(0.0005)
        time.sleep(delay)
        sealane.kill()
        _, errors = running.communicate(timeout=120)
        assert running.returncode == 0 or errors.strip(), "a failure says why"
        sealane.command("backup", target, "--verify")
        sealane.start()
    again = elsewhere(sealane, target, "--snapshot", sorted(path.stem for path in (target / "snapshots").iterdir())[0])
    again.command("doctor", "--data", again.data)
    again.start()
    assert report(again) == figures
    backup(sealane, target)
    assert not list(target.rglob("tmp-*"))
    newest = elsewhere(sealane, target)
    newest.start()
    assert report(newest) == report(sealane)


def test_damage_is_found_and_nothing_is_overwritten(make_installation, tmp_path):
    sealane = make_installation()
    sealane.start()
    load(sealane, range(3))
    target = tmp_path / "backups"
    backup(sealane, target)
    there = tmp_path / "there"
    there.mkdir()
    (there / "mine").write_text("mine")
    refused = sealane.run("restore", target, "--data", there)
    assert refused.returncode != 0 and (there / "mine").read_text() == "mine"

    for place in (sealane.data / "backups", sealane.keys, sealane.data.parent, there):
        refused = sealane.run("backup", place, "--data", sealane.data)
        assert refused.returncode != 0 and refused.stderr.strip()
    assert requests.post(sealane.api + "/api/v1/backups", json={"target": str(tmp_path / "x")}, auth=sealane.account, timeout=30).status_code == 403

    # A flipped byte of any file, a missing file, a changed list: found, named, and not restored.
    paths = sorted((target / "objects").iterdir()) + list((target / "snapshots").iterdir())
    for path in paths:
        good = path.read_bytes()
        bad = bytearray(good)
        bad[len(bad) // 2] ^= 1
        path.write_bytes(bad)
        found = sealane.run("backup", target, "--verify")
        assert found.returncode != 0 and "damaged" in found.stderr, path
        assert sealane.run("restore", target, "--data", tmp_path / "new").returncode != 0 and not (tmp_path / "new").exists()
        path.write_bytes(good)
    paths[0].rename(tmp_path / "away")
    assert sealane.run("backup", target, "--verify").returncode != 0
    (tmp_path / "away").rename(paths[0])
    sealane.command("backup", target, "--verify")


def test_no_key_and_no_ledger_is_in_a_backup(make_installation, tmp_path):
    sealane = make_installation()
    sealane.start()
    load(sealane, range(2))
    requests.post(
        sealane.intake + "/engage", json=[{"$token": sealane.token, "$distinct_id": "kept-1", "$set": {"$email": "ada@orrery.example"}}], timeout=30)
    (sealane.data / "imports").mkdir(exist_ok=True)
    (sealane.data / "imports" / "mark").write_text("MARK-OF-AN-IMPORT")
    target = tmp_path / "backups"
    backup(sealane, target)
    secrets = [path.read_bytes() for place in (sealane.keys, sealane.custodian_data) for path in place.rglob("*.key")]
    secrets += [bytes.fromhex(secret.decode().strip()) for secret in secrets if len(secret.strip()) == 64 and secret.strip().isalnum()]
    assert len(secrets) >= 5
    secrets += [b"MARK-OF-AN-IMPORT", b"ada@orrery.example", sealane.account[1].encode(), b"kept-1"]
    for path in target.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [secret for secret in secrets if secret in content], path
    listed = next((target / "snapshots").iterdir()).read_text()
    assert "ledger/" not in listed and "imports" not in listed and " control.sqlite" in listed

    # Without a ledger the restored server does not start by itself: a second log under one key would contradict the first.
    new = tmp_path / "new"
    new.mkdir()
    sealane.command("restore", target, "--data", new / "data")
    shutil.copytree(sealane.keys, new / "data.keys")
    refused = sealane.run("serve", "--data", new / "data", "--listen", "127.0.0.1:0", "--intake", "127.0.0.1:0")
    assert refused.returncode != 0 and "ledger" in refused.stderr
    begun = tmp_path / "begun"
    begun.mkdir()
    sealane.command("restore", target, "--data", begun / "data", "--new-ledger")
    shutil.copytree(sealane.keys, begun / "data.keys")
    other = Installation(begun, made=sealane.made)
    try:
        other.start()
        assert len(numbers(other)) == 2 * BATCH
        other.terminate()
        other.command("doctor", "--data", other.data)
    finally:
        other.close()


def ledger_backup(sealane, target, *arguments) -> dict:
    return json.loads(sealane.command("ledger", "backup", target, "--data", sealane.data, "--json", *arguments))


def test_the_ledger_has_a_backup_of_its_own(make_installation, tmp_path):
    sealane = make_installation()
    sealane.start()
    load(sealane, range(2))
    target, data = tmp_path / "ledger-backups", tmp_path / "data-backups"
    first = ledger_backup(sealane, target)
    for _ in range(300):
        report(sealane)
    second = ledger_backup(sealane, target)
    assert second["entries"] > first["entries"] + 300 and second["backup"] > first["backup"]
    backup(sealane, data)
    third = ledger_backup(sealane, target)
    assert third["files_there_already"] > 0
    verified = json.loads(sealane.command("ledger", "backup", target, "--data", sealane.data, "--verify", "--json"))
    assert [found["entries"] for found in verified["backups"]] == [first["entries"], second["entries"], third["entries"]]
    report(sealane)
    checkpoint = requests.get(sealane.api + "/api/v1/ledger/checkpoint", auth=sealane.account, timeout=10).text
    # Nothing of it is in the clear: neither the credential's name, nor the queries, nor the kinds of entries.
    content = b"".join(path.read_bytes() for path in target.rglob("*") if path.is_file())
    for word in (sealane.account[0], "disclosure.aggregate", "console", "backup_made", "sealane/ledger"):
        assert word.encode() not in content
    sealane.kill()

    # The machine is gone; what is left are the two backups and the keys.
    root = tmp_path / "restored"
    root.mkdir()
    shutil.copytree(sealane.keys, root / "data.keys")
    run = sealane.run("ledger", "restore", target, "--data", root / "data")
    assert run.returncode == 1 and "sealane restore" in run.stderr
    sealane.command("restore", data, "--data", root / "data")
    made = json.loads(sealane.command("ledger", "restore", target, "--data", root / "data", "--json"))
    assert made["entries"] == third["entries"]
    again = sealane.run("ledger", "restore", target, "--data", root / "data")
    assert again.returncode == 1 and "never rolled back" in again.stderr
    assert json.loads(sealane.command("ledger", "verify", "--data", root / "data", "--json"))["sound"]
    # It lacks what came after the backup, and a checkpoint from then says so.
    kept = tmp_path / "later.checkpoint"
    kept.write_text(checkpoint)
    assert sealane.run("ledger", "verify", "--data", root / "data", "--checkpoint", kept).returncode == 1
    installation = Installation(root, made=sealane.made)
    installation.start()
    try:
        assert report(installation) is not None
        entries = json.loads(installation.command("ledger", "entries", "--data", installation.data, "--from", first["entries"] - 1, "--limit", 1))
        assert entries["entries"][0]["kind"] == "backup_made"
    finally:
        installation.close()


def test_a_ledger_backup_that_is_damaged_or_of_another_ledger_is_refused(make_installation, tmp_path):
    sealane, other = make_installation(), make_installation()
    sealane.start()
    other.start()
    target = tmp_path / "ledger-backups"
    ledger_backup(sealane, target)
    theirs = other.run("ledger", "backup", target, "--data", other.data)
    assert theirs.returncode == 1 and "another key" in theirs.stderr
    inside = sealane.run("ledger", "backup", sealane.data / "here", "--data", sealane.data)
    assert inside.returncode == 1 and "lie within each other" in inside.stderr
    path = max((target / "objects").iterdir(), key=lambda file: file.stat().st_size)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    found = sealane.run("ledger", "backup", target, "--data", sealane.data, "--verify")
    assert found.returncode == 1 and path.name in found.stderr
    for _ in range(3):
        ledger_backup(sealane, target, "--keep", 2)
    assert len(list((target / "snapshots").iterdir())) == 2
