"""Vendors: what is declared, simulated and agreed to leaves, and nothing else; the second Sealane plays the vendor."""

import http.server
import json
import re
import socketserver
import threading
import time

import pytest
import requests
from staff import Person, a_day_later, invited, owner

DECLARATION = """
vendor: {vendor}
name: {name}
purpose: Product analytics for the growth team
legal_basis: legitimate interests
contract: {{reference: C-2025-17, notice_hours: 24}}
contacts: {{breach: security@tallymark.example, privacy: privacy@tallymark.example}}
countries: {{storage: [US], processing: [US, IE]}}
subprocessors: [{{name: Cloudhost, country: US}}]
review: 2027-01-31
{events}
fields: {fields}
canaries: 0
destination:
{destination}
"""


def declaration(vendor, destination, fields="[plan, model]", events="", name=None):
    lines = "\n".join(f"  {key}: {value}" for key, value in destination.items())
    return DECLARATION.format(vendor=vendor, name=name or vendor.capitalize(), destination=lines, fields=fields, events=events)


class Sink:
    """A vendor that keeps what it is sent, and answers as it is told."""

    def __init__(self):
        self.batches, self.paths, self.headers, self.answers, self.delay = [], [], [], [], 0
        self.arrived_at = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.delay:
                    time.sleep(outer.delay)
                status, answer = outer.answers.pop(0) if outer.answers else (200, {"code": 200, "status": "OK"})
                if callable(answer):
                    answer = answer(json.loads(body))
                if status == 200 or (status == 400 and answer.get("num_records_imported")):
                    outer.batches.append(json.loads(body))
                    outer.arrived_at.append(time.monotonic())
                outer.paths.append(self.path)
                outer.headers.append({name.lower(): value for name, value in self.headers.items()})
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def events(self):
        return [event for batch in self.batches if isinstance(batch, list) for event in batch]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def sink():
    sink = Sink()
    yield sink
    sink.close()


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def agree(sealane, person, vendor, version=1):
    ticket = person.confirmed("approve_vendor", about=f"{vendor}/{version}")
    answer = person.post("/vendors/agree", {"vendor": vendor, "version": str(version), "ticket": ticket})
    assert answer.status_code == 200, answer.text
    return answer


def declare(sealane, tmp_path, text):
    file = tmp_path / "vendor.yaml"
    file.write_text(text)
    return json.loads(sealane.command("vendors", "declare", file, "--data", sealane.data, "--json"))


def state(sealane, vendor):
    return json.loads(sealane.command("vendors", "show", vendor, "--data", sealane.data, "--json"))


def mixpanel(sink, tmp_path):
    (tmp_path / "secret").write_text("s")
    return {"type": "mixpanel", "url": sink.url, "allow_internal": "true", "project_id": 7, "username": "u", "secret_file": tmp_path / "secret"}


@pytest.fixture
def place(make_installation):
    sealane = make_installation()
    sealane.start()
    return sealane, owner(sealane)


