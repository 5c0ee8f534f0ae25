"""A credential in another hand: a new client, a first export and going through subjects one by one are scored, shown, and an alert."""

import http.client
import json
import socket
import sqlite3
import time

import requests
from staff import owner
from test_alarm import wait_for

DAY = 86_400_000


def at_the_machine(sealane, path: str) -> dict:
    """By the machine's user, over the control socket."""

    class Connection(http.client.HTTPConnection):
        def connect(self):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(str(sealane.data / "control.sock"))

    connection = Connection("localhost")
    connection.request("GET", path)
    return json.loads(connection.getresponse().read())


def unusual(sealane) -> dict:
    (account,) = [one for one in at_the_machine(sealane, "/api/v1/service-accounts")["service_accounts"] if one["username"] == sealane.account[0]]
    return account["unusual_use"]


def alerts(sealane) -> list:
    listed = json.loads(sealane.command("alerts", "list", "--data", sealane.data, "--json"))["alerts"]
    return [alert for alert in listed if alert["kind"] == "unusual_use"]


def ask(sealane, path: str, agent: str, **parameters) -> requests.Response:
    return requests.get(
        sealane.api + path, params={"project_id": sealane.project_id, **parameters}, auth=sealane.account, headers={"User-Agent": agent}, timeout=60)


def test_a_stolen_key_shows(make_installation):
    sealane = make_installation()
    sealane.start()
    now = int(time.time())
    events = [{"event": "Seen", "properties": {"time": now - index, "distinct_id": f"person-{index}", "$insert_id": f"unusual-use-{index}"}} for index in range(80)]
    assert sealane.send_import(events).status_code == 200
    # Its owner's program, for a while.
    for _ in range(20):
        assert ask(sealane, "/api/v1/catalog", "python-requests/2.32").status_code == 200
    assert unusual(sealane) == {"score": 0, "learning": True, "signals": []}
    assert sealane.terminate() == 0
    # Days go by.
    with sqlite3.connect(sealane.data / "control.sqlite") as database:
        assert database.execute("UPDATE usual_use SET since = since - ?", (4 * DAY,)).rowcount == 1
    database.close()
    sealane.start()
    assert ask(sealane, "/api/v1/catalog", "python-requests/3.0").status_code == 200
    assert unusual(sealane) == {"score": 0, "learning": False, "signals": []}

    # The thief's: another program, the first export.
    assert ask(sealane, "/api/2.0/export", "curl/8.5.0", from_date="2020-01-01", to_date="2030-01-01").status_code == 200
    seen = unusual(sealane)
    assert seen["score"] == 40 and {signal["signal"] for signal in seen["signals"]} == {"new_client", "first_export"}
    assert "(curl)" in " ".join(signal["words"] for signal in seen["signals"])
    assert not alerts(sealane), "two weak signs are shown, and are no alert"

    # One subject after the other.
    subjects = [one["subject"] for one in ask(sealane, "/api/v1/subjects", "curl/8.5.0", limit=60).json()["subjects"]]
    for number, subject in enumerate(subjects, 1):
        assert ask(sealane, f"/api/v1/subjects/{subject}", "curl/8.5.0").status_code == 200
        if number == 49:
            assert not alerts(sealane)
    (alert,) = wait_for(lambda: alerts(sealane))
    assert alert["about"]["id"] == sealane.account[0] and alert["state"] == "open" and alert["ledger_index"] > 0
    assert set(alert["details"]["signals"].split()) == {"new_client", "first_export", "enumeration"}
    assert alert["details"]["score"] == 90 and "one by one" in alert["sentence"]

    # Ids that nobody has, on top: the same record.
    for number in range(20):
        assert ask(sealane, f"/api/v1/subjects/s_{number:032x}", "curl/8.5.0").status_code == 404
    assert {signal["signal"] for signal in unusual(sealane)["signals"]} == {"new_client", "first_export", "enumeration", "guessing"}
    assert unusual(sealane)["score"] == 100
    assert [one["id"] for one in alerts(sealane)] == [alert["id"]]

    # Where people look.
    ada = owner(sealane)
    page = ada.get("/settings").text
    assert "score 100" in page and "one by one within an hour" in page and "(curl)" in page
    assert "guessing" in ada.get(f"/alerts/{int(alert['id'])}").text or wait_for(
        lambda: "guessing" in ada.get(f"/alerts/{int(alert['id'])}").text, 40)
    assert "learning" in ada.get("/staff").text and "Unusual use: score 0 of 100" in ada.get("/account").text
    (person,) = at_the_machine(sealane, "/api/v1/staff")["staff"]
    assert person["unusual_use"] == {"score": 0, "learning": True, "signals": []}

    # It survives a restart, and no file has an address.
    assert sealane.terminate() == 0
    for file in sealane.data.glob("control.sqlite*"):
        assert b"127.0.0" not in file.read_bytes()
    sealane.start()
    assert unusual(sealane)["score"] == 100


def test_senders_with_the_public_token_are_not_watched(make_installation):
    sealane = make_installation()
    sealane.start()
    for _ in range(3):
        assert sealane.track({"event": "Seen", "properties": {"distinct_id": "ada"}}).status_code == 200
    assert sealane.terminate() == 0
    with sqlite3.connect(sealane.data / "control.sqlite") as database:
        assert database.execute("SELECT count(*) FROM usual_use").fetchone() == (0,)
    database.close()
