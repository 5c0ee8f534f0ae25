"""A swapped key stops sealing until the custodian's own people settle the alarm; nobody at the server can."""

import json
import subprocess
import sys
import time

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from installation import BINARIES, ROOT

sys.path.insert(0, str(ROOT / "Tests" / "Stranger"))
from sealane_formats import announcement_text, settlement_text  # noqa: E402


def wait_for(condition, seconds: float = 60):
    end = time.monotonic() + seconds
    while not (seen := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
    return seen


def custodian(sealane, *arguments, check: bool = True) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [str(BINARIES / "sealane-custodian"), *map(str, arguments), "--data", str(sealane.custodian_data)], capture_output=True, text=True, timeout=60)
    assert not check or done.returncode == 0, done.stderr
    return done


def troubles(sealane) -> list:
    return requests.get(sealane.api + "/readyz", timeout=10).json()["troubles"]


def set_email(sealane, person: str):
    update = [{"$token": sealane.token, "$distinct_id": person, "$set": {"$email": f"{person}@example.com", "plan": "pro"}}]
    assert requests.post(sealane.intake + "/engage", json=update, timeout=30).text == "1"


def record_keys(sealane) -> int:
    return sum(project["record_keys"] for project in json.loads(custodian(sealane, "status", "--json").stdout)["projects"])


def kinds(sealane) -> list:
    entries = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", "1000", "--json"))["entries"]
    return [entry["kind"] for entry in entries]


def to_custodian_door(sealane, path: str, body: dict) -> requests.Response:
    token = (sealane.custodian_data / "server.token").read_text().strip()
    return requests.post(sealane.api + path, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def test_a_swapped_key_is_settled_by_the_custodian_alone(make_installation):
    sealane = make_installation()
    sealane.start()
    sealane.start_custodian()
    set_email(sealane, "before")
    wait_for(lambda: record_keys(sealane) >= 1)
    assert troubles(sealane) == []

    # Somebody at the server puts another key in place, with a good signature by an identity of their own.
    assert sealane.terminate() == 0
    right = (sealane.data / "custodian.pub").read_text()
    mallory, seal_to = Ed25519PrivateKey.generate(), X25519PrivateKey.generate().public_key().public_bytes_raw()
    (sealane.data / "custodian.pub").write_text(announcement_text(mallory, seal_to, None, int(time.time() * 1000)))
    sealane.start()
    # By the pin at the start, or by the custodian's alarm, which may come first.
    assert "sealing stopped" in troubles(sealane)[0]
    (alarm,) = wait_for(lambda: [entry for entry in json.loads(custodian(sealane, "alarms", "--json").stdout) if entry["state"] == "standing"])
    assert alarm["kind"] == "swapped_key"
    wait_for(lambda: "custodian_alarm" in kinds(sealane))

    # Events go on, identifiers are dropped rather than sealed to the wrong key.
    held = record_keys(sealane)
    set_email(sealane, "meanwhile")
    (text,) = [line for line in requests.get(sealane.api + "/metrics", timeout=10).text.splitlines() if line.startswith("sealane_sealing ")]
    assert text == "sealane_sealing 0"

    # Nobody at the server can settle it: not by restarting, not with the right file, not with a signature of their own.
    assert sealane.terminate() == 0
    (sealane.data / "custodian.pub").write_text(right)
    sealane.start()
    assert "alarm" in troubles(sealane)[0]
    forged = {
        "announcement": announcement_text(mallory, seal_to, None, int(time.time() * 1000)),
        "settlement": settlement_text(mallory, alarm["id"], alarm["kind"], seal_to, int(time.time() * 1000), "all is well"),
    }
    assert to_custodian_door(sealane, "/custodian/v1/settlement", forged).status_code == 403
    assert to_custodian_door(sealane, "/custodian/v1/settlement", {**forged, "announcement": right}).status_code == 403
    altered = {**forged, "settlement": forged["settlement"].replace("all is well", "all is fine")}
    assert to_custodian_door(sealane, "/custodian/v1/settlement", altered).status_code == 403
    assert to_custodian_door(sealane, "/custodian/v1/settlement", {"settlement": "", "announcement": right}).status_code == 400
    assert requests.post(sealane.api + "/custodian/v1/settlement", json=forged, timeout=10).status_code == 401
    assert "alarm" in troubles(sealane)[0]
    assert kinds(sealane).count("custodian_alarm") == 1, "the same alarm is entered once, over restarts too"

    # The wrong file once more: the custodian's word puts it right.
    assert sealane.terminate() == 0
    (sealane.data / "custodian.pub").write_text(forged["announcement"])
    sealane.start()
    refused = custodian(sealane, "alarms", "settle", "ffffffff", "--reason", "x", check=False)
    assert refused.returncode != 0 and "no alarm" in refused.stderr
    assert custodian(sealane, "alarms", "settle", alarm["id"][:8], check=False).returncode != 0, "a reason is asked for"
    done = custodian(sealane, "alarms", "settle", alarm["id"][:8], "--reason", "custodian.pub was swapped; host rebuilt")
    assert alarm["id"] in done.stdout
    wait_for(lambda: troubles(sealane) == [])
    assert (sealane.data / "custodian.pub").read_text() == right
    wait_for(lambda: "settled" in custodian(sealane, "alarms").stdout and "settled here" not in custodian(sealane, "alarms").stdout)
    assert custodian(sealane, "alarms", "settle", alarm["id"], "--reason", "again", check=False).returncode != 0

    # Sealing goes on under a new epoch, to the right key, and does so after a restart.
    set_email(sealane, "after")
    wait_for(lambda: record_keys(sealane) > held)
    assert sealane.terminate() == 0
    sealane.start()
    assert troubles(sealane) == []
    set_email(sealane, "later")
    wait_for(lambda: record_keys(sealane) > held + 1)
    seen = kinds(sealane)
    assert seen.count("custodian_alarm") == 1 and seen.count("custodian_alarm_settled") == 1
    assert seen.index("custodian_alarm") < seen.index("custodian_alarm_settled") < seen.index("sealing_resumed")
    assert "host rebuilt" in sealane.command("ledger", "entries", "--data", sealane.data, "--limit", "1000", "--json")
    assert sealane.run("ledger", "verify", "--data", sealane.data).returncode == 0
    assert custodian(sealane, "doctor").returncode == 0


def test_an_alarm_stands_over_restarts_and_is_entered_once(make_installation):
    sealane = make_installation()
    sealane.start()
    alarm = {"id": "0123456789abcdef" * 2, "kind": "unopenable", "project": 1, "epoch": None, "recipient": None, "sentence": "x", "raised_at": 1}
    for _ in range(2):
        assert to_custodian_door(sealane, "/custodian/v1/alarm", alarm).status_code == 204
    assert to_custodian_door(sealane, "/custodian/v1/alarm", {**alarm, "id": "Z" * 32}).status_code == 400
    sealane.kill()
    sealane.start()
    assert "unopenable" in troubles(sealane)[0]
    assert to_custodian_door(sealane, "/custodian/v1/alarm", alarm).status_code == 204
    assert kinds(sealane).count("custodian_alarm") == 1
