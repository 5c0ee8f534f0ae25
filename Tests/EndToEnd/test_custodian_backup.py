"""The custodian's host is lost: a backup that was taken while it ran, and two of three shares, bring it back, and it opens what was sealed."""

import json
import os
import pty
import random
import re
import shutil
import subprocess
import sys
import time

import pytest
import requests
from installation import BINARIES, ROOT
from test_approvals import PERSON, approvers, ask, desk, subject  # noqa: F401  (fixtures among them)

sys.path.insert(0, str(ROOT / "Tests" / "Stranger"))
from custodian_backup import DAY, combine, header, open_backup, read_header, read_share, share_text, split, write_backup  # noqa: E402


def custodian(*arguments, typed: str = "", check: bool = True) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [str(BINARIES / "sealane-custodian"), *map(str, arguments)], input=typed, capture_output=True, text=True, timeout=120)
    assert not check or done.returncode == 0, done.stderr
    assert not re.search("slb-[0-9a-z]{5}", done.stderr)
    return done


def back_up(sealane, file) -> dict:
    return json.loads(custodian("backup", "--data", sealane.custodian_data, "--to", file, "--json").stdout)


def restore(file, target, *shares, check: bool = True) -> subprocess.CompletedProcess:
    return custodian("restore", "--backup", file, "--data", target, typed="\n".join(shares) + "\n", check=check)


def refused(file, target, *shares) -> str:
    done = restore(file, target, *shares, check=False)
    assert done.returncode != 0 and not target.exists() and not target.with_name(f".{target.name}.restoring").exists()
    return done.stderr


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("backups")


