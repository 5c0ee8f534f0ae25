"""What takes two people, what stays after a cut-off, and what a credential that ended meanwhile does not do any more."""

import json
import re
import socket
import base64
import time

import pytest
import requests
from installation import today
from staff import a_day_later, invited, owner
from test_alarm import wait_for
from test_staff import entries, make_account


@pytest.fixture(scope="module")
def place(sealane):
    rows = [{"event": "Crowd", "properties": {"distinct_id": f"crowd-{n}", "time": int(time.time()) - 60, "$insert_id": f"second-{n}"}} for n in range(200)]
    assert sealane.send_import(rows).status_code == 200
    return sealane, owner(sealane)


def alerts(sealane, kind: str) -> list:
    listed = json.loads(sealane.command("alerts", "list", "--data", sealane.data, "--json"))["alerts"]
    return [alert for alert in listed if alert["kind"] == kind]


def identity(sealane) -> dict:
    return {member["name"]: member["id"] for member in json.loads(sealane.command("staff", "list", "--data", sealane.data, "--json"))["staff"]}


def export(sealane, account) -> requests.Response:
    return requests.get(sealane.api + "/api/2.0/export", params={"from_date": today(-2), "to_date": today(1)}, auth=account, timeout=60)


def test_one_admin_alone_makes_no_account_that_exports(place):
    sealane, ada = place
    bea = invited(sealane, ada, "Bea Admin", "admin")
    assert [alert["about"]["id"] for alert in alerts(sealane, "power_granted")] == [identity(sealane)["Bea Admin"]]
    answer = bea.post("/settings/accounts", {
        "name": "Nightly", "scope": "export", "days": "30", "rows": "1000", "people": "500", "megabytes": "7", "networks": "127.0.0.0/8"})
    assert answer.status_code == 200 and "sls_" not in answer.text and "second person" in answer.text
    number = re.search(r'name="about" value="(\d+)"', ada.get("/settings").text)[1]
    assert 'data-then="account-' not in bea.get("/settings").text
    order = {"request": number}
    # Whom Ada has just invited stands for Ada: the two are one person still.
    refused = ada.post("/settings/accounts/agree", {**order, "ticket": ada.confirmed("approve_account", about=number)})
    assert refused.status_code == 400 and "count as one person still" in refused.text
    a_day_later(sealane)
    # Not before somebody agreed, not by oneself, not without a passkey, not with a ticket for something else.
    assert bea.post("/settings/accounts/make", order).status_code == 404
    assert bea.post("/settings/accounts/agree", {**order, "ticket": bea.confirmed("approve_account", about=number)}).status_code == 400
    assert ada.post("/settings/accounts/agree", {**order, "ticket": ""}).status_code == 400
    assert ada.post("/settings/accounts/agree", {**order, "ticket": ada.confirmed("approve_export", about=number)}).status_code == 400
    assert ada.post("/settings/accounts/agree", {**order, "ticket": ada.confirmed("approve_account", about=number)}).status_code == 200
    # Only by who asked, and once.
    assert ada.post("/settings/accounts/make", order).status_code == 404
    made = bea.post("/settings/accounts/make", order)
    assert made.status_code == 200, made.text
    username, secret = (re.search(pattern, made.text)[1] for pattern in (r">(sa_[0-9a-f]{16})<", r">(sls_[a-z2-7]{60})<"))
    assert bea.post("/settings/accounts/make", order).status_code == 404
    assert export(sealane, (username, secret)).status_code == 200
    # As two people agreed to it.
    (account,) = [one for one in at_the_machine(sealane, "GET", "/api/v1/service-accounts")["service_accounts"] if one["username"] == username]
    assert account["scopes"] == ["export"] and account["rows_per_day"] == 1000 and account["networks"] == ["127.0.0.0/8"]
    assert account["subjects_per_day"] == 500 and account["bytes_per_day"] == 7 << 20
    (alert,) = [alert for alert in alerts(sealane, "power_granted") if alert["about"]["id"] == username]
    assert alert["details"]["by"] == identity(sealane)["Bea Admin"] and alert["details"]["agreed_by"] == identity(sealane)["Ada"]
    kinds = [entry["kind"] for entry in entries(sealane)]
    for kind in ("service_account_asked", "service_account_approved", "service_account_created"):
        assert kinds.count(kind) >= 1
    assert kinds.count("service_account_approved") == 1
    # The other way round: whom Ada has just invited is no second person to her.
    bea = invited(sealane, ada, "Bea Who Just Came", "admin")
    assert ada.post("/settings/accounts", {"name": "Another", "scope": "admin"}).status_code == 200
    number = re.search(r'name="about" value="(\d+)"', bea.get("/settings").text)[1]
    refused = bea.post("/settings/accounts/agree", {"request": number, "ticket": bea.confirmed("approve_account", about=number)})
    assert refused.status_code == 400 and "count as one person still" in refused.text
    assert bea.post("/settings/accounts/refuse", {"request": number}).status_code == 200
    assert ada.post("/settings/accounts/make", {"request": number}).status_code == 404
    # Accounts that count, or only send, take one.
    assert "sls_" in bea.post("/settings/accounts", {"name": "Counter", "scope": "query"}).text


