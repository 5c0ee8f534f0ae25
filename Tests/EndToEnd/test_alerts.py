"""Alerts reach people and machines: mail, Standard Webhooks, syslog over TLS and a file, with real receivers; none is lost by a kill."""

import contextlib
import email
import email.policy
import functools
import json
import re
import secrets
import shutil
import socket
import sqlite3
import subprocess
import threading
import time

import jsonschema
import pytest
import requests
import standardwebhooks
from installation import BINARIES, ROOT, free_port
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from receivers import MailServer, SyslogServer, WebhookServer
from test_alarm import to_custodian_door, wait_for
from staff import invited, owner
from test_tls import certificate

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET = "whsec_" + "AAAA" * 8
PASSWORD = "mail-password-7f3a"


class Outside:
    """The receivers' addresses and the file that names them."""

    def __init__(self, root):
        self.root = root
        self.chain, self.key = certificate(root)
        self.mail_port, self.hook_port, self.syslog_port, self.lake_port = (free_port() for _ in range(4))
        (root / "webhook.secrets").write_text(f"{OLD_SECRET}\n{SECRET}\n")
        (root / "smtp.password").write_text(PASSWORD + "\n")
        self.events = root / "events.ndjson"
        self.file = root / "alerts.yaml"

    def write(self, *kinds):
        channels = {
            "mail": f"{{name: security-mail, type: mail, server: 'localhost:{self.mail_port}', username: sealane, password_file: {self.root}/smtp.password,"
                    f" from: sealane@example.com, to: [security@example.com, night@example.com], certificate_authority: {self.chain}}}",
            "webhook": f"{{name: hook, type: webhook, url: 'https://localhost:{self.hook_port}/in', secrets_file: {self.root}/webhook.secrets,"
                       f" allow_internal: true, certificate_authority: {self.chain}}}",
            "syslog": f"{{name: siem, type: syslog, server: 'localhost:{self.syslog_port}', certificate_authority: {self.chain}}}",
            "file": f"{{name: archive, type: file, path: {self.events}}}",
            "lake": f"{{name: lake, type: webhook, format: ocsf, url: 'https://localhost:{self.lake_port}/ocsf', secrets_file: {self.root}/webhook.secrets,"
                    f" allow_internal: true, certificate_authority: {self.chain}}}",
        }
        self.file.write_text("channels:\n" + "".join(f"  - {channels[kind]}\n" for kind in kinds))
        return "--alert-channels", self.file

    def lines(self) -> list:
        return [json.loads(line) for line in self.events.read_text().splitlines()] if self.events.exists() else []


@pytest.fixture
def outside(tmp_path):
    return Outside(tmp_path)


def raise_alert(sealane):
    answer = to_custodian_door(sealane, "/custodian/v1/alarm", {"id": secrets.token_hex(16), "kind": "unopenable"})
    assert answer.status_code == 204, answer.text


def alerts(sealane, *more) -> list:
    return json.loads(sealane.command("alerts", "list", "--data", sealane.data, "--json", *more))["alerts"]


@functools.cache
def ocsf_schema(class_uid: int):
    """The published schema of a class, by a program of others, which allows no attribute that it does not know."""
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version="1.5.0"))
    return jsonschema.Draft202012Validator(schema.get_class_schema(schema.lookup_class_name_from_uid(class_uid)))


def check_schema(event: dict):
    faults = [f"{fault.json_path}: {fault.message[:200]}" for fault in ocsf_schema(event["class_uid"]).iter_errors(event)]
    assert not faults, f"{faults} in {json.dumps(event)[:2000]}"
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"] and event["category_uid"] == event["class_uid"] // 1000


def check_ocsf(event: dict):
    check_schema(event)
    assert event["metadata"]["version"] == "1.5.0" and event["metadata"]["uid"]
    assert abs(event["time"] / 1000 - time.time()) < 600


def test_every_kind_of_event_is_valid_by_the_published_schema():
    # What Tests/DeliveryTests makes of every kind of entry, alert and refusal.
    events = [json.loads(line) for line in (ROOT / "Tests" / "EndToEnd" / "fixtures" / "ocsf-events.ndjson").read_text().splitlines()]
    assert len(events) >= 35 and {event["class_uid"] for event in events} == {2004, 3001, 3002, 3004, 6003}
    for event in events:
        check_schema(event)
    with pytest.raises(AssertionError):
        check_schema({**events[0], "misspelt": 1})


