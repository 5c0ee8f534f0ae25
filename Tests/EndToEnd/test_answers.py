"""Was I affected: asked on the trust pages in Chromium, answered by mail to the address itself, with proofs; and what a stranger learns, which is
nothing."""

import base64
import email
import email.policy
import json
import random
import statistics
import subprocess
import time
from pathlib import Path

import pytest
import requests
from desk import Desk, look, start_browser
from installation import BINARIES, free_port
from notices import Approvers, People, Relay, breached_vendor, custodian, delivered, set_relay  # before what it puts in reach
from notice_proofs import answer_proof
from pyhpke import AEADId, CipherSuite, KDFId, KEMId
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from test_vendors import until

SUITE = CipherSuite.new(KEMId.DHKEM_P256_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)
STRANGER = "stranger@elsewhere.example"


@pytest.fixture
def browser():
    driver = start_browser()
    yield driver
    driver.quit()


class Company:
    """A company whose trust pages take questions: 12 of 16 people are affected, all have addresses that it verified."""

    def __init__(self, sealane, browser, path: Path):
        self.sealane, self.browser = sealane, browser
        self.trust_port, self.relay_port = free_port(), free_port()
        self.arguments = ("--trust", f"127.0.0.1:{self.trust_port}", "--trusted-proxy", "127.0.0.1")
        sealane.start(*self.arguments)
        set_relay(sealane, self.relay_port, rate=60_000)
        custodian(sealane, "answers", "--organization", "Orrery Labs", "--contact", "security@orrery.example")
        sealane.custodian_arguments = ["--mail-pause", "0.3"]
        sealane.start_custodian()
        self.people = People(sealane, 16)
        # What the public token wrote makes nobody known.
        mallory = {"$token": sealane.token, "$distinct_id": "mallory", "$set": {"$email": STRANGER}}
        assert requests.post(sealane.intake + "/engage", json=[mallory], timeout=30).text == "1"
        number, scope, self.sink = breached_vendor(sealane, path, self.people, range(12))
        assert scope["affected"] == 12, scope
        delivered(sealane)
        Approvers(sealane, Desk(browser, sealane.custodian_origin)).statement(number)
        self.anchors_file = sealane.root / "orrery.trust.json"
        self.anchors_file.write_text(custodian(sealane, "trust", "--organization", "Orrery Labs", "--domain", "orrery.example", "--brand", "orrery"))
        self.anchors = json.loads(self.anchors_file.read_text())
        site = sealane.root / "site.json"
        site.write_text(json.dumps({"contact": "security@orrery.example"}))
        sealane.command("trust", "set", "--data", sealane.data, "--trust", self.anchors_file, "--site", site)
        self.url = f"http://127.0.0.1:{self.trust_port}"
        self.key = SUITE.kem.deserialize_public_key(base64.b64decode(self.anchors["questions"]))
        until(lambda: "data-key" in requests.get(self.url + "/affected.html", timeout=10).text, seconds=30)

    def sealed(self, address: str, language="en") -> bytes:
        plain = json.dumps({"address": address, "language": language, "v": 1}, separators=(",", ":")).encode()
        encapsulated, context = SUITE.create_sender_context(self.key, info=b"sealane trust question v1")
        return encapsulated + context.seal(plain.ljust(512), aad=b"")

    def ask(self, address: str, network=1, session=requests, **options) -> requests.Response:
        body = json.dumps({"question": base64.b64encode(self.sealed(address)).decode()})
        return session.post(self.url + "/ask", data=body, headers={
            "Content-Type": "application/json", "X-Forwarded-For": f"10.{network >> 8 & 255}.{network & 255}.7"}, timeout=10, **options)

    def settled(self):
        """Every question was taken by the custodian and is over."""
        until(lambda: not requests.get(self.sealane.api + "/custodian/v1/questions", headers={
            "Authorization": f"Bearer {(self.sealane.custodian_data / 'server.token').read_text().strip()}"}, timeout=10).json()["questions"], seconds=60)
        until(lambda: self.counts["waiting"] == 0, seconds=60)

    @property
    def counts(self) -> dict:
        return json.loads(custodian(self.sealane, "answers", "--json"))["last_day"]

    def verify(self, content: bytes, *arguments) -> dict:
        done = subprocess.run([BINARIES / "sealane", "verify", "-", "--trust", self.anchors_file, "--json", *arguments], input=content, capture_output=True, timeout=60)
        return json.loads(done.stdout)

    def close(self):
        self.sink.close()


