"""Sealane as one more engine: the release binary, fed and asked over HTTP as its users do.

The time that counts is the engine's own, which every answer states in its Server-Timing header (the peers run inside the
benchmark's process and pay for no HTTP either); the round trip is reported beside it.
"""
import base64
import http.client
import json
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import threading
import time

WINDOW = {"q4": 604_800, "q7": 3_600}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def queries(first, last):
    span = {"range": {"from": first, "to": last}}

    def event(name):
        return {"event": name} if name else {}

    return {
        "q1": {"report": "insights", **span, "unit": "day", "series": [{"event": "Playground Run", "measure": "total"}]},
        "q2": {"report": "insights", **span, "unit": "day", "series": [{"measure": "unique"}]},
        "q4": {
            "report": "funnel", **span, "window_seconds": WINDOW["q4"],
            "steps": [event("Console Opened"), event("Playground Run"), event("API Key Created")],
        },
        "q6": {
            "report": "retention", **span, "unit": "day", "periods": 14, "mode": "calendar", "cohorts": "first_time",
            "start": event("Signed Up"), "return": event(None),
        },
        "q7": {
            "report": "flows", **span, "anchor": event("Console Opened"), "forward": 3, "backward": 0,
            "window_seconds": WINDOW["q7"], "anchors": "every", "collapse_repeats": False, "incomplete": "dropped", "path_limit": 50,
        },
    }


class Sealane:
    name = "sealane"
    engine_ms = None

    def __init__(self, directory, binaries, first, last):
        self.directory = pathlib.Path(directory)
        self.binaries = pathlib.Path(binaries)
        self.queries = queries(first, last)
        self.port = free_port()

    # The server's life.

    def start(self):
        data = self.directory / "data"
        if not data.exists():
            self.directory.mkdir(parents=True, exist_ok=True)
            made = subprocess.run(
                [self.binaries / "sealane", "init", "--data", data, "--json"], check=True, capture_output=True, text=True)
            (self.directory / "init.json").write_text(made.stdout)
        keys = json.loads((self.directory / "init.json").read_text())
        account = keys["service_account"]
        self.authorization = "Basic " + base64.b64encode(f"{account['username']}:{account['secret']}".encode()).decode()
        self.project = keys["project_id"]
        self.log = open(self.directory / "server.log", "ab")
        address = f"127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [self.binaries / "sealane", "serve", "--data", data, "--listen", address, "--intake", address],
            stderr=self.log, stdout=self.log)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit(f"the server did not get ready; see {self.directory / 'server.log'}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()

    def wipe(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    # Intake.

    def send(self, bodies, connections=4):
        """Posts ready request bodies (bytes, encoding) to /import. Returns seconds and the highest resident memory in MiB."""
        work = queue.SimpleQueue()
        for body in bodies:
            work.put(body)
        failures = []

        def client():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            while True:
                try:
                    body, encoding = work.get_nowait()
                except queue.Empty:
                    return
                headers = {"Authorization": self.authorization, "Content-Type": "application/x-ndjson"}
                if encoding:
                    headers["Content-Encoding"] = encoding
                while True:
                    connection.request("POST", f"/import?strict=1&project_id={self.project}", body, headers)
                    answer = connection.getresponse()
                    text = answer.read()
                    if answer.status not in (429, 503):
                        break
                    time.sleep(0.05)
                if answer.status != 200:
                    failures.append(f"{answer.status} {text[:200]!r}")
                    return

        begin = time.perf_counter()
        threads = [threading.Thread(target=client) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - begin
        if failures:
            raise SystemExit(f"import failed: {failures[0]}")
        return seconds

    def resident_mib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
        return 0.0

    # Queries.

    def variants(self):
        return [(name, "engine", name) for name in self.queries]

    def open(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def close(self):
        self.connection.close()

    def run(self, name):
        self.connection.request(
            "POST", f"/api/v1/query?project_id={self.project}", json.dumps(self.queries[name]),
            {"Authorization": self.authorization, "Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {text[:300]!r}")
        timing = answer.headers.get("Server-Timing", "")
        self.engine_ms = next((float(p.split("dur=")[1]) for p in timing.split(",") if p.strip().startswith("engine;dur=")), None)
        return getattr(self, "_" + name)(json.loads(text)["result"])

    def _days(self, report):
        line = report["lines"][0]
        return [[day, int(value)] for day, value in zip(self._dates(report["buckets"]), line["values"]) if value]

    _q1 = _q2 = _days

    def _dates(self, instants):
        return [instant[:10] for instant in instants]

    def _q4(self, report):
        return [[step["count"] for step in report["groups"][0]["steps"]]]

    def _q6(self, report):
        rows = []
        days = self._dates([c["start"] for c in report["cohorts"]])
        for day, cohort in zip(days, report["cohorts"]):
            rows += [[day, k, count] for k, count in enumerate(cohort["counts"]) if count]
        return rows

    def _q7(self, report):
        return [[*path["events"][1:], path["count"]] for path in report["paths"]]
