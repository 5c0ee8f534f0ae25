"""A vendor's name that begins to mean this machine opens nothing here: the address is judged when it is connected to, whatever the name said before.

The program resolves names as the system does, so the system is a made-up one: namespaces of mounts and of the network, whose `/etc/resolv.conf` names a
name server of this test on loopback, and where a public address is one of the loopback device's too, so that the vendor really answers there. Root may
make such namespaces, and whoever may make user namespaces; where neither is so the test fails and says so, since it proves nothing then.
"""

import contextlib
import datetime
import http.server
import ipaddress
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from staff import owner
from test_vendors import agree, declaration, declare, state, until

INSIDE = "SEALANE_TEST_INSIDE_NAMESPACES"
NAME = "events.tallymark.example"
# Of nobody whom anything is sent to: inside it is an address of the loopback device, and nothing leaves the namespace.
PUBLIC = "8.8.4.4"
PORT = 8443


def in_namespaces(test):
    """Runs a test of this file in namespaces of its own."""
    me = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    done = subprocess.run(
        ["unshare", *me, "--mount", "--net", sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{__file__}::{test}"],
        env={**os.environ, INSIDE: "yes"}, capture_output=True, text=True, timeout=400)
    assert "unshare:" not in done.stderr, f"This machine allows neither root nor user namespaces, so that nothing can be proved here: {done.stderr}"
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout[-6_000:] + done.stderr[-2_000:]


class NameServer:
    """RFC 1035 as far as a look-up of A and AAAA needs it. `answers`: the addresses of the only name, no time to live."""

    def __init__(self):
        self.answers, self.asked = [PUBLIC], []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            query, sender = self.socket.recvfrom(4_096)
            end, labels = 12, []
            while query[end]:
                labels.append(query[end + 1:end + 1 + query[end]].decode().lower())
                end += 1 + query[end]
            kind = struct.unpack("!H", query[end + 1:end + 3])[0]
            question = query[12:end + 5]
            found = [address for address in map(ipaddress.ip_address, self.answers) if kind == (1 if address.version == 4 else 28)]
            if ".".join(labels) == NAME:
                self.asked.append((kind, tuple(self.answers)))
            else:
                found = []
            records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 0, len(address.packed)) + address.packed for address in found)
            self.socket.sendto(query[:2] + struct.pack("!HHHHH", 0x8180, 1, len(found), 0, 0) + question + records, sender)


