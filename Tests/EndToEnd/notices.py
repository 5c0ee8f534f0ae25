"""An incident with people who can be told of it: a vendor that had their data, addresses that a secret credential wrote, three approvers with
passkeys, and a relay."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import requests
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from desk import enrol_three, look
from installation import BINARIES
from selenium.webdriver.common.by import By
from staff import owner
from test_incidents import incident, now
from test_vendors import Sink, agree, declaration, declare, mixpanel, state, until

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Stranger"))
PASSWORD = "relay-password-4d1c"


class Relay:
    """Takes mail after AUTH, and does with it what `behave` says: a function of the recipient that gives the answer to DATA, or `drop`."""

    def __init__(self, port: int, chain=None, key=None):
        import ssl

        self.refusals = 0
        self.mails, self.port, self.behave, self.recipients = [], port, lambda address, mail: "250 taken", lambda address: "250 OK"
        outer = self
        context = None
        if chain:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(chain, key)

        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                answer = outer.recipients(address)
                outer.refusals += not answer.startswith("250")
                if answer.startswith("250"):
                    envelope.rcpt_tos.append(address)
                return answer

            async def handle_DATA(self, server, session, envelope):
                assert chain is None or session.ssl is not None
                (address,) = envelope.rcpt_tos
                answer = outer.behave(address, envelope.content)
                if answer.startswith("250") or answer == "drop":
                    outer.mails.append((address, envelope.mail_from, envelope.content))
                if answer == "drop":
                    server.transport.abort()
                return answer

        def authenticate(server, session, envelope, mechanism, data):
            return AuthResult(success=data.login == b"notices" and data.password == PASSWORD.encode(), handled=False)

        options = {"tls_context": context, "require_starttls": True} if chain else {"auth_require_tls": False}
        self.controller = Controller(Handler(), hostname="127.0.0.1", port=port, authenticator=authenticate, auth_required=True, **options)

    def __enter__(self):
        self.controller.start()
        return self

    def __exit__(self, *_):
        self.controller.stop()

    def to(self, address: str) -> list:
        return [content for recipient, _, content in self.mails if recipient == address]


def custodian(sealane, *arguments, code: int = 0):
    done = subprocess.run(
        [BINARIES / "sealane-custodian", *arguments[:1], "--data", sealane.custodian_data, *arguments[1:]], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr + done.stdout
    return done.stdout


def notices(sealane) -> list:
    return json.loads(custodian(sealane, "notices", "--json"))["statements"]


def set_relay(sealane, port, chain=None, **options):
    file = sealane.root / "relay.password"
    file.write_text(PASSWORD + "\n")
    extra = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    security = ["--security", "starttls", "--ca", chain] if chain else ["--security", "none"]
    custodian(
        sealane, "mail", "--host", "localhost", "--port", str(port), *security, "--username", "notices", "--password-file", file,
        "--from", "security@orrery.example", "--from-name", "Orrery Labs Security", *extra)


class People:
    """Persons with addresses and organizations, as a company's server would write them."""

    def __init__(self, sealane, count, organizations=2, admins=True):
        self.sealane, self.count, self.organizations = sealane, count, organizations
        self.language = lambda number: "fr-FR" if number % 3 == 1 else "en-US"
        updates = [self.update(number) for number in range(count)]
        for begin in range(0, count, 500):
            answer = requests.post(sealane.intake + "/engage", json=updates[begin:begin + 500], auth=sealane.account, timeout=60)
            assert answer.text == "1", answer.text
        if admins:
            groups = [{"$token": sealane.token, "$group_key": "org_id", "$group_id": f"org-{number}", "$set": {
                "name": f"Brightfen {number}", "security_contact": f"contact-{number}@brightfen.example", "language": "en"}} for number in range(organizations)]
            assert requests.post(sealane.intake + "/groups", json=groups, auth=sealane.account, timeout=60).text == "1"
            admin = [{"$token": sealane.token, "$distinct_id": f"admin-{number}", "$set": {
                "$email": f"admin-{number}@brightfen.example", "org_id": f"org-{number}", "role": "admin", "locale": "fr" if number % 2 else "en"}}
                for number in range(organizations)]
            assert requests.post(sealane.intake + "/engage", json=admin, auth=sealane.account, timeout=60).text == "1"

    def address(self, number):
        return f"person-{number}@sorrel.example"

    def update(self, number):
        return {"$token": self.sealane.token, "$distinct_id": f"user-{number}", "$set": {
            "$email": self.address(number), "org_id": f"org-{number % self.organizations}", "locale": self.language(number)}}

    def send(self, numbers, event="Request", **properties):
        records = [{"event": event, "properties": {
            "time": int(time.time()), "distinct_id": f"user-{number}", "$insert_id": f"{event}-{number}", "plan": "pro", "$city": "Berlin",
            "org_id": f"org-{number % self.organizations}", **properties}} for number in numbers]
        for begin in range(0, len(records), 2000):
            assert self.sealane.send_import(records[begin:begin + 2000]).status_code == 200


def held(sealane) -> int:
    projects = requests.get(f"http://127.0.0.1:{sealane.custodian_port}/status.json", timeout=5).json()["projects"]
    return projects[0]["record_keys"] if projects else 0


def delivered(sealane):
    """Until the custodian has every key that there is."""
    token = (sealane.custodian_data / "server.token").read_text().strip()

    def none_left():
        bundle = requests.get(sealane.api + "/custodian/v1/parcels?limit=1", headers={"Authorization": f"Bearer {token}"}, timeout=10).content
        return len(bundle) < 64

    until(none_left, seconds=60)


