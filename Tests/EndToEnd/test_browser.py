"""The console in a real browser: headless Chromium enrols with a passkey by the setup link, and sees what the real SDK sent."""

import functools
import json
import time
import urllib.parse

import mixpanel
import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import ui

# A page may be replaced between the finding of an element and the look at it.
WebDriverWait = functools.partial(ui.WebDriverWait, ignored_exceptions=[StaleElementReferenceException])

HOSTILE = '<img src=x onerror="document.title=1"><script>window.pwned=1</script>'
RIGHT_TO_LEFT = "abc\u202egnp.exe\u2066"
PAGES = ["/", "/live", "/insights", "/funnels", "/retention", "/flows", "/lifecycle", "/stickiness", "/sessions", "/cohorts", "/cohorts/build", "/subjects", "/plan", "/plan/event?name=Signed+Up", "/plan/profiles?of=people", "/plan/edit", "/exports", "/ledger", "/ledger/0", "/staff", "/alerts", "/incidents", "/incidents/new?kind=vendor", "/incidents/new?kind=rows", "/vendors", "/vendors/grants", "/vendors/third-parties", "/settings"]
# Reports with everything that they draw: groups, several units, the time before, other rates, both sides of a flow.
REPORTS = [
    "/insights?s0=*&by=plan&top=1", "/insights?s0=*&s1=Signed+Up&s1.m=unique&compare=before",
    "/insights?s0=Signed+Up&f.c0.p=plan&f.c0.v=free", "/funnels?s0=Signed+Up&s1=First+Call&s2=Upgraded&rates=previous",
    "/funnels?s0=Signed+Up&s1=First+Call&count=totals&by=plan",
    "/funnels?s0=Signed+Up&s1=First+Call&s2=Upgraded&entry=last_before_next&x0=Refund&x0.c0.p=plan&x0.c0.v=pro&x0.to=2&hold=org_id&within=range&by=plan&at=2",
    "/funnels?s0=Signed+Up&s1=First+Call&hop=2&hopu=hour&grace=2000&by=plan&view=trend&unit=hour",
    "/funnels?s0=Signed+Up&s1=First+Call&s2=Upgraded&count=sessions&view=both&ta=2&bars=5",
    "/retention?a=Signed+Up&b=First+Call&unit=day&n=14",
    "/flows?a=First+Call&after=2&before=2", "/nowhere", "/account",
    "/insights?s0=*&s0.m=active&s0.d=1&s1=*&s1.m=active&s1.d=30&x0=A%2FB&x0.n=DAU%2FMAU&compare=previous",
    "/insights?s0=*&s0.over=percentile&s1=Signed+Up&s1.first=ever&by=plan&bins=1%2C+10&compare=before",
    "/lifecycle?a=Signed+Up&unit=week&seen=activity", "/stickiness?a=*&show=at_least",
    "/sessions?a=*&by=plan&at=exit&cut=midnight&show=median",
    "/insights?s0=*&s0.m=unique&level=org_id",
    "/cohorts/build?r0=did&r0.e=First+Call&r0.n=2&r0.t=last&r1=profile&r1.p=plan&r1.v=pro&r2=cohort&r2.k=&join=any",
]
PERSON = {"email": "ada.browserprobe@leakproof.example", "name": "Adalind Browserprobe", "phone": "+49 151 7654321", "account": "acct_browserprobe_1"}


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,1400"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.execute_cdp_cmd("WebAuthn.enable", {})
    authenticator = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    driver.execute_cdp_cmd("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
    open_page = driver.get

    def get(address):
        """A page that shows rows is asked for again with a proof by its own script, if it is typed in."""
        open_page(address)
        settle(driver)

    driver.get = get
    acts = {name: getattr(WebElement, name) for name in ("click", "send_keys", "submit")}
    for name, act in acts.items():
        def settled(element, *arguments, act=act):
            act(element, *arguments)
            if element.parent is driver:
                settle(driver)

        setattr(WebElement, name, settled)
    yield driver
    for name, act in acts.items():
        setattr(WebElement, name, act)
    driver.quit()


def settle(driver):
    """Waits until a page that its own script is about to leave, with a proof, has gone, and the next one is there."""
    def is_there(_):
        try:
            return driver.execute_script(
                "return document.readyState === 'complete' && !window.sealaneSession?.isGoing && !document.querySelector('[data-else][hidden]')")
        except WebDriverException:
            return False  # between two pages

    ui.WebDriverWait(driver, 15, poll_frequency=0.02).until(is_there)


def enrol(browser, base, made):
    browser.get(f"{base}/setup#{urllib.parse.urlparse(made['setup_url']).fragment}")
    browser.find_element(By.NAME, "name").send_keys("Ada Owner")
    browser.find_element(By.CSS_SELECTOR, "#enrol button").click()


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
    enrol(browser, base, sealane.made)
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
    browser.switch_to.new_window("tab")
    enrol(browser, console, sealane.made)
    WebDriverWait(browser, 10).until(lambda d: "This link is not valid" in text(d))
    browser.close()
    browser.switch_to.window(browser.window_handles[0])


def test_nobody_sees_a_page_without_a_session(console, sealane):
    import requests

    for path in PAGES:
        answer = requests.get(sealane.api + path, allow_redirects=False, timeout=10)
        assert answer.status_code in (303, 401), f"{path}: {answer.status_code}"
        assert "Signed Up" not in answer.text


@pytest.mark.parametrize("path", PAGES + REPORTS)
@pytest.mark.parametrize("width", [360, 1280, 2560])
def test_every_page_stays_at_home(console, browser, path, width):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    browser.get_log("browser"), requested(browser)
    browser.get(console + path)
    elsewhere = [url for url in requested(browser) if not url.startswith((console + "/", "data:"))]
    assert not elsewhere, elsewhere
    complaints = [entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    # The page that does not exist is meant to answer 404; nothing else may complain, least of all about the content policy.
    # An address that is typed in and shows rows answers 401 first, and is asked for again with a proof.
    complaints = [text for text in complaints if not (path == "/nowhere" and "404" in text or "401 (Unauthorized)" in text)]
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


def press_in(form, words):
    next(button for button in form.find_elements(By.CSS_SELECTOR, "button:not(.unseen)") if button.text == words).click()


def counted(browser):
    return browser.find_element(By.CSS_SELECTOR, "main .panel h2").text


def test_a_cohort_is_built_asked_and_saved_from_a_figure(console, sealane, browser):
    import requests
    from selenium.webdriver.support.ui import Select

    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    browser.get(console + "/cohorts")
    assert "No cohort is saved yet" in text(browser)
    browser.find_element(By.LINK_TEXT, "Build the first").click()
    # A row by a button, its event by a picker, its size by another button: no script takes part.
    press_in(browser.find_element(By.CSS_SELECTOR, "form.query"), "+ did or did not do")
    wait_for_address(browser, "r0=did")
    find_event(browser, browser.find_element(By.NAME, "r0.e"), "First Call")
    assert not browser.find_element(By.NAME, "r0.d").is_displayed(), "days are asked for only where they matter"
    Select(browser.find_element(By.NAME, "r0.t")).select_by_visible_text("in the last")
    assert browser.find_element(By.NAME, "r0.d").is_displayed()
    press_in(browser.find_element(By.CSS_SELECTOR, "form.query"), "Count")
    wait_for_address(browser, "r0.e=First%20Call", "r0.t=last")
    assert counted(browser) == "6 subjects" and "did First Call in the last 30 days" in text(browser)
    browser.find_element(By.ID, "cohort-name").send_keys("Callers")
    press_in(browser.find_element(By.CSS_SELECTOR, "form[action='/cohorts']"), "Save cohort")
    WebDriverWait(browser, 10).until(lambda d: d.find_element(By.TAG_NAME, "h1").text == "Callers")
    callers = browser.current_url.rsplit("/", 1)[1]

    # A funnel of these alone.
    browser.get(console + "/funnels?" + urllib.parse.urlencode({"s0": "Signed Up", "s1": "Upgraded"}))
    browser.find_element(By.CSS_SELECTOR, "button[value='incohort:s0']").click()
    wait_for_address(browser, "s0.c0.k=")
    Select(browser.find_element(By.NAME, "s0.c0.k")).select_by_visible_text("Callers")
    press_in(browser.find_element(By.CSS_SELECTOR, "form.query"), "Run")
    wait_for_address(browser, f"s0.c0.k={callers}")
    assert "50.0%" in text(browser)
    doors = [link for link in browser.find_elements(By.CSS_SELECTOR, "table a[href^='/door']") if link.is_displayed()]
    door = next(link for link in doors if link.text == "3").get_attribute("href")

    # Who is behind a figure becomes a list: the same ones, and nobody is shown.
    browser.get(door)
    browser.find_element(By.ID, "list-name").send_keys("Upgraded callers")
    press_in(browser.find_element(By.CSS_SELECTOR, "form[action='/door/cohort']"), "Save as cohort")
    WebDriverWait(browser, 10).until(lambda d: d.find_element(By.TAG_NAME, "h1").text == "Upgraded callers")
    assert counted(browser) == "3 subjects" and "A list of 3" in text(browser) and "s_" not in browser.find_element(By.TAG_NAME, "main").text
    listed = browser.current_url.rsplit("/", 1)[1]
    figure = json.loads(urllib.parse.parse_qs(urllib.parse.urlparse(door).query)["to"][0])
    lists = [
        requests.post(sealane.api + "/api/v1/door", json=body, auth=sealane.account, timeout=30).json()
        for body in (figure, {"query": {"report": "cohort", "cohort": {"saved": int(listed)}}, "cell": {"report": "cohort"}})]
    assert lists[0] == lists[1] and lists[0]["count"] == 3

    # A point of a chart too.
    browser.get(console + "/insights?" + urllib.parse.urlencode({"s0": "Signed Up", "s0.m": "unique"}))
    point = next(link for link in browser.find_elements(By.CSS_SELECTOR, "svg.wide a[href^='/door']") if "13" in link.get_attribute("textContent"))
    browser.get(console + browser.execute_script("return arguments[0].getAttribute('href')", point))
    browser.find_element(By.ID, "list-name").send_keys("All of the day")
    press_in(browser.find_element(By.CSS_SELECTOR, "form[action='/door/cohort']"), "Save as cohort")
    WebDriverWait(browser, 10).until(lambda d: d.find_element(By.TAG_NAME, "h1").text == "All of the day")
    assert counted(browser) == "13 subjects"

    # Split by both, and counted by organization.
    browser.get(console + "/insights?" + urllib.parse.urlencode({"s0": "Signed Up", "s0.m": "unique", "by.cohort": callers}))
    browser.find_element(By.CSS_SELECTOR, f"[name='by.cohort'][value='{listed}']").click()
    press_in(browser.find_element(By.CSS_SELECTOR, "form.query"), "Run")
    wait_for_address(browser, f"by.cohort={callers}", f"by.cohort={listed}")
    heads = [head.text for head in browser.find_elements(By.CSS_SELECTOR, "thead th") if head.is_displayed()]
    for name in ("Callers", "Upgraded callers", "In none of them"):
        assert name in " ".join(heads), heads
    assert [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "tr.total td")][-3:] == ["6", "3", "7"]
    browser.get(console + "/insights?" + urllib.parse.urlencode({"s0": "Signed Up", "s0.m": "unique"}))
    Select(browser.find_element(By.NAME, "level")).select_by_visible_text("organizations (by org_id)")
    press_in(browser.find_element(By.CSS_SELECTOR, "form.query"), "Run")
    wait_for_address(browser, "level=org_id")
    organizations = browser.find_element(By.CSS_SELECTOR, "tr.total a[href^='/door']")
    assert organizations.text == "3"
    organizations.click()
    assert "3 organizations" in text(browser)
    browser.find_element(By.CSS_SELECTOR, "form[action='/door'] button").click()
    WebDriverWait(browser, 10).until(lambda d: len(d.find_elements(By.CSS_SELECTOR, "table a[href^='/subjects/g_']")) == 3)
    browser.find_element(By.CSS_SELECTOR, "table a[href^='/subjects/g_']").click()
    assert browser.find_element(By.TAG_NAME, "h1").text == "Organization"

    # What is in use cannot be deleted; what is not can.
    browser.get(f"{console}/cohorts/build?r0=cohort&r0.k={callers}")
    browser.find_element(By.ID, "cohort-name").send_keys("Same as callers")
    press_in(browser.find_element(By.CSS_SELECTOR, "form[action='/cohorts']"), "Save cohort")
    WebDriverWait(browser, 10).until(lambda d: d.find_element(By.TAG_NAME, "h1").text == "Same as callers")
    browser.get(f"{console}/cohorts/{callers}")
    assert "Same as callers" in text(browser) and not browser.find_elements(By.CSS_SELECTOR, "form[action='/cohorts/delete']")
    browser.get(f"{console}/cohorts/{listed}")
    press_in(browser.find_element(By.CSS_SELECTOR, "form[action='/cohorts/delete']"), "Delete cohort")
    wait_for_address(browser, "/cohorts")
    assert "Upgraded callers" not in text(browser) and "Callers" in text(browser)


def test_retention_and_flows_draw_their_charts(console, browser):
    browser.get(console + "/retention?" + urllib.parse.urlencode({"a": "Signed Up", "b": "First Call", "unit": "day", "n": "3"}))
    assert "13" in text(browser) and "Ledger entry" in text(browser)
    browser.get(console + "/flows?" + urllib.parse.urlencode({"a": "Signed Up", "after": "2"}))
    assert browser.find_elements(By.CSS_SELECTOR, "svg") and "First Call" in text(browser) and "13" in text(browser)


def test_lifecycle_stickiness_and_sessions_draw_their_charts(console, browser):
    browser.get(console + "/lifecycle?a=" + urllib.parse.quote("Signed Up"))
    assert browser.find_elements(By.CSS_SELECTOR, "svg.wide .bar") and "Fell silent" in text(browser)
    # All thirteen signed up today for the first time.
    door = browser.find_element(By.CSS_SELECTOR, "table a[href^='/door']")
    assert door.text == "13"
    browser.get(door.get_attribute("href"))
    # A door waits for the browser's proof.
    WebDriverWait(browser, 15).until(lambda d: "13 subjects" in text(d))
    browser.get(console + "/stickiness?a=" + urllib.parse.quote("Signed Up"))
    assert [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "table.wide tbody tr:first-child td")] == ["13", "100%", "13", "100%"]
    browser.get(console + "/sessions?a=" + urllib.parse.quote("Signed Up"))
    assert "Bounce rate" in text(browser) and "Sessions begin with" in text(browser)
    row = browser.find_element(By.CSS_SELECTOR, "tr.total")
    assert [cell.text for cell in row.find_elements(By.CSS_SELECTOR, "td")][:4] == ["13", "13", "1", "100%"]


