"""Incidents: from “Tallymark tells us”, and from a canary, to containment, an exact scope and a report; then the scope widens."""

import datetime
import json
import time

import pytest
import requests
from staff import owner
from test_vendors import Sink, agree, declaration, declare, mixpanel, state, until


@pytest.fixture
def place(make_installation):
    sealane = make_installation()
    sealane.start()
    return sealane, owner(sealane)


def incident(sealane, *arguments):
    return json.loads(sealane.command("incident", *arguments, "--data", sealane.data, "--json"))


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_act_one_by_the_command_line(place, tmp_path):
    """A vendor tells weeks later that it was phished: contained in one action, scoped exactly, reported; then the scope widens."""
    sealane, ada = place
    sink = Sink()
    try:
        declare(sealane, tmp_path, declaration("tallymark", mixpanel(sink, tmp_path)))
        agree(sealane, ada, "tallymark")
        for number in range(40):
            sealane.track({"event": "Request", "properties": {
                "distinct_id": f"user-{number % 20}", "plan": "pro", "org_id": f"org-{number % 4}", "$insert_id": f"a-{number}"}})
        until(lambda: state(sealane, "tallymark")["events"] == 40)
        end = now()
        time.sleep(0.05)
        # After the theft, and nobody whom it is about.
        for number in range(5):
            sealane.track({"event": "Request", "properties": {"distinct_id": f"late-{number}", "plan": "pro", "model": "m", "$insert_id": f"l-{number}"}})
        until(lambda: state(sealane, "tallymark")["events"] == 45)
        opened = incident(sealane, "open", "--vendor", "tallymark", "--to", end, "--title", "Tallymark was phished", "--vendor-told", now())
        assert opened["incident"] == 1 and opened["state"] == "suspected"
        contained = incident(sealane, "contain", "1")
        assert any("kill switch" in line for line in contained["done"]) and any("Tokens" in line for line in contained["not_reached"])
        assert state(sealane, "tallymark")["state"] == "killed"
        scope = incident(sealane, "scope", "1")
        assert scope["affected"] == 20 and scope["not_affected"] == 5 and scope["cannot_be_excluded"] == 0, scope
        assert {field["field"]: field["people"] for field in scope["fields"]} == {"event": 20, "time": 20, "plan": 20}
        assert scope["rows"] == 40 and scope["seconds"] < 1 and scope["organizations"] == {"org_id": 4, "organization_id": 0}
        # It widens: the vendor corrects the day.
        incident(sealane, "window", "1")
        second = incident(sealane, "scope", "1")
        assert second["version"] == 2 and second["affected"] == 25 and second["newly_affected"] == 5 and second["no_longer_affected"] == 0
        assert {field["field"]: field["people"] for field in second["fields"]} == {"event": 25, "time": 25, "plan": 25, "model": 5}
        shown = incident(sealane, "show", "1")
        assert shown["state"] == "scoped" and [step["act"] for step in shown["steps"]] == ["opened", "contained", "scoped", "window_set", "scoped"]
        running = {clock["rule"]: clock for clock in shown["clocks"] if clock["state"] == "running"}
        assert "gdpr-33-1" in running and running["gdpr-33-1"]["deadline"]
        # The ledger has each step, with the digests of both scopes.
        entries = [entry for entry in json.loads(
            sealane.command("ledger", "entries", "--data", sealane.data, "--from", 0, "--limit", 1000))["entries"] if entry["kind"].startswith("incident_")]
        assert [entry["kind"] for entry in entries] == [
            "incident_opened", "incident_contained", "incident_scoped", "incident_window_set", "incident_scoped"]
        assert [entry["detail"]["facts"]["digest"] for entry in entries if entry["kind"] == "incident_scoped"] == [scope["digest"], second["digest"]]
        for form, words in [("markdown", "# Incident 1"), ("html", "<h1>Incident 1"), ("json", '"parts"')]:
            report = sealane.command("incident", "report", "1", "--format", form, "--data", sealane.data)
            assert words in report and "25" in report
        sealane.command("incident", "close", "1", "--note", "Rehearsed", "--data", sealane.data)
        assert sealane.run("incident", "scope", "1", "--data", sealane.data).returncode != 0
    finally:
        sink.close()


