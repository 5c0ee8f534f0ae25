"""What arrives at vendors is what their own tools send and take: Standard Webhooks by another implementation, Segment by its own SDK."""

import base64
import datetime
import http.server
import json
import threading
import time

import pytest
import requests
import segment.analytics.client
import standardwebhooks
from staff import owner
from test_vendors import agree, declaration, declare, state, until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET = "whsec_" + "AAAA" * 8
WRITE_KEY = "write-key-7f3a"
SEGMENT_BATCH, SEGMENT_EVENT = 500_000, 32_000


class Receiver:
    """Keeps every request; `answer(method, path, body)` says status and JSON."""

    def __init__(self, answer=lambda *_: (200, {"success": True})):
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.requests.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                status, found = answer(self.command, self.path, body)
                data = json.dumps(found).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def place(make_installation):
    sealane = make_installation()
    sealane.start()
    return sealane, owner(sealane)


def deletions(sealane, vendor="tallymark"):
    return json.loads(sealane.command("vendors", "deletions", vendor, "--data", sealane.data, "--json"))["deletions"]


def entries(sealane, *kinds):
    listed = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", 1000))["entries"]
    return [entry for entry in listed if entry["kind"] in kinds]


def erase(sealane, ids):
    """By ids as they were sent, all in one order; of them those count that are known."""
    account = sealane.account_with(scopes=["admin"])
    answer = requests.post(
        sealane.api + "/api/app/data-deletions/v3.0", params={"project_id": sealane.project_id}, auth=(account["username"], account["secret"]),
        json={"compliance_type": "GDPR", "distinct_ids": ids}, timeout=300)
    assert answer.status_code == 201, answer.text


def moment(text):
    at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    assert at.tzinfo is not None, text
    return at


