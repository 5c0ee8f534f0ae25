"""The ways in that vendors were given: by hand and by lists of consoles, and those that live though nobody uses them stand out."""

import datetime
import json
import time

import pytest
import requests
from staff import invited, owner

NOW = datetime.datetime.now(datetime.timezone.utc)

DECLARATION = """
vendor: tallymark
name: Tallymark
purpose: Product analytics
legal_basis: legitimate interests
contract: {reference: C-1}
contacts: {breach: a@tallymark.example, privacy: b@tallymark.example}
countries: {storage: [US], processing: [US]}
review: 2027-01-31
"""


def days_ago(days):
    return (NOW - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def place(make_installation):
    sealane = make_installation()
    sealane.start()
    return sealane


def grants(sealane, *more):
    return json.loads(sealane.command("vendors", "grants", "list", *more, "--data", sealane.data, "--json"))


def take(sealane, tmp_path, name, text, *more):
    file = tmp_path / name
    file.write_text(text)
    return json.loads(sealane.command("vendors", "grants", "import", file, *more, "--data", sealane.data, "--json"))


def entries(sealane, kind):
    listed = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", 1000))["entries"]
    return [entry for entry in listed if entry["kind"] == kind]


def alerts(sealane):
    listed = json.loads(sealane.command("alerts", "list", "--data", sealane.data, "--json"))["alerts"]
    return [alert for alert in listed if alert["kind"] == "grant_still_live"]


def test_a_retired_grant_that_lives_is_red_until_it_is_revoked(place, tmp_path):
    sealane = place
    (tmp_path / "tallymark.yaml").write_text(DECLARATION)
    sealane.command("vendors", "declare", tmp_path / "tallymark.yaml", "--data", sealane.data)
    made = json.loads(sealane.command(
        "vendors", "grants", "add", "--vendor", "tallymark", "--name", "Warehouse sync", "--kind", "service_account", "--scope", "read:events",
        "--granted-by", "ada@orrery.example", "--created", days_ago(400), "--last-used", days_ago(100), "--expires", "2030-01-01",
        "--data", sealane.data, "--json"))
    number = made["grant"]
    [grant] = grants(sealane)["grants"]
    assert grant["findings"] == ["unused_90_days"] and not grant["red"] and grant["live"] and grant["granted_by"] == "ada@orrery.example"
    twice = sealane.run("vendors", "grants", "add", "--vendor", "tallymark", "--name", "Warehouse sync", "--kind", "api_key", "--data", sealane.data)
    assert twice.returncode == 1 and "number 1" in twice.stderr
    assert alerts(sealane) == []
    sealane.command("vendors", "grants", "retire", number, "--data", sealane.data)
    listed = grants(sealane)
    assert listed["red"] == 1 and listed["grants"][0]["findings"][0] == "retired_but_live"
    [alert] = alerts(sealane)
    assert alert["severity"] == "high" and alert["details"]["vendor"] == "tallymark" and "Warehouse" not in alert["sentence"]
    # Told once, also over a restart within the day.
    sealane.terminate()
    sealane.start()
    take(sealane, tmp_path, "more.csv", "name,vendor\nOther app,tallymark\n")
    assert len(alerts(sealane)) == 1 and alerts(sealane)[0]["count"] == 1
    sealane.command("vendors", "grants", "revoke", number, "--data", sealane.data)
    assert grants(sealane)["red"] == 0
    assert sealane.run("vendors", "grants", "revoke", number, "--data", sealane.data).returncode == 1
    assert sealane.run("vendors", "grants", "retire", 99, "--data", sealane.data).returncode == 1
    for kind, count in [("vendor_grant_recorded", 2), ("vendor_grant_retired", 1), ("vendor_grant_revoked", 1)]:
        assert len(entries(sealane, kind)) == count, kind
    text = json.dumps([entry for kind in ["recorded", "retired", "revoked"] for entry in entries(sealane, f"vendor_grant_{kind}")])
    assert "ada@" not in text and "Warehouse" not in text and "sealane.db" not in text
    assert "ada@" not in sealane.server_log.read_text()


def test_lists_as_consoles_export_them(place, tmp_path):
    sealane = place
    # A console's table: names of its own, columns that nobody asked for, a secret among them, and several people who gave one application access.
    table = "\ufeff" + "\r\n".join([
        '"App name","Client ID","Publisher",Scopes,User,"Created date","Last used date",Status,"Client secret"',
        f'Tallymark,cl-1,Tallymark,"events.read, profile",ada@orrery.example,2024-01-02,{days_ago(3)},Active,hush-hush',
        f'Tallymark,cl-1,Tallymark,"events.read, drive",ben@orrery.example,2023-01-02,{days_ago(2)},Active,hush-hush',
        ',,Nobody,x,,,,,',
        'Quillon "chat",cl-2,Quillon,x,,2024-01-02,yesterday,Active,',
        '"Quillon, chat",cl-2,Quillon,*,,2024-01-02,,Active,',
        'too,few',
        f'Old,cl-3,Quillon,x,,2020-01-02,{days_ago(500)},Revoked,',
    ]) + "\r\n"
    done = take(sealane, tmp_path, "apps.csv", table)
    assert (done["rows"], done["new"], done["refused"]) == (4, 3, 3)
    assert [refusal["line"] for refusal in done["refusals"]] == [4, 5, 7]
    assert "lastUsedAt" in done["refusals"][1]["reason"] and "yesterday" not in json.dumps(done)
    found = {grant["client_id"]: grant for grant in grants(sealane)["grants"]}
    assert found["cl-1"]["scopes"] == ["drive", "events.read", "profile"] and found["cl-1"]["created_at"].startswith("2023-01-02")
    assert found["cl-1"]["vendor"] == "tallymark" and "undeclared_vendor" in found["cl-1"]["findings"]
    assert found["cl-2"]["name"] == "Quillon, chat" and "wide_scope" in found["cl-2"]["findings"]
    assert not found["cl-3"]["live"] and found["cl-3"]["findings"] == []
    # The same list again changes nothing.
    again = take(sealane, tmp_path, "apps.csv", table)
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, 3)
    # JSON: a list in an object, an array, and lines.
    record = {"displayText": "Pipes", "clientId": "cl-4", "scopes": ["a", "b"], "userKey": "1", "nativeApp": True, "expires_at": None}
    assert take(sealane, tmp_path, "a.json", json.dumps({"kind": "tokens", "items": [record]}))["new"] == 1
    assert take(sealane, tmp_path, "b.json", json.dumps([record, 7, {"x": 1}]))["refused"] == 2
    lines = "\n".join(json.dumps({**record, "clientId": f"l-{n}"}) for n in range(3)) + "\n{broken\n"
    done = take(sealane, tmp_path, "c.ndjson", lines)
    assert done["new"] == 3 and done["refusals"] == [{"line": 4, "reason": "it is not JSON"}]
    # One act an import, with its counts and nothing of its rows.
    acts = entries(sealane, "vendor_grant_recorded")
    assert [act["detail"]["facts"]["new"] for act in acts] == ["3", "0", "1", "0", "3"]
    stored = b"".join(path.read_bytes() for path in sealane.data.rglob("*") if path.is_file())
    assert b"hush-hush" not in stored


