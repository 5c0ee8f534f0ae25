"""The server's keys: kept in memory, given by a command, rotated, and never shown."""

import base64
import json
import os
import random
import resource
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import requests
from installation import BINARIES, Installation

KILLS = int(os.environ.get("SEALANE_KEY_KILLS", "12"))


def status(pid: int) -> dict:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":", 1) for line in lines)


def core_limit(pid: int) -> int:
    line = next(line for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if line.startswith("Max core file size"))
    return max(int(word) if word.isdigit() else 2**63 for word in line.split()[4:6])


def secrets(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(directory.glob("*.key"))]


def spellings(key: bytes) -> list[bytes]:
    return [key, key.hex().encode(), key.hex().upper().encode(), base64.b64encode(key), base64.urlsafe_b64encode(key)]


def files_with(secrets_: list[bytes], *places: Path) -> list[Path]:
    wanted = [spelling for key in secrets_ for spelling in spellings(key)]
    paths = [path for place in places for path in ([place] if place.is_file() else place.rglob("*")) if path.is_file()]
    return [path for path in paths if any(spelling in path.read_bytes() for spelling in wanted)]


def test_keys_stay_in_the_memory_of_both_processes(sealane):
    for process in (sealane.server, sealane.custodian):
        # One byte is what Linux takes for none, pipes included.
        assert core_limit(process.pid) <= 1
    assert int(status(sealane.server.pid)["VmLck"].split()[0]) > 0


@pytest.mark.skipif(os.geteuid() != 0, reason="starts a server as another user")
def test_another_process_of_the_same_user_reads_no_memory():
    nobody = 65534
    root = Path("/tmp") / f"sealane-nobody-{os.getpid()}"
    root.mkdir(mode=0o755)
    try:
        installation = Installation(root)
        for path in [root, *root.rglob("*")]:
            os.chown(path, nobody, nobody, follow_symlinks=False)
        # Who owns these files of /proc says whether the process may be dumped and traced: see proc(5).
        other = subprocess.Popen(["sleep", "60"], user=nobody, group=nobody, extra_groups=[])
        log = open(root / "log", "wb")
        # Without any allowance of locked memory, which root would not need.
        server = subprocess.Popen(
            [str(BINARIES / "sealane"), "serve", "--data", str(installation.data), "--listen", "127.0.0.1:0", "--intake", "127.0.0.1:0"],
            user=nobody, group=nobody, extra_groups=[], stdout=subprocess.PIPE, stderr=log, cwd=root,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0)))
        try:
            assert server.stdout.readline().startswith(b"Console")
            deadline = time.monotonic() + 10
            while b"Keys are not locked in memory" not in (root / "log").read_bytes():
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert int(status(server.pid)["VmLck"].split()[0]) == 0
            assert os.stat(f"/proc/{other.pid}/environ").st_uid == nobody
            assert os.stat(f"/proc/{server.pid}/environ").st_uid == 0
            reader = subprocess.run(["cat", f"/proc/{server.pid}/environ"], user=nobody, group=nobody, extra_groups=[], capture_output=True)
            assert reader.returncode != 0
        finally:
            for process in (other, server):
                process.kill()
                process.wait(10)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def script(place: Path, name: str, text: str) -> Path:
    path = place / name
    path.write_text("#!/bin/sh\n" + text + "\n")
    path.chmod(0o700)
    return path


@pytest.fixture
def exported(make_installation, tmp_path):
    """An installation whose keys are no longer in a directory, but in what stands for a secret manager."""
    sealane = make_installation()
    known = secrets(sealane.keys)
    bundle = tmp_path / "bundle.json"
    bundle.write_text(sealane.command("keys", "export", "--data", sealane.data))
    shutil.rmtree(sealane.keys)
    manager = script(tmp_path, "manager", 'cat "$1"')
    return sealane, f"exec:{manager} {bundle}", known


