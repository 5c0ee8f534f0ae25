"""Nothing is shown that is not in the ledger first: not when the ledger cannot be written, not when the process dies behind an answer."""

import json
import re
import time
import urllib.parse

import requests
from installation import today
from staff import owner

EVENT = "Ledger Fault Probe"
VALUE = "ledger-fault-value"
# What no answer may hold while the ledger is closed: a name, a value, a property, a pseudonym.
DATA = re.compile(rf"{EVENT}|{VALUE}|fault_property|s_[0-9a-f]{{32}}|g_[0-9a-f]{{32}}|sls_")


def fill(sealane):
    sealane.track(*[
        {"event": EVENT, "properties": {"distinct_id": f"fault-{n}", "fault_property": VALUE, "org_id": f"org-{n}"}} for n in range(5)])
    requests.post(
        sealane.intake + "/engage", json=[{"$token": sealane.token, "$distinct_id": "fault-1", "$set": {"fault_property": VALUE}}], timeout=10)


QUERY = {"report": "insights", "range": {"from": today(-1), "to": today(1)}, "series": [{"event": EVENT}], "breakdown": {"property": "fault_property"}}


SPAN = {"from": today(-1), "to": today(1)}
REPORTS = {
    "/insights": QUERY, "/funnels": {"report": "funnel", "range": SPAN, "steps": [{"event": EVENT}, {"event": EVENT}]},
    "/retention": {"report": "retention", "range": SPAN, "start": {"event": EVENT}, "return": {"event": EVENT}},
    "/flows": {"report": "flows", "range": SPAN, "anchor": {"event": EVENT}},
}


def doors(sealane, person, subject):
    """Every address that shows data, as (name, answer)."""
    project = {"project_id": sealane.project_id}
    whole = {"from": today(-1), "to": today(1)}
    door = {"query": {name: part for name, part in QUERY.items() if name != "breakdown"}, "cell": {"report": "insights", "series": 0, "group": "everything", "bucket": 1}}
    for path, parameters in [
        ("catalog", {}), ("values", {"property": "fault_property"}), ("subjects", {}), ("subjects", {"prefix": subject[:6]}),
        (f"subjects/{subject}", {}), (f"subjects/{subject}/timeline", {}),
    ]:
        yield path, requests.get(f"{sealane.api}/api/v1/{path}", params={**project, **parameters}, auth=sealane.account, timeout=30)
    yield "query", requests.post(sealane.api + "/api/v1/query", json=QUERY, params=project, auth=sealane.account, timeout=30)
    yield "door", requests.post(sealane.api + "/api/v1/door", json=door, params=project, auth=sealane.account, timeout=30)
    yield "export", requests.get(
        sealane.api + "/api/2.0/export", params={"from_date": today(-1), "to_date": today(1), **project}, auth=sealane.account, timeout=30)
    for page, query in REPORTS.items():
        moved = person.get(page + "?" + urllib.parse.urlencode({"query": json.dumps(query)}))
        if moved.status_code != 303:  # a report is brought into its one address first
            yield page, moved
            continue
        for ending in ("", ".csv", ".json"):
            address = moved.headers["Location"].replace(page, page + ending, 1)
            yield address, person.get(address)
    for path in [
        "/", "/live", "/live/rows?after=0", "/subjects", f"/subjects?q={subject[:6]}", f"/subjects/{subject}", "/settings", "/alerts",
        "/door?" + urllib.parse.urlencode({"to": json.dumps(door)}),
    ]:
        yield path, person.get(path)
    for name, command in [
        ("sealane query", ["query", "--data", sealane.data, "--json", sealane.root / "query.json"]),
        ("sealane export", ["export", "--data", sealane.data, "--from", whole["from"], "--to", whole["to"]]),
        ("sealane ledger entries", ["ledger", "entries", "--data", sealane.data]),
    ]:
        yield name, sealane.run(*command)


