"""Whatever the description of the API allows, and what it forbids: no answer is a fault of the server's, no connection drops, and every answer is as
described. Requests are made by schemathesis from /openapi.yaml, the same ones in every run."""

import http.client
import json
import socket
import threading
import time

import hypothesis
import pytest
import requests
import schemathesis
import yaml
from installation import free_port
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
# Of each operation, so many that are well-formed and so many that are not.
EXAMPLES = 14
# Answers that say in words of their own that something waits or stands still: of these a server may speak with 503.
MAY_BE_503 = {"GET /readyz"}


class ControlDoor:
    """The control socket as a port of loopback, for programs that know no sockets of files."""

    def __init__(self, path):
        self.path = str(path)
        self.listener = socket.create_server(("127.0.0.1", free_port()))
        self.base = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.path)
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    @staticmethod
    def _copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.listener.close()


@pytest.fixture(scope="module")
def control(sealane):
    door = ControlDoor(sealane.data / "control.sock")
    yield door.base
    door.close()


@pytest.fixture(scope="module")
def account(sealane, control):
    """One with every scope, and data to ask about."""
    sealane.track(*[{"event": "Asked", "properties": {"distinct_id": f"asker-{n}", "plan": "pro", "org_id": f"org-{n % 2}"}} for n in range(12)])
    made = requests.post(
        control + "/api/v1/service-accounts", json={"name": "Everything", "scopes": ["intake", "query", "export", "admin"]}, timeout=10)
    assert made.status_code == 201, made.text
    return made.json()["username"], made.json()["secret"]


def description(base: str) -> dict:
    return yaml.safe_load(requests.get(base + "/openapi.yaml", timeout=10).text)


def operations(described: dict) -> list:
    return [found.ok() for found in schemathesis.openapi.from_dict(described).get_all_operations()]


def drive(operation, base: str, auth, seconds: float) -> tuple[int, list[str]]:
    """How many requests were sent, and what was wrong with answers."""
    session = requests.Session()
    sent, faults, end = [], [], time.monotonic() + seconds

    def ask(case):
        if time.monotonic() > end and len(sent) >= 2:
            return
        # The description names no header. Made-up ones that HTTP itself forbids never come to the server's own answers.
        case.headers = None
        try:
            response = case.call(base_url=base, session=session, auth=auth, timeout=20)
        except (requests.RequestException, http.client.HTTPException) as error:
            sent.append(None)
            faults.append(f"{operation.label}: the connection dropped: {error!r} after {case.as_curl_command()[:300]}")
            return
        sent.append(response.status_code)
        # What is no HTTP is refused before anybody knows what it is about.
        if response.status_code == 400 and not response.content and "content-length" in {name.lower() for name in case.headers or {}}:
            return
        try:
            case.validate_response(response, checks=CHECKS)
        except (Failure, FailureGroup) as error:
            if operation.label in MAY_BE_503 and response.status_code == 503:
                return
            reasons = "; ".join(f"{fault.title}: {fault.message[:300]}" for fault in getattr(error, "exceptions", [error]))
            faults.append(f"{operation.label} {response.status_code}: {reasons} after {case.as_curl_command()[:400]}")

    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        try:
            strategy = operation.as_strategy(generation_mode=mode)
            hypothesis.settings(
                max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(hypothesis.HealthCheck),
                phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
            )(hypothesis.given(case=strategy)(ask))()
        except (hypothesis.errors.Unsatisfiable, hypothesis.errors.InvalidArgument):
            # What has no parameters has no wrong ones either.
            if mode is GenerationMode.POSITIVE:
                raise
    return len(sent), faults


def run(sealane, base_of, auth, seconds=35.0):
    found = operations(description(sealane.api))
    counts, faults = {}, []
    for index, operation in enumerate(found):
        # What is left of the time is shared by what is left to ask.
        share = max(0.2, seconds / len(found) * 2)
        counts[operation.label], wrong = drive(operation, base_of(operation), auth, share)
        faults += wrong
    assert not faults, f"{len(faults)} answers are wrong:\n" + "\n".join(faults[:40])
    assert all(counts.values()) and len(counts) >= 60, {label: count for label, count in counts.items() if not count}
    assert sealane.server.poll() is None
    assert requests.get(sealane.api + "/healthz", timeout=10).status_code == 200
    return counts


def test_a_service_account_with_every_scope_finds_no_fault(sealane, account):
    counts = run(sealane, lambda operation: sealane.intake if "intake" in (operation.tags or []) else sealane.api, account)
    assert sum(counts.values()) > 400, counts


def test_the_operating_system_user_finds_no_fault(sealane, control, account):
    """By the control socket, where nothing is refused for want of rights."""
    run(sealane, lambda operation: sealane.api if "/tlog/" in operation.path else control, None)


def test_every_line_of_the_log_is_an_object_without_a_fault(sealane, account):
    """Whatever was asked above: no error is noted that somebody would have to look at."""
    # The harness puts into the same file what the server says at its start on standard output.
    lines = [json.loads(line) for line in sealane.server_log.read_text().splitlines() if line.startswith("{")]
    assert lines and not [line for line in lines if line["level"] in ("error", "critical")]


def test_an_answer_that_is_not_as_described_would_be_seen(sealane, account):
    """The checks themselves: a description that is wrong in one place each is found out."""
    wrong = [
        ("GET /api/v1/catalog", lambda answers: answers["Answer"]["content"].update({"text/csv": answers["Answer"]["content"].pop("application/json")}), "type"),
        ("POST /api/v1/query", lambda answers: answers["Error"]["content"]["application/json"]["schema"]["required"].append("nonsense"), "nonsense"),
    ]
    for label, spoil, word in wrong:
        described = description(sealane.api)
        spoil(described["components"]["responses"])
        (operation,) = [found for found in operations(described) if found.label == label]
        sent, faults = drive(operation, sealane.api, account, 10)
        assert sent and faults and any(word in fault.lower() for fault in faults), (label, faults)
    (operation,) = [found for found in operations(description(sealane.api)) if found.label == "GET /healthz"]
    _, faults = drive(operation, f"http://127.0.0.1:{free_port()}", None, 5)
    assert faults and "the connection dropped" in faults[0]
