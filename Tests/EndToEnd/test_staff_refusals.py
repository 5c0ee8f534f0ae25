"""What the console refuses of passkeys, in headless Chromium with virtual authenticators: each is refused for its reason, and the same done right signs in.

The console stands behind a proxy, so that one test can let it lose the headers that keep it out of frames. Its name has a name above it that a
browser lets it speak for, so that an answer for the wrong relying party can be had at the right origin.
"""

import base64
import json
import os
import shutil
import tempfile
import urllib.parse
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from desk import start_browser
from installation import Installation, free_port
from relay import outer_page, proxy, serving
from seat import TappedSeat
from selenium.webdriver.common.by import By

HOST = "desk.console.localhost"


@pytest.fixture(scope="module")
def place():
    root = Path(tempfile.mkdtemp(prefix="sealane-e2e-"))
    sealane = Installation(root)
    front = free_port()
    driver = start_browser()
    driver.set_script_timeout(30)
    try:
        with serving(proxy(sealane.console_port), front), serving(outer_page()) as outside:
            sealane.start("--origin", f"http://{HOST}:{front}")
            seat = TappedSeat(driver, f"http://{HOST}:{front}")
            seat.enrol(f"{seat.base}/setup#{urllib.parse.urlparse(sealane.made['setup_url']).fragment}", "Ada Browser")
            seat.until("Home", "Ada Browser")
            sealane.outside, sealane.front = f"http://outer.localhost:{outside}", front
            # A body as the page sends it: its key of the session is good again and again.
            seat.sit().tap(held=True)
            seat.press("#sign-in button")
            seat.until("Held by the test.")
            seat.a_sent = seat.sent
            yield seat, sealane
    finally:
        driver.quit()
        sealane.close()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def seat(place):
    """With Ada's passkey in the authenticator before and after, and able to sign in after whatever was refused."""
    seat, _ = place
    mine = [passkey for passkey in seat.passkeys if passkey["rpId"] == HOST]
    assert len(mine) == 1
    seat.sit()
    yield seat
    now = [passkey for passkey in seat.passkeys if passkey["credentialId"] == mine[0]["credentialId"] and passkey["rpId"] == HOST]
    seat.hold({**mine[0], "signCount": max([mine[0]["signCount"], *(passkey["signCount"] for passkey in now)]) + 5})
    seat.signs_in()


@pytest.fixture
def sealane(place):
    return place[1]


def test_another_site_does_not_get_an_answer_for_this_one(seat, sealane):
    challenge = seat.question()
    for site in (sealane.outside, sealane.outside.replace("outer.localhost", "127.0.0.1"), f"http://fake.localhost:{sealane.front}/sign-in"):
        seat.driver.get(site)
        assert seat.get(HOST, challenge) == "SecurityError", site
    # The same call at the console's own page is answered, and its answer signs in.
    seat.sit()
    challenge = seat.question()
    status, answer = seat.finish(challenge, seat.get(HOST, challenge))
    assert (status, answer) == (200, {"next": "/"})


def test_an_answer_that_was_made_at_another_site_is_refused(seat, sealane):
    """With the very key of Ada's passkey, as if it were registered at both: only the site tells them apart."""
    ada = seat.passkeys[0]
    for site in ("outer.localhost", "sub." + HOST):
        # Of a name of its own; and of the console's, which a browser lets a name below it speak for.
        for party in {site, HOST} if site.endswith(HOST) else {site}:
            seat.hold({**ada, "rpId": party, "signCount": 1_000})
            challenge = seat.sit().question()
            seat.driver.get(sealane.outside.replace("outer.localhost", site))
            made = seat.get(party, challenge)
            assert isinstance(made, dict), f"{party} at {site}: {made}"
            status, answer = seat.sit().finish(challenge, made)
            assert (status, answer["code"]) == (403, "wrong_origin"), f"{party} at {site}: {answer}"
            assert "used on another site" in answer["error"]
    # At the right origin, for the relying party above it.
    seat.hold({**ada, "rpId": "console.localhost", "signCount": 1_000})
    challenge = seat.sit().question()
    made = seat.get("console.localhost", challenge)
    assert isinstance(made, dict), made
    status, answer = seat.finish(challenge, made)
    assert (status, answer["code"]) == (403, "wrong_relying_party") and "__Host-session" not in seat.cookies()


def test_an_answer_counts_once_and_for_its_own_question(seat):
    seat.tap()
    seat.press("#sign-in button")
    seat.until("Home", "Ada Browser")
    replayed = seat.sent
    # From the session that it began, and from a browser that is signed in nowhere.
    for again in (False, True):
        if again:
            seat.sit()
        status, answer = seat.ask("/sign-in/finish", replayed)
        assert status == 400 and answer["code"] == "invalid" and "This question is over" in answer["error"], answer
    assert "__Host-session" not in seat.cookies()
    # Under the question that somebody else was asked; and that one is used up by it.
    other = seat.question()
    body = json.loads(replayed)
    status, answer = seat.finish(other, body["credential"])
    assert (status, answer["code"]) == (403, "wrong_challenge") and "an older question" in answer["error"]
    assert seat.finish(other, seat.get(HOST, other))[0] == 400