def breached_vendor(sealane, tmp_path, people, numbers, late=()):
    """Tallymark has these people's data, of some only after the end of what it says; the incident's number, scoped, and the vendor's sink."""
    sink = Sink()
    ada = owner(sealane)
    declare(sealane, tmp_path, declaration("tallymark", mixpanel(sink, tmp_path), fields="[plan, $city]"))
    agree(sealane, ada, "tallymark")
    early = [number for number in numbers if number not in late]
    people.send(early)
    until(lambda: state(sealane, "tallymark")["events"] == len(early), seconds=60)
    end = now()
    time.sleep(0.05)
    if late:
        people.send(late)
        until(lambda: state(sealane, "tallymark")["events"] == len(early) + len(late), seconds=60)
    opened = incident(sealane, "open", "--vendor", "tallymark", "--to", end, "--title", "Tallymark was phished", "--vendor-told", now())
    incident(sealane, "contain", str(opened["incident"]))
    scope = incident(sealane, "scope", str(opened["incident"]))
    return opened["incident"], scope, sink


class Approvers:
    def __init__(self, sealane, desk):
        self.sealane, self.desk = sealane, desk
        enrol_three(sealane, desk)

    def approve(self, digest):
        for name in ("Bea", "Cleo"):
            self.desk.sign_in(name)
            self.desk.open(f"/requests/{digest}")
            self.desk.press("sign")
            # The list of signatures has the word before the last one is in.
            until(lambda: self.desk.has_state("approved" if name == "Cleo" else "1 of 2 approvals"), seconds=20)

    def signed(self):
        """The request that was just written, signed by whoever did."""
        self.desk.until("Sign this request")
        self.desk.press("sign")
        self.desk.until("0 of 2 approvals")
        return re.search(r"/requests/([0-9a-f]{64})", self.desk.driver.current_url)[1]

    def carry_out(self, digest, then):
        self.desk.sign_in("Ada")
        self.desk.open(f"/requests/{digest}")
        self.desk.press("begin")
        self.desk.until(then)

    def ask_for_statement(self, incident_number):
        self.desk.sign_in("Ada")
        self.desk.open("/notices")
        row = self.desk.driver.find_element(By.XPATH, f"//tr[td/strong[text()='1-{incident_number}']]")
        row.find_element(By.TAG_NAME, "summary").click()
        row.find_element(By.NAME, "purpose").send_keys("To tell those whose data Tallymark lost")
        row.find_element(By.CSS_SELECTOR, "button.primary").click()
        return self.signed()

    def statement(self, incident_number):
        """The digest of the statement's request, once it is in the ledger."""
        digest = self.ask_for_statement(incident_number)
        self.approve(digest)
        self.carry_out(digest, "whom it affects")
        until(lambda: self.state_of(digest) in ("witnessed", "failed"), seconds=120)
        (stored,) = [one for one in notices(self.sealane) if one["request"] == digest]
        assert stored["state"] == "witnessed", stored
        return digest

    def state_of(self, digest):
        return next((one["state"] for one in notices(self.sealane) if one["request"] == digest), None)

    TEXTS = {
        "what_happened.en": "On 9 November somebody copied data from Tallymark, the company that measured how our product is used.",
        "not_involved.en": "Your name, your address, your prompts, your keys and your payments: Tallymark never had them.",
        "when_we_knew.en": "Tallymark told us on 25 November. We write one day later.",
        "what_we_did.en": "We stopped everything that goes to Tallymark, and asked it to delete what it has.",
        "rotate_keys.en": "You need not replace your keys: none was involved.",
        "next_update.en": "19 December",
        "what_happened.fr": "Le 9 novembre, quelqu’un a copié des données chez Tallymark, l’entreprise qui mesurait l’usage de notre produit.",
        "not_involved.fr": "Votre nom, votre adresse, vos requêtes, vos clés et vos paiements : Tallymark ne les a jamais eus.",
        "when_we_knew.fr": "Tallymark nous l’a dit le 25 novembre. Nous écrivons un jour plus tard.",
        "what_we_did.fr": "Nous avons arrêté tout ce qui part vers Tallymark, et demandé la suppression de ce qu’il détient.",
        "rotate_keys.fr": "Il n’est pas nécessaire de remplacer vos clés : aucune n’est concernée.",
        "next_update.fr": "19 décembre",
    }

    def write_letters(self, statement, changes=()):
        """Fills in the letters and asks; returns the request's digest."""
        self.desk.sign_in("Ada")
        self.desk.open(f"/notices/{statement}/letters")
        fields = {"company": "Orrery Labs", "contact": "security at orrery dot example, or +49 30 5550100", **self.TEXTS, **dict(changes)}
        for name, text in fields.items():
            for field in self.desk.driver.find_elements(By.NAME, name):
                self.desk.driver.execute_script("arguments[0].value = arguments[1]", field, text)
        self.desk.driver.find_element(By.CSS_SELECTOR, "form#draft button[value=preview]").click()
        self.desk.until("As they are read")
        look(self.desk, "letters")
        if self.desk.driver.find_elements(By.ID, "faults"):
            return None
        self.desk.driver.find_element(By.NAME, "purpose").send_keys("To tell those whose data Tallymark lost")
        self.desk.driver.find_element(By.CSS_SELECTOR, "form#draft button[value=write]").click()
        return self.signed()

    def send(self, statement):
        digest = self.write_letters(statement)
        assert digest, self.desk.text
        look(self.desk, "notify")
        self.approve(digest)
        self.carry_out(digest, "whom it affects")
        return digest
