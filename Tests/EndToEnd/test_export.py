"""Mixpanel's raw export: pages, packing, bounds, refusals."""

import gzip
import json
import time
import zlib

import pytest
import requests
from installation import today

ROWS = 25_000  # three pages


@pytest.fixture(scope="module")
def filled(sealane):
    start = int(time.time()) - 5 * 86400
    path = sealane.root / "export.ndjson"
    with path.open("w") as file:
        for n in range(ROWS):
            properties = {"time": start + n, "distinct_id": f"export-{n % 700}", "$insert_id": f"export-{n}", "n": n, "words": "zaß🦀"}
            file.write(json.dumps({"event": "Exported" if n % 5 else "Exported, fifth", "properties": properties}) + "\n")
    sealane.command("import", "--data", sealane.data, path)
    return sealane


def ask(sealane, accept: str = "identity", **parameters) -> requests.Response:
    parameters = {"from_date": today(-7), "to_date": today(), "project_id": sealane.project_id, **parameters}
    return requests.get(
        sealane.api + "/api/2.0/export", params=parameters, auth=sealane.account, headers={"Accept-Encoding": accept}, timeout=120, stream=True)


def entries(sealane) -> list:
    found, first = [], 0
    while True:
        page = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--from", first, "--limit", "1000", "--json"))["entries"]
        found += page
        if len(page) < 1000:
            return found
        first += len(page)


def test_packed_and_plain_are_the_same_lines_in_pages_through_the_ledger(filled):
    before = len(entries(filled))
    plain = ask(filled)
    assert plain.status_code == 200 and "Content-Encoding" not in plain.headers and plain.headers["Vary"] == "Accept-Encoding"
    text = plain.raw.read()
    lines = text.decode().splitlines()
    assert len(lines) == ROWS and {json.loads(line)["properties"]["n"] for line in lines} == set(range(ROWS))
    pages = [entry for entry in entries(filled)[before:] if entry.get("detail", entry).get("purpose") == "api.export"]
    assert [entry.get("detail", entry)["rows"] for entry in pages] == [10_000, 10_000, 5_000]
    packed = ask(filled, "gzip, deflate, br")
    assert packed.headers["Content-Encoding"] == "gzip"
    bytes_packed = packed.raw.read(decode_content=False)
    assert len(bytes_packed) < len(text) / 3
    unpacker = zlib.decompressobj(31)
    assert unpacker.decompress(bytes_packed) == text and unpacker.eof and not unpacker.unused_data, "one whole member"


@pytest.mark.parametrize("accept, is_packed", [
    ("gzip", True), ("GZIP;q=0.5", True), ("*", True), ("gzip;q=0", False), ("*;q=0", False), ("deflate, br", False), ("gzip;q=0, *", False),
    ("br;q=1, gzip;q=0.001", True), ("", False)])
def test_packing_is_the_clients_choice(filled, accept, is_packed):
    answer = ask(filled, accept, limit=100)
    assert (answer.headers.get("Content-Encoding") == "gzip") is is_packed
    assert len(answer.text.splitlines()) == 100


def test_short_and_empty_answers_are_not_packed(filled):
    short = ask(filled, "gzip", limit=2)
    assert "Content-Encoding" not in short.headers and len(short.text.splitlines()) == 2
    empty = ask(filled, "gzip", event='["Never sent"]')
    assert empty.status_code == 200 and empty.content == b"" and "Content-Encoding" not in empty.headers


def test_parameters(filled):
    assert len(ask(filled, event='["Exported, fifth"]').text.splitlines()) == ROWS // 5
    assert len(ask(filled, event="Exported, fifth").text.splitlines()) == ROWS // 5
    assert len(ask(filled, event='["Exported", "Exported, fifth"]', limit=12_345).text.splitlines()) == 12_345
    assert ask(filled, from_date="2020-01-01", to_date="2020-01-31").text == ""
    (line,) = ask(filled, limit=1, time_in_ms="true").text.splitlines()
    assert json.loads(line)["properties"]["time"] > 1e12
    (line,) = ask(filled, limit=1).text.splitlines()
    assert json.loads(line)["properties"]["time"] < 1e12
    # What mixpanel-headless and mixpanel-utils add is of no meaning, and no error.
    assert ask(filled, limit=1, query_origin="mixpanel-headless", workspace_id="7").status_code == 200


