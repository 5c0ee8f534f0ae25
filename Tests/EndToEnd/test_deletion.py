"""A subject that was deleted is in no answer and, once files were written anew, in no file; events expire."""

import json
import time

import pytest
import requests
from installation import today

GONE, STAYS = "person-who-leaves", "person-who-stays"
NAME = {GONE: "Left Quietly", STAYS: "Stayed On"}
WORD = {GONE: "vermilion", STAYS: "ultramarine"}
TIER = {GONE: "copper", STAYS: "silver"}


@pytest.fixture(scope="module")
def filled(sealane):
    start = int(time.time()) - 86400
    records = [
        {
            "event": NAME[who], "properties": {
                "time": start + n, "distinct_id": who, "$insert_id": f"{who}-{n}", "word": WORD[who], "n": n}}
        for who in (GONE, STAYS) for n in range(20)
    ]
    # A device of the person, merged with it afterwards.
    records.append({"event": "On a device", "properties": {
        "time": start, "$device_id": "device-that-leaves", "distinct_id": "$device:device-that-leaves", "$insert_id": "d-1", "word": "turquoise"}})
    records.append({"event": "Signed in", "properties": {
        "time": start + 1, "$device_id": "device-that-leaves", "$user_id": GONE, "distinct_id": GONE, "$insert_id": "d-2"}})
    assert sealane.send_import(records).status_code == 200
    updates = [
        {"$token": sealane.token, "$distinct_id": who, "$set": {"tier": TIER[who], "$email": f"{who}@orrery.example"}} for who in (GONE, STAYS)]
    assert requests.post(sealane.intake + "/engage", json=updates, timeout=30).status_code == 200
    lines = sealane.export()
    subject = {line["properties"]["distinct_id"] for line in lines if line["event"] == NAME[GONE]}
    assert len(subject) == 1
    return sealane, subject.pop(), {line["properties"]["distinct_id"] for line in lines if line["event"] == NAME[STAYS]}.pop()


def get(sealane, path: str) -> requests.Response:
    return requests.get(sealane.api + path, auth=sealane.account, timeout=30)


def occurrences(sealane, content: bytes) -> set:
    found = set()
    for path in (sealane.data / "projects").rglob("*"):
        if path.is_file() and content in path.read_bytes():
            found.add(path.name.rsplit("-", 1)[0])
    return found


def test_only_the_owner_deletes_and_only_whom_there_is(filled):
    sealane, subject, _ = filled
    assert requests.delete(sealane.api + f"/api/v1/subjects/{subject}", auth=sealane.account, timeout=30).status_code == 403
    for wrong in ("nonsense", subject[2:], "s_" + "0" * 32):
        refused = sealane.run("subject", "erase", subject, wrong, "--data", sealane.data)
        assert refused.returncode != 0 and refused.stderr.strip()
    assert get(sealane, f"/api/v1/subjects/{subject}").status_code == 200


def test_everything_about_one_subject_is_written_down(filled, tmp_path):
    sealane, subject, other = filled
    many = [{"event": "Many", "properties": {"time": int(time.time()) - 9_000 + n, "distinct_id": STAYS, "$insert_id": f"m-{n}", "n": n}} for n in range(1200)]
    assert sealane.send_import(many).status_code == 200
    made = json.loads(sealane.command("subject", "export", other, "--data", sealane.data))
    assert made["subject"] == other and [one["subject"] for one in made["ids"]] == [other] and made["ids"][0]["unverified"]["tier"] == TIER[STAYS]
    assert sorted(event["properties"]["n"] for event in made["events"] if event["event"] == "Many") == list(range(1200))
    assert len(made["events"]) == 1220 and WORD[GONE] not in json.dumps(made) and subject not in json.dumps(made)
    target = tmp_path / "answer.txt"
    sealane.command("subject", "export", other, "--data", sealane.data, "--format", "text", "--output", target)
    text = target.read_text()
    assert target.stat().st_mode & 0o777 == 0o600 and text.count("Many") == 1200 and WORD[STAYS] in text and TIER[STAYS] in text
    assert STAYS not in text and "orrery.example" not in text
    entries = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--from", 0, "--limit", 1000))["entries"]
    assert sum(entry["kind"] == "disclosure.subjects" for entry in entries) >= 4
    for wrong in ("nonsense", "s_" + "0" * 32):
        refused = sealane.run("subject", "export", wrong, "--data", sealane.data, "--output", tmp_path / "none")
        assert refused.returncode == 1 and refused.stderr.strip() and not list(tmp_path.glob("none*"))


