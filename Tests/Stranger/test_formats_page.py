"""The vectors of docs/FORMATS.md hold for a program that shares nothing with Sealane."""

import pathlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from custodian_backup import combine, header, open_backup, product, read_share, share_text, split, write_backup
from sealane_formats import Refused, _derive, open_parcel, open_value, pseudonym, settlement_text

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/FORMATS.md"


@pytest.fixture(scope="module")
def rows() -> dict[str, str]:
    lines = [line.split("|") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    return {cells[1].strip(): cells[2].strip().strip("`") for cells in lines if len(cells) == 4}


@pytest.fixture(scope="module")
def keys(rows):
    private = {bytes.fromhex(rows["its fingerprint"])[:8]: bytes(range(0x80, 0xA0))}
    return open_parcel(bytes.fromhex(rows["parcel"]), private)


def test_pseudonyms(rows):
    key, tag_key = bytes(range(32)), bytes(range(32, 64))
    assert pseudonym(1, key, 7, ["ada@orrery.example"]).hex() == rows["subject `ada@orrery.example`"]
    assert pseudonym(2, key, 7, ["org_id", "brightfen"]).hex() == rows["group `org_id`, `brightfen`"]
    assert pseudonym(3, tag_key, 7, ["$email", "ada@orrery.example"]).hex() == rows["tag of field `$email`, value `ada@orrery.example`"]


def test_parcel_and_value(rows, keys):
    assert [key.sequence for key in keys] == [0, 3]
    assert keys[0].key == bytes(range(0x40, 0x60)) and keys[0].subject.hex() == rows["subject `ada@orrery.example`"]
    assert open_value(bytes.fromhex(rows["sealed value"]), keys[0].key, 7, keys[0].subject, "$email") == rows["plaintext"]
    assert open_value(bytes.fromhex(rows["sealed value, of version 2"]), keys[0].key, 7, keys[0].subject, "$email") == rows["plaintext"]


def test_request_to_the_custodian(rows):
    import hashlib
    import json

    text = rows["canonical request"]
    # RFC 8785, as far as these members need it.
    assert json.dumps(json.loads(text), separators=(",", ":"), sort_keys=True, ensure_ascii=False) == text
    digest = hashlib.sha256(text.encode()).digest()
    assert digest.hex() == rows["SHA-256 of the request"]
    for act, row in (("request", "challenge of its request"), ("approval", "challenge of its approvals"), ("completion", "challenge of its completion")):
        assert hashlib.sha256(f"sealane custodian {act} v1\n".encode() + digest).hexdigest() == rows[row]


def test_the_custodians_witness_key():
    import base64
    import hashlib
    import hmac

    # HKDF-SHA-256 (RFC 5869) with an empty salt, one block.
    seed = bytes([0x0B] * 32)
    extracted = hmac.new(bytes(32), seed, hashlib.sha256).digest()
    witness_seed = hmac.new(extracted, b"sealane custodian witness v1\x01", hashlib.sha256).digest()
    witness, identity = (Ed25519PrivateKey.from_private_bytes(bytes_) for bytes_ in (witness_seed, seed))
    name, raw = "sealane.local/custodian", b"\x04" + witness.public_key().public_bytes_raw()
    number = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    text = (
        f"sealane custodian witness v1\nidentity {identity.public_key().public_bytes_raw().hex()}\n"
        f"key {name}+{number.hex()}+{base64.b64encode(raw).decode()}\n")
    page = PAGE.read_text()
    assert witness_seed.hex() in page
    assert f"```\n{text}signature {identity.sign(text.encode()).hex()}\n```" in page
    # Its cosignature of the checkpoint of the chapter on the ledger.
    checkpoint = "sealane.test/ledger\n1\ncA3+1qsKxogPRbL2hrvXEoRmxV6m4YHsnIHQjpXaR9o=\n"
    signature = witness.sign(b"cosignature/v1\ntime 1763400000\n" + checkpoint.encode())
    line = base64.b64encode(number + (1763400000).to_bytes(8, "big") + signature).decode()
    assert f"```\n{checkpoint}\n" in page and f"— {name} {line}\n" in page


def test_custodian_backup(rows):
    import hashlib

    key, backup = bytes(range(32)), bytes(range(10, 16))
    shares = split(key, hashlib.sha256(b"slopes").digest())
    for index, values in enumerate(shares, 1):
        assert share_text(backup, index, values) == rows[f"share {index} of the backup"]
        assert read_share(rows[f"share {index} of the backup"]) == (backup, index, values)
    for one, other in ((1, 2), (1, 3), (2, 3)):
        assert combine({one: shares[one - 1], other: shares[other - 1]}) == key
    assert product(0x57, 0x83) == 0xC1
    identity = Ed25519PrivateKey.from_private_bytes(bytes([11]) * 32).public_key().public_bytes_raw()
    head = header(backup, 1763400000000, 1763400000000 + 30 * 86_400_000, identity)
    assert head.hex() == rows["header of the backup"]
    assert _derive(key, b"sealane custodian backup frames v1\n" + head).hex() == rows["frame key of the backup"]
    file = write_backup(head, key, {"announcement.txt": b"sealane\n"})
    assert file[81:].hex() == rows["frames of the backup"] and open_backup(file, key) == {"announcement.txt": b"sealane\n"}


def test_settlement():
    made = settlement_text(
        Ed25519PrivateKey.from_private_bytes(bytes([11]) * 32), bytes(range(16)).hex(), "unknown_recipient", bytes(range(0x20, 0x40)), 1763400000000,
        "custodian.pub came from the wrong backup; put right")
    assert f"```\n{made}```" in PAGE.read_text()


def test_moved_and_altered_values_are_refused(rows, keys):
    value = bytes.fromhex(rows["sealed value"])
    places = [(8, keys[0].subject, "$email"), (7, keys[1].subject, "$email"), (7, keys[0].subject, "$name")]
    for project, subject, field in places:
        with pytest.raises(Refused):
            open_value(value, keys[0].key, project, subject, field)
    with pytest.raises(Refused):
        open_value(b"\x02" + value[1:], keys[0].key, 7, keys[0].subject, "$email")
    for index in range(len(value)):
        altered = bytearray(value)
        altered[index] ^= 1
        with pytest.raises(Refused):
            open_value(bytes(altered), keys[0].key, 7, keys[0].subject, "$email")
        with pytest.raises(Refused):
            open_value(value[:index], keys[0].key, 7, keys[0].subject, "$email")
