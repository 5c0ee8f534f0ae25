"""The tracking plan: set by command, in force for what SDKs send, in the ledger, over a restart."""

import hashlib
import json
import shutil
import sqlite3
import subprocess
import threading
import time

import mixpanel
import pytest
import requests
from installation import BINARIES

PLAN = """\
plan: 1
unknown: {events: accept, properties: quarantine}
events:
  "*":
    properties:
      page: {type: string, treatment: coarsen, to: url}
  Report Opened:
    owner: growth
    properties:
      seats: {type: number, treatment: coarsen, to: bucket, edges: [0, 10, 100]}
      opened_at: {type: time, treatment: coarsen, to: hour}
      reference: pseudonymize
      contact: keep
      remark: refuse
      plan: keep
  Heartbeat: drop
people:
  role: {type: string, field: authority}
  region: keep
"""


@pytest.fixture(scope="module")
def planned(sealane):
    (sealane.root / "plan.yaml").write_text(PLAN)
    return sealane


def ledger(sealane) -> list:
    return json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", "1000", "--json"))["entries"]


def sdk(sealane) -> mixpanel.Mixpanel:
    """As an application has it: with the public token alone."""
    consumer = mixpanel.Consumer(
        events_url=sealane.intake + "/track", people_url=sealane.intake + "/engage", groups_url=sealane.intake + "/groups",
        import_url=sealane.intake + "/import")
    return mixpanel.Mixpanel(sealane.token, consumer)


def test_check_says_what_is_wrong_and_where(planned):
    assert "The plan is good" in planned.command("plan", "check", "plan.yaml")
    (planned.root / "wrong.yaml").write_text(PLAN.replace("edges: [0, 10, 100]", "edges: [10, 0]").replace("owner: growth", "ovner: growth"))
    wrong = planned.run("plan", "check", "wrong.yaml")
    assert wrong.returncode == 1 and "2 mistakes" in wrong.stderr
    assert "line 8, events / Report Opened / ovner" in wrong.stderr and "line 10, events / Report Opened / properties / seats / edges" in wrong.stderr
    assert planned.run("plan", "set", "wrong.yaml", "--data", planned.data).returncode == 1
    assert planned.run("plan", "check", "nowhere.yaml").returncode == 1
    piped = subprocess.run([str(BINARIES / "sealane"), "plan", "check", "-", "--json"], input=PLAN, capture_output=True, text=True, timeout=60)
    assert piped.returncode == 0 and json.loads(piped.stdout)["events"] == 2


def test_what_an_sdk_sends_is_treated_as_planned(planned):
    client = sdk(planned)
    properties = {
        "seats": 57, "opened_at": "2026-11-28T07:21:18Z", "reference": "case 4711", "contact": "ann@example.com", "remark": "said a lot",
        "plan": "pro", "page": "https://x.example/orders/4711?coupon=1", "stray": "x"}
    client.track("planned-7", "Report Opened", properties)
    version = planned.command("plan", "set", "plan.yaml", "--data", planned.data)
    assert version.startswith("Version 1 is in force")
    client.track("planned-7", "Report Opened", properties)
    client.track("planned-7", "Heartbeat", {})
    client.track("planned-7", "Elsewhere", {"page": "/orders/4712"})
    before, after = sorted(planned.export(event='["Report Opened"]'), key=lambda row: row["properties"]["seats"], reverse=True)
    assert before["properties"]["seats"] == 57 and before["properties"]["stray"] == "x"
    after = after["properties"]
    assert after["seats"] == 10 and after["opened_at"] == "2026-11-28T07:00:00Z" and after["plan"] == "pro"
    assert after["page"] == "https://x.example/orders/[id]"
    assert after["reference"].startswith("s_") and len(after["reference"]) == 34
    assert not {"contact", "remark", "stray"} & set(after), "keep is no pass for an e-mail address"
    assert planned.export(event='["Heartbeat"]') == []
    (elsewhere,) = planned.export(event='["Elsewhere"]')
    assert elsewhere["properties"]["page"] == "/orders/[id]"
    assert "ann@example.com" not in json.dumps(planned.export())


