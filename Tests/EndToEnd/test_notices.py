"""People are told: from a scoped incident to letters at a real relay, whose proofs a stranger's program verifies."""

import collections
import copy
import email
import email.policy
import json
import mailbox
import random
import subprocess
import time

import pytest
import requests
from desk import Desk, look, start_browser
from installation import BINARIES, free_port
from notices import Approvers, People, Relay, breached_vendor, custodian, delivered, notices, set_relay
from notice_proofs import committed, named, notice_proof
from test_incidents import incident
from test_tls import certificate
from test_vendors import until


@pytest.fixture
def browser():
    driver = start_browser()
    yield driver
    driver.quit()


def read(content):
    """A message, and the proof that is attached to it."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "sealane-proof.json"
    return message, json.loads(attached.get_content() if isinstance(attached.get_content(), str) else attached.get_content().decode())


def trust(sealane) -> str:
    return custodian(sealane, "trust", "--organization", "Orrery Labs", "--domain", "orrery.example", "--brand", "orrery")


def verify(sealane, content: bytes, *arguments, code: int = 0) -> dict:
    file = sealane.root / "orrery.trust.json"
    if not file.exists():
        file.write_text(trust(sealane))
    done = subprocess.run([BINARIES / "sealane", "verify", "-", "--trust", file, "--json", *arguments], input=content, capture_output=True, timeout=60)
    assert done.returncode == code, done.stdout.decode() + done.stderr.decode()
    return json.loads(done.stdout)


def test_from_a_scope_to_letters(make_installation, browser, tmp_path):
    sealane = make_installation()
    sealane.start()
    chain, key = certificate(tmp_path)
    port = free_port()
    set_relay(sealane, port, chain)
    sealane.start_custodian()
    desk = Desk(browser, sealane.custodian_origin)
    people = People(sealane, 14)
    number, scope, sink = breached_vendor(sealane, tmp_path, people, range(12))
    try:
        assert scope["affected"] == 12, scope
        delivered(sealane)
        approvers = Approvers(sealane, desk)
        statement = approvers.statement(number)
        (made,) = notices(sealane)
        assert made["people"] == 12 and made["unreachable"] == 0 and made["names"] == 24 and made["version"] == 1
        look(desk, "notices")
        with Relay(port, chain, key) as relay:
            approvers.send(statement)
            until(lambda: (notices(sealane)[0]["letters"] or {}).get("state") == "done", seconds=60)
            letters = notices(sealane)[0]["letters"]
            assert letters["sent"] == letters["messages"] == 12 + 2 + 2, letters
            desk.open(f"/notices/{statement}")
            desk.until("16 of 16 sent")
            look(desk, "statement")
        to = sorted(address for address, _, _ in relay.mails)
        assert to == sorted([people.address(n) for n in range(12)] + [f"admin-{n}@brightfen.example" for n in range(2)] + [f"contact-{n}@brightfen.example" for n in range(2)])
        anchors = json.loads(trust(sealane))
        names = {}
        for address, sender, content in relay.mails:
            message, proof = read(content)
            assert sender == "security@orrery.example" and message["From"] == "Orrery Labs Security <security@orrery.example>"
            dispatch, told = notice_proof(proof, anchors)
            assert dispatch["messages"] == 16 and told["names"] == 24 and told["people"] == 12
            assert message["Subject"] == proof["letter"]["subject"] and message.get_body().get_content().split() == proof["letter"]["body"].split()
            assert "http" not in content.decode().split("sealane-proof.json")[0] and message.get_content_type() == "multipart/mixed"
            assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "application/json"]
            # Who administers others is told of them, and is in the statement only if affected.
            assert ("reader" in proof) == address.endswith("@sorrel.example")
            if "reader" in proof:
                names[address] = proof["reader"]["name"]
        assert names == {people.address(n): f"email:{people.address(n)}" for n in range(12)}
        french, _ = read(relay.to(people.address(1))[0])
        assert french["Content-Language"] == "fr" and "- ville" in french.get_body().get_content()
        contact, _ = read(relay.to("contact-0@brightfen.example")[0])
        for n in range(12):
            assert (f"- {people.address(n)}: city" in contact.get_body().get_content()) == (n % 2 == 0), n
        assert "people of Brightfen 0" in contact["Subject"]

        # By its reader, offline: genuine; with a word changed, or to somebody else: not.
        content = relay.to(people.address(0))[0]
        assert verify(sealane, content, "--reader", people.address(0))["verdict"] == "genuine"
        assert verify(sealane, content, "--reader", people.address(2), code=1)["verdict"] == "altered"
        assert verify(sealane, content.replace(b"19 December", b"21 December"), code=1)["verdict"] == "altered"
        # A statement that is changed afterwards, by the company itself or by whoever took its server, is caught.
        _, proof = read(content)
        for part in ("statement", "dispatch"):
            for old, new in (('"people":12', '"people":11'), ('"messages":16', '"messages":15'), ('"version":1', '"version":2')):
                forged = copy.deepcopy(proof)
                forged[part]["note"] = forged[part]["note"].replace(old, new)
                if forged != proof:
                    with pytest.raises(AssertionError):
                        notice_proof(forged, anchors)
                    assert verify(sealane, json.dumps(forged).encode(), code=1)["verdict"] == "not_ours"
        with pytest.raises(AssertionError, match="not by this key"):
            named(json.loads(proof["statement"]["note"].split("\n")[0]), {**proof["reader"], "name": f"email:{people.address(2)}"})

        # One comes back: the report names it, and its reader counts as not told.
        returned = mailbox.mbox(sealane.root / "returned.mbox")
        for content, action in ((relay.to(people.address(5))[0], "failed"), (relay.to(people.address(6))[0], "delayed")):
            status = f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\nAction: {action}\nStatus: 5.1.1\n\n"
            body = f"--b\nContent-Type: text/plain\n\nSorry.\n--b\n{status}--b\nContent-Type: message/rfc822\n\n{content.decode()}\n--b--\n"
            report = email.message_from_string(f"From: MAILER-DAEMON@relay.example\nContent-Type: multipart/report; boundary=b\n\n{body}")
            returned.add(report)
        returned.add(email.message_from_string("Subject: Hello\n\nA question.\n"))
        returned.flush()
        for marked in (1, 0):
            assert json.loads(custodian(sealane, "bounces", str(sealane.root / "returned.mbox"), "--json")) == {"messages": 3, "failures": 1, "marked": marked}
        assert (notices(sealane)[0]["letters"]["bounced"], notices(sealane)[0]["letters"]["sent"]) == (1, 15)
        until(lambda: incident(sealane, "show", str(number))["notices"][0]["bounced"] == 1)

        # The trust pages, as files: what customers check by, and nobody's address.
        site, pages = sealane.root / "site.json", sealane.root / "pages"
        site.write_text(json.dumps({"contact": "security@orrery.example", "keys": {"rotate": False, "why": {"en": "No key was involved."}}}))
        store = ("trust", "set", "--data", sealane.data, "--trust", sealane.root / "orrery.trust.json", "--site", site)
        assert "do not name the key" not in sealane.command(*store)
        sealane.command("trust", "publish", "--data", sealane.data, "--to", pages)
        published = committed(json.loads((pages / "statements/1.json").read_text()), "statement", anchors)
        assert published["people"] == 12 and json.loads((pages / "trust.json").read_text()) == anchors
        assert "No key was involved." in (pages / "what-to-do.html").read_text() and (pages / ".well-known/security.txt").exists()
        for path in pages.rglob("*"):
            if path.is_file():
                assert b"sorrel.example" not in path.read_bytes() and b"brightfen.example" not in path.read_bytes(), path
        # Whoever copies a letter copies its subject: nobody is warned of that.
        letters = [letter for each in sealane.control("GET", "/api/v1/commitments")[1]["commitments"] for letter in each["letters"] if "{{" not in letter["subject"]]
        refused = sealane.run("incident", "warn", number, "--subject", letters[0]["subject"], "--data", sealane.data)
        assert refused.returncode != 0 and "of your own have this subject" in refused.stderr, refused
        site.write_text("[]")
        assert "no JSON object" in sealane.run(*store).stderr

        # Letters do not wait for the server to hear of them.
        until(lambda: incident(sealane, "show", str(number))["notices"][0]["finished_at"])
        shown = incident(sealane, "show", str(number))
        assert shown["state"] == "notified" and shown["steps"][-1]["act"] == "notified" and shown["notices"][0]["sent"] == 15
        assert json.loads(sealane.command("ledger", "verify", "--data", sealane.data, "--json"))["sound"]
        # No address stands anywhere but encrypted.
        for path in [*sealane.data.rglob("*"), *sealane.custodian_data.rglob("*"), sealane.server_log, sealane.custodian_log]:
            if path.is_file() and not path.is_socket():
                assert people.address(3).encode() not in path.read_bytes(), path
    finally:
        sink.close()


def test_a_wider_scope_tells_new_people_only(make_installation, browser, tmp_path):
    sealane = make_installation()
    sealane.start()
    port = free_port()
    set_relay(sealane, port)
    sealane.custodian_arguments = ["--mail-pause", "1"]
    sealane.start_custodian()
    people = People(sealane, 9)
    number, scope, sink = breached_vendor(sealane, tmp_path, people, range(9), late=range(6, 9))
    try:
        assert scope["affected"] == 6, scope
        delivered(sealane)
        approvers = Approvers(sealane, Desk(browser, sealane.custodian_origin))
        with Relay(port) as relay:
            # Somebody set the relay wrong, and it refuses everybody at first: nobody is given up for that.
            relay.recipients = lambda address: "554 relay access denied"
            approvers.send(approvers.statement(number))
            until(lambda: relay.refusals >= 3, seconds=30)
            relay.recipients = lambda address: "250 OK"
            until(lambda: (notices(sealane)[0]["letters"] or {}).get("state") == "done", seconds=90)
            assert notices(sealane)[0]["letters"]["refused"] == 0
            first = {address for address, _, _ in relay.mails}
            assert {people.address(n) for n in range(6)} <= first and not {people.address(n) for n in range(6, 9)} & first
            relay.mails.clear()
            # The vendor corrects the day.
            incident(sealane, "window", str(number))
            assert incident(sealane, "scope", str(number))["newly_affected"] == 3
            second = approvers.statement(number)
            made = next(one for one in notices(sealane) if one["request"] == second)
            assert made["version"] == 2 and made["people"] == 9
            approvers.send(second)
            until(lambda: next(one for one in notices(sealane) if one["request"] == second)["letters"]["state"] == "done", seconds=60)
            told = sorted(address for address, _, _ in relay.mails)
            assert [address for address in told if "sorrel" in address] == [people.address(n) for n in range(6, 9)]
            # Administrators are told of the new people alone.
            _, content = next((address, content) for address, _, content in relay.mails if address == "contact-0@brightfen.example")
            body = read(content)[0].get_body().get_content()
            assert people.address(6) in body and people.address(8) in body and people.address(0) not in body
            statement = json.loads(read(content)[1]["statement"]["note"].split("\n")[0])
            assert statement["supersedes"] == next(one for one in notices(sealane) if one["request"] != second)["digest"]
    finally:
        sink.close()


def test_whoever_has_the_public_token_turns_no_letter_aside(make_installation, browser, tmp_path):
    """Addresses, roles and memberships that the public token writes, and people whom it merges, change nobody's letter."""
    sealane = make_installation()
    sealane.start()
    port = free_port()
    set_relay(sealane, port)
    sealane.start_custodian()
    people = People(sealane, 4)
    number, scope, sink = breached_vendor(sealane, tmp_path, people, range(4))
    try:
        mallory = {"$email": "mallory@intruder.example", "org_id": "org-0", "role": "admin"}
        updates = [{"$token": sealane.token, "$distinct_id": who, "$set": mallory} for who in ("user-0", "user-1", "mallory")]
        updates.append({"$token": sealane.token, "$group_key": "org_id", "$group_id": "org-1", "$set": {"security_contact": "mallory@intruder.example"}})
        assert requests.post(sealane.intake + "/engage", json=updates[:3], timeout=30).text == "1"
        assert requests.post(sealane.intake + "/groups", json=updates[3:], timeout=30).text == "1"
        # An account of Mallory's own, with an address that the company verified, is merged with somebody who is affected.
        own = {"$token": sealane.token, "$distinct_id": "mallory-account", "$set": {"$email": "mallory-account@intruder.example"}}
        assert requests.post(sealane.intake + "/engage", json=[own], auth=sealane.account, timeout=30).text == "1"
        sealane.track({"event": "$identify", "properties": {"$identified_id": "user-0", "$anon_id": "mallory-account", "distinct_id": "user-0"}})
        sealane.track({"event": "$create_alias", "properties": {"distinct_id": "mallory-account", "alias": "user-2"}})
        incident(sealane, "scope", str(number))
        delivered(sealane)
        approvers = Approvers(sealane, Desk(browser, sealane.custodian_origin))
        with Relay(port) as relay:
            approvers.send(approvers.statement(number))
            until(lambda: (notices(sealane)[0]["letters"] or {}).get("state") == "done", seconds=60)
        told = {address for address, _, _ in relay.mails}
        assert not any("mallory" in address for address in told), told
        assert {people.address(n) for n in range(4)} <= told
        assert not any(b"mallory@intruder.example" in content for _, _, content in relay.mails)
    finally:
        sink.close()