def test_an_alert_reaches_every_channel_and_says_no_more_than_it_should(make_installation, outside):
    sealane = make_installation()
    with MailServer(outside.chain, outside.key, PASSWORD, outside.mail_port) as mail, \
            WebhookServer(outside.chain, outside.key, outside.hook_port) as hook, \
            SyslogServer(outside.chain, outside.key, outside.syslog_port) as syslog, \
            WebhookServer(outside.chain, outside.key, outside.lake_port) as lake:
        sealane.start(*outside.write("mail", "webhook", "syslog", "file", "lake"))
        done = sealane.run("alerts", "test", "--data", sealane.data)
        assert done.returncode == 0 and done.stdout.count(": delivered") == 5, done.stdout + done.stderr
        assert "This is a test" in mail.mails[0].content.decode()
        raise_alert(sealane)
        wait_for(lambda: len(mail.mails) == 2 and len(hook.requests) == 2)
        (alert,) = alerts(sealane)
        assert alert["kind"] == "custodian_alarm" and alert["severity"] == "high" and alert["ledger_index"] > 0

        message = email.message_from_bytes(mail.mails[1].content, policy=email.policy.default)
        assert mail.mails[1].rcpt_tos == ["security@example.com", "night@example.com"] and mail.mails[1].mail_from == "sealane@example.com"
        assert message["Subject"] == f"[Sealane] high: The custodian raised an alarm (alert {alert['id']})"
        assert f"/alerts/{alert['id']}" in message.get_content() and message["Auto-Submitted"] == "auto-generated"

        path, headers, body = hook.requests[1]
        # Another implementation of the specification, with either secret of the rotation.
        for secret in (SECRET, OLD_SECRET):
            sent = standardwebhooks.Webhook(secret).verify(body, headers)
        assert sent["type"] == "alert.raised" and sent["data"]["alert"] == alert["id"] and path == "/in"
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook("whsec_" + "BBBB" * 8).verify(body, headers)
        for text in (message.get_content(), body.decode()):
            assert "unopenable" not in text, "what was found stays in the console"

        # A change is told too, without the note.
        sealane.command("alerts", "acknowledge", str(alert["id"]), "--data", sealane.data, "--note", "Agnes looks at it")
        wait_for(lambda: len(mail.mails) == 3 and len(hook.requests) == 3)
        changed = standardwebhooks.Webhook(SECRET).verify(hook.requests[2][2], hook.requests[2][1])
        assert changed["type"] == "alert.changed" and changed["data"]["state"] == "acknowledged" and changed["data"]["previous_state"] == "open"
        wait_for(lambda: sum(event["class_uid"] == 2004 for event in outside.lines()) >= 3)
        wait_for(lambda: sum(event["class_uid"] == 2004 for event in syslog.events) >= 3)
        wait_for(lambda: sum(event["class_uid"] == 2004 for _, _, body in lake.requests for event in json.loads(body)) >= 3)
        for _, headers, body in lake.requests:
            standardwebhooks.Webhook(SECRET).verify(body, headers)
        for event in [*outside.lines(), *syslog.events, *(event for _, _, body in lake.requests for event in json.loads(body))]:
            check_ocsf(event)
            assert "Agnes" not in json.dumps(event)
        for written in syslog.messages:
            assert re.match(rb"<\d+>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z localhost sealane - ocsf-\d{4} - \{", written), written[:90]

        metrics = requests.get(sealane.api + "/metrics", timeout=10).text
        assert 'sealane_deliveries_waiting{channel="hook"} 0' in metrics and 'sealane_deliveries_total{channel="security-mail",outcome="delivered"} 2' in metrics
        assert "sealane_alerts_open 0" in metrics
        sealane.command("alerts", "close", str(alert["id"]), "--data", sealane.data, "--note", "settled")
        assert alerts(sealane) == [] and len(alerts(sealane, "--state", "closed")) == 1
        log = sealane.server_log.read_text()
        assert PASSWORD not in log and SECRET[6:] not in log and "Agnes" not in log
        for file in sealane.data.rglob("*"):
            if file.is_file():
                assert PASSWORD.encode() not in file.read_bytes() and SECRET[6:].encode() not in file.read_bytes(), file


