"""`sealane import` with real files: every form, twice, interrupted, from a pipe."""

import csv
import gzip
import io
import json
import os
import pty
import signal
import subprocess
import sys
import time

import duckdb
import pytest
from installation import BINARIES

START = int(time.time()) - 86400


def lines(name, count, insert_id=True):
    for n in range(count):
        properties = {"time": START + n % 80_000, "distinct_id": f"person-{n % 50}", "n": n}
        if insert_id:
            properties["$insert_id"] = f"{name}-{n}".replace(" ", "-")
        yield json.dumps({"event": name, "properties": properties})


def load(sealane, *arguments, code=0, **options):
    done = sealane.run("import", "--data", sealane.data, "--json", *arguments, **options)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def zstd(content: bytes) -> bytes:
    return subprocess.run(["zstd", "-q", "-c"], input=content, stdout=subprocess.PIPE, check=True).stdout


@pytest.mark.parametrize("insert_id", [True, False])
def test_the_same_file_twice_changes_nothing(sealane, tmp_path, insert_id):
    name = f"Twice {insert_id}"
    path = tmp_path / "events.ndjson"
    path.write_text("\n".join(lines(name, 3000, insert_id)))
    packed = tmp_path / "events.ndjson.gz"
    half = path.stat().st_size // 2
    content = path.read_bytes()
    packed.write_bytes(gzip.compress(content[:half]) + gzip.compress(content[half:]))
    for file in (path, path, packed):
        assert load(sealane, file) == {"records": 3000, "accepted": 3000, "rejected": 0, "resumed_after": 0, "rejects": []}
        assert sealane.total(name) == 3000
    # A file that has grown brings its new lines only.
    path.write_text("\n".join(lines(name, 3500, insert_id)))
    load(sealane, path)
    assert sealane.total(name) == 3500


def test_a_mixpanel_export_of_a_zone(sealane, tmp_path):
    """As the vendor's raw export writes it; the project was made before 2023, so that `time` counts in its zone."""
    path = tmp_path / "export.txt"
    wall = START // 86400 * 86400 + 12 * 3600
    record = {"event": "Exported", "properties": {
        "time": wall, "distinct_id": "person-1", "$insert_id": "order_17", "$city": "Berlin", "mp_country_code": "DE", "$browser": "Firefox",
        "mp_processing_time_ms": wall * 1000, "$mp_api_endpoint": "api.mixpanel.com", "$import": True, "token": "of-another-project"}}
    path.write_text(json.dumps(record) + "\n" + json.dumps(record) + "\n")
    assert load(sealane, "--time-zone", "America/New_York", path)["accepted"] == 2
    (line,) = sealane.export(event='["Exported"]')
    assert line["properties"]["time"] - wall in (4 * 3600, 5 * 3600)
    assert line["properties"]["$browser"] == "Firefox"