def test_a_command_gives_the_keys_and_they_never_touch_the_disk(exported, tmp_path):
    sealane, source, known = exported
    assert len(known) == 4
    sealane.start("--keys", source)
    sealane.start_custodian()
    assert sealane.track({"event": "Kept Apart", "properties": {"distinct_id": "ada", "$email": "ada@orrery.example"}}).status_code == 200
    assert sealane.total("Kept Apart") == 1
    # Every command beside the running server, and without one.
    events = tmp_path / "events.ndjson"
    events.write_text(json.dumps({"event": "Filed", "properties": {"time": int(time.time()) - 60, "distinct_id": "ada", "$insert_id": "1"}}))
    backups = tmp_path / "ledger-backup"
    for _ in range(2):
        sealane.command("import", "--data", sealane.data, "--keys", source, events)
        sealane.command("ledger", "verify", "--data", sealane.data, "--keys", source)
        sealane.command("doctor", "--data", sealane.data, "--keys", source)
        sealane.command("keys", "list", "--data", sealane.data, "--keys", source)
        sealane.command("ledger", "backup", backups, "--data", sealane.data, "--keys", source)
        sealane.command("ledger", "backup", backups, "--verify", "--data", sealane.data, "--keys", source)
        assert json.loads(sealane.command("keys", "export", "--data", sealane.data, "--keys", source)).keys() >= {"tag.key"}
        if sealane.server:
            assert sealane.terminate() == 0
            # The same from the environment and from the file of settings.
            settings = tmp_path / "sealane.yaml"
            settings.write_text(f"keys: {source}\n")
            sealane.start("--config", settings)
            assert sealane.total("Filed") == 1 and sealane.total("Kept Apart") == 1
            assert sealane.terminate() == 0
    # A custodian that is made on another host gets its look-up keys from there too.
    subprocess.run(
        [str(BINARIES / "sealane-custodian"), "init", "--data", str(tmp_path / "custodian"), "--keys", source], check=True, timeout=60, capture_output=True)
    assert len(files_with(known, tmp_path / "custodian")) == 2
    assert not sealane.keys.exists()
    assert not files_with(known, sealane.data, sealane.server_log, backups)
    # The search finds what is there: the custodian has two of them for its look-ups.
    assert len(files_with(known, sealane.custodian_data)) == 2


def test_a_command_that_fails_is_said_and_shows_nothing(exported, tmp_path):
    sealane, source, known = exported
    bundle = source.split()[1]
    for text, word in (
        (f"cat {bundle}; cat {bundle} >&2; exit 9", "exit code 9"), (f"cat {bundle} {bundle}", "not the content"),
        (f"sed s/tag.key/tag/ {bundle}", "not the content"), ("yes", "more than"),
    ):
        wrong = f"exec:{script(tmp_path, 'wrong', text)} a-token"
        for arguments in (
            ("serve", "--listen", "127.0.0.1:0", "--intake", "127.0.0.1:0"), ("doctor",), ("ledger", "verify"), ("keys", "list"),
            ("import", "/dev/null"),
        ):
            done = sealane.run(*arguments, "--data", sealane.data, "--keys", wrong)
            said = done.stdout + done.stderr
            assert done.returncode == 1 and word in said, (arguments, said)
            assert "a-token" not in said and not any(spelling.decode("latin-1") in said for key in known for spelling in spellings(key))
    done = sealane.run("doctor", "--data", sealane.data, "--keys", "exec:relative")
    assert done.returncode == 1 and "absolute" in done.stderr
    done = sealane.run("init", "--data", tmp_path / "new", "--keys", source)
    assert done.returncode == 1 and "directory" in done.stderr and not (tmp_path / "new").exists()


