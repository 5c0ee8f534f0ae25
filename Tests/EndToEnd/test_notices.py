"""People are told: from a scoped incident to letters at a real relay, whose proofs a stranger's program verifies."""

import collections
import email
import email.policy
import random
import time

import pytest
from desk import Desk, look, start_browser
from installation import free_port
from notices import Approvers, People, Relay, breached_vendor, delivered, notices, set_relay
from test_incidents import incident
from test_tls import certificate
from test_vendors import until


@pytest.fixture(scope="module")
def browser():
    driver = start_browser()
    yield driver
    driver.quit()


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
        to = sorted(address for address, _, _ in relay.mails)
        assert to == sorted([people.address(n) for n in range(12)] + [f"admin-{n}@brightfen.example" for n in range(2)] + [f"contact-{n}@brightfen.example" for n in range(2)])
        message = email.message_from_bytes(relay.to(people.address(0))[0], policy=email.policy.default)
        print(message.get_body().get_content())
        shown = incident(sealane, "show", str(number))
        assert shown["state"] == "notified"
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