@pytest.fixture
def company(make_installation, browser, tmp_path):
    company = Company(make_installation(), browser, tmp_path)
    yield company
    company.close()


def read(content: bytes):
    message = email.message_from_bytes(content, policy=email.policy.default)
    (attached,) = message.iter_attachments()
    text = attached.get_content()
    return message, json.loads(text if isinstance(text, str) else text.decode())


def ask_in_browser(browser, url: str, page: str, address: str) -> str:
    browser.get(url + page)
    browser.find_element(By.NAME, "address").send_keys(address)
    browser.find_element(By.CSS_SELECTOR, "#ask button").click()
    result = browser.find_element(By.ID, "result")
    WebDriverWait(browser, 20).until(lambda _: result.get_attribute("data-state") == "sent")
    return result.text


def test_was_i_affected(company, browser):
    sealane, people = company.sealane, company.people
    affected, unaffected, french = people.address(0), people.address(14), people.address(13)
    with Relay(company.relay_port) as relay:
        said = {ask_in_browser(browser, company.url, "/affected.html", who) for who in (affected, unaffected.upper(), STRANGER)}
        assert len(said) == 1
        ask_in_browser(browser, company.url, "/fr/affected.html", french)
        until(lambda: len(relay.mails) == 3, seconds=60)
        company.settled()
        assert sorted(address for address, _, _ in relay.mails) == sorted([affected, unaffected, french])
        for who, isin, language in ((affected, True, "en"), (unaffected, False, "en"), (french, False, "fr")):
            (content,) = relay.to(who)
            message, proof = read(content)
            # By a stranger's program, offline, with the keys that were pinned.
            assert answer_proof(proof, company.anchors) == {"1-1": isin}
            assert proof["statements"][0]["reader"]["name"] == f"email:{who}"
            assert message["Content-Language"] == language and message.get_content_type() == "multipart/mixed" and b"http" not in content
            body = message.get_body().get_content()
            assert ("The address is among" in body or "L’adresse fait partie" in body) == isin and proof["letter"]["code"] in body
            verdict = company.verify(content, "--reader", who)
            assert verdict["verdict"] == "genuine" and verdict["case"] == "1-1" and verdict["check_code"] == proof["letter"]["code"], verdict
            assert company.verify(content.replace(b"Check code", b"Cheque code").replace("Code de contr".encode(), b"Kode de contr"))["verdict"] == "altered"
            # And on the very page that one asks on.
            file = sealane.root / "answer.eml"
            file.write_bytes(content)
            browser.get(company.url + "/check.html")
            browser.find_element(By.NAME, "files").send_keys(str(file))
            browser.find_element(By.CSS_SELECTOR, "#check button").click()
            WebDriverWait(browser, 30).until(lambda _: browser.find_element(By.ID, "result").get_attribute("data-verdict") == "genuine")
        # Support finds the code; the ledger says that questions came, and nothing of whom they were about.
        desk = Desk(browser, sealane.custodian_origin)
        desk.open("/notices?code=" + proof["letter"]["code"].lower())
        desk.until("is ours")
        for who in (affected, STRANGER):
            assert company.ask(who).json() == {"status": "taken"}
        company.settled()
        time.sleep(3)
        assert len(relay.mails) == 3 and company.counts == {"waiting": 0, "answered": 3, "given_up": 0}
    assert json.loads(sealane.command("ledger", "verify", "--data", sealane.data, "--json"))["sound"]
    for path in [*sealane.data.rglob("*"), *sealane.custodian_data.rglob("*"), sealane.server_log, sealane.custodian_log]:
        if path.is_file() and not path.is_socket():
            for who in (affected, unaffected, STRANGER):
                assert who.encode() not in path.read_bytes(), path


