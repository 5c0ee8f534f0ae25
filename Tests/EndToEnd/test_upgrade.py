"""Directories that the programs of format version 1 left behind are taken up as they are, and nothing in them is lost."""

import base64
import json
import sys
import zlib
from pathlib import Path

import pytest
import requests
from installation import ROOT, Installation
from test_alarm import custodian, kinds, record_keys, set_email, troubles, wait_for

sys.path.insert(0, str(ROOT / "Tests" / "Stranger"))
from sealane_formats import pseudonym  # noqa: E402

FIXTURE = Path(__file__).parent / "fixtures" / "version-1.txt"


def unpack(root: Path) -> tuple[dict, list]:
    made, lines = {}, []
    for line in FIXTURE.read_text().splitlines():
        if line.startswith("#"):
            continue
        if line.startswith("= "):
            facts = json.loads(line[2:])
            made = {
                "project_id": facts["project"], "project_token": facts["token"],
                "service_account": {"username": facts["account"][0], "secret": facts["account"][1]}}
        elif line.startswith("> "):
            lines.append(json.loads(line[2:]))
        else:
            path, mode, packed = line.split(" ")
            file = root / path
            for folder in reversed([file.parent, *file.parent.parents]):
                if root in folder.parents:
                    folder.mkdir(mode=0o700, exist_ok=True)
            file.write_bytes(zlib.decompress(base64.b64decode(packed)))
            file.chmod(int(mode, 8))
    return made, lines


@pytest.fixture
def old(tmp_path):
    made, lines = unpack(tmp_path)
    installation = Installation(tmp_path, made=made)
    yield installation, lines
    installation.close()


def by_time(lines: list) -> list:
    return sorted(lines, key=lambda line: json.dumps(line, sort_keys=True))


def test_everything_of_version_1_is_there(old):
    sealane, expected = old
    before = {path: path.read_bytes() for path in sealane.data.rglob("*") if path.is_file() and path.name != "lock"}
    assert sealane.run("doctor", "--data", sealane.data, "--custodian-data", sealane.custodian_data).returncode == 0
    after = {path: path.read_bytes() for path in sealane.data.rglob("*") if path.is_file() and path.name != "lock" and not path.name.endswith("-shm")}
    assert after == before, "the doctor changes nothing"
    assert custodian(sealane, "doctor").returncode == 0
    sealane.start()
    # Which exports have since version 1.
    sealane.command("canaries", "off", "--data", sealane.data)
    assert by_time(sealane.export()) == by_time(expected)
    # Canonical subjects: a device that logged in later counts as its user.
    series = [{"event": "API Call", "measure": "unique"}]
    report = sealane.query({"report": "insights", "range": {"from": "2025-11-17", "to": "2025-11-19"}, "unit": "day", "series": series})
    assert report["result"]["lines"][0]["overall"] == 3
    # Profiles in both layers, under the pseudonym that the same id gives today.
    subject = "s_" + pseudonym(1, (sealane.keys / "pseudonym.key").read_bytes(), 1, ["user-1"]).hex()
    ask = {"params": {"project_id": 1}, "auth": sealane.account, "timeout": 30}
    profile = requests.get(f"{sealane.api}/api/v1/subjects/{subject}", **ask).json()
    assert profile["verified"]["plan"] == "pro" and profile["verified"]["$email"]["sealed"] is True and profile["verified"]["seats"] == 3
    assert profile["unverified"]["plan"] == "forged"
    # What was sent before is known as sent before.
    again = [{"event": "API Call", "properties": {"time": 1763400060, "$insert_id": "v1-1", "distinct_id": "user-1"}}]
    assert sealane.send_import(again).status_code == 200
    assert len(sealane.export()) == len(expected)
    # New events join old histories, over another restart too.
    sealane.send_import([{"event": "Since", "properties": {"time": 1763500000, "$insert_id": "v2-1", "$user_id": "user-1"}}])
    assert sealane.terminate() == 0
    sealane.start()
    (line,) = sealane.export(event='["Since"]')
    assert line["properties"]["distinct_id"] == subject
    assert sealane.run("ledger", "verify", "--data", sealane.data).returncode == 0
    assert len(kinds(sealane)) > 8


def test_an_alarm_that_version_1_could_not_settle_is_settled(old):
    sealane, _ = old
    sealane.start()
    assert "alarm" in troubles(sealane)[0]
    held = record_keys(sealane)
    assert held > 0
    sealane.start_custodian()
    (alarm,) = json.loads(custodian(sealane, "alarms", "--json").stdout)
    assert alarm["state"] == "standing" and alarm["kind"] == "swapped_key"
    custodian(sealane, "alarms", "settle", alarm["id"], "--reason", "found after the upgrade; put right")
    wait_for(lambda: troubles(sealane) == [])
    set_email(sealane, "after-the-upgrade")
    wait_for(lambda: record_keys(sealane) > held)
    assert kinds(sealane)[-1] != "custodian_alarm"


def test_a_newer_format_is_refused_in_words(old):
    sealane, _ = old
    (sealane.data / "FORMAT").write_text("sealane data 2\n")
    done = sealane.run("serve", "--data", sealane.data)
    assert done.returncode != 0 and "another version" in done.stderr