def test_rotation_where_a_command_gives_the_keys(exported, tmp_path):
    sealane, source, _ = exported
    bundle = Path(source.split()[1])
    sealane.start("--keys", source)
    done = sealane.run("keys", "rotate", "--data", sealane.data)
    assert done.returncode == 1 and "keys unpack" in done.stderr
    assert "wiped" in sealane.command("keys", "rotate", "--epoch", "--data", sealane.data)
    assert sealane.terminate() == 0
    # As the message says.
    unpacked = tmp_path / "unpacked"
    subprocess.run([str(BINARIES / "sealane"), "keys", "unpack", str(unpacked)], input=bundle.read_bytes(), check=True, timeout=60)
    old = bundle.read_text()
    sealane.command("keys", "rotate", "--data", sealane.data, "--keys", unpacked)
    bundle.write_text(sealane.command("keys", "export", "--keys", unpacked))
    shutil.rmtree(unpacked)
    assert "ledger-sets-2.key" in bundle.read_text()
    sealane.start("--keys", source)
    assert sealane.track({"event": "Rotated"}).status_code == 200
    assert sealane.terminate() == 0
    sealane.command("ledger", "verify", "--data", sealane.data, "--keys", source, "--public-key", sealane.made["ledger_public_key"])
    # A secret manager that still gives the old keys.
    bundle.write_text(old)
    done = sealane.run("serve", "--data", sealane.data, "--keys", source, "--listen", "127.0.0.1:0", "--intake", "127.0.0.1:0")
    assert done.returncode == 1 and "newer signing key" in done.stderr


def test_keys_rotate_while_the_server_runs(make_installation, tmp_path):
    sealane = make_installation()
    sealane.start()
    sealane.start_custodian()
    original = sealane.made["ledger_public_key"]
    checkpoint = tmp_path / "old.checkpoint"
    checkpoint.write_text(requests.get(sealane.api + "/api/v1/ledger/checkpoint", auth=sealane.account, timeout=10).text)
    sealane.track({"event": "Before", "properties": {"distinct_id": "ada", "$email": "ada@orrery.example"}})
    assert sealane.total("Before") == 1
    before = secrets(sealane.keys)
    assert sealane.command("ledger", "backup", tmp_path / "backups", "--data", sealane.data)

    said = sealane.command("keys", "rotate", "--data", sealane.data)
    assert "signed by" in said and "number 2" in said and "1 wiped" in said and "back up" in said
    after = secrets(sealane.keys)
    assert len(after) == 5 and len(set(after) & set(before)) == 3, "pseudonym, tag and the first set key stay"
    public_key = (sealane.data / "ledger.pub").read_text().strip()
    assert public_key != original and public_key in said

    # Ada is the same person as before; bob is new, and his id is sealed under a key of the next epoch.
    sealane.track({"event": "After", "properties": {"distinct_id": "ada"}}, {"event": "After", "properties": {"distinct_id": "bob"}})
    assert sealane.total("After") == 2 and sealane.total(measure="unique") == 2
    listed = json.loads(sealane.command("keys", "list", "--data", sealane.data, "--json"))["keys"]
    assert [key["key"] for key in listed] == ["pseudonym", "tag", "ledger_signing", "ledger_sets", "ledger_sets", "record_keys"]
    assert listed[2]["public_key"] == public_key and [key["in_force"] for key in listed[3:5]] == [False, True]
    assert all(key["age_days"] == 0 for key in listed) and len({key["id"] for key in listed[:5]}) == 5
    text = sealane.command("keys", "list", "--data", sealane.data)
    for shown in (json.dumps(listed), text, said):
        assert not any(spelling.decode("latin-1") in shown for key in before + after for spelling in spellings(key))
    # Before and after alike are read by the running server, and by another one.
    for _ in range(2):
        entries = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", "1000"))["entries"]
        kinds = [entry["kind"] for entry in entries]
        assert all(entry["detail"] != "erased" for entry in entries)
        for kind in ("record_keys_rotated", "ledger_sets_key_rotated", "ledger_signing_key_rotated"):
            assert kinds.count(kind) == 1
        if sealane.server:
            sealane.command("ledger", "backup", tmp_path / "backups", "--data", sealane.data)
            assert sealane.terminate() == 0
    assert "sound" in sealane.command("ledger", "verify", "--data", sealane.data, "--checkpoint", checkpoint)
    for key in (original, public_key):
        sealane.command("ledger", "verify", "--data", sealane.data, "--checkpoint", checkpoint, "--public-key", key)
    stranger = "sealane.local/ledger+" + "00000000+" + base64.b64encode(b"\1" + bytes(32)).decode()
    assert sealane.run("ledger", "verify", "--data", sealane.data, "--public-key", stranger).returncode == 1
    assert sealane.run("doctor", "--data", sealane.data).returncode == 0
    sealane.command("ledger", "backup", tmp_path / "backups", "--verify", "--data", sealane.data)
    assert not files_with(before + after, sealane.data, sealane.server_log, tmp_path / "backups")
    # The custodian gets the keys of both epochs.
    sealane.start()
    deadline = time.monotonic() + 20
    while True:
        report = subprocess.run(
            [str(BINARIES / "sealane-custodian"), "status", "--data", str(sealane.custodian_data), "--json"], capture_output=True, text=True, check=True)
        projects = json.loads(report.stdout)["projects"]
        if projects and projects[0]["epochs"] == 2 and projects[0]["record_keys"] == 2:
            break
        assert time.monotonic() < deadline, report.stdout
        time.sleep(0.1)