def test_the_listener_serves_what_is_published(company, browser, tmp_path):
    sealane = company.sealane
    folder = tmp_path / "pages"
    sealane.command("trust", "publish", "--data", sealane.data, "--to", folder)
    for path in folder.rglob("*"):
        if path.is_file():
            answer = requests.get(f"{company.url}/{path.relative_to(folder)}", timeout=10)
            assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
            policy = answer.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy and answer.headers["X-Content-Type-Options"] == "nosniff"
            # The ledger went on since, and what is proven by it.
            if path.name in ("trust.css", "trust.js", "mark.svg", "trust.json", "security.txt", "check.html", "what-to-do.html"):
                assert answer.content == path.read_bytes(), path
            again = requests.get(f"{company.url}/{path.relative_to(folder)}", headers={"If-None-Match": answer.headers["ETag"]}, timeout=10)
            assert again.status_code == 304 and not again.content
    # Questions are taken where the listener is: files by themselves take none.
    assert "data-key" not in (folder / "affected.html").read_text() and 'data-path="/ask"' in requests.get(company.url + "/affected.html", timeout=10).text
    assert requests.get(company.url, timeout=10).text == requests.get(company.url + "/index.html", timeout=10).text
    assert "Contact: mailto:security@orrery.example" in requests.get(company.url + "/.well-known/security.txt", timeout=10).text
    for path in ("/healthz", "/metrics", "/api/v1/trust", "/login", "/track", "/custodian/v1/questions", "/../site.json", "/%2e%2e/site.json", "/fr/nothing.html"):
        assert requests.get(company.url + path, timeout=10).status_code == 404, path
    for body, status in ((b"", 400), (b"{}", 400), (b'{"question": "AAAA"}', 400), (b'{"question": 1}', 400), (b"x" * 10_000, 413),
                         (json.dumps({"question": base64.b64encode(bytes(593)).decode()}).encode(), 202)):
        assert requests.post(company.url + "/ask", data=body, headers={"Content-Type": "text/plain"}, timeout=10).status_code == 415
        assert requests.post(company.url + "/ask", data=body, headers={"Content-Type": "application/json"}, timeout=10).status_code == status, body[:40]
    browser.get(company.url + "/affected.html")
    look(Desk(browser, company.url), "trust-affected")


def test_killed_in_the_middle_nobody_is_answered_twice(company):
    chance = random.Random(17)
    sealane, people = company.sealane, company.people
    with Relay(company.relay_port) as relay:
        def slow(address, _):
            time.sleep(0.15)
            return "250 taken"

        relay.behave = slow
        asked = [people.address(number) for number in range(16)]
        for begin in range(0, 16, 4):
            for who in asked[begin:begin + 4]:
                assert company.ask(who, network=begin).status_code == 202
            time.sleep(chance.uniform(0.5, 3.0))
            sealane.custodian.kill()
            sealane.custodian.wait(10)
            sealane.start_custodian()
        # Those whose answer was on its way when it was killed may have none; they ask again tomorrow.
        company.settled()
        until(lambda: company.counts["answered"] + company.counts["given_up"] == 16, seconds=60)
        got = [address for address, _, _ in relay.mails]
        assert len(got) == len(set(got)) and set(got) <= set(asked)
        assert company.counts["answered"] <= len(got) <= 16 and company.counts["given_up"] <= 4, (company.counts, len(got))
        for _, _, content in relay.mails:
            assert company.verify(content)["verdict"] == "genuine"
        # The server is restarted: a question waits for the custodian over that.
        relay.mails.clear()
        sealane.custodian.kill()
        sealane.custodian.wait(10)
        sealane.custodian = None
        assert company.ask(STRANGER, network=99).status_code == 202
        sealane.kill()
        sealane.start(*company.arguments)
        sealane.start_custodian()
        company.settled()
        assert not relay.mails


def area(left: list, right: list) -> float:
    """How often a value of the left is larger than one of the right: 0.5 where nothing tells them apart (Mann and Whitney's U)."""
    return sum((a > b) + (a == b) / 2 for a in left for b in right) / (len(left) * len(right))