def test_a_formula_is_written_by_hand(console, browser):
    browser.get(console + "/insights?" + urllib.parse.urlencode({"s0": "First Call", "s1": "Signed Up", "s1.m": "unique"}))
    next(button for button in browser.find_elements(By.CSS_SELECTOR, "form.query button") if button.text == "+ formula").click()
    WebDriverWait(browser, 10).until(lambda d: "x0=" in d.current_url)
    browser.find_element(By.CSS_SELECTOR, "[name='x0']").send_keys("A / B * 13")
    browser.find_element(By.CSS_SELECTOR, "[name='x0.n']").send_keys("Calls")
    browser.find_element(By.CSS_SELECTOR, "[name='x0']").submit()
    WebDriverWait(browser, 10).until(lambda d: "Calls" in text(d) and "x0.n=Calls" in d.current_url)
    assert browser.find_elements(By.CSS_SELECTOR, "tr.total td")[2].text == "6"
    browser.get(console + "/insights?" + urllib.parse.urlencode({"s0": "*", "x0": "A +"}))
    assert "cannot be read at its end" in text(browser)


def test_live_shows_what_the_gate_did(console, sealane, browser):
    browser.get(console + "/live")
    seen = text(browser)
    for word in ("kept", "dropped", "pseudonymized"):
        assert word in seen
    # What was changed stands first; every value says what was done to it.
    for item in browser.find_elements(By.CSS_SELECTOR, ".treated li"):
        assert item.find_elements(By.CSS_SELECTOR, "[class^='t-']"), item.text
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
    assert len(links) == len({page.split("/")[1] for page in PAGES}), "one for each page, and none for those below"
    key, target = next((k, v) for k, v in links.items() if v and v.endswith("/funnels"))
    body.send_keys("g")
    body.send_keys(key)
    WebDriverWait(browser, 10).until(lambda d: urllib.parse.urlparse(d.current_url).path == "/funnels")
    browser.find_element(By.TAG_NAME, "body").send_keys("?")
    time.sleep(0.2)
    assert browser.find_element(By.ID, "help").is_displayed()
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)


