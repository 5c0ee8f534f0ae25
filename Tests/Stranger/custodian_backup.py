"""Writes and opens the custodian's backups and their shares. Written from docs/FORMATS.md, "Custodian backup", alone; uses no code of Sealane."""

import hashlib
import struct

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

TITLE = b"sealane custodian backup 1\n"
FRAME, TAG = 65_536, 16
DAY = 86_400_000
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


# Shares


def product(left: int, right: int) -> int:
    result = 0
    while right:
        if right & 1:
            result ^= left
        left <<= 1
        if left & 0x100:
            left ^= 0x11B
        right >>= 1
    return result


def split(secret: bytes, slopes: bytes) -> list[bytes]:
    return [bytes(byte ^ product(slope, index) for byte, slope in zip(secret, slopes)) for index in (1, 2, 3)]


def combine(shares: dict[int, bytes]) -> bytes:
    (one, first), (two, second) = sorted(shares.items())
    # By trial: the line through both points, at 0.
    lines = {(product(slope, one) ^ a, product(slope, two) ^ a): a for slope in range(256) for a in range(256)}
    return bytes(lines[pair] for pair in zip(first, second))


def _digits(data: bytes) -> list[int]:
    number = int.from_bytes(data, "big")
    count = len(data) * 8 // 5
    return [number >> 5 * (count - 1 - place) & 31 for place in range(count)]


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(b"sealane backup share v1\n" + body).digest()[:6]


def _check_digit(four: list[int], group: int) -> int:
    return hashlib.sha256(b"sealane backup share group v1\n" + bytes([group]) + bytes(four)).digest()[0] & 31


def share_text(backup: bytes, index: int, values: bytes) -> str:
    body = bytes([0x10 | index]) + backup + values
    digits = _digits(body + _checksum(body))
    groups = [digits[start : start + 4] for start in range(0, 72, 4)]
    return "-".join(["slb"] + ["".join(ALPHABET[digit] for digit in [*four, _check_digit(four, number)]) for number, four in enumerate(groups)])


def read_share(text: str) -> tuple[bytes, int, bytes]:
    prefix, *groups = text.strip().split("-")
    assert prefix == "slb" and len(groups) == 18
    number = 0
    for place, group in enumerate(groups):
        *four, check = (ALPHABET.index(character) for character in group)
        assert check == _check_digit(four, place), f"group {place + 1}"
        for digit in four:
            number = number << 5 | digit
    data = number.to_bytes(45, "big")
    body = data[:39]
    assert data[39:] == _checksum(body) and body[0] >> 4 == 1
    return body[1:7], body[0] & 15, body[7:]


# The file


def header(backup: bytes, made: int, expires: int, identity: bytes) -> bytes:
    return TITLE + backup + struct.pack("<qq", made, expires) + identity


def read_header(data: bytes) -> tuple[bytes, int, int, bytes]:
    assert data.startswith(TITLE)
    return data[27:33], *struct.unpack_from("<qq", data, 33), data[49:81]


def _key(head: bytes, key: bytes) -> ChaCha20Poly1305:
    info = b"sealane custodian backup frames v1\n" + head
    return ChaCha20Poly1305(HKDF(algorithm=SHA256(), length=32, salt=b"", info=info).derive(key))


def _nonce(number: int, is_last: bool) -> bytes:
    return struct.pack("<QI", number, 0)[:11] + bytes([is_last])


def write_backup(head: bytes, key: bytes, files: dict[str, bytes]) -> bytes:
    content = b"".join(bytes([len(name)]) + name.encode() + struct.pack("<Q", len(data)) + data for name, data in files.items()) + b"\0"
    frames = [content[start : start + FRAME] for start in range(0, len(content), FRAME)]
    cipher = _key(head, key)
    return head + b"".join(cipher.encrypt(_nonce(number, number == len(frames) - 1), frame, None) for number, frame in enumerate(frames))


def open_backup(data: bytes, key: bytes) -> dict[str, bytes]:
    head, body = data[:81], data[81:]
    cipher = _key(head, key)
    sealed = [body[start : start + FRAME + TAG] for start in range(0, len(body), FRAME + TAG)]
    content = b"".join(cipher.decrypt(_nonce(number, number == len(sealed) - 1), frame, None) for number, frame in enumerate(sealed))
    files, offset = {}, 0
    while content[offset]:
        end = offset + 1 + content[offset]
        name, (size,) = content[offset + 1 : end].decode(), struct.unpack_from("<Q", content, end)
        files[name] = content[end + 8 : end + 8 + size]
        offset = end + 8 + size
    assert offset + 1 == len(content)
    return files