def test_a_table_with_a_mapping(sealane, tmp_path):
    table = io.StringIO()
    writer = csv.writer(table, delimiter=";")
    writer.writerow(["nr", "at", "customer", "total", "note", "tags", "internal"])
    day = time.strftime("%d.%m.%Y", time.gmtime(START))
    for n in range(500):
        writer.writerow([f"T-{n}", f"{day} 01:{n % 60:02}", f"person-{n % 7}", f"{n}.5", 'two\nlines, "quoted"', json.dumps(["a", str(n % 3)]), "x"])
    writer.writerow(["T-bad", f"{day} 01:00", "person-1", "lots", "", "[]", ""])
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(table.getvalue().encode()))
    mapping = tmp_path / "orders.yaml"
    mapping.write_text("""
event: {constant: Order placed}
time: {column: at, format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
distinct_id: customer
insert_id: nr
delimiter: ";"
properties:
  total: number
  tags: json
  note: {type: string, name: remark}
""")
    for _ in range(2):
        outcome = load(sealane, "--mapping", mapping, path, code=2)
        assert (outcome["records"], outcome["accepted"], outcome["rejected"]) == (501, 500, 1)
    (reject,) = [json.loads(line) for line in (tmp_path / "orders.csv.gz.rejects.ndjson").read_text().splitlines()]
    assert outcome["rejects"] == [str(tmp_path / "orders.csv.gz.rejects.ndjson")]
    assert reject["reason"] == "column “total” does not hold a number" and "lots" in reject["text"] and reject["line"] == 1002
    assert os.stat(outcome["rejects"][0]).st_mode & 0o777 == 0o600
    assert sealane.total("Order placed") == 500
    seen = sealane.export(event='["Order placed"]')[0]["properties"]
    assert isinstance(seen["total"], float) and seen["tags"][0] == "a" and seen["remark"].startswith("two\nlines") and "internal" not in seen
    # The same in flags, under another name.
    path = tmp_path / "plain.tsv"
    path.write_text("when\twho\tplan\n" + "".join(f"{START + n}\tperson-{n}\tpro\n" for n in range(10)))
    flags = ["--event", "Tabbed", "--time-column", "when", "--distinct-id-column", "who", "--property", "plan:string:tier"]
    for _ in range(2):
        assert load(sealane, *flags, path)["accepted"] == 10
    assert sealane.total("Tabbed") == 10 and sealane.export(event='["Tabbed"]')[0]["properties"]["tier"] == "pro"


def test_what_does_not_fit_is_said_before_anything_is_sent(sealane, tmp_path):
    good, bad, mapping = tmp_path / "good.ndjson", tmp_path / "bad.csv", tmp_path / "map.yaml"
    good.write_text("\n".join(lines("Never sent", 10)))
    bad.write_text("a,b\n1,2\n")
    mapping.write_text("time: {format: yesterday}")
    for arguments, word in [
        ((good, bad), "no column “event”"), (("--mapping", mapping, bad), "“time” in the mapping"), (("--time-zone", "Mars/Base", good), "--time-zone"),
        (("--property", "a:colour", bad), "--property"), ((good, tmp_path / "missing"), "cannot open"),
    ]:
        done = sealane.run("import", "--data", sealane.data, *arguments)
        assert done.returncode == 1 and word in done.stderr, done.stderr
    assert sealane.total("Never sent") == 0


def test_zstd(sealane, tmp_path):
    path = tmp_path / "events.zst"
    content = "\n".join(lines("Zstd", 4000)).encode()
    path.write_bytes(zstd(content[:100_000]) + zstd(content[100_000:]))
    assert load(sealane, path)["accepted"] == 4000
    path.write_bytes(path.read_bytes()[:-50])
    outcome = load(sealane, path, code=2)
    assert outcome["rejected"] >= 1 and 0 < outcome["accepted"] < 4000
    assert "ends before its zstd data does" in (tmp_path / "events.zst.rejects.ndjson").read_text()
    assert sealane.total("Zstd") == 4000


def test_parquet_through_duckdb(sealane, tmp_path):
    """As docs/INTAKE.md has it: the shell's pipe, DuckDB's JSON on one side and ours on the other."""
    parquet = tmp_path / "events.parquet"
    duckdb.sql(f"""COPY (SELECT 'Parquet' AS event, to_timestamp({START} + i) AS ts, 'person-' || (i % 9) AS who, 'p-' || i AS id, i AS n
               FROM range(3000) t(i)) TO '{parquet}' (FORMAT parquet)""")
    query = f"""COPY (SELECT event, {{time: epoch_ms(ts), distinct_id: who, "$insert_id": id, n: n}} AS properties FROM '{parquet}')
                TO '/dev/stdout' (FORMAT json)"""
    for _ in range(2):
        with subprocess.Popen([sys.executable, "-c", "import duckdb, sys; duckdb.sql(sys.argv[1])", query], stdout=subprocess.PIPE) as pipe:
            assert load(sealane, "-", stdin=pipe.stdout)["accepted"] == 3000
    assert sealane.total("Parquet") == 3000 and sealane.total("Parquet", "unique") == 9