def test_a_second_sealane_plays_the_vendor(place, make_installation, tmp_path):
    sealane, ada = place
    other = make_installation()
    other.start()
    (tmp_path / "secret").write_text(other.account[1])
    made = declare(sealane, tmp_path, declaration("tallymark", {
        "type": "mixpanel", "url": other.intake, "allow_internal": "true", "project_id": other.project_id, "username": other.account[0],
        "secret_file": tmp_path / "secret"}))
    assert made["version"] == 1 and made["state"] == "waiting"
    sealane.track({"event": "Before", "properties": {"distinct_id": "ada@orrery.example", "plan": "pro"}})
    # Nothing flows before somebody else has agreed, who is not the one that declared it.
    alone = sealane.run("vendors", "approve", "tallymark", "--version", 1, "--data", sealane.data)
    assert alone.returncode != 0 and "somebody else" in alone.stderr
    simulated = json.loads(sealane.command("vendors", "simulate", "tallymark", "--data", sealane.data, "--json"))
    assert simulated["people"] == 1 and {"field": "plan", "people": 1} in simulated["fields"] and {"field": "model", "people": 0} in simulated["fields"]
    agree(sealane, ada, "tallymark")
    for number in range(30):
        sealane.track({"event": "Request", "properties": {
            "distinct_id": f"user-{number % 10}@orrery.example", "plan": "pro", "model": "orrery-2", "$email": f"user-{number}@orrery.example",
            "org_id": "brightfen", "note": "secret plans", "$insert_id": f"r-{number}"}})
    until(lambda: state(sealane, "tallymark")["events"] == 30)
    lines = other.export()
    assert len(lines) == 30 and {line["event"] for line in lines} == {"Request"}
    for line in lines:
        properties = {name for name in line["properties"] if not name.startswith("$")}
        assert properties == {"time", "distinct_id", "plan", "model"}
    # Whom the second instance knows: ten people, none by an id of the first.
    assert len({line["properties"]["distinct_id"] for line in lines}) == 10
    # Every delivery is in the ledger, with exactly its subjects.
    entries = [entry for entry in json.loads(
        sealane.command("ledger", "entries", "--data", sealane.data, "--from", 0, "--limit", 1000))["entries"] if entry["kind"] == "disclosure.delivery"]
    assert sum(entry["detail"]["rows"] for entry in entries) == 30
    assert all(entry["detail"]["principal"] == {"kind": "vendor", "id": "tallymark", "credential": "mixpanel"} for entry in entries)
    assert all(set(entry["detail"]["fields"]) == {"event", "time", "plan", "model"} for entry in entries)


def test_two_vendors_know_nobody_by_the_same_name(place, tmp_path):
    sealane, ada = place
    sinks = [Sink(), Sink()]
    try:
        for vendor, sink in zip(["tallymark", "quillon"], sinks):
            declare(sealane, tmp_path, declaration(vendor, mixpanel(sink, tmp_path), fields="[plan, org_id]"))
            agree(sealane, ada, vendor)
        for number in range(20):
            sealane.track({"event": "Request", "properties": {
                "distinct_id": f"user-{number}", "plan": "pro", "org_id": f"org-{number % 3}", "$insert_id": f"i-{number}"}})
        until(lambda: all(len(sink.events) == 20 for sink in sinks))
        ours = {line["subject"] for line in requests.get(
            sealane.api + "/api/v1/subjects", params={"project_id": sealane.project_id}, auth=sealane.account, timeout=10).json()["subjects"]}

        def words(sink):
            found = set()
            for event in sink.events:
                for name, value in event["properties"].items():
                    if name not in ("plan", "time"):
                        found.add(str(value))
            return found

        first, second = map(words, sinks)
        assert len(first) >= 43 and len(second) >= 43
        assert not first & second
        assert not {word[2:] for word in first | second} & {name[2:] for name in ours}
    finally:
        for sink in sinks:
            sink.close()


def test_the_kill_switch_under_load(place, tmp_path, sink):
    sealane, ada = place
    declare(sealane, tmp_path, declaration("tallymark", mixpanel(sink, tmp_path)))
    agree(sealane, ada, "tallymark")
    going = threading.Event()

    def load():
        number = 0
        while not going.is_set():
            rows = [{"event": "Request", "properties": {
                "distinct_id": f"u-{n % 500}", "plan": "pro", "time": int(time.time()), "$insert_id": f"k-{number}-{n}"}} for n in range(500)]
            sealane.send_import(rows)
            number += 1

    senders = [threading.Thread(target=load) for _ in range(3)]
    for sender in senders:
        sender.start()
    try:
        until(lambda: len(sink.events) > 3_000)
        began = time.monotonic()
        killed = json.loads(sealane.command("vendors", "kill", "tallymark", "--data", sealane.data, "--json"))
        acknowledged = time.monotonic()
        arrived = len(sink.events)
        assert killed["state"] == "killed" and acknowledged - began < 10
        time.sleep(3)
        assert len(sink.events) == arrived
        assert max(sink.arrived_at) <= acknowledged
    finally:
        going.set()
        for sender in senders:
            sender.join()
    # For good, also after a restart.
    sealane.terminate()
    sealane.start()
    sealane.track({"event": "Request", "properties": {"distinct_id": "later", "plan": "pro"}})
    time.sleep(2)
    assert len(sink.events) == arrived
    assert "resum" not in sealane.run("vendors", "resume", "tallymark", "--data", sealane.data).stdout
    alerts = json.loads(sealane.command("alerts", "list", "--data", sealane.data, "--json"))["alerts"]
    assert "vendor_killed" in [alert["kind"] for alert in alerts]


