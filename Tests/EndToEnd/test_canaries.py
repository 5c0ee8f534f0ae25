"""Exports hold people who do not exist; whoever uses one is noticed, and the very export is named."""

import collections
import gzip
import json
import re

import pytest
import requests
from installation import Installation, today
from test_alarm import wait_for
from staff import owner

DOMAIN = "metrics.example.net"


@pytest.fixture(scope="module")
def farm(tmp_path_factory):
    """A server whose exports have canaries, and 40 people with three events each."""
    sealane = Installation(tmp_path_factory.mktemp("canaries"), canaries=True)
    try:
        sealane.start("--canary-domain", DOMAIN)
        sealane.send_import([
            {"event": name, "properties": {
                "time": 1_790_000_000 + person * 60 + step, "distinct_id": f"person-{person}", "$insert_id": f"{person:08x}{step:08x}", "plan": "pro",
                "$referring_domain": f"site-{person}.example.org", "org_id": f"org-{person % 5}", "$email": f"p{person}@example.com"}}
            for person in range(40) for step, name in enumerate(["Signed Up", "Key Created", "API Call"])]).raise_for_status()
        yield sealane
    finally:
        sealane.close()


def lines(sealane, **parameters):
    parameters = {"from_date": "2020-01-01", "to_date": "2030-01-01", **parameters}
    answer = requests.get(sealane.api + "/api/2.0/export", params=parameters, auth=sealane.account, timeout=60)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def journeys(rows):
    found = collections.defaultdict(list)
    for row in rows:
        found[row["properties"]["distinct_id"]].append(row)
    return found


def entries(sealane, kind, **more):
    listed = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", 1000))["entries"]
    return [entry for entry in listed if entry["kind"] == kind and all(entry["detail"].get(name) == value for name, value in more.items())]


def alerts(sealane):
    return [alert for alert in json.loads(sealane.command("alerts", "list", "--data", sealane.data, "--json"))["alerts"] if alert["kind"] == "canary_used"]


def strangers(sealane):
    """The canaries of a fresh export, with its entry: whoever is not in another one."""
    first, second = journeys(lines(sealane)), journeys(lines(sealane))
    real = first.keys() & second.keys()
    assert len(real) == 40
    entry = entries(sealane, "disclosure.subjects", purpose="api.export")[-1]
    return {name: second[name] for name in second.keys() - real}, entry


def test_every_export_has_its_own_and_counts_none(farm):
    canaries, entry = strangers(farm)
    assert len(canaries) == 3 and entry["detail"]["rows"] == 120 and len(entry["detail"]["subjects"]) == 40 + 5  # and organizations
    facts = entry["detail"]["facts"]
    assert facts["canaries"] == "3" and int(facts["canary_lines"]) == sum(map(len, canaries.values())) == 9
    again, _ = strangers(farm)
    assert not canaries.keys() & again.keys()
    rows = lines(farm)
    blocks = [row["properties"]["distinct_id"] for row in rows]
    assert len([1 for first, second in zip(blocks, blocks[1:]) if first != second]) + 1 == 43, "everybody is one block"
    for name, journey in canaries.items():
        assert re.fullmatch(r"s_[0-9a-f]{32}", name) and [row["event"] for row in journey] == ["Signed Up", "Key Created", "API Call"]
        times = [row["properties"]["time"] for row in journey]
        assert times == sorted(times) and 1_790_000_000 <= times[0] and times[-1] <= 1_790_000_000 + 40 * 60 + 3
        hosts = {row["properties"]["$referring_domain"] for row in journey}
        assert len(hosts) == 1 and re.fullmatch(r"[a-z2-7]{16}\." + re.escape(DOMAIN), hosts.pop())
        for row in journey:
            assert row["properties"].keys() == rows[0]["properties"].keys()
    assert farm.total("Signed Up", since="2026-09-01") == 40 and farm.total("Signed Up", measure="unique", since="2026-09-01") == 40
    catalog = requests.get(farm.api + "/api/v1/catalog", auth=farm.account, timeout=10).json()
    assert catalog["event_count"] == 120 and catalog["subject_count"] >= 40