def test_an_interrupted_import_goes_on_where_it_stopped(make_installation, tmp_path):
    sealane = make_installation()
    sealane.start()
    count = 400_000
    path = tmp_path / "events.ndjson"
    content = list(lines("Interrupted", count, insert_id=False))
    content[10] = "no record"
    path.write_text("\n".join(content))
    command = [BINARIES / "sealane", "import", "--data", sealane.data, path]
    importer = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while sealane.total("Interrupted") == 0:
        assert importer.poll() is None, importer.communicate()
    # It notes once a second how far it is. On a fast machine it would be done by then: the server pauses while that second passes.
    sealane.server.send_signal(signal.SIGSTOP)
    time.sleep(1.5)
    sealane.server.send_signal(signal.SIGCONT)
    marks = sealane.data / "imports"
    deadline = time.monotonic() + 60
    while not (marks.is_dir() and any(mark.stat().st_size for mark in marks.iterdir())):
        assert importer.poll() is None and time.monotonic() < deadline, importer.communicate()
        time.sleep(0.01)
    importer.kill()
    importer.communicate()
    outcome = load(sealane, path, code=2)
    assert 0 < outcome["resumed_after"] < count
    assert (outcome["records"], outcome["accepted"], outcome["rejected"]) == (count, count - 1, 1)
    assert sealane.total("Interrupted") == count - 1
    assert not any(marks.iterdir())
    rejects = [json.loads(line) for line in path.with_name("events.ndjson.rejects.ndjson").read_text().splitlines()]
    assert {reject["line"] for reject in rejects} == {11}
    # Nothing personal lies about: a mark is numbers.
    assert sealane.run("doctor", "--data", sealane.data).returncode == 0


def test_an_import_outlives_a_restart_of_the_server(make_installation, tmp_path):
    sealane = make_installation()
    sealane.start()
    path = tmp_path / "events.ndjson"
    path.write_text("\n".join(lines("Restarted", 200_000)))
    importer = subprocess.Popen(
        [BINARIES / "sealane", "import", "--data", sealane.data, "--json", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while sealane.total("Restarted") == 0:
        assert importer.poll() is None, importer.communicate()
    sealane.kill()
    sealane.start()
    output, errors = importer.communicate(timeout=120)
    assert importer.returncode == 0 and json.loads(output)["accepted"] == 200_000, errors
    assert sealane.total("Restarted") == 200_000


def test_the_bar_has_a_rate_and_the_time_left(sealane, tmp_path):
    """On a terminal, for what takes longer than half a second."""
    path = tmp_path / "events.ndjson"
    with path.open("w") as file:
        for line in lines("Barred", 600_000):
            file.write(line + "\n")
    terminal, end = pty.openpty()
    with subprocess.Popen([BINARIES / "sealane", "import", "--data", sealane.data, path], stdout=subprocess.DEVNULL, stderr=end) as importer:
        os.close(end)
        shown = b""
        try:
            while piece := os.read(terminal, 4096):
                shown += piece
        except OSError:
            pass
        assert importer.wait(120) == 0
    os.close(terminal)
    text = shown.decode()
    assert "█" in text and " bytes" in text and "/s" in text and " left" in text, text[-400:]


def test_memory_stays_bounded(sealane, tmp_path):
    """A file of one endless line, 200 MB, and one of a quote that never closes."""
    for name, begin in (("endless.ndjson", b'{"event":"'), ("endless.csv", b'event,time,distinct_id\na,1,"')):
        path = tmp_path / name
        with path.open("wb") as file:
            file.write(begin)
            for _ in range(200):
                file.write(b"x" * 1_000_000)
        # From a small process: a child's figure begins with its parent's.
        measure = "import resource, subprocess, sys; print(subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode," \
                  "resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        done = subprocess.run(
            [sys.executable, "-c", measure, BINARIES / "sealane", "import", "--data", sealane.data, path], capture_output=True, text=True, timeout=120)
        code, kibibytes = map(int, done.stdout.split())
        assert code == 2 and kibibytes < 150_000, done.stdout + done.stderr
        path.unlink()
