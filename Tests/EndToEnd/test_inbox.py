"""Lures come in: messages that people report, by mailbox and by webhook. Judged as by `sealane verify`, grouped, and warned of on the trust pages."""

import base64
import collections
import json
import secrets
import urllib.parse

import pytest
import requests
from desk import start_browser
from installation import Installation
from message_corpus import CYRILLIC_O, GENUINE, NOT_OURS, Corpus, mail, multipart, part
from notice_maker import headers
from seat import Seat
from selenium.webdriver.common.by import By
from test_verify import verify
from trust_pages import Host

# The same message as another one in all but its line ends.
TWICE = {"behind a From line of a mailbox file"}
TOO_LARGE = (32 << 20) + 1


@pytest.fixture(scope="module")
def corpus():
    return Corpus()


@pytest.fixture(scope="module")
def place(tmp_path_factory, corpus):
    """A server that knows the company's anchors and has the incident 1, and whoever sends reports to it."""
    root = tmp_path_factory.mktemp("inbox")
    sealane = Installation(root)
    try:
        sealane.start()
        (root / "trust.json").write_text(json.dumps(corpus.company.anchors))
        (root / "site.json").write_text(json.dumps({"contact": "security@orrery.example"}))
        yield sealane, root
    finally:
        sealane.close()


def set_trust(sealane, root) -> str:
    return sealane.command("trust", "set", "--data", sealane.data, "--trust", root / "trust.json", "--site", root / "site.json")


def open_incident(sealane) -> int:
    made = json.loads(sealane.command("incident", "open", "--vendor", "tallymark", "--title", "Tallymark was phished", "--data", sealane.data, "--json"))
    return int(made["incident"])


def report(sealane, incident, raw, type="message/rfc822", auth=None):
    return requests.post(
        f"{sealane.api}/api/v1/incidents/{incident}/reports", data=raw, auth=auth or sealane.account, headers={"Content-Type": type} if type else {}, timeout=120)


def campaigns(sealane, incident) -> dict:
    return json.loads(sealane.command("incident", "inbox", incident, "--data", sealane.data, "--json"))


def inbox(sealane, incident, *mailboxes) -> dict:
    return json.loads(sealane.command("incident", "inbox", incident, *mailboxes, "--data", sealane.data, "--json"))


def mbox(messages) -> bytes:
    """As programs write it (mboxrd)."""
    whole = b""
    for raw in messages:
        lines = raw.split(b"\n")
        quoted = [b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines]
        whole += b"From MAILER-DAEMON Sun Nov 29 12:00:00 2026\n" + b"\n".join(quoted) + b"\n\n"
    return whole


def test_before_the_anchors_are_known_nothing_is_judged(place):
    sealane, root = place
    number = open_incident(sealane)
    answer = report(sealane, number, b"From: <a@b.example>\r\n\r\nx\r\n")
    assert answer.status_code == 409 and "sealane trust set" in answer.json()["message"]
    assert "sealane trust set" in sealane.command("incident", "inbox", number, "--data", sealane.data)
    assert "sealane trust set" in sealane.run("trust", "publish", "--data", sealane.data, "--to", root / "pages").stderr
    (root / "site.json").write_text(json.dumps({"contact": "security@orrery.example", "kees": 1}))
    refused = sealane.run("trust", "set", "--data", sealane.data, "--trust", root / "trust.json", "--site", root / "site.json")
    assert refused.returncode != 0 and "“kees”, which is not known" in refused.stderr
    (root / "site.json").write_text(json.dumps({"contact": "security@orrery.example"}))
    said = set_trust(sealane, root)
    assert "Stored, for Orrery Labs" in said and "do not name the key of this server's ledger" in said
    assert json.loads(sealane.command("trust", "show", "--data", sealane.data))["anchors"] == corpus_anchors(root)


def corpus_anchors(root) -> dict:
    return json.loads((root / "trust.json").read_text())


