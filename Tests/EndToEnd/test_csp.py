"""Browsers report what the company's own site calls: hosts that nobody declared stand out, and nothing of the visitors is kept."""

import json
import time

import pytest
import requests

DECLARATION = """
vendor: tallymark
name: Tallymark
purpose: Product analytics
legal_basis: legitimate interests
contract: {{reference: C-1}}
contacts: {{breach: a@tallymark.example, privacy: b@tallymark.example}}
countries: {{storage: [US], processing: [US]}}
review: 2027-01-31
hosts: {hosts}
"""


@pytest.fixture
def place(make_installation):
    sealane = make_installation()
    sealane.start()
    return sealane


def single(blocked, directive="script-src-elem", page="https://www.orrery.example/account/ada?key=secret-word"):
    return {"csp-report": {
        "document-uri": page, "referrer": "https://search.example/?q=secret-word", "violated-directive": directive, "effective-directive": directive,
        "original-policy": "default-src 'self'; report-uri /secret-word", "disposition": "report", "blocked-uri": blocked, "status-code": 200,
        "script-sample": "secret-word"}}


def listed(blocked, directive="connect-src", kind="csp-violation"):
    return {"type": kind, "age": 10, "url": "https://www.orrery.example/account/ada", "user_agent": "secret-word/1.0", "body": {
        "documentURL": "https://www.orrery.example/account/ada", "blockedURL": blocked, "effectiveDirective": directive, "sample": "secret-word"}}


def report(sealane, body, kind="application/csp-report", token=None, **options):
    data = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return requests.post(
        sealane.intake + "/csp-report", params={"token": token or sealane.token}, data=data, headers={"Content-Type": kind}, timeout=10, **options)


def parties(sealane):
    return json.loads(sealane.command("vendors", "third-parties", "--data", sealane.data, "--json"))


def alerts(sealane):
    listed = json.loads(sealane.command("alerts", "list", "--data", sealane.data, "--json"))["alerts"]
    return [alert for alert in listed if alert["kind"] == "undeclared_third_party"]


def test_hosts_that_nobody_declared_stand_out(place, tmp_path):
    sealane = place
    (tmp_path / "v.yaml").write_text(DECLARATION.format(hosts="[tallymark.example]"))
    sealane.command("vendors", "declare", tmp_path / "v.yaml", "--data", sealane.data)
    for blocked in ["https://cdn.tallymark.example/secret-word.js?visitor=secret-word", "https://tracker.example/p/secret-word"]:
        assert report(sealane, single(blocked)).status_code == 204
    answer = report(sealane, [
        listed("https://tracker.example/x"), listed("wss://live.tracker.example:8443/x"), listed("https://api.orrery.example/own"),
        listed("https://orrery.example/own"), listed("inline"), listed("https://x.example", kind="deprecation"), listed("chrome-extension://abc/x.js"),
        listed("blob:https://www.orrery.example/1")], "application/reports+json; charset=utf-8")
    assert answer.status_code == 204 and answer.content == b""
    found = parties(sealane)
    # A page of www.orrery.example is of the site orrery.example: its own hosts are no third parties.
    assert {party["host"]: (party["vendor"], party["reports"]) for party in found["third_parties"]} == {
        "cdn.tallymark.example": ("tallymark", 1), "tracker.example": (None, 2), "live.tracker.example": (None, 1)}
    assert found["undeclared"] == 2 and not found["third_parties"][0]["declared"]
    assert next(party for party in found["third_parties"] if party["host"] == "tracker.example")["directives"] == ["connect-src", "script-src-elem"]
    [alert] = alerts(sealane)
    assert alert["severity"] == "medium" and alert["details"]["count"] == 2 and "tracker" not in alert["sentence"]
    # Known hosts raise nothing again.
    report(sealane, single("https://tracker.example/again"))
    parties(sealane)
    assert len(alerts(sealane)) == 1
    sealane.terminate()
    stored = b"".join(path.read_bytes() for path in sealane.data.rglob("*") if path.is_file()) + sealane.server_log.read_bytes()
    for word in [b"secret-word", b"/account/", b"orrery.example"]:
        assert word not in stored, word


def test_who_may_send_and_what(place):
    sealane = place
    good = single("https://tracker.example/")
    assert report(sealane, good, token="0" * 32).status_code == 401
    assert requests.post(sealane.intake + "/csp-report", json=good, timeout=10).status_code == 401
    assert report(sealane, good, "application/json").status_code == 415
    assert report(sealane, [listed("https://x.example/")], "application/csp-report").status_code == 400
    assert report(sealane, good, "application/reports+json").status_code == 400
    for bad in ["", "{", "null", "[" * 100_000, "\0", json.dumps({"csp-report": []})]:
        assert report(sealane, bad).status_code == 400, bad[:20]
    assert report(sealane, b"x" * 300_000).status_code == 413
    assert report(sealane, [listed("https://x.example/")] * 101, "application/reports+json").status_code == 400
    # Odd values are no reports about a third party, and no errors.
    for blocked in ["", None, 7, "data", "eval", "https://", "https://exa mple/", "https://a..b/", "https://" + "a" * 300 + ".example/"]:
        assert report(sealane, single(blocked)).status_code == 204
    assert report(sealane, single("https://Upper.Example./x", directive="made-up-directive secret")).status_code == 204
    [party] = parties(sealane)["third_parties"]
    assert party["host"] == "upper.example" and party["directives"] == ["other"]
    asked = requests.options(sealane.intake + "/csp-report", headers={
        "Origin": "https://www.orrery.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}, timeout=10)
    assert asked.status_code == 204 and "content-type" in asked.headers["Access-Control-Allow-Headers"]
    assert requests.post(sealane.api + "/csp-report", params={"token": sealane.token}, data="{}", timeout=10).status_code in (404, 405)


def test_too_many_are_slowed_down_and_bounded(make_installation, tmp_path):
    sealane = make_installation()
    (tmp_path / "c.yaml").write_text("events_per_second: 10\n")
    sealane.start("--config", tmp_path / "c.yaml")
    answers = [report(sealane, [listed(f"https://h{turn}-{n}.example/") for n in range(50)], "application/reports+json") for turn in range(6)]
    assert [answer.status_code for answer in answers[:2]] == [204, 204] and answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_at_most_a_thousand_hosts(place):
    for turn in range(15):
        assert report(place, [listed(f"https://h{turn}-{n}.example/") for n in range(100)], "application/reports+json").status_code == 204
    found = parties(place)
    assert len(found["third_parties"]) == 1_000 and found["undeclared"] == 1_000
    assert len(alerts(place)) <= 3


def test_it_comes_about_by_itself(place):
    assert report(place, single("https://tracker.example/")).status_code == 204
    end = time.monotonic() + 45
    while not alerts(place):
        assert time.monotonic() < end
        time.sleep(1)
