"""Both acts of a breach by clicks in headless Chromium: from “Tallymark tells us”, from a canary that fired, and from a forgotten token, to the report."""

import datetime
import json
import re
import time
import urllib.parse

import pytest
import requests
from desk import WebDriverWait, start_browser
from installation import Installation
from seat import Seat
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select
from test_vendors import declaration, declare, state, until

PEOPLE, BATCHES = 30, 6


def events(name, batch, people):
    # The first batches are weeks old: something to compare with.
    return [{"event": name, "properties": {
        "time": int(time.time()) - 60 - 86_400 * 5 * (BATCHES - 1 - batch if isinstance(batch, int) and name == "Request" else 0), "distinct_id": f"user-{number}", "plan": "pro", "org_id": f"org-{number % 5}",
        "$insert_id": f"{name[:4].replace(' ', '-')}-{batch}-{number}"}} for number in people]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("incidents")
    sealane = Installation(root, canaries=True)
    driver = None
    try:
        sealane.start("--canary-domain", "metrics.example.net")
        driver = start_browser()
        seat = Seat(driver, f"http://localhost:{sealane.console_port}")
        seat.enrol(f"{seat.base}/setup#{urllib.parse.urlparse(sealane.made['setup_url']).fragment}", "Ada Browser")
        seat.until("Home", "Ada Browser")
        for vendor in ["tallymark", "otherwise"]:
            text = declaration(vendor, {"type": "file", "path": root / f"{vendor}.ndjson"}).replace("canaries: 0", "canaries: 5")
            declare(sealane, root, text)
            seat.open(f"/vendors/{vendor}")
            seat.until("waits for a second person")
            seat.press("#waiting form[data-passkey] button")
            seat.until("Agreed: its events flow")
        for batch in range(BATCHES):
            sealane.send_import(events("Request", batch, range(PEOPLE))).raise_for_status()
        for vendor in ["tallymark", "otherwise"]:
            until(lambda: state(sealane, vendor)["events"] >= BATCHES * PEOPLE)
        yield sealane, seat, root
    finally:
        if driver:
            driver.quit()
        sealane.close()


def fill(seat, name, text):
    """A value as somebody would choose it in the browser's own picker."""
    field = seat.driver.find_element(By.NAME, name)
    seat.driver.execute_script("arguments[0].value = arguments[1]", field, text)


def stamp():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def figure(seat, name):
    for pair in seat.driver.find_elements(By.CSS_SELECTOR, "#scope .figures > div"):
        if pair.find_element(By.TAG_NAME, "dt").text == name:
            return int(pair.find_element(By.TAG_NAME, "dd").text.replace(",", ""))
    raise AssertionError(f"no figure {name}:\n{seat.text}")


def contain_and_scope(seat):
    seat.press("#contain button")
    seat.until("Contained.", "thing stopped", "Not reached")
    seat.press("#scope form button")
    seat.until("Version 1:")