def test_a_ledger_that_cannot_be_written_discloses_nothing(make_installation):
    sealane = make_installation()
    (sealane.root / "query.json").write_text(json.dumps(QUERY))
    sealane.start()
    person = owner(sealane)
    fill(sealane)
    subject = requests.get(
        sealane.api + "/api/v1/subjects", params={"project_id": sealane.project_id}, auth=sealane.account, timeout=10).json()["subjects"][0]["subject"]
    # While the ledger works every door opens, and shows data: otherwise the test would be blind.
    seen = 0
    for name, answer in doors(sealane, person, subject):
        ok = answer.returncode == 0 if hasattr(answer, "returncode") else answer.status_code in (200, 204)
        text = answer.stdout if hasattr(answer, "stdout") else answer.text
        assert ok, f"{name}: {text[:500]}"
        seen += bool(DATA.search(text))
    assert seen >= 15, f"only {seen} doors show what was sent"

    page = person.get("/settings").text
    token = re.search(r'name="form-token" value="([^"]+)"', page)[1]

    # The disk is full from now on: every write to the journal fails, as on a full file system.
    time.sleep(2)
    journal = sealane.data / "ledger" / "journal"
    journal.rename(sealane.root / "journal.kept")
    journal.symlink_to("/dev/full")
    for _ in range(2):  # the write that fails, and the refusals after it
        for name, answer in doors(sealane, person, subject):
            if hasattr(answer, "returncode"):
                assert answer.returncode != 0, f"{name} did not fail"
                text = answer.stdout + answer.stderr
            else:
                assert answer.status_code >= 400, f"{name} answered {answer.status_code}: {answer.text[:500]}"
                text = answer.text + str(answer.headers)
            # Where a page may say the name that it was asked for, it says it in the address only.
            assert not DATA.search(text.replace(subject, "")), f"{name} shows {DATA.search(text.replace(subject, ''))}"
    # Nothing that gives power or changes settings takes effect either.
    fields = {"form-token": token, "name": "Changed", "zone": "Europe/Berlin", "week": "monday", "groups": "other_key"}
    assert person.post("/settings/project", fields).status_code >= 500
    for name, scope in (("Unentered", "query"), ("Unasked", "export")):
        assert person.post("/settings/accounts", {"form-token": token, "name": name, "scope": scope}).status_code >= 500
    # What comes in is taken still, and the server says what is wrong.
    assert sealane.track({"event": EVENT, "properties": {"distinct_id": "fault-1", "$insert_id": "after"}}).text == "1"
    ready = requests.get(sealane.api + "/readyz", timeout=10)
    assert ready.status_code == 503 and "ledger" in ready.text
    assert "sealane_ledger_writable 0" in requests.get(sealane.api + "/metrics", timeout=10).text
    # An alert says so within half a minute, though the ledger cannot take it yet.
    deadline = time.monotonic() + 45
    while "sealane_alerts_open 1" not in requests.get(sealane.api + "/metrics", timeout=10).text:
        assert time.monotonic() < deadline, "nobody was told"
        time.sleep(0.5)

    sealane.terminate()
    journal.unlink()
    (sealane.root / "journal.kept").rename(journal)
    assert "sound" in sealane.command("ledger", "verify", "--data", sealane.data)
    sealane.start()
    (alert,) = json.loads(sealane.command("alerts", "list", "--data", sealane.data, "--json"))["alerts"]
    assert alert["kind"] == "ledger_unwritable" and alert["ledger_index"] is not None, "entered by the start that follows"
    assert sealane.total(EVENT) == 6
    page = person.get("/settings").text
    assert "Changed" not in page and "other_key" not in page and "Europe/Berlin" not in re.search(r'name="zone" value="([^"]*)"', page)[1]
    assert re.search(r"Unentered.*?revoked", page, re.S) and "Unasked" not in page


def test_subjects_that_stand_among_values_are_entered_too(make_installation):
    sealane = make_installation()
    sealane.start()
    sealane.track(*[{"event": EVENT, "properties": {"distinct_id": f"value-{n}", "account_id": f"value-{(n + 1) % 3}"}} for n in range(3)])
    project = {"project_id": sealane.project_id}
    ask = {"auth": sealane.account, "timeout": 10}
    subjects = requests.get(sealane.api + "/api/v1/subjects", params=project, **ask)
    names = {entry["subject"] for entry in subjects.json()["subjects"]}
    everyone = set(names)

    def entered(answer):
        index = answer.headers["Sealane-Ledger-Index"]
        entry = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--from", index, "--limit", 1))["entries"][0]
        return set(entry["detail"].get("subjects", []))

    everybody = entered(subjects)
    assert len(names) == len(everybody) == 3
    values = requests.get(sealane.api + "/api/v1/values", params={**project, "property": "account_id"}, **ask)
    assert set(values.json()["values"]) == names and entered(values) == everybody
    query = {**QUERY, "breakdown": {"property": "account_id"}}
    assert entered(requests.post(sealane.api + "/api/v1/query", json=query, params=project, **ask)) == everybody
    query["breakdown"] = {"property": "plan"}
    assert entered(requests.post(sealane.api + "/api/v1/query", json=query, params=project, **ask)) == set()
    subject = names.pop()
    timeline = requests.get(f"{sealane.api}/api/v1/subjects/{subject}/timeline", params=project, **ask)
    assert len(entered(timeline)) == 2
    person = owner(sealane)
    for path in ("/live", f"/subjects/{subject}"):
        page = person.get(path).text
        entries = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", 1000))["entries"]
        newest = [entry for entry in entries if entry["detail"]["purpose"].startswith("console.") and entry["detail"].get("subjects")][-1]
        shown = {name for name in everyone if f"{name[2:6]}…{name[-4:]}" in page or name[2:] in page}
        assert len(newest["detail"]["subjects"]) == len(shown) >= 2, path


def test_an_answer_is_in_the_ledger_before_it_leaves(make_installation):
    sealane = make_installation()
    sealane.start()
    fill(sealane)
    for _ in range(5):
        answer = requests.get(
            sealane.api + "/api/v1/values", params={"project_id": sealane.project_id, "property": "fault_property"}, auth=sealane.account,
            timeout=10)
        index = int(answer.headers["Sealane-Ledger-Index"])
        sealane.kill()
        assert "sound" in sealane.command("ledger", "verify", "--data", sealane.data)
        sealane.start()
        entries = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--from", index, "--limit", 1))["entries"]
        assert entries[0]["index"] == index and entries[0]["kind"] == "disclosure.catalog"
        assert entries[0]["detail"]["principal"]["id"] == sealane.account[0]
        assert entries[0]["detail"]["fields"] == ["fault_property"]