def self_size(company) -> int:
    """Entries under the newest checkpoint, as anybody sees it."""
    return int(requests.get(company.sealane.api + "/tlog/checkpoint", timeout=10).text.split("\n")[1])


def test_nobody_learns_by_asking(company):
    """Enumeration and timing: what a stranger sees of a question is the same whoever it is about, while the answers are being sent."""
    people, chance = company.people, random.Random(23)
    kinds = {"affected": lambda: people.address(chance.randrange(12)), "known": lambda: people.address(12 + chance.randrange(4)),
             "unknown": lambda: f"person-{chance.randrange(10**9)}@elsewhere.example"}
    session = requests.Session()
    with Relay(company.relay_port) as relay:
        seen, taken, probes = set(), {kind: [] for kind in kinds}, {kind: [] for kind in kinds}
        order = [kind for kind in kinds for _ in range(400)]
        chance.shuffle(order)
        for number, kind in enumerate(order):
            who = kinds[kind]()
            body = json.dumps({"question": base64.b64encode(company.sealed(who)).decode()})
            heads = {"Content-Type": "application/json", "X-Forwarded-For": f"{20 + number // 100}.{number // 20 & 255}.0.7"}
            began = time.perf_counter()
            answer = session.post(company.url + "/ask", data=body, headers=heads, timeout=10)
            taken[kind].append(time.perf_counter() - began)
            began = time.perf_counter()
            session.get(company.url + "/mark.svg", timeout=10)
            probes[kind].append(time.perf_counter() - began)
            seen.add((answer.status_code, answer.content, tuple(sorted((name, value) for name, value in answer.headers.items() if name != "Date"))))
        assert len(seen) == 1 and next(iter(seen))[0] == 202, seen
        figures = {}
        for name, times in (("the answer to a question", taken), ("a page asked for behind it", probes)):
            for left, right in (("affected", "unknown"), ("known", "unknown"), ("affected", "known")):
                figures[f"{name}: {left} or {right}"] = area(times[left], times[right])
        medians = {kind: statistics.median(times) * 1000 for kind, times in taken.items()}
        print("median of an answer, ms:", {kind: f"{value:.2f}" for kind, value in medians.items()})
        print("told apart (0.5: not at all):", {name: f"{value:.3f}" for name, value in figures.items()})
        # With 400 of each the figure strays by 0.02 by chance.
        assert all(abs(value - 0.5) < 0.08 for value in figures.values()), figures
        company.settled()
        # All that came of 1,200 questions: one mail to each of the 16 whom the company knows.
        until(lambda: len(relay.mails) == 16, seconds=60)
        assert {address for address, _, _ in relay.mails} == {people.address(number) for number in range(16)}
        # Whoever asks twice about one and the same, in quiet, and looks at what the public ledger and the pages do meanwhile.
        growth, waits = {kind: [] for kind in kinds}, {kind: [] for kind in kinds}
        order = list(kinds) * 8
        chance.shuffle(order)
        for number, kind in enumerate(order):
            size = self_size(company)
            assert company.ask(kinds[kind](), network=50_000 + number).status_code == 202
            began = time.perf_counter()
            while self_size(company) == size and time.perf_counter() - began < 20:
                before = time.perf_counter()
                session.get(company.url + "/mark.svg", timeout=10)
                waits[kind].append(time.perf_counter() - before)
                time.sleep(0.02)
            company.settled()
            growth[kind].append(self_size(company) - size)
        assert len({count for counts in growth.values() for count in counts}) == 1, growth
        print("entries of the ledger for a question:", growth)
        meanwhile = {f"{left} or {right}": area(waits[left], waits[right]) for left, right in (("affected", "unknown"), ("known", "unknown"))}
        print("told apart by a page meanwhile:", {name: f"{value:.3f}" for name, value in meanwhile.items()})
        # What else this machine does in the eight times of each kind weighs more than chance.
        assert all(abs(value - 0.5) < 0.2 for value in meanwhile.values()), meanwhile
        # Whoever goes through a list is slowed down.
        answers = [company.ask(f"{number}@elsewhere.example", network=60_000).status_code for number in range(40)]
        assert answers == [202] * 30 + [503] * 10