def test_nothing_is_lost_by_kills_and_refusals(place, tmp_path, sink):
    sealane, ada = place
    declare(sealane, tmp_path, declaration("tallymark", mixpanel(sink, tmp_path)))
    agree(sealane, ada, "tallymark")
    sink.answers = [(503, {}), (429, {}), (500, {})]
    sent = set()
    for turn in range(6):
        rows = [{"event": "Request", "properties": {
            "distinct_id": f"u-{n}", "plan": f"p-{turn}-{n}", "time": int(time.time()), "$insert_id": f"c-{turn}-{n}"}} for n in range(400)]
        assert sealane.send_import(rows).status_code == 200
        sent |= {row["properties"]["plan"] for row in rows}
        time.sleep(0.3)
        sealane.kill()
        sealane.start()
    until(lambda: {event["properties"]["plan"] for event in sink.events} == sent, 60)
    # What came twice came under one insert id.
    by_plan = {}
    for event in sink.events:
        by_plan.setdefault(event["properties"]["plan"], set()).add(event["properties"]["$insert_id"])
    assert all(len(ids) == 1 for ids in by_plan.values())


def test_what_a_vendor_refuses_is_named_and_holds_up_nothing(place, tmp_path, sink):
    sealane, ada = place
    declare(sealane, tmp_path, declaration("tallymark", mixpanel(sink, tmp_path)))
    agree(sealane, ada, "tallymark")
    sink.answers = [(400, lambda batch: {
        "code": 400, "num_records_imported": len(batch) - 1, "status": "Bad Request",
        "failed_records": [{"index": 0, "insert_id": batch[0]["properties"]["$insert_id"], "field": "properties.plan", "message": "no"}]})]
    sealane.send_import([{"event": "Request", "properties": {
        "distinct_id": f"u-{n}", "plan": "pro", "time": int(time.time()), "$insert_id": f"d-{n}"}} for n in range(10)])
    until(lambda: state(sealane, "tallymark")["dead_letters"] == 1)
    assert state(sealane, "tallymark")["events"] == 9
    letters = json.loads(sealane.command("vendors", "dead-letters", "tallymark", "--data", sealane.data, "--json"))["dead_letters"]
    assert letters[0]["event"] == "Request" and "properties.plan" in letters[0]["reason"]
    sealane.track({"event": "Request", "properties": {"distinct_id": "after", "plan": "pro"}})
    until(lambda: state(sealane, "tallymark")["events"] == 10)


def test_an_erasure_reaches_the_vendor(place, make_installation, tmp_path):
    sealane, ada = place
    other = make_installation()
    other.start()
    made = other.account_with(scopes=["intake", "admin"])
    (tmp_path / "secret").write_text(made["secret"])
    declare(sealane, tmp_path, declaration("tallymark", {
        "type": "mixpanel", "url": other.intake, "allow_internal": "true", "project_id": other.project_id, "username": made["username"],
        "secret_file": tmp_path / "secret", "deletions": f"{{url: \"{other.api}\", allow_internal: true}}"}))
    agree(sealane, ada, "tallymark")
    for number in range(20):
        sealane.track({"event": "Request", "properties": {"distinct_id": f"user-{number % 4}", "plan": f"p{number % 4}", "$insert_id": f"e-{number}"}})
    until(lambda: len(other.export()) == 20)
    subject = next(line["distinct_id"] for line in (row["properties"] for row in sealane.export()) if line["plan"] == "p1")
    status, _ = sealane.control("DELETE", f"/api/v1/subjects/{subject}?project_id={sealane.project_id}")
    assert status == 200
    until(lambda: len(other.export()) == 15)
    assert {line["properties"]["plan"] for line in other.export()} == {"p0", "p2", "p3"}
    until(lambda: [deletion["state"] for deletion in json.loads(
        sealane.command("vendors", "deletions", "tallymark", "--data", sealane.data, "--json"))["deletions"]] == ["confirmed"])
    kinds = [entry["kind"] for entry in json.loads(
        sealane.command("ledger", "entries", "--data", sealane.data, "--from", 0, "--limit", 1000))["entries"]]
    assert kinds.count("vendor_deletion_asked") == 1 and kinds.count("vendor_deletion_confirmed") == 1
    # Whoever was erased is not sent again, even if they come back.
    sealane.track({"event": "Request", "properties": {"distinct_id": "user-1", "plan": "again", "$insert_id": "later"}})
    sealane.track({"event": "Request", "properties": {"distinct_id": "user-2", "plan": "p2", "$insert_id": "last"}})
    until(lambda: len(other.export()) == 16)
    assert "again" not in {line["properties"]["plan"] for line in other.export()}


