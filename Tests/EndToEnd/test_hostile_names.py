"""Names that somebody chose to do harm, everywhere where people and programs read them: pages in Chromium, CSV, logs, terminals, mails, webhooks."""

import csv
import email
import email.policy
import io
import json
import re
import urllib.parse

import pytest
import requests
from desk import Desk, ask, start_browser
from installation import today
from receivers import MailServer, WebhookServer
from selenium.webdriver.common.by import By
from staff import Person, owner
from test_alarm import wait_for
from test_alerts import PASSWORD, Outside
from test_browser import PAGES, settle
from test_staff import make_account
from test_staff_browser import Seat

MARKUP = "'\"><img src=x onerror=\"window.pwned=1\"><script>window.pwned=1</script></title></textarea>"
ADDRESS = "javascript:window.pwned=1//"
TURNED = "abc\u202egnp.exe\u2066\u200b"
# A spreadsheet would run these.
FORMULAS = ["=HYPERLINK(\"http://evil.example\",\"x\")", "+1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)", "\t=1+1", "\r=1+1"]
# A terminal would obey these: clear, title, colour by a C1 control, and a line of its own.
ESCAPES = "\x1b[2J\x1b]0;pwned\x07\x9b31mred\nfake: line\r\u2028next\u0085"
# What stands in names that may have no control characters.
NAME = MARKUP + TURNED
SENT = [MARKUP, ADDRESS, TURNED, ESCAPES, *FORMULAS]


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    return Outside(tmp_path_factory.mktemp("outside"))


@pytest.fixture(scope="module")
def place(sealane, outside):
    """Every name that there is, as bad as it gets in; an owner who may look at all of it."""
    with MailServer(outside.chain, outside.key, PASSWORD, outside.mail_port) as mail, \
            WebhookServer(outside.chain, outside.key, outside.hook_port) as hook:
        sealane.terminate()
        sealane.start(*outside.write("mail", "webhook", "file"))
        sealane.mail, sealane.hook = mail, hook
        yield fill(sealane)


def fill(sealane):
    for number, name in enumerate(SENT):
        for person in range(2):
            properties = {"distinct_id": f"hostile-{person}", name: name, "plan": name}
            assert sealane.track({"event": name, "properties": {**properties, "$insert_id": f"h{number}-{person}"}}).text == "1"
            # Apart: a value that names an organization is a pseudonym wherever it stands.
            assert sealane.track({"event": "Org", "properties": {"distinct_id": f"hostile-{person}", "org_id": "org " + name}}).text == "1"
    for kind, key in (("engage", "$distinct_id"), ("groups", "$group_id")):
        about = {"$token": sealane.token, key: "hostile-0" if kind == "engage" else "org " + MARKUP, "$set": {name: name for name in SENT}}
        if kind == "groups":
            about["$group_key"] = "org_id"
        assert requests.post(f"{sealane.intake}/{kind}", json=[about], timeout=10).text == "1"
    ada = owner(sealane)
    # Ada calls the project what she likes; so it stands in every frame.
    assert ada.post("/settings/project", {
        "name": NAME, "zone": "UTC", "week": "monday", "groups": "org_id\n" + MARKUP}).status_code == 200
    username, secret, ask = make_account(sealane, name=NAME, scopes=["query", "export"])
    revoked, revoked_secret, _ = make_account(sealane, name=NAME)
    make_account(sealane, name=NAME, canary=True)
    cohort = {"did": {"event": MARKUP, "where": {"property": MARKUP, "is": [MARKUP, ESCAPES]}}}
    status, made = ask("POST", "/api/v1/cohorts", {"name": NAME, "definition": cohort})
    if status != 201:
        status, made = ask("POST", "/api/v1/cohorts", {"name": NAME, "definition": {"did": {"event": MARKUP}}})
    assert status == 201, made
    query = {"report": "insights", "range": {"from": today(-6), "to": today(1)}, "series": [{"event": MARKUP}]}
    assert ada.post("/reports", {"name": NAME, "query": json.dumps(query)}).status_code == 303
    assert ada.post("/exports", {
        "from": today(-2), "to": today(1), "events": MARKUP + "\n" + TURNED, "purpose": NAME}).status_code == 200
    # An alert, with a note, about an account of that name.
    assert ask("DELETE", f"/api/v1/service-accounts/{revoked}")[0] == 200
    for _ in range(2):
        requests.get(sealane.api + "/api/v1/catalog", auth=(revoked, revoked_secret), timeout=10)
    (alert,) = ask("GET", "/api/v1/alerts?kind=revoked_credential_used")[1]["alerts"]
    assert ask("POST", f"/api/v1/alerts/{alert['id']}/changes", {"state": "acknowledged", "note": NAME + ESCAPES})[0] == 200
    bea = re.search(r"/join#(slu_[a-z2-7]+)", ada.post("/staff", {"name": NAME[:100], "role": ["owner"]}).text)[1]
    subject = requests.get(sealane.api + "/api/v1/subjects", auth=sealane.account, timeout=10).json()["subjects"][0]["subject"]
    # Last, since from now on a form says which project it means: another name for every frame.
    sealane.command("project", "create", MARKUP + TURNED, "--data", sealane.data)
    asked = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", "1000"))["entries"]
    export = next(entry["index"] for entry in asked if entry["kind"] == "export_asked")
    staff = json.loads(sealane.command("staff", "list", "--data", sealane.data, "--json"))["staff"]
    member = next(person["id"] for person in staff if person["state"] == "invited")
    return {"sealane": sealane, "ada": ada, "ask": ask, "link": bea, "subject": subject, "cohort": made["id"], "alert": alert["id"],
            "account": username, "member": member, "export": export, "auth": (username, secret)}


