"""Letters are signed by DKIM: by the company's own relay, a real one, or by the custodian itself; a reader sees it either way."""

import json
import re
import subprocess

import pytest
from company_relay import CompanyRelay, NameServer, Recipients, signatures
from desk import Desk, start_browser
from installation import BINARIES, free_port
from notices import Approvers, People, Relay, breached_vendor, custodian, delivered, notices, set_relay
from test_notices import verify
from test_tls import certificate
from test_vendors import until


@pytest.fixture
def browser():
    driver = start_browser()
    yield driver
    driver.quit()


def records_of(sealane) -> dict:
    """What `mail` says is to be published, read as a zone file's lines."""
    shown = custodian(sealane, "mail")
    lines = {line.split(". IN TXT ( ")[0]: "".join(re.findall(r'"([^"]*)"', line)) for line in shown.splitlines() if " IN TXT ( " in line}
    said = {record["name"]: record["text"] for record in json.loads(custodian(sealane, "mail", "--json")).get("dkim_records", [])}
    assert lines == said
    return lines


def altered(content: bytes, old: bytes, new: bytes) -> bytes:
    assert content.count(old) >= 1, old
    return content.replace(old, new)


def codes(sealane, content: bytes, server: NameServer, code: int = 0) -> tuple:
    answer = verify(sealane, content, "--dns", "--name-server", server.address, code=code)
    return answer["verdict"], {reason["code"] for reason in answer["reasons"]}


class Wide(People):
    """Addresses with letters beyond ASCII: in a domain, which is converted; before the at sign, where SMTP has to be extended for them."""

    def address(self, number):
        return ("ada@sorrel.example", "Bea@BÜCHER.example", "jürgen@sorrel.example")[number]