def test_the_ledger_and_show_tell_the_version(planned):
    entry = [entry for entry in ledger(planned) if entry["kind"] == "tracking_plan_changed"][-1]
    canonical = planned.command("plan", "show", "--canonical", "--data", planned.data)
    assert entry["facts"] == {"version": "1", "digest": hashlib.sha256(canonical.encode()).hexdigest()}
    shown = planned.command("plan", "show", "--data", planned.data)
    assert PLAN.strip() in shown and entry["facts"]["digest"] in shown
    assert '#   property "stray": 1' in shown and '#   event "Elsewhere": 1' in shown
    metrics = requests.get(planned.api + "/metrics", timeout=30).text
    for reason in ("plan_coarsen", "plan_pseudonymize", "plan_refuse", "plan_drop", "plan_unknown_property", "plan_unknown_event"):
        assert f'reason="{reason}"' in metrics
    assert "already" in planned.command("plan", "set", "plan.yaml", "--data", planned.data)


def test_the_public_token_writes_no_authority(planned):
    sdk(planned).people_set("planned-7", {"role": "admin", "region": "eu"})
    subject = planned.export(event='["Elsewhere"]')[0]["properties"]["distinct_id"]
    profile = requests.get(planned.api + f"/api/v1/subjects/{subject}", auth=planned.account, timeout=30)
    assert profile.status_code == 200 and "eu" in profile.text and "admin" not in profile.text


def test_unknown_events_are_held_until_somebody_decides(planned):
    """Under quarantine: seen nowhere, listed, and whole once the plan knows them."""
    quarantine = PLAN.replace("unknown: {events: accept, properties: quarantine}", "unknown: quarantine")
    (planned.root / "quarantine.yaml").write_text(quarantine)
    planned.command("plan", "set", "quarantine.yaml", "--data", planned.data)
    for name in ("Beta Opened", "Noise", "Elsewhere"):
        sdk(planned).track("planned-8", name, {"plan": "held-value"})
    assert planned.export(event='["Beta Opened"]') == [] and planned.export(event='["Noise"]') == []
    catalog = requests.get(planned.api + "/api/v1/catalog", auth=planned.account, timeout=30).text
    assert "Beta Opened" not in catalog and "Noise" not in catalog
    # A person's own export has them, and the same route for others does not.
    sdk(planned).track("planned-8", "Report Opened", {"seats": 999})
    (subject,) = {row["properties"]["distinct_id"] for row in planned.export(event='["Report Opened"]') if row["properties"].get("seats") == 100}
    exported = planned.command("subject", "export", subject, "--data", planned.data, "--format", "json")
    assert "Beta Opened" in exported and "Noise" in exported
    for held, status in (("true", 403), ("false", 200), ("perhaps", 400)):
        address = f"{planned.api}/api/v1/subjects/{subject}/timeline?held={held}"
        answer = requests.get(address, auth=planned.account, timeout=30)
        assert answer.status_code == status and "Beta Opened" not in answer.text, answer.text
    shown = planned.command("plan", "show", "--data", planned.data)
    assert '#   event "Beta Opened": 1, the last' in shown and '#   event "Noise": 1, the last' in shown
    assert len(planned.export(event='["Elsewhere"]')) == 1, "seen before: it stays, and what comes now is left out"
    planned.terminate()
    planned.start()
    assert planned.export(event='["Beta Opened"]') == []
    (planned.root / "decided.yaml").write_text(quarantine.replace("  Heartbeat: drop\n", "  Heartbeat: drop\n  Beta Opened:\n  Noise: drop\n"))
    planned.command("plan", "set", "decided.yaml", "--data", planned.data)
    (event,) = planned.export(event='["Beta Opened"]')
    assert event["properties"]["distinct_id"].startswith("s_")
    assert planned.export(event='["Noise"]') == [] and "Held" not in planned.command("plan", "show", "--data", planned.data)