def test_a_vendor_without_confirmations_is_confirmed_by_hand(place, tmp_path):
    sealane, ada = place
    file = tmp_path / "tallymark.ndjson"
    declare(sealane, tmp_path, declaration("tallymark", {"type": "file", "path": file}))
    agree(sealane, ada, "tallymark")
    sealane.track({"event": "Request", "properties": {"distinct_id": "user-1", "plan": "pro"}})
    until(lambda: file.exists() and file.read_text().count("\n") == 1)
    event = json.loads(file.read_text())
    assert event["event"] == "Request" and event["person"].startswith("v_") and event["properties"] == {"plan": "pro"}
    subject = sealane.export()[0]["properties"]["distinct_id"]
    assert sealane.control("DELETE", f"/api/v1/subjects/{subject}?project_id={sealane.project_id}")[0] == 200
    until(lambda: file.read_text().count("\n") == 2)
    asked = json.loads(file.read_text().splitlines()[1])
    assert asked["type"] == "deletion" and asked["ids"] == [event["person"]]
    shown = json.loads(sealane.command("vendors", "deletions", "tallymark", "--data", sealane.data, "--json"))["deletions"]
    assert [deletion["state"] for deletion in shown] == ["sent"]
    sealane.command("vendors", "confirm-deletion", "tallymark", shown[0]["deletion"], "--data", sealane.data)
    assert sealane.run("vendors", "confirm-deletion", "tallymark", shown[0]["deletion"], "--data", sealane.data).returncode != 0


def test_a_vendors_canaries_name_the_vendor(place, tmp_path):
    sealane, ada = place
    files = {}
    for vendor in ["tallymark", "quillon"]:
        files[vendor] = tmp_path / f"{vendor}.ndjson"
        declare(sealane, tmp_path, declaration(vendor, {"type": "file", "path": files[vendor]}).replace("canaries: 0", "canaries: 5"))
        agree(sealane, ada, vendor)
    sent = 0
    while not all(file.exists() and file.read_text().count("\n") > sent + 3 for file in files.values()) and sent < 6_000:
        rows = [{"event": "Request", "properties": {
            "distinct_id": f"u-{n}", "plan": f"p{n % 3}", "time": int(time.time()) - n, "$insert_id": f"v-{sent}-{n}"}} for n in range(200)]
        assert sealane.send_import(rows).status_code == 200
        sent += 200
        time.sleep(0.5)
    time.sleep(2)
    lines = {vendor: [json.loads(line) for line in file.read_text().splitlines()] for vendor, file in files.items()}
    # All that is known of whoever exists came: what is more are canaries, alike in form.
    assert all(len(found) > sent for found in lines.values())
    assert all(set(line) == set(found[0]) and re.fullmatch("v_[0-9a-f]{32}", line["person"]) for found in lines.values() for line in found)
    for vendor, file in files.items():
        done = sealane.run("canaries", "check", file, "--data", sealane.data, "--json")
        assert done.returncode == 1, done.stderr
        named = json.loads(done.stdout)["canaries"]
        assert named and {canary["vendor"] for canary in named} == {vendor}
    alerts = [alert for alert in json.loads(sealane.command("alerts", "list", "--data", sealane.data, "--json"))["alerts"] if alert["kind"] == "canary_used"]
    assert {alert["about"]["id"] for alert in alerts} == {"tallymark", "quillon"}
    entries = [entry["detail"] for entry in json.loads(
        sealane.command("ledger", "entries", "--data", sealane.data, "--from", 0, "--limit", 1000))["entries"] if entry["kind"] == "disclosure.delivery"]
    assert sum(detail["rows"] for detail in entries) == 2 * sent
    assert sum(int(detail["facts"].get("canary_lines", 0)) for detail in entries if "facts" in detail) == sum(map(len, lines.values())) - 2 * sent