def press(browser, *keys):
    for key in keys:
        browser.find_element(By.TAG_NAME, "body").send_keys(key)


def wait_for_address(browser, *parts, absent=()):
    WebDriverWait(browser, 10).until(
        lambda d: all(part in d.current_url for part in parts) and not any(part in d.current_url for part in absent))


def test_the_keys_move_the_range_and_compare(console, browser):
    browser.get(console + "/insights?s0=" + urllib.parse.quote("Signed Up"))
    wait_for_address(browser, "from=")
    month = browser.current_url
    press(browser, "w")
    WebDriverWait(browser, 10).until(lambda d: d.current_url != month)
    week = browser.current_url
    press(browser, Keys.ARROW_LEFT)
    WebDriverWait(browser, 10).until(lambda d: d.current_url != week)
    press(browser, Keys.ARROW_RIGHT)
    WebDriverWait(browser, 10).until(lambda d: d.current_url == week)
    press(browser, "x")
    wait_for_address(browser, "compare=before")
    assert browser.find_elements(By.CSS_SELECTOR, "svg.wide .line.before") and "as it stood at the same moment" in text(browser)
    press(browser, "x")
    wait_for_address(browser, absent=["compare"])
    press(browser, "i")
    wait_for_address(browser, "unit=")
    # Back and reload give the very same page.
    browser.back()
    WebDriverWait(browser, 10).until(lambda d: d.current_url == week)
    figures = [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "table td")]
    browser.refresh()
    assert figures == [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "table td")]


