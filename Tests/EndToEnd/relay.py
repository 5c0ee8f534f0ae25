"""Loopback servers that stand between or beside: a proxy before the console that can lose its headers, and a page of another site."""

import contextlib
import http.client
import http.server
import threading


@contextlib.contextmanager
def serving(handler, port: int = 0):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def proxy(console_port: int):
    """Passes everything on. What is asked for with `?stripped` comes without the headers that keep it out of frames."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def pass_on(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            connection = http.client.HTTPConnection("127.0.0.1", console_port, timeout=60)
            try:
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    connection.putheader(name, value)
                connection.endheaders(body)
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            self.send_response_only(answer.status)
            lost = {"content-length", "transfer-encoding", "connection"}
            if self.path.endswith("?stripped"):
                lost |= {"content-security-policy", "x-frame-options"}
            for name, value in answer.getheaders():
                if name.lower() not in lost:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_HEAD = do_POST = pass_on

    return Handler


def outer_page():
    """A page of another site: `/?URL` frames that address, with every permission that it can give away."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            framed = self.path.partition("?")[2]
            allow = "" if framed.endswith("&mean") else ' allow="publickey-credentials-get *"'
            frame = f'<iframe src="{framed.removesuffix("&mean")}" width="800" height="600"{allow}></iframe>' if framed else ""
            page = f"<!doctype html><title>Outer</title><h1>Outer</h1>{frame}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

    return Handler