def test_a_kill_between_raise_and_delivery_loses_nothing_and_repeats_nothing(make_installation, outside):
    sealane = make_installation()
    sealane.start(*outside.write("mail", "webhook"))
    raise_alert(sealane)  # nobody listens yet
    sealane.kill()
    with MailServer(outside.chain, outside.key, PASSWORD, outside.mail_port) as mail, WebhookServer(outside.chain, outside.key, outside.hook_port) as hook:
        mail.refusals = 1  # 451 at first
        hook.answers = [500]
        sealane.start(*outside.write("mail", "webhook"))
        wait_for(lambda: len(mail.mails) == 1 and len(hook.requests) == 2)
        assert len({headers["webhook-id"] for _, headers, _ in hook.requests}) == 1, "an attempt repeats its id"
        assert email.message_from_bytes(mail.mails[0].content)["X-Sealane-Message"] == hook.requests[0][1]["webhook-id"]
        sealane.terminate()
        sealane.start(*outside.write("mail", "webhook"))
        time.sleep(2)
        assert len(mail.mails) == 1 and len(hook.requests) == 2, "what arrived is not sent again"
        (alert,) = alerts(sealane)
        assert alert["ledger_index"] is not None


def test_an_endpoint_that_is_gone_is_switched_off_and_a_redirect_is_not_followed(make_installation, outside):
    sealane = make_installation()
    with WebhookServer(outside.chain, outside.key, outside.hook_port) as hook:
        hook.answers = [302, 410]
        sealane.start(*outside.write("webhook", "file"))
        raise_alert(sealane)
        # The redirect counts as a failure, and the second attempt is told to go away.
        wait_for(lambda: any(alert["kind"] == "delivery_failed" for alert in alerts(sealane)))
        assert [path for path, _, _ in hook.requests] == ["/in", "/in"]
        (channel, _) = json.loads(sealane.command("alerts", "channels", "--data", sealane.data, "--json"))["channels"]
        assert channel["channel"] == "hook" and not channel["enabled"] and "410" in channel["disabled_reason"]
        wait_for(lambda: any(event["class_uid"] == 2004 and event["finding_info"]["types"] == ["delivery_failed"] for event in outside.lines()))
        raise_alert(sealane)
        time.sleep(1)
        assert len(hook.requests) == 2, "nothing is sent there any more"
        sealane.command("alerts", "enable", "hook", "--data", sealane.data)
        raise_alert(sealane)
        wait_for(lambda: len(hook.requests) == 3)


def test_an_internal_address_gets_nothing_unless_the_file_says_so(make_installation, outside):
    sealane = make_installation()
    with WebhookServer(outside.chain, outside.key, outside.hook_port) as hook:
        outside.write("webhook")
        outside.file.write_text(outside.file.read_text().replace(" allow_internal: true,", ""))
        sealane.start("--alert-channels", outside.file)
        done = sealane.run("alerts", "test", "--data", sealane.data)
        assert done.returncode == 1 and "NOT DELIVERED" in done.stdout and "internal address" in done.stdout
        assert hook.requests == []


def test_tls_is_checked_and_a_wrong_password_is_said(make_installation, outside, tmp_path_factory):
    other, key = certificate(tmp_path_factory.mktemp("other"))
    sealane = make_installation()
    with MailServer(other, key, PASSWORD, outside.mail_port) as mail, SyslogServer(other, key, outside.syslog_port) as syslog:
        sealane.start(*outside.write("mail", "syslog"))
        done = sealane.run("alerts", "test", "--data", sealane.data)
        assert done.returncode == 1 and done.stdout.count("NOT DELIVERED") == 2 and "certificate" in done.stdout, done.stdout
        assert mail.mails == [] and syslog.messages == []
    with MailServer(outside.chain, outside.key, "another", outside.mail_port):
        done = sealane.run("alerts", "test", "--data", sealane.data)
        assert "refused" in done.stdout and PASSWORD not in done.stdout + done.stderr


def test_mail_goes_over_tls_from_the_first_byte_and_never_in_the_clear(make_installation, outside):
    outside.write("mail")
    text = outside.file.read_text()
    sealane = make_installation()
    with MailServer(outside.chain, outside.key, PASSWORD, outside.mail_port, implicit=True) as mail:
        outside.file.write_text(text.replace("type: mail", "type: mail, security: tls"))
        sealane.start("--alert-channels", outside.file)
        assert "delivered" in sealane.command("alerts", "test", "--data", sealane.data) and len(mail.mails) == 1
        sealane.terminate()
    # A server that offers no TLS gets neither the password nor the message.
    heard = []

    def clear(listener):
        connection, _ = listener.accept()
        with contextlib.suppress(OSError), connection, connection.makefile("rwb") as stream:
            stream.write(b"220 hello\r\n")
            stream.flush()
            for line in stream:
                heard.append(line)
                stream.write(b"250-hello\r\n250 AUTH PLAIN LOGIN\r\n" if line.startswith(b"EHLO") else b"502 no\r\n")
                stream.flush()

    with socket.create_server(("127.0.0.1", outside.mail_port)) as listener:
        threading.Thread(target=clear, args=(listener,), daemon=True).start()
        outside.file.write_text(text)
        sealane.start("--alert-channels", outside.file)
        done = sealane.run("alerts", "test", "--data", sealane.data)
        assert done.returncode == 1 and "NOT DELIVERED" in done.stdout
        assert heard and not any(b"AUTH" in line or b"MAIL" in line for line in heard), heard


