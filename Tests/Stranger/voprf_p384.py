"""RFC 9497, P384-SHA384, mode VOPRF, from the verifier's side, and RFC 9380's P384_XMD:SHA-384_SSWU_RO_: plain integers, for whoever wants to check a
proof by reading. Slow and not in constant time; nothing secret goes through it."""

import hashlib

P = 2**384 - 2**128 - 2**96 + 2**32 - 1
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973
A = P - 3
B = 0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF
G = (0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
     0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F)
Z = P - 12
CONTEXT = b"OPRFV1-\x01-P384-SHA384"


def add(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0]:
        if (p[1] + q[1]) % P == 0:
            return None
        slope = (3 * p[0] * p[0] + A) * pow(2 * p[1], -1, P) % P
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P) % P
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def times(k, p):
    result = None
    while k:
        if k & 1:
            result = add(result, p)
        p, k = add(p, p), k >> 1
    return result


def encode(p) -> bytes:
    return bytes([2 + (p[1] & 1)]) + p[0].to_bytes(48, "big")


def decode(raw: bytes):
    assert len(raw) == 49 and raw[0] in (2, 3)
    x = int.from_bytes(raw[1:], "big")
    assert x < P
    square = (x**3 + A * x + B) % P
    y = pow(square, (P + 1) // 4, P)
    assert y * y % P == square, "not on the curve"
    return x, y if y & 1 == raw[0] & 1 else P - y


def expand(message: bytes, tag: bytes, count: int) -> bytes:
    tag += bytes([len(tag)])
    start = hashlib.sha384(bytes(128) + message + count.to_bytes(2, "big") + b"\0" + tag).digest()
    blocks = [hashlib.sha384(start + b"\1" + tag).digest()]
    while 48 * len(blocks) < count:
        mixed = bytes(a ^ b for a, b in zip(start, blocks[-1]))
        blocks.append(hashlib.sha384(mixed + bytes([len(blocks) + 1]) + tag).digest())
    return b"".join(blocks)[:count]


def numbers(message: bytes, tag: bytes, count: int, modulus: int) -> list[int]:
    raw = expand(message, tag, 72 * count)
    return [int.from_bytes(raw[72 * i:72 * i + 72], "big") % modulus for i in range(count)]


def mapped(u: int):
    t = Z * u * u % P
    d = (t * t + t) % P
    x = (-B * pow(A, -1, P) * (1 + pow(d, -1, P)) if d else B * pow(Z * A, -1, P)) % P
    square = (x**3 + A * x + B) % P
    y = pow(square, (P + 1) // 4, P)
    if y * y % P != square:
        x = t * x % P
        square = (x**3 + A * x + B) % P
        y = pow(square, (P + 1) // 4, P)
    return x, y if y & 1 == u & 1 else P - y


def hash_to_group(message: bytes):
    u, v = numbers(message, b"HashToGroup-" + CONTEXT, 2, P)
    return add(mapped(u), mapped(v))


def hash_to_scalar(message: bytes) -> int:
    return numbers(message, b"HashToScalar-" + CONTEXT, 1, N)[0]


def framed(raw: bytes) -> bytes:
    return len(raw).to_bytes(2, "big") + raw


def output(message: bytes, public_key: bytes, blind: int, evaluated: bytes, proof: bytes) -> bytes:
    """What the client of RFC 9497 comes to, if the proof holds."""
    assert 0 < blind < N and len(proof) == 96
    key, answer = decode(public_key), decode(evaluated)
    blinded = times(blind, hash_to_group(message))
    c, s = int.from_bytes(proof[:48], "big"), int.from_bytes(proof[48:], "big")
    seed = hashlib.sha384(framed(encode(key)) + framed(b"Seed-" + CONTEXT)).digest()
    d = hash_to_scalar(framed(seed) + b"\0\0" + framed(encode(blinded)) + framed(encode(answer)) + b"Composite")
    m, z = times(d, blinded), times(d, answer)
    t2, t3 = add(times(s, G), times(c, key)), add(times(s, m), times(c, z))
    transcript = b"".join(framed(encode(point)) for point in (key, m, z, t2, t3)) + b"Challenge"
    assert hash_to_scalar(transcript) == c, "the proof is not by this key"
    unblinded = times(pow(blind, -1, N), answer)
    return hashlib.sha384(framed(message) + framed(encode(unblinded)) + b"Finalize").digest()
