"""What was stolen: files, what can be read out of them by docs/FORMATS.md, and whatever in them could be a key."""

import base64
import itertools
import pathlib
import re
import sys
from dataclasses import dataclass, field
from functools import cached_property

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Stranger"))
from store_files import identities, number_key, profile_layers, subject_number  # noqa: E402

#: Of a longer file of rows (`segment-` and the like) raw keys are sought in as many bytes at its start and at its end. Everything else, and
#: every file for keys in hexadecimal or base64, is searched whole.
RAW_BYTES = 512 << 10
#: Rows of digits longer than this are no settings: keys in them are sought without overlap.
LONG_ROW = 4096


@dataclass(frozen=True)
class Sealed:
    """A sealed value: of whom it is the thief sees, and where it would have to be opened."""

    subject: bytes
    value: bytes
    field: str = "$id"


@dataclass
class Loot:
    files: dict[pathlib.Path, bytes] = field(default_factory=dict)
    ids: set[bytes] = field(default_factory=set)
    sealed: set[Sealed] = field(default_factory=set)
    #: Equality tags of sealed values and pseudonyms of what a plan keeps beside them, by the names of their fields.
    tags: dict[str, set[bytes]] = field(default_factory=dict)

    @classmethod
    def of(cls, *directories: pathlib.Path) -> "Loot":
        loot = cls()
        for path in itertools.chain.from_iterable(sorted(directory.rglob("*")) for directory in directories):
            if path.is_file() and not path.is_socket():
                loot.files[path] = path.read_bytes()
        for directory in {path.parent for path in loot.files}:
            loot._read_store({path.name: loot.files[path] for path in loot.files if path.parent == directory})
        return loot

    def _read_store(self, files: dict[str, bytes]):
        subjects: list[bytes] = []
        for name in sorted(name for name in files if files[name][:8] == b"SEALANEI"):
            found, sealed = identities(files[name])
            subjects += found
            self.ids.update(found)
            self.sealed.update(Sealed(subject, value) for subject, value in sealed)
        if "manifest" not in files:
            # A backup's objects: copies of a store's files under other names.
            return
        key = number_key(files["manifest"])
        by_number = {subject_number(ordinal, key): subject for ordinal, subject in enumerate(subjects)}
        for name in sorted(name for name in files if files[name][:8] == b"SEALANEP"):
            for number, layers in profile_layers(files[name]):
                for properties in layers.values():
                    self._read_profile(by_number[number], properties)

    def _read_profile(self, subject: bytes, properties: dict):
        for name, value in properties.items():
            for found in value if isinstance(value, list) else [value]:
                if isinstance(found, bytes):
                    self.tags.setdefault(name, set()).add(found)
                elif isinstance(found, tuple):
                    self.tags.setdefault(name, set()).add(found[0])
                    self.sealed.add(Sealed(subject, found[1], name))

    @cached_property
    def contents(self) -> dict[bytes, pathlib.Path]:
        """What lies in a directory and in its backup is looked at once."""
        return {content: path for path, content in self.files.items()}

    @cached_property
    def written_keys(self) -> list[bytes]:
        """Whatever could be a key of 32 bytes that somebody wrote down: whole files, and 64 hexadecimal digits or 43 of base64 in any file."""
        found: dict[bytes, None] = {bytes(32): None}
        for content in self.contents:
            if len(content) == 32:
                found[content] = None
            for row in re.findall(rb"[0-9a-fA-F]{64,}", content):
                for start in range(0, len(row) - 63, 1 if len(row) <= LONG_ROW else 64):
                    found[bytes.fromhex(row[start:start + 64].decode())] = None
            for row in re.findall(rb"[A-Za-z0-9+/_-]{43,}", content):
                # Alone, or at any place of a longer encoding that begins a byte.
                for start in range(0, len(row) - 42, 4):
                    text = row[start:start + 43].replace(b"+", b"-").replace(b"/", b"_")
                    found[base64.urlsafe_b64decode(text + b"=")[:32]] = None
        return list(found)

    @cached_property
    def raw_keys(self) -> list[bytes]:
        """32 bytes at any place of what is searched (`RAW_BYTES`) that could have been drawn by lot.

        Of those that were, one in half a million has fewer than 20 different bytes, or fewer than 4 above 7F; texts, numbers and zeros have.
        """
        found: dict[bytes, None] = {}
        for content, path in self.contents.items():
            for piece in pieces(path, content):
                high = list(itertools.accumulate((byte >> 7 for byte in piece), initial=0))
                for start in range(len(piece) - 31):
                    if high[start + 32] - high[start] >= 4 and len(set(piece[start:start + 32])) >= 20:
                        found[piece[start:start + 32]] = None
        return list(found)


def pieces(path: pathlib.Path, content: bytes) -> list[bytes]:
    rows = content[:7] == b"SEALANE" and not path.name.startswith("log-")
    if not rows or len(content) <= 2 * RAW_BYTES:
        return [content]
    return [content[:RAW_BYTES], content[-RAW_BYTES:]]
