"""Checks the proofs that come with notices. Written from docs/FORMATS.md, "Statement", "Dispatch" and "Proof of a notice", alone; uses no code of
Sealane. Signatures by PyNaCl."""

import base64
import hashlib
import json

from merkle_proofs import includes, leaf_hash
from tlog import Key, read_note, read_proof
from voprf_p384 import output


def committed(part: dict, kind: str, anchors: dict) -> dict:
    """A text that the custodian signed and that the witnessed ledger has."""
    text, signers = read_note(part["note"], *[Key(key) for key in anchors["notices"]])
    assert signers, "not signed by a key of the company"
    witness = next(line.split()[2] for line in anchors["policy"].splitlines() if line.startswith("witness "))
    entry, signed = read_proof(part["ledger"], *[Key(key) for key in anchors["ledger"]], Key(witness))
    assert Key(witness).name in signed and any(Key(key).name in signed for key in anchors["ledger"]), signed
    entry = json.loads(entry)
    assert entry["kind"] == f"notice_{kind}" and entry["facts"]["digest"] == hashlib.sha256(text.encode()).hexdigest()
    assert text.endswith("\n")
    body = json.loads(text)
    assert body["kind"] == kind and body["v"] == 1
    return body


def holds(leaf: dict, size: int, root: bytes) -> bytes:
    value = base64.b64decode(leaf["value"])
    assert includes(leaf_hash(value), leaf["index"], size, [base64.b64decode(part) for part in leaf["path"]], root), "not in the tree"
    return value


def is_included(value: bytes, place: dict, size: int, root: bytes) -> bool:
    if place.get("included"):
        assert holds(place["included"], size, root) == value, "somebody else's place"
        return True
    before, after = place.get("before"), place.get("after")
    if before:
        assert holds(before, size, root) < value
    if after:
        assert value < holds(after, size, root)
    if before and after:
        assert after["index"] == before["index"] + 1
    elif after:
        assert after["index"] == 0
    elif before:
        assert before["index"] == size - 1
    else:
        assert size == 0 and root == hashlib.sha256(b"").digest()
    return False


def named(statement: dict, reader: dict) -> bool:
    """Whether the reader's name is in the statement, as the reader's own proof says."""
    blind = base64.b64decode(reader["blind"])
    assert len(blind) == 193
    value = hashlib.sha256(
        output(reader["name"].encode(), base64.b64decode(statement["key"]), int.from_bytes(blind[:48], "big"), blind[48:97], blind[97:])).digest()
    return is_included(value, reader["place"], statement["names"], base64.b64decode(statement["root"]))


def statement_proof(proof: dict, anchors: dict) -> tuple[dict, bool]:
    assert proof["kind"] == "statement_proof"
    statement = committed(proof["statement"], "statement", anchors)
    return statement, named(statement, proof["reader"])


def written(letter: dict, leaves: int, root: str):
    """That a letter is one of those under the root."""
    assert not any(end in letter["subject"] for end in "\n\v\f\r\x85\u2028\u2029") and len(letter["code"]) >= 10 and letter["code"] in letter["body"]
    text = f"{letter['kind']}\n{letter['subject']}\n\n{letter['body']}".encode()
    value = hashlib.sha256(base64.b64decode(letter["salt"]) + text).digest()
    assert is_included(value, letter["place"], leaves, base64.b64decode(root)), "another letter"


def digest_of(part: dict, anchors: dict) -> str:
    text, _ = read_note(part["note"], *[Key(key) for key in anchors["notices"]])
    return hashlib.sha256(text.encode()).hexdigest()


def answer_proof(proof: dict, anchors: dict) -> dict[str, bool]:
    """Of an answer that was really given: by case, whether whoever asked is in its statement."""
    assert proof["kind"] == "answer_proof"
    batch = committed(proof["answers"], "answers", anchors)
    written(proof["letter"], batch["leaves"], batch["root"])
    (name,) = {part["reader"]["name"] for part in proof["statements"]}
    assert name.split(":", 1)[1] in proof["letter"]["body"].split("\n"), "about another address"
    assert [digest_of(part["statement"], anchors) for part in proof["statements"]] == batch["statements"], "other statements"
    found = {}
    for part in proof["statements"]:
        statement = committed(part["statement"], "statement", anchors)
        found[f"{statement['project']}-{statement['incident']}"] = named(statement, part["reader"])
    assert proof["letter"]["kind"].split(".")[0] == ("affected" if any(found.values()) else "unaffected"), "says otherwise"
    return found


def notice_proof(proof: dict, anchors: dict) -> tuple[dict, dict]:
    """The dispatch and the statement of a letter that was really written like this."""
    assert proof["kind"] == "notice_proof"
    statement, dispatch = committed(proof["statement"], "statement", anchors), committed(proof["dispatch"], "dispatch", anchors)
    assert dispatch["statement"] == digest_of(proof["statement"], anchors)
    written(proof["letter"], dispatch["messages"], dispatch["root"])
    if proof.get("reader"):
        assert named(statement, proof["reader"]), "the reader is not affected"
    return dispatch, statement
