"""The console in a real browser: headless Chromium signs in by the setup link, and sees what the real SDK sent."""

import json
import time
import urllib.parse

import mixpanel
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

HOSTILE = '<img src=x onerror="document.title=1"><script>window.pwned=1</script>'
RIGHT_TO_LEFT = "abc\u202egnp.exe\u2066"
PAGES = ["/", "/live", "/insights", "/funnels", "/retention", "/flows", "/subjects", "/settings"]
PERSON = {"email": "ada.browserprobe@leakproof.example", "name": "Adalind Browserprobe", "phone": "+49 151 7654321", "account": "acct_browserprobe_1"}


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,1400"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def console(sealane, browser):
    """The address of the console, signed in, with events of the SDK behind it."""
    client = mixpanel.Mixpanel(
        sealane.token,
        mixpanel.Consumer(events_url=sealane.intake + "/track", people_url=sealane.intake + "/engage", groups_url=sealane.intake + "/groups"))
    for n in range(12):
        person = f"browser-user-{n}"
        client.track(person, "Signed Up", {"plan": "free", "org_id": f"org-{n % 3}"})
        if n % 2 == 0:
            client.track(person, "First Call", {"plan": "free"})
        if n % 4 == 0:
            client.track(person, "Upgraded", {"plan": "pro"})
    client.track(PERSON["account"], "Signed Up", {"$email": PERSON["email"], "phone": PERSON["phone"]})
    client.people_set(PERSON["account"], {"$email": PERSON["email"], "$name": PERSON["name"]})
    client.track("browser-user-1", HOSTILE, {HOSTILE: HOSTILE, "plan": RIGHT_TO_LEFT})
    client.track("browser-user-1", RIGHT_TO_LEFT, {"plan": "W" * 255})
    base = f"http://localhost:{sealane.console_port}"
    secret = urllib.parse.urlparse(sealane.made["setup_url"]).fragment
    browser.get(f"{base}/setup#{secret}")
    WebDriverWait(browser, 15).until(lambda d: urllib.parse.urlparse(d.current_url).path == "/")
    return base


def text(browser):
    return browser.find_element(By.TAG_NAME, "body").text


def requested(browser):
    """Every address that the browser asked for since the last call."""
    found = []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            found.append(message["params"]["request"]["url"])
    return found


def test_a_setup_link_works_once(console, sealane, browser):
    secret = urllib.parse.urlparse(sealane.made["setup_url"]).fragment
    browser.switch_to.new_window("tab")
    browser.get(f"{console}/setup#{secret}")
    WebDriverWait(browser, 10).until(lambda d: "used up" in text(d))
    browser.close()
    browser.switch_to.window(browser.window_handles[0])