def test_what_is_steady_for_people_is_steady_for_them(make_installation):
    """Whoever has one file alone finds nothing that tells them apart: no browser that changes in the middle, no id of a request twice."""
    import secrets

    sealane = make_installation(canaries=True)
    sealane.start()
    cities = {"Oslo": "NO", "Lima": "PE", "Graz": "AT", "Cork": "IE"}
    rows = []
    for person in range(40):
        city = list(cities)[person % 4]
        for step in range(6):
            rows.append({"event": "API Call", "properties": {
                "time": 1_790_000_000 + person * 600 + step * 7, "distinct_id": f"person-{person}", "$insert_id": f"{person:08x}{step:08x}",
                "runtime": f"runtime-{person % 7}", "town": city, "nation": cities[city], "model": f"m{secrets.randbelow(3)}",
                "trace": f"req_{secrets.token_hex(10)}"}})
    sealane.send_import(rows).raise_for_status()
    canaries, _ = strangers(sealane)
    assert len(canaries) == 3
    for journey in canaries.values():
        for name in ("runtime", "town", "nation"):
            assert len({row["properties"][name] for row in journey}) == 1, name
        assert cities[journey[0]["properties"]["town"]] == journey[0]["properties"]["nation"]
    everything = lines(sealane)
    traces = [row["properties"]["trace"] for row in everything]
    assert len(traces) == len(set(traces)) and all(re.fullmatch(r"req_[0-9a-f]{20}", trace) for trace in traces)


def test_the_commitment_and_the_key_alone_name_them_again(farm):
    import hashlib
    import hmac
    import struct

    canaries, entry = strangers(farm)
    facts = entry["detail"]["facts"]
    key = (farm.keys / "pseudonym.key").read_bytes()
    prk = hmac.new(b"\0" * 32, key, hashlib.sha256).digest()
    derived = hmac.new(prk, b"sealane canary v1" + struct.pack("<q", farm.project_id) + b"\x01", hashlib.sha256).digest()

    def mac(kind, message):
        return hmac.new(derived, bytes([kind]) + message, hashlib.sha256).digest()

    import base64
    made = []
    for number in range(3):
        message = struct.pack("<I", number) + b"\x01" + bytes.fromhex(facts["canary_export"])
        high, label = mac(1, message)[:8], mac(3, message)[:5]
        made.append(("s_" + (high + mac(2, high)[8:16]).hex(), base64.b32encode(label + mac(4, label)[:5]).decode().lower()))
    assert {name for name, _ in made} == canaries.keys()
    text = "".join(sorted(f"{name} {label}\n" for name, label in made))
    assert hashlib.sha256(text.encode()).hexdigest() == facts["canary_commitment"]
    # Without the key directory nothing tells them: no file of the data directory has one.
    for file in farm.data.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not any(name[2:].encode() in content or bytes.fromhex(name[2:]) in content or label.encode() in content for name, label in made), file


