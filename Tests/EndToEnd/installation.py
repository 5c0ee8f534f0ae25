"""One Sealane: directories made by `sealane init`, a server and a custodian that can be started, stopped and killed."""

import datetime
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("SEALANE_BINARIES", ROOT / ".build" / "release"))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def today(days: int = 0) -> str:
    return (datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=days)).isoformat()


class ControlConnection(http.client.HTTPConnection):
    def __init__(self, path: str):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Installation:
    def __init__(self, root: Path, init: tuple = (), made: dict = None, canaries: bool = False, smallest_group: int = 1):
        """`made`: what `init` printed when it made the directories that are there already. `canaries`: most tests compare exports exactly.
        `smallest_group`: most tests are about a handful of subjects."""
        init = init if canaries else (*init, "--without-canaries")
        init = (*init, "--smallest-group", smallest_group)
        self.root = root
        self.data = root / "data"
        self.keys = root / "data.keys"
        self.custodian_data = root / "data.custodian"
        self.server_log = root / "server.log"
        self.custodian_log = root / "custodian.log"
        self.console_port, self.intake_port, self.custodian_port = free_port(), free_port(), free_port()
        self.server = None
        self.custodian_arguments = []
        self.custodian = None
        made = made or json.loads(
            self.command("init", "--data", str(self.data), "--custodian-origin", self.custodian_origin, "--json", *map(str, init)))
        self.project_id = int(made["project_id"])
        self.token = made["project_token"]
        self.account = (made["service_account"]["username"], made["service_account"]["secret"])
        self.made = made

    @property
    def intake(self) -> str:
        return f"http://127.0.0.1:{self.intake_port}"

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.console_port}"

    @property
    def custodian_origin(self) -> str:
        return f"http://custodian.localhost:{self.custodian_port}"

    # Commands

    def run(self, *arguments, **options) -> subprocess.CompletedProcess:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SEALANE_")}
        environment["SWIFT_BACKTRACE"] = "enable=no"
        return subprocess.run(
            [str(BINARIES / "sealane"), *map(str, arguments)], capture_output=True, text=True, timeout=300, env=environment, cwd=self.root, **options)

    def command(self, *arguments) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, f"sealane {arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    # The server

    def start(self, *arguments, timeout: float = 30):
        assert self.server is None
        self.server = self._spawn(
            [BINARIES / "sealane", "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.console_port}", "--intake",
             f"127.0.0.1:{self.intake_port}", *arguments], self.server_log)
        deadline = time.monotonic() + timeout
        while True:
            assert self.server.poll() is None, f"the server ended with {self.server.returncode}:\n{self.server_log.read_text()[-4000:]}"
            try:
                if all(requests.get(base + "/healthz", timeout=2).status_code == 200 for base in (self.intake, self.api)):
                    return
            except requests.RequestException:
                pass
            assert time.monotonic() < deadline, f"not ready after {timeout} s:\n{self.server_log.read_text()[-4000:]}"
            time.sleep(0.02)

    def terminate(self, timeout: float = 30) -> int:
        """SIGTERM; returns the exit code."""
        server, self.server = self.server, None
        server.send_signal(signal.SIGTERM)
        return server.wait(timeout)

    def kill(self):
        """kill -9."""
        server, self.server = self.server, None
        server.kill()
        server.wait(10)

    def start_custodian(self, timeout: float = 30):
        self.custodian = self._spawn(
            [BINARIES / "sealane-custodian", "serve", "--data", self.custodian_data, "--server", self.api, "--listen",
             f"127.0.0.1:{self.custodian_port}", "--interval", "0.3", *self.custodian_arguments], self.custodian_log)
        deadline = time.monotonic() + timeout
        while True:
            assert self.custodian.poll() is None, f"the custodian ended:\n{self.custodian_log.read_text()[-4000:]}"
            try:
                requests.get(f"http://127.0.0.1:{self.custodian_port}/healthz", timeout=2)
                return
            except requests.RequestException:
                pass
            assert time.monotonic() < deadline, f"the custodian does not answer:\n{self.custodian_log.read_text()[-4000:]}"
            time.sleep(0.02)

    def close(self):
        for process in (self.server, self.custodian):
            if process and process.poll() is None:
                process.kill()
                process.wait(10)
        self.server = self.custodian = None

    def _spawn(self, command, log: Path) -> subprocess.Popen:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SEALANE_")}
        environment["SWIFT_BACKTRACE"] = "enable=no"
        with log.open("ab") as output:
            return subprocess.Popen([str(part) for part in command], stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=environment, cwd=self.root)

    # The machine's own user, over the control socket

    def control(self, method: str, path: str, body=None) -> tuple:
        """Status and JSON."""
        connection = ControlConnection(str(self.data / "control.sock"))
        connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def account_with(self, **fields) -> dict:
        """A new service account: its `username` and `secret`."""
        status, made = self.control("POST", "/api/v1/service-accounts", {"name": "probe", **fields})
        assert status == 201, made
        return made

    # Asking

    def track(self, *events, **parameters) -> requests.Response:
        """Sends events to /track; the token is added."""
        for event in events:
            event.setdefault("properties", {}).setdefault("token", self.token)
        return requests.post(self.intake + "/track", json=list(events), params=parameters, timeout=30)

    def send_import(self, records, strict: int = 1, **options) -> requests.Response:
        return requests.post(
            self.intake + "/import", json=records, params={"strict": strict, "project_id": self.project_id}, auth=self.account, timeout=120, **options)

    def export(self, **parameters) -> list:
        parameters = {"from_date": "2020-01-01", "to_date": today(1), "project_id": self.project_id, **parameters}
        answer = requests.get(self.api + "/api/2.0/export", params=parameters, auth=self.account, timeout=300)
        assert answer.status_code == 200, answer.text[:2000]
        return [json.loads(line) for line in answer.text.splitlines()]

    def query(self, query: dict) -> dict:
        answer = requests.post(
            self.api + "/api/v1/query", json=query, params={"project_id": self.project_id}, auth=self.account, timeout=300)
        assert answer.status_code == 200, answer.text[:2000]
        return answer.json()

    def total(self, event=None, measure: str = "total", since: str = None) -> float:
        """The figure over the whole range that insights give."""
        series = {"measure": measure}
        if event is not None:
            series["event"] = event
        report = self.query(
            {"report": "insights", "range": {"from": since or today(-6), "to": today(1)}, "unit": "day", "series": [series]})
        lines = report["result"]["lines"]
        return lines[0]["overall"] if lines else 0
