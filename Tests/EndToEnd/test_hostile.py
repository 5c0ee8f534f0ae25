"""Bad input is normal input: each gets its documented answer, names its fault, and takes no good event down with it."""

import base64
import gzip
import json
import socket
import time
import uuid
import zlib

import pytest
import requests
from installation import today

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


def event(sealane, name="Hostile", **properties):
    return {"event": name, "properties": {"token": sealane.token, "distinct_id": "hostile-user", **properties}}


def post(sealane, path, body, headers=JSON, **options):
    return requests.post(sealane.intake + path, data=body, headers=headers, timeout=60, **options)


@pytest.fixture(autouse=True)
def still_well(sealane):
    """After every test the server lives, and takes an event as if nothing had been."""
    yield
    assert sealane.server.poll() is None
    assert sealane.track({"event": "Still Well", "properties": {"distinct_id": "well"}}).text == "1"
    assert requests.get(sealane.intake + "/healthz", timeout=10).status_code == 200


def strict(sealane, records, **options):
    return sealane.send_import(records, **options)


def good(**changes):
    properties = {"time": int(time.time()), "distinct_id": "hostile-user", "$insert_id": uuid.uuid4().hex}
    properties.update(changes)
    return {"event": "Hostile Import", "properties": {name: value for name, value in properties.items() if value is not ...}}


def test_broken_json_is_told_where(sealane):
    assert post(sealane, "/track", b'{"event":').text == "0"
    assert post(sealane, "/track?verbose=1", b'{"event":}').json() == {"error": "invalid JSON at byte 9", "status": 0}
    answer = post(sealane, "/import?strict=1", b"[{}", auth=sealane.account)
    assert answer.status_code == 400 and "invalid JSON" in answer.json()["error"]


def test_nothing_and_nonsense(sealane):
    assert post(sealane, "/track", b"").text == "0"
    assert post(sealane, "/track?verbose=1", b"").json() == {"error": "data, missing or empty", "status": 0}
    for body in (b"\x00" * 100, b"data=%%%", b"data=!!!!", bytes(range(256)), b"null", b"7", b'"x"', b"[]", b"[[]]", b"{}"):
        for headers in (JSON, FORM, {"Content-Type": "text/plain"}, {}):
            assert post(sealane, "/track", body, headers).text == "0"


def test_text_that_is_not_utf8(sealane):
    answer = post(sealane, "/import?strict=1", b'[{"event":"\xff\xfe"}]', auth=sealane.account)
    assert answer.status_code == 400 and "UTF-8" in answer.json()["error"]
    assert post(sealane, "/track", '[{"event":"x"}]'.encode("utf-16")).text == "0"


def test_compression_bombs_and_cut_streams(sealane):
    bomb = gzip.compress(b" " * 200_000_000)
    answer = post(sealane, "/import?strict=1", bomb, {**JSON, "Content-Encoding": "gzip"}, auth=sealane.account)
    assert answer.status_code == 413
    assert answer.json() == {"code": 413, "error": "request exceeds max limit of 10485760 bytes", "status": "Request Entity Too Large"}
    whole = gzip.compress(json.dumps([event(sealane)]).encode())
    assert post(sealane, "/track", whole, {**JSON, "Content-Encoding": "gzip"}).text == "1"
    assert post(sealane, "/track", zlib.compress(json.dumps([event(sealane)]).encode()), {**JSON, "Content-Encoding": "deflate"}).text == "1"
    for body in (whole[:-9], whole[:12], b"plain text"):
        assert post(sealane, "/track", body, {**JSON, "Content-Encoding": "gzip"}).status_code == 400


def test_too_much_at_once_stores_nothing(sealane):
    before = sealane.total("Too Many")
    many = [event(sealane, "Too Many", n=n) for n in range(3000)]
    for answer in (sealane.track(*many), strict(sealane, many)):
        assert answer.status_code == 413
        assert answer.json() == {"code": 413, "error": "request exceeds max limit of 2000 records", "status": "Request Entity Too Large"}
    assert sealane.total("Too Many") == before
    answer = post(sealane, "/track", json.dumps([event(sealane, "Too Many", x="y" * 11_000_000)]).encode())
    assert answer.status_code == 413 and answer.json()["code"] == 413


def test_a_body_without_end_is_cut_off(sealane):
    def endless():
        for _ in range(100):
            yield b"x" * 1_000_000

    try:
        answer = requests.post(sealane.intake + "/track", data=endless(), headers=JSON, timeout=60)
        assert answer.status_code == 413
    except requests.RequestException:
        pass  # the server closed the connection before all was sent


