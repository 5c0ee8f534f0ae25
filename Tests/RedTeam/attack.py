"""What a thief can make of stolen directories: guesses at pseudonyms, and attempts to open what is sealed.

    python Tests/RedTeam/attack.py --words emails.txt STOLEN…        # prints what was found; exit code 1 if anything was

`STOLEN` are directories as they were taken: a data directory, a backup, a key directory, a custodian's. The formats are those of docs/FORMATS.md;
no code of Sealane is used. As keys are tried:

- 64 hexadecimal digits and 43 of base64 in any file, and files of 32 bytes: on every word, and on every sealed value;
- the 32 bytes at every place, odd ones too, that could have been drawn by lot (`Loot.raw_keys`; of files of rows above a mebibyte the first and
  the last half of one): on some words, and on as many sealed values as `OPENINGS` allows, at least two, spread over all.
"""

import argparse
import base64
import hashlib
import hmac
import pathlib
import struct
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[1] / "Stranger")]
from loot import Loot, Sealed  # noqa: E402
from sealane_formats import epoch_of, open_value, pseudonym, record_keys_of  # noqa: E402

#: Labels under which keys are derived (docs/FORMATS.md): a thief knows them too.
LABELS = [b"sealane pseudonym v1", b"sealane tag v1", b"sealane wrapping key", b"sealane custodian store v1", b"sealane custodian look-up v1"]
DIGESTS = ["md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b", "blake2s"]
#: Words that every possible key is tried on. One that fits nobody of a handful fits nobody.
HANDFUL = 4
#: How many openings are tried with raw keys in all, and with each at least; and on how many values what is derived from written keys is.
OPENINGS, LEAST_OPENINGS, DERIVED_OPENINGS = 800_000, 2, 200


def spellings(word: str) -> set[bytes]:
    plain = word.encode()
    return {plain, word.lower().encode(), word.upper().encode(), word.encode("utf-16-le"), plain.hex().encode(), base64.b64encode(plain).rstrip(b"=")}


def read_plainly(loot: Loot, words: list[str]) -> list[str]:
    """Words that stand somewhere as they are."""
    whole = b"\0".join(loot.contents)
    return [word for word in words if any(spelling in whole for spelling in spellings(word))]


def derived(key: bytes, info: bytes) -> bytes:
    """HKDF-SHA-256 with an empty salt, 32 bytes."""
    return hmac.digest(hmac.digest(bytes(32), key, "sha256"), info + b"\x01", "sha256")


def message(kind: int, *parts: str) -> bytes:
    return bytes([kind]) + b"".join(struct.pack("<I", len(part.encode())) + part.encode() for part in parts)


def guess(loot: Loot, words: list[str], project: int = 1) -> dict[str, bytes]:
    """Words whose pseudonym is known: by a digest without a key, or by anything that could be a key."""
    found = {}
    for word in words:
        for name in DIGESTS:
            digest = hashlib.new(name, word.encode()).digest()
            if digest[:16] in loot.ids or digest[-16:] in loot.ids:
                found[word] = digest
        for salt in (b"", struct.pack("<q", project), bytes(32)):
            if any(hmac.digest(salt, said, "sha256")[:16] in loot.ids for said in (word.encode(), message(1, word))):
                found[word] = salt
    tried, label = [message(1, word) for word in spread(words, HANDFUL)], b"sealane pseudonym v1" + struct.pack("<q", project)
    for key in loot.written_keys + loot.raw_keys:
        project_key = derived(key, label)
        if any(hmac.digest(project_key, said, "sha256")[:16] in loot.ids for said in tried):
            found.update({word: key for word in words if pseudonym(1, key, project, [word]) in loot.ids})
    return found


