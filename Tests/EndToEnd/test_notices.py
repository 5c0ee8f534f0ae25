"""People are told: from a scoped incident to letters at a real relay, whose proofs a stranger's program verifies."""

import email
import email.policy
import json

import pytest
from desk import Desk, look, start_browser
from installation import free_port
from notices import Approvers, People, Relay, breached_vendor, custodian, delivered, notices, set_relay
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
