"""What the bytes of a Sealane store are for, read from the directories of its files (docs/FORMATS.md, Store files)."""
import pathlib
import struct

KINDS = {"identities-": "identities", "merges-": "identities", "profiles-": "profiles and keys", "keys-": "profiles and keys", "log-": "log"}


def sections(path):
    """{name: bytes} of a section file; None for one that a merge left unfinished when the server stopped (the next start removes it)."""
    with open(path, "rb") as file:
        file.seek(-32, 2)
        offset, length, _, end = struct.unpack("<QQQ8s", file.read(32))
        if not end.startswith(b"SEALEND"):
            return None
        file.seek(offset)
        directory, found, at = file.read(length), {}, 0
    while at < length:
        (name_length,) = struct.unpack_from("<H", directory, at)
        name = directory[at + 2:at + 2 + name_length].decode()
        _, size, _ = struct.unpack_from("<QQQ", directory, at + 2 + name_length)
        found[name] = found.get(name, 0) + size
        at += 2 + name_length + 24
    return found


def split(directory):
    """{what for: bytes} of a project's store, and how many segments it has."""
    bytes_for = {"columns": 0, "insert-id fingerprints": 0, "identities": 0, "profiles and keys": 0, "log": 0, "other": 0}
    segments = 0
    for path in pathlib.Path(directory).rglob("*"):
        if not path.is_file() or path.is_symlink():
            continue
        size = path.stat().st_size
        if path.name.startswith("segment-"):
            found = sections(path)
            if found is None:
                continue
            fingerprints = sum(size for name, size in found.items() if name.startswith("f:"))
            bytes_for["insert-id fingerprints"] += fingerprints
            bytes_for["columns"] += size - fingerprints
            segments += 1
        else:
            bytes_for[next((kind for prefix, kind in KINDS.items() if path.name.startswith(prefix)), "other")] += size
    return bytes_for, segments
