"""The plain verifier of VOPRF proofs beside PyPI's voprf, and the vector of RFC 9497."""

import os

import pytest
import voprf.p384
from voprf_p384 import N, encode, hash_to_group, output, times


def transcript(evaluator, message: bytes, blind: int):
    answer = evaluator.evaluate(voprf.p384.BlindedInput.deserialize(encode(times(blind, hash_to_group(message))))).serialize()
    assert len(answer) == 49 + 96
    # The library writes the proof first.
    return answer[96:], answer[:96]


def test_the_vector_of_the_rfc():
    evaluator = voprf.p384.Evaluator.from_seed(bytes.fromhex("a3" * 32), bytes.fromhex("74657374206b6579"))
    answer, proof = transcript(evaluator, b"\0", 17)
    known = "3333230886b562ffb8329a8be08fea8025755372817ec969d114d1203d026b4a622beab60220bf19078bca35a529b35c"
    assert output(b"\0", evaluator.public_key.serialize(), 17, answer, proof).hex() == known


def test_what_the_library_proves_is_proven():
    evaluator = voprf.p384.Evaluator(os.urandom(32))
    key = evaluator.public_key.serialize()
    for message in (b"email:ada@orrery.example", b"account:u_17", os.urandom(300)):
        blind = int.from_bytes(os.urandom(48), "big") % N
        answer, proof = transcript(evaluator, message, blind)
        assert output(message, key, blind, answer, proof) == evaluator.evaluate_known_input(message)
        with pytest.raises(AssertionError):
            output(message + b"x", key, blind, answer, proof)
        with pytest.raises(AssertionError):
            output(message, voprf.p384.Evaluator(os.urandom(32)).public_key.serialize(), blind, answer, proof)