def test_a_deleted_subject_is_gone(filled):
    sealane, subject, other = filled
    assert sealane.total("Signed in") == 1 and sealane.total(measure="unique") == 2
    lists = {"Both": {"members": [subject, other]}, "In a rule": {"any": [{"members": [subject]}, {"did": {"event": NAME[STAYS]}}]}}
    for name, definition in lists.items():
        assert _control(sealane, "POST", "/api/v1/cohorts", {"name": name, "definition": definition})[0] == 201
    done = json.loads(sealane.command("subject", "erase", subject, "--data", sealane.data, "--json"))
    assert done["subjects"] == 1 and done["ids"] >= 2
    cohorts = {cohort["name"]: cohort for cohort in get(sealane, "/api/v1/cohorts").json()["cohorts"]}
    assert cohorts["Both"]["member_count"] == 1 and cohorts["In a rule"]["definition"]["any"][0]["members"] == []

    def check():
        assert sealane.total(NAME[GONE]) == 0 and sealane.total("Signed in") == 0 and sealane.total("On a device") == 0
        assert sealane.total(NAME[STAYS]) == 20 and sealane.total(measure="unique") == 1
        assert {line["properties"]["distinct_id"] for line in sealane.export()} == {other}
        profile, timeline = get(sealane, f"/api/v1/subjects/{subject}"), get(sealane, f"/api/v1/subjects/{subject}/timeline")
        assert TIER[GONE] not in profile.text and (profile.status_code == 404 or not any(profile.json().get(layer) for layer in ("verified", "unverified")))
        assert timeline.status_code in (200, 404) and "vermilion" not in timeline.text
        assert subject not in get(sealane, "/api/v1/subjects").text
        assert NAME[GONE] not in get(sealane, "/api/v1/catalog").text and WORD[GONE] not in get(sealane, "/api/v1/values?property=word").text
        assert get(sealane, f"/api/v1/subjects/{other}").json()

    check()
    # It stands in the ledger, with its number, and before that with whose right.
    entries = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", "1000"))["entries"]
    erased = [entry for entry in entries if entry["kind"] == "subject_erased"]
    assert len(erased) == 1 and erased[0]["detail"]["principal"]["kind"] == "operating_system_user"
    sealane.kill()
    sealane.start()
    check()


def test_and_in_no_file_after_they_were_written_anew(filled):
    sealane, subject, _ = filled
    assert occurrences(sealane, WORD[STAYS].encode()) or occurrences(sealane, NAME[STAYS].encode())
    answer = json.loads(sealane.command("subject", "erase", subject, "--compact", "--data", sealane.data, "--json"))
    assert answer["subjects"] == 1
    sealane.terminate()
    for word in (WORD[GONE], NAME[GONE], TIER[GONE], "turquoise", "On a device"):
        assert occurrences(sealane, word.encode()) == set(), word
    # docs/FORMATS.md, "Deletions": the pseudonym stays in the list of ids, and nowhere else.
    pseudonym = bytes.fromhex(subject[2:])
    for form in (pseudonym, pseudonym[:8][::-1] + pseudonym[8:][::-1], pseudonym[::-1], subject[2:].encode()):
        assert occurrences(sealane, form) <= {"identities"}
    sealane.command("doctor", "--data", sealane.data)
    sealane.start()
    # What was sent before is not taken again; what is new begins a new history.
    start = int(time.time()) - 86400
    old = {"event": NAME[GONE], "properties": {"time": start, "distinct_id": GONE, "$insert_id": f"new-{start}"}}
    assert sealane.send_import([old]).status_code == 200
    assert sealane.total(NAME[GONE]) == 1


def test_events_expire(make_installation):
    sealane = make_installation()
    sealane.start()
    now = int(time.time())
    records = [
        {"event": "Aged", "properties": {"time": now - days * 86400, "distinct_id": "x", "$insert_id": f"aged-{days}"}} for days in range(40)]
    assert sealane.send_import(records).status_code == 200
    assert len(sealane.export()) == 40

    def settings(body) -> requests.Response:
        """As the operating-system user, like sealane's own commands."""
        return _control(sealane, "PATCH", "/api/v1/settings", body)

    for wrong in (0, -1, 1.5, "30", 36_501, True):
        assert settings({"retention_days": wrong})[0] == 400, wrong
    status, body = settings({"retention_days": 10})
    assert status == 200 and body["retention_days"] == 10 and body["zone"] == "UTC"
    assert len(sealane.export()) == 11 and sealane.total("Aged", since=today(-39)) == 11
    sealane.kill()
    sealane.start()
    assert len(sealane.export()) == 11
    # More days bring nothing back; from then on they hold.
    assert settings({"retention_days": None})[1]["retention_days"] is None
    assert len(sealane.export()) == 11
    sealane.terminate()
    sealane.command("doctor", "--data", sealane.data)


def _control(sealane, method: str, path: str, body) -> tuple:
    import http.client
    import socket

    class Local(http.client.HTTPConnection):
        def connect(self):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(str(sealane.data / "control.sock"))

    connection = Local("sealane.local", timeout=60)
    connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text)
