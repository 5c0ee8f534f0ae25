"""The server's side of docs/FORMATS.md, "Custodian and server over HTTP", and a sealer: both written from that page."""

import hashlib
import http.server
import json
import os
import struct
import threading
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from pyhpke import KEMKey
from sealane_formats import SUITE


def parse_announcement(text: str) -> dict[str, str]:
    lines = text.split("\n")
    assert lines[0] == "sealane custodian key v1" and lines[6] == "" and len(lines) == 7
    fields = dict(line.split(" ", 1) for line in lines[1:6])
    signed = "\n".join(lines[:5]) + "\n"
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(fields["identity"])).verify(bytes.fromhex(fields["signature"]), signed.encode())
    return fields


def key_id(public_key: bytes) -> str:
    return hashlib.sha256(public_key).hexdigest()[:16]


class Epoch:
    """Seals record keys to a public key."""

    def __init__(self, project: int, public_key: bytes):
        self.project, self.id = project, int.from_bytes(os.urandom(8), "little")
        recipient = KEMKey.from_pyca_cryptography_key(X25519PublicKey.from_public_bytes(public_key))
        encapsulated, context = SUITE.create_sender_context(recipient, info=b"sealane key parcel v1" + struct.pack("<q", project))
        self.wrapping_key = context.export(b"sealane wrapping key", 32)
        self.header = (
            b"\x01"
            + struct.pack("<qQ", project, self.id)
            + hashlib.sha256(public_key).digest()[:8]
            + struct.pack("<q", int(time.time() * 1000))
            + encapsulated
        )
        self.sequence = 0

    def wrap(self, subject: bytes, record_key: bytes) -> tuple[bytes, int, bytes]:
        nonce = bytes(8) + struct.pack("<I", self.sequence)
        wrapped = ChaCha20Poly1305(self.wrapping_key).encrypt(nonce, subject + record_key, self.header)
        self.sequence += 1
        return self.header, self.sequence - 1, wrapped


class FakeServer:
    def __init__(self, announcement: str, token: str):
        self.lock = threading.Lock()
        self.announcement, self.token = announcement, token
        self.undelivered: list[tuple[int, bytes, int, bytes]] = []
        self.cursor = 0
        self.alarms: list[dict] = []
        self.sealing = True
        self.fetches = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def reply(self, status: int, body: bytes = b"", kind: str = "application/json"):
                self.send_response(status)
                if status != 204:
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if status != 204:
                    self.wfile.write(body)

            def handle_request(self, body: bytes):
                if self.headers["Authorization"] != f"Bearer {outer.token}":
                    return self.reply(401, b'{"error": "The token is not known."}')
                with outer.lock:
                    return outer.answer(self, self.command, self.path, body)

            def do_GET(self):
                self.handle_request(b"")

            def do_POST(self):
                self.handle_request(self.rfile.read(int(self.headers["Content-Length"] or 0)))

        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.httpd.server_port}"
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()

    @property
    def public_key(self) -> bytes:
        return bytes.fromhex(parse_announcement(self.announcement)["key"])

    def add(self, wrapped: tuple[bytes, int, bytes]):
        with self.lock:
            self.cursor += 1
            self.undelivered.append((self.cursor, *wrapped))

    def answer(self, handler, method: str, path: str, body: bytes):
        route = (method, path.split("?")[0])
        if route == ("GET", "/custodian/v1/parcels"):
            self.fetches += 1
            limit = int(path.split("limit=")[1])
            groups: dict[bytes, list] = {}
            for cursor, header, sequence, wrapped in self.undelivered[:limit]:
                groups.setdefault(header, []).append(struct.pack("<QI", cursor, sequence) + wrapped)
            bundle = b"SLPB\x01" + struct.pack("<I", len(groups))
            for header, keys in groups.items():
                parcel = header + struct.pack("<I", len(keys)) + b"".join(keys)
                bundle += struct.pack("<I", len(parcel)) + parcel
            return handler.reply(200, bundle, "application/octet-stream")
        if route == ("POST", "/custodian/v1/parcels/ack"):
            for item in json.loads(body)["acknowledged"]:
                self.undelivered = [
                    entry
                    for entry in self.undelivered
                    if struct.unpack_from("<q", entry[1], 1)[0] != item["project"] or entry[0] > item["through"]
                ]
            return handler.reply(204)
        if route == ("POST", "/custodian/v1/alarm"):
            self.alarms.append(json.loads(body))
            self.sealing = False
            return handler.reply(204)
        if route == ("GET", "/custodian/v1/key"):
            return handler.reply(200, json.dumps({"announcement": self.announcement, "sealing": self.sealing}).encode())
        if route == ("POST", "/custodian/v1/key"):
            text, current = body.decode(), parse_announcement(self.announcement)
            try:
                made = parse_announcement(text)
            except InvalidSignature:
                return handler.reply(403, b'{"error": "The signature is bad."}')
            if text != self.announcement:
                if made["identity"] != current["identity"]:
                    return handler.reply(403, b'{"error": "Another identity is pinned."}')
                if made["previous"] != key_id(self.public_key) or int(made["made"]) <= int(current["made"]):
                    return handler.reply(409, b'{"error": "This is no successor."}')
                self.announcement = text
            return handler.reply(200, json.dumps({"key": key_id(self.public_key), "adopted_at": 0}).encode())
        return handler.reply(404, b'{"error": "There is nothing here."}')

    def close(self):
        self.httpd.shutdown()
        self.httpd.server_close()