@pytest.mark.parametrize("text", ["", "\n\n", "a,b\n1,2\n", "[]", "{}", "{\"items\": []}", "\0\0\0", "[" * 100_000, '"' * 5_000])
def test_what_is_no_list_is_an_error(sealane, text, tmp_path):
    (tmp_path / "list").write_text(text)
    done = sealane.run("vendors", "grants", "import", tmp_path / "list", "--data", sealane.data, "--json")
    # Rows that are none are named; what has no rows is an error.
    assert done.returncode == 1 or json.loads(done.stdout)["new"] == 0
    assert grants(sealane)["grants"] == []


def test_a_large_list_is_taken_in_one_act(place, tmp_path):
    rows = ["name,client id,vendor,scopes"] + [f"App {n},id-{n},vendor-{n % 50},read write" for n in range(10_000)]
    done = take(place, tmp_path, "large.csv", "\n".join(rows))
    assert done["new"] == 10_000 and len(entries(place, "vendor_grant_recorded")) == 1
    one_more = place.run("vendors", "grants", "add", "--name", "x", "--kind", "user", "--data", place.data)
    assert one_more.returncode == 1 and "10000" in one_more.stderr.replace(",", "")


def test_programs_may_not(place):
    for method, path in [("GET", "/vendor-grants"), ("POST", "/vendor-grants"), ("POST", "/vendor-grants/import"),
                         ("POST", "/vendor-grants/1/retirement"), ("POST", "/vendor-grants/1/revocation")]:
        answer = requests.request(method, place.api + "/api/v1" + path, auth=place.account, data="name\nx\n", timeout=10)
        assert answer.status_code == 403, path
        assert requests.request(method, place.api + "/api/v1" + path, timeout=10).status_code == 401, path