def test_strict_import_names_each_refused_record_and_keeps_the_good(sealane):
    before = sealane.total("Hostile Import")
    now = int(time.time())
    bad = {
        "properties.time": [good(time=...), good(time=0), good(time=86400), good(time=4102444800), good(time="yesterday"), good(time=now + 7200)],
        "properties.distinct_id": [good(distinct_id=...)] + [
            good(distinct_id=word) for word in ("null", "undefined", "anonymous", "0", "-1", "None", "nil", "n/a", "[]", "{}", "true",
                                               "00000000-0000-0000-0000-000000000000")],
        "properties.$insert_id": [good(**{"$insert_id": value}) for value in (..., "", "has space", "x" * 37, "undefined")],
        "event": [{"properties": good()["properties"]}, {"event": 5, "properties": good()["properties"]}],
        "properties": [{"event": "Hostile Import"}, good(deep={"a": {"b": {"c": {"d": 1}}}}), good(wide={str(n): n for n in range(300)})],
        "": ["text", 7, None, []],
    }
    records, expected = [], []
    for field, cases in bad.items():
        for case in cases:
            expected.append((len(records), field))
            records.append(case)
            records.append(good())
    answer = strict(sealane, records)
    assert answer.status_code == 400
    seen = answer.json()
    assert seen["code"] == 400 and seen["status"] == "Bad Request"
    assert seen["error"] == "some data points in the request failed validation"
    assert seen["num_records_imported"] == len(expected)
    assert [(failure["index"], failure["field"]) for failure in seen["failed_records"]] == expected
    for failure in seen["failed_records"]:
        record = records[failure["index"]]
        sent = record.get("properties", {}).get("$insert_id", "") if isinstance(record, dict) else ""
        assert failure["$insert_id"] == failure["insert_id"] == sent and failure["message"]
    assert sealane.total("Hostile Import") == before + len(expected)


def test_a_bad_line_does_not_spoil_the_others(sealane):
    lines = [json.dumps(good()), '{"event":', "", "nonsense", json.dumps(good()), "[" * 10_000]
    answer = post(sealane, "/import?strict=1", "\n".join(lines).encode(), {"Content-Type": "application/x-ndjson"}, auth=sealane.account)
    assert answer.status_code == 400
    assert answer.json()["num_records_imported"] == 2
    assert [failure["index"] for failure in answer.json()["failed_records"]] == [1, 2, 4]


def test_times_of_other_ages(sealane):
    now = time.time()

    def verbose(moment):
        return sealane.track(event(sealane, "Aged", time=moment), verbose=1).json()

    assert verbose(0) == {"error": "'properties.time' is invalid: must be specified as seconds since epoch", "status": 0}
    assert verbose(now - 6 * 86400) == {
        "error": "'properties.time' is invalid: older than 5 days; send such events to /import", "status": 0}
    for future in (4102444800, 4102444800000, "2100-01-01T00:00:00Z", now + 900):
        assert verbose(future) == {"error": None, "status": 1}
    assert len(sealane.export(event='["Aged"]')) == 4
    assert all(abs(line["properties"]["time"] - now) < 120 for line in sealane.export(event='["Aged"]'))
    for unit in (1, 1000):
        assert strict(sealane, [good(time=int((now - 400 * 86400) * unit))]).status_code == 200


def test_ids_that_stand_for_nobody_make_no_person(sealane):
    for word in ("null", "undefined", "0", "", "anonymous", "None"):
        properties = {"distinct_id": word, "$user_id": word, "$device_id": word, "$insert_id": word}
        assert sealane.track({"event": "Nobody", "properties": dict(properties)}).text == "1"
    assert len(sealane.export(event='["Nobody"]')) == 6
    assert sealane.total("Nobody") == 6
    assert sealane.total("Nobody", "unique") == 0


def test_deep_wide_and_odd_json(sealane):
    deep = b'[{"event":"Odd","properties":{"token":"%s","x":%s}},{"event":"Odd","properties":{"token":"%s","y":"ok"}}]' % (
        sealane.token.encode(), b"[" * 100_000 + b"]" * 100_000, sealane.token.encode())
    assert post(sealane, "/track", deep).text == "1"
    odd = b'{"event":"Odd","properties":{"token":"%s","a":"\\ud83d","b":"x\\u0000y","c":123456789012345678901234567890,"d":1e999,"e":NaN,"f":-Infinity}}'
    assert post(sealane, "/track", odd % sealane.token.encode()).text == "1"
    wide = event(sealane, "Odd", **{f"k{n}": n for n in range(5000)})
    assert sealane.track(wide).text == "1"
    twice = b'{"event":"Odd","properties":{"token":"%s","twice":1,"twice":2}}' % sealane.token.encode()
    assert post(sealane, "/track", twice).text == "1"
    lines = sealane.export(event='["Odd"]')
    assert len(lines) == 5
    assert [line["properties"]["twice"] for line in lines if "twice" in line["properties"]] == [2]
    assert max(len(line["properties"]) for line in lines) < 270


