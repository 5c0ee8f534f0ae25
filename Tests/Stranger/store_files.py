"""Reads the store's section files. Written from docs/FORMATS.md alone."""

import struct


class Reader:
    def __init__(self, content: bytes):
        self.content, self.place = content, 0

    def take(self, count: int) -> bytes:
        if self.place + count > len(self.content):
            raise ValueError("the file is cut")
        self.place += count
        return self.content[self.place - count:self.place]

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def text(self) -> str:
        return self.take(self.varint()).decode()

    def ascending(self) -> list[int]:
        """A count, then numbers as distances from the one before."""
        numbers, last = [], 0
        for _ in range(self.varint()):
            last += self.varint()
            numbers.append(last)
        return numbers

    def pseudonym(self) -> bytes:
        return struct.pack(">QQ", *struct.unpack("<QQ", self.take(16)))

    def value(self):
        """Pseudonyms are their 16 bytes, sealed values a pair of tag and bytes."""
        kind = self.take(1)[0]
        if kind < 3:
            return [None, False, True][kind]
        if kind == 3:
            return struct.unpack("<d", self.take(8))[0]
        if kind == 4:
            return self.text()
        if kind == 5:
            return [self.value() for _ in range(self.varint())]
        if kind == 6:
            return self.properties()
        if kind == 7:
            return self.pseudonym()
        if kind == 8:
            return self.pseudonym(), self.take(self.varint())
        raise ValueError("a value of an unknown kind")

    def properties(self) -> dict:
        return {name: self.value() for name in (self.text() for _ in range(self.varint()))}


def sections(content: bytes) -> dict[str, bytes]:
    directory, length = struct.unpack_from("<QQ", content, len(content) - 32)
    found, reader = {}, Reader(content[directory:directory + length])
    while reader.place < length:
        name = reader.take(struct.unpack("<H", reader.take(2))[0]).decode()
        offset, size, _ = struct.unpack("<QQQ", reader.take(24))
        found[name] = content[offset:offset + size]
    return found


def identities(content: bytes) -> tuple[list[bytes], list[tuple[bytes, bytes]]]:
    """The pseudonyms of an `identities-` file, and the sealed ids that it has for them."""
    found = sections(content)
    first, count = struct.unpack_from("<QQ", found["ids"])
    ids = Reader(found["ids"][16:])
    subjects = [(ids.pseudonym(), ids.take(1))[0] for _ in range(count)]
    sealed = []
    ordinals = Reader(found["sealed"]).ascending()
    chunks = Reader(b"".join(found[f"s:{n}"] for n in range((len(ordinals) + 1023) // 1024)))
    for ordinal in ordinals:
        chunks.pseudonym()
        value = chunks.take(chunks.varint())
        # One that was known before has its pseudonym in an older file.
        if first <= ordinal < first + count:
            sealed.append((subjects[ordinal - first], value))
    return subjects, sealed


def profile_layers(content: bytes) -> list[tuple[int, dict[str, dict]]]:
    """Each profile of a `profiles-` file by its subject's number: its layers `verified` and `unverified`."""
    found = sections(content)
    index = Reader(found["index"])
    numbers = iter(index.ascending())
    made = []
    for chunk_number, count in enumerate([index.varint() for _ in range(index.varint())]):
        chunk = Reader(found[f"c:{chunk_number}"])
        for _ in range(count):
            flags = chunk.take(1)[0]
            layers = {name: chunk.properties() if flags & flag else {} for name, flag in (("verified", 1), ("unverified", 2))}
            made.append((next(numbers), layers))
    return made


def profiles(content: bytes) -> list[dict[str, dict]]:
    return [layers for _, layers in profile_layers(content)]


_PRIMES = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
_ALL = (1 << 64) - 1


def _turned(value: int, bits: int) -> int:
    return (value << bits | value >> 64 - bits) & _ALL


def _checksum_of_two(seed: int, first: int, second: int) -> int:
    """XXH64 of two numbers of 64 bits."""
    one, two, three, four, five = _PRIMES
    value = (seed + five + 16) & _ALL
    for number in (first, second):
        value ^= _turned(number * two & _ALL, 31) * one & _ALL
        value = (_turned(value, 27) * one + four) & _ALL
    value = (value ^ value >> 33) * two & _ALL
    value = (value ^ value >> 29) * three & _ALL
    return value ^ value >> 32


def subject_number(ordinal: int, key: tuple[int, int]) -> int:
    """The number of the n-th id of a store, by the number keys in its manifest."""
    left, right = ordinal >> 16, ordinal & 0xFFFF
    for turn in range(4):
        left, right = right, left ^ _checksum_of_two(key[0], (turn << 16) + right, key[1]) & 0xFFFF
    number = left << 16 | right
    return number if number != 0xFFFFFFFF else subject_number(0xFFFFFFFF, key)


def number_key(manifest: bytes) -> tuple[int, int]:
    return struct.unpack_from("<QQ", manifest, 16)