def at_the_machine(sealane, method: str, path: str, body=None) -> dict:
    import http.client

    class Connection(http.client.HTTPConnection):
        def connect(self):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(str(sealane.data / "control.sock"))

    connection = Connection("localhost")
    connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
    return json.loads(connection.getresponse().read())


def test_what_somebody_brought_in_is_listed_and_ended_after_a_cut_off(place):
    sealane, ada = place
    bea = invited(sealane, ada, "Bea Turned", "admin")
    made = bea.post("/settings/accounts", {"name": "Of Bea", "scope": "query"}).text
    username, secret = (re.search(pattern, made)[1] for pattern in (r">(sa_[0-9a-f]{16})<", r">(sls_[a-z2-7]{60})<"))
    cleo, dora = (invited(sealane, bea, name, "viewer") for name in ("Cleo Brought", "Dora Brought"))
    names = identity(sealane)
    ask = lambda: requests.get(sealane.api + "/api/v1/catalog", auth=(username, secret), timeout=30).status_code
    assert ask() == 200
    assert ada.post("/staff/brought-in/end", {"staff": names["Bea Turned"], "account": username}).status_code == 409
    page = ada.post("/staff/cut-off", {"staff": names["Bea Turned"]})
    assert page.status_code == 200 and username in page.text and "Cleo Brought" in page.text and 'value="%s" checked' % username in page.text
    # The cut-off alone ends nobody else.
    assert ask() == 200 and cleo.get("/").status_code == 200
    done = ada.post("/staff/brought-in/end", {"staff": names["Bea Turned"], "account": username, "person": names["Cleo Brought"]})
    assert done.status_code == 200 and "1 service account revoked, 1 person cut off" in done.text
    assert ask() == 401 and cleo.get("/").status_code == 401 and dora.get("/").status_code == 200
    # The rest by the machine's user.
    left = at_the_machine(sealane, "POST", f"/api/v1/staff/{names['Bea Turned']}/cut-off")
    assert [person["id"] for person in left["brought_in"]["staff"]] == [names["Dora Brought"]] and left["brought_in"]["service_accounts"] == []
    told = sealane.command("staff", "end-brought-in", names["Bea Turned"], "--data", sealane.data)
    assert names["Dora Brought"] in told and dora.get("/").status_code == 401
    assert at_the_machine(sealane, "POST", f"/api/v1/staff/{names['Ada']}/brought-in/end")["error"] == "in_use"
    assert ada.get("/").status_code == 200


def test_owners_are_told_that_owners_let_them_in(place):
    sealane, ada = place
    cleo = invited(sealane, ada, "Cleo Owner", "owner")
    vic = invited(sealane, ada, "Vic Viewer", "viewer")
    assert "Two other owners let you in again" in cleo.get("/account").text and "two other owners must let you in" in cleo.get("/account").text
    assert "Two admins let you in again" in vic.get("/account").text
    names = identity(sealane)
    assert "Another owner must agree" in ada.get(f"/staff/{names['Cleo Owner']}").text
    assert "Another admin must agree" in ada.get(f"/staff/{names['Vic Viewer']}").text
    assert "An owner sees your name under Staff" in cleo.post("/account/phished", {}).text
    assert "An admin sees your name under Staff" in vic.post("/account/phished", {}).text