def segment_accepts(method, path, headers, body):
    """Segment's rules of the HTTP tracking API for a batch of track calls; what breaks one is an error. The write key is the user of Basic credentials,
    without a password, or stands in the envelope, as newer versions of its SDKs send it."""
    assert method == "POST" and path == "/v1/batch"
    assert headers["content-type"].split(";")[0] == "application/json"
    assert len(body) <= SEGMENT_BATCH, len(body)
    envelope = json.loads(body)
    if "authorization" in headers:
        scheme, credential = headers["authorization"].split(" ")
        assert scheme == "Basic" and base64.b64decode(credential, validate=True) == f"{WRITE_KEY}:".encode()
    else:
        assert envelope["writeKey"] == WRITE_KEY
    assert isinstance(envelope["batch"], list) and envelope["batch"]
    assert abs((moment(envelope["sentAt"]) - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) < 120
    for call in envelope["batch"]:
        assert len(json.dumps(call).encode()) <= SEGMENT_EVENT
        assert call["type"] == "track" and isinstance(call["event"], str) and call["event"]
        assert any(isinstance(call.get(name), str) and call[name] for name in ("userId", "anonymousId"))
        assert isinstance(call["messageId"], str) and 1 <= len(call["messageId"]) <= 100
        assert isinstance(call["properties"], dict)
        moment(call["timestamp"])
    assert len({call["messageId"] for call in envelope["batch"]}) == len(envelope["batch"])
    return envelope


def test_segment_is_sent_what_its_own_sdk_sends(place, tmp_path):
    sealane, ada = place
    (tmp_path / "key").write_text(WRITE_KEY)
    with Receiver() as theirs, Receiver() as ours:
        client = segment.analytics.client.Client(write_key=WRITE_KEY, host=theirs.url)
        assert client.track("v_" + "0" * 32, "Request", {"plan": "pro"}, timestamp=datetime.datetime.now(datetime.timezone.utc))[0]
        client.flush()
        client.shutdown()

        declare(sealane, tmp_path, declaration("tallymark", {
            "type": "segment", "url": ours.url, "allow_internal": "true", "write_key_file": tmp_path / "key"}))
        agree(sealane, ada, "tallymark")
        rows = [{"event": "Request", "properties": {
            "distinct_id": f"u-{n % 40}", "plan": "pro", "model": "m" * 900, "time": int(time.time()), "$insert_id": f"s-{n}"}} for n in range(1_500)]
        assert sealane.send_import(rows).status_code == 200
        until(lambda: state(sealane, "tallymark")["events"] == 1_500, 60)

        [reference] = theirs.requests
        standard = segment_accepts(*reference)
        batches = [segment_accepts(*request) for request in ours.requests]
        calls = [call for batch in batches for call in batch["batch"]]
        assert len(calls) == 1_500 and len({call["messageId"] for call in calls}) == 1_500 and len(batches) >= 3, "by bytes, not by number alone"
        # Same endpoint and envelope; the same key, which never stands among the events here.
        for method, path, headers, body in ours.requests:
            assert (method, path) == reference[:2] and headers["content-type"] == reference[2]["content-type"]
            assert "authorization" in headers and WRITE_KEY.encode() not in body
        assert set(batches[0]) == {"batch", "sentAt"} <= set(standard)
        [call] = standard["batch"]
        # What the SDK adds beside names itself: its own context and which destinations of Segment are meant.
        assert {"type", "event", "userId", "messageId", "timestamp", "properties"} <= set(call)
        for mine in calls:
            assert set(mine) == {"type", "event", "userId", "messageId", "timestamp", "properties"}
            assert all(type(mine[name]) is type(call[name]) for name in mine) and mine["userId"].startswith("v_")
    shown = state(sealane, "tallymark")
    assert shown["dead_letters"] == 0 and shown["last_error"] is None


def test_the_checker_refuses_what_segment_would(place):
    good = {"type": "track", "event": "x", "userId": "u", "messageId": "m", "timestamp": "2026-01-01T00:00:00Z", "properties": {}}
    headers = {"content-type": "application/json", "authorization": "Basic " + base64.b64encode(f"{WRITE_KEY}:".encode()).decode()}

    def body(*calls, **more):
        return json.dumps({"batch": list(calls), "sentAt": datetime.datetime.now(datetime.timezone.utc).isoformat(), **more}).encode()

    segment_accepts("POST", "/v1/batch", headers, body(good))
    for bad in [
        body(), body({**good, "messageId": None}), body({**good, "userId": ""}), body({**good, "timestamp": "yesterday"}), body(good, good),
        body({**good, "properties": {"x": "y" * SEGMENT_EVENT}}), body(good, sentAt="2020-01-01T00:00:00Z"), body({**good, "event": ""}),
    ]:
        with pytest.raises((AssertionError, KeyError, ValueError)):
            segment_accepts("POST", "/v1/batch", headers, bad)
    segment_accepts("POST", "/v1/batch", {"content-type": "application/json"}, body(good, writeKey=WRITE_KEY))
    with pytest.raises(KeyError):
        segment_accepts("POST", "/v1/batch", {"content-type": "application/json"}, body(good))
    with pytest.raises(AssertionError):
        segment_accepts("POST", "/v1/batch", {**headers, "authorization": "Basic " + base64.b64encode(WRITE_KEY.encode()).decode()}, body(good))


def test_webhooks_verify_by_another_implementation(place, tmp_path):
    sealane, ada = place
    (tmp_path / "secrets").write_text(f"{SECRET}\n{OLD_SECRET}\n")
    with Receiver() as hook:
        declare(sealane, tmp_path, declaration("tallymark", {
            "type": "webhook", "url": hook.url + "/in", "allow_internal": "true", "secrets_file": tmp_path / "secrets"}))
        agree(sealane, ada, "tallymark")
        for number in range(5):
            sealane.track({"event": "Request", "properties": {"distinct_id": f"u-{number}", "plan": "pro", "$insert_id": f"h-{number}"}})
        until(lambda: state(sealane, "tallymark")["events"] == 5)
        subject = sealane.export()[0]["properties"]["distinct_id"]
        assert sealane.control("DELETE", f"/api/v1/subjects/{subject}?project_id={sealane.project_id}")[0] == 200
        until(lambda: [deletion["state"] for deletion in deletions(sealane)] == ["sent"])
        events, asked = [], []
        for method, path, headers, body in hook.requests:
            assert (method, path, headers["content-type"]) == ("POST", "/in", "application/json")
            # With either secret of the rotation, and the sender's clock within the five minutes that the library allows.
            for secret in (SECRET, OLD_SECRET):
                sent = standardwebhooks.Webhook(secret).verify(body, headers)
            moment(sent["timestamp"])
            for wrong in [body + b" ", body.replace(b"v_", b"w_", 1)]:
                with pytest.raises(standardwebhooks.WebhookVerificationError):
                    standardwebhooks.Webhook(SECRET).verify(wrong, headers)
            for name in ["webhook-id", "webhook-timestamp"]:
                with pytest.raises(standardwebhooks.WebhookVerificationError):
                    standardwebhooks.Webhook(SECRET).verify(body, {**headers, name: headers[name][:-1] + ("1" if headers[name][-1] != "1" else "2")})
            with pytest.raises(standardwebhooks.WebhookVerificationError):
                standardwebhooks.Webhook("whsec_" + "BBBB" * 8).verify(body, headers)
            {"events": events, "deletion": asked}[sent["type"]].append(sent["data"])
        people = {event["person"] for data in events for event in data["events"]}
        assert len(people) == 5 and [len(data["ids"]) for data in asked] == [1] and set(asked[0]["ids"]) <= people
        assert len({headers["webhook-id"] for _, _, headers, _ in hook.requests}) == len(hook.requests), "each message has an id of its own"


def one_with_many_ids(sealane, count):
    """A person who came under so many ids, as somebody who never stays signed in: all of them count as the one."""
    rows = [{"event": "Request", "properties": {"distinct_id": "ada", "plan": "pro", "time": int(time.time()), "$insert_id": "y-ada"}}]
    rows += [{"event": "Signed in", "properties": {
        "distinct_id": "ada", "$user_id": "ada", "$device_id": f"device-{n}", "time": int(time.time()), "$insert_id": f"y-{n}"}} for n in range(count - 1)]
    for start in range(0, len(rows), 1_000):
        assert sealane.send_import(rows[start:start + 1_000]).status_code == 200
    return ["ada"]


@pytest.mark.parametrize("fault", ["refuses one at first", "fails at one later"])
def test_an_erasure_of_very_many_goes_in_requests_that_mixpanel_takes(place, tmp_path, fault):
    """Its data-deletion interface takes at most 1,999 ids a task: each task is followed until it is done, and one that fails is asked for anew, alone."""
    sealane, ada = place
    (tmp_path / "secret").write_text("s")
    tasks, refusals, done = {}, [503] if fault == "refuses one at first" else [], set()

    def answer(method, path, body):
        if path.startswith("/import"):
            return 200, {"code": 200, "status": "OK"}
        if method == "POST":
            ids = json.loads(body)["distinct_ids"]
            if len(ids) > 1_999:
                return 400, {"error": "too many ids"}
            # The second request is refused once, the server's fault: the first must not come again.
            if len(tasks) == 1 and refusals:
                return refusals.pop(), {}
            task = f"task-{len(tasks) + 1}"
            tasks[task] = ids
            return 200, {"status": "ok", "results": {"task_id": task}}
        task = path.split("?")[0].split("/")[-1]
        return 200, {"status": "ok", "results": {
            "status": "SUCCESS" if task in done else "FAILURE" if (task, "fails") in done else "PENDING", "distinct_id_count": 1, "task_id": task}}

    with Receiver(answer) as vendor:
        declare(sealane, tmp_path, declaration("tallymark", {
            "type": "mixpanel", "url": vendor.url, "allow_internal": "true", "project_id": 7, "username": "u", "secret_file": tmp_path / "secret"}))
        agree(sealane, ada, "tallymark")
        erase(sealane, one_with_many_ids(sealane, 2_000))
        until(lambda: len(tasks) == 2, 60)
        assert sorted(len(ids) for ids in tasks.values()) == [1, 1_999]
        assert len({name for ids in tasks.values() for name in ids}) == 2_000, "each once"
        assert not refusals, "the one that was refused came again, the one before did not"
        # One is done: that is not all.
        done.add("task-1")
        if fault == "fails at one later":
            # It alone is asked for again.
            done.add(("task-2", "fails"))
            until(lambda: "task-3" in tasks, 90)
            assert tasks["task-3"] == tasks["task-2"]
        assert [deletion["state"] for deletion in deletions(sealane)] != ["confirmed"] and entries(sealane, "vendor_deletion_confirmed") == []
        sealane.terminate()
        sealane.start()
        done |= {"task-2", "task-3"}
        until(lambda: [deletion["state"] for deletion in deletions(sealane)] == ["confirmed"], 90)
        assert len(tasks) == (3 if fault == "fails at one later" else 2)
        assert len(entries(sealane, "vendor_deletion_confirmed")) == 1 and len(entries(sealane, "vendor_deletion_asked")) == 1
        assert deletions(sealane)[0]["ids"] == 2_000


def test_whoever_is_erased_after_the_kill_switch_is_noted_for_whoever_asks_by_hand(place, tmp_path):
    sealane, ada = place
    file = tmp_path / "tallymark.ndjson"
    declare(sealane, tmp_path, declaration("tallymark", {"type": "file", "path": file}))
    agree(sealane, ada, "tallymark")
    for number in range(3):
        sealane.track({"event": "Request", "properties": {"distinct_id": f"u-{number}", "plan": "pro", "$insert_id": f"k-{number}"}})
    until(lambda: state(sealane, "tallymark")["events"] == 3)
    not_yet = sealane.run("vendors", "deletion-request", "tallymark", "--data", sealane.data)
    assert not_yet.returncode == 1 and "kill switch" in not_yet.stderr
    sealane.command("vendors", "kill", "tallymark", "--data", sealane.data)
    arrived = file.read_text()
    subjects = [row["properties"]["distinct_id"] for row in sealane.export()]
    assert sealane.control("DELETE", f"/api/v1/subjects/{subjects[0]}?project_id={sealane.project_id}")[0] == 200
    until(lambda: [deletion["last_error"] for deletion in deletions(sealane)] != [None] and deletions(sealane))
    [deletion] = deletions(sealane)
    assert deletion["state"] == "waiting" and "by hand" in deletion["last_error"] and deletion["ids"] == 1
    asked = entries(sealane, "vendor_deletion_asked")
    assert len(asked) == 2, "the kill switch's own, and this one"
    time.sleep(3)
    assert file.read_text() == arrived and len(entries(sealane, "vendor_deletion_asked")) == 2, "once, and nothing leaves"

    letter = json.loads(sealane.command("vendors", "deletion-request", "tallymark", "--data", sealane.data, "--by", "2027-03-01", "--json"))
    text = sealane.command("vendors", "deletion-request", "tallymark", "--data", sealane.data)
    whole = [entry for entry in asked if "subjects" not in entry["detail"] or not entry["detail"]["subjects"]]
    assert letter["is_draft"] and letter["people"] == 3 and letter["events"] == 3 and letter["unconfirmed_deletions"] == 1 and letter["is_complete"]
    assert letter["asked_entry"] == min(entry["index"] for entry in asked) and letter["by"] == "2027-03-01" and len(whole) >= 1
    assert set(letter["fields"]) == {"event", "time", "plan"}
    for words in ["DRAFT.", "privacy@tallymark.example", "security@tallymark.example", "C-2025-17", "3 people, delivered in batches of together 3 events", "one request to erase single people",
                  "v_ and 32", "Cloudhost (US)", "28(3)(g)", f"entry no. {letter['asked_entry']}."]:
        assert words in text and words in letter["text"], words
    for secret in [*subjects, "u-0", "u-1", "s_", *(json.loads(line)["person"] for line in arrived.splitlines())]:
        assert secret not in letter["text"], secret
    assert "by 2027-03-01" in letter["text"]
    assert sealane.run("vendors", "deletion-request", "tallymark", "--by", "soon", "--data", sealane.data).returncode == 1
    page = ada.get("/vendors/tallymark/deletion-request")
    assert page.status_code == 200 and "3 people, delivered in batches of together 3 events" in page.text and "deletion-request" in ada.get("/vendors/tallymark").text

    sealane.command("vendors", "confirm-deletion", "tallymark", "all", "--data", sealane.data)
    assert [deletion["state"] for deletion in deletions(sealane)] == ["confirmed"]
    after = json.loads(sealane.command("vendors", "deletion-request", "tallymark", "--data", sealane.data, "--json"))
    assert (after["people"], after["events"], after["unconfirmed_deletions"]) == (0, 0, 0)