def test_names_full_of_markup_and_direction_marks_are_data(sealane):
    names = ["<script>alert(1)</script>", "'\"><img src=x onerror=alert(1)>", "\u202egnp.exe", "a\u0000b\u0001c", "'; DROP TABLE events; --", "日本語 🎉", "{{7*7}}"]
    for name in names:
        assert sealane.track(event(sealane, name, **{name: name})).text == "1"
    seen = {line["event"]: line["properties"] for line in sealane.export()}
    for name in names:
        assert name in seen and name in seen[name]
    catalog = requests.get(sealane.api + "/api/v1/catalog", params={"project_id": sealane.project_id}, auth=sealane.account, timeout=30)
    assert catalog.headers["Content-Type"].startswith("application/json")
    assert set(names) <= {known["name"] for known in catalog.json()["events"]}


def test_unknown_tokens_are_answered_as_if_all_was_well(sealane):
    assert requests.post(sealane.intake + "/track", json=[{"event": "Stranger", "properties": {"token": "f" * 32}}], timeout=10).text == "1"
    assert requests.post(sealane.intake + "/track?verbose=1", json=[{"event": "Stranger", "properties": {}}], timeout=10).json()["status"] == 0
    assert sealane.export(event='["Stranger"]') == []


def test_wrong_credentials(sealane):
    for auth in (None, ("wrong", "wrong"), (sealane.account[0], "wrong"), ("f" * 32, ""), ("", "")):
        answer = requests.post(sealane.intake + "/import?strict=1", json=[good()], auth=auth, timeout=10)
        assert answer.status_code == 401
        assert answer.json() == {"code": 401, "error": "Invalid credentials", "status": "Unauthorized"}
    assert requests.get(sealane.api + "/api/2.0/export", params={"from_date": today(), "to_date": today()}, timeout=10).status_code == 401
    assert requests.get(sealane.intake + "/api/2.0/export", auth=sealane.account, timeout=10).status_code in (404, 405)


def test_replies_of_pixels_and_scripts(sealane):
    data = base64.b64encode(json.dumps(event(sealane, "Pixel")).encode()).decode()
    pixel = requests.get(sealane.intake + "/track", params={"data": data, "img": 1}, timeout=10)
    assert pixel.headers["Content-Type"] == "image/gif" and pixel.content.startswith(b"GIF89a")
    script = requests.get(sealane.intake + "/track/", params={"data": data, "callback": "mp.done"}, timeout=10)
    assert script.headers["Content-Type"].startswith("text/javascript") and script.text == "mp.done(1);"
    for callback in ("alert(1)", "a;b", "<script>", "a" * 500, ""):
        assert requests.get(sealane.intake + "/track", params={"data": data, "callback": callback}, timeout=10).status_code == 400
    moved = requests.get(sealane.intake + "/track", params={"data": data, "redirect": "https://evil.example/"}, timeout=10, allow_redirects=False)
    assert moved.status_code == 200 and "Location" not in moved.headers


def test_foreign_origins_cannot_break_headers(sealane):
    for origin in ("*", "https://a b", "javascript:alert(1)", "x" * 1000):
        answer = requests.post(sealane.intake + "/track", json=[], headers={"Origin": origin}, timeout=10)
        assert answer.headers.get("Access-Control-Allow-Origin") is None


def raw(sealane, data: bytes, wait: float = 3) -> bytes:
    with socket.create_connection(("127.0.0.1", sealane.intake_port), timeout=wait) as connection:
        connection.sendall(data)
        received = b""
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except (TimeoutError, ConnectionError):
            pass
        return received


@pytest.mark.parametrize("data", [
    b"\x00" * 1000, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/9.9\r\n\r\n", b"GET " + b"/a" * 60_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /track HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"POST /track HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /track HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"GET /../../../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"POST /track HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    b"GET /track HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 5000 + b"\r\n",
], ids=lambda data: repr(data[:30]))
def test_bytes_that_are_no_request(sealane, data):
    answer = raw(sealane, data)
    assert b"root:" not in answer
    assert not answer.startswith(b"HTTP/1.1 5") or answer.startswith(b"HTTP/1.1 501") or answer.startswith(b"HTTP/1.1 505")


def test_senders_that_hang_up(sealane):
    for length in (0, 1, 20, 80):
        with socket.create_connection(("127.0.0.1", sealane.intake_port), timeout=3) as connection:
            connection.sendall((b"POST /track HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n[{" + b" " * 80)[: 20 + length])


def test_other_methods_and_paths(sealane):
    assert requests.delete(sealane.intake + "/track", timeout=10).status_code in (404, 405)
    assert requests.put(sealane.intake + "/import", timeout=10).status_code in (404, 405)
    assert requests.get(sealane.intake + "/no-such-thing", timeout=10).status_code == 404
