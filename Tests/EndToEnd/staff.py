"""People of the staff in software: a passkey (ES256) and a browser's key for the session, so that a test can ask as a person would, or as a thief."""

import base64
import hashlib
import json
import os
import re
import sqlite3
import time
import urllib.parse

import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def cbor(value) -> bytes:
    """As much of RFC 8949 as a registration holds."""
    def head(major, number):
        if number < 24:
            return bytes([major << 5 | number])
        return bytes([major << 5 | 24, number]) if number < 256 else bytes([major << 5 | 25]) + number.to_bytes(2, "big")

    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    return head(5, len(value)) + b"".join(cbor(key) + cbor(item) for key, item in value.items())


def point(key) -> tuple[bytes, bytes]:
    numbers = key.public_key().public_numbers()
    return numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")


class Passkey:
    def __init__(self):
        self.key, self.id, self.handle, self.counter = ec.generate_private_key(ec.SECP256R1()), os.urandom(32), None, 0

    def client_data(self, kind: str, challenge: str, origin: str, **changes) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False, **changes}, separators=(",", ":")).encode()

    def data(self, party: str, flags: int, rest: bytes = b"") -> bytes:
        return hashlib.sha256(party.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big") + rest

    def register(self, options: dict, origin: str) -> dict:
        self.handle = options["user"]["id"]
        x, y = point(self.key)
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        return {
            "id": encode(self.id), "clientDataJSON": encode(self.client_data("webauthn.create", options["challenge"], origin)),
            "attestationObject": encode(cbor({"fmt": "none", "attStmt": {}, "authData": self.data(options["rp"]["id"], 0x45, attested)})),
        }

    def answer(self, options: dict, at: str, flags: int = 5, party: str = None, counter: int = None, **changes) -> dict:
        """`changes`: members of the client data that a bad browser would send."""
        self.counter = counter if counter is not None else self.counter
        client = self.client_data(changes.pop("type", "webauthn.get"), options["challenge"], changes.pop("origin", at), **changes)
        data = self.data(party or options["rpId"], flags)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return {
            "id": encode(self.id), "clientDataJSON": encode(client), "authenticatorData": encode(data), "signature": encode(signature),
            "userHandle": self.handle,
        }


class Person:
    """Somebody before one browser. `get` and `post` carry a proof unless told otherwise."""

    def __init__(self, sealane):
        self.origin = f"http://localhost:{sealane.console_port}"
        self.passkey = Passkey()
        self.leave()

    def leave(self):
        """Another browser: no cookie, and another key."""
        self.browser = requests.Session()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.nonce = None
        return self

    # Signing in

    def ask(self, path: str, body: dict, **options) -> requests.Response:
        headers = {"Origin": self.origin, **options.pop("headers", {})}
        if options.pop("proof", False):
            headers["DPoP"] = self.proof("POST", path)
        return self.browser.post(self.origin + path, json=body, headers=headers, cookies=self.cookies, timeout=30, **options)

    @property
    def cookies(self) -> dict:
        # requests keeps Secure cookies back from http, which browsers do not on localhost.
        return {cookie.name: cookie.value for cookie in self.browser.cookies}

    @property
    def public(self) -> dict:
        x, y = point(self.key)
        return {"x": encode(x), "y": encode(y)}

    def enrol(self, link: str, name: str = "Ada"):
        begun = self.ask("/enrol/begin", {"link": link, "name": name})
        assert begun.status_code == 200, begun.text
        made = self.passkey.register(begun.json()["create"], self.origin)
        done = self.ask("/enrol/finish", {"ceremony": begun.json()["ceremony"], "credential": made, "key": self.public})
        assert done.status_code == 200 and done.json()["next"] == "/", done.text
        return self

    def begin(self) -> dict:
        return self.ask("/sign-in/begin", {}).json()

    def finish(self, begun: dict, credential: dict) -> requests.Response:
        return self.ask("/sign-in/finish", {"ceremony": begun["ceremony"], "credential": credential, "key": self.public})

    def sign_in(self, **changes) -> requests.Response:
        begun = self.begin()
        return self.finish(begun, self.passkey.answer(begun["get"], self.origin, **changes))

    # Proofs

    def proof(self, method: str, path: str, **changes) -> str:
        if self.nonce is None:
            self.nonce = self.renew_once().headers["DPoP-Nonce"]
        return self.signed(method, path, nonce=self.nonce, **changes)

    def signed(self, method: str, path: str, **claims) -> str:
        head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": {"kty": "EC", "crv": "P-256", **self.public}, **claims.pop("head", {})}
        body = {
            "jti": encode(os.urandom(16)), "htm": method, "htu": self.origin + urllib.parse.urlsplit(path).path, "iat": int(time.time()), **claims}
        text = f"{encode(json.dumps(head).encode())}.{encode(json.dumps(body).encode())}"
        r, s = decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def renew_once(self) -> requests.Response:
        return self.browser.post(
            self.origin + "/session/renew", headers={"DPoP": self.signed("POST", "/session/renew", nonce=self.nonce)}, cookies=self.cookies, timeout=30)

    def renew(self) -> requests.Response:
        """The next cookie, as the page's script asks for it."""
        answer = self.renew_once()
        self.nonce = answer.headers["DPoP-Nonce"]
        return self.renew_once() if answer.headers.get("X-Try-Again") else answer

    # Pages

    def get(self, path: str, proof=True, **options) -> requests.Response:
        return self._page("GET", path, proof, **options)

    def post(self, path: str, fields: dict, proof=True, **options) -> requests.Response:
        return self._page("POST", path, proof, data=fields if "form-token" in fields else {"form-token": self.form_token, **fields}, **options)

    def _page(self, method: str, path: str, proof, **options) -> requests.Response:
        options.setdefault("timeout", 30)
        headers = {"Accept": "text/html", **options.pop("headers", {})}
        for _ in range(2):
            if proof:
                headers["DPoP"] = self.proof(method, path) if proof is True else proof
            answer = self.browser.request(
                method, self.origin + path, headers=headers, cookies=self.cookies, allow_redirects=False, **options)
            if answer.status_code != 401 or proof is not True:
                break
            # As the page's script does: with the nonce of now, and the next cookie.
            self.renew()
        return answer

    @property
    def form_token(self) -> str:
        return re.search(r'name="form-token" value="([^"]+)"', self.get("/cohorts").text)[1]

    def confirmed(self, act: str, **about) -> str:
        """A ticket: the passkey has answered once more."""
        begun = self.ask("/confirm/begin", {"act": act, **about}, proof=True)
        assert begun.status_code == 200, begun.text
        done = self.ask(
            "/confirm/finish", {"ceremony": begun.json()["ceremony"], "credential": self.passkey.answer(begun.json()["get"], self.origin)}, proof=True)
        assert done.status_code == 200, done.text
        return done.json()["ticket"]


def owner(sealane) -> Person:
    """The first owner, by the installation's setup link."""
    return Person(sealane).enrol(urllib.parse.urlparse(sealane.made["setup_url"]).fragment)


def a_day_later(sealane):
    """Whoever is on the staff came a day earlier: from then on they are a second person to whoever invited them."""
    with sqlite3.connect(sealane.data / "control.sqlite", timeout=30) as database:
        database.execute("UPDATE staff SET enrolled_at = enrolled_at - 86400000")
    database.close()


def invited(sealane, by: Person, name: str, *roles: str) -> Person:
    answer = by.post("/staff", {"name": name, "role": list(roles)})
    assert answer.status_code == 200, answer.text
    return Person(sealane).enrol(re.search(r"/join#(slu_[a-z2-7]+)", answer.text)[1])
