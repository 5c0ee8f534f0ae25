"""A company's own relay as Debian has it: Exim, which takes mail after TLS and AUTH, signs it by DKIM, keeps it in a queue, and hands it on."""

import base64
import os
import pwd
import shutil
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

import dkim
from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from notices import PASSWORD

EXIM = Path("/usr/sbin/exim4")
CONFIGURATION = r"""
primary_hostname = relay.orrery.example
spool_directory = {folder}/spool
log_file_path = {folder}/%s.log
pid_file_path = {folder}/pid
exim_path = {folder}/exim
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
keep_environment =
domainlist local_domains =
acl_smtp_rcpt = rcpt
tls_advertise_hosts = *
tls_certificate = {chain}
tls_privatekey = {key}
auth_advertise_hosts = ${{if def:tls_in_cipher {{*}}}}
begin acl
rcpt:
  require encrypted = *
          authenticated = *
  accept
begin routers
onward:
  driver = manualroute
  route_list = * 127.0.0.1 byname
  self = send
  transport = onward
begin transports
onward:
  driver = smtp
  port = {next_port}
  hosts_avoid_tls = *
  dkim_domain = orrery.example
  dkim_selector = relay
  dkim_private_key = {folder}/dkim.pem
  dkim_canon = relaxed
  dkim_sign_headers = +From:+To:+Subject:+Date:+Message-ID:+MIME-Version:+Content-Type
begin retry
* * F,1h,2s
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{notices}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
"""


class CompanyRelay:
    """On loopback, with everything of its own in a folder. It runs as the user of Debian's package, in a namespace where that is us: it belongs to nobody
    else, and needs no root."""

    def __init__(self, folder: Path, port: int, next_port: int, chain: Path, key: Path):
        assert EXIM.exists(), "Scripts/bootstrap test installs exim4-daemon-light, which this test needs"
        folder.mkdir()
        self.folder, self.port = folder, port
        shutil.copyfile(EXIM, folder / "exim")
        (folder / "exim").chmod(0o755)
        secret = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        pem = secret.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
        (folder / "dkim.pem").write_bytes(pem)
        public = secret.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.records = {"relay._domainkey.orrery.example": f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"}
        (folder / "conf").write_text(CONFIGURATION.format(folder=folder, port=port, next_port=next_port, chain=chain, key=key, password=PASSWORD))

    def __enter__(self):
        user = pwd.getpwnam("Debian-exim")
        self.process = subprocess.Popen(
            ["unshare", "--user", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}", self.folder / "exim", "-C", self.folder / "conf", "-bdf", "-q2s"],
            stdout=(self.folder / "out").open("w"), stderr=subprocess.STDOUT, env={"PATH": os.environ["PATH"]})
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            assert self.process.poll() is None, (self.folder / "out").read_text()
            time.sleep(0.1)
        raise AssertionError((self.folder / "out").read_text())

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)

    @property
    def log(self) -> str:
        return (self.folder / "main.log").read_text()


class Recipients:
    """The server of those who are written to."""

    def __init__(self, port: int, international: bool = True):
        self.mails, outer = [], self

        class Handler:
            async def handle_DATA(self, server, session, envelope):
                (address,) = envelope.rcpt_tos
                outer.mails.append((address, envelope.content))
                return "250 taken"

        self.controller = Controller(Handler(), hostname="127.0.0.1", port=port, enable_SMTPUTF8=international)

    def __enter__(self):
        self.controller.start()
        return self

    def __exit__(self, *_):
        self.controller.stop()


class NameServer:
    """TXT records and nothing else (RFC 1035)."""

    def __init__(self, records: dict):
        self.records = records
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.sendto(b"end", self.socket.getsockname())
        self.thread.join(5)
        self.socket.close()

    def _serve(self):
        while True:
            query, sender = self.socket.recvfrom(4_096)
            if query == b"end":
                return
            end, labels = 12, []
            while query[end]:
                labels.append(query[end + 1:end + 1 + query[end]].decode())
                end += 1 + query[end]
            question = query[12:end + 5]
            text = self.records.get(".".join(labels).lower(), "").encode()
            strings = b"".join(bytes([len(part)]) + part for part in (text[i:i + 255] for i in range(0, len(text), 255)))
            answer = b"\xc0\x0c" + struct.pack(">HHIH", 16, 1, 0, len(strings)) + strings if text else b""
            head = query[:2] + struct.pack(">HHHHH", 0x8580 if text else 0x8583, 1, bool(text), 0, 0)
            self.socket.sendto(head + question + answer, sender)


def signatures(content: bytes, records: dict) -> list:
    """Of each signature, from above: whether dkimpy, with these records, says that it holds."""
    def ask(name, timeout=5):
        return records.get((name.decode() if isinstance(name, bytes) else name).rstrip("."), "").encode() or None

    count = sum(line.lower().startswith(b"dkim-signature:") for line in content.split(b"\r\n\r\n")[0].split(b"\r\n"))
    judged = []
    for index in range(count):
        try:
            judged.append(dkim.DKIM(content).verify(index, dnsfunc=ask))
        except dkim.DKIMException:
            judged.append(False)
    return judged