def test_nobody_sees_a_page_without_a_session(console, sealane):
    import requests

    for path in PAGES:
        answer = requests.get(sealane.api + path, allow_redirects=False, timeout=10)
        assert answer.status_code in (303, 401), f"{path}: {answer.status_code}"
        assert "Signed Up" not in answer.text


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_stays_at_home(console, browser, path, width):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    browser.get_log("browser"), requested(browser)
    browser.get(console + path)
    elsewhere = [url for url in requested(browser) if not url.startswith((console + "/", "data:"))]
    assert not elsewhere, elsewhere
    complaints = [entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    assert not complaints, complaints
    assert browser.execute_script("return window.pwned") is None and browser.title != "1"
    assert not browser.find_elements(By.CSS_SELECTOR, "img[onerror]")
    overflow = browser.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    wide = browser.execute_script(
        "return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll, nav'))"
        ".slice(0, 5).map(e => e.outerHTML.slice(0, 200))")
    assert overflow <= 0, f"{path} is {overflow} px wider than {width} px: {wide}"
    source = browser.page_source
    for kind, value in PERSON.items():
        assert value not in source, f"{path} shows the {kind}"
    assert "browser-user-1" not in source
    # A name's own bidi controls may stand in a form's value, which nobody sees, but never in text.
    shown = browser.execute_script("return document.body.textContent + [...document.querySelectorAll('[title]')].map(e => e.title).join()")
    assert "\u202e" not in shown and "\u2066" not in shown


def test_insights_shows_what_the_sdk_sent(console, browser):
    browser.get(console + "/insights?s0=" + urllib.parse.quote("Signed Up"))
    assert "Signed Up" in text(browser)
    assert browser.find_elements(By.CSS_SELECTOR, "svg"), "a chart"
    assert browser.find_elements(By.CSS_SELECTOR, "table"), "a table beside it"
    assert "Ledger entry" in text(browser)


def find_event(browser, select, name):
    from selenium.webdriver.support.ui import Select

    Select(select).select_by_visible_text(name)


def test_a_funnel_is_built_by_hand_and_leads_to_its_subjects(console, browser):
    browser.get(console + "/funnels")
    for step, name in (("s0", "Signed Up"), ("s1", "First Call")):
        field = browser.find_element(By.CSS_SELECTOR, f"[name='{step}']")
        if field.tag_name == "select":
            find_event(browser, field, name)
        else:
            field.clear()
            field.send_keys(name)
    browser.find_element(By.CSS_SELECTOR, "[name='s1']").submit()
    WebDriverWait(browser, 10).until(lambda d: "s1=" in d.current_url and d.find_elements(By.CSS_SELECTOR, "svg"))
    shared = browser.current_url
    figures = text(browser)
    assert "13" in figures and "6" in figures, figures[:2000]
    # Everything is in the URL: the same address gives the same report.
    browser.get(shared)
    assert "13" in text(browser)
    # A number is a door: its price first, then the subjects and the ledger entry.
    door = next(link for link in browser.find_elements(By.CSS_SELECTOR, "table a[href^='/door']") if link.is_displayed())
    browser.get(door.get_attribute("href"))
    assert "ledger" in text(browser).lower() and "s_" not in browser.find_element(By.TAG_NAME, "main").text
    browser.find_element(By.CSS_SELECTOR, "form[action='/door'] button").click()
    WebDriverWait(browser, 10).until(lambda d: "s_" in text(d))
    assert "Ledger entry" in text(browser)


def test_retention_and_flows_draw_their_charts(console, browser):
    browser.get(console + "/retention?" + urllib.parse.urlencode({"a": "Signed Up", "b": "First Call", "unit": "day", "n": "3"}))
    assert "13" in text(browser) and "Ledger entry" in text(browser)
    browser.get(console + "/flows?" + urllib.parse.urlencode({"a": "Signed Up", "after": "2"}))
    assert browser.find_elements(By.CSS_SELECTOR, "svg") and "First Call" in text(browser) and "13" in text(browser)


def test_live_shows_what_the_gate_did(console, sealane, browser):
    browser.get(console + "/live")
    seen = text(browser)
    for word in ("kept", "dropped", "pseudonymized"):
        assert word in seen
    assert "Signed Up" in seen
    # New events come by themselves.
    sealane.track({"event": "Came Later", "properties": {"distinct_id": "browser-user-3"}})
    WebDriverWait(browser, 15).until(lambda d: "Came Later" in text(d))


def test_settings_tell_how_to_connect(console, sealane, browser):
    browser.get(console + "/settings")
    assert sealane.token in browser.page_source


def test_the_keyboard_goes_everywhere(console, browser):
    browser.get(console + "/")
    body = browser.find_element(By.TAG_NAME, "body")
    links = {link.get_attribute("data-go"): link.get_attribute("href") for link in browser.find_elements(By.CSS_SELECTOR, "[data-go]")}
    assert len(links) >= len(PAGES) - 1
    key, target = next((k, v) for k, v in links.items() if v and v.endswith("/funnels"))
    body.send_keys("g")
    body.send_keys(key)
    WebDriverWait(browser, 10).until(lambda d: urllib.parse.urlparse(d.current_url).path == "/funnels")
    browser.find_element(By.TAG_NAME, "body").send_keys("?")
    time.sleep(0.2)
    assert browser.find_element(By.ID, "help").is_displayed()
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