def refused(sealane, *arguments) -> str:
    done = subprocess.run([BINARIES / "sealane-custodian", arguments[0], "--data", sealane.custodian_data, *arguments[1:]], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0, done.stdout
    return done.stderr


def test_the_companys_relay_signs(make_installation, browser, tmp_path):
    sealane = make_installation()
    sealane.start()
    chain, key = certificate(tmp_path)
    port, next_port = free_port(), free_port()
    file = sealane.root / "relay.password"
    set_relay(sealane, port, chain)
    assert file.stat().st_size and records_of(sealane) == {}
    sealane.start_custodian()
    people = Wide(sealane, 3, admins=False)
    number, scope, sink = breached_vendor(sealane, tmp_path, people, range(3))
    try:
        assert scope["affected"] == 3, scope
        delivered(sealane)
        approvers = Approvers(sealane, Desk(browser, sealane.custodian_origin))
        statement = approvers.statement(number)
        # This relay was not said to take letters beyond ASCII: one of the three cannot be written to, and is in the statement all the same.
        (made,) = notices(sealane)
        assert made["people"] == 3 and made["unreachable"] == 1 and made["names"] == 6, made
        with CompanyRelay(tmp_path / "relay", port, next_port, chain, key) as relay, Recipients(next_port) as recipients, NameServer(relay.records) as server:
            approvers.send(statement)
            until(lambda: (notices(sealane)[0]["letters"] or {}).get("state") == "done", seconds=60)
            # Its word is that it keeps them; they arrive when it gets to it.
            until(lambda: len(recipients.mails) >= 2, seconds=60)
            assert notices(sealane)[0]["letters"]["sent"] == 2 and "P=esmtpsa" in relay.log, relay.log
            assert {address for address, _ in recipients.mails} == {people.address(0), "bea@xn--bcher-kva.example"}
            for address, content in recipients.mails:
                assert signatures(content, relay.records) == [True]
                verdict, found = codes(sealane, content, server)
                assert verdict == "genuine" and "dkim_passes" in found, found
                assert verify(sealane, content, "--reader", address)["verdict"] == "genuine"
            # Either spelling is the same reader.
            content = dict(recipients.mails)["bea@xn--bcher-kva.example"]
            assert b"To: <bea@xn--bcher-kva.example>" in content
            assert verify(sealane, content, "--reader", "Bea@Bücher.example")["verdict"] == "genuine"
            changed = altered(content, b"Message-ID: <", b"Message-ID: <0")
            assert signatures(changed, relay.records) == [False]
            changed = altered(content, b"filename=", b"Filename=")
            assert signatures(changed, relay.records) == [False]
            assert codes(sealane, changed, server)[0] == "genuine", "a proof does not hang on its transport"
            changed = altered(content, b"19 d", b"21 d")
            assert signatures(changed, relay.records) == [False]
            verdict, found = codes(sealane, changed, server, code=1)
            assert verdict == "altered" and "dkim_fails" in found
            # Signed by both, for a company that changes from one to the other.
            custodian(sealane, "mail", "--dkim-selector", "notices2027")
            custodian(sealane, "mail", "--test", "jürgen@sorrel.example", code=1)
            custodian(sealane, "mail", "--test", "ada@orrery.example")
            until(lambda: len(recipients.mails) >= 3, seconds=60)
            both = {**relay.records, **records_of(sealane)}
            assert len(both) == 3 and signatures(recipients.mails[-1][1], both) == [True] * 3
            # Another relay goes on being signed for, and this one takes letters beyond ASCII.
            set_relay(sealane, port, chain)
            assert len(records_of(sealane)) == 2
            sent = ["mail", "--host", "localhost", "--port", str(port), "--ca", chain, "--username", "notices", "--password-file", file]
            custodian(sealane, *sent, "--from", "security@orrery.example", "--smtputf8", "--test", "jürgen@sorrel.example")
            until(lambda: len(recipients.mails) >= 4, seconds=60)
            address, content = recipients.mails[-1]
            assert address == "jürgen@sorrel.example" and "To: <jürgen@sorrel.example>".encode() in content
            assert signatures(content, both) == [True] * 3
        # One that does not refuses them.
        with Recipients(free_port(), international=False) as ascii_alone:
            custodian(sealane, "mail", "--host", "localhost", "--port", str(ascii_alone.controller.port), "--security", "none", "--from",
                      "security@orrery.example", "--smtputf8", "--test", "ada@orrery.example")
            assert "did not take it" in refused(sealane, "mail", "--test", "jürgen@sorrel.example")
            assert [address for address, _ in ascii_alone.mails] == ["ada@orrery.example"]
    finally:
        sink.close()


def test_the_custodian_signs(make_installation, browser, tmp_path):
    sealane = make_installation()
    sealane.start()
    port = free_port()
    assert "--host" in refused(sealane, "mail", "--dkim-selector", "n1")
    set_relay(sealane, port)
    custodian(sealane, "mail", "--smtputf8", "--host", "localhost", "--port", str(port), "--security", "none", "--username", "notices", "--password-file",
              sealane.root / "relay.password", "--from", "security@orrery.example", "--from-name", "Orrery Labs Security", "--dkim-selector", "n1")
    for arguments in (["--dkim-domain", "other.example"], ["--dkim-selector", "N_1"], ["--no-dkim", "--dkim-selector", "n1"]):
        assert refused(sealane, "mail", *arguments)
    records = records_of(sealane)
    assert sorted(records) == ["n1-ed25519._domainkey.orrery.example", "n1-rsa._domainkey.orrery.example"]
    assert (sealane.custodian_data / "dkim-n1.json").stat().st_mode & 0o777 == 0o600
    sealane.start_custodian()
    people = Wide(sealane, 3, admins=False)
    number, scope, sink = breached_vendor(sealane, tmp_path, people, range(3))
    try:
        assert scope["affected"] == 3, scope
        delivered(sealane)
        approvers = Approvers(sealane, Desk(browser, sealane.custodian_origin))
        with Relay(port) as relay, NameServer(records) as server:
            approvers.send(approvers.statement(number))
            until(lambda: (notices(sealane)[0]["letters"] or {}).get("state") == "done", seconds=60)
            (made,) = notices(sealane)
            assert made["unreachable"] == 0 and made["letters"]["sent"] == 3, made
            assert {address for address, _, _ in relay.mails} == {people.address(0), "bea@xn--bcher-kva.example", "jürgen@sorrel.example"}
            for address, _, content in relay.mails:
                head = content.split(b"\r\nFrom: ")[0].decode().replace("\r\n", "")
                assert re.findall(r"a=([a-z0-9-]+);", head) == ["rsa-sha256", "ed25519-sha256"] and head.count("c=relaxed/relaxed;") == 2
                for name in ("from", "to", "subject", "date", "message-id", "mime-version", "content-type"):
                    assert len(re.findall(rf"[=: ]{name}(?=[:;])", head)) == 4, (name, head)
                assert signatures(content, records) == [True, True]
                verdict, found = codes(sealane, content, server)
                assert verdict == "genuine" and "dkim_passes" in found, found
                assert verify(sealane, content, "--reader", address)["verdict"] == "genuine"
                # Each of them alone.
                for name in records:
                    assert sorted(signatures(content, {name: records[name]})) == [False, True]
                body = content.index(b"\r\n\r\n") + 200
                changed = content[:body] + bytes([content[body] ^ 1]) + content[body + 1:]
                assert signatures(changed, records) == [False, False]
                assert "dkim_fails" in codes(sealane, changed, server, code=1)[1]
        # Keys that are lost: it says so, and does not write without them.
        file = sealane.custodian_data / "dkim-n1.json"
        kept = file.read_bytes()
        sealane.custodian.terminate()
        sealane.custodian.wait(20)
        file.unlink()
        assert "dkim-n1.json" in refused(sealane, "mail", "--test", "ada@orrery.example")
        assert any(finding["severity"] == "bad" and "dkim-n1.json" in finding["sentence"] for finding in json.loads(custodian(sealane, "doctor", "--json", code=1)))
        with pytest.raises(AssertionError):
            sealane.start_custodian()
        sealane.custodian.wait(20)
        file.write_bytes(kept)
        file.chmod(0o600)
        sealane.start_custodian()
        # Keys of another name, and none.
        custodian(sealane, "mail", "--dkim-selector", "n2")
        assert not file.exists() and sorted(records_of(sealane)) == ["n2-ed25519._domainkey.orrery.example", "n2-rsa._domainkey.orrery.example"]
        custodian(sealane, "mail", "--no-dkim")
        assert records_of(sealane) == {} and not list(sealane.custodian_data.glob("dkim-*"))
        for path in (sealane.server_log, sealane.custodian_log):
            assert "sorrel.example" not in path.read_text()
    finally:
        sink.close()
