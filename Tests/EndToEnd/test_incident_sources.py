"""Where incidents come from, and what of them somebody can check who believes nobody: drafts of alerts, rows that turned up, evidence."""

import base64
import hashlib
import json
import os
import time
from pathlib import Path

import pytest
import requests
from installation import Installation
from staff import owner
from test_incidents import incident
from test_vendors import agree, declaration, declare, state, until
from tlog import Key, read_proof

PEOPLE = 30


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two vendors that hold the same people in files, with canaries, and an account that exports."""
    root = tmp_path_factory.mktemp("sources")
    sealane = Installation(root, canaries=True)
    try:
        sealane.start("--canary-domain", "metrics.example.net")
        ada = owner(sealane)
        for vendor in ["tallymark", "otherwise"]:
            text = declaration(vendor, {"type": "file", "path": root / f"{vendor}.ndjson"}).replace("canaries: 0", "canaries: 3")
            declare(sealane, root, text)
            agree(sealane, ada, vendor)
        for batch in range(10):
            sealane.send_import([
                {"event": "Request", "properties": {
                    "time": int(time.time()) - 60, "distinct_id": f"user-{number}", "plan": "pro", "org_id": f"org-{number % 5}",
                    "$insert_id": f"{batch:08x}{number:08x}"}} for number in range(PEOPLE)]).raise_for_status()
        for vendor in ["tallymark", "otherwise"]:
            until(lambda: state(sealane, vendor)["events"] >= 10 * PEOPLE)
        yield sealane, root
    finally:
        sealane.close()


def leaked(sealane, *arguments):
    return json.loads(sealane.command("incident", "leaked", *arguments, "--data", sealane.data, "--json"))


def held(root, vendor):
    return [json.loads(line) for line in (root / f"{vendor}.ndjson").read_text().splitlines()]


def ids(rows):
    return sorted({row["person"] for row in rows})


def known_pseudonyms(sealane):
    rows = requests.get(f"{sealane.api}/api/v1/subjects", params={"limit": 1000}, auth=sealane.account, timeout=10).json()["subjects"]
    return sorted(row["subject"] for row in rows)


def people_of(root, vendor):
    """By the pseudonyms that have as many events as everybody has; canaries are fewer than they."""
    found = ids(held(root, vendor))
    assert len(found) >= PEOPLE
    return found


def test_a_vendors_rows_name_the_vendor(place, tmp_path):
    sealane, root = place
    rows = people_of(root, "tallymark")
    file = tmp_path / "rows.csv"
    file.write_text("id,city\n" + "\n".join(f"{row},Berlin" for row in rows) + "\nv_" + "ab" * 16 + ",nobody\n")
    found = leaked(sealane, file)
    assert found["source"] == {"kind": "vendor", "id": "tallymark"} and found["people"] == PEOPLE, found
    by = {suspect["evidence"]: suspect for suspect in found["suspects"]}
    assert by["pseudonyms"]["source"]["id"] == "tallymark" and by["pseudonyms"]["count"] == PEOPLE
    assert "otherwise" not in json.dumps(found), "the same people under another vendor's pseudonyms do not point to it"
    opened = incident(sealane, "open", "--leaked", file, "--vendor-told", "2026-11-25T10:00:00Z")
    assert opened["source"] == {"kind": "vendor", "id": "tallymark"} and "tallymark" in opened["title"]
    number = str(opened["incident"])
    scope = incident(sealane, "scope", number)
    assert scope["affected"] == PEOPLE
    again = leaked(sealane, "--incident", number, file)
    assert again["outside_scope"] == 0
    shown = incident(sealane, "show", number)
    assert [step["act"] for step in shown["steps"]] == ["opened", "leak_compared", "scoped", "leak_compared"]
    assert "data_set_received" in shown["moments"]
    # A window that ended before anything was delivered: the file has people who are not in the scope.
    incident(sealane, "window", number, "--to", "2020-01-01")
    assert incident(sealane, "scope", number)["affected"] == 0
    assert leaked(sealane, "--incident", number, file)["outside_scope"] == PEOPLE


def test_a_single_canary_names_the_vendor(place, tmp_path):
    sealane, root = place
    counts = {}
    for row in held(root, "otherwise"):
        counts[row["person"]] = counts.get(row["person"], 0) + 1
    file = tmp_path / "all.txt"
    everybody = sorted(counts)
    # Which are canaries is not told; whoever is nobody here is one.
    strange = []
    for person in everybody:
        file.write_text(person)
        found = leaked(sealane, file)
        if found["people"] == 0:
            strange.append(person)
            assert found["suspects"] == [{"source": {"kind": "vendor", "id": "otherwise"}, "evidence": "canaries", "count": 1}], found
    assert strange, "no canary was sent yet"
    alerts = json.loads(sealane.command("alerts", "list", "--data", sealane.data, "--json"))["alerts"]
    alert = next(alert for alert in alerts if alert["kind"] == "canary_used" and alert["details"].get("vendor") == "otherwise")
    drafts = json.loads(sealane.command("incident", "list", "--data", sealane.data, "--json"))["drafts"]
    draft = next(draft for draft in drafts if draft["alert"] == alert["id"])
    assert draft["source"] == {"kind": "vendor", "id": "otherwise"} and draft["severity"] == "critical"
    assert f"alert {alert['id']}" in sealane.command("incident", "list", "--data", sealane.data)
    opened = incident(sealane, "open", "--alert", alert["id"])
    assert opened["alert"] == alert["id"] and opened["moments"]["first_signal"] == alert["raised_at"]
    after = json.loads(sealane.command("incident", "list", "--data", sealane.data, "--json"))["drafts"]
    assert alert["id"] not in [draft["alert"] for draft in after]
    assert sealane.run("incident", "open", "--alert", alert["id"], "--data", sealane.data).returncode != 0
    # From the canary to the report, by the command line alone.
    number = str(opened["incident"])
    contained = incident(sealane, "contain", number)
    assert any("kill switch" in line for line in contained["done"]) and state(sealane, "otherwise")["state"] == "killed"
    scope = incident(sealane, "scope", number)
    assert scope["affected"] == PEOPLE and scope["organizations"]["org_id"] == 5
    report = sealane.command("incident", "report", number, "--data", sealane.data)
    assert f"{PEOPLE} affected, 0 cannot be excluded" in report and "vendor otherwise" in report and alert["raised_at"] in report


def test_rows_of_an_export_name_it_or_who_was_shown_them(place, tmp_path):
    sealane, _ = place
    thief = sealane.account_with(scopes=["query", "export"])
    auth = (thief["username"], thief["secret"])
    taken = requests.get(
        sealane.api + "/api/2.0/export", params={"from_date": "2020-01-01", "to_date": "2030-01-01", "project_id": sealane.project_id},
        auth=auth, timeout=30).text
    file = tmp_path / "rows.ndjson"
    file.write_text(taken)
    found = leaked(sealane, file)
    assert found["source"]["kind"] == "export" and len(found["source"]["id"]) == 32 and found["people"] == PEOPLE
    exported = found["source"]["id"]
    real = known_pseudonyms(sealane)
    # Without the canaries' rows nobody can be named for certain: several were shown these people.
    file.write_text("\n".join(line for line in taken.splitlines() if json.loads(line)["properties"]["distinct_id"] in real))
    found = leaked(sealane, file)
    assert {suspect["evidence"] for suspect in found["suspects"]} == {"shown"} and found["people"] == PEOPLE
    # Both vendors were given events of all these people, and neither ever had these pseudonyms.
    assert all(suspect["source"]["kind"] != "vendor" for suspect in found["suspects"])
    assert {"kind": "export", "id": exported} in [suspect["source"] for suspect in found["suspects"]]
    opened = incident(sealane, "open", "--leaked", file, "--credential", thief["username"], "--title", "Rows on a forum")
    scope = incident(sealane, "scope", str(opened["incident"]))
    assert scope["affected"] == PEOPLE
    # Nothing of ours, a file that is not there, an empty one, and one with very many ids.
    file.write_text("\n".join(f"s_{hashlib.sha256(str(number).encode()).hexdigest()[:32]}" for number in range(100_000)) + "\n" + "\n".join(real))
    started = time.monotonic()
    found = leaked(sealane, file)
    assert 1_000 < found["ids"] <= 20_000 and found["people"] < PEOPLE
    assert time.monotonic() - started < 60
    # A canary is found among however many, and whoever made the file does not choose which ids are looked at.
    file.write_text("\n".join(f"s_{number:020x}{'0' * 12}" for number in range(60_000)) + "\n" + taken)
    found = leaked(sealane, file)
    assert found["source"] == {"kind": "export", "id": exported} and found["ids"] <= 20_000, found
    # One id alone is an answer about one person: it is entered as that.
    file.write_text(real[0])
    assert leaked(sealane, file)["people"] == 1
    entry = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", 1000))["entries"][-1]
    while entry["detail"]["purpose"] != "api.leaks":
        entry = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--from", entry["index"] - 1, "--limit", 1))["entries"][0]
    assert len(entry["detail"]["subjects"]) == 1, entry
    done = sealane.run("incident", "open", "--leaked", tmp_path / "missing", "--data", sealane.data)
    assert done.returncode != 0 and "missing" in done.stderr
    file.write_text("")
    assert leaked(sealane, file)["suspects"] == []
    done = sealane.run("incident", "open", "--leaked", file, "--data", sealane.data)
    assert done.returncode != 0 and "for certain" in done.stderr


def check_evidence(directory: Path, key: Key, version: int) -> dict:
    """With nothing but the ledger's public key. Returns the details of entries by number."""
    for line in (directory / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((directory / name).read_bytes()).hexdigest() == digest, name
    details = {}
    for file in sorted((directory / "proofs").iterdir()):
        number = int(file.name.removesuffix(".tlog-proof"))
        entry, signers = read_proof(file.read_text(), key)
        assert key.name in signers
        opened = directory / "details" / f"{number}.json"
        if opened.exists():
            told = json.loads(opened.read_text())
            commitment = hashlib.sha256(base64.b64decode(told["salt"]) + told["json"].encode()).hexdigest()
            assert json.loads(entry)["commitment"] == commitment, number
            details[number] = (json.loads(entry), json.loads(told["json"]))
    scope = (directory / f"scope-{version}.json").read_bytes()
    scoped = [detail for entry, detail in details.values() if entry["kind"] == "incident_scoped" and detail["facts"]["version"] == str(version)]
    assert [detail["facts"]["digest"] for detail in scoped] == [hashlib.sha256(scope).hexdigest()]
    assert scoped[0]["subjects"]["sha256"] == json.loads(scope)["affected"]["sha256"], "the very set of the scope is kept with the ledger"
    return details


def test_evidence_is_checked_by_a_stranger(place, tmp_path):
    sealane, _ = place
    number = str(incident(sealane, "open", "--vendor", "tallymark", "--title", "For a court")["incident"])
    incident(sealane, "contain", number)
    scope = incident(sealane, "scope", number)
    output = tmp_path / "evidence"
    assert "README.md" in sealane.command("incident", "evidence", number, "--output", output, "--data", sealane.data)
    assert (os.stat(output / "report.md").st_mode & 0o777, os.stat(output).st_mode & 0o777) == (0o600, 0o700)
    key = Key(sealane.made["ledger_public_key"])
    details = check_evidence(output, key, 1)
    kinds = [entry["kind"] for entry, _ in details.values()]
    assert kinds.count("disclosure.delivery") == scope["entries"] == len((output / "entries.txt").read_text().split())
    deliveries = [detail for entry, detail in details.values() if entry["kind"] == "disclosure.delivery"]
    assert all(detail["principal"]["id"] == "tallymark" for detail in deliveries) and sum(detail["rows"] for detail in deliveries) >= 10 * PEOPLE
    # One byte less, and it does not hold.
    victim = output / "scope-1.json"
    victim.write_bytes(victim.read_bytes().replace(b'"version":1', b'"version":2', 1))
    with pytest.raises(AssertionError):
        check_evidence(output, key, 1)
    # It is checked by the command, too, against the ledger's key alone.
    proof = next((output / "proofs").iterdir())
    told = json.loads(sealane.command("ledger", "verify", "--proof", proof, "--public-key", sealane.made["ledger_public_key"], "--json"))
    assert told["sound"]
    for wrong in [("--output", output), ("--output", "/proc/none/evidence")]:
        assert sealane.run("incident", "evidence", number, *wrong, "--data", sealane.data).returncode != 0
    page = sealane.command("incident", "report", number, "--audience", "management", "--data", sealane.data)
    assert "2 × 0.25 + 0.5 + 0.5 = 1.5 (low)" in page and "= 3 (high)" in page and f"{PEOPLE} people are affected" in page
    assert "Severity by ENISA" in sealane.command("incident", "report", number, "--data", sealane.data)
    # Nobody is named anywhere.
    assert not any(f"user-{person}" in file.read_text() for file in output.rglob("*") if file.is_file() for person in range(PEOPLE))


def test_the_affected_are_watched_until_it_is_closed(place):
    sealane, _ = place
    number = str(incident(sealane, "open", "--vendor", "otherwise", "--title", "Watched")["incident"])
    done = sealane.run("incident", "watch", number, "--data", sealane.data)
    assert done.returncode != 0 and "Scope the incident first" in done.stderr
    incident(sealane, "scope", number)
    watch = incident(sealane, "watch", number)
    assert watch["people"] == watch["affected"] == PEOPLE
    query = {"report": "cohort", "cohort": {"saved": watch["cohort"]}}
    size = requests.post(f"{sealane.api}/api/v1/query", json=query, auth=sealane.account, timeout=10)
    assert size.status_code == 200 and size.json()["result"]["size"] == PEOPLE, size.text
    # It follows a narrower scope, and goes with the incident.
    incident(sealane, "window", number, "--to", "2020-01-01")
    incident(sealane, "scope", number)
    cohorts = requests.get(f"{sealane.api}/api/v1/cohorts", auth=sealane.account, timeout=10).json()["cohorts"]
    (mine,) = [cohort for cohort in cohorts if cohort["id"] == watch["cohort"]]
    assert mine["name"] == f"Affected by incident {number}" and mine["member_count"] == 0
    incident(sealane, "close", number, "--note", "Over")
    cohorts = requests.get(f"{sealane.api}/api/v1/cohorts", auth=sealane.account, timeout=10).json()["cohorts"]
    assert watch["cohort"] not in [cohort["id"] for cohort in cohorts]


def test_what_a_vendor_confirms_later_it_had(place):
    """A window without an end is none for a vendor: once it says that it deleted everything, nobody would be affected."""
    sealane, _ = place
    number = str(incident(sealane, "open", "--vendor", "tallymark", "--title", "Deleted afterwards", "--to", "2099-01-01")["incident"])
    incident(sealane, "contain", number)
    assert incident(sealane, "scope", number)["affected"] == PEOPLE
    time.sleep(0.05)
    incident(sealane, "window", number)
    sealane.command("vendors", "confirm-deletion", "tallymark", "all", "--data", sealane.data)
    again = incident(sealane, "scope", number)
    assert again["affected"] == PEOPLE and again["no_longer_affected"] == 0
    for wrong in [("--vendor-told", "2099-01-01"), ("--from", "2099-01-01")]:
        done = sealane.run("incident", "open", "--credential", sealane.account[0], "--title", "x", *wrong, "--data", sealane.data)
        assert done.returncode != 0 and "not yet" in done.stderr, wrong


def test_people_and_organizations_are_told_apart(place):
    sealane, _ = place
    number = str(incident(sealane, "open", "--host", "backup", "--title", "A backup is gone")["incident"])
    scope = incident(sealane, "scope", number)
    # What left by other ways does not belong to it, and an organization's id is nobody.
    assert scope["affected"] == PEOPLE and scope["entries"] == 0 and scope["rows"] == 0 and {"field": "plan", "people": PEOPLE} in scope["fields"]
    people = [json.loads(line) for line in sealane.command("incident", "subjects", number, "--data", sealane.data).splitlines()]
    assert sorted(person["subject"] for person in people) == known_pseudonyms(sealane) and {person["status"] for person in people} == {"affected"}
    one = json.loads(sealane.command("incident", "subject", number, people[0]["subject"], "--data", sealane.data, "--json"))
    assert one["status"] == "affected" and one["entries"] == [] and one["is_as_entered"]
    organizations = json.loads(sealane.command("incident", "organizations", number, "--data", sealane.data, "--json"))
    assert organizations["total"] == 5 and all(row["affected"] == row["members"] == PEOPLE // 5 for row in organizations["organizations"])
    custodian = str(incident(sealane, "open", "--host", "custodian", "--title", "The custodian is gone")["incident"])
    scope = incident(sealane, "scope", custodian)
    assert scope["fields"] == [{"field": "record_keys", "people": PEOPLE}] and scope["entries"] == 0
    assert "unintelligible" in sealane.command("incident", "report", custodian, "--data", sealane.data)
    done = sealane.run("incident", "subject", number, "s_" + "0" * 32, "--data", sealane.data)
    assert done.returncode != 0 and "Nobody ever arrived" in done.stderr


def test_a_rehearsal_is_played_on_a_copy_that_speaks_to_nobody(make_installation, tmp_path):
    sealane = make_installation()
    sealane.start()
    file = tmp_path / "real.ndjson"
    declare(sealane, tmp_path, declaration("realvendor", {"type": "file", "path": file}))
    agree(sealane, owner(sealane), "realvendor")
    sealane.track(*[{"event": "Request", "properties": {"distinct_id": f"real-{n}", "plan": "pro"}} for n in range(40)])
    until(lambda: state(sealane, "realvendor")["events"] == 40)
    before, size = file.read_bytes(), len(json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", 1000))["entries"])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    played = json.loads(sealane.command(
        "incident", "rehearse", "--data", sealane.data, "--events", 5000, "--scratch", scratch, "--json"))
    assert [[step["step"] for step in act["steps"]] for act in played["acts"]] == [["detect", "contain", "scope", "report"]] * 2
    for act in played["acts"]:
        minutes = [step["minutes"] for step in act["steps"]]
        assert minutes == sorted(minutes) and all(step["minutes"] < step["real_case_minutes"] for step in act["steps"]), act
    assert "canary fired" in played["acts"][0]["steps"][0]["finding"] and "1 grant stood in red" in played["acts"][1]["steps"][0]["finding"]
    assert played["people"] > 40 and list(scratch.iterdir()) == [], "the copy is over the real people, and gone"
    time.sleep(1)
    assert file.read_bytes() == before, "the real vendor got nothing of it"
    after = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", 1000))["entries"][size:]
    assert [entry["kind"] for entry in after if not entry["kind"].startswith("disclosure.")] == ["backup_made"]
    # Without data of one's own.
    text = sealane.command("incident", "rehearse", "--events", 3000, "--scratch", scratch)
    assert "as it was lived" in text and "24480 (17 days)" in text and list(scratch.iterdir()) == []
