"""What receives alerts in the tests: a mail server, a webhook endpoint and a syslog receiver, each with TLS, on loopback."""

import contextlib
import http.server
import json
import socket
import ssl
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class MailServer:
    """Takes mail only after STARTTLS and AUTH with the right password."""

    def __init__(self, chain, key, password: str, port: int, implicit: bool = False):
        self.mails = []
        self.refusals = 0
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        outer = self

        class Handler:
            async def handle_DATA(self, server, session, envelope):
                assert session.ssl is not None or implicit
                if outer.refusals > 0:
                    outer.refusals -= 1
                    return "451 try again later"
                outer.mails.append(envelope)
                return "250 taken"

        def authenticate(server, session, envelope, mechanism, data):
            return AuthResult(success=data.login == b"sealane" and data.password == password.encode(), handled=False)

        options = {"ssl_context": context} if implicit else {"tls_context": context, "require_starttls": True}
        self.controller = Controller(
            Handler(), hostname="127.0.0.1", port=port, authenticator=authenticate, auth_required=True, auth_require_tls=not implicit, **options)

    def __enter__(self):
        self.controller.start()
        return self

    def __exit__(self, *_):
        self.controller.stop()


class WebhookServer:
    """Keeps what is posted; answers what `answers` says, then 204."""

    def __init__(self, chain, key, port: int):
        self.requests = []
        self.answers = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                status = outer.answers.pop(0) if outer.answers else 204
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def do_GET(self):
                outer.requests.append((self.path, {}, b"GET"))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = port

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def frames(data: bytes) -> list:
    """The messages of a stream of RFC 5425: number of octets, a space, so many octets."""
    messages = []
    while data:
        count, rest = data.split(b" ", 1)
        assert count.isdigit() and not count.startswith(b"0") and len(rest) >= int(count), data[:80]
        messages.append(rest[: int(count)])
        data = rest[int(count):]
    return messages


class SyslogServer:
    """RFC 5425: TLS, octet counting; a connection is read to its end."""

    def __init__(self, chain, key, port: int):
        self.messages = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain, key)
        self.listener = socket.create_server(("127.0.0.1", port))

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection):
        data = b""
        with contextlib.suppress(OSError, ssl.SSLError), self.context.wrap_socket(connection, server_side=True) as session:
            while piece := session.recv(65536):
                data += piece
            with contextlib.suppress(OSError, ssl.SSLError):
                session.unwrap()
        self.messages += frames(data)

    def __exit__(self, *_):
        self.listener.close()

    @property
    def events(self) -> list:
        return [json.loads(message[message.index(b"{"):]) for message in self.messages]
