"""TLS files given to `serve`: console, API and intake speak HTTPS, and sessions are for that origin."""

import datetime
import ipaddress
import urllib.parse

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from staff import Person


def certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True).sign(key, hashes.SHA256()))
    chain, secret = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    secret.chmod(0o600)
    return chain, secret


def test_every_listener_speaks_tls(make_installation, monkeypatch):
    sealane = make_installation()
    chain, secret = certificate(sealane.root)
    plain_get = requests.get
    monkeypatch.setattr(requests, "get", lambda url, **options: plain_get(url.replace("http://", "https://"), verify=str(chain), **options))
    sealane.start("--tls-certificate", chain, "--tls-key", secret, "--origin", f"https://localhost:{sealane.console_port}")
    assert requests.get(f"http://localhost:{sealane.console_port}/readyz", timeout=10).json()["ready"] is True
    answer = requests.post(
        f"https://localhost:{sealane.intake_port}/track", verify=str(chain), timeout=10,
        json=[{"event": "Over TLS", "properties": {"token": sealane.token, "distinct_id": "tls-user"}}])
    assert answer.text == "1"
    person = Person(sealane)
    person.origin, person.browser.verify = f"https://localhost:{sealane.console_port}", str(chain)
    person.browser.trust_env = False  # else a bundle of the environment goes before
    person.enrol(urllib.parse.urlparse(sealane.made["setup_url"]).fragment)
    (cookie,) = person.browser.cookies
    assert cookie.name == "__Host-session" and cookie.secure
    assert person.get("/account").status_code == 200
    assert sealane.terminate() == 0


def test_half_of_the_files_is_an_error_that_says_so(make_installation):
    sealane = make_installation()
    chain, _ = certificate(sealane.root)
    done = sealane.run("serve", "--data", sealane.data, "--tls-certificate", chain)
    assert done.returncode != 0 and "key" in done.stderr