def test_what_lives_of_a_killed_vendor_is_red(place, tmp_path):
    sealane = place
    (tmp_path / "tallymark.yaml").write_text(DECLARATION)
    sealane.command("vendors", "declare", tmp_path / "tallymark.yaml", "--data", sealane.data)
    take(sealane, tmp_path, "list.csv", "name,vendor,expires\nSync,tallymark,2040-01-01\nOther,quillon,2040-01-01\nOld,tallymark,2020-01-01\n")
    assert grants(sealane)["red"] == 0
    sealane.command("vendors", "kill", "tallymark", "--data", sealane.data)
    listed = grants(sealane)
    assert listed["red"] == 1 and (listed["grants"][0]["name"], listed["grants"][0]["findings"]) == ("Sync", ["vendor_killed_but_live"])
    assert len(grants(sealane, "--finding", "vendor_killed_but_live")["grants"]) == 1
    # Nobody does anything here: it is found by itself within half a minute.
    end = time.monotonic() + 60
    while not alerts(sealane):
        assert time.monotonic() < end
        time.sleep(0.5)
    [alert] = alerts(sealane)
    assert "kill switch was pulled" in alert["sentence"] and alert["severity"] == "high" and alert["details"]["vendor"] == "tallymark"
    sealane.command("vendors", "grants", "revoke", listed["grants"][0]["grant"], "--data", sealane.data)
    assert grants(sealane)["red"] == 0


def test_people_do_it_on_pages(place):
    """The same by forms, each act in the ledger under the person's name; who may only look is refused."""
    sealane, ada = place, owner(place)
    table = "App name,Client ID,Publisher,Scopes,Client secret\nTallymark,cl-1,Tallymark,\"events.read, profile\",hush-hush\nfew\n"
    taken = ada.post("/vendors/grants/import", {"list": table.replace("\n", "\r\n")})
    assert taken.status_code == 200 and "1 new grant" in taken.text and "1 row was refused" in taken.text and "hush-hush" not in taken.text
    taken = ada.post("/vendors/grants/import", {"list": '[{"displayText": "Pipes", "clientId": "cl-4", "scopes": ["*"]}]'})
    assert "1 new grant" in taken.text and "wide scope" in taken.text
    assert ada.post("/vendors/grants/import", {"list": "a,b\r\n1,2\r\n"}).status_code == 400
    assert ada.post("/vendors/grants/import", {"list": "name\r\n" + "x\r\n" * 400_000}).status_code == 400
    assert ada.post("/vendors/grants/import", {"list": "x" * (5 << 20)}).status_code in (400, 413)
    made = ada.post("/vendors/grants", {
        "name": "Warehouse", "vendor": "tallymark", "kind": "service_account", "scopes": "read write", "grantedby": "ben@orrery.example",
        "createdat": "2024-01-02", "expiresat": "2040-01-01"})
    assert made.status_code == 200 and "Written down" in made.text and "ben@orrery.example" in made.text
    for bad in [{"name": ""}, {"name": "x", "vendor": "Not An Id"}, {"name": "x", "kind": "key"}, {"name": "x", "createdat": "soon"}]:
        assert ada.post("/vendors/grants", bad).status_code == 400, bad
    number = next(grant["grant"] for grant in grants(sealane)["grants"] if grant["name"] == "Warehouse")
    retired = ada.post("/vendors/grants/change", {"grant": str(number), "act": "retired"})
    assert retired.status_code == 200 and "retired but still live" in retired.text
    assert "1 open alert" in ada.get("/vendors/grants").text and len(alerts(sealane)) == 1
    assert ada.post("/vendors/grants/change", {"grant": str(number), "act": "revoked"}).status_code == 200
    assert grants(sealane)["red"] == 0
    acts = [entry for kind in ["recorded", "retired", "revoked"] for entry in entries(sealane, f"vendor_grant_{kind}")]
    assert len(acts) == 5 and {act["detail"]["principal"]["kind"] for act in acts} == {"staff"}
    shown = [entry for entry in entries(sealane, "disclosure.settings") if "vendor_grants" in entry["detail"]["fields"]]
    assert len(shown) >= 5, "what a page showed is in the ledger"

    report = {"csp-report": {"document-uri": "https://www.orrery.example/", "violated-directive": "script-src", "blocked-uri": "https://tracker.example/p"}}
    sent = requests.post(
        sealane.intake + "/csp-report", params={"token": sealane.token}, data=json.dumps(report), headers={"Content-Type": "application/csp-report"},
        timeout=10)
    assert sent.status_code == 204
    page = ada.get("/vendors/third-parties")
    assert page.status_code == 200 and "tracker.example" in page.text and "nobody declared it" in page.text
    assert f"{sealane.intake.replace('127.0.0.1', 'localhost')}/csp-report?token={sealane.token}" in page.text.replace("127.0.0.1", "localhost")
    bea = invited(sealane, ada, "Bea", "developer")
    assert bea.get("/vendors/grants").status_code == 200 and bea.get("/vendors/third-parties").status_code == 200
    for path, fields in [("", {"name": "x"}), ("/import", {"list": "name\nx\n"}), ("/change", {"grant": str(number), "act": "revoked"})]:
        assert bea.post("/vendors/grants" + path, fields).status_code == 403, path
