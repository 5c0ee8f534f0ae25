"""What a thief can make of stolen directories: guesses at pseudonyms, and attempts to open what is sealed.

    python Tests/RedTeam/attack.py --words emails.txt STOLEN…        # prints what was found; exit code 1 if anything was

`STOLEN` are directories as they were taken: a data directory, a backup, a key directory, a custodian's. The formats are those of docs/FORMATS.md;
no code of Sealane is used. Every 32 bytes in what was stolen that could be a key are tried as one.
"""

import argparse
import base64
import hashlib
import hmac
import itertools
import pathlib
import re
import struct
import sys
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Stranger"))
from sealane_formats import epoch_of, open_value, pseudonym, record_keys_of  # noqa: E402
from store_files import identities  # noqa: E402

#: Labels under which keys are derived (docs/FORMATS.md): a thief knows them too.
LABELS = [b"", b"sealane pseudonym v1", b"sealane tag v1", b"sealane wrapping key", b"sealane custodian store v1", b"sealane custodian look-up v1"]
DIGESTS = ["md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b", "blake2s"]
#: Files that hold rows, not settings: too long to try every place in them as a key.
KEY_SEARCH_BYTES = 256 << 10


@dataclass(frozen=True)
class Sealed:
    """A sealed id: of whom it is the thief sees, and where it would have to be opened."""

    subject: bytes
    value: bytes


@dataclass
class Loot:
    files: dict[pathlib.Path, bytes] = field(default_factory=dict)
    ids: set[bytes] = field(default_factory=set)
    sealed: set[Sealed] = field(default_factory=set)

    @classmethod
    def of(cls, *directories: pathlib.Path) -> "Loot":
        loot = cls()
        for path in itertools.chain.from_iterable(sorted(directory.rglob("*")) for directory in directories):
            if path.is_file() and not path.is_socket():
                loot.files[path] = path.read_bytes()
        for content in loot.files.values():
            if content[:8] == b"SEALANEI":
                subjects, sealed = identities(content)
                loot.ids.update(subjects)
                loot.sealed.update(Sealed(subject, value) for subject, value in sealed)
        return loot

    def keys(self) -> list[bytes]:
        """Whatever could be a key of 32 bytes."""
        found: dict[bytes, None] = {bytes(32): None}
        for content in self.files.values():
            if len(content) > KEY_SEARCH_BYTES:
                continue
            for text in re.findall(rb"[0-9a-fA-F]{64,}", content):
                for start in range(0, len(text) - 63, 64):
                    found[bytes.fromhex(text[start:start + 64].decode())] = None
            for text in re.findall(rb"[A-Za-z0-9+/_-]{43}=?", content):
                found[base64.urlsafe_b64decode(text[:43].replace(b"+", b"-").replace(b"/", b"_") + b"=")[:32]] = None
            if 32 <= len(content) <= 4096 and not content.isascii():
                for start in range(0, len(content) - 31, 8 if len(content) > 64 else 1):
                    found[content[start:start + 32]] = None
        return list(found)


def spellings(word: str) -> set[bytes]:
    plain = word.encode()
    return {plain, word.lower().encode(), word.upper().encode(), word.encode("utf-16-le"), plain.hex().encode(), base64.b64encode(plain).rstrip(b"=")}


def read_plainly(loot: Loot, words: list[str]) -> list[str]:
    """Words that stand somewhere as they are."""
    whole = b"\0".join(loot.files.values())
    return [word for word in words if any(spelling in whole for spelling in spellings(word))]


def guess(loot: Loot, words: list[str], project: int = 1) -> dict[str, bytes]:
    """Words whose pseudonym is known: by a digest without a key, or by anything that could be a key."""
    found = {}
    for word in words:
        for name in DIGESTS:
            digest = hashlib.new(name, word.encode()).digest()
            if digest[:16] in loot.ids or digest[-16:] in loot.ids:
                found[word] = digest
        for message in (word.encode(), b"\x01" + struct.pack("<I", len(word.encode())) + word.encode()):
            for salt in (b"", struct.pack("<q", project), bytes(32)):
                if hmac.new(salt, message, hashlib.sha256).digest()[:16] in loot.ids:
                    found[word] = salt
    # A key that fits nobody of a handful fits nobody: each is tried on a few words first.
    for key in loot.keys():
        if any(pseudonym(1, key, project, [word]) in loot.ids for word in words[:8]):
            found.update({word: key for word in words if pseudonym(1, key, project, [word]) in loot.ids})
    return found


def open_all(loot: Loot, project: int = 1) -> dict[bytes, str]:
    """What of the sealed ids can be read with anything that could be a key, or could be what keys are derived from."""
    keys = loot.keys()
    keys += [hmac.new(hmac.new(bytes(32), key, hashlib.sha256).digest(), label + b"\x01", hashlib.sha256).digest() for key in keys for label in LABELS]
    ciphers, found = [(key, ChaCha20Poly1305(key)) for key in keys], {}
    for sealed in loot.sealed:
        beside = b"\x01" + struct.pack("<q", project) + sealed.subject + sealed.value[1:9] + b"$id"
        for key, cipher in ciphers:
            try:
                cipher.decrypt(sealed.value[9:21], sealed.value[21:], beside)
            except InvalidTag:
                continue
            found[sealed.subject] = open_value(sealed.value, key, project, sealed.subject, "$id")
    return found


def open_with_custodian(loot: Loot, custodian: pathlib.Path, project: int = 1) -> dict[bytes, str]:
    """The same with the custodian's directory: shows that what is tried above is what would open."""
    return {
        sealed.subject: open_value(sealed.value, key, project, sealed.subject, "$id")
        for sealed in loot.sealed for key in record_keys_of(custodian, project, sealed.subject, epoch_of(sealed.value))}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stolen", nargs="+", type=pathlib.Path)
    parser.add_argument("--words", type=pathlib.Path, required=True, help="identifiers to guess with, one a line")
    parser.add_argument("--project", type=int, default=1)
    options = parser.parse_args()
    words, loot = options.words.read_text().split("\n"), Loot.of(*options.stolen)
    words = [word for word in words if word]
    plain, guessed, opened = read_plainly(loot, words), guess(loot, words, options.project), open_all(loot, project=options.project)
    print(f"{len(loot.files)} files, {len(loot.ids)} ids, {len(loot.sealed)} sealed ids, {len(words)} words, {len(loot.keys())} possible keys")
    print(f"readable as they are: {len(plain)}; pseudonyms guessed: {len(guessed)}; sealed ids opened: {len(opened)}")
    return 1 if plain or guessed or opened else 0


if __name__ == "__main__":
    sys.exit(main())
