"""Staff: passkeys, sessions that are of no use to whoever copies a cookie, roles, and the bad moment. Against the real server, by people in software."""

import datetime
import json
import re
import time
import urllib.parse

import pytest
import requests
from staff import Person, a_day_later, encode, invited, owner

EVENT = "Staff Probe"


@pytest.fixture(scope="module")
def place(sealane):
    sealane.track(*[{"event": EVENT, "properties": {"distinct_id": f"staff-probe-{n}", "plan": "pro"}} for n in range(12)])
    ada = owner(sealane)
    return sealane, ada


def a_subject(sealane):
    answer = requests.get(
        sealane.api + "/api/v1/subjects", params={"project_id": sealane.project_id}, auth=sealane.account, timeout=10)
    return answer.json()["subjects"][0]["subject"]


def entries(sealane, most=1000):
    found = []
    while len(found) < most:
        page = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--from", len(found), "--limit", 1000))["entries"]
        found += page
        if len(page) < 1000:
            break
    return found


# Signing in


def test_what_a_thief_could_send_is_refused_each_for_its_reason(place):
    sealane, ada = place
    assert ada.sign_in().status_code == 200
    attacks = {
        "wrong_origin": {"origin": "http://localhost.evil.example"}, "wrong_relying_party": {"party": "localhost.evil.example"},
        "user_not_verified": {"flags": 1}, "user_not_present": {"flags": 4}, "cross_origin": {"crossOrigin": True},
        "top_origin": {"topOrigin": "https://evil.example"}, "wrong_type": {"type": "webauthn.create"},
    }
    for code, changes in attacks.items():
        thief = Person(sealane)
        thief.passkey = ada.passkey
        answer = thief.sign_in(**changes)
        assert answer.status_code == 403 and answer.json()["code"] == code, f"{code}: {answer.text}"
        assert "__Host-session" not in answer.headers.get("Set-Cookie", "")
    stranger = Person(sealane)
    stranger.passkey.handle = ada.passkey.handle
    assert stranger.sign_in().json()["code"] == "unknown_credential"
    # An answer counts once, and for its question.
    begun = ada.begin()
    credential = ada.passkey.answer(begun["get"], ada.origin)
    assert ada.finish(begun, credential).status_code == 200
    assert ada.finish(begun, credential).status_code == 400
    assert ada.finish(ada.begin(), credential).json()["code"] == "wrong_challenge"
    # Another site's page cannot even ask.
    assert ada.ask("/sign-in/begin", {}, headers={"Origin": "https://evil.example"}).status_code == 400
    assert ada.ask("/sign-in/begin", {}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_a_cloned_counter_is_refused(place):
    sealane, ada = place
    bea = invited(sealane, ada, "Bea Counter", "viewer")
    bea.passkey.counter = 10
    assert bea.sign_in().status_code == 200
    assert bea.sign_in(counter=4).json()["code"] == "cloned_counter"
    assert bea.sign_in(counter=11).status_code == 200


# What a copied cookie is worth


def test_a_copied_cookie_opens_no_row_and_soon_nothing(place):
    sealane, ada = place
    assert ada.sign_in().status_code == 200
    subject = a_subject(sealane)
    thief = Person(sealane)
    thief.browser.cookies.update(ada.browser.cookies)
    thief.nonce = thief.renew_once().headers["DPoP-Nonce"]
    # The cookie alone opens figures, for its five minutes.
    assert thief.get("/cohorts", proof=False).status_code == 200
    rows = [f"/subjects/{subject}", "/subjects?q=" + subject[:6], "/live", "/live/rows?after=0", "/account"]
    stolen_proof = ada.proof("GET", "/live")
    for path in rows:
        # Without a proof, with one of another key, with one that was made for another page, and with one that was seen before.
        for proof in (False, thief.signed("GET", path, nonce=thief.nonce), stolen_proof if path != "/live" else False):
            answer = thief.get(path, proof=proof)
            assert answer.status_code == 401 and subject not in answer.text and "staff-probe" not in answer.text, path
    assert ada.get("/live", proof=stolen_proof).status_code == 200
    assert thief.get("/live", proof=stolen_proof).status_code == 401
    # Its forms act nowhere either.
    for path, fields in [("/staff", {"name": "Mallory", "role": "viewer"}), ("/settings/accounts", {"name": "x", "scope": "export"})]:
        assert thief.post(path, fields, proof=False).status_code == 401
    assert "Mallory" not in ada.get("/staff").text
    # No key, no next cookie; and with the next one this one ends.
    assert thief.renew().status_code == 401
    copied = thief.cookies
    assert ada.renew().status_code == 204
    assert ada.cookies["__Host-session"] != copied["__Host-session"]
    time.sleep(16)
    assert thief.get("/cohorts", proof=False).status_code == 401
    assert ada.get(f"/subjects/{subject}").status_code == 200


def test_a_cookie_ends_after_five_minutes_even_if_nobody_renews_it(make_installation):
    """The clock of the test is the database's: the cookie is made older than it is."""
    import sqlite3

    sealane = make_installation()
    sealane.start()
    ada = owner(sealane)
    assert ada.get("/cohorts", proof=False).status_code == 200
    with sqlite3.connect(sealane.data / "control.sqlite") as database:
        database.execute("UPDATE session SET cookie_at = cookie_at - 300000")
    assert requests.get(ada.origin + "/cohorts", cookies=ada.cookies, timeout=10).status_code == 401
    # The key goes on.
    assert ada.renew().status_code == 204 and ada.get("/cohorts", proof=False).status_code == 200


def test_proofs_are_checked_one_by_one(place):
    sealane, ada = place
    assert ada.sign_in().status_code == 200 and ada.get("/account").status_code == 200
    bad = {
        "another method": ada.proof("POST", "/account"), "another page": ada.proof("GET", "/live"),
        "another site": ada.proof("GET", "/account", htu="https://evil.example/account"),
        "a nonce of nobody": ada.signed("GET", "/account", nonce="made-up"), "no nonce": ada.signed("GET", "/account"),
        "no algorithm": ada.proof("GET", "/account", head={"alg": "none"}), "another type": ada.proof("GET", "/account", head={"typ": "JWT"}),
        "no number": ada.proof("GET", "/account", jti=None), "nonsense": "a.b.c", "a long one": "a" * 5000,
    }
    broken = ada.proof("GET", "/account")
    bad["a broken signature"] = broken[:-8] + ("AAAAAAAA" if not broken.endswith("AAAAAAAA") else "BBBBBBBB")
    for name, proof in bad.items():
        assert ada.get("/account", proof=proof).status_code == 401, name
    assert ada.get("/account").status_code == 200


# Roles


ROUTES = {
    "/": {"viewer", "analyst", "developer", "privacy_officer", "admin", "owner"},
    "/cohorts": {"viewer", "analyst", "developer", "privacy_officer", "admin", "owner"},
    "/account": {"viewer", "analyst", "developer", "privacy_officer", "admin", "owner"},
    "/live": {"developer", "owner"}, "/subjects?q=s_0": {"analyst", "privacy_officer", "owner"},
    "/plan": {"developer", "privacy_officer", "admin", "owner"}, "/settings": {"developer", "privacy_officer", "admin", "owner"},
    "/staff": {"privacy_officer", "admin", "owner"},
}


def test_each_role_sees_its_pages_and_no_other(place):
    sealane, ada = place
    people = {role: invited(sealane, ada, f"Role {role}", role) for role in ["viewer", "analyst", "developer", "privacy_officer", "admin"]}
    people["owner"] = ada
    for path, roles in ROUTES.items():
        for role, person in people.items():
            status = person.get(path).status_code
            assert status == (200 if role in roles else 403), f"{role} at {path}: {status}"
    # An admin gives roles below owner, to others.
    admin = people["admin"]
    assert admin.post("/staff", {"name": "New Owner", "role": "owner"}).status_code == 403
    identity = {member["name"]: member["id"] for member in json.loads(sealane.command("staff", "list", "--data", sealane.data, "--json"))["staff"]}
    assert admin.post("/staff/roles", {"staff": identity["Role admin"], "role": "analyst"}).status_code == 400
    assert admin.post("/staff/roles", {"staff": identity["Role viewer"], "role": ["viewer", "analyst"]}).status_code == 200
    assert people["viewer"].get("/subjects?q=s_0").status_code == 200
    facts = [entry["detail"]["facts"] for entry in entries(sealane) if entry["kind"] == "staff_roles_changed"]
    assert {"staff": identity["Role viewer"], "roles": "analyst@1 viewer@1"} in facts


# The bad moment


def test_i_was_phished_ends_everything_and_two_others_let_in_again(place):
    sealane, ada = place
    bea, cleo = (invited(sealane, ada, name, "owner") for name in ("Bea Phished", "Cleo Helper"))
    elsewhere = Person(sealane)
    elsewhere.passkey = bea.passkey
    assert elsewhere.sign_in().status_code == 200
    answer = bea.post("/account/phished", {})
    assert answer.status_code == 200 and "cut off" in answer.text
    for person in (bea, elsewhere):
        assert person.get("/").status_code == 401 and person.renew().status_code == 401
    assert bea.sign_in().status_code == 403
    identity = {member["name"]: member["id"] for member in json.loads(sealane.command("staff", "list", "--data", sealane.data, "--json"))["staff"]}
    assert ada.post("/staff/recovery", {"staff": identity["Bea Phished"]}).status_code == 200
    number = re.search(r'id="agree-(\d+)"', cleo.get("/staff").text)[1]
    assert 'id="agree-' not in ada.get("/staff").text
    # Whom one has just invited is no second person.
    refused = cleo.post("/staff/recovery/agree", {"recovery": number, "ticket": cleo.confirmed("agree_to_recovery", about=number)})
    assert refused.status_code == 400 and "count as one person still" in refused.text
    a_day_later(sealane)
    agree = {"recovery": number}
    # Not by the one who asked, not without a passkey, not with a ticket for something else.
    assert ada.post("/staff/recovery/agree", {**agree, "ticket": ada.confirmed("agree_to_recovery", about=number)}).status_code == 400
    assert cleo.post("/staff/recovery/agree", {**agree, "ticket": ""}).status_code == 400
    assert cleo.post("/staff/recovery/agree", {**agree, "ticket": cleo.confirmed("add_passkey")}).status_code == 400
    page = cleo.post("/staff/recovery/agree", {**agree, "ticket": cleo.confirmed("agree_to_recovery", about=number)})
    assert page.status_code == 200, page.text
    link = re.search(r"/join#(slu_[a-z2-7]+)", page.text)[1]
    stolen = bea.passkey
    again = Person(sealane).enrol(link)
    assert "Bea Phished" in again.get("/account").text
    thief = Person(sealane)
    thief.passkey = stolen
    assert thief.sign_in().json()["code"] == "unknown_credential"
    kinds = [entry["kind"] for entry in entries(sealane)]
    for kind in ("staff_invited", "staff_enrolled", "session_began", "staff_cut_off", "staff_recovery_asked", "staff_recovery_agreed"):
        assert kind in kinds, kind


def test_the_machines_user_cuts_off_and_removes(place):
    sealane, ada = place
    bea = invited(sealane, ada, "Bea Remote", "analyst")
    identity = {member["name"]: member["id"] for member in json.loads(sealane.command("staff", "list", "--data", sealane.data, "--json"))["staff"]}
    sealane.command("staff", "cut-off", identity["Bea Remote"], "--data", sealane.data)
    assert bea.get("/").status_code == 401 and bea.sign_in().status_code == 403
    sealane.command("staff", "remove", identity["Bea Remote"], "--data", sealane.data)
    assert "removed" in sealane.command("staff", "list", "--data", sealane.data)
    # While there is an owner, no setup link: that would be a weaker way in.
    refused = sealane.run("setup-link", "--data", sealane.data)
    assert refused.returncode != 0 and "owner already" in refused.stderr


def test_names_of_people_are_in_no_log_and_not_in_the_ledger(place):
    sealane, ada = place
    secret = "Zebediah Quillfeather"
    invited(sealane, ada, secret, "viewer").get("/")
    assert secret in ada.get("/staff").text
    for place_of in (sealane.server_log, *(path for path in (sealane.data / "ledger").rglob("*") if path.is_file())):
        assert secret.encode() not in place_of.read_bytes(), place_of
    assert secret not in sealane.command("ledger", "entries", "--data", sealane.data, "--limit", 1000)


# Service accounts and quotas


def make_account(sealane, **fields):
    made = sealane.account_with(**{"scopes": ["export"], **fields})
    return made["username"], made["secret"], sealane.control


def export(sealane, account, **options):
    from installation import today

    return requests.get(
        sealane.api + "/api/2.0/export", params={"from_date": today(-2), "to_date": today(1)}, auth=account, timeout=60, **options)


@pytest.fixture(scope="module")
def crowd(place):
    sealane, _ = place
    rows = [
        {"event": "Crowd", "properties": {"distinct_id": f"crowd-{n % 2000}", "time": int(time.time()) - 60, "$insert_id": f"crowd-{n}", "pad": "x" * 200}}
        for n in range(60_000)]
    for start in range(0, len(rows), 2000):
        assert sealane.send_import(rows[start:start + 2000]).status_code == 200
    return sealane


def test_exactly_the_row_quota_leaves_also_with_fifty_at_once(crowd):
    from concurrent.futures import ThreadPoolExecutor

    username, secret, ask = make_account(crowd, rows_per_day=12_345)

    def rows(_):
        try:
            answer = export(crowd, (username, secret))
        except requests.exceptions.ChunkedEncodingError:
            return None
        return answer.text.count("\n") if answer.status_code == 200 else 0

    def counted(_):
        """Lines that arrived, whether or not the stream came to its end."""
        count = 0
        try:
            with export(crowd, (username, secret), stream=True) as answer:
                if answer.status_code != 200:
                    return 0
                for line in answer.iter_lines(chunk_size=65536):
                    count += bool(line)
        except requests.exceptions.RequestException:
            pass
        return count

    with ThreadPoolExecutor(50) as pool:
        total = sum(pool.map(counted, range(50)))
    assert total == 12_345
    answer = export(crowd, (username, secret))
    assert answer.status_code == 403 and answer.json()["error"] == "frozen"
    status, frozen = ask("GET", "/api/v1/freezes")
    assert username in [freeze["id"] for freeze in frozen["freezes"]]
    assert "credential_frozen" in [entry["kind"] for entry in entries(crowd)[-40:]]
    assert ask("DELETE", f"/api/v1/freezes/{username}")[0] == 200
    assert export(crowd, (username, secret), headers={"Accept-Encoding": "identity"}, stream=True).status_code == 200


def test_an_owner_sets_what_each_person_may_take_out(crowd, place):
    _, ada = place
    eve = invited(crowd, ada, "Quota Probe", "analyst")
    admin = invited(crowd, ada, "Quota Admin", "admin")
    try:
        assert admin.post("/staff/quota", {"rows": "1", "people": "1", "megabytes": "1"}).status_code == 403
        assert ada.post("/staff/quota", {"rows": "-1", "people": "10", "megabytes": "1"}).status_code == 400
        assert ada.post("/staff/quota", {"rows": "100000", "people": "20", "megabytes": "1"}).status_code == 200
        assert 'name="people" value="20"' in ada.get("/staff").text
        newest = [entry for entry in entries(crowd, 100_000) if entry["kind"] == "settings_changed"][-1]
        assert newest["detail"]["fields"] == ["staff_quota.rows=100000", "staff_quota.subjects=20", "staff_quota.bytes=1048576"]
        page = eve.get("/subjects")
        seen = 0
        for name in sorted(set(re.findall(r"/subjects/(s_[0-9a-f]{32})", page.text)))[:40] if page.status_code == 200 else []:
            answer = eve.get(f"/subjects/{name}")
            if answer.status_code != 200:
                break
            seen += 1
        assert page.status_code != 200 or seen <= 20
        assert [freeze for freeze in crowd.control("GET", "/api/v1/freezes")[1]["freezes"] if freeze["kind"] == "staff" and freeze["quota"] == "subjects"]
    finally:
        said = crowd.command("staff", "quota", "--rows", 100_000, "--subjects", 10_000, "--bytes", 200 << 20, "--data", crowd.data)
    assert "10000 subjects" in said
    assert json.loads(crowd.command("staff", "quota", "--data", crowd.data, "--json")) == {
        "rows_per_day": 100_000, "subjects_per_day": 10_000, "bytes_per_day": 200 << 20}


def test_the_bytes_of_rows_are_counted_and_stop(crowd):
    username, secret, ask = make_account(crowd, bytes_per_day=50_000)
    taken, answer = 0, None
    for _ in range(200):
        answer = requests.get(
            crowd.api + "/api/v1/subjects", params={"project_id": crowd.project_id, "limit": 100}, auth=(username, secret), timeout=10)
        if answer.status_code != 200:
            break
        taken += len(answer.content)
    assert answer.status_code == 429 and "bytes" in answer.json()["message"]
    assert 50_000 - 20_000 < taken <= 50_000
    assert any(alert["kind"] == "credential_frozen" and alert["about"]["id"] == username for alert in json.loads(
        crowd.command("alerts", "list", "--data", crowd.data, "--json"))["alerts"])


def test_a_key_that_is_revoked_in_the_middle_ends_its_export(crowd):
    username, secret, ask = make_account(crowd)
    with export(crowd, (username, secret), stream=True, headers={"Accept-Encoding": "identity"}) as answer:
        lines = answer.iter_lines(chunk_size=4096)
        assert next(lines)
        assert ask("DELETE", f"/api/v1/service-accounts/{username}")[0] == 200
        revoked = time.time()
        # A slow reader: what waits for it does not leave any more.
        time.sleep(2)
        count = 1
        with pytest.raises(requests.exceptions.RequestException):
            for _ in lines:
                count += 1
        assert count < 60_000
    assert export(crowd, (username, secret)).status_code == 401
    pages = [entry for entry in entries(crowd) if entry["kind"] == "disclosure.subjects" and entry["detail"]["principal"]["id"] == username]
    assert pages and all(datetime.datetime.fromisoformat(entry["time"]).timestamp() < revoked + 1 for entry in pages)


def test_a_key_that_is_revoked_while_answers_are_made_gets_no_more(crowd):
    """Twelve at once ask without a pause: behind the revocation nothing is entered for them any more, whatever was under way."""
    from concurrent.futures import ThreadPoolExecutor

    username, secret, ask = make_account(crowd, scopes=["query"])
    today = datetime.date.today()
    days = {"from": str(today - datetime.timedelta(days=2)), "to": str(today + datetime.timedelta(days=1))}
    steps = [{"event": "Crowd"}] * 8
    end = time.monotonic() + 20

    def keep_asking(number):
        codes = []
        while time.monotonic() < end and 401 not in codes:
            # Never the same question: an answer that is known costs no time.
            query = {"report": "funnel", "range": days, "steps": steps, "window_seconds": 1000 + 100_000 * number + len(codes), "counting": "totals"}
            codes.append(requests.post(
                crowd.api + "/api/v1/query", params={"project_id": crowd.project_id}, json=query, auth=(username, secret), timeout=60).status_code)
        return codes

    with ThreadPoolExecutor(12) as pool:
        askers = [pool.submit(keep_asking, number) for number in range(12)]
        time.sleep(1)
        assert ask("DELETE", f"/api/v1/service-accounts/{username}")[0] == 200
        revoked = time.time()
        codes = [asker.result() for asker in askers]
    assert any(200 in those for those in codes) and all(those[-1] == 401 and set(those) <= {200, 401, 429} for those in codes), codes
    said = [entry for entry in entries(crowd, most=5000) if entry["kind"].startswith("disclosure.") and entry["detail"]["principal"]["id"] == username]
    assert len(said) > 12 and not [entry for entry in said if datetime.datetime.fromisoformat(entry["time"]).timestamp() > revoked + 0.5]


def test_a_rotation_without_overlap_ends_an_export_with_the_old_secret(crowd):
    username, secret, ask = make_account(crowd)
    with export(crowd, (username, secret), stream=True, headers={"Accept-Encoding": "identity"}) as answer:
        lines = answer.iter_lines(chunk_size=4096)
        assert next(lines)
        status, rotated = ask("POST", f"/api/v1/service-accounts/{username}/rotation", {"overlap_hours": 0})
        assert status == 201
        time.sleep(1)
        with pytest.raises(requests.exceptions.RequestException):
            for _ in lines:
                pass
    # Replaced twice, it is known for what it is, and whoever has it is told of.
    status, newest = ask("POST", f"/api/v1/service-accounts/{username}/rotation", {"overlap_hours": 1})
    assert status == 201
    assert export(crowd, (username, secret)).json()["error"] == "replaced"
    assert export(crowd, (username, newest["secret"]), stream=True).status_code == 200
    listed = json.loads(crowd.command("alerts", "list", "--data", crowd.data, "--json"))["alerts"]
    assert username in [alert["about"]["id"] for alert in listed if alert["kind"] == "revoked_credential_used"]


def test_accounts_end_are_bound_to_networks_and_rotate(crowd):
    username, secret, ask = make_account(crowd, networks=["192.0.2.0/24"])
    assert export(crowd, (username, secret)).status_code == 403
    username, secret, ask = make_account(crowd, networks=["127.0.0.0/8", "::1"], expires_in_days=1)
    assert export(crowd, (username, secret)).status_code == 200
    status, rotated = ask("POST", f"/api/v1/service-accounts/{username}/rotation", {"overlap_hours": 1})
    assert status == 201 and rotated["secret"] != secret
    assert export(crowd, (username, secret)).status_code == export(crowd, (username, rotated["secret"])).status_code == 200
    assert ask("POST", f"/api/v1/service-accounts/{username}/rotation", {"overlap_hours": 0})[0] == 201
    assert export(crowd, (username, rotated["secret"])).json()["error"] == "replaced"
    for bad in ({"expires_in_days": 0}, {"expires_in_days": 400}, {"networks": ["anywhere"]}, {"rows_per_day": -1}, {"scopes": ["send"]}):
        assert ask("POST", "/api/v1/service-accounts", {"name": "x", "scopes": ["query"], **bad})[0] == 400, bad


# Exports by people


def test_an_export_needs_a_second_persons_passkey(crowd, place):
    from installation import today

    sealane, ada = place
    bea, cleo = (invited(sealane, ada, name, "analyst") for name in ("Bea Exporter", "Cleo Agrees"))
    viewer = invited(sealane, ada, "Vic Viewer", "viewer")
    a_day_later(sealane)
    order = {"from": today(-2), "to": today(1), "events": "Crowd", "purpose": "the weekly report"}
    assert viewer.post("/exports", order).status_code == 403
    assert bea.post("/exports", {**order, "to": today(-5)}).status_code == 400
    assert bea.post("/exports", order, proof=False).status_code == 401
    assert bea.post("/exports", order).status_code == 200
    number = re.search(r'name="about" value="(\d+)"', cleo.get("/exports").text)[1]
    fetch = {"export": number}
    # Not before somebody agreed, not by oneself, not without a passkey.
    assert bea.post("/exports/fetch", fetch).status_code == 404
    assert bea.post("/exports/agree", {**fetch, "ticket": bea.confirmed("approve_export", about=number)}).status_code == 400
    assert cleo.post("/exports/agree", {**fetch, "ticket": ""}).status_code == 400
    other = str(int(number) + 1)
    assert cleo.post("/exports/agree", {**fetch, "ticket": cleo.confirmed("approve_export", about=other)}).status_code == 400
    assert cleo.post("/exports/agree", {**fetch, "ticket": cleo.confirmed("approve_export", about=number)}).status_code == 200
    # Only by who asked, and once.
    assert cleo.post("/exports/fetch", fetch).status_code == 404
    with bea.post("/exports/fetch", fetch, stream=True) as answer:
        assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
        rows = [json.loads(line) for line, _ in zip(answer.iter_lines(), range(1000))]
    assert all(row["event"] == "Crowd" for row in rows) and len(rows) == 1000
    assert bea.post("/exports/fetch", fetch).status_code == 404
    known = entries(sealane)
    kinds = [entry["kind"] for entry in known]
    assert "export_asked" in kinds and "export_approved" in kinds
    # Every page that left says by which wish it did; what programs take out answers none.
    pages = [entry["detail"]["facts"].get("request") for entry in known if entry["detail"] != "erased" and entry["detail"]["purpose"] == "api.export"]
    assert pages.count(number) >= 1 and set(pages) <= {number, None}, pages


def test_who_is_cut_off_in_the_middle_of_an_export_gets_no_further(crowd, place):
    from installation import today

    sealane, ada = place
    bea, cleo = (invited(sealane, ada, name, "analyst") for name in ("Bea Stolen", "Cleo Agrees Too"))
    a_day_later(sealane)
    bea.post("/exports", {"from": today(-2), "to": today(1), "events": "Crowd", "purpose": "to be interrupted"})
    number = re.search(r'name="about" value="(\d+)"', cleo.get("/exports").text)[1]
    cleo.post("/exports/agree", {"export": number, "ticket": cleo.confirmed("approve_export", about=number)})
    with bea.post("/exports/fetch", {"export": number}, stream=True) as answer:
        lines = answer.iter_lines(chunk_size=4096)
        assert next(lines)
        identity = {member["name"]: member["id"] for member in json.loads(sealane.command("staff", "list", "--data", sealane.data, "--json"))["staff"]}
        sealane.command("staff", "cut-off", identity["Bea Stolen"], "--data", sealane.data)
        time.sleep(1)
        count = 1
        with pytest.raises(requests.exceptions.RequestException):
            for _ in lines:
                count += 1
        assert count < 60_000


# Reading the ledger


def test_the_ledger_page_says_who_saw_what(place):
    sealane, ada = place
    bea = invited(sealane, ada, "Bea Looker", "analyst")
    officer = invited(sealane, ada, "Olga Officer", "privacy_officer")
    subject = a_subject(sealane)
    assert bea.get("/ledger").status_code == 403
    assert bea.get(f"/subjects/{subject}").status_code == 200
    identity = {member["name"]: member["id"] for member in json.loads(sealane.command("staff", "list", "--data", sealane.data, "--json"))["staff"]}
    page = officer.get("/ledger?" + urllib.parse.urlencode({"subject": subject, "who": identity["Bea Looker"]}))
    assert page.status_code == 200 and "Bea Looker" in page.text and "console.subject" in page.text
    number = re.search(r'href="/ledger/(\d+)"', page.text)[1]
    entry = officer.get(f"/ledger/{number}").text
    assert subject[2:] in entry and "console.subject" in entry
    # Looking is a disclosure about that subject too.
    again = officer.get("/ledger?" + urllib.parse.urlencode({"subject": subject, "who": identity["Olga Officer"]})).text
    assert "console.ledger" in again
    assert "Bea Looker" not in re.sub(r"<option.*?</option>", "", again)
    assert "staff cut off" not in officer.get("/ledger?kind=disclosures").text
    assert "staff invited" in officer.get("/ledger?kind=acts").text
    assert officer.get("/ledger?subject=nonsense").status_code == 400
    # By credential: a session, an account; and by what has no name of its own.
    session = re.search(r'credential=(ses_[0-9a-f]{16})"', entry)[1]
    by = officer.get(f"/ledger?credential={session}").text
    found = re.search(r"<tbody>.*</tbody>", by, re.S)[0]
    assert "Bea Looker" in found and "Olga Officer" not in found and f'value="{session}"' in by
    assert "Nothing found" in officer.get("/ledger?credential=ses_0000000000000000").text
    sealane.command("ledger", "entries", "--data", sealane.data)
    machine = re.search(r"<tbody>.*</tbody>", officer.get("/ledger?who=operating_system_user").text, re.S)[0]
    assert "of the machine" in machine and "Olga Officer" not in machine
    assert officer.get("/ledger/999999999").status_code == 404
    assert officer.get("/ledger", proof=False).status_code == 401


# Alerts that credentials and people raise


def alerts(sealane, kind):
    found = json.loads(sealane.command("alerts", "list", "--data", sealane.data, "--json", "--limit", "1000"))["alerts"]
    return [alert for alert in found if alert["kind"] == kind]


def test_stolen_frozen_and_phished_each_raise_an_alert(crowd, place):
    sealane, ada = place
    username, secret, ask = make_account(sealane, rows_per_day=10)
    with pytest.raises(requests.exceptions.RequestException):
        export(sealane, (username, secret), headers={"Accept-Encoding": "identity"}).text
    assert export(sealane, (username, secret)).status_code == 403
    assert [alert["about"]["id"] for alert in alerts(sealane, "credential_frozen")].count(username) == 1
    ask("DELETE", f"/api/v1/service-accounts/{username}")
    for _ in range(3):
        assert export(sealane, (username, secret)).status_code == 401
    found = [alert for alert in alerts(sealane, "revoked_credential_used") if alert["about"]["id"] == username]
    assert len(found) == 1, "the same is one alert, however often"
    # A trap opens nothing, and says nothing to whoever tries it.
    username, secret, _ = make_account(sealane, canary=True)
    answer, unknown = export(sealane, (username, secret)), export(sealane, (username, "sls_" + "a" * 60))
    assert (answer.status_code, answer.text) == (unknown.status_code, unknown.text) == (401, unknown.text)
    assert username in [alert["about"]["id"] for alert in alerts(sealane, "canary_used")]
    bea = invited(sealane, ada, "Bea Alarmed", "viewer")
    assert bea.post("/account/phished", {}).status_code == 200
    identity = {member["name"]: member["id"] for member in json.loads(sealane.command("staff", "list", "--data", sealane.data, "--json"))["staff"]}
    assert identity["Bea Alarmed"] in [alert["about"]["id"] for alert in alerts(sealane, "phished")]
    assert "Bea Alarmed" not in sealane.command("alerts", "list", "--data", sealane.data, "--json")
    # A cloned passkey, as the test above made one.
    clone = invited(sealane, ada, "Cloned Cleo", "viewer")
    clone.passkey.counter = 10
    assert clone.sign_in().status_code == 200 and clone.sign_in(counter=4).status_code == 403
    other = invited(sealane, ada, "Cloned Otto", "viewer")
    other.passkey.counter = 10
    assert other.sign_in().status_code == 200 and other.sign_in(counter=4).status_code == 403
    identity = {member["name"]: member["id"] for member in json.loads(sealane.command("staff", "list", "--data", sealane.data, "--json"))["staff"]}
    named = [alert["about"]["id"] for alert in alerts(sealane, "cloned_passkey")]
    assert named.count(identity["Cloned Cleo"]) == named.count(identity["Cloned Otto"]) == 1, "each person's is an alert of its own"
    assert "open alert" in ada.get("/cohorts").text and ada.get("/alerts").status_code == 200


def test_a_secret_of_nobody_raises_its_alert_wherever_it_is_presented(crowd):
    sealane = crowd
    told = lambda kind, username: [alert["about"]["id"] for alert in alerts(sealane, kind)].count(username)
    ways = {
        "another's name": lambda secret: export(sealane, ("sa_0000000000000000", secret)),
        "bearer": lambda secret: requests.get(sealane.api + "/api/v1/catalog", headers={"Authorization": f"Bearer {secret}"}, timeout=10),
        "otlp": lambda secret: requests.post(
            sealane.intake + "/v1/traces", data=b"{}", headers={"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}, timeout=10),
        "token": lambda secret: requests.post(
            sealane.intake + "/track", json=[{"event": "Leak", "properties": {"token": secret, "distinct_id": "thief"}}], timeout=10),
        "query": lambda secret: requests.get(sealane.api + "/api/2.0/export", params={"api_secret": secret}, timeout=10),
    }
    for way, present in ways.items():
        username, secret, ask = make_account(sealane, scopes=["query"])
        trap, trapped, _ = make_account(sealane, scopes=["query"], canary=True)
        # One that is somebody's and good opens nothing there, and is nobody's business.
        present(secret)
        assert told("revoked_credential_used", username) == 0, way
        assert ask("DELETE", f"/api/v1/service-accounts/{username}")[0] == 200
        answers = [present(secret), present(trapped), present("sls_" + "a" * 60)]
        assert len({answer.status_code for answer in answers}) == 1 and answers[0].text == answers[1].text == answers[2].text, way
        assert told("revoked_credential_used", username) == 1 and told("canary_used", trap) == 1, way