def test_asking_for_one_names_the_export(farm):
    person = owner(farm)

    def cohort(name):
        return {"name": f"Cohort {name[:8]}", "definition": {"members": [name]}}

    status, made = farm.control("POST", "/api/v1/cohorts", cohort("s_" + "0" * 32))
    assert status == 201, made
    saved = made["id"]
    ways = {
        "profile": lambda name: requests.get(f"{farm.api}/api/v1/subjects/{name}", auth=farm.account, timeout=10),
        "timeline": lambda name: requests.get(f"{farm.api}/api/v1/subjects/{name}/timeline", auth=farm.account, timeout=10),
        "ids": lambda name: requests.get(f"{farm.api}/api/v1/subjects/{name}/ids", auth=farm.account, timeout=10),
        "search": lambda name: requests.get(f"{farm.api}/api/v1/subjects", params={"prefix": name}, auth=farm.account, timeout=10),
        "where": lambda name: requests.get(
            farm.api + "/api/2.0/export", auth=farm.account, timeout=10,
            params={"from_date": today(-1), "to_date": today(1), "where": f'properties["account"] == "{name}"'}),
        "page": lambda name: person.get(f"/subjects/{name}"),
        "deletion": lambda name: farm.control("DELETE", f"/api/v1/subjects/{name}"),
        "deletions": lambda name: farm.control("POST", "/api/v1/deletions", {"subjects": [name]}),
        "erasures": lambda name: farm.control("GET", f"/api/v1/erasures?subject={name}"),
        "cohort": lambda name: farm.control("POST", "/api/v1/cohorts", cohort(name)),
        "changed cohort": lambda name: farm.control("PUT", f"/api/v1/cohorts/{saved}", cohort(name)),
        "page of cohorts": lambda name: person.post("/cohorts", {"name": f"Page {name[:8]}", "definition": json.dumps(cohort(name)["definition"])}),
        "ledger": lambda name: person.get(f"/ledger?subject={name}"),
        # A whole pseudonym leads to its page.
        "page search": lambda name: person.get(person.get(f"/subjects?q={name}").headers["Location"]),
    }
    for way, ask in ways.items():
        canaries, entry = strangers(farm)
        name = sorted(canaries)[0]
        before = len(alerts(farm))
        ask(name)
        (alert,) = [alert for alert in alerts(farm) if alert["details"].get("export_entry") == entry["index"]]
        assert len(alerts(farm)) == before + 1 and alert["severity"] == "critical" and alert["details"]["use"] == "lookup", way
        assert alert["about"]["credential"] == farm.account[0] and f"ledger entry {entry['index']}" in alert["sentence"], way
        assert name not in json.dumps(alert), "the alert does not give it away"
    assert "no-canary-hosts" not in person.get("/exports").text
    # Asking for real people is everyday.
    before = len(alerts(farm))
    real = journeys(lines(farm)).keys() & journeys(lines(farm)).keys()
    for name in sorted(real)[:5]:
        for way, ask in ways.items():
            if not way.startswith("deletion"):  # they are needed still
                ask(name)
    assert len(alerts(farm)) == before


def test_a_file_that_was_handed_in_names_its_export(farm, tmp_path):
    canaries, entry = strangers(farm)
    name, journey = sorted(canaries.items())[0]
    host = journey[0]["properties"]["$referring_domain"]
    real = sorted(journeys(lines(farm)).keys() & journeys(lines(farm)).keys())
    noise = "\n".join(f"{index},{real[index % 40]},https://site.example.org/{index}" for index in range(30_000))
    files = {
        "csv": (noise + f"\n1,{name},x\n" + noise).encode(), "upper-case host": f"<a href='HTTPS://{host.upper()}/x'>".encode(),
        "one line": ('{"a":"' + "z" * 700_000 + f'","id":"{name[2:]}"' + "}").encode(), "gzip": gzip.compress((noise + "\t" + name).encode()),
    }
    for kind, content in files.items():
        file = tmp_path / "leak"
        file.write_bytes(content)
        done = farm.run("canaries", "check", file, "--data", farm.data)
        assert done.returncode == 1 and f"ledger entry {entry['index']}" in done.stdout and farm.account[0] in done.stdout, (kind, done.stdout, done.stderr)
    assert any(alert["details"].get("export_entry") == entry["index"] and alert["details"]["use"] == "file" for alert in alerts(farm))
    clean = tmp_path / "clean"
    clean.write_text(noise)
    done = farm.run("canaries", "check", clean, "--data", farm.data)
    assert done.returncode == 0 and "No canary" in done.stdout, done.stdout + done.stderr


def test_a_hit_from_outside_raises_an_alert_and_tells_nothing(farm):
    canaries, entry = strangers(farm)
    host = next(iter(canaries.values()))[0]["properties"]["$referring_domain"]
    answers = [requests.post(farm.api + "/api/v1/canaries/hits", json={"hosts": [one]}, auth=farm.account, timeout=10) for one in (host, "a" * 16 + "." + DOMAIN)]
    assert [answer.status_code for answer in answers] == [202, 202] and answers[0].text == answers[1].text
    (alert,) = [alert for alert in alerts(farm) if alert["details"].get("export_entry") == entry["index"]]
    assert alert["details"]["use"] == "hit"
    assert requests.post(farm.api + "/api/v1/canaries/hits", json={"hosts": [host]}, timeout=10).status_code == 401
    assert requests.post(farm.api + "/api/v1/canaries/check", json={"hosts": [host]}, auth=farm.account, timeout=10).status_code == 403