def test_security_events_flow_through_rotation_and_a_kill(make_installation, outside):
    sealane = make_installation()
    with SyslogServer(outside.chain, outside.key, outside.syslog_port) as syslog:
        sealane.start(*outside.write("syslog", "file"))
        sealane.track(*[{"event": "Probe", "properties": {"distinct_id": f"person-{n}"}} for n in range(3)])
        person = owner(sealane)
        assert len(sealane.export()) == 3
        requests.get(sealane.api + "/api/v1/catalog", auth=("sa_0000000000000000", "wrong"), timeout=10)
        requests.get(sealane.api + "/api/v1/ledger/entries", auth=sealane.account, timeout=10)

        def seen(events):
            return {(event["class_uid"], event["activity_id"], event.get("status_id")) for event in events}

        wanted = {(6003, 2, 1), (3002, 1, 1), (3002, 1, 2), (6003, 99, 2)}  # export, sign-in, wrong secret, no right
        wait_for(lambda: wanted <= seen(outside.lines()))
        wait_for(lambda: wanted <= seen(syslog.events))
        rotated = outside.events.with_suffix(".1")
        outside.events.rename(rotated)
        assert len(sealane.export()) == 3
        wait_for(lambda: any(event["class_uid"] == 6003 for event in outside.lines()))
        sealane.kill()
        sealane.start(*outside.write("syslog", "file"))
        assert len(sealane.export()) == 3
        exports = lambda: [event for event in [*map(json.loads, rotated.read_text().splitlines()), *outside.lines()]  # noqa: E731
                           if event["class_uid"] == 6003 and event["api"]["operation"] == "api.export"]
        wait_for(lambda: len({event["metadata"]["uid"] for event in exports()}) == 3)
        (first, *_) = exports()
        assert first["unmapped"]["rows"] == 3 and first["unmapped"]["subject_count"] == 3 and first["actor"]["user"]["uid"] == sealane.account[0]
        text = outside.events.read_text() + rotated.read_text() + b"".join(syslog.messages).decode()
        assert not re.search(r"s_[0-9a-f]{32}|person-\d|" + sealane.account[1], text)
        for event in [*outside.lines(), *syslog.events]:
            check_ocsf(event)
        page = person.get("/alerts")
        assert page.status_code == 200 and "archive" in page.text and "siem" in page.text


def test_what_was_refused_at_sign_in_is_a_failed_logon_and_a_step_of_everyday_is_none(make_installation, outside):
    sealane = make_installation()
    sealane.start(*outside.write("file"))
    ada = owner(sealane)
    # What the page's script answers every day: a page without proof, a cookie that is over, a nonce of before, nobody signed in.
    assert ada.get("/account", proof=False).status_code == 401
    assert requests.get(ada.origin + "/", headers={"Accept": "text/html"}, timeout=10).status_code == 401
    ada.nonce = None
    assert ada.renew_once().status_code == 401 and ada.renew().status_code == 204
    attacks = {
        "wrong_origin": {"origin": "http://localhost.evil.example"}, "user_not_verified": {"flags": 1}, "cross_origin": {"crossOrigin": True},
    }
    for code, changes in attacks.items():
        assert ada.sign_in(**changes).json()["code"] == code
    bea = invited(sealane, ada, "Bea", "viewer")
    assert bea.post("/account/phished", {}).status_code == 200
    assert bea.sign_in().json()["code"] == "suspended"
    assert ada.ask("/enrol/begin", {"link": "slu_" + "a" * 60, "name": "Eve"}).status_code == 410
    failed = lambda: [event for event in outside.lines() if event["class_uid"] == 3002 and event.get("status_id") == 2]
    wanted = {*attacks, "suspended", "link_not_valid"}
    wait_for(lambda: wanted <= {event.get("status_detail") for event in failed()})
    assert {event.get("status_detail") for event in failed()} == wanted, "each for its reason, and nothing else is a failed logon"
    assert not [event for event in outside.lines() if event["class_uid"] == 6003 and event.get("status_id") == 2]
    for event in outside.lines():
        check_ocsf(event)
    # The mark by which they are told apart leaves with no answer.
    assert "Sealane-Refusal" not in ada.sign_in(flags=1).headers and "Sealane-Refusal" not in ada.get("/account", proof=False).headers


