"""Somebody of the staff before headless Chromium, with a virtual authenticator."""

import json

from desk import WebDriverWait
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By

AUTHENTICATOR = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}

# In the page: what goes over the wire to `/…/finish` is kept, and where `held` is set it does not go.
TAP = """
    const send = window.fetch.bind(window);
    window.fetch = (path, options) => {
      if (!String(path).endsWith('/finish')) return send(path, options);
      sessionStorage.setItem('sent', options.body);
      return arguments[0] ? Promise.reject(new Error('Held by the test.')) : send(path, options);
    };"""

# As the page's own script asks: from its origin, with a proof of its session where there is one. A string is sent as it is.
ASK = """
    const [path, body, say] = arguments;
    (async () => {
      const proof = await window.sealaneSession?.headers('POST', path);
      const answer = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json', ...proof }, body });
      say([answer.status, await answer.json()]);
    })().catch(error => say([0, { error: String(error) }]));"""

# An assertion for a relying party and a challenge of one's choice, or the name of the browser's refusal.
GET = """
    const [rpId, challenge, say] = arguments;
    const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0));
    const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, '');
    navigator.credentials.get({ publicKey: { rpId, challenge: bytes(challenge), userVerification: 'required', timeout: 5000 } }).then(made => say({
      id: text(made.rawId), clientDataJSON: text(made.response.clientDataJSON), authenticatorData: text(made.response.authenticatorData),
      signature: text(made.response.signature), userHandle: text(made.response.userHandle) }), error => say(error.name));"""


class Seat:
    """A browser with an authenticator."""

    def __init__(self, driver, base):
        self.driver, self.base = driver, base
        driver.execute_cdp_cmd("WebAuthn.enable", {})
        self.authenticator = driver.execute_cdp_cmd("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})["authenticatorId"]

    def open(self, path):
        self.driver.get(self.base + path)

    @property
    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def until(self, *words, seconds=15):
        def shown(_):
            try:
                return all(word in self.text for word in words)
            except WebDriverException:
                return False  # between two pages

        try:
            WebDriverWait(self.driver, seconds).until(shown)
        except Exception:
            raise AssertionError(f"{words} not on the page {self.driver.current_url}:\n{self.text}") from None

    def press(self, selector):
        WebDriverWait(self.driver, 10).until(lambda d: d.find_element(By.CSS_SELECTOR, selector).is_displayed())
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def enrol(self, link, name=None):
        self.driver.get(link)
        if name:
            self.driver.find_element(By.NAME, "name").send_keys(name)
        self.press("#enrol button")

    def cookies(self):
        return {cookie["name"]: cookie["value"] for cookie in self.driver.execute_cdp_cmd("Network.getAllCookies", {})["cookies"]}


class TappedSeat(Seat):
    """A seat where what goes over the wire can be kept and sent again, and the passkeys in the authenticator changed."""

    def cdp(self, command, **options):
        return self.driver.execute_cdp_cmd(f"WebAuthn.{command}", {"authenticatorId": self.authenticator, **options})

    @property
    def passkeys(self):
        return self.cdp("getCredentials")["credentials"]

    def hold(self, *passkeys):
        """From now on the authenticator has these and no others."""
        for passkey in self.passkeys:
            self.cdp("removeCredential", credentialId=passkey["credentialId"])
        for passkey in passkeys:
            self.cdp("addCredential", credential=passkey)

    def sit(self, path="/sign-in"):
        """Before the page, with nobody signed in."""
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.open(path)
        self.until("Sign in with a passkey")
        return self

    def tap(self, held=False):
        self.driver.execute_script(TAP, held)

    @property
    def sent(self):
        return self.driver.execute_script("return sessionStorage.getItem('sent')")

    def ask(self, path, body):
        return self.driver.execute_async_script(ASK, path, body if isinstance(body, str) else json.dumps(body))

    def finish(self, ceremony, credential):
        """Signs in with this answer, over the wire."""
        return self.ask("/sign-in/finish", {"ceremony": ceremony, "credential": credential, "key": json.loads(self.a_sent)["key"]})

    def get(self, party, challenge):
        return self.driver.execute_async_script(GET, party, challenge)

    def question(self):
        return self.ask("/sign-in/begin", {})[1]["ceremony"]

    def invite(self, name):
        """The link for somebody new, by whoever is signed in."""
        self.open("/staff")
        self.until("Invite")
        form = self.driver.find_element(By.CSS_SELECTOR, "form[action='/staff']")
        form.find_element(By.NAME, "name").send_keys(name)
        form.find_element(By.CSS_SELECTOR, "[name=role][value=viewer]").click()
        form.find_element(By.CSS_SELECTOR, "button").click()
        self.until("This link is shown once")
        return self.driver.find_element(By.ID, "link").text

    def refused(self, sentence):
        """The page's own sign-in is refused with this sentence, and nobody is signed in."""
        self.press("#sign-in button")
        self.until(sentence)
        assert "__Host-session" not in self.cookies()

    def signs_in(self):
        self.sit().press("#sign-in button")
        self.until("Home", "Ada Browser")
        assert "__Host-session" in self.cookies()