def test_a_stolen_key_is_scoped_to_what_it_was_shown(place):
    sealane, _ = place
    for number in range(60):
        sealane.track({"event": ["Request", "Signup"][number % 2], "properties": {
            "distinct_id": f"user-{number % 30}", "plan": "pro", "$insert_id": f"b-{number}"}})
    thief = sealane.account_with(scopes=["query", "export"])
    auth = (thief["username"], thief["secret"])
    taken = requests.get(
        sealane.api + "/api/2.0/export", params={
            "from_date": "2020-01-01", "to_date": "2030-01-01", "project_id": sealane.project_id, "event": '["Signup"]'}, auth=auth, timeout=30)
    people = {json.loads(line)["properties"]["distinct_id"] for line in taken.text.splitlines()}
    assert len(people) == 15
    one = requests.get(sealane.api + "/api/v1/subjects", params={"project_id": sealane.project_id, "limit": 1}, auth=auth, timeout=10).json()["subjects"]
    people |= {row["subject"] for row in one}
    number = incident(sealane, "open", "--credential", thief["username"], "--title", "A key was in a public repository")["incident"]
    scope = incident(sealane, "scope", str(number))
    assert scope["affected"] == len(people) and scope["affected"] + scope["not_affected"] == 30, scope
    contained = incident(sealane, "contain", str(number))
    assert any(thief["username"] in line for line in contained["done"])
    assert requests.get(sealane.api + "/api/v1/subjects", params={"project_id": sealane.project_id}, auth=auth, timeout=10).status_code == 401


def test_a_host_and_nothing_at_all(place):
    sealane, _ = place
    for number in range(10):
        sealane.track({"event": "Request", "properties": {"distinct_id": f"user-{number}", "plan": "pro", "$insert_id": f"h-{number}"}})
    number = incident(sealane, "open", "--host", "server", "--title", "The server was taken")["incident"]
    scope = incident(sealane, "scope", str(number))
    assert scope["affected"] == 10 and scope["not_affected"] == 0
    assert {"field": "plan", "people": 10} in scope["fields"]
    # A vendor that never got anything exposes nobody.
    number = incident(sealane, "open", "--vendor", "nobody", "--title", "Somebody else was breached")["incident"]
    scope = incident(sealane, "scope", str(number))
    assert scope["affected"] == 0 and scope["not_affected"] == 10
    for wrong in [("--title", "x"), ("--title", "x", "--vendor", "a", "--host", "server"), ("--title", "x", "--host", "moon"),
                  ("--title", "x", "--credential", "sa_0000000000000000"), ("--title", "x", "--person", "st_0000000000000000"),
                  ("--title", "x", "--vendor", "a", "--from", "2026-02-01", "--to", "2026-01-01"), ("--title", "", "--vendor", "a")]:
        done = sealane.run("incident", "open", *wrong, "--data", sealane.data)
        assert done.returncode != 0 and done.stderr, wrong


def test_what_a_vendor_deletes_afterwards_it_had(place, tmp_path):
    sealane, ada = place
    file = tmp_path / "tallymark.ndjson"
    declare(sealane, tmp_path, declaration("tallymark", {"type": "file", "path": file}))
    agree(sealane, ada, "tallymark")
    for number in range(10):
        sealane.track({"event": "Request", "properties": {"distinct_id": f"user-{number}", "plan": "pro", "$insert_id": f"d-{number}"}})
    until(lambda: state(sealane, "tallymark")["events"] == 10)
    incident(sealane, "open", "--vendor", "tallymark", "--title", "Tallymark was phished")
    # Until it is contained it gets more.
    sealane.track({"event": "Request", "properties": {"distinct_id": "one-more", "plan": "pro"}})
    until(lambda: state(sealane, "tallymark")["events"] == 11)
    incident(sealane, "contain", "1")
    sealane.command("vendors", "confirm-deletion", "tallymark", "all", "--data", sealane.data)
    assert incident(sealane, "scope", "1")["affected"] == 11
