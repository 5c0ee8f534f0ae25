"""Checks a ledger directory by docs/FORMATS.md alone: Python's standard library and `cryptography`, nothing of Sealane's.

usage: verify_ledger.py DIRECTORY PUBLIC_KEY [--sets-key FILE]... [--json]

PUBLIC_KEY is the ledger's signing key or one that it had before: the log says how they follow each other.

Exit status 0 if all is well, 1 with a sentence if not.
"""

import argparse
import base64
import hashlib
import json
import os
import struct
import sys

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

WIDTH = 256
MEMBERS = {"v", "kind", "time", "project", "commitment", "facts"}


class Problem(Exception):
    pass


def leaf_hash(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_root(hashes):
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return node_hash(tree_root(hashes[:split]), tree_root(hashes[split:]))


def read_key(text):
    name, key_id, encoded = text.split("+", 2)
    raw = base64.b64decode(encoded, validate=True)
    if len(raw) != 33 or raw[0] != 1:
        raise Problem("The public key is not an Ed25519 key of a note.")
    if hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() != key_id:
        raise Problem("The public key's id is not that of its key.")
    return name, raw[1:]


def signers(note, keys):
    """The note's text, and those of the keys (name, key) that signed it."""
    text, separator, signatures = note.decode("utf-8").rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise Problem("A note is not signed.")
    text += "\n"
    found = []
    for line in signatures[:-1].split("\n"):
        dash, signer, encoded = line.split(" ")
        raw = base64.b64decode(encoded, validate=True)
        if dash != "\u2014":
            raise Problem("A signature line is malformed.")
        for name, key in keys:
            if signer != name or raw[:4] != hashlib.sha256(name.encode() + b"\n\x01" + key).digest()[:4]:
                continue
            try:
                Ed25519PublicKey.from_public_bytes(key).verify(raw[4:], text.encode())
            except InvalidSignature:
                raise Problem("A signature does not verify.") from None
            found.append((name, key))
    return text, found


def cosigner(note, key_id):
    """The key that cosigned, of those whose id this is, and its signature with the time before it; C2SP tlog-cosignature."""
    text, _, signatures = note.decode("utf-8").rpartition("\n\n")
    for line in signatures.splitlines():
        _, name, encoded = line.split(" ")
        raw = base64.b64decode(encoded, validate=True)
        if raw[:4].hex() == key_id:
            return text + "\n", name, raw[4:]
    raise Problem(f"cosigned/{key_id} does not carry the cosignature that it is named after.")


def check_cosignature(text, public_key, signature):
    (seconds,) = struct.unpack(">Q", signature[:8])
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature[8:], f"cosignature/v1\ntime {seconds}\n{text}".encode())
    except InvalidSignature:
        raise Problem("A cosignature does not verify.") from None


def read_checkpoint(text, name):
    origin, size, root = text.split("\n")[:3]
    if origin != name or str(int(size)) != size:
        raise Problem("The checkpoint is of another log or not in form.")
    return int(size), base64.b64decode(root, validate=True)


def read_succession(note):
    """The key that hands over and the one that follows; both must have signed."""
    title, previous, following, end = note.split("\n\n")[0].split("\n") + [""]
    if title != "sealane ledger succession v1" or end:
        raise Problem("A succession is not in form.")
    keys = [read_key(previous), read_key(following)]
    if keys[0][0] != keys[1][0] or set(signers(note.encode(), keys)[1]) != set(keys):
        raise Problem("A succession is not signed by both keys.")
    return keys


def number(index):
    groups = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03}")
    return "/".join(groups)