def report_addresses():
    event = urllib.parse.quote(MARKUP, safe="")
    grouped = urllib.parse.urlencode({"s0": "*", "by": "plan", "top": "20"})
    return [
        f"/insights?{grouped}", f"/insights?s0={event}&by={event}", f"/insights?s0=*&s0.m=unique&level=org_id&by=org_id",
        f"/funnels?s0={event}&s1={urllib.parse.quote(TURNED)}&by=plan", f"/retention?a={event}&b=*&unit=day&n=7",
        f"/flows?a={event}&after=2&before=2", f"/lifecycle?a={event}&unit=week", f"/stickiness?a={event}",
        "/sessions?a=*&by=plan", f"/cohorts/build?r0=did&r0.e={event}",
    ]


def test_every_page_shows_them_and_runs_none(place):
    sealane = place["sealane"]
    driver = start_browser()
    try:
        seat = Seat(driver, f"http://localhost:{sealane.console_port}")
        # Whoever sits here has a name of that kind too.
        seat.enrol(f"{seat.base}/join#{place['link']}")
        seat.until("Home")
        of = place
        pages = PAGES + report_addresses() + [
            "/account", f"/subjects/{of['subject']}", f"/staff/{of['member']}", f"/cohorts/{of['cohort']}", f"/alerts/{of['alert']}", "/alerts?state=all",
            "/ledger?kind=acts", f"/ledger?field={urllib.parse.quote(MARKUP)}", f"/ledger?subject={of['subject']}", f"/ledger/{of['export']}",
            f"/ledger?who={urllib.parse.quote(MARKUP)}", f"/settings/accounts/rotate?username={of['account']}",
            f"/settings/accounts/revoke?username={of['account']}", f"/plan/event?name={urllib.parse.quote(MARKUP)}",
            f"/plan/event?name={urllib.parse.quote(ESCAPES)}", "/plan/profiles?of=groups", f"/live?name={urllib.parse.quote(MARKUP)}",
            f"/subjects?q={urllib.parse.quote(MARKUP)}", f"/nowhere/{urllib.parse.quote(MARKUP)}", f"/cohorts/{urllib.parse.quote(MARKUP, safe='')}",
        ]
        shown = ""
        for path in pages:
            driver.get_log("browser")
            driver.get(seat.base + path)
            settle(driver)
            assert driver.execute_script("return window.pwned") is None, path
            assert not driver.find_elements(By.CSS_SELECTOR, "img, main script, iframe, [onerror], [onfocus], a[href^='javascript:']"), path
            complaints = [entry["message"] for entry in driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
            complaints = [text for text in complaints if "401 (Unauthorized)" not in text and "404 (" not in text and "400 (" not in text]
            assert not complaints, (path, complaints)
            text = driver.execute_script(
                "return document.title + document.body.textContent + [...document.querySelectorAll('[title], [aria-label]')].map(e => e.title + e.ariaLabel).join()")
            for unseen in "\u202e\u2066\u200b\x1b\x9b\u2028":
                assert unseen not in text, (path, repr(text[max(0, text.index(unseen) - 80):][:160]))
            assert "Something went wrong" not in text, path
            shown += text
        # And they were there to be seen.
        assert shown.count("window.pwned=1") > 50
    finally:
        driver.quit()


def test_no_cell_of_a_file_is_a_formula(place):
    ada = place["ada"]
    seen = 0
    for address in report_addresses():
        path, query = address.split("?")
        if path == "/cohorts/build":
            continue
        answer = ada.get(f"{path}.csv?{query}")
        assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/csv"), (address, answer.status_code)
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and "attachment" in answer.headers["Content-Disposition"]
        for row in csv.reader(io.StringIO(answer.content.decode(), newline="")):
            for cell in row:
                if cell[:1] in tuple("=+-@\t\r\n"):
                    float(cell)  # a number is what it looks like
                seen += any(name.strip() in cell for name in FORMULAS)
        json.loads(ada.get(f"{path}.json?{query}").text)
    assert seen >= len(FORMULAS), "the hostile values stand in the files"


def test_the_logs_have_one_object_a_line_and_no_control_characters(place):
    sealane = place["sealane"]
    for path in ("/%0a%1b[2J", "/subjects/%0d%0aX", "/api/v1/alerts/%1b", "/custodian/v1/%0a"):
        for base in (sealane.api, sealane.intake):
            requests.get(base + path, headers={"User-Agent": "a\x9b31m", "Referer": MARKUP}, timeout=10)
    requests.post(sealane.api + "/custodian/v1/alarm", data=ESCAPES.encode(), headers={"Authorization": "Bearer x"}, timeout=10)
    Person(sealane).ask("/enrol/begin", {"link": ESCAPES, "name": ESCAPES})
    for log in (sealane.server_log, sealane.custodian_log):
        text = log.read_bytes().decode()
        unsafe = set(re.findall(r"[^\n\x20-\x7e\u00a0-\U0010ffff]", text)) | {mark for mark in "\u2028\u2029\u202e\u2066" if mark in text}
        assert not unsafe, (log, unsafe)
        assert "pwned" not in text and "gnp.exe" not in text, "names are data and stand in no log"
    # The harness puts into the same file what the server says at its start on standard output.
    lines = [line for line in sealane.server_log.read_text().splitlines() if line.startswith("{")]
    assert lines and all(set(json.loads(line)) >= {"time", "level", "message"} for line in lines)


def test_commands_print_nothing_that_a_terminal_obeys(place):
    sealane = place["sealane"]
    query = {"report": "insights", "range": {"from": today(-6), "to": today(1)}, "series": [{}], "breakdowns": [{"property": "plan"}]}
    commands = [
        ["staff", "list"], ["project", "list"], ["alerts", "list"], ["alerts", "channels"], ["alerts", "show", place["alert"]], ["plan", "show"],
        ["plan", "infer"], ["ledger", "entries", "--limit", "1000"], ["query", "-"], ["keys", "list"], ["doctor"],
    ]
    printed = ""
    for command in commands:
        for more in ([], ["--json"]):
            done = sealane.run(*command, "--data", sealane.data, *more, input=json.dumps(query))
            if "Unknown option '--json'" in done.stderr:
                continue
            assert "Usage:" not in done.stderr, (command, more, done.stderr[:300])
            output = done.stdout + done.stderr
            unsafe = set(re.findall(r"[^\n\t\x20-\x7e\u00a0-\U0010ffff]", output)) | {mark for mark in "\u2028\u2029\u202e\u2066\u200b" if mark in output}
            assert not unsafe, (command, more, unsafe)
            if more and done.returncode == 0 and done.stdout.lstrip().startswith("{"):
                for line in done.stdout.splitlines() if done.stdout.count("\n{") else [done.stdout]:
                    json.loads(line)
            printed += output
    assert "pwned" in printed and "gnp.exe" in printed
    # The document for people: a name keeps to its line, in a file too.
    document = sealane.run("subject", "export", place["subject"], "--format", "text", "--data", sealane.data).stdout
    assert "fake: line" in document and not [line for line in document.splitlines() if line.strip().startswith("fake: line")]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e\u2066]", document)
    json.loads(sealane.run("subject", "export", place["subject"], "--data", sealane.data).stdout)
    wrong = sealane.run("query", ESCAPES, "--data", sealane.data)
    assert wrong.returncode != 0 and "\x1b" not in wrong.stderr + wrong.stdout and "\x9b" not in wrong.stderr