def test_short_answers_limits_and_pages_stay_what_they_were_asked_to_be(farm):
    for limit in (1, 2, 7, 30, 119, 120, 121, 1000):
        rows = lines(farm, limit=limit)
        entry = entries(farm, "disclosure.subjects", purpose="api.export")[-1]
        assert len(rows) <= limit and len(rows) >= min(limit, 120) - 60
        assert entry["detail"]["rows"] + int(entry["detail"]["facts"].get("canary_lines", 0)) == len(rows)
        assert len(rows) >= 1 and (limit == 1) == ("canaries" not in entry["detail"]["facts"])
    assert lines(farm, event='["Nothing"]') == []
    assert all(row["properties"]["plan"] == "pro" for row in lines(farm, where='properties["plan"] == "pro"'))


def test_only_the_owner_switches_them_off_and_that_is_entered(farm):
    assert requests.patch(farm.api + "/api/v1/settings", json={"canaries": False}, auth=farm.account, timeout=10).status_code == 403
    assert requests.get(farm.api + "/api/2.0/export", auth=farm.account, timeout=10, params={
        "from_date": "2020-01-01", "to_date": "2030-01-01", "canaries": "false"}).status_code == 400
    before = len(entries(farm, "project_settings_changed", fields=["canaries"]))
    farm.command("canaries", "off", "--data", farm.data)
    assert len(lines(farm)) == 120
    farm.command("canaries", "on", "--data", farm.data)
    assert len(lines(farm)) == 129 and len(entries(farm, "project_settings_changed", fields=["canaries"])) == before + 2


def test_the_register_is_made_again_from_the_ledger(farm):
    canaries, entry = strangers(farm)
    name = sorted(canaries)[0]
    farm.terminate()
    import sqlite3

    with sqlite3.connect(farm.data / "control.sqlite") as database:
        database.execute("DELETE FROM canary_export")
    farm.start("--canary-domain", DOMAIN)
    requests.get(f"{farm.api}/api/v1/subjects/{name}", auth=farm.account, timeout=10)
    wait_for(lambda: any(alert["details"].get("export_entry") == entry["index"] for alert in alerts(farm)))


def test_a_long_export_has_more_on_each_page(make_installation, tmp_path):
    sealane = make_installation(canaries=True)
    sealane.start()
    # Without a domain they have no host names, and whoever takes one out is told.
    assert "no-canary-hosts" in owner(sealane).get("/exports").text
    for part in range(13):
        sealane.send_import([
            {"event": "Step", "properties": {"time": 1_790_000_000 + row, "distinct_id": f"u{part}-{row // 4}", "$insert_id": f"{part}-{row}"}}
            for row in range(1_000)]).raise_for_status()
    rows = lines(sealane)
    pages = entries(sealane, "disclosure.subjects", purpose="api.export")
    assert [page["detail"]["rows"] for page in pages] == [10_000, 3_000]
    facts = [page["detail"]["facts"] for page in pages]
    assert [fact["canaries"] for fact in facts] == ["3", "1"] and facts[0]["canary_export"] == facts[1]["canary_export"]
    assert facts[0]["canary_commitment"] != facts[1]["canary_commitment"]
    assert len(rows) == 13_000 + sum(int(fact["canary_lines"]) for fact in facts)
    # Whoever leaks the end of it alone is found, too.
    file = tmp_path / "end"
    file.write_text("\n".join(json.dumps(row) for row in rows[-3_000 - int(facts[1]["canary_lines"]):]))
    done = sealane.run("canaries", "check", file, "--data", sealane.data, "--json")
    (found,) = json.loads(done.stdout)["canaries"]
    assert found["export"]["ledger_index"] == pages[0]["index"] and found["export"]["by"]["credential"] == sealane.account[0]
    # On the way through Mixpanel's own clients the pages are packed: the lines are the same.
    packed = requests.get(
        sealane.api + "/api/2.0/export", params={"from_date": "2020-01-01", "to_date": "2030-01-01"}, auth=sealane.account,
        headers={"Accept-Encoding": "gzip"}, timeout=60)
    assert packed.headers["Content-Encoding"] == "gzip" and len(packed.text.splitlines()) >= 13_004
