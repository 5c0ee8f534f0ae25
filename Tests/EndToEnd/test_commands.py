"""The command line beside a running server."""

import gzip
import json
import time

import pytest


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