def test_mails_and_webhooks_have_their_own_lines_only(place):
    sealane = place["sealane"]
    wait_for(lambda: len(sealane.mail.mails) >= 2 and len(sealane.hook.requests) >= 2)
    for envelope in sealane.mail.mails:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert not message.defects and not [part.defects for part in message.walk() if part.defects]
        assert len(message.get_all("Subject")) == 1 and set(envelope.rcpt_tos) == {"security@example.com", "night@example.com"}
        text = message.get_body().get_content() + message["Subject"]
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e\u2066]", text.replace("\r", "")), repr(text)
        assert message.get_body().get_content_type() == "text/plain"
    for _, headers, body in sealane.hook.requests:
        assert headers["content-type"].startswith("application/json")
        assert json.loads(body) and b"\n" not in body.strip() and not re.search(rb"[\x00-\x1f\x7f]", body.strip())


def test_the_custodians_pages_show_them_and_run_none(make_installation):
    """Where identities are shown: what approvers write, how they are called, and what is opened."""
    sealane = make_installation()
    sealane.start()
    sealane.start_custodian()
    who = "bad-" + MARKUP
    assert sealane.track({"event": "Signed Up", "properties": {"distinct_id": who}}).text == "1"
    about = {"$token": sealane.token, "$distinct_id": who, "$set": {"$name": MARKUP + TURNED, "$email": "bad@leakproof.example"}}
    assert requests.post(f"{sealane.intake}/engage", json=[about], timeout=10).text == "1"
    subject = wait_for(lambda: sealane.export() and sealane.export()[0]["properties"]["distinct_id"])
    wait_for(lambda: any(
        project["record_keys"] >= 1
        for project in requests.get(f"http://127.0.0.1:{sealane.custodian_port}/status.json", timeout=5).json()["projects"]))
    driver = start_browser()
    pages = []
    try:
        desk = Desk(driver, sealane.custodian_origin)

        def look():
            settle(driver)
            assert driver.execute_script("return window.pwned") is None, driver.current_url
            assert not driver.find_elements(By.CSS_SELECTOR, "img, main script, iframe, [onerror]"), driver.current_url
            text = driver.execute_script("return document.title + document.body.textContent")
            assert not [mark for mark in "\u202e\u2066\u200b" if mark in text], (driver.current_url, repr(text[-2000:]))
            refused = [entry["message"] for entry in driver.get_log("browser") if "Content Security Policy" in entry["message"]]
            assert not refused, refused
            pages.append(text)

        def sign_in(name):
            desk.sit_down(name)
            desk.open("/")
            desk.press("sign-in")
            desk.until("Waiting for your decision")

        for name, link in zip(("Ada", "Bea", "Cleo"), sealane.made["custodian_setup_urls"]):
            desk.sit_down(name)
            driver.get("about:blank")
            driver.get(link)
            driver.find_element(By.NAME, "name").send_keys(MARKUP if name == "Ada" else name)
            desk.press("enrol")
            desk.until("Waiting for your decision")
            look()
        sign_in("Ada")
        digest = ask(desk, [subject], "For " + MARKUP)
        look()
        for name in ("Bea", "Cleo"):
            sign_in(name)
            look()
            desk.open(f"/requests/{digest}")
            look()
            desk.press("sign")
            desk.until("1 of 2 approvals" if name == "Bea" else "approved")
        sign_in("Ada")
        desk.open(f"/requests/{digest}")
        desk.press("open")
        desk.until("bad@leakproof.example", "Ledger entry")
        look()
        assert MARKUP in pages[-1], "the name that was opened is there to be read"
        for path in ("/", "/approvers", "/record", "/status", f"/requests/{digest}", "/requests/new"):
            desk.open(path)
            look()
        assert sum(MARKUP in text for text in pages) > 6
    finally:
        driver.quit()