def test_act_one_the_vendor_tells_us(place):
    sealane, seat, _ = place
    time.sleep(1.1)
    theft = stamp()
    time.sleep(1.1)
    sealane.send_import(events("Request", "late", range(PEOPLE, PEOPLE + 7))).raise_for_status()
    until(lambda: state(sealane, "tallymark")["events"] >= BATCHES * PEOPLE + 7)
    seat.open("/")
    seat.driver.find_element(By.LINK_TEXT, "Incidents").click()
    seat.until("No incident")
    seat.driver.find_element(By.LINK_TEXT, "Open an incident").click()
    seat.until("A vendor was breached", "Rows turned up", "A host or a backup was taken")
    seat.driver.find_element(By.LINK_TEXT, "A vendor was breached").click()
    seat.until("When it was stolen from the vendor")
    Select(seat.driver.find_element(By.NAME, "chosen")).select_by_value("tallymark")
    fill(seat, "to", theft)
    fill(seat, "vendor_told_us", stamp())
    seat.driver.find_element(By.NAME, "title").send_keys("Tallymark was phished")
    seat.press("#open button.primary")
    seat.until("Tallymark was phished", "Pulls the vendor's kill switch", "GDPR Art. 33(1)", "in 2 d 23 h")
    contain_and_scope(seat)
    assert state(sealane, "tallymark")["state"] == "killed"
    assert (figure(seat, "Affected"), figure(seat, "Cannot be excluded"), figure(seat, "Not affected")) == (PEOPLE, 0, 7)
    assert figure(seat, "Organizations") == 5
    page = seat.driver.current_url
    # The report, for both.
    seat.open("/incidents/1/report")
    seat.until("Who and which of their data (Art. 33(3)(a))", f"{PEOPLE} affected, 0 cannot be excluded", "to be filled in", "Severity by ENISA")
    seat.open("/incidents/1/report?audience=management")
    seat.until("For the management", "2 × 0.25 + 0.5 + 0.5 = 1.5 (low)")
    # One person, with the entries that prove it.
    person = requests.get(sealane.api + "/api/v1/subjects", params={"limit": 1000}, auth=sealane.account, timeout=10).json()["subjects"][0]["subject"]
    seat.open("/incidents/1")
    seat.driver.find_element(By.LINK_TEXT, "Is somebody affected?").click()
    seat.until("Pseudonym")
    seat.driver.find_element(By.NAME, "subject").send_keys(person)
    seat.press("main form[action$='/people'] button.primary")
    seat.until("By version 1 of the scope", "affected", "Ledger entry")
    seat.driver.find_element(By.LINK_TEXT, "List who is affected").click()
    seat.until(f"{PEOPLE} people on this page")
    # It widens: the vendor corrects the day.
    seat.open(urllib.parse.urlparse(page).path if "/incidents/1" in page else "/incidents/1")
    seat.open("/incidents/1")
    seat.until("2. Scope")
    seat.press("#scope details summary")
    fill(seat, "to", "")
    seat.press("#scope details button")
    seat.until("The window was set", "determine it anew")
    seat.press("#scope > .row form button")
    seat.until("Version 2:", "7 newly affected")
    assert (figure(seat, "Affected"), figure(seat, "Not affected")) == (PEOPLE + 7, 0)
    # Times are kept apart, and a clock ends.
    Select(seat.driver.find_element(By.NAME, "moment")).select_by_value("authority_told")
    fill(seat, "at", stamp())
    seat.press("#times button")
    seat.until("A time was set.", "authority_told")
    assert "done" in seat.driver.find_element(By.ID, "clocks").text


def test_the_people_affected_are_watched(place):
    sealane, seat, _ = place
    sealane.send_import(events("MFA Enabled", 0, range(12)) + events("Key Rotated", 0, range(8, 20))).raise_for_status()
    seat.open("/incidents/1")
    seat.press("#watch form button")
    seat.until(f"{PEOPLE + 7} of {PEOPLE + 7} people, as the cohort")
    seat.driver.find_element(By.LINK_TEXT, "What they do since").click()
    seat.until("Who has secured the account", "Sign-ins and key use", "12 rotated keys")
    chart = seat.driver.find_element(By.CSS_SELECTOR, "#secured svg").get_attribute("textContent")
    # 12 turned on MFA, and 4 of them rotated keys as well.
    assert "12 people did MFA on" in chart and re.search(r"(^|\D)4 people did and keys rotated", chart), chart
    assert "Too few days lie before" not in seat.text
    chosen = {field.get_attribute("name"): Select(field).first_selected_option.text for field in seat.driver.find_elements(By.CSS_SELECTOR, "details select")}
    assert chosen["secured"] == "MFA Enabled" and chosen["rotated"] == "Key Rotated" and chosen["key_use"] == "Request"


def test_act_one_a_canary_fired(place):
    sealane, seat, root = place
    rows = sorted({json.loads(line)["person"] for line in (root / "otherwise.ndjson").read_text().splitlines()})
    assert len(rows) > PEOPLE + 7, "no canary was sent"
    # Somewhere else somebody goes through the stolen rows.
    told = requests.post(sealane.api + "/api/v1/canaries/hits", json={"ids": rows}, auth=sealane.account, timeout=10)
    assert told.status_code == 202, told.text
    WebDriverWait(seat.driver, 10).until(lambda _: (seat.open("/incidents"), "from alerts" in seat.text)[1])
    seat.until("A canary was used", "otherwise")
    seat.driver.find_element(By.LINK_TEXT, "Open as incident").click()
    seat.until("In a few words")
    assert seat.driver.find_element(By.NAME, "title").get_attribute("value") == "A canary was used"
    seat.press("#open button.primary")
    seat.until("Suspected", "from alert no.")
    contain_and_scope(seat)
    assert figure(seat, "Affected") == PEOPLE + 7
    seat.driver.find_element(By.LINK_TEXT, "For the authority").click()
    seat.until("vendor otherwise", "first signal")
    seat.open("/incidents")
    assert "from alerts" not in seat.text