def test_a_group_narrows_the_page_and_escape_widens_it(console, browser):
    browser.get(console + "/insights?" + urllib.parse.urlencode({"s0": "*", "by": "plan"}))
    next(link for link in browser.find_elements(By.CSS_SELECTOR, "a.narrow-to") if link.text == "pro").click()
    wait_for_address(browser, "f.c0.p=plan", "f.c0.v=pro")
    chip = browser.find_element(By.CSS_SELECTOR, ".chips .chip")
    assert "plan is pro" in chip.text
    assert browser.find_element(By.CSS_SELECTOR, "tr.total td").text == "3"
    press(browser, Keys.ESCAPE)
    wait_for_address(browser, absent=["f.c0"])
    assert not browser.find_elements(By.CSS_SELECTOR, ".chips")


def test_other_and_totals_lead_to_their_subjects(console, browser):
    browser.get(console + "/insights?" + urllib.parse.urlencode({"s0": "Signed Up", "by": "org_id", "top": "1"}))
    row = browser.find_element(By.CSS_SELECTOR, "tr.total")
    doors = row.find_elements(By.CSS_SELECTOR, "a[href^='/door']")
    # Three organizations of four people each: the largest, those without one, and the others.
    assert [door.text for door in doors] == ["4", "1", "8"]
    doors[2].click()
    assert "8 subjects" in text(browser) and "Other" in text(browser)
    browser.find_element(By.CSS_SELECTOR, "form[action='/door'] button").click()
    WebDriverWait(browser, 10).until(lambda d: len(d.find_elements(By.CSS_SELECTOR, "table a[href^='/subjects/s_']")) == 8)


