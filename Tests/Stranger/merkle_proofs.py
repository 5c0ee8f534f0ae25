"""Checks proofs of inclusion and consistency by RFC 9162 alone: sections 2.1.3.2 and 2.1.4.2, step by step."""

import hashlib


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def includes(leaf: bytes, index: int, size: int, proof: list, root: bytes) -> bool:
    """RFC 9162, section 2.1.3.2, and no hash that is not 32 bytes."""
    if any(len(part) != 32 for part in [leaf, root, *proof]) or not 0 <= index < size:
        return False
    node, last, result = index, size - 1, leaf
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
    return last == 0 and result == root


def continues(older: int, older_root: bytes, newer: int, newer_root: bytes, proof: list) -> bool:
    """RFC 9162, section 2.1.4.2, no hash that is not 32 bytes, and nothing from an empty tree."""
    if any(len(part) != 32 for part in [older_root, newer_root, *proof]) or not 0 < older <= newer:
        return False
    if older == newer:
        return not proof and older_root == newer_root
    if older & (older - 1) == 0:
        proof = [older_root, *proof]
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
    return last == 0 and first == older_root and second == newer_root
