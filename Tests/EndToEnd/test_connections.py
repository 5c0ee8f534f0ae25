"""Connections as strangers use and misuse them, byte by byte over sockets."""

import json
import socket
import time

import pytest
import requests

HEAD = b"POST /track HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def body(sealane) -> bytes:
    return json.dumps([{"event": "Connected", "properties": {"token": sealane.token, "distinct_id": "u"}}]).encode()


def talk(sealane, data: bytes, seconds: float = 1.0, shut: bool = False) -> tuple[bytes, str]:
    """Everything that comes back, and whether the other side closed: `closed`, `open` or `reset`."""
    with socket.create_connection(("127.0.0.1", sealane.intake_port)) as connection:
        connection.settimeout(seconds)
        seen = b""
        try:
            connection.sendall(data)
            if shut:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            # It refused and closed before all was sent. What it answered may be there all the same.
            pass
        try:
            while piece := connection.recv(65536):
                seen += piece
        except TimeoutError:
            return seen, "open"
        except ConnectionResetError:
            return seen, "reset"
        return seen, "closed"


def length(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def test_pipelined_requests_are_answered_in_order(sealane, body):
    seen, end = talk(sealane, (HEAD + length(body) + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") * 50, 3)
    assert seen.count(b"HTTP/1.1 200 OK") == 100 and end == "open"
    assert [b"ok\n" in part for part in seen.split(b"HTTP/1.1 ")[1:]] == [False, True] * 50


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_chunked_bodies(sealane, body, size):
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    chunks = b"".join(b"%x;ext=1\r\n" % len(piece) + piece + b"\r\n" for piece in pieces) + b"0\r\nX-Trailer: 1\r\n\r\n"
    seen, end = talk(sealane, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert seen.endswith(b"\r\n\r\n1") and end == "open"


@pytest.mark.parametrize("connection, end", [
    (b"", "open"), (b"Connection: keep-alive\r\n", "open"), (b"Connection: close\r\n", "closed"), (b"Connection: Close\r\n", "closed"),
    (b"Connection: close, te\r\n", "closed")])
def test_the_connection_ends_when_the_client_says_so(sealane, body, connection, end):
    assert talk(sealane, HEAD + connection + length(body))[1] == end


@pytest.mark.parametrize("connection, end", [(b"", "closed"), (b"Connection: keep-alive\r\n", "open")])
def test_the_older_protocol(sealane, body, connection, end):
    seen, seen_end = talk(sealane, b"POST /track HTTP/1.0\r\n" + connection + length(body))
    assert seen.endswith(b"1") and seen_end == end


def test_expect_is_answered(sealane, body):
    with socket.create_connection(("127.0.0.1", sealane.intake_port)) as connection:
        connection.settimeout(10)
        connection.sendall(HEAD + b"Expect: 100-continue\r\n" + length(body)[: -len(body)])
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("request_bytes", [
    b"POST /track HT", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    HEAD + b"Content-Length: -5\r\n\r\nabcdef", HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n", HEAD + b"Content-Length: 500\r\n\r\nshort",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 200_000 + b"\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(5000)) + b"\r\n",
    b"GET /track?data=" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_what_is_no_request_is_refused_and_the_connection_ends(sealane, request_bytes):
    seen, end = talk(sealane, request_bytes, 10, shut=True)
    # Where more was on its way, the end may come as a reset, after the answer.
    assert seen.startswith(b"HTTP/1.1 400 Bad Request") and end != "open", (seen[:200], end)


def test_a_body_that_is_too_long_is_refused_unread(sealane):
    begun = time.monotonic()
    seen, end = talk(sealane, HEAD + b"Content-Length: 999999999999\r\n\r\n" + b"x" * 100_000, 30)
    assert seen.startswith(b"HTTP/1.1 413") and b'"code":413' in seen and end == "closed"
    assert time.monotonic() - begun < 15
    # A sender that is in the middle of it still sees the answer, rather than a reset.
    answer = requests.post(sealane.intake + "/track", data=b"[" + b" " * 25_000_000 + b"]", timeout=30)
    assert answer.status_code == 413


def test_dawdling_senders_take_nobodys_place(make_installation, body):
    sealane = make_installation()
    sealane.start("--max-requests", "4")
    slow = []
    for _ in range(40):
        connection = socket.create_connection(("127.0.0.1", sealane.intake_port))
        connection.sendall(HEAD + length(body)[:-5])
        slow.append(connection)
    time.sleep(0.3)
    for _ in range(5):
        assert sealane.track({"event": "Prompt"}).text == "1"
    for connection in slow[:3]:
        connection.settimeout(10)
        connection.sendall(body[-5:])
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    for connection in slow:
        connection.close()