def test_every_verdict_is_that_of_verify(place, corpus):
    """190 messages by webhook; the same by mailbox are known already; by mailbox to another incident they are counted alike."""
    sealane, root = place
    set_trust(sealane, root)
    one, two = open_incident(sealane), open_incident(sealane)
    faults, verdicts, different = [], collections.Counter(), collections.Counter()
    judged = [message for message in corpus.messages if message.raw]
    for message in judged:
        answer = report(sealane, one, message.raw)
        assert answer.status_code == 200, (message.name, answer.text)
        said, expected = answer.json(), verify(message.raw, root / "trust.json")
        codes = [[(reason["code"], reason["weight"]) for reason in each["reasons"]] for each in (said, expected)]
        if (said["verdict"], codes[0]) != (expected["verdict"], codes[1]) or said["report"] != ("known" if message.name in TWICE else "counted"):
            faults.append((message.name, said, expected["verdict"]))
        verdicts[expected["verdict"]] += 1
        different[expected["verdict"]] += said["report"] == "counted"
    assert not faults, f"{len(faults)} of {len(judged)}\n" + "\n".join(map(str, faults[:5]))
    box = root / "all.mbox"
    box.write_bytes(mbox([message.raw for message in corpus.messages]))
    again, fresh = inbox(sealane, one, box), inbox(sealane, two, box)
    # The one without a byte is an empty line in a mailbox.
    verdicts[NOT_OURS] += 1
    assert again["verdicts"] == fresh["verdicts"] == dict(verdicts)
    assert again["counted"] == 1 and again["known"] == len(judged) and fresh["counted"] == len(judged) + 1 - len(TWICE)
    assert again["messages"] == fresh["messages"] == len(corpus.messages) and again["refused"] == 0
    different[NOT_OURS] += 1
    found = [campaigns(sealane, number) for number in (one, two)]
    for each in found:
        assert [each["genuine"], each["altered"], each["not_ours"]] == [different["genuine"], different["altered"], different["not_ours"]]
        assert sum(campaign["reports"] for campaign in each["campaigns"]) == each["altered"] + each["not_ours"] and each["ungrouped"] == 0
    # Times apart, which are those of arrival: the same, in whatever way and order they came.
    timeless = [[{name: value for name, value in campaign.items() if name not in ("first", "last")} for campaign in each["campaigns"]] for each in found]
    assert sorted(map(json.dumps, timeless[0])) == sorted(map(json.dumps, timeless[1]))
    text = sealane.command("incident", "inbox", one, "--data", sealane.data)
    assert f"{different['genuine']} genuine: people reported your own" in text and "looks like orrery.example" in text


def lure(subject, text, sender, to, name="Orrery Labs"):
    return mail(headers(sender, to, subject, name), part(text))


def reported(inside, by, text="Is this real?"):
    """As mail programs forward a message as a file, and as abuse desks report one (RFC 5965)."""
    head = b"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n"
    return mail(headers(by, "abuse@orrery.example", "Fwd: strange", by.split("@")[0]), multipart("mixed", part(text), head + inside, mark="rep"))


def test_campaigns_are_told_apart(place, corpus):
    sealane, root = place
    set_trust(sealane, root)
    number = open_incident(sealane)
    people = [f"{name}.{surname}@{host}" for name in ("ada", "bea", "chloe") for surname in ("marchetti", "okonkwo") for host in ("brightfen.example", "sorrelfinch.example")]
    messages = []
    # The same domain under two texts; the same host from strangers' addresses; the same text with ever new domains, for each recipient by name.
    for index, to in enumerate(people):
        who = to.split(".")[0].title()
        messages.append(reported(lure("Your last payment failed", f"Dear {who}, we could not process your payment. Update your card details now.",
                                      "billing@orrery-billing.example", to), to))
        messages.append(reported(lure("Rotate now", f"{who}: keys leaked. Sign in at https://console.orrery-billing.example/{secrets.token_hex(4)}", "x@mailer.test", to), to))
        messages.append(reported(lure("Shared file", f"A file number {index} waits at https://u{index}.filedrop-evil.test/{index} for you, confirm your password", f"s{index}@m{index}.test", to, "Files"), to))
        messages.append(lure("Quota reached", f"Hello {who}, your organization used up its quota of this month and requests will be refused. Confirm your plan by "
                             f"signing in with your password at http://plan{index}-verify.test/q{index} before noon on Friday, {who}.", f"q@q{index}.test", to, "Console"))
    messages.append(reported(lure("Notice", "Please read the notice and confirm your password by reply.", f"help@{CYRILLIC_O}rrery.example", people[0]), people[1]))
    messages += [reported(corpus.notice(to), to) for to in (corpus.ada, corpus.bea)] + [lure("Lunch", "Shall we have lunch at noon, at the usual place?", people[0], people[1], "Ada")]
    folder = root / "reported"
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    for index, raw in enumerate(messages):
        (folder / ("cur" if index % 2 else "new") / f"{index}.eml").write_bytes(raw)
    (folder / "tmp" / "half").write_bytes(b"From: half")
    sent = inbox(sealane, number, folder)
    assert sent["messages"] == len(messages) and sent["refused"] == 0 and sent["counted"] == len(messages) and sent["verdicts"][GENUINE] == 2
    assert inbox(sealane, number, folder)["known"] == len(messages)
    found = campaigns(sealane, number)
    assert found["genuine"] == 2 and found["not_ours"] == len(messages) - 2
    by_reports = [campaign["reports"] for campaign in found["campaigns"]]
    assert by_reports == [2 * len(people), 1, len(people), len(people), 1], json.dumps(found, indent=1)
    first = found["campaigns"][0]
    assert [domain["domain"] for domain in first["look_alikes"]] == ["orrery-billing.example"] and first["look_alikes"][0]["reason"] == "brand-and-word"
    assert set(first["look_alikes"][0]["places"]) == {"sender", "link"} and first["verdicts"] == {NOT_OURS: 2 * len(people)}
    assert {sign["sign"] for sign in first["signs"]} >= {"card", "link"}
    by_subject = {campaign["subject"]: campaign for campaign in found["campaigns"]}
    assert [host["host"] for host in by_subject["Shared file"]["hosts"]] == ["filedrop-evil.test"]
    assert len(by_subject["Quota reached"]["hosts"]) == len(people) and {"password"} <= {sign["sign"] for sign in by_subject["Quota reached"]["signs"]}
    assert ["xn--rrery-iye.example"] in [[domain["domain"] for domain in campaign["look_alikes"]] for campaign in found["campaigns"]], json.dumps(found, indent=1)
    assert None in by_subject, "of what deceives nobody no subject is kept"
    # Nothing worth stealing: neither who got them, nor who reported them, nor what they say.
    sealane.command("backup", root / "backup", "--data", sealane.data)
    said = [json.dumps(found), sealane.command("incident", "inbox", number, "--data", sealane.data)]
    words = [b"marchetti", b"okonkwo", b"Marchetti", b"Is this real", b"brightfen", b"usual place", b"could not process", corpus.company.case.encode() + b" "]
    for path in [*sealane.data.rglob("*"), *(root / "backup").rglob("*"), sealane.server_log]:
        if path.is_file() and not path.is_socket():
            for word in words[:-1]:
                assert word not in path.read_bytes(), (path, word)
    assert not any(word.decode() in text for word in words[:-1] for text in said)