def test_an_event_is_kept_for_the_days_that_the_plan_says(planned):
    now = int(time.time())
    rows = [
        {"event": name, "properties": {"time": now - days * 86_400, "distinct_id": "planned-9", "$insert_id": f"{name}-{days}"}}
        for name in ("Short", "Long") for days in (1, 9, 70)]
    answer = requests.post(planned.intake + "/import?strict=1", json=rows, auth=planned.account, timeout=30)
    assert answer.status_code == 200, answer.text
    (planned.root / "days.yaml").write_text(PLAN.replace("  Heartbeat: drop\n", "  Heartbeat: drop\n  Short: {keep_days: 7}\n  Long:\n"))
    planned.command("plan", "set", "days.yaml", "--data", planned.data)
    for _ in range(2):
        assert len(planned.export(event='["Short"]')) == 1 and len(planned.export(event='["Long"]')) == 3
        planned.terminate()
        planned.start()
    # More days later bring nothing back.
    planned.command("plan", "set", "plan.yaml", "--data", planned.data)
    assert len(planned.export(event='["Short"]')) == 1


def test_a_proposal_a_difference_and_a_second_version(planned):
    proposal = planned.command("plan", "infer", "--data", planned.data)
    (planned.root / "proposal.yaml").write_text(proposal)
    assert "Report Opened" in proposal and "The plan is good" in planned.command("plan", "check", "proposal.yaml")
    (planned.root / "second.yaml").write_text(PLAN.replace("plan: keep", "plan: drop"))
    difference = json.loads(planned.command("plan", "diff", "second.yaml", "--data", planned.data, "--json"))
    assert difference["differences"] == [
        {"section": "events", "event": "Report Opened", "property": "plan", "before": "stored", "after": "dropped", "count": 2}]
    (planned.root / "region.yaml").write_text(PLAN.replace("region: keep", "region: drop"))
    difference = json.loads(planned.command("plan", "diff", "region.yaml", "--data", planned.data, "--json"))
    assert difference["people"] == {"profiles": 1, "more": False} and difference["differences"] == [
        {"section": "people", "event": None, "property": "region", "before": "stored", "after": "dropped", "count": 1}]
    assert "1  people / region: stored → dropped" in planned.command("plan", "diff", "region.yaml", "--data", planned.data)
    assert planned.command("plan", "set", "second.yaml", "--data", planned.data).startswith("Version 6 is in force")
    assert planned.terminate() == 0
    planned.start()
    sdk(planned).track("planned-7", "Report Opened", {"plan": "pro", "seats": 3})
    (row,) = [row["properties"] for row in planned.export(event='["Report Opened"]') if row["properties"]["seats"] == 0]
    assert "plan" not in row
    assert PLAN.strip() in planned.command("plan", "show", "--version", "1", "--data", planned.data)


QUARANTINE = "plan: 1\nunknown: quarantine\nevents:\n  Known:\n"


def send(sealane, name: str, count: int = 1, person: str = "held-1"):
    now = int(time.time())
    rows = [{"event": name, "properties": {"time": now, "distinct_id": person, "$insert_id": f"{time.time_ns()}-{n}"}} for n in range(count)]
    answer = sealane.send_import(rows)
    assert answer.status_code == 200 and answer.json()["num_records_imported"] == count, answer.text


def put(sealane, plan: str):
    (sealane.root / "held.yaml").write_text(plan)
    sealane.command("plan", "set", "held.yaml", "--data", sealane.data)


@pytest.fixture
def quarantined(make_installation):
    made = make_installation()
    made.start()
    return made