def test_a_funnel_switches_its_rates(console, browser):
    browser.get(console + "/funnels?" + urllib.parse.urlencode({"s0": "Signed Up", "s1": "First Call", "s2": "Upgraded"}))
    rates = lambda: [label.text for label in browser.find_elements(By.CSS_SELECTOR, "svg.wide text.big")]
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    assert rates() == ["100%", "46.2%", "23.1%"]
    assert "Median time to convert" in text(browser) and "Still open" in text(browser)
    browser.find_element(By.LINK_TEXT, "from previous step").click()
    wait_for_address(browser, "rates=previous")
    assert rates() == ["100%", "46.2%", "50.0%"]
    browser.find_element(By.LINK_TEXT, "what they do instead").click()
    wait_for_address(browser, "/flows?a=Signed%20Up")


def query_form(browser):
    return browser.find_element(By.CSS_SELECTOR, "form.query")


def test_a_funnel_takes_its_options_and_shows_its_views(console, browser):
    from selenium.webdriver.support.ui import Select

    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    browser.get(console + "/funnels?" + urllib.parse.urlencode({"s0": "Signed Up", "s1": "First Call", "s2": "Upgraded"}))
    rates = lambda: [label.text for label in browser.find_elements(By.CSS_SELECTOR, "svg.wide text.big")]
    choose = lambda name, words: Select(browser.find_element(By.NAME, name)).select_by_visible_text(words)
    run = lambda: press_in(query_form(browser), "Run")
    assert rates() == ["100%", "46.2%", "23.1%"]
    options = browser.find_element(By.CSS_SELECTOR, "form.query details.more")
    assert options.get_attribute("open") is None
    options.find_element(By.TAG_NAME, "summary").click()

    # Rules: entry, where later steps lie, how long from step to step, and in which order close ones come.
    choose("entry", "furthest, from its last entry")
    choose("within", "lie in the range too")
    browser.find_element(By.NAME, "hop").send_keys("2")
    browser.find_element(By.NAME, "grace").clear()
    browser.find_element(By.NAME, "grace").send_keys("1500")
    run()
    wait_for_address(browser, "entry=last_before_next", "within=range", "hop=2", "hopu=hour", "grace=1500")
    shown = text(browser)
    for words in ("entered by the last first step before its second", "later steps lie in the range too", "each step within 2 hours of the one before",
                  "steps within 1,500 ms of each other count in either order"):
        assert words in shown, words
    assert rates() == ["100%", "46.2%", "23.1%"]
    assert browser.find_element(By.CSS_SELECTOR, "form.query details.more").get_attribute("open") is not None

    # A grace and exclusions are refused together, in words; without the grace the three who go on by way of a first call are excluded.
    press_in(query_form(browser), "+ event that must not come between")
    wait_for_address(browser, "x0=")
    assert "Choose the event of exclusion 1." in text(browser)
    find_event(browser, browser.find_element(By.NAME, "x0"), "First Call")
    run()
    wait_for_address(browser, "x0=First%20Call")
    assert "does not go with exclusions" in text(browser)
    browser.find_element(By.NAME, "grace").clear()
    run()
    wait_for_address(browser, "x0=First%20Call", absent=["grace"])
    # The step itself may be the excluded event where it ends the stretch; between steps 1 and 3 it lies in the way.
    assert rates() == ["100%", "46.2%", "0%"]
    door = next(link for link in browser.find_elements(By.CSS_SELECTOR, "table a.figure") if "excluded" in urllib.parse.unquote(link.get_attribute("href")))
    assert door.text == "3"
    choose("x0.to", "step 2")
    run()
    wait_for_address(browser, "x0.to=2")
    assert rates() == ["100%", "46.2%", "23.1%"]
    choose("x0.to", "step 3")
    choose("excluded", "the subject leaves the funnel")
    run()
    wait_for_address(browser, "excluded=removed", absent=["x0.to"])
    assert rates() == ["100%", "30.0%", "0%"]
    browser.find_element(By.CSS_SELECTOR, "button[value='unexclude:0']").click()
    wait_for_address(browser, absent=["x0", "excluded"])

    # A property held: nobody's plan is the same before and after the upgrade. Then a breakdown by the value of a later step.
    browser.find_element(By.NAME, "hold").send_keys("plan")
    run()
    wait_for_address(browser, "hold=plan")
    # Who signed up without a plan takes no part.
    assert rates() == ["100%", "50.0%", "0%"] and len(browser.find_elements(By.NAME, "hold")) == 2
    browser.find_element(By.NAME, "hold").clear()
    browser.find_element(By.NAME, "by").send_keys("plan")
    run()
    wait_for_address(browser, "by=plan", absent=["hold"])
    choose("at", "at step 3")
    run()
    wait_for_address(browser, "at=3")
    assert [group.text for group in browser.find_elements(By.CSS_SELECTOR, "th[scope=rowgroup]")][:2] == ["Everything", "pro"]

    # The two other views, by their links and by the form.
    browser.find_element(By.LINK_TEXT, "over time").click()
    wait_for_address(browser, "view=trend")
    assert browser.find_elements(By.CSS_SELECTOR, "svg.wide .dot") and "they do not add up" in text(browser)
    row = next(row for row in browser.find_elements(By.CSS_SELECTOR, "table.wide tbody tr") if "13" in row.text)
    assert [cell.text for cell in row.find_elements(By.TAG_NAME, "td")][:4] == ["13", "6", "3", "23.1%"]
    point = browser.find_element(By.CSS_SELECTOR, "svg.wide a.door").get_dom_attribute("href")
    Select(browser.find_element(By.NAME, "unit")).select_by_visible_text("week")
    choose("view", "the time to convert")
    run()
    wait_for_address(browser, "view=time", absent=["unit"])
    assert browser.find_elements(By.CSS_SELECTOR, "svg.wide .bar.piece")
    figures = dict(zip([name.text for name in browser.find_elements(By.CSS_SELECTOR, "dl.figures dt")], [value.text for value in browser.find_elements(By.CSS_SELECTOR, "dl.figures dd")]))
    assert figures["Got there"] == "3" and figures["Median"].endswith("s") and "90th percentile" in figures
    assert "Time to convert by group" in text(browser)
    choose("tb", "step 2")
    run()
    wait_for_address(browser, "tb=2")
    assert browser.find_element(By.CSS_SELECTOR, "dl.figures dd").text == "6"
    browser.get(console + point)
    assert "3 subjects" in text(browser)


