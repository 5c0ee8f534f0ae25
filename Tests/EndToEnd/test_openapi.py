"""/openapi.yaml is valid OpenAPI 3.1, and what the routes answer is what it says."""

import pytest
import requests
import yaml
from installation import today
from openapi_spec_validator import OpenAPIV31SpecValidator

NOBODY = "s_" + "0" * 32


@pytest.fixture(scope="module")
def description(sealane):
    answer = requests.get(sealane.api + "/openapi.yaml", timeout=10)
    assert answer.headers["Content-Type"].startswith("application/yaml")
    return yaml.safe_load(answer.text)


def test_it_is_valid(description):
    assert [error.message for error in OpenAPIV31SpecValidator(description).iter_errors()] == []


# method, path, keywords of requests, status
CASES = [
    ("GET", "/api/v1/catalog", {}, 200),
    ("GET", "/api/v1/catalog?misspelt=1", {}, 400),
    ("POST", "/api/v1/query", {"json": {"report": "insights", "range": {"from": today(-1), "to": today()}, "series": [{}]}}, 200),
    ("POST", "/api/v1/query", {"json": {}}, 400),
    ("POST", "/api/v1/query", {"data": "{"}, 400),
    ("POST", "/api/v1/query", {"data": "[" * 100_000}, 400),
    ("POST", "/api/v1/query", {"data": b" " * 1_000_000}, 413),
    ("GET", "/api/v1/values", {}, 400),
    ("GET", "/api/v1/values?property=plan", {}, 200),
    ("GET", "/api/v1/subjects", {}, 200),
    ("GET", "/api/v1/subjects?limit=0", {}, 400),
    ("GET", "/api/v1/subjects?limit=99999999999999999999", {}, 400),
    ("GET", "/api/v1/subjects?prefix=%00%F0%9F%A6%80", {}, None),
    ("GET", f"/api/v1/subjects/{NOBODY}", {}, 404),
    ("GET", "/api/v1/subjects/nonsense", {}, 400),
    ("GET", f"/api/v1/subjects/{NOBODY}/ids", {}, 404),
    ("GET", "/api/v1/subjects/nonsense/ids", {}, 400),
    ("GET", f"/api/v1/subjects/{NOBODY}/timeline", {}, None),
    ("GET", f"/api/v1/subjects/{NOBODY}/timeline?cursor=%21", {}, None),
    ("POST", "/api/v1/door", {"json": {}}, 400),
    ("GET", "/api/v1/cohorts", {}, 200),
    ("GET", "/api/v1/cohorts?limit=1001", {}, 400),
    ("GET", "/api/v1/cohorts?cursor=x", {}, 400),
    ("GET", "/api/v1/cohorts/1", {}, 404),
    ("GET", "/api/v1/cohorts/nonsense", {}, 404),
    ("POST", "/api/v1/cohorts", {"json": {"name": "A", "definition": {"did": {}}}}, 403),
    ("PUT", "/api/v1/cohorts/1", {"json": {"name": "A", "definition": {"did": {}}}}, 403),
    ("DELETE", "/api/v1/cohorts/1", {}, 403),
    ("POST", "/api/v1/query", {"json": {"report": "cohort", "cohort": {"did": {}}}}, 200),
    ("POST", "/api/v1/query", {"json": {"report": "cohort", "cohort": {"saved": 7}}}, 400),
    ("GET", "/api/2.0/export", {}, 400),
    ("GET", "/api/v1/projects", {}, 403),
    ("GET", "/api/v1/settings", {}, 403),
    ("PATCH", "/api/v1/settings", {"json": {"zone": "Mars/Base"}}, 403),
    ("GET", "/api/v1/plan", {}, 403),
    ("PUT", "/api/v1/plan", {"data": "plan: 1"}, 403),
    ("GET", "/api/v1/plan/profiles", {}, 403),
    ("GET", "/api/v1/service-accounts", {}, 403),
    ("POST", "/api/v1/service-accounts", {"json": {}}, 403),
    ("DELETE", "/api/v1/service-accounts/x", {}, 403),
    ("POST", "/api/v1/setup-links", {}, 403),
    ("DELETE", f"/api/v1/subjects/{NOBODY}", {}, 403),
    ("POST", "/api/v1/deletions", {"json": {"subjects": [NOBODY]}}, 403),
    ("POST", "/api/v1/backups", {"json": {"target": "/nowhere"}}, 403),
    ("GET", "/api/v1/ledger/checkpoint", {}, 200),
    ("GET", "/api/v1/ledger/entries", {}, 403),
    ("GET", "/api/v1/nothing", {}, 404),
]


@pytest.mark.parametrize("method, path, options, status", CASES)
def test_answers_are_as_described(sealane, description, method, path, options, status):
    answer = requests.request(method, sealane.api + path, auth=sealane.account, timeout=30, **options)
    assert answer.status_code == status or (status is None and answer.status_code < 500), answer.text
    plain = path.split("?")[0]
    described = {template: operations for template, operations in description["paths"].items() if matches(template, plain)}
    assert described or status == 404
    for operations in described.values():
        responses = operations[method.lower()]["responses"]
        assert str(answer.status_code) in responses or "default" in responses
    if answer.status_code >= 400:
        body = answer.json()
        assert set(body) <= {"error", "message", "field"} and body["message"].rstrip().endswith((".", ")")), body
    # Without a credential, with a wrong one and with a token nobody learns anything, not even whether something exists.
    for credentials in (None, ("x", "y"), (sealane.token, "")):
        refused = requests.request(method, sealane.api + path, auth=credentials, timeout=30, **options)
        assert refused.status_code in (401, 404) and "Sealane-Ledger-Index" not in refused.headers, (credentials, refused.text)


def matches(template: str, path: str) -> bool:
    parts, asked = template.split("/"), path.split("/")
    return len(parts) == len(asked) and all(part == given or part.startswith("{") for part, given in zip(parts, asked))