class Ledger:
    def __init__(self, directory, public_key, sets_keys=()):
        self.directory = directory
        self.key = read_key(public_key)
        self.name = self.key[0]
        self.sets = [ChaCha20Poly1305(key) for key in sets_keys]
        self.chain = []
        self.last_time = -(2**63)
        self.erased, self.announced = set(), set()
        self.witnesses = {}
        self.leaves = []
        self.counts = {"entries": 0, "waiting": 0, "tiles": 0, "details": 0, "erased": 0}
        self.kinds = {}

    def read(self, path, must=True):
        try:
            with open(os.path.join(self.directory, path), "rb") as file:
                return file.read()
        except FileNotFoundError:
            if must:
                raise Problem(f"{path} is missing.") from None
            return None

    def tile(self, level, index, size):
        width = min(WIDTH, (size >> (8 * level)) - index * WIDTH)
        path = f"tile/{level}/{number(index)}" + ("" if width == WIDTH else f".p/{width}")
        data = self.read(path)
        if len(data) != 32 * width:
            raise Problem(f"{path} does not hold {width} hashes.")
        self.counts["tiles"] += 1
        return [data[at : at + 32] for at in range(0, len(data), 32)]

    def bundle(self, index, size):
        width = min(WIDTH, size - index * WIDTH)
        path = f"tile/entries/{number(index)}" + ("" if width == WIDTH else f".p/{width}")
        data, entries, at = self.read(path), [], 0
        while at < len(data):
            (length,) = struct.unpack_from(">H", data, at)
            entries.append(data[at + 2 : at + 2 + length])
            at += 2 + length
        if at != len(data) or len(entries) != width:
            raise Problem(f"{path} does not hold {width} whole entries.")
        return entries

    def frames(self, index):
        data, frames, at = self.read(f"details/{number(index)}", must=False) or b"", {}, 0
        while at + 12 <= len(data):
            entry, length = struct.unpack_from("<QI", data, at)
            if at + 12 + length > len(data):
                break
            frames[entry] = data[at + 12 : at + 12 + length]
            at += 12 + length
        return frames

    def check_entry(self, index, raw):
        entry = json.loads(raw)
        if json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() != raw:
            raise Problem(f"Entry {index} is not canonical JSON.")
        if entry["v"] != 1 or not set(entry) <= MEMBERS or len(bytes.fromhex(entry["commitment"])) != 32:
            raise Problem(f"Entry {index} is not an entry.")
        if entry["time"] < self.last_time:
            raise Problem(f"Entry {index} is dated before the one before it.")
        self.last_time = entry["time"]
        self.kinds[entry["kind"]] = self.kinds.get(entry["kind"], 0) + 1
        if entry["kind"] == "ledger_signing_key_rotated":
            previous, following = read_succession(entry["facts"]["succession"])
            if self.chain and self.chain[-1] != previous:
                raise Problem(f"Entry {index} does not follow the succession before it.")
            self.chain = self.chain or [previous]
            self.chain.append(following)
        if entry["kind"] == "custodian_witness_pinned":
            name, key_id, encoded = entry["facts"]["public_key"].split("+", 2)
            raw = base64.b64decode(encoded, validate=True)
            if raw[0] != 4 or hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() != key_id:
                raise Problem(f"Entry {index} pins no key of a witness.")
            self.witnesses[key_id] = (name, raw[1:])
        if entry["kind"] == "detail_erased":
            self.announced.add(int(entry["facts"]["index"]))
        return entry

    def check_details(self, index, entry, sealed):
        if sealed is None:
            raise Problem(f"The details of entry {index} are missing.")
        if not sealed:
            self.erased.add(index)
            self.counts["erased"] += 1
            return
        self.counts["details"] += 1
        if not self.sets:
            return
        commitment = bytes.fromhex(entry["commitment"])
        for key in self.sets:
            try:
                plain = key.decrypt(sealed[:12], sealed[12:], b"sealane/ledger/detail/v1" + commitment)
                break
            except InvalidTag:
                pass
        else:
            raise Problem(f"The details of entry {index} do not open.")
        (length,) = struct.unpack_from("<I", plain, 32)
        salt, text, bitmap = plain[:32], plain[36 : 36 + length], plain[36 + length :]
        if hashlib.sha256(salt + text).digest() != commitment:
            raise Problem(f"The details of entry {index} are not those that it commits to.")
        named = json.loads(text).get("subjects")
        if (named["sha256"] if named else None) != (hashlib.sha256(bitmap).hexdigest() if bitmap else None):
            raise Problem(f"The subjects of entry {index} are not those that its details name.")

    def check_journal(self, size):
        data, at = self.read("journal", must=False) or b"", 0
        while at + 52 <= len(data) and data[at : at + 4] == b"SLJ1":
            length, first, count = struct.unpack_from("<IQI", data, at + 4)
            end = at + 20 + length
            if hashlib.sha256(data[at:end]).digest() != data[end : end + 32]:
                break
            at += 20
            for index in range(first, first + count):
                (length,) = struct.unpack_from("<H", data, at)
                raw = data[at + 2 : at + 2 + length]
                at += 2 + length
                (length,) = struct.unpack_from("<I", data, at)
                sealed = data[at + 4 : at + 4 + length]
                at += 4 + length
                if index < size:
                    continue
                if index != size + self.counts["waiting"]:
                    raise Problem(f"The journal continues at entry {index}.")
                self.check_details(index, self.check_entry(index, raw), sealed)
                self.counts["waiting"] += 1
            at = end + 32

    def check_cosigned(self, size, keys):
        """What witnesses cosigned must be beginnings of this log; whose signature that is, the log says of the custodian's alone."""
        directory = os.path.join(self.directory, "cosigned")
        names = [name for name in os.listdir(directory) if len(name) == 8] if os.path.isdir(directory) else []
        self.counts["cosigned"] = 0
        for key_id in names:
            note = self.read(f"cosigned/{key_id}")
            text, name, signature = cosigner(note, key_id)
            if not signers(note, keys)[1]:
                raise Problem(f"cosigned/{key_id} is not signed by the log.")
            cosigned, root = read_checkpoint(text, self.name)
            if not 0 < cosigned <= size or tree_root(self.leaves[:cosigned]) != root:
                raise Problem(f"cosigned/{key_id} is of another history.")
            if key_id in self.witnesses:
                if self.witnesses[key_id][0] != name:
                    raise Problem(f"cosigned/{key_id} is not by the witness that is pinned.")
                check_cosignature(text, self.witnesses[key_id][1], signature)
                self.counts["cosigned"] = max(self.counts["cosigned"], cosigned)

    def verify(self):
        note = self.read("checkpoint")
        size, root = read_checkpoint(signers(note, [])[0], self.name)
        has_details = os.path.isdir(os.path.join(self.directory, "details")) and os.listdir(os.path.join(self.directory, "details"))
        levels = [[]]
        for index in range((size + WIDTH - 1) // WIDTH):
            entries, frames = self.bundle(index, size), self.frames(index)
            hashes = [leaf_hash(entry) for entry in entries]
            for position, (computed, stored) in enumerate(zip(hashes, self.tile(0, index, size))):
                if computed != stored:
                    raise Problem(f"Entry {index * WIDTH + position} does not fit its hash.")
            for position, raw in enumerate(entries):
                at = index * WIDTH + position
                entry = self.check_entry(at, raw)
                if has_details:
                    self.check_details(at, entry, frames.get(at))
            levels[0] = hashes
            self.leaves += hashes
            # A full tile's root is a hash of the tile above it.
            level, position = 0, index
            while len(levels[level]) == WIDTH:
                if level + 1 == len(levels):
                    levels.append([])
                levels[level + 1].append(tree_root(levels[level]))
                levels[level] = []
                level, position = level + 1, position // WIDTH
                if len(levels[level]) == WIDTH and levels[level] != self.tile(level, position, size):
                    raise Problem(f"Tile {position} of level {level} does not fit the tiles below it.")
        for level, hashes in enumerate(levels):
            if hashes and level > 0 and hashes != self.tile(level, size >> (8 * (level + 1)), size):
                raise Problem(f"The last tile of level {level} does not fit the tiles below it.")
        computed = None
        for hashes in levels:
            while hashes:
                width = len(hashes) & -len(hashes)
                subtree = tree_root(hashes[-width:])
                computed = subtree if computed is None else node_hash(subtree, computed)
                hashes = hashes[:-width]
        if (computed or tree_root([])) != root:
            raise Problem("The entries do not have the checkpoint's root.")
        # Any key of the chain leads to the newest one, which signs; the one before it only until the new one takes over.
        keys = self.chain or [self.key]
        if self.key not in keys:
            raise Problem("The ledger does not know the given key.")
        signed_by = signers(note, keys[-2:])[1]
        if not signed_by or keys.index(signed_by[-1]) < keys.index(self.key):
            raise Problem("The checkpoint is not signed by the given key or one that follows it.")
        self.counts["entries"] = size
        self.check_cosigned(size, keys)
        self.check_journal(size)
        if self.erased - self.announced:
            raise Problem(f"The details of entry {min(self.erased - self.announced)} are marked as erased, but no entry says so.")
        return {**self.counts, "root": base64.b64encode(root).decode(), "kinds": self.kinds}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory")
    parser.add_argument("public_key")
    parser.add_argument("--sets-key", action="append", default=[], help="a file ledger-sets….key: checks the commitments too")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    sets_keys = []
    for path in arguments.sets_key:
        with open(path, "rb") as file:
            sets_keys.append(file.read())
    try:
        result = Ledger(arguments.directory, arguments.public_key, sets_keys).verify()
    except Problem as problem:
        print(json.dumps({"error": str(problem)}) if arguments.json else f"error: {problem}", file=sys.stderr)
        return 1
    except (ValueError, KeyError, TypeError, IndexError, struct.error, UnicodeDecodeError) as error:
        print(f"error: the ledger is malformed ({type(error).__name__}).", file=sys.stderr)
        return 1
    print(json.dumps(result) if arguments.json else f"{result['entries']} entries, {result['waiting']} waiting, root {result['root']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
