"""The standing blast radius: figures of a small installation that are known, and how they fall when something is taken away."""

import json
import re
import sqlite3
import time

import pytest
from staff import a_day_later, invited, owner
from test_vendors import agree, declaration, declare, state, until


@pytest.fixture
def place(make_installation):
    sealane = make_installation()
    sealane.start()
    return sealane, owner(sealane)


def exposure(sealane):
    return json.loads(sealane.command("exposure", "--data", sealane.data, "--json"))


def holder(found, kind, name):
    return next((one for one in found["holders"] if one["kind"] == kind and name in (one["id"], one["name"])), None)


def eventually(sealane, condition, seconds=30):
    end = time.monotonic() + seconds
    while True:
        found = exposure(sealane)
        if found["as_of"] and condition(found):
            return found
        assert time.monotonic() < end, json.dumps(found, indent=1)[:6000]
        time.sleep(0.2)


def test_figures_are_what_is_known_and_fall(place, tmp_path):
    sealane, ada = place
    # 24 people of 4 organizations, two of whom turn out to be one; 15 of them reach the vendor.
    for number in range(24):
        sealane.track({"event": "Request" if number < 15 else "Idle", "properties": {
            "distinct_id": f"user-{number}", "plan": "pro", "model": "orrery-2", "org_id": f"org-{number % 4}", "$insert_id": f"r-{number}"}})
    nightly = sealane.account_with(name="Nightly", scopes=["export"], subjects_per_day=9)
    sealane.account_with(name="Counter", scopes=["query"])
    bea = invited(sealane, ada, "Bea Viewer", "viewer")
    assert bea.get("/").status_code == 200
    out = tmp_path / "vendor.ndjson"
    made = declare(sealane, tmp_path, declaration(
        "tallymark", {"type": "file", "path": out}, fields="[plan, region]", events="events: [Request]"))
    assert made["version"] == 1
    agree(sealane, ada, "tallymark")
    for number in range(15):
        sealane.track({"event": "Request", "properties": {
            "distinct_id": f"user-{number}", "plan": "pro", "org_id": f"org-{number % 3}", "$insert_id": f"s-{number}"}})
    until(lambda: state(sealane, "tallymark")["events"] == 15)
    found = eventually(sealane, lambda found: (holder(found, "vendor", "tallymark") or {}).get("people") == 15)
    assert found["people"] == 24 and found["organizations"]["org_id"] == 4
    # The account that `init` made may export everybody; the other one nine a day.
    first = holder(found, "service_account", sealane.account[0])
    assert first["people"] == 24 and first["span"] == "day" and first["organizations"]["org_id"] == 4
    assert set(first["fields"]) >= {"event", "time", "plan", "model", "org_id"}
    assert first["severity"]["arithmetic"] == "2 × 0.25 + 0.5 + 0.5 = 1.5 (low)"
    assert holder(found, "service_account", nightly["username"])["people"] == 9
    assert holder(found, "service_account", "Counter")["people"] == 0
    assert holder(found, "person", "Ada")["people"] == 24 and holder(found, "person", "Bea Viewer")["people"] == 0
    vendor = holder(found, "vendor", "tallymark")
    assert vendor["span"] == "held" and vendor["fields"] == ["event", "plan", "time"] and vendor["organizations"]["org_id"] == 4
    assert vendor["identities"] == 0
    server, custodian, backup = (holder(found, "host", name) for name in ("server", "custodian", "backup"))
    assert server["people"] == backup["people"] == 24 and server["identities"] == 24, "its custodian's directory is beside it"
    assert custodian["fields"] == [] and custodian["identities"] == 0 and backup["identities"] == 0
    kinds = {(one["kind"], one["holder"]["id"]) for one in found["suggestions"]}
    assert ("custodian_beside", "server") in kinds and ("from_anywhere", sealane.account[0]) in kinds
    assert not any(kind in ("unused_account", "unused_fields") for kind, _ in kinds), "nothing is old enough to be unused"
    assert found["trend"][-1]["credential_people"] == 24 and found["trend"][-1]["vendor_people"] == 15

    # The page shows the same, with its time, to people who may; to Bea without names and vendors.
    page = ada.get("/").text
    assert "as of " in page and "Nightly" in page and "Tallymark" in page and "Bea Viewer" not in page
    assert "Bea Viewer" in ada.get("/?names=yes").text
    plain = bea.get("/").text
    assert "If a credential or a vendor were stolen now" in plain and "Tallymark" not in plain and "Bea Viewer" not in re.sub(r'<nav.*?</nav>', "", plain, flags=re.S).split('id="exposure"')[1].split("</section>")[0]

    # A revoked account reaches nobody.
    assert sealane.control("DELETE", f"/api/v1/service-accounts/{sealane.account[0]}")[0] == 200
    found = eventually(sealane, lambda found: holder(found, "service_account", sealane.account[0]) is None)
    assert holder(found, "service_account", nightly["username"])["people"] == 9
    # A killed vendor holds what it has until it says that it deleted it.
    sealane.command("vendors", "kill", "tallymark", "--data", sealane.data)
    found = eventually(sealane, lambda found: holder(found, "vendor", "tallymark")["role"] == "killed")
    assert holder(found, "vendor", "tallymark")["people"] == 15
    told = next(one for one in found["suggestions"] if one["kind"] == "unconfirmed_deletion")
    assert (told["before"], told["after"]) == (15, 0) and told["command"] == "sealane vendors confirm-deletion tallymark all"
    # What is proposed does it.
    sealane.command(*told["command"].split()[1:], "--data", sealane.data)
    found = eventually(sealane, lambda found: holder(found, "vendor", "tallymark")["people"] == 0)
    assert holder(found, "vendor", "tallymark")["severity"] is None
    assert not any(one["kind"] == "unconfirmed_deletion" for one in found["suggestions"])
    assert found["trend"][-1]["vendor_people"] == 0
    words = sealane.command("exposure", "--data", sealane.data)
    assert "As of " in words and "Nightly" in words and "What lowers it:" in words
    # Whoever looks is in the ledger.
    entries = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--from", 0, "--limit", 1000))["entries"]
    purposes = {(entry.get("detail") or {}).get("purpose") for entry in entries if entry["kind"] == "disclosure.settings"}
    assert {"api.exposure", "console.exposure"} <= purposes


