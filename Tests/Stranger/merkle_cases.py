"""Proofs of inclusion and consistency, good and bad, by RFC 9162 alone: what Tests/LedgerTests/merkle-cases.json holds.

The leaves and trees are those of RFC 6962's reference tests; the bad cases alter good ones as the cases of transparency-dev/merkle do, and
have their names. Whether a case is good is decided by the verifier below, which is RFC 9162, sections 2.1.3.2 and 2.1.4.2, step by step.

    python Tests/Stranger/merkle_cases.py > Tests/LedgerTests/merkle-cases.json
"""

import base64
import hashlib
import json
import sys

LEAVES = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
INCLUSION = [(0, 1), (0, 8), (5, 8), (2, 3), (1, 5), (7, 8), (4, 7)]
CONSISTENCY = [(1, 1), (1, 8), (6, 8), (2, 5), (3, 7), (4, 8), (7, 8)]


def leaf_hash(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size):
    return 1 << ((size - 1).bit_length() - 1)


def root(hashes):
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    middle = split(len(hashes))
    return node_hash(root(hashes[:middle]), root(hashes[middle:]))


def path(index, hashes):
    if len(hashes) == 1:
        return []
    middle = split(len(hashes))
    if index < middle:
        return path(index, hashes[:middle]) + [root(hashes[middle:])]
    return path(index - middle, hashes[middle:]) + [root(hashes[:middle])]


def subproof(older, hashes, whole):
    if older == len(hashes):
        return [] if whole else [root(hashes)]
    middle = split(len(hashes))
    if older <= middle:
        return subproof(older, hashes[:middle], whole) + [root(hashes[middle:])]
    return subproof(older - middle, hashes[middle:], False) + [root(hashes[:middle])]


def includes(case):
    """RFC 9162, section 2.1.3.2, and no hash that is not 32 bytes."""
    index, size, proof = case["index"], case["size"], case["proof"]
    if any(len(part) != 32 for part in [case["leaf"], case["root"], *proof]) or not 0 <= index < size:
        return False
    node, last, result = index, size - 1, case["leaf"]
    for part in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = node_hash(part, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, part)
        node, last = node >> 1, last >> 1
    return last == 0 and result == case["root"]


def continues(case):
    """RFC 9162, section 2.1.4.2, no hash that is not 32 bytes, and nothing from an empty tree."""
    older, newer, proof = case["older"], case["newer"], list(case["proof"])
    if any(len(part) != 32 for part in [case["older_root"], case["newer_root"], *proof]) or not 0 < older <= newer:
        return False
    if older == newer:
        return not proof and case["older_root"] == case["newer_root"]
    if older & (older - 1) == 0:
        proof.insert(0, case["older_root"])
    if not proof:
        return False
    node, last = older - 1, newer - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = proof[0]
    for part in proof[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = node_hash(part, first), node_hash(part, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, part)
        node, last = node >> 1, last >> 1
    return last == 0 and first == case["older_root"] and second == case["newer_root"]


def flip(data, bit):
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :] if data else data


def proof_changes(proof, ends):
    """(name, proof): what is put before, behind, between, or taken away."""
    yield "preceding-garbage", [b""] + proof
    yield "trailing-garbage", proof + [b""]
    for name, extra in ends:
        yield f"preceding-{name}", [extra] + proof
        yield f"trailing-{name}", proof + [extra]
    if proof:
        yield "preceding-proof@0", [proof[0]] + proof
        yield "empty-proof", []
        yield "removed-component", proof[:-1]
        yield "truncated-component", proof[:-1] + [proof[-1][:-1]]
        yield "inserted-component", proof[:1] + proof
        for position in range(len(proof)):
            yield f"modified-proof@{position}-bit-4", [flip(part, 4) if at == position else part for at, part in enumerate(proof)]


def inclusion_cases():
    hashes = [leaf_hash(entry) for entry in LEAVES]
    other = hashlib.sha256(b"other").digest()
    for index, size in INCLUSION:
        good = {"index": index, "size": size, "leaf": hashes[index], "root": root(hashes[:size]), "proof": path(index, hashes[:size])}
        changes = [("happy-path", {})]
        changes += [(f"index-{name}", {"index": value}) for name, value in (("minus-1", index - 1), ("plus-1", index + 1), ("xor-2", index ^ 2))]
        changes += [("size-mul-2", {"size": size * 2}), ("size-div-2", {"size": size // 2})]
        changes += [("wrong-leaf", {"leaf": flip(hashes[index], 9)}), ("empty-leaf", {"leaf": b""})]
        changes += [("empty-root", {"root": b""}), ("random-root", {"root": other})]
        changes += [(name, {"proof": proof}) for name, proof in proof_changes(good["proof"], [("root", good["root"]), ("random", other)])]
        for name, change in changes:
            yield f"inclusion/{index}-of-{size}/{name}", {**good, **change}


def consistency_cases():
    hashes = [leaf_hash(entry) for entry in LEAVES]
    for older, newer in CONSISTENCY:
        good = {
            "older": older, "newer": newer, "older_root": root(hashes[:older]), "newer_root": root(hashes[:newer]),
            "proof": subproof(older, hashes[:newer], True)}
        first, second = good["older_root"], good["newer_root"]
        changes = [("happy-path", {}), ("older-zero", {"older": 0, "older_root": root([])})]
        changes += [(f"older-{name}", {"older": value}) for name, value in (("minus-1", older - 1), ("plus-1", older + 1), ("xor-2", older ^ 2))]
        changes += [("newer-mul-2", {"newer": newer * 2}), ("newer-div-2", {"newer": newer // 2})]
        changes += [("wrong-older-root", {"older_root": flip(first, 9)}), ("wrong-newer-root", {"newer_root": flip(second, 9)})]
        changes += [("swapped-roots", {"older_root": second, "newer_root": first}), ("empty-root", {"newer_root": b""})]
        changes += [(name, {"proof": proof}) for name, proof in proof_changes(good["proof"], [("older-root", first), ("newer-root", second)])]
        for name, change in changes:
            yield f"consistency/{older}-to-{newer}/{name}", {**good, **change}


def cases():
    def shown(case):
        return {
            key: [base64.b64encode(part).decode() for part in value] if isinstance(value, list)
            else base64.b64encode(value).decode() if isinstance(value, bytes) else value
            for key, value in case.items()}

    def numbers(case):
        return all(value >= 0 for value in case.values() if isinstance(value, int))

    return {
        "inclusion": [{"name": name, **shown(case), "holds": includes(case)} for name, case in inclusion_cases() if numbers(case)],
        "consistency": [{"name": name, **shown(case), "holds": continues(case)} for name, case in consistency_cases() if numbers(case)]}


if __name__ == "__main__":
    made = cases()
    lines = ",\n".join(
        f'"{kind}": [\n' + ",\n".join(json.dumps(case, separators=(",", ":")) for case in made[kind]) + "\n]" for kind in ("inclusion", "consistency"))
    sys.stdout.write("{" + lines + "}\n")