def test_hostile_reports_are_answered(place, corpus):
    sealane, root = place
    set_trust(sealane, root)
    number = open_incident(sealane)
    nested = b"".join(f'Content-Type: multipart/mixed; boundary="n{depth}"\r\n\r\n--n{depth}\r\n'.encode() for depth in range(2_000))
    inside = b"From: <a@b.example>\r\n\r\nx"
    for _ in range(60):
        inside = b"Content-Type: message/rfc822\r\n\r\n" + inside
    bomb = mail(headers("a@b.example", "c@d.example", "x"), multipart("mixed", *[part("x") for _ in range(3_000)], mark="m"))
    for raw in (b"\0" * 1_000_000, nested, inside, bomb, bytes(range(256)) * 4_000, b"\r\n" * 500_000, b"Subject: " + b"=?utf-8?B?" * 100_000, b"From: " + b"<@" * 200_000):
        answer = report(sealane, number, raw)
        assert answer.status_code == 200 and answer.json()["verdict"] == NOT_OURS and answer.json()["report"] == "counted", answer.text
        assert report(sealane, number, raw).json()["report"] == "known"
    for raw, type, status in (
        (b"", "message/rfc822", 400), (b"", None, 400), (b"x" * TOO_LARGE, "message/rfc822", 413), (b"{", "application/json", 400), (b"{}", "application/json", 400),
        (b'{"message": "%%%"}', "application/json", 400), (b"x", "image/png", 415), (corpus.proofs[corpus.ada], "message/rfc822", 400),
    ):
        answer = report(sealane, number, raw, type)
        assert answer.status_code == status and answer.json()["message"].endswith("."), (type, answer.status_code, answer.text)
    # As services for inbound mail send them: the same message counts once.
    raw = lure("Rotate", "Send us your API key by reply.", "help@0rrery.example", "ada@brightfen.example")
    assert report(sealane, number, raw).json()["report"] == "counted"
    url = f"{sealane.api}/api/v1/incidents/{number}/reports"
    for answer in (
        requests.post(url, json={"message": base64.b64encode(raw).decode()}, auth=sealane.account, timeout=30),
        requests.post(url, json={"RawEmail": raw.decode(), "Subject": "x"}, auth=sealane.account, timeout=30),
        requests.post(url, files={"email": ("m.eml", raw)}, data={"to": "abuse"}, auth=sealane.account, timeout=30),
        requests.post(url, data={"body-mime": raw.decode()}, auth=sealane.account, timeout=30),
    ):
        assert answer.status_code == 200 and answer.json()["report"] == "known" and answer.json()["verdict"] == NOT_OURS, answer.text
    # Whoever may not.
    query = sealane.account_with(scopes=["query"])
    assert report(sealane, number, raw, auth=(query["username"], query["secret"])).status_code == 403
    assert report(sealane, number, raw, auth=("nobody", "nothing")).status_code == 401
    assert requests.post(url, data=raw, timeout=30).status_code == 401
    assert report(sealane, 999, raw).status_code == 404
    intake = sealane.account_with(scopes=["intake"])
    sender = (intake["username"], intake["secret"])
    assert report(sealane, number, raw, auth=sender).json()["report"] == "known"
    assert requests.get(f"{sealane.api}/api/v1/incidents/{number}/campaigns", auth=sender, timeout=30).status_code == 403
    # What a mailbox holds that is none.
    big = root / "big.mbox"
    big.write_bytes(mbox([b"From: <a@b.example>\n\n" + b"x" * TOO_LARGE, raw]))
    (root / "zeros").write_bytes(b"\0" * 100_000)
    (root / "nothing").write_bytes(b"")
    sent = inbox(sealane, number, big, root / "zeros", root / "nothing")
    assert sent["messages"] == 4 and sent["refused"] == 2 and "larger than" in sent["refusals"][0] and "is empty" in sent["refusals"][1], sent
    assert sealane.run("incident", "inbox", number, root / "not-there", "--data", sealane.data).stderr.endswith("not-there is not there.\n")
    sealane.command("incident", "close", number, "--note", "Over.", "--data", sealane.data)
    assert report(sealane, number, lure("a", "b", "c@d.example", "e@f.example")).status_code == 409


