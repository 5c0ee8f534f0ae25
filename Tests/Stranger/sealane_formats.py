"""Opens what Sealane sealed. Written from docs/FORMATS.md alone; uses no code of Sealane, only `cryptography` and `pyhpke` from PyPI."""

import hashlib
import hmac
import pathlib
import sqlite3
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey

SUITE = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.CHACHA20_POLY1305)
HEADER_SIZE = 65
WRAPPED_SIZE = 64


class Refused(Exception):
    """The bytes do not open: they were altered, moved, cut, or are not for these keys."""


@dataclass(frozen=True)
class RecordKey:
    project: int
    epoch: int
    sequence: int
    cursor: int
    subject: bytes
    key: bytes


def _derive(key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=b"", info=info).derive(key)


def _open(key: bytes, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes:
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, ciphertext, associated)
    except InvalidTag:
        raise Refused("the authentication tag does not match") from None


# Pseudonyms


def pseudonym(kind: int, key: bytes, project: int, parts: list[str], number: int | None = None) -> bytes:
    label = b"sealane tag v1" if kind == 3 else b"sealane pseudonym v1"
    project_key = _derive(key, label + struct.pack("<q", project))
    message = bytes([kind])
    for part in parts:
        encoded = part.encode()
        message += struct.pack("<I", len(encoded)) + encoded
    if number is not None:
        message += struct.pack("<q", number)
    return hmac.new(project_key, message, hashlib.sha256).digest()[:16]


def read_pseudonym(text: str) -> bytes:
    if text[:2] in ("s_", "g_"):
        text = text[2:]
    value = bytes.fromhex(text)
    if len(value) != 16:
        raise Refused("a pseudonym is 32 hexadecimal digits")
    return value


# Key parcel


def _wrapping_key(header: bytes, private_keys: dict[bytes, bytes]) -> bytes:
    recipient = header[17:25]
    if recipient not in private_keys:
        raise Refused(f"no private key here for recipient {recipient.hex()}")
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    private = KEMKey.from_pyca_cryptography_key(X25519PrivateKey.from_private_bytes(private_keys[recipient]))
    context = SUITE.create_recipient_context(header[33:65], private, info=b"sealane key parcel v1" + header[1:9])
    return context.export(b"sealane wrapping key", 32)


def open_parcel(parcel: bytes, private_keys: dict[bytes, bytes]) -> list[RecordKey]:
    if len(parcel) < HEADER_SIZE + 4 or parcel[0] != 1:
        raise Refused("not a key parcel of version 1")
    header = parcel[:HEADER_SIZE]
    (count,) = struct.unpack_from("<I", parcel, HEADER_SIZE)
    if len(parcel) != HEADER_SIZE + 4 + count * (12 + WRAPPED_SIZE):
        raise Refused("the parcel's length does not fit its number of keys")
    project, epoch = struct.unpack_from("<qQ", header, 1)
    wrapping_key = _wrapping_key(header, private_keys)
    keys = []
    for index in range(count):
        offset = HEADER_SIZE + 4 + index * (12 + WRAPPED_SIZE)
        cursor, sequence = struct.unpack_from("<QI", parcel, offset)
        wrapped = parcel[offset + 12 : offset + 12 + WRAPPED_SIZE]
        plain = _open(wrapping_key, bytes(8) + struct.pack("<I", sequence), wrapped, header)
        keys.append(RecordKey(project, epoch, sequence, cursor, plain[:16], plain[16:]))
    return keys


def open_bundle(bundle: bytes, private_keys: dict[bytes, bytes]) -> list[RecordKey]:
    if bundle[:5] != b"SLPB\x01" or len(bundle) < 9:
        raise Refused("not a bundle of key parcels")
    (count,) = struct.unpack_from("<I", bundle, 5)
    offset, keys = 9, []
    for _ in range(count):
        if offset + 4 > len(bundle):
            raise Refused("the bundle is cut")
        (size,) = struct.unpack_from("<I", bundle, offset)
        if offset + 4 + size > len(bundle):
            raise Refused("the bundle is cut")
        keys += open_parcel(bundle[offset + 4 : offset + 4 + size], private_keys)
        offset += 4 + size
    if offset != len(bundle):
        raise Refused("bytes follow the bundle")
    return keys


# Custodian store


def private_keys_of(directory: pathlib.Path) -> dict[bytes, bytes]:
    return {bytes.fromhex(file.name[5:21]): file.read_bytes() for file in directory.glob("hpke-*.key")}


def record_keys_of(directory: pathlib.Path, project: int, subject: bytes, epoch: int) -> list[bytes]:
    secret = (directory / "store.key").read_bytes()
    look_up_key = _derive(secret, b"sealane custodian look-up v1")
    store_key = _derive(secret, b"sealane custodian store v1")
    look_up = hmac.new(look_up_key, struct.pack("<q", project) + subject, hashlib.sha256).digest()[:16]
    database = sqlite3.connect(f"file:{directory / 'custodian.sqlite'}?mode=ro", uri=True)
    try:
        rows = database.execute(
            "SELECT sequence, sealed FROM record_key WHERE subject = ? AND epoch = ? AND project = ?",
            (look_up, struct.pack("<Q", epoch), project),
        ).fetchall()
    finally:
        database.close()
    return [
        _open(store_key, sealed[:12], sealed[12:], struct.pack("<qQI", project, epoch, sequence) + look_up)
        for sequence, sealed in rows
    ]


# Sealed value


def epoch_of(value: bytes) -> int:
    if len(value) < 21 + 32 + 16 or value[0] not in (1, 2):
        raise Refused("not a sealed value of version 1 or 2")
    return struct.unpack_from("<Q", value, 1)[0]


def open_value(value: bytes, record_key: bytes, project: int, subject: bytes, field: str) -> str:
    epoch = epoch_of(value)
    associated = value[:1] + struct.pack("<q", project) + subject + struct.pack("<Q", epoch) + field.encode()
    padded = _open(record_key, value[9:21], value[21:], associated)
    mark = padded.rfind(b"\x80")
    if mark < 0 or padded[mark + 1 :].strip(b"\0"):
        raise Refused("the padding is wrong")
    return padded[:mark].decode()


# Key announcement and settlement


def _signed(private, lines: list[str]) -> str:
    body = "".join(line + "\n" for line in lines)
    return body + f"signature {private.sign(body.encode()).hex()}\n"


def announcement_text(private, key: bytes, previous: bytes | None, made: int) -> str:
    identity = private.public_key().public_bytes_raw().hex()
    before = previous.hex() if previous else "none"
    return _signed(private, ["sealane custodian key v1", f"identity {identity}", f"key {key.hex()}", f"previous {before}", f"made {made}"])


def settlement_text(private, alarm: str, kind: str, key: bytes, settled: int, reason: str) -> str:
    identity = private.public_key().public_bytes_raw().hex()
    return _signed(private, [
        "sealane custodian settlement v1", f"identity {identity}", f"alarm {alarm}", f"kind {kind}", f"key {key.hex()}", f"settled {settled}",
        f"reason {reason}"])