def test_the_worked_example_with_rsyslog_leaves_what_the_documentation_shows(make_installation, outside):
    rsyslogd = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin")
    assert rsyslogd, "apt-get install rsyslog rsyslog-gnutls"
    text = (ROOT / "docs" / "OPERATIONS.md").read_text()
    example = re.search(r"```\n(global\(DefaultNetstreamDriver.*?)```", text, re.S)[1]
    target = outside.root / "received.ndjson"
    for theirs, ours in [
        ("/etc/rsyslog/ca.pem", outside.chain), ("/etc/rsyslog/cert.pem", outside.chain), ("/etc/rsyslog/key.pem", outside.key),
        ('"6514"', f'"{outside.syslog_port}"'), ("/var/log/sealane/events.ndjson", target)]:
        assert theirs in example
        example = example.replace(theirs, str(ours))
    configuration = outside.root / "rsyslog.conf"
    configuration.write_text(f'global(workDirectory="{outside.root}")\n{example}')
    receiver = subprocess.Popen([rsyslogd, "-n", "-f", configuration, "-i", outside.root / "rsyslogd.pid"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        sealane = make_installation()
        sealane.start(*outside.write("syslog"))
        wait_for(lambda: sealane.run("alerts", "test", "--data", sealane.data).returncode == 0)
        sealane.track(*[{"event": "Probe", "properties": {"distinct_id": f"person-{n}"}} for n in range(3)])
        assert len(sealane.export()) == 3

        def received():
            return [json.loads(line) for line in target.read_text().splitlines()] if target.exists() else []

        wait_for(lambda: {event["class_uid"] for event in received()} >= {2004, 6003})
        for event in received():
            check_ocsf(event)
        shown = next(event for event in received() if event["class_uid"] == 6003)
        assert shown["api"]["operation"] == "api.export" and shown["unmapped"]["rows"] == 3 and shown["unmapped"]["subject_count"] == 3
    finally:
        receiver.terminate()
        receiver.wait(10)


def test_doctor_and_serve_say_what_is_wrong_with_the_file(make_installation, outside):
    sealane = make_installation()
    none = sealane.run("doctor", "--data", sealane.data)
    assert none.returncode == 0 and "No channel is configured" in none.stdout
    environment = {"env": {"SEALANE_ALERT_CHANNELS": str(outside.file), "PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no"}}
    def doctor():
        return subprocess.run([BINARIES / "sealane", "doctor", "--data", sealane.data], capture_output=True, text=True, timeout=60, **environment)

    outside.write("mail", "webhook", "file")
    good = doctor()
    assert good.returncode == 0 and "security-mail (mail), hook (webhook), archive (file)" in good.stdout, good.stdout
    (outside.root / "webhook.secrets").write_text("nonsense-1234\n")
    bad = doctor()
    assert bad.returncode == 1 and "whsec_" in bad.stdout and "nonsense-1234" not in bad.stdout
    outside.file.write_text("channels: [{name: x, type: pigeon}]\n")
    done = sealane.run("serve", "--data", sealane.data, "--alert-channels", outside.file, "--listen", "127.0.0.1:0", "--intake", "127.0.0.1:0")
    assert done.returncode != 0 and "mail, webhook, syslog and file" in done.stderr


def test_refusals_that_cannot_be_kept_are_counted(make_installation, outside):
    """The control database takes no write for a while: nothing is passed over in silence."""
    sealane = make_installation()
    sealane.start(*outside.write("file"))
    metrics = lambda: requests.get(sealane.api + "/metrics", timeout=10).text
    assert requests.get(sealane.api + "/api/v1/catalog", auth=("sa_0000000000000000", "x"), timeout=10).status_code == 401
    wait_for(lambda: any(event["class_uid"] == 3002 and event.get("status_id") == 2 for event in outside.lines()))
    other = sqlite3.connect(sealane.data / "control.sqlite", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            assert requests.get(sealane.api + "/api/v1/catalog", auth=("sa_0000000000000000", "x"), timeout=10).status_code == 401
        wait_for(lambda: re.search(r"^sealane_refusals_not_kept_total 3$", metrics(), re.M))
        assert "could not be kept for the channels" in sealane.server_log.read_text()
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert requests.get(sealane.api + "/api/v1/catalog", auth=("sa_0000000000000000", "x"), timeout=10).status_code == 401
    count = lambda: sum(event.get("count", 0) for event in outside.lines() if event["class_uid"] == 3002 and event.get("status_id") == 2)
    wait_for(lambda: count() == 2)