def test_what_was_not_used_for_thirty_days_is_named(place):
    sealane, ada = place
    for number in range(12):
        sealane.track({"event": "Request", "properties": {"distinct_id": f"user-{number}", "plan": "pro"}})
    old = sealane.account_with(name="Forgotten", scopes=["export"])
    sealane.terminate()
    with sqlite3.connect(sealane.data / "control.sqlite", timeout=30) as database:
        database.execute("UPDATE service_account SET created_at = created_at - 31 * 86400000")
        database.execute("UPDATE staff SET enrolled_at = enrolled_at - 31 * 86400000")
    database.close()
    sealane.start()
    found = eventually(sealane, lambda found: found["people"] == 12)
    told = {(one["kind"], one["holder"]["id"]): one for one in found["suggestions"]}
    forgotten = told["unused_account", old["username"]]
    assert forgotten["before"] == 12 and forgotten["after"] == 0 and forgotten["page"].endswith(old["username"])
    assert forgotten["sentence"].startswith("Forgotten was never used")
    page = ada.get("/").text
    assert "Forgotten" in page and "was never used in 30 days" in page


def test_a_page_right_after_a_start_waits_for_nothing(place):
    sealane, ada = place
    sealane.track({"event": "Request", "properties": {"distinct_id": "user-1"}})
    sealane.terminate()
    sealane.start()
    began = time.monotonic()
    page = ada.get("/").text
    assert time.monotonic() - began < 5 and "If a credential or a vendor were stolen now" in page
    assert "It is being computed" in page or "as of " in page
    found = eventually(sealane, lambda found: found["people"] == 1)
    assert found["trend"][-1]["day"]