def test_answers_to_what_is_over_are_not_entered(place):
    sealane, ada = place
    bea, cleo = (invited(sealane, ada, name, "analyst") for name in ("Bea Asks", "Cleo Answers"))
    a_day_later(sealane)
    assert bea.post("/exports", {"from": today(-2), "to": today(1), "events": "", "purpose": "once"}).status_code == 200
    number = re.search(r'name="about" value="(\d+)"', cleo.get("/exports").text)[1]
    ticket = cleo.confirmed("approve_export", about=number)
    assert cleo.post("/exports/agree", {"export": number, "ticket": ticket}).status_code == 200
    assert bea.post("/exports/fetch", {"export": number}).status_code == 200
    before = len([entry for entry in entries(sealane) if entry["kind"] in ("export_approved", "export_refused", "passkey_removed", "staff_recovery_asked")])
    assert cleo.post("/exports/refuse", {"export": number}).status_code == 404
    assert cleo.post("/exports/agree", {"export": number, "ticket": cleo.confirmed("approve_export", about=number)}).status_code == 404
    assert bea.post("/account/passkeys/remove", {"passkey": "AAAA"}).status_code == 404
    assert ada.post("/staff", {"name": "Nobody Yet", "role": "viewer"}).status_code == 200
    assert ada.post("/staff/recovery", {"staff": identity(sealane)["Nobody Yet"]}).status_code == 404
    after = len([entry for entry in entries(sealane) if entry["kind"] in ("export_approved", "export_refused", "passkey_removed", "staff_recovery_asked")])
    assert after == before


BODIES = [
    ("POST", "/api/v1/query", {"report": "insights", "range": {"from": "2026-01-01", "to": "2026-01-02"}, "unit": "day", "series": [{"measure": "total"}]}),
    ("POST", "/api/v1/door", {"query": {}, "cell": {}}),
    ("PATCH", "/api/v1/settings", {"name": "Taken over"}),
    ("PUT", "/api/v1/plan", {"version": 1}),
    ("POST", "/api/v1/deletions", {"subjects": ["s_" + "0" * 32]}),
    ("POST", "/api/v1/canaries/hits", {"ids": ["s_" + "0" * 32]}),
]


@pytest.mark.parametrize("method,path,body", BODIES, ids=[path for _, path, _ in BODIES])
@pytest.mark.parametrize("end", ["revocation", "rotation"])
def test_a_body_that_comes_after_the_end_does_nothing(place, method, path, body, end):
    sealane, _ = place
    username, secret, ask = make_account(sealane, scopes=["intake", "query", "export", "admin"])
    text = json.dumps(body).encode()
    credential = base64.b64encode(f"{username}:{secret}".encode()).decode()
    with socket.create_connection(("127.0.0.1", sealane.console_port), timeout=30) as connection:
        connection.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {credential}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text[:5])
        time.sleep(0.5)
        if end == "revocation":
            assert ask("DELETE", f"/api/v1/service-accounts/{username}")[0] == 200
        else:
            assert ask("POST", f"/api/v1/service-accounts/{username}/rotation", {"overlap_hours": 0})[0] == 201
        before = len(entries(sealane))
        connection.sendall(text[5:])
        assert b" 401 " in connection.recv(65536).split(b"\r\n")[0]
    kinds = {entry["kind"] for entry in entries(sealane)[before:]}
    assert not kinds & {"disclosure.aggregate", "disclosure.subjects", "project_settings_changed", "tracking_plan_changed", "subject_erased"}, kinds


def test_an_approval_is_used_up_by_what_leaves_and_not_before(make_installation):
    sealane = make_installation()
    sealane.start("--witness-patience", "2")
    sealane.start_custodian()
    ada = owner(sealane)
    rows = [{"event": "Crowd", "properties": {"distinct_id": f"crowd-{n}", "time": int(time.time()) - 60, "$insert_id": f"approved-{n}"}} for n in range(50)]
    assert sealane.send_import(rows).status_code == 200
    bea, cleo = (invited(sealane, ada, name, "analyst") for name in ("Bea Asks", "Cleo Answers"))
    a_day_later(sealane)
    assert bea.post("/exports", {"from": today(-2), "to": today(1), "events": "", "purpose": "once"}).status_code == 200
    number = re.search(r'name="about" value="(\d+)"', cleo.get("/exports").text)[1]
    assert cleo.post("/exports/agree", {"export": number, "ticket": cleo.confirmed("approve_export", about=number)}).status_code == 200
    open_ = lambda: "sealane_ledger_subjects_open 1" in requests.get(sealane.api + "/metrics", timeout=10).text
    witnessed = lambda: not re.search(r"sealane_ledger_witnessed_entries 0\b", requests.get(sealane.api + "/metrics", timeout=10).text)
    wait_for(witnessed)
    # The custodian's host is down: nothing about single subjects leaves.
    sealane.custodian.terminate()
    sealane.custodian.wait(30)
    bea.get("/exports")
    wait_for(lambda: not open_())
    assert bea.post("/exports/fetch", {"export": number}).status_code == 503
    sealane.start_custodian()
    wait_for(open_)
    answer = bea.post("/exports/fetch", {"export": number})
    assert answer.status_code == 200 and len(answer.text.splitlines()) == 50
    assert bea.post("/exports/fetch", {"export": number}).status_code == 404