def test_a_node_of_a_flow_shows_its_menu(console, browser):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    browser.get(console + "/flows?" + urllib.parse.urlencode({"a": "Signed Up", "after": "2"}))
    node = next(n for n in browser.find_elements(By.CSS_SELECTOR, "svg a[data-menu-of]") if "First Call" in n.get_attribute("aria-label"))
    address = browser.current_url
    browser.execute_script("arguments[0].focus()", node)
    node.send_keys(Keys.ENTER)
    menu = WebDriverWait(browser, 5).until(lambda d: d.find_element(By.ID, "node-menu"))
    assert browser.current_url == address
    for item in ("Show 6 subjects", "Start here", "End here", "Hide this event", "Open as funnel", "Copy name"):
        assert item in menu.text, menu.text
    box = menu.rect
    assert box["x"] >= 0 and box["x"] + box["width"] <= 1280
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not browser.find_elements(By.ID, "node-menu") and browser.switch_to.active_element == node
    browser.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))", node)
    browser.find_element(By.ID, "node-menu").find_element(By.PARTIAL_LINK_TEXT, "Open as funnel").click()
    wait_for_address(browser, "/funnels?s0=Signed%20Up", "s1=First%20Call")
    assert "46.2%" in text(browser)


def test_the_figures_come_as_files_with_their_ledger_entry(console, sealane, browser):
    import requests

    cookies = {cookie["name"]: cookie["value"] for cookie in browser.get_cookies()}
    browser.get(console + "/funnels?" + urllib.parse.urlencode({"s0": "Signed Up", "s1": "First Call"}))
    for name, kind in (("CSV", "text/csv"), ("JSON", "application/json")):
        address = browser.find_element(By.LINK_TEXT, name).get_attribute("href")
        answer = requests.get(address.replace(console, sealane.api), cookies=cookies, timeout=30)
        assert answer.status_code == 200 and answer.headers["Content-Type"].startswith(kind)
        assert "attachment" in answer.headers["Content-Disposition"] and answer.headers["Sealane-Ledger-Entry"].isdigit()
        assert "First Call" in answer.text and "13" in answer.text