def test_who_changes_their_mind_loses_nothing_that_comes_after(quarantined):
    """“Whatever bears a time before that decision stays out for good”, and nothing that bears a later one."""
    put(quarantined, QUARANTINE)
    send(quarantined, "Beta", 3)
    put(quarantined, QUARANTINE + "  Beta: drop\n")
    put(quarantined, QUARANTINE + "  Beta:\n")
    time.sleep(2)
    send(quarantined, "Beta")
    assert len(quarantined.export(event='["Beta"]')) == 1


def test_what_was_seen_is_not_held_under_another_name(quarantined):
    """The gate makes one name of many; what is stored under it is established, whatever it was sent as."""
    for number in range(5):
        send(quarantined, f"Order ann{number}@acme.example", 2)
    assert len(quarantined.export(event='["Order [email]"]')) == 10
    put(quarantined, QUARANTINE)
    send(quarantined, "Order bob@acme.example")
    assert len(quarantined.export(event='["Order [email]"]')) == 10


def test_a_crash_after_a_version_is_kept_shows_nothing_that_it_drops(quarantined):
    put(quarantined, QUARANTINE)
    send(quarantined, "Noise", 3)
    quarantined.terminate()
    shutil.copytree(quarantined.data / "projects", quarantined.root / "before")
    quarantined.start()
    put(quarantined, QUARANTINE + "  Noise: drop\n")
    quarantined.terminate()
    # As if it had ended between the control database and the store.
    shutil.rmtree(quarantined.data / "projects")
    shutil.copytree(quarantined.root / "before", quarantined.data / "projects")
    quarantined.start()
    assert quarantined.export(event='["Noise"]') == []


def test_held_events_stay_held_while_plans_change(quarantined):
    plans = [QUARANTINE + f"  Other: {{keep_days: {days}}}\n" for days in (50, 60)]
    put(quarantined, plans[0])
    done = threading.Event()

    def sender(number: int):
        session, count = requests.Session(), 0
        while not done.is_set() and count < 1_000:
            count += 1
            row = {"event": f"New {number} {count}", "properties": {"token": quarantined.token, "distinct_id": "held-2"}}
            session.post(quarantined.intake + "/track", json=[row], timeout=30)

    senders = [threading.Thread(target=sender, args=(number,)) for number in range(4)]
    for thread in senders:
        thread.start()
    for turn in range(30):
        put(quarantined, plans[(turn + 1) % 2])
    done.set()
    for thread in senders:
        thread.join()
    seen = [row["event"] for row in quarantined.export() if row["event"].startswith("New")]
    assert seen == []


def test_an_answer_to_a_person_has_held_events_too(quarantined):
    send(quarantined, "Known")
    put(quarantined, QUARANTINE)
    send(quarantined, "Beta", 3)
    subject = quarantined.export(event='["Known"]')[0]["properties"]["distinct_id"]
    assert quarantined.command("subject", "export", subject, "--data", quarantined.data).count('"event":"Beta"') == 3


def test_an_older_plan_after_a_restore_is_said(make_installation):
    """As a backup from before the plan leaves it: the ledger knows a version that the control database does not."""
    restored = make_installation()
    restored.start()
    (restored.root / "plan.yaml").write_text(PLAN)
    restored.command("plan", "set", "plan.yaml", "--data", restored.data)
    sentence = "goes by an older tracking plan than version 1"
    assert sentence not in requests.get(restored.api + "/readyz", timeout=30).text
    assert restored.terminate() == 0
    with sqlite3.connect(restored.data / "control.sqlite") as database:
        database.execute("DELETE FROM tracking_plan")
        database.execute("DELETE FROM setting WHERE name = 'erasures_seen'")
    database.close()
    restored.start()
    assert sentence in requests.get(restored.api + "/readyz", timeout=30).text
    restored.command("plan", "set", "plan.yaml", "--data", restored.data)
    assert sentence not in requests.get(restored.api + "/readyz", timeout=30).text
