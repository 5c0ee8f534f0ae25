"""The command line beside a running server."""

import gzip
import json
import os
import pty
import subprocess
import time

import pytest
from installation import BINARIES


@pytest.fixture
def events_file(tmp_path):
    start = int(time.time()) - 86400
    lines = [
        json.dumps({"event": "Filed", "properties": {"time": start + n, "distinct_id": f"file-{n % 50}", "$insert_id": f"file-{n}", "n": n}})
        for n in range(5000)
    ]
    lines[1234] = '{"event": broken'
    path = tmp_path / "events.ndjson"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_import_of_files_is_repeatable_and_names_what_it_refuses(sealane, events_file, tmp_path):
    packed = tmp_path / "events.json.gz"
    array = [json.loads(line) for line in events_file.read_text().splitlines() if "broken" not in line]
    packed.write_bytes(gzip.compress(json.dumps(array, indent=1).encode()))
    for path in (events_file, events_file, packed):
        done = sealane.run("import", "--data", sealane.data, path)
        assert "Traceback" not in done.stderr and "fatal" not in done.stderr.lower(), done.stderr
        assert sealane.total("Filed") == 4999, done.stderr


def test_query_and_export(sealane, tmp_path):
    sealane.track({"event": "Commanded", "properties": {"distinct_id": "commander", "plan": "pro"}})
    question = tmp_path / "query.json"
    today = time.strftime("%Y-%m-%d", time.gmtime())
    question.write_text(json.dumps({"report": "insights", "range": {"from": today, "to": today}, "series": [{"event": "Commanded"}]}))
    answer = json.loads(sealane.command("query", "--data", sealane.data, "--json", question))
    assert answer["result"]["lines"][0]["overall"] >= 1
    question.write_text('{"report": "nonsense"}')
    done = sealane.run("query", "--data", sealane.data, question)
    assert done.returncode != 0 and "report" in done.stderr


def test_doctor_finds_nothing_wrong(sealane):
    done = sealane.run("doctor", "--data", sealane.data)
    assert done.returncode == 0, done.stdout + done.stderr


def test_init_never_overwrites(sealane):
    done = sealane.run("init", "--data", sealane.data)
    assert done.returncode != 0 and "never overwrites" in done.stderr


def test_faulty_arguments_end_with_a_sentence(sealane, tmp_path):
    for arguments in (
        ("serve",), ("serve", "--data", tmp_path / "missing"), ("serve", "--data", sealane.data, "--listen", "nonsense"),
        ("import", "--data", sealane.data, tmp_path / "missing.json"), ("no-such-command",),
    ):
        done = sealane.run(*arguments)
        assert done.returncode != 0 and done.stderr.strip(), arguments
        assert "Fatal error" not in done.stderr


def test_a_full_disk_is_said(sealane, events_file, tmp_path):
    sealane.run("import", "--data", sealane.data, events_file)
    dates = ("--from", "2020-01-01", "--to", "2100-01-01")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [BINARIES / "sealane", "export", "--data", sealane.data, *dates], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1 and "no space left" in done.stderr.lower(), done.stderr
    missing = sealane.run("export", "--data", sealane.data, *dates, "--output", tmp_path / "missing" / "out.ndjson")
    assert missing.returncode == 1 and "missing" in missing.stderr
    assert not list(tmp_path.glob("**/*.partial"))


def on_a_terminal(sealane, *arguments) -> tuple[str, int]:
    process, terminal = pty.fork()
    if process == 0:
        os.execv(str(BINARIES / "sealane"), [str(BINARIES / "sealane"), *map(str, arguments)])
    seen = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux says EIO when the other side is gone
            break
        if not piece:
            break
        seen += piece
    os.close(terminal)
    return seen.decode("utf-8", "replace"), os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def test_data_cannot_steer_a_terminal(sealane, tmp_path):
    evil = "\x1b[31mred\x07 \u202egnp.exe\u202c \x9b2J \u2066x\u2069"
    properties = {"time": int(time.time()) - 3600, "distinct_id": "evil", "$insert_id": "evil-1", f"p {evil}": evil}
    path = tmp_path / "evil\x1b[31m.ndjson"
    path.write_text(json.dumps({"event": f"Evil {evil}", "properties": properties}) + "\n" + json.dumps({"event": 7, "properties": {"x": evil}}))
    question = tmp_path / "query.json"
    question.write_text(json.dumps({
        "report": "insights", "range": {"from": "2026-01-01", "to": "2030-01-01"}, "unit": "month", "series": [{"measure": "total"}],
        "breakdown": {"property": f"p {evil}"}}))
    for arguments in (
        ("import", "--data", sealane.data, path, "--rejects", tmp_path / "rejects"), ("import", "--data", sealane.data, f"{path}.missing"),
        ("export", "--data", sealane.data, "--from", "2020-01-01", "--to", "2100-01-01", "--event", f"Evil {evil}"),
        ("query", "--data", sealane.data, question), ("query", "--data", sealane.data, f"{path}.missing"),
        ("ledger", "entries", "--data", sealane.data), ("serve", "--data", f"{tmp_path}/\x1b[31m"),
    ):
        text, _ = on_a_terminal(sealane, *arguments)
        raw = [character for character in text if not character.isprintable() and character not in "\r\n\t\u202f"]
        assert text and not raw, (arguments, raw)
    # A pipe and a file get the bytes as they are.
    piped = sealane.command("export", "--data", sealane.data, "--from", "2020-01-01", "--to", "2100-01-01", "--event", f"Evil {evil}")
    assert f"Evil {evil}" in {json.loads(line)["event"] for line in piped.splitlines()}


def test_doctor_names_what_is_wrong(make_installation):
    sealane = make_installation()
    sealane.start()
    sealane.track({"event": "Examined"})
    assert sealane.terminate() == 0

    def doctor() -> tuple[list, int]:
        done = sealane.run("doctor", "--data", sealane.data, "--json")
        assert "Fatal" not in done.stderr
        return [finding for finding in json.loads(done.stdout)["findings"] if finding["severity"] == "problem"], done.returncode

    assert doctor() == ([], 0)

    def spoiled(path, offset=None):
        whole = path.read_bytes()
        at = len(whole) // 2 if offset is None else offset
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        problems, code = doctor()
        path.write_bytes(whole)
        return problems, code

    for pattern in ("projects/1/segment-*", "projects/1/manifest", "ledger/details/*", "ledger/tile/entries/*", "ledger/checkpoint", "custodian.pub"):
        (path, *_) = [path for path in sorted(sealane.data.glob(pattern)) for path in ([path] if path.is_file() else path.glob("*"))]
        problems, code = spoiled(path)
        assert problems and code == 1, pattern
        assert all(finding["sentence"].rstrip().endswith((".", "'")) for finding in problems), problems
    sealane.keys.chmod(0o755)
    problems, code = doctor()
    assert code == 1 and any("chmod 700" in finding["sentence"] for finding in problems)
    sealane.keys.chmod(0o700)
    database = sealane.data / "control.sqlite"
    kept = {path: path.read_bytes() for path in sealane.data.glob("control.sqlite*")}
    for path in kept:
        path.unlink()
    database.write_bytes(b"SQLite format 3\0" + b"\x55" * 8000)
    problems, code = doctor()
    assert code == 1 and any(finding["subject"] == "control database" for finding in problems)
    for path, content in kept.items():
        path.write_bytes(content)
    assert doctor() == ([], 0)