def certificate(folder):
    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)]), datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True).sign(key, hashes.SHA256()))
    (folder / "chain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return folder / "chain.pem", folder / "key.pem"


class Listener:
    """Counts connections before it says anything, also those that end at once, and takes batches over TLS with a certificate that counts for the name."""

    def __init__(self, address, chain, key):
        self.connections, self.events = 0, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                outer.events += json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)

        class Server(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

            def get_request(self):
                connection, sender = super().get_request()
                outer.connections += 1
                return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), sender

            def handle_error(self, *_):
                pass

        self.server = Server((address, PORT), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@contextlib.contextmanager
def world(tmp_path):
    """The made-up system; gives the name server and what it takes to listen."""
    assert os.environ.get(INSIDE)
    # Once more of its own, so that nothing of it can be seen from anywhere else.
    for command in [["mount", "--make-rprivate", "/"], ["ip", "link", "set", "lo", "up"], ["ip", "address", "add", f"{PUBLIC}/32", "dev", "lo"]]:
        subprocess.run(command, check=True)
    files = {"/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n", "/etc/nsswitch.conf": "hosts: files dns\n"}
    for place, text in files.items():
        if place == "/etc/nsswitch.conf" and not Path(place).exists():
            continue  # the C library's own default is the same
        (tmp_path / Path(place).name).write_text(text)
        subprocess.run(["mount", "--bind", tmp_path / Path(place).name, place], check=True)
    names = NameServer()
    assert {info[4][0] for info in socket.getaddrinfo(NAME, PORT, type=socket.SOCK_STREAM)} == {PUBLIC}, "the system asks this name server"
    yield names


def track(sealane, number):
    assert sealane.track({"event": "Request", "properties": {"distinct_id": f"u-{number}", "plan": f"p-{number}", "$insert_id": f"r-{number}"}}).status_code == 200


def the_name_is_rebound(make_installation, tmp_path):
    with world(tmp_path) as names:
        chain, key = certificate(tmp_path)
        vendor, victims = Listener(PUBLIC, chain, key), [Listener("127.0.0.1", chain, key), Listener("::1", chain, key)]
        sealane = make_installation()
        sealane.start()
        ada = owner(sealane)
        (tmp_path / "secret").write_text("s")
        declare(sealane, tmp_path, declaration("tallymark", {
            "type": "mixpanel", "url": f"https://{NAME}:{PORT}", "project_id": 7, "username": "u", "secret_file": tmp_path / "secret",
            "certificate_authority": chain}))
        agree(sealane, ada, "tallymark")
        track(sealane, 1)
        until(lambda: [event["properties"]["plan"] for event in vendor.events] == ["p-1"])
        assert vendor.connections == 1 and any(answers == (PUBLIC,) for _, answers in names.asked), "it was reached by the name"

        # The name means this machine now. What was looked up before may be remembered for a while: the vendor is gone from there.
        number = 1
        for answers in [["127.0.0.1"], ["::1"], [PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC, "::1"], ["::ffff:127.0.0.1"], ["0.0.0.0"], ["169.254.169.254"]]:
            vendor.close()
            names.answers, before = answers, len(names.asked)
            # Names are looked up by a new process anew, at its first try.
            sealane.terminate()
            sealane.start()
            number += 1
            track(sealane, number)
            until(lambda: any(found == tuple(answers) for _, found in names.asked[before:]), 30)
            until(lambda: state(sealane, "tallymark")["last_error"], 30)
            time.sleep(1.5)
            assert [victim.connections for victim in victims] == [0, 0], answers
            shown = state(sealane, "tallymark")
            assert shown["events"] == number - 1 and shown["dead_letters"] == 0, "it waits"
            if PUBLIC not in answers:
                assert "internal address" in shown["last_error"], (answers, shown["last_error"])
            # It means the vendor again: what waited arrives.
            vendor = Listener(PUBLIC, chain, key)
            names.answers = [PUBLIC]
            sealane.terminate()
            sealane.start()
            until(lambda: [event["properties"]["plan"] for event in vendor.events] == [f"p-{number}"], 60)
        assert [victim.connections for victim in victims] == [0, 0]


def both_in_one_answer_while_it_runs(make_installation, tmp_path):
    """In one process: a name that means both is used where it is the vendor's, and what is remembered of a look-up runs out."""
    with world(tmp_path) as names:
        chain, key = certificate(tmp_path)
        vendor, victim = Listener(PUBLIC, chain, key), Listener("127.0.0.1", chain, key)
        names.answers = ["127.0.0.1", PUBLIC]
        sealane = make_installation()
        sealane.start()
        ada = owner(sealane)
        (tmp_path / "secret").write_text("s")
        declare(sealane, tmp_path, declaration("tallymark", {
            "type": "mixpanel", "url": f"https://{NAME}:{PORT}", "project_id": 7, "username": "u", "secret_file": tmp_path / "secret",
            "certificate_authority": chain}))
        agree(sealane, ada, "tallymark")
        names.answers = [PUBLIC]
        track(sealane, 1)
        until(lambda: len(vendor.events) == 1)
        names.answers = ["127.0.0.1"]
        number, end = 1, time.monotonic() + 150
        # Until the look-up is made anew, and finds the other address.
        while not (state(sealane, "tallymark")["last_error"] or "").count("internal address"):
            assert time.monotonic() < end, "the name was never looked up again"
            number += 1
            track(sealane, number)
            time.sleep(2)
        time.sleep(3)
        assert victim.connections == 0 and (1, ("127.0.0.1",)) in names.asked
        arrived = len(vendor.events)
        names.answers = [PUBLIC, "127.0.0.1"]
        until(lambda: len(vendor.events) == number > arrived, 150)
        assert victim.connections == 0


if os.environ.get(INSIDE):
    test_the_name_is_rebound = the_name_is_rebound
    test_both_in_one_answer_while_it_runs = both_in_one_answer_while_it_runs
else:
    def test_a_name_that_is_rebound_to_this_machine_opens_nothing():
        in_namespaces("test_the_name_is_rebound")

    def test_a_name_that_changes_under_a_running_server_opens_nothing():
        in_namespaces("test_both_in_one_answer_while_it_runs")
