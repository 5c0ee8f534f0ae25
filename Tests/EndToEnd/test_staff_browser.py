"""People of the staff before headless Chromium with virtual authenticators: coming, signing in and out, rows, a second passkey, the bad moment."""

import urllib.parse

import pytest
import requests
from desk import WebDriverWait, start_browser
from seat import AUTHENTICATOR, Seat
from selenium.webdriver.common.by import By

EVENT = "Browser Staff Probe"


@pytest.fixture(scope="module")
def seat(sealane):
    sealane.track(*[{"event": EVENT, "properties": {"distinct_id": f"browser-staff-{n}", "plan": "pro"}} for n in range(12)])
    driver = start_browser()
    seat = Seat(driver, f"http://localhost:{sealane.console_port}")
    seat.enrol(f"{seat.base}/setup#{urllib.parse.urlparse(sealane.made['setup_url']).fragment}", "Ada Browser")
    seat.until("Home", "Ada Browser")
    yield seat
    driver.quit()


def subject(sealane):
    answer = requests.get(sealane.api + "/api/v1/subjects", params={"project_id": sealane.project_id}, auth=sealane.account, timeout=10)
    return answer.json()["subjects"][0]["subject"]


def test_rows_open_by_a_click_and_by_an_address_that_is_typed(seat, sealane):
    name = subject(sealane)
    seat.open(f"/subjects/{name}")
    seat.until(EVENT)
    seat.open("/")
    seat.driver.find_element(By.LINK_TEXT, "Live").click()
    seat.until(EVENT)
    seat.driver.find_element(By.LINK_TEXT, "Subjects").click()
    seat.until("Latest activity")
    seat.driver.find_element(By.CSS_SELECTOR, "td a.id, th a.id").click()
    seat.until(EVENT, "Ledger entry")
    # The search of every page sends a form.
    seat.driver.find_element(By.ID, "search").send_keys(name[:8] + "\n")
    seat.until("begin with" if len(name) > 8 else EVENT)


def test_the_live_view_goes_on_with_a_proof_for_each_look(seat, sealane):
    seat.open("/live")
    seat.until(EVENT)
    sealane.track({"event": "Just Now", "properties": {"distinct_id": "browser-staff-1"}})
    seat.until("Just Now")
    # A second one, so that a single proof would not do.
    sealane.track({"event": "And Again", "properties": {"distinct_id": "browser-staff-1"}})
    seat.until("And Again")


def test_a_copied_cookie_is_of_no_use_for_rows(seat, sealane):
    name = subject(sealane)
    seat.open("/")
    stolen = {key: value for key, value in seat.cookies().items() if key == "__Host-session"}
    assert requests.get(f"{seat.base}/cohorts", cookies=stolen, timeout=10).status_code == 200
    for path in (f"/subjects/{name}", "/live", "/account", "/staff"):
        answer = requests.get(seat.base + path, cookies=stolen, timeout=10)
        assert answer.status_code == 401 and name not in answer.text and EVENT not in answer.text, path
    # The key itself cannot be read out by a script of the page.
    seat.driver.set_script_timeout(10)
    message = seat.driver.execute_async_script("""
        const say = arguments[0], opening = indexedDB.open('sealane', 1);
        opening.onsuccess = () => {
          const asked = opening.result.transaction('keys').objectStore('keys').get('session');
          asked.onsuccess = () => crypto.subtle.exportKey('jwk', asked.result.privateKey).then(() => say('exported'), error => say(error.name));
        };""")
    assert message == "InvalidAccessError"


def test_the_next_cookie_comes_by_itself(seat):
    seat.open("/")
    before = seat.cookies()["__Host-session"]
    assert seat.driver.execute_async_script("window.sealaneSession.renew().then(arguments[0])") is True
    assert seat.cookies()["__Host-session"] != before
    # A page that is opened after the cookie's end asks for the next one and comes back.
    seat.driver.execute_cdp_cmd("Network.deleteCookies", {"name": "__Host-session", "url": seat.base})
    seat.open("/cohorts")
    seat.until("Cohorts", "Ada Browser")


def test_signing_out_and_in(seat):
    seat.open("/")
    seat.driver.find_element(By.XPATH, "//button[text()='Sign out']").click()
    seat.until("You are signed out")
    seat.open("/")
    seat.until("Sign in with a passkey")
    seat.press("#sign-in button")
    seat.until("Home", "Ada Browser")
    seat.open("/account")
    seat.until("Sessions", "Chrome on Linux")


def test_without_verification_of_its_user_a_passkey_does_not_answer(seat):
    seat.open("/sign-in")
    seat.driver.execute_cdp_cmd("WebAuthn.setUserVerified", {"authenticatorId": seat.authenticator, "isUserVerified": False})
    try:
        seat.press("#sign-in button")
        seat.until("The passkey was not used", seconds=70)
    finally:
        seat.driver.execute_cdp_cmd("WebAuthn.setUserVerified", {"authenticatorId": seat.authenticator, "isUserVerified": True})


def test_at_another_address_of_the_same_server_nobody_signs_in(seat, sealane):
    """A proxy that phishes: the same pages under a name of its own."""
    for host in ("fake.localhost", "127.0.0.1"):
        seat.driver.get(f"http://{host}:{sealane.console_port}/sign-in")
        seat.until("Sign in with a passkey")
        seat.press("#sign-in button")
        seat.until("console's own pages")
        assert "Home" not in seat.text
    frame = requests.get(f"{seat.base}/sign-in", timeout=10)
    assert frame.headers["X-Frame-Options"] == "DENY" and "frame-ancestors 'none'" in frame.headers["Content-Security-Policy"]


def test_a_second_passkey_takes_the_first(seat):
    seat.open("/account")
    seat.until("You have one passkey")
    # An authenticator that has a passkey of this site refuses to make another.
    seat.press("[data-then=add-passkey] button")
    seat.until("This authenticator has a passkey for this site already")
    # The first one answers; before the new one is made, another authenticator is there in its place.
    seat.open("/account")
    seat.driver.execute_script("""
        const create = navigator.credentials.create.bind(navigator.credentials);
        navigator.credentials.create = async options => {
          window.isAsked = true;
          while (!window.isThere) await new Promise(resolve => setTimeout(resolve, 50));
          return create(options);
        };""")
    seat.press("[data-then=add-passkey] button")
    WebDriverWait(seat.driver, 15).until(lambda d: d.execute_script("return window.isAsked"))
    seat.driver.execute_cdp_cmd("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": seat.authenticator})
    seat.authenticator = seat.driver.execute_cdp_cmd("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})["authenticatorId"]
    seat.driver.execute_script("window.isThere = true")
    WebDriverWait(seat.driver, 15).until(lambda d: len(d.find_elements(By.CSS_SELECTOR, "#passkeys tbody tr")) == 2)
    assert "You have one passkey" not in seat.text


def test_i_was_phished(seat):
    seat.open("/account")
    seat.press("#phished button")
    seat.until("Your access is cut off")
    seat.open("/")
    seat.until("Sign in with a passkey")
    seat.press("#sign-in button")
    seat.until("may not sign in")
