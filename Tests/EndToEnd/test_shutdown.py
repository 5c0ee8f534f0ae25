"""SIGTERM: idle connections close at once, what is in flight is finished, in the clear and under TLS."""

import base64
import json
import socket
import ssl
import time

import pytest
import requests
from test_tls import certificate

# How long requests in flight would get; the test must end long before.
GRACE = 120


@pytest.fixture(params=["plain", "tls"])
def door(request, make_installation):
    """A started server, and a function that opens a connection to a port of it."""
    sealane = make_installation()
    arguments = ["--shutdown-seconds", str(GRACE)]
    context = None
    if request.param == "tls":
        chain, secret = certificate(sealane.root)
        arguments += ["--tls-certificate", chain, "--tls-key", secret, "--origin", f"https://localhost:{sealane.console_port}"]
        context = ssl.create_default_context(cafile=str(chain))
        plain = requests.get
        request.getfixturevalue("monkeypatch").setattr(
            requests, "get", lambda url, **options: plain(url.replace("http://127.0.0.1", "https://localhost"), verify=str(chain), **options))
    sealane.start(*arguments)

    def connect(port: int, receive_buffer: int = 0):
        plain_socket = socket.socket()
        if receive_buffer:
            plain_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain_socket.connect(("127.0.0.1", port))
        plain_socket.settimeout(60)
        return context.wrap_socket(plain_socket, server_hostname="localhost") if context else plain_socket

    return sealane, connect


def read_answer(connection) -> bytes:
    """One answer with its Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    while len(body) < length:
        body += connection.recv(65536)
    return body


def test_idle_connections_do_not_hold_the_end_up(door):
    sealane, connect = door
    idle = [connect(port) for port in (sealane.console_port, sealane.intake_port) for _ in range(3)]
    for connection in idle:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_answer(connection) == b"ok\n"
    idle.append(connect(sealane.intake_port))  # one that never said a word
    begun = time.monotonic()
    assert sealane.terminate(timeout=GRACE) == 0
    # Closed at once, and not one listener after the other as each gives up on a peer: far below what requests in flight would get.
    assert time.monotonic() - begun < GRACE / 15


def test_a_request_in_flight_is_finished(door):
    sealane, connect = door
    body = json.dumps([{"event": "In flight", "properties": {"token": sealane.token, "distinct_id": "u", "$insert_id": "in-flight"}}]).encode()
    slow = connect(sealane.intake_port)
    slow.sendall(b"POST /track HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:20])
    time.sleep(0.5)
    server = sealane.server
    server.terminate()
    time.sleep(0.5)
    assert server.poll() is None, "the request in flight was not waited for"
    slow.sendall(body[20:])
    assert read_answer(slow) == b"1"
    assert server.wait(GRACE) == 0
    sealane.server = None
    # Without a server the command opens the directory itself.
    assert "In flight" in sealane.command("export", "--data", sealane.data, "--from", "2020-01-01", "--to", "2100-01-01")


def whole(answer: bytes) -> bytes:
    """The body of a chunked answer (RFC 9112, section 7.1)."""
    rest, body = answer.split(b"\r\n\r\n", 1)[1], b""
    while True:
        size, rest = rest.split(b"\r\n", 1)
        length = int(size, 16)
        if length == 0:
            return body
        body, rest = body + rest[:length], rest[length + 2:]


def test_a_slow_reader_gets_the_whole_answer(door):
    sealane, connect = door
    events = sealane.root / "events.ndjson"
    with events.open("w") as file:
        for n in range(30_000):
            properties = {"time": int(time.time()) - 90_000, "distinct_id": f"u{n % 100}", "$insert_id": f"slow-{n}", "filler": "f" * 200}
            file.write(json.dumps({"event": "Slowly read", "properties": properties}) + "\n")
    sealane.command("import", "--data", sealane.data, events)
    basic = base64.b64encode(":".join(sealane.account).encode())
    reader = connect(sealane.console_port, receive_buffer=4096)
    reader.sendall(
        b"GET /api/2.0/export?from_date=2020-01-01&to_date=2100-01-01 HTTP/1.1\r\nHost: x\r\nAuthorization: Basic " + basic + b"\r\n\r\n")
    data = reader.recv(1000)
    server = sealane.server
    server.terminate()
    time.sleep(1.5)
    while piece := reader.recv(65536):
        data += piece
    assert data.endswith(b"0\r\n\r\n"), "the answer was cut"
    assert whole(data).count(b'"event":"Slowly read"') == 30_000
    assert server.wait(GRACE) == 0
    sealane.server = None