def test_the_waiting_line_turns_green_at_the_first_event(make_installation, browser):
    fresh = make_installation()
    # A name of its own: cookies know no ports.
    base = f"http://fresh.localhost:{fresh.console_port}"
    fresh.start("--origin", base)
    enrol(browser, base, fresh.made)
    WebDriverWait(browser, 15).until(lambda d: urllib.parse.urlparse(d.current_url).path == "/")
    assert "No event has arrived yet" in text(browser) and fresh.token in browser.page_source
    browser.get(base + "/settings")
    assert "Waiting for the first event" in text(browser)
    fresh.track({"event": "Hello", "properties": {"distinct_id": "first"}})
    WebDriverWait(browser, 15).until(lambda d: "The first event has arrived" in text(d))
    colour = browser.execute_script("return getComputedStyle(document.querySelector('.arrived')).color")
    assert colour == "rgb(30, 122, 69)", colour
    fresh.terminate()


def decide(browser, name, treatment, section="waiting"):
    """Clicks the one button that says what becomes of something."""
    form = browser.find_element(By.CSS_SELECTOR, f'#{section} form[aria-label="{name}"]')
    form.find_element(By.CSS_SELECTOR, f'button[value="{treatment}"]').click()
    WebDriverWait(browser, 10).until(lambda d: "is in force for what arrives from now on" in text(d))


