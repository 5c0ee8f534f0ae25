"""A client of /import that costs little beside the server on the same cores: requests are made ready beforehand, connections are kept."""
import gzip
import queue
import socket
import threading
import time


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=300)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def exchange(self, request):
        """(status, body) of the answer to a whole request."""
        self.socket.sendall(request)
        answer = self.rest
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._receive()
        head = answer[:end].lower()
        begin = head.find(b"content-length:") + 15
        length = int(head[begin:].split(b"\r\n", 1)[0]) if begin >= 15 else 0
        while len(answer) < end + 4 + length:
            answer += self._receive()
        self.rest = answer[end + 4 + length:]
        return int(answer[9:12]), answer[end + 4:end + 4 + length]

    def _receive(self):
        block = self.socket.recv(65_536)
        if not block:
            raise ConnectionError("the server closed the connection")
        return block

    def close(self):
        self.socket.close()


def request(server, body, compressed=False):
    """The bytes of a strict /import."""
    head = (f"POST /import?strict=1&project_id={server.project} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {server.authorization}\r\n"
            f"Content-Type: application/x-ndjson\r\nContent-Length: {{}}\r\n")
    if compressed:
        body = gzip.compress(body, 1, mtime=0)
        head += "Content-Encoding: gzip\r\n"
    return head.format(len(body)).encode() + b"\r\n" + body


def send(port, requests, connections=4):
    """Sends each of the requests, from several connections at once, again where the server asks for it. Returns seconds and latencies."""
    waiting = queue.Queue(2 * connections)
    failures, latencies = [], []

    def client():
        connection = Connection(port)
        while (data := waiting.get()) is not None:
            if failures:
                continue
            try:
                while True:
                    begin = time.perf_counter()
                    try:
                        status, text = connection.exchange(data)
                    except OSError:
                        # The server closes connections that were idle for long, as while the generator begins. Twice is once.
                        connection.close()
                        connection = Connection(port)
                        status, text = connection.exchange(data)
                    if status not in (429, 503):
                        break
                    time.sleep(0.05)
                latencies.append(time.perf_counter() - begin)
                if status != 200:
                    failures.append(f"{status} {text[:300]!r}")
            except (OSError, ValueError) as error:
                failures.append(repr(error))
        connection.close()

    threads = [threading.Thread(target=client, daemon=True) for _ in range(connections)]
    for thread in threads:
        thread.start()
    begin = time.perf_counter()
    for data in requests:
        if failures:
            break
        waiting.put(data)
    for _ in threads:
        waiting.put(None)
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    if failures:
        raise SystemExit(f"import failed: {failures[0]}")
    return seconds, latencies