def test_a_warning_by_clicks_stands_on_the_published_pages(place, corpus):
    sealane, root = place
    set_trust(sealane, root)
    number = open_incident(sealane)
    for index in range(3):
        raw = lure("Your API keys were exposed", f"Rotate them at https://orrery-keys.example/{index} and send us your password.", "help@orrery-keys.example", f"p{index}@brightfen.example")
        assert report(sealane, number, raw).status_code == 200
    report(sealane, number, corpus.notice(corpus.ada))
    pages = root / "pages"
    driver = start_browser()
    host = None
    try:
        seat = Seat(driver, f"http://localhost:{sealane.console_port}")
        seat.enrol(f"{seat.base}/setup#{urllib.parse.urlparse(sealane.made['setup_url']).fragment}", "Ada Browser")
        seat.until("Home", "Ada Browser")
        seat.open(f"/incidents/{number}")
        seat.until("Lures", "3 messages that pretend, 1 that are ours after all")
        driver.find_element(By.LINK_TEXT, "Campaigns and warnings").click()
        seat.until("Reported messages", "Your API keys were exposed", "orrery-keys.example", "the name and a further word", "people are careful")
        for kind in ("domain", "subject"):
            seat.press(".campaign details summary")
            seat.press(f".campaign form:has(input[value={kind}]) button")
            seat.until("Customers are warned of", "orrery-keys.example")
        seat.until("Withdraw")
        assert not driver.find_elements(By.CSS_SELECTOR, ".campaign details"), "both are warned of"
        sealane.command("incident", "warn", number, "--domain", "0RRERY.example", "--data", sealane.data)
        sealane.command("trust", "publish", "--data", sealane.data, "--to", pages)
        host = Host(pages)
        for page in ("what-to-do.html", "fr/what-to-do.html"):
            driver.get(host.url + page)
            text = driver.find_element(By.TAG_NAME, "body").text
            assert "orrery-keys[.]example" in text and "Your API keys were exposed" in text and "0rrery[.]example" in text, text
            assert not driver.find_elements(By.PARTIAL_LINK_TEXT, "orrery-keys")
        seat.open(f"/incidents/{number}/lures")
        seat.until("Withdraw")
        seat.press("#warnings tr:first-child button")
        seat.until("Reported messages")
        seat.open(f"/incidents/{number}")
        seat.until("A warning was withdrawn", "The trust pages warn of a lure")
        sealane.command("trust", "publish", "--data", sealane.data, "--to", pages)
        driver.get(host.url + "fr/what-to-do.html")
        text = driver.find_element(By.TAG_NAME, "body").text
        assert "orrery-keys[.]example" not in text and "0rrery[.]example" in text
        kinds = collections.Counter(entry["kind"] for entry in json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--json", "--limit", "1000"))["entries"])
        assert kinds["incident_warned"] == 3 and kinds["incident_warning_withdrawn"] == 1 and kinds["trust_set"] >= 1, kinds
    finally:
        if host:
            host.close()
        driver.quit()