def test_an_answer_to_the_question_of_another_session_is_refused(seat):
    """What Bea's session was asked and her passkey answered, sent from Ada's."""
    def account():
        seat.open("/account")
        seat.until("You have one passkey")

    def confirm():
        account()
        seat.tap(held=True)
        seat.press("[data-then=add-passkey] button")
        seat.until("Held by the test.")
        return seat.sent

    seat.signs_in()
    link = seat.invite("Bea Browser")
    (ada,) = seat.passkeys
    seat.hold()
    seat.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    seat.enrol(link)
    seat.until("Home", "Bea Browser")
    beas = confirm()
    seat.hold({**ada, "signCount": ada["signCount"] + 1})
    seat.signs_in()
    account()
    status, answer = seat.ask("/confirm/finish", beas)
    assert status == 400 and "This question is over" in answer["error"] and "ticket" not in answer, answer
    # What Ada's own session was asked gives her a ticket, once.
    mine = confirm()
    account()
    status, answer = seat.ask("/confirm/finish", mine)
    assert status == 200 and answer["ticket"], answer
    status, answer = seat.ask("/confirm/finish", mine)
    assert status == 400 and "This question is over" in answer["error"]


def test_a_passkey_that_was_never_registered_is_refused(seat):
    """It says that it is Ada's: her user handle, this relying party, a key of its own."""
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    ada = seat.passkeys[0]
    stranger = {
        **ada, "credentialId": base64.b64encode(os.urandom(32)).decode(), "privateKey": base64.b64encode(key).decode(), "signCount": 1_000}
    seat.hold(stranger)
    seat.tap()
    seat.refused("This passkey is not one that may be used here.")
    assert json.loads(seat.sent)["credential"]["userHandle"], "the browser answered with it"
    # Nor does Ada's id help whoever has not her key.
    seat.hold({**stranger, "credentialId": ada["credentialId"]})
    seat.sit().refused("signature")


def test_a_copy_of_a_passkey_is_refused_by_its_counter_and_an_alert_names_the_person(seat, sealane):
    def alerts():
        _, answer = sealane.control("GET", "/api/v1/alerts?limit=1000")
        return [alert for alert in answer["alerts"] if alert["kind"] == "cloned_passkey"]

    (ada,) = [member["id"] for member in sealane.control("GET", "/api/v1/staff")[1]["staff"] if member["name"] == "Ada Browser"]
    assert alerts() == []
    copy = seat.passkeys[0]
    seat.signs_in()
    (real,) = seat.passkeys
    assert real["signCount"] > copy["signCount"]
    seat.hold(copy)
    seat.sit().refused("there may be a copy")
    assert seat.passkeys[0]["signCount"] == real["signCount"], "the copy counted as the passkey did"
    (alert,) = alerts()
    assert (alert["about"]["kind"], alert["about"]["id"]) == ("staff", ada)
    # The passkey itself, whose counter is ahead, still signs in, and its owner reads of it.
    seat.hold({**real, "signCount": real["signCount"] + 1})
    seat.signs_in()
    seat.open(f"/alerts/{alert['id']}")
    seat.until("What was found", f"staff {ada}")


def framed(seat, sealane, address, mean=False):
    seat.driver.get("about:blank")
    seat.driver.get_log("browser")
    seat.driver.get(f"{sealane.outside}/?{address}{'&mean' if mean else ''}")
    seat.driver.switch_to.frame(seat.driver.find_element(By.TAG_NAME, "iframe"))


def test_no_page_of_another_site_shows_the_console_in_a_frame(seat, sealane):
    for path in ("/sign-in", "/setup", "/join", "/", "/account"):
        framed(seat, sealane, seat.base + path)
        assert seat.driver.execute_script("return location.href").startswith("chrome-error:"), path
        assert "passkey" not in seat.text
        seat.driver.switch_to.default_content()
        said = " ".join(entry["message"] for entry in seat.driver.get_log("browser"))
        assert "frame-ancestors 'none'" in said, said
    # It is the headers that keep it out: without them it is shown, so that there was something to see.
    framed(seat, sealane, f"{seat.base}/sign-in?stripped")
    seat.until("Sign in with a passkey")
    seat.driver.switch_to.default_content()


def test_in_a_frame_of_another_site_no_passkey_signs_in(seat, sealane):
    """Were the headers lost on the way."""
    page = f"{seat.base}/sign-in?stripped"
    # The outer page must let a frame ask at all, says the browser.
    framed(seat, sealane, page, mean=True)
    seat.until("Sign in with a passkey")
    seat.refused("The passkey was not used")
    seat.driver.switch_to.default_content()
    # It does: the browser answers, and says where it was asked.
    framed(seat, sealane, page)
    seat.until("Sign in with a passkey")
    seat.tap()
    seat.refused("This passkey was used inside a frame of another site.")
    said = json.loads(base64.urlsafe_b64decode(json.loads(seat.sent)["credential"]["clientDataJSON"] + "=="))
    assert said["crossOrigin"] is True and said["origin"] == seat.base
    seat.driver.switch_to.default_content()
    # The same page in no frame signs in.
    seat.sit("/sign-in?stripped").press("#sign-in button")
    seat.until("Home", "Ada Browser")
