"""Sealane as one more engine: the release binary, fed and asked over HTTP as its users do.

The time that counts is the engine's own, which every answer states in its Server-Timing header (the peers run inside the
benchmark's processes and pay for no HTTP either); the round trip is reported beside it.
"""
import base64
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import time

import intake
import machine


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def queries(first, last):
    span = {"range": {"from": first, "to": last}}

    def event(name):
        return {"event": name} if name else {}

    def did(name, **count):
        return {"did": {"event": name, **count, "range": {"from": "2026-03-02", "to": last}}}

    def steps(*names):
        return {"steps": [event(name) for name in names]}

    return {
        "q1": {"report": "insights", **span, "unit": "day", "series": [{"event": "Playground Run", "measure": "total"}]},
        "q2": {"report": "insights", **span, "unit": "day", "series": [{"measure": "unique"}]},
        "q3": {
            "report": "insights", **span, "unit": "month", "breakdown": {"property": "$referring_domain", "limit": 200},
            "series": [{"event": "API Request", "measure": "total"}, {"event": "API Request", "measure": "unique"}],
        },
        "q4": {"report": "funnel", **span, "window_seconds": 604_800, **steps("Console Opened", "Playground Run", "API Key Created")},
        "q5": {
            "report": "funnel", **span, "window_seconds": 86_400, "breakdown": {"property": "$browser", "limit": 200},
            "attribution": "first_entry",
            **steps("Page Viewed", "Docs Viewed", "Code Sample Copied", "API Request", "Response Streamed"),
        },
        "q6": {
            "report": "retention", **span, "unit": "day", "periods": 14, "mode": "calendar", "cohorts": "first_time",
            "start": event("Signed Up"), "return": event(None),
        },
        "q7": {
            "report": "flows", **span, "anchor": event("Console Opened"), "forward": 3, "backward": 0,
            "window_seconds": 3_600, "anchors": "every", "collapse_repeats": False, "incomplete": "dropped", "path_limit": 50,
        },
        "q8": {
            "report": "cohort",
            "cohort": {"all": [did("Playground Run", at_least=3), did("Support Ticket Opened", at_most=0)]},
        },
    }


class NotOffered(Exception):
    """This build does not know an option of the query."""