@pytest.mark.parametrize("condition, count", [
    ('properties["n"] < 1000', 1000), ("properties['n'] >= 24000 and properties['n'] != 24500", 999), ('properties["n"] % 100 == 7', 250),
    ('properties["words"] == "zaß🦀" and "ß" in properties["words"] and properties["n"] in [1, 2, 3, "4"]', 3),
    ('not defined(properties["absent"]) and properties["n"] == 5', 1), ('properties["absent"] == 1', 0), ('properties["absent"] != 1 and properties["n"] < 10', 10),
    ('event["$event"] == "Exported, fifth"', 5000), ('event["$time"] < datetime("2001-01-01") or properties["n"] == -(-3)', 1),
    ('properties["n"] not in [0, 1] and properties["n"] < 3', 1), ('number(string(properties["n"])) == floor(17.9)', 1), ("false", 0),
    ('properties["time"] > NOW', 0), (" ", 25_000)])
def test_where(filled, condition, count):
    before = len(entries(filled))
    lines = [json.loads(line) for line in ask(filled, where=condition).text.splitlines()]
    assert len(lines) == count
    pages = [entry["detail"] if "detail" in entry else entry for entry in entries(filled)[before:]]
    pages = [page for page in pages if page.get("purpose") == "api.export"]
    # What nobody meets is entered too: the answer says so of everybody.
    assert pages and sum(page["rows"] for page in pages) == count
    assert len(ask(filled, where=condition, limit=2).text.splitlines()) == min(2, count)


@pytest.mark.parametrize("parameters, field", [
    ({"where": 'properties["n"] =='}, "where"), ({"where": 'user["plan"] == "x"'}, "where"), ({"where": 'properties["n'}, "where"),
    ({"where": "(" * 3000}, "where"), ({"where": "nonsense"}, "where"), ({"from_date": "yesterday"}, "from_date"), ({"from_date": ""}, "from_date"),
    ({"to_date": "2026-02-30"}, "to_date"), ({"from_date": "2030-01-01"}, "from_date"), ({"limit": "0"}, "limit"), ({"limit": "-5"}, "limit"),
    ({"limit": "x"}, "limit"), ({"event": "[1]"}, "event"), ({"event": '["a"'}, "event"), ({"project_id": "x"}, "project_id")])
def test_what_it_does_not_take_is_said(filled, parameters, field):
    answer = ask(filled, **parameters)
    assert answer.status_code == 400, answer.text
    assert answer.json()["field"] == field and answer.json()["message"].endswith(".")


def test_only_who_may(filled):
    url = filled.api + "/api/2.0/export"
    dates = {"from_date": today(-7), "to_date": today()}
    for credentials in (None, ("nobody", "x"), (filled.account[0], "wrong"), (filled.token, "")):
        answer = requests.get(url, params=dates, auth=credentials, timeout=10)
        assert answer.status_code == 401 and "WWW-Authenticate" in answer.headers and answer.json()["message"]
    assert requests.get(url, params={**dates, "project_id": 99}, auth=filled.account, timeout=10).status_code == 403
    assert requests.post(url, params=dates, auth=filled.account, timeout=10).status_code in (404, 405)


def test_a_reader_that_goes_away_harms_nobody(filled):
    for _ in range(5):
        answer = ask(filled, "gzip")
        answer.raw.read(100, decode_content=False)
        answer.close()
    assert ask(filled, limit=1).status_code == 200
    assert gzip.decompress(ask(filled, "gzip", limit=5000).raw.read(decode_content=False)).count(b"\n") == 5000