@pytest.fixture(scope="module")
def made(sealane, desk, approvers, subject, place):
    """Backups taken while approvers sign and keys arrive; a request is half way then."""
    desk.sign_in("Ada")
    pending = ask(desk, subject, "Support case 4710, before the custodian was lost")
    sender = subprocess.Popen(
        [sys.executable, "-c", SENDER, sealane.intake, sealane.token], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        first = back_up(sealane, place / "first.backup")
    finally:
        sender.kill()
        sender.wait()
    return {"first": first, "second": back_up(sealane, place / "second.backup"), "pending": pending}


SENDER = """
import json, sys, urllib.request
for number in range(100000):
    body = json.dumps([{"event": "E", "properties": {"token": sys.argv[2], "distinct_id": f"backup-{number}-{part}"}} for part in range(20)]).encode()
    urllib.request.urlopen(urllib.request.Request(sys.argv[1] + "/track", body, {"Content-Type": "application/json"})).read()
"""


def test_shares_are_printed_once_and_kept_nowhere(sealane, place, made):
    first = made["first"]
    assert len(first["shares"]) == 3 and first["expires_at"] - first["made_at"] == 30 * DAY and first["approvers"] == 3
    for file in (place / "first.backup", sealane.custodian_log, *sealane.custodian_data.iterdir()):
        content = file.read_bytes()
        for share in first["shares"]:
            assert share.encode() not in content and read_share(share)[2] not in content, file
    # The people's way.
    text = custodian("backup", "--data", sealane.custodian_data, "--to", place / "third.backup").stdout
    lines = [line for line in text.splitlines() if line.startswith("share ")]
    assert [line.split()[1] for line in lines] == ["1", "2", "3"]
    assert restore(place / "third.backup", place / "third", lines[2].split()[2].upper(), lines[0].split()[2].replace("-", " ")).returncode == 0
    files = [place / name for name in ("ada.share", "bea.share", "cleo.share")]
    done = json.loads(
        custodian("backup", "--data", sealane.custodian_data, "--to", place / "fourth.backup", "--json", "--share-to", *files).stdout)
    assert "shares" not in done and all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    custodian(
        "restore", "--backup", place / "fourth.backup", "--data", place / "fourth", "--share-file", files[1], "--share-file", files[2])
    assert custodian("doctor", "--data", place / "fourth").returncode == 0


def test_at_a_terminal_a_typing_error_costs_one_line(place, made):
    keyboard, terminal = pty.openpty()
    command = [str(BINARIES / "sealane-custodian"), "restore", "--backup", str(place / "first.backup"), "--data", str(place / "typed")]
    process = subprocess.Popen(command, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.close(terminal)
    first = made["first"]["shares"]
    typed = list(first[0])
    typed[8] = "0" if typed[8] != "0" else "1"
    for line in ("", "".join(typed), first[0], first[1]):
        os.write(keyboard, line.encode() + b"\n")
    said, asked = process.communicate(timeout=60)
    os.close(keyboard)
    assert process.returncode == 0 and "Restored backup " + made["first"]["backup"] in said
    assert asked.count("Share 1 of backup") == 3 and asked.count("Share 2 of backup") == 1 and "Group 1 of the share" in asked


def test_a_stranger_reads_the_file_by_its_description(sealane, place, made):
    first = made["first"]
    shares = {index: values for _, index, values in map(read_share, first["shares"])}
    key = combine({1: shares[1], 3: shares[3]})
    files = open_backup((place / "first.backup").read_bytes(), key)
    assert files["store.key"] == (sealane.custodian_data / "store.key").read_bytes()
    assert {"identity.key", "server.token", "announcement.txt", "pseudonym.key", "tag.key", "custodian.sqlite"} <= set(files)
    assert "setup-links" not in files and files["custodian.sqlite"].startswith(b"SQLite format 3")


def test_refusals_name_the_reason_and_leave_nothing(sealane, place, made):
    first, second = made["first"]["shares"], made["second"]["shares"]
    file, target = place / "first.backup", place / "refused"
    assert "Two different shares" in refused(file, target, first[0])
    assert "same share twice" in refused(file, target, first[0], first[0])
    assert made["second"]["backup"] in refused(file, target, first[0], second[1])
    typed = list(first[2])
    typed[22] = "7" if typed[22] != "7" else "8"
    assert "not as it was printed" in refused(file, target, first[0], "".join(typed))
    assert "not a share" in refused(file, target, "hello", first[0])
    sound = file.read_bytes()
    for position in (0, 28, 35, 45, 60, 81, 81 + 65_552, len(sound) // 2, len(sound) - 1):
        damaged = bytearray(sound)
        damaged[position] ^= 1
        (place / "damaged").write_bytes(damaged)
        assert refused(place / "damaged", target, first[0], first[1]).startswith("Error: "), position
    for count in (0, 50, 81, 81 + 65_552, len(sound) - 1):
        (place / "damaged").write_bytes(sound[:count])
        refused(place / "damaged", target, first[0], first[1])
    taken = place / "taken"
    taken.mkdir(mode=0o700)
    (taken / "file").write_text("mine")
    done = restore(file, taken, first[0], first[2], check=False)
    assert done.returncode != 0 and "not empty" in done.stderr and [entry.name for entry in taken.iterdir()] == ["file"]
    # Not by an option, which other users of the machine could read.
    assert custodian("restore", "--backup", file, "--data", target, "--share", first[0], check=False).returncode != 0
    # Nor does a backup overwrite anything.
    assert custodian("backup", "--data", sealane.custodian_data, "--to", file, check=False).returncode != 0
    assert file.read_bytes() == sound


def test_an_expired_backup_is_not_restored(place, made):
    """Written by a stranger, since the binaries have no way to be told another time."""
    data = (place / "first.backup").read_bytes()
    shares = {index: values for _, index, values in map(read_share, made["first"]["shares"])}
    files = open_backup(data, combine({1: shares[1], 2: shares[2]}))
    backup, _, _, identity = read_header(data)
    now = int(time.time() * 1000)

    def attempt(name: str, made_at: int, lifetime: int = 30 * DAY, cheat=None):
        key = os.urandom(32)
        head = header(backup, made_at, made_at + lifetime, identity)
        written = write_backup(head, key, files)
        (place / name).write_bytes((cheat or head) + written[len(head):])
        texts = [share_text(backup, index, values) for index, values in enumerate(split(key, os.urandom(32)), 1)]
        return place / name, place / f"restored-{name}", texts[1], texts[2]

    assert "expired" in refused(*attempt("old", now - 30 * DAY - 1000))
    assert "expired" in refused(*attempt("short", now - 2 * DAY, DAY))
    assert "clock" in refused(*attempt("future", now + DAY))
    # Whoever only changes the dates in front opens nothing.
    old = now - 31 * DAY
    assert "does not open" in refused(*attempt("cheat", old, cheat=header(backup, now - DAY, now + 29 * DAY, identity)))
    # A date that is all right restores, so that it was the date above.
    good = attempt("good", now - 29 * DAY)
    done = restore(*good)
    assert "29 days ago" in done.stdout and "erased since are back until its first rounds" in done.stdout
    assert custodian("doctor", "--data", good[1]).returncode == 0


def test_a_restore_that_is_killed_leaves_all_or_nothing(place, made):
    shares, target = made["first"]["shares"], place / "killed"
    command = [str(BINARIES / "sealane-custodian"), "restore", "--backup", str(place / "first.backup"), "--data", str(target)]
    dice, outcomes = random.Random(4711), set()
    start = time.monotonic()
    assert subprocess.run(command, input=f"{shares[0]}\n{shares[1]}\n", capture_output=True, text=True, timeout=60).returncode == 0
    whole = time.monotonic() - start
    shutil.rmtree(target)
    for attempt in range(25):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        process.stdin.write(f"{shares[0]}\n{shares[1]}\n".encode())
        process.stdin.close()
        if attempt == 0:
            # However slow the machine is now: one that is killed when all is there.
            deadline = time.monotonic() + 60
            while not target.exists() and time.monotonic() < deadline:
                time.sleep(0.001)
        elif attempt > 1:
            time.sleep(dice.uniform(0, whole * 1.1))
        process.kill()
        process.wait(10)
        outcomes.add(target.exists())
        if target.exists():
            assert custodian("doctor", "--data", target).returncode == 0
            shutil.rmtree(target)
    assert outcomes == {False, True}, "killed before and after"
    assert restore(place / "first.backup", target, shares[0], shares[1]).returncode == 0
    assert custodian("doctor", "--data", target).returncode == 0
    assert not target.with_name(".killed.restoring").exists()


def test_the_lost_custodian_comes_back_and_opens(sealane, desk, approvers, subject, place, made):
    sealane.custodian.kill()
    sealane.custodian.wait(10)
    shutil.rmtree(sealane.custodian_data)
    sealane.custodian_data = place / "data.custodian"
    first = made["first"]
    done = json.loads(
        custodian(
            "restore", "--backup", place / "first.backup", "--data", sealane.custodian_data, "--json",
            typed=f"{first['shares'][0]}\n{first['shares'][2]}\n").stdout)
    assert done["approvers"] == ["Ada", "Bea", "Cleo"] and done["made_at"] == first["made_at"] and done["ended_requests"] == 1
    assert sum(project["record_keys"] for project in done["projects"]) == first["record_keys"] >= 2
    assert custodian("doctor", "--data", sealane.custodian_data).returncode == 0
    sealane.start_custodian()
    desk.sign_in("Ada")
    # What was half way is over.
    desk.open(f"/requests/{made['pending']}")
    desk.until("refused")
    digest = ask(desk, subject, "Support case 4711, after the custodian came back")
    for name in ("Bea", "Cleo"):
        desk.sign_in(name)
        desk.open(f"/requests/{digest}")
        desk.press("sign")
        desk.until("1 of 2 approvals" if name == "Bea" else "approved")
    desk.sign_in("Ada")
    desk.open(f"/requests/{digest}")
    desk.press("open")
    desk.until(PERSON["$email"], PERSON["$name"], PERSON["account"], "Ledger entry")
    # And goes on taking keys.
    before = sum(project["record_keys"] for project in requests.get(
        f"http://127.0.0.1:{sealane.custodian_port}/status.json", timeout=5).json()["projects"])
    assert sealane.track({"event": "E", "properties": {"distinct_id": "acct_after_the_restore"}}).status_code == 200
    for _ in range(100):
        status = requests.get(f"http://127.0.0.1:{sealane.custodian_port}/status.json", timeout=5).json()
        if sum(project["record_keys"] for project in status["projects"]) > before:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("no key was taken after the restore")
    assert status["alarms"] == 0 and status["server_reached"]