def test_the_plan_page_shows_what_was_found_and_one_click_decides(console, sealane, browser):
    client = mixpanel.Mixpanel(sealane.token, mixpanel.Consumer(events_url=sealane.intake + "/track"))
    for n in range(3):
        client.track(f"planner-{n}", "Ticket Opened", {"reply_to": f"person{n}@leakproof.example", "topic": f"topic-{n}", "answered_at": "2026-11-28T13:14:15Z"})
    browser.get(f"{console}/plan")
    row = browser.find_element(By.XPATH, '//tr[.//a[contains(@href,"name=Ticket%20Opened")]]').text
    assert "email" in row and "3" in row and "leakproof" not in text(browser)
    browser.get(f"{console}/plan/event?name=Ticket%20Opened")
    shown = text(browser)
    assert "3 events in the last 7 days" in shown and "topic-1" not in shown and "leakproof" not in shown, "nobody said keep yet"
    decide(browser, "topic", "keep", "properties")
    assert "topic-1" in text(browser)
    decide(browser, "answered_at", "hour", "properties")
    pressed = browser.find_element(By.CSS_SELECTOR, '#properties form[aria-label="answered_at"] [aria-pressed=true]').text
    assert pressed == "to hour"
    client.track("planner-9", "Ticket Opened", {"answered_at": "2026-11-28T13:14:15Z"})
    (event,) = [e for e in sealane.export(event='["Ticket Opened"]') if "topic" not in e["properties"]]
    assert event["properties"]["answered_at"] == "2026-11-28T13:00:00Z"
    assert "topic: {" in sealane.command("plan", "show", "--data", sealane.data)


def test_what_is_held_waits_on_the_plan_page(console, sealane, browser):
    browser.get(f"{console}/plan/edit")
    area = browser.find_element(By.ID, "source")
    area.clear()
    area.send_keys("plan: 1\nunknown: maybe\n")
    browser.find_element(By.CSS_SELECTOR, "button[value=set]").click()
    WebDriverWait(browser, 10).until(lambda d: "1 mistake" in text(d) and "line 2, unknown" in text(d))
    area = browser.find_element(By.ID, "source")
    area.clear()
    area.send_keys("plan: 1\nunknown: {events: quarantine, properties: accept}\nevents:\n  Signed Up:\n")
    browser.find_element(By.CSS_SELECTOR, "button[value=set]").click()
    WebDriverWait(browser, 10).until(lambda d: "is in force for what arrives from now on" in text(d))
    client = mixpanel.Mixpanel(sealane.token, mixpanel.Consumer(events_url=sealane.intake + "/track"))
    for name in ("Held One", "Held Two"):
        client.track("planner-1", name, {"plan": "pro"})
    assert sealane.export(event='["Held One","Held Two"]') == []
    browser.get(f"{console}/plan")
    assert "held: 1 event in no answer" in text(browser)
    decide(browser, "Held One", "keep")
    decide(browser, "Held Two", "drop")
    assert "held:" not in text(browser)
    assert [event["event"] for event in sealane.export(event='["Held One","Held Two"]')] == ["Held One"]
    entries = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", "1000", "--json"))["entries"]
    versions = [entry["facts"]["version"] for entry in entries if entry["kind"] == "tracking_plan_changed"]
    assert versions == [str(n) for n in range(1, len(versions) + 1)] and len(versions) >= 5
