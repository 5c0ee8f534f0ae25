"""sealane-custodian as a process, against a server and a sealer that were written from docs/FORMATS.md."""

import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import time
import urllib.request

import pytest
from fake_server import Epoch, FakeServer
from sealane_formats import private_keys_of, record_keys_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
CUSTODIAN = os.environ.get("SEALANE_CUSTODIAN", str(ROOT / ".build/release/sealane-custodian"))
PROJECT = 3


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, seconds: float = 30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("waited in vain")


class Custodian:
    def __init__(self, directory: pathlib.Path):
        made = subprocess.run([CUSTODIAN, "init", "--data", directory, "--json"], check=True, capture_output=True, text=True)
        self.made, self.directory = json.loads(made.stdout), directory
        self.server = FakeServer(self.made["announcement"], self.made["server_token"])
        self.port, self.process, self.log = free_port(), None, directory.parent / "log"

    def start(self, *options: str):
        arguments = [CUSTODIAN, "serve", "--data", self.directory, "--server", self.server.url, "--listen", f"127.0.0.1:{self.port}"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*map(str, arguments), "--interval", "0.1", *options], stderr=log)

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return answer.read()

    def is_up(self) -> bool:
        try:
            return json.loads(self.get("/healthz"))["status"] == "ok"
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def doctor(self) -> list[dict]:
        return json.loads(subprocess.run([CUSTODIAN, "doctor", "--data", self.directory, "--json"], capture_output=True, text=True).stdout)

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
        self.server.close()


@pytest.fixture
def custodian(tmp_path):
    made = Custodian(tmp_path / "trial.custodian")
    yield made
    made.close()


def seal(server: FakeServer, epoch: Epoch, count: int) -> dict[bytes, bytes]:
    keys = {os.urandom(16): os.urandom(32) for _ in range(count)}
    for subject, key in keys.items():
        server.add(epoch.wrap(subject, key))
    return keys


def test_kill_anywhere_loses_and_doubles_nothing(custodian):
    chance = random.Random(7)
    epoch = Epoch(PROJECT, custodian.server.public_key)
    sealed: dict[bytes, bytes] = {}
    for _ in range(12):
        sealed |= seal(custodian.server, epoch, 150)
        custodian.start()
        time.sleep(chance.uniform(0.02, 0.6))
        custodian.kill()
    custodian.start()
    wait_for(lambda: not custodian.server.undelivered)
    wait_for(custodian.is_up)
    custodian.process.send_signal(signal.SIGTERM)
    assert custodian.process.wait(timeout=20) == 0
    for subject, key in sealed.items():
        assert record_keys_of(custodian.directory, PROJECT, subject, epoch.id) == [key]
    assert custodian.server.alarms == []
    assert all(finding["severity"] == "good" for finding in custodian.doctor())
    log = custodian.log.read_text()
    assert custodian.made["server_token"] not in log


def test_a_swapped_key_raises_an_alarm_and_stores_nothing(custodian):
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    stranger = X25519PrivateKey.generate().public_key().public_bytes_raw()
    seal(custodian.server, Epoch(PROJECT, custodian.server.public_key), 3)
    seal(custodian.server, Epoch(PROJECT, stranger), 1)
    custodian.start()
    wait_for(lambda: custodian.server.alarms)
    time.sleep(0.5)
    assert [alarm["kind"] for alarm in custodian.server.alarms] == ["unknown_recipient"]
    assert set(custodian.server.alarms[0]) == {"id", "kind", "project", "epoch", "recipient", "sentence", "raised_at"}
    assert len(custodian.server.undelivered) == 4
    status = json.loads(custodian.get("/status.json"))
    assert status["projects"] == [] and status["alarms"] == 1
    assert "ALARM" in custodian.log.read_text()
    assert b"alarm" in custodian.get("/")


def test_keys_change_and_the_old_private_key_goes(custodian):
    first = custodian.server.public_key
    custodian.start("--key-lifetime", "1", "--key-overlap", "1")
    wait_for(lambda: custodian.server.public_key != first)
    sealed = seal(custodian.server, epoch := Epoch(PROJECT, custodian.server.public_key), 5)
    wait_for(lambda: not custodian.server.undelivered)
    assert all(record_keys_of(custodian.directory, PROJECT, subject, epoch.id) == [key] for subject, key in sealed.items())
    import hashlib

    wait_for(lambda: hashlib.sha256(first).digest()[:8] not in private_keys_of(custodian.directory))
    assert custodian.server.alarms == []


def test_pages_are_closed(custodian):
    custodian.start()
    wait_for(custodian.is_up)
    with urllib.request.urlopen(f"http://127.0.0.1:{custodian.port}/", timeout=5) as answer:
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["Cache-Control"] == "no-store"
        assert b"two others approve" in answer.read()


def test_a_second_custodian_and_open_files_are_refused(custodian):
    custodian.start()
    wait_for(custodian.is_up)
    arguments = [CUSTODIAN, "serve", "--data", custodian.directory, "--server", custodian.server.url, "--listen", "127.0.0.1:0"]
    second = subprocess.run(arguments, capture_output=True, text=True, timeout=30)
    assert second.returncode != 0 and "stop it first" in second.stderr
    custodian.kill()
    (custodian.directory / "store.key").chmod(0o644)
    third = subprocess.run(arguments, capture_output=True, text=True, timeout=30)
    assert third.returncode != 0 and "chmod 600" in third.stderr
    assert any(finding["severity"] == "bad" for finding in custodian.doctor())


def test_a_wrong_token_is_said(custodian):
    custodian.server.token = "slc_other"
    custodian.start()
    wait_for(lambda: "401" in custodian.log.read_text())