def test_rows_that_turned_up_lead_to_an_incident(place):
    sealane, seat, root = place
    seat.open("/incidents/new?kind=rows")
    seat.until("Paste rows of any form")
    rows = (root / "tallymark.ndjson").read_text().splitlines()
    fill(seat, "rows", "\n".join(rows[:40]))
    seat.press("#open button.primary")
    seat.until("Where these rows come from", "certain", "nobody else was given")
    assert "tallymark" in seat.driver.find_element(By.CSS_SELECTOR, "main table").text
    seat.driver.find_element(By.LINK_TEXT, "Open an incident").click()
    seat.until("When it was stolen from the vendor")
    assert Select(seat.driver.find_element(By.NAME, "chosen")).first_selected_option.text == "tallymark"
    seat.open("/incidents/new?kind=rows")
    seat.until("Paste rows of any form")
    fill(seat, "rows", "name,city\nnobody,nowhere\n<script>alert(1)</script>")
    seat.press("#open button.primary")
    seat.until("Nothing in these rows is known here")


def test_act_two_a_forgotten_token(place):
    sealane, seat, _ = place
    bound = sealane.account_with(name="Quillon Chat", scopes=["export"], networks=["198.51.100.0/24"])
    forgotten = sealane.account_with(name="Quillon Chat before the move", scopes=["query", "export"])
    grants = sealane.root / "grants.csv"
    grants.write_text("vendor,name,client id,scopes,created,retired\nquillon,Quillon Chat before the move,q-1,export,2025-01-05,2025-06-30\n")
    sealane.command("vendors", "grants", "import", grants, "--data", sealane.data)
    export = {"from_date": "2020-01-01", "to_date": "2030-01-01", "project_id": sealane.project_id}
    # From a network that is not its own the bound token opens nothing; the forgotten one does.
    assert requests.get(sealane.api + "/api/2.0/export", params=export, auth=(bound["username"], bound["secret"]), timeout=10).status_code in (401, 403)
    auth = (forgotten["username"], forgotten["secret"])
    taken = requests.get(sealane.api + "/api/2.0/export", params=export, auth=auth, timeout=30)
    assert taken.status_code == 200 and len(taken.text.splitlines()) > PEOPLE
    seat.open("/incidents")
    seat.until("A retired grant is still live")
    seat.open("/incidents/new?kind=credential")
    seat.until("In a few words")
    Select(seat.driver.find_element(By.NAME, "chosen")).select_by_value(forgotten["username"])
    seat.driver.find_element(By.NAME, "title").send_keys("A forgotten token of Quillon Chat")
    seat.press("#open button.primary")
    seat.until("Revokes the service account with all its secrets")
    contain_and_scope(seat)
    assert requests.get(sealane.api + "/api/2.0/export", params=export, auth=auth, timeout=10).status_code == 401
    assert figure(seat, "Affected") == PEOPLE + 7 and figure(seat, "Organizations") == 5
    seat.driver.find_element(By.LINK_TEXT, "Organizations").click()
    seat.until("Organizations affected", "org_id")
    assert len(seat.driver.find_elements(By.CSS_SELECTOR, "main tbody tr")) == 5
    seat.driver.back()
    seat.until("A forgotten token", "Version 1:")
    seat.driver.find_element(By.CSS_SELECTOR, "#close textarea").send_keys("The token was forgotten when the integration moved.")
    seat.press("#close button")
    seat.until("Closed.", "The token was forgotten")
    assert not seat.driver.find_elements(By.CSS_SELECTOR, "#contain form, #scope form, #close")
    seat.open("/ledger")
    seat.until("incident closed")


def test_a_mistake_is_said_and_changes_nothing(place):
    _, seat, _ = place
    for kind, field, text, words in [
            ("credential", "id", "sa_0000000000000000", "There is no service account"), ("credential", "id", "nonsense", "A credential is a service account"),
            ("person", "id", "st_0000000000000000", "nobody of the id"), ("export", "id", "", "Say what was lost hold of")]:
        seat.open(f"/incidents/new?kind={kind}")
        # A page that asks for a proof comes a second time.
        seat.until("In a few words")
        seat.driver.find_element(By.NAME, field).send_keys(text)
        seat.driver.find_element(By.NAME, "title").send_keys("A mistake")
        seat.press("#open button.primary")
        seat.until("Nothing was opened.", words)
    seat.open("/incidents/999")
    seat.until("Sealane")
    assert "Contain it now" not in seat.text and "1. Contain" not in seat.text
    seat.open("/incidents/1/people?subject=s_" + "0" * 32)
    seat.until("Nobody ever arrived under this pseudonym")
