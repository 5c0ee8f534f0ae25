"""The custodian's pages in headless Chromium, and people who sit down before them with passkeys of their own (virtual authenticators)."""

import base64
import functools
import hashlib
import json
import os
import re

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support import ui

# Between two pages an element is stale, or the browser does not find its document.
WebDriverWait = functools.partial(ui.WebDriverWait, ignored_exceptions=[WebDriverException])


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))


class Desk:
    """One browser at which people sit down in turn, each with an authenticator of their own."""

    def __init__(self, driver, origin: str):
        self.driver, self.origin = driver, origin
        self.credentials: dict[str, list[dict]] = {}
        self.present, self.authenticator = None, None
        driver.execute_cdp_cmd("WebAuthn.enable", {})

    def sit_down(self, name: str):
        if self.authenticator:
            made = self.driver.execute_cdp_cmd("WebAuthn.getCredentials", {"authenticatorId": self.authenticator})
            self.credentials[self.present] = made["credentials"]
            self.driver.execute_cdp_cmd("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.authenticator})
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
        self.authenticator = self.driver.execute_cdp_cmd("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
        for credential in self.credentials.get(name, []):
            self.driver.execute_cdp_cmd("WebAuthn.addCredential", {"authenticatorId": self.authenticator, "credential": credential})
        self.present = name

    def verify(self, verified: bool):
        self.driver.execute_cdp_cmd("WebAuthn.setUserVerified", {"authenticatorId": self.authenticator, "isUserVerified": verified})

    def open(self, path: str):
        self.driver.get(self.origin + path)

    @property
    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    @property
    def state(self) -> str:
        return self.driver.find_element(By.ID, "state").text

    def has_state(self, words: str) -> bool:
        try:
            return words in self.state
        except WebDriverException:
            return False  # between two pages

    def until(self, *words: str, seconds: float = 20):
        def shown(_):
            try:
                return all(word in self.text for word in words)
            except WebDriverException:
                return False  # between two pages

        try:
            WebDriverWait(self.driver, seconds).until(shown)
        except Exception:
            raise AssertionError(f"{words} not on the page:\n{self.text}") from None

    def press(self, form: str, action: str = "button"):
        self.driver.find_element(By.CSS_SELECTOR, f"form#{form} {action}").click()

    def enrol(self, name: str, link: str):
        self.sit_down(name)
        self.driver.get("about:blank")
        self.driver.get(link)
        self.driver.find_element(By.NAME, "name").send_keys(name)
        self.press("enrol")
        self.until("Waiting for your decision", name)

    def sign_in(self, name: str):
        self.sit_down(name)
        self.open("/")
        self.press("sign-in")
        self.until("Waiting for your decision", name)

    def forged(self, name: str, challenge: str, **changes) -> dict:
        """An assertion made with this person's private key outside the browser, as malware that stole it could."""
        credential = dict(self.credentials[name][0])
        key = serialization.load_der_private_key(base64.b64decode(credential["privateKey"]), None)
        client = {"type": "webauthn.get", "challenge": challenge, "origin": self.origin, "crossOrigin": False, **changes.get("client", {})}
        client_data = json.dumps(client, separators=(",", ":")).encode()
        party = changes.get("rp", "custodian.localhost").encode()
        counter = changes.get("counter", credential["signCount"] + 100)
        data = hashlib.sha256(party).digest() + bytes([changes.get("flags", 5)]) + counter.to_bytes(4, "big")
        message = data + hashlib.sha256(client_data).digest()
        signature = key.sign(message, ec.ECDSA(hashes.SHA256())) if isinstance(key, ec.EllipticCurvePrivateKey) else key.sign(message)
        return {
            "id": encode(base64.b64decode(credential["credentialId"])), "clientDataJSON": encode(client_data), "authenticatorData": encode(data),
            "signature": encode(signature), "userHandle": encode(base64.b64decode(credential["userHandle"])),
        }


def start_browser():
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,1400"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def enrol_three(sealane, desk):
    links = sealane.made["custodian_setup_urls"]
    assert len(links) == 3 and all(link.startswith(sealane.custodian_origin + "/enrol#sla_") for link in links)
    for name, link in zip(("Ada", "Bea", "Cleo"), links):
        desk.enrol(name, link)
    return links


def ask(desk, subjects, purpose, others=""):
    desk.open("/requests/new")
    desk.driver.find_element(By.NAME, "subjects").send_keys("\n".join(subjects))
    for field in ("$id", "$email", "$name"):
        desk.driver.find_element(By.CSS_SELECTOR, f'input[name=field][value="{field}"]').click()
    desk.driver.find_element(By.NAME, "others").send_keys(others)
    desk.driver.find_element(By.NAME, "purpose").send_keys(purpose)
    desk.press("new", "button.primary")
    desk.until("Sign this request")
    desk.press("sign")
    desk.until("0 of 2 approvals", "two others must approve it")
    return re.search(r"/requests/([0-9a-f]{64})", desk.driver.current_url)[1]


def look(desk, name):
    """Kept as pictures where SEALANE_PICTURES says so; wide and narrow, light and dark."""
    folder = os.environ.get("SEALANE_PICTURES")
    for scheme in ("light", "dark"):
        desk.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        for width in (360, 1280):
            desk.driver.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride", {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False})
            overflow = desk.driver.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, f"{name} is {overflow} px wider than {width} px"
            if folder:
                desk.driver.save_screenshot(f"{folder}/{name}-{scheme}-{width}.png")
    desk.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
