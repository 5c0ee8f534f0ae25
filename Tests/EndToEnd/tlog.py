"""C2SP transparency logs in Python, written from the specifications: signed notes, checkpoints, cosignatures, tiles, and a witness.

Hashes by hashlib, signatures by PyNaCl; nothing here is from the project.
"""

import base64
import hashlib
import http.server
import struct
import sys
import threading
import time
from pathlib import Path

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Stranger"))
from merkle_proofs import continues, includes, leaf_hash, node_hash  # noqa: E402

ED25519, COSIGNATURE = 1, 4


class Key:
    """name+id+base64(type ‖ key), as in C2SP signed-note."""

    def __init__(self, text: str):
        self.text = text
        self.name, number, encoded = text.split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        self.kind, self.public = raw[0], raw[1:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + raw).digest()[:4]
        assert self.id.hex() == number and self.kind in (ED25519, COSIGNATURE) and len(self.public) == 32

    def signs(self, text: str, signature: bytes) -> bool:
        message = text.encode()
        if self.kind == COSIGNATURE:
            seconds, signature = struct.unpack(">Q", signature[:8])[0], signature[8:]
            message = f"cosignature/v1\ntime {seconds}\n".encode() + message
        try:
            VerifyKey(self.public).verify(message, signature)
        except BadSignatureError:
            return False
        return True


def make_key(name: str, kind: int, signing: SigningKey) -> Key:
    raw = bytes([kind]) + bytes(signing.verify_key)
    number = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex()
    return Key(f"{name}+{number}+{base64.b64encode(raw).decode()}")


def read_note(note: str, *keys: Key) -> tuple[str, set[str]]:
    """The text, and the names of the keys that signed; one that should have and did not is an error."""
    text, lines = note.rsplit("\n\n", 1)
    text += "\n"
    signers = set()
    for line in lines.splitlines():
        dash, name, encoded = line.split(" ")
        assert dash == "—"
        raw = base64.b64decode(encoded, validate=True)
        for key in keys:
            if key.name == name and key.id == raw[:4]:
                assert key.signs(text, raw[4:]), f"the signature of {name} does not hold"
                signers.add(name)
    return text, signers


def read_checkpoint(text: str) -> tuple[str, int, bytes]:
    origin, size, root, end = text.split("\n", 3)
    assert end == "" and str(int(size)) == size
    return origin, int(size), base64.b64decode(root, validate=True)


def read_proof(text: str, *keys: Key) -> tuple[bytes, set[str]]:
    """C2SP tlog-proof: the entry that it proves, and who signed the checkpoint."""
    head, note = text.split("\n\n", 1)
    title, extra, index, *lines = head.split("\n")
    assert title == "c2sp.org/tlog-proof@v1" and extra.startswith("extra ") and index.startswith("index ")
    body, signers = read_note(note, *keys)
    assert signers, "nobody signed it whose key is known"
    _, size, root = read_checkpoint(body)
    entry = base64.b64decode(extra[6:], validate=True)
    assert includes(leaf_hash(entry), int(index[6:]), size, [base64.b64decode(line, validate=True) for line in lines], root)
    return entry, signers


def root_of(hashes: list) -> bytes:
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    middle = 1 << ((len(hashes) - 1).bit_length() - 1)
    return node_hash(root_of(hashes[:middle]), root_of(hashes[middle:]))


def number(index: int) -> str:
    groups = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03}")
    return "/".join(groups)


def tile_paths(level: int, size: int) -> list:
    """Paths of a level's tiles and how many hashes each has, for a tree of so many entries."""
    hashes = size >> (8 * level)
    full = [(f"tile/{level}/{number(index)}", 256) for index in range(hashes // 256)]
    rest = hashes % 256
    return full + ([(f"tile/{level}/{number(hashes // 256)}.p/{rest}", rest)] if rest else [])


class WitnessServer:
    """A witness for one log: C2SP tlog-witness, `POST /add-checkpoint`."""

    def __init__(self, log: Key, name: str = "w.example/one"):
        self.log = log
        self.signing = SigningKey.generate()
        self.key = make_key(name, COSIGNATURE, self.signing)
        self.size, self.root = 0, b""
        self.lock = threading.Lock()
        self.statuses = []
        self.failing = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
                with outer.lock:
                    status, kind, answer = outer.answer(self.path, body)
                    outer.statuses.append(status)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer.encode())))
                self.end_headers()
                self.wfile.write(answer.encode())

        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.httpd.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.httpd.server_port}/prefix"
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()

    def answer(self, path: str, body: str) -> tuple:
        if self.failing:
            self.failing -= 1
            return 503, "text/plain", "busy\n"
        assert path == "/prefix/add-checkpoint"
        head, note = body.split("\n\n", 1)
        old, *lines = head.split("\n")
        assert old.startswith("old ") and len(lines) <= 63
        old = int(old[4:])
        try:
            text, signers = read_note(note, self.log)
        except AssertionError:
            return 403, "text/plain", "bad signature\n"
        origin, size, root = read_checkpoint(text)
        if origin != self.log.name:
            return 404, "text/plain", "unknown log\n"
        if self.log.name not in signers:
            return 403, "text/plain", "no signature\n"
        if old > size:
            return 400, "text/plain", "old is larger\n"
        if old != self.size:
            return 409, "text/x.tlog.size", f"{self.size}\n"
        proof = [base64.b64decode(line, validate=True) for line in lines]
        if old == size and root != self.root:
            return 409, "text/plain", "another root\n"
        if old == 0 and proof or old > 0 and not continues(old, self.root, size, root, proof):
            return 422, "text/plain", "no proof\n"
        self.size, self.root = size, root
        seconds = int(time.time())
        signature = self.signing.sign(f"cosignature/v1\ntime {seconds}\n".encode() + text.encode()).signature
        line = base64.b64encode(self.key.id + struct.pack(">Q", seconds) + signature).decode()
        return 200, "text/plain", f"— {self.key.name} {line}\n"

    def close(self):
        self.httpd.shutdown()
        self.httpd.server_close()