def test_one_that_is_agreed_to_after_a_restart_begins_too(place, tmp_path, sink):
    sealane, ada = place
    declare(sealane, tmp_path, declaration("tallymark", mixpanel(sink, tmp_path)))
    sealane.terminate()
    sealane.start()
    agree(sealane, ada, "tallymark")
    sealane.track({"event": "Request", "properties": {"distinct_id": "u-1", "plan": "pro"}})
    until(lambda: len(sink.events) == 1)
    # Pausing and going on at once leaves nothing standing still.
    for _ in range(3):
        sealane.command("vendors", "pause", "tallymark", "--data", sealane.data)
        sealane.command("vendors", "resume", "tallymark", "--data", sealane.data)
    sealane.track({"event": "Request", "properties": {"distinct_id": "u-2", "plan": "pro"}})
    until(lambda: len(sink.events) == 2)


def test_whoever_is_erased_while_a_batch_waits_does_not_leave_with_it(place, tmp_path, sink):
    sealane, ada = place
    declare(sealane, tmp_path, declaration("tallymark", mixpanel(sink, tmp_path)))
    agree(sealane, ada, "tallymark")
    sink.answers = [(503, {})] * 3
    sealane.send_import([{"event": "Request", "properties": {
        "distinct_id": f"u-{n % 5}", "plan": f"p{n % 5}", "time": int(time.time()), "$insert_id": f"w-{n}"}} for n in range(50)])
    until(lambda: state(sealane, "tallymark")["last_error"])
    subject = next(row["properties"]["distinct_id"] for row in sealane.export() if row["properties"]["plan"] == "p3")
    assert sealane.control("DELETE", f"/api/v1/subjects/{subject}?project_id={sealane.project_id}")[0] == 200
    until(lambda: len(sink.events) >= 40, 60)
    time.sleep(1)
    assert {event["properties"]["plan"] for event in sink.events} == {"p0", "p1", "p2", "p4"}


def test_a_wider_declaration_is_for_what_comes_after_it(place, tmp_path, sink):
    sealane, ada = place
    declare(sealane, tmp_path, declaration("tallymark", mixpanel(sink, tmp_path), fields="[plan]"))
    agree(sealane, ada, "tallymark")
    sealane.command("vendors", "pause", "tallymark", "--data", sealane.data)
    for number in range(20):
        sealane.track({"event": "Request", "properties": {"distinct_id": f"u-{number}", "plan": "pro", "model": "before", "$insert_id": f"f-{number}"}})
    declare(sealane, tmp_path, declaration("tallymark", mixpanel(sink, tmp_path), fields="[plan, model]"))
    agree(sealane, ada, "tallymark", 2)
    for number in range(20):
        sealane.track({"event": "Request", "properties": {"distinct_id": f"u-{number}", "plan": "pro", "model": "after", "$insert_id": f"g-{number}"}})
    sealane.command("vendors", "resume", "tallymark", "--data", sealane.data)
    until(lambda: len(sink.events) == 40)
    assert [event["properties"].get("model") for event in sink.events] == [None] * 20 + ["after"] * 20


def test_a_vendor_that_refuses_everything_loses_nothing(place, tmp_path, sink):
    sealane, ada = place
    declare(sealane, tmp_path, declaration("tallymark", mixpanel(sink, tmp_path)))
    agree(sealane, ada, "tallymark")
    sink.answers = [(402, {})]
    sealane.track({"event": "Request", "properties": {"distinct_id": "u-1", "plan": "pro"}})
    until(lambda: state(sealane, "tallymark")["last_error"])
    shown = state(sealane, "tallymark")
    assert "402" in shown["last_error"] and shown["dead_letters"] == 0 and shown["events"] == 0
    # A new version has a connection and a patience of its own.
    declare(sealane, tmp_path, declaration("tallymark", mixpanel(sink, tmp_path), name="Tallymark Inc"))
    agree(sealane, ada, "tallymark", 2)
    until(lambda: len(sink.events) == 1, 90)