def test_ten_thousand_are_told_once(make_installation, browser, tmp_path):
    """The custodian is killed over and over, at every step; the relay refuses, stalls and drops connections after it has taken a message."""
    count = 10_000
    sealane = make_installation()
    sealane.start()
    port = free_port()
    set_relay(sealane, port, rate=100_000, connections=8)
    sealane.custodian_arguments = ["--mail-pause", "0.3"]
    sealane.start_custodian()
    people = People(sealane, count, organizations=40)
    number, scope, sink = breached_vendor(sealane, tmp_path, people, range(count))
    chance = random.Random(4711)
    refused = {people.address(n) for n in range(0, count, 500)}
    moody = {people.address(n) for n in chance.sample(range(count), 300)} - refused
    dropped = {people.address(n) for n in chance.sample(range(count), 100)} - refused - moody
    slow = {people.address(n) for n in chance.sample(range(count), 20)} - refused - moody - dropped

    def behave(address, _):
        if address in moody:
            moody.discard(address)
            return "451 not now"
        if address in dropped:
            dropped.discard(address)
            return "drop"
        if address in slow:
            slow.discard(address)
            time.sleep(0.4)
        return "250 taken"

    kills = []

    def kill(step):
        sealane.custodian.kill()
        sealane.custodian.wait(10)
        kills.append(step)
        sealane.start_custodian()

    try:
        assert scope["affected"] == count, scope
        delivered(sealane)
        approvers = Approvers(sealane, Desk(browser, sealane.custodian_origin))
        begun = approvers.ask_for_statement(number)
        approvers.approve(begun)
        approvers.carry_out(begun, "whom it affects")
        for step in range(3):
            time.sleep(1.5 + step)
            if approvers.state_of(begun) == "building":
                kill("building")
        until(lambda: approvers.state_of(begun) in ("made", "witnessed"), seconds=180)
        kill("made")
        until(lambda: approvers.state_of(begun) == "witnessed", seconds=60)
        with Relay(port) as relay:
            relay.behave = behave
            relay.recipients = lambda address: "550 no such person" if address in refused else "250 OK"
            approvers.send(begun)
            started = time.monotonic()
            # Whoever is killed while letters are written begins anew; while they go out, goes on.
            left = {"preparing": 2, "made": 1, "sending": 9}
            while (state := notices(sealane)[0]["letters"]["state"]) != "done" and left["sending"]:
                if left[state]:
                    left[state] -= 1
                    kill(state)
                time.sleep(chance.uniform(0.2, 2.5) if state == "sending" else 0.1)
            assert left["sending"] <= 4, left
            until(lambda: notices(sealane)[0]["letters"]["state"] == "done", seconds=400)
            seconds = time.monotonic() - started
        letters = notices(sealane)[0]["letters"]
        got = collections.defaultdict(list)
        for address, _, content in relay.mails:
            got[address].append(email.message_from_bytes(content))
        wanted = {people.address(n) for n in range(count)} - refused | {f"admin-{n}@brightfen.example" for n in range(40)} | {
            f"contact-{n}@brightfen.example" for n in range(40)}
        assert set(got) == wanted, (len(got), len(wanted), list(set(got) ^ wanted)[:5])
        repeated = 0
        for address, messages in got.items():
            assert len({message["Message-ID"] for message in messages}) == 1, address
            # A second copy only where the answer to the first was lost, and it says so.
            repeated += len(messages) > 1
            assert all(message["Sealane-Copy"] for message in messages[1:]), address
            assert messages[0]["To"] == f"<{address}>"
        assert letters["sent"] == len(wanted) and letters["refused"] == len(refused) and letters["messages"] == count + 80, letters
        assert repeated <= letters["repeated"] <= 100 + 12 * 8 * 4, letters
        assert len({message["Message-ID"] for messages in got.values() for message in messages}) == len(wanted)
        print(f"{len(relay.mails)} mails to {len(got)} in {seconds:.0f} s over {len(kills)} kills ({collections.Counter(kills)}); {repeated} came twice, {letters['repeated']} marked")
    finally:
        sink.close()