class Sealane:
    """A server on a directory of its own."""

    def __init__(self, directory, binaries, first, last, settings=()):
        """`settings`: further flags of `sealane serve`."""
        self.directory = pathlib.Path(directory)
        self.binary = pathlib.Path(binaries) / "sealane"
        self.queries = queries(first, last)
        self.settings = [str(s) for s in settings]
        self.process = None
        self.connection = None

    # The server's life.

    def make(self):
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        made = subprocess.run(
            [self.binary, "init", "--data", self.directory / "data", "--json"], check=True, capture_output=True, text=True)
        (self.directory / "init.json").write_text(made.stdout)

    def copy(self, other):
        """Becomes another's stopped store. Segments are never changed, so both may have the same files."""
        shutil.rmtree(self.directory, ignore_errors=True)
        shutil.copytree(
            other.directory, self.directory, ignore=shutil.ignore_patterns("*.sock", "server.log"),
            copy_function=lambda a, b: os.link(a, b) if os.path.basename(a).startswith("segment-") else shutil.copy2(a, b))

    def _read_access(self):
        made = json.loads((self.directory / "init.json").read_text())
        account = made["service_account"]
        self.authorization = "Basic " + base64.b64encode(f"{account['username']}:{account['secret']}".encode()).decode()
        self.project = int(made["project_id"])

    def start(self, timeout=600):
        """Returns the seconds until it was ready."""
        self._read_access()
        self.port = free_port()
        address = f"127.0.0.1:{self.port}"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SEALANE_")}
        begin = time.monotonic()
        with open(self.directory / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--data", self.directory / "data", "--listen", address, "--intake", address,
                 "--events-per-second", "100000000", *self.settings], stderr=log, stdout=log, env=environment)
        while time.monotonic() - begin < timeout and self.process.poll() is None:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return time.monotonic() - begin
            except OSError:
                pass
            time.sleep(0.005)
        raise SystemExit(f"the server did not get ready; see {self.directory / 'server.log'}")

    def stop(self):
        """As an operator would: what is in memory becomes a segment."""
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(120)
            self.process = None

    def kill(self):
        """As a crash would: what is in memory is read from the log again at the next start."""
        if self.process:
            self.process.kill()
            self.process.wait(60)
            self.process = None

    def settle(self, quiet_seconds=6, timeout=3600):
        """Waits until nothing is merged any more. Work that waits for a quiet store begins some four seconds after the last event."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            before = machine.processor_seconds(self.process.pid)
            time.sleep(quiet_seconds)
            if machine.processor_seconds(self.process.pid) - before < 0.02 * quiet_seconds:
                return
        raise SystemExit("the server was still at work after an hour")

    def store_directory(self):
        return next(path.parent for path in (self.directory / "data").rglob("manifest"))

    # Intake.

    def send(self, bodies, compressed=False, connections=4):
        """Sends bodies of lines one after the other; answered when durable. Returns seconds."""
        return intake.send(self.port, (intake.request(self, body, compressed) for body in bodies), connections)[0]

    def load_file(self, path):
        """`sealane import` of a file, without a server. Returns (seconds, processor seconds, records, MiB resident at most)."""
        begin = time.perf_counter()
        process = subprocess.Popen(
            [self.binary, "import", "--data", self.directory / "data", "--rejects", self.directory / "rejects.ndjson", "--json", path],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "SEALANE_EVENTS_PER_SECOND": "100000000"})
        resident = 0.0
        while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            resident = max(resident, machine.resident_mib(process.pid, highest=True))
            time.sleep(0.02)
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"sealane import ended with {process.returncode}: {text[:300]!r}")
        return time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, json.loads(text)["accepted"], resident

    # Questions.

    def metrics(self, *names):
        """Figures without labels, from /metrics."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/metrics")
        found = dict(line.rsplit(" ", 1) for line in connection.getresponse().read().decode().splitlines() if not line.startswith("#"))
        connection.close()
        return [float(found[name]) for name in names]

    def get(self, path):
        return self._exchange("GET", path)

    def post(self, path, body):
        return self._exchange("POST", path, json.dumps(body))

    def _exchange(self, method, path, body=None):
        """`engine_ms` is what the answer says of it."""
        if self.connection is None or self.connected_to != self.port:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
            self.connected_to = self.port
        headers = {"Authorization": self.authorization} | ({"Content-Type": "application/json"} if body else {})
        for attempt in range(2):
            try:
                self.connection.request(method, f"{path}project_id={self.project}", body, headers)
                answer = self.connection.getresponse()
                break
            except (BrokenPipeError, http.client.RemoteDisconnected, ConnectionResetError):
                # The server closes connections that were idle for long, as while a peer is measured.
                if attempt:
                    raise
                self.connection.close()
        text = answer.read()
        if answer.status == 400:
            raise NotOffered(text[:300].decode(errors="replace").strip())
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {text[:300]!r}")
        timing = [part.strip() for part in answer.headers.get("Server-Timing", "").split(",")]
        self.engine_ms = next((float(part.split("dur=")[1]) for part in timing if part.startswith("engine;dur=")), None)
        return json.loads(text)

    def ask(self, name):
        """The answer; `engine_ms` then is the engine's time for it. A cohort's ids are found all, and one is disclosed."""
        if name == "q8":
            return self.post("/api/v1/door?limit=1&", {"query": self.queries[name], "cell": {"report": "cohort"}})
        return self.post("/api/v1/query?", self.queries[name])["result"]

    def measure(self, name, runs):
        trips, times = [], []
        for _ in range(runs + 1):
            begin = time.perf_counter()
            answer = self.ask(name)
            trips.append((time.perf_counter() - begin) * 1000)
            times.append(self.engine_ms)
        return {"first_ms": times[0], "ms": statistics.median(times[1:]), "times": times[1:], "trip_ms": statistics.median(trips[1:]),
                "rows": getattr(self, "_" + name)(answer)}

    def _days(self, report):
        line = report["lines"][0]
        return [[day[:10], int(value)] for day, value in zip(report["buckets"], line["values"]) if value]

    _q1 = _q2 = _days

    def _q3(self, report):
        series = [{}, {}]
        for line in report["lines"]:
            if isinstance(line["group"], dict):
                series[line["series"]][line["group"]["value"]] = int(line["overall"])
        top = sorted(series[0].items(), key=lambda r: (-r[1], r[0]))[:10]
        return [[value, count, series[1][value]] for value, count in top]

    def _q4(self, report):
        return [[step["count"] for step in report["groups"][0]["steps"]]]

    def _q5(self, report):
        rows = [[g["group"]["value"], *(step["count"] for step in g["steps"])] for g in report["groups"] if isinstance(g["group"], dict)]
        return sorted(rows)

    def _q6(self, report):
        return [[cohort["start"][:10], k, count] for cohort in report["cohorts"] for k, count in enumerate(cohort["counts"]) if count]

    def _q7(self, report):
        return [[*path["events"][1:], path["count"]] for path in report["paths"]]

    def _q8(self, first):
        """All pages of the door's subjects."""
        found, cursor = [], None
        while True:
            page = self.post("/api/v1/door?limit=10000&" + (f"cursor={cursor}&" if cursor else ""),
                             {"query": self.queries["q8"], "cell": {"report": "cohort"}})
            found += [subject.removeprefix("s_") for subject in page["subjects"]]
            cursor = page["next"]
            if cursor is None:
                if len(found) != first["count"]:
                    raise RuntimeError(f"the door counts {first['count']} subjects and shows {len(found)}")
                return sorted(found)

    def pseudonyms(self, subjects):
        """Of the generator's subject numbers, as docs/FORMATS.md has it: with the installation's own key."""
        key = (self.directory / "data.keys" / "pseudonym.key").read_bytes()
        secret = hmac.digest(bytes(32), key, hashlib.sha256)
        key = hmac.digest(secret, b"sealane pseudonym v1" + struct.pack("<q", self.project) + b"\1", hashlib.sha256)
        ids = (b"user-%010d" % subject for subject in subjects)
        return sorted(hmac.digest(key, b"\1" + struct.pack("<I", len(i)) + i, hashlib.sha256)[:16].hex() for i in ids)