def test_a_ledger_from_before_a_rotation_is_restored_with_the_signing_key_of_then(make_installation, tmp_path):
    sealane = make_installation()
    sealane.start()
    sealane.command("ledger", "backup", tmp_path / "backups", "--data", sealane.data)
    then = (sealane.keys / "ledger-signing.key").read_bytes()
    sealane.command("keys", "rotate", "--data", sealane.data)
    sealane.track({"event": "Kept"})
    assert sealane.total("Kept") == 1 and sealane.terminate() == 0
    shutil.rmtree(sealane.data / "ledger")
    done = sealane.run("ledger", "restore", tmp_path / "backups", "--data", sealane.data)
    assert done.returncode == 1 and "signing key was rotated" in done.stderr and not (sealane.data / "ledger").exists()
    (sealane.keys / "ledger-signing.key").write_bytes(then)
    (sealane.data / "ledger.pub").write_text(sealane.made["ledger_public_key"] + "\n")
    sealane.command("ledger", "restore", tmp_path / "backups", "--data", sealane.data)
    sealane.start()
    sealane.command("keys", "rotate", "--data", sealane.data)
    assert sealane.total("Kept") == 1 and sealane.terminate() == 0
    sealane.command("ledger", "verify", "--data", sealane.data, "--public-key", sealane.made["ledger_public_key"])
    assert sealane.run("doctor", "--data", sealane.data).returncode == 0


def test_kill_9_during_rotations_leaves_the_old_or_the_new_key(make_installation, tmp_path):
    sealane = make_installation()
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    randomness = random.Random(seed)
    original = sealane.made["ledger_public_key"]
    sealane.start()
    begin = time.monotonic()
    sealane.command("keys", "rotate", "--data", sealane.data)
    whole = time.monotonic() - begin
    assert sealane.terminate() == 0
    known = {original, (sealane.data / "ledger.pub").read_text().strip()}
    interrupted = 0
    for round_number in range(KILLS):
        sealane.start()
        rotation = subprocess.Popen(
            [str(BINARIES / "sealane"), "keys", "rotate", "--data", str(sealane.data)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(randomness.uniform(0.2, 1) * whole)
        # Both: the command would do it by itself once the server is gone.
        rotation.kill()
        sealane.kill()
        rotation.wait(10)
        interrupted += bool(list(sealane.keys.glob("*.next")))
        sealane.command("ledger", "verify", "--data", sealane.data, "--public-key", original)
        sealane.start()
        key = (sealane.data / "ledger.pub").read_text().strip()
        known.add(key)
        sealane.track({"event": f"Round {round_number}"})
        assert sealane.total(f"Round {round_number}") == 1
        assert sealane.terminate() == 0
        assert not list(sealane.keys.glob("*.next"))
        sealane.command("ledger", "verify", "--data", sealane.data, "--public-key", original)
    entries = sealane.command("ledger", "entries", "--data", sealane.data, "--limit", "1000")
    assert entries.count('"ledger_signing_key_rotated"') >= len(known) - 1
    print(f"{len(known) - 2} rotations of {KILLS} were finished, {interrupted} had a draft when the server was killed")