def guess_tags(loot: Loot, words: dict[str, list[str]], project: int = 1) -> dict[tuple[str, str], bytes]:
    """Values of profiles whose equality tag, or domains whose pseudonym, is known: `words` are to be tried for each field."""
    found, everything = {}, set().union(*loot.tags.values()) if loot.tags else set()
    pairs = [(field, word) for field in words for word in words[field]]
    for field, word in pairs:
        for said in (word.encode(), field.encode() + word.encode(), message(3, field, word)):
            digests = [hashlib.new(name, said).digest() for name in DIGESTS] + [hmac.digest(salt, said, "sha256") for salt in (b"", bytes(32))]
            if any(digest[:16] in everything for digest in digests):
                found[field, word] = said
    tried, label = [message(3, field, word) for field in words for word in spread(words[field], 2)], b"sealane tag v1" + struct.pack("<q", project)
    for key in loot.written_keys + loot.raw_keys:
        project_key = derived(key, label)
        if any(hmac.digest(project_key, said, "sha256")[:16] in everything for said in tried):
            found.update({(field, word): key for field, word in pairs if pseudonym(3, key, project, [field, word]) in loot.tags.get(field, set())})
    return found


def spread(values: list, count: int) -> list:
    count = min(count, len(values))
    return [values[number * len(values) // count] for number in range(count)]


def in_order(loot: Loot) -> list[Sealed]:
    return sorted(loot.sealed, key=lambda sealed: (sealed.field, sealed.subject, sealed.value))


def tried_with_raw_keys(loot: Loot) -> list[Sealed]:
    return spread(in_order(loot), max(LEAST_OPENINGS, OPENINGS // max(1, len(loot.raw_keys))))


def beside(sealed: Sealed, project: int) -> bytes:
    return b"\x01" + struct.pack("<q", project) + sealed.subject + sealed.value[1:9] + sealed.field.encode()


def open_all(loot: Loot, project: int = 1) -> dict[Sealed, str]:
    """What is sealed and can be read with anything that could be a key; of written keys also with what could be derived from them."""
    found = {}
    further = [derived(key, label) for key in loot.written_keys for label in LABELS]
    for keys, values in (
            (loot.written_keys, in_order(loot)), (further, spread(in_order(loot), DERIVED_OPENINGS)), (loot.raw_keys, tried_with_raw_keys(loot))):
        places = [(sealed, sealed.value[9:21], sealed.value[21:], beside(sealed, project)) for sealed in values]
        for key in keys:
            decrypt = ChaCha20Poly1305(key).decrypt
            for sealed, nonce, ciphertext, associated in places:
                try:
                    decrypt(nonce, ciphertext, associated)
                except InvalidTag:
                    continue
                found[sealed] = open_value(sealed.value, key, project, sealed.subject, sealed.field)
    return found


def open_with_custodian(loot: Loot, custodian: pathlib.Path, project: int = 1) -> dict[Sealed, str]:
    """The same with the custodian's directory: shows that what is tried above is what would open."""
    return {
        sealed: open_value(sealed.value, key, project, sealed.subject, sealed.field)
        for sealed in loot.sealed for key in record_keys_of(custodian, project, sealed.subject, epoch_of(sealed.value))}


def fields_of(words: list[str]) -> dict[str, list[str]]:
    """Words as the values of profiles that they may be, and their domains."""
    addresses = [word for word in words if "@" in word]
    domains = sorted({address.rsplit("@", 1)[1].lower() for address in addresses})
    return {"$email": addresses, "$email_domain": domains, "$name": words}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stolen", nargs="+", type=pathlib.Path)
    parser.add_argument("--words", type=pathlib.Path, required=True, help="identifiers to guess with, one a line")
    parser.add_argument("--project", type=int, default=1)
    options = parser.parse_args()
    words, loot = options.words.read_text().split("\n"), Loot.of(*options.stolen)
    words = [word for word in words if word]
    plain, guessed, opened = read_plainly(loot, words), guess(loot, words, options.project), open_all(loot, project=options.project)
    tags = guess_tags(loot, fields_of(words), options.project)
    print(
        f"{len(loot.files)} files, {len(loot.ids)} ids, {len(loot.sealed)} sealed values, {sum(map(len, loot.tags.values()))} tags, "
        f"{len(words)} words, {len(loot.written_keys)} written and {len(loot.raw_keys)} raw possible keys")
    print(f"readable as they are: {len(plain)}; pseudonyms guessed: {len(guessed)}; tags guessed: {len(tags)}; sealed values opened: {len(opened)}")
    return 1 if plain or guessed or tags or opened else 0


if __name__ == "__main__":
    sys.exit(main())
