"""Who has the same sealed value: filters find it by its tag, which the custodian makes without telling anybody."""

import subprocess
import sys
import time

import pytest
import requests
from installation import BINARIES, ROOT, today

sys.path.insert(0, str(ROOT / "Tests" / "Stranger"))
from sealane_formats import pseudonym  # noqa: E402

ADDRESS, OTHER = "Quillon.Ashgrove@fenwright.example", "odalys@fenwright.example"
PHONE = "+49 151 23456789"


def tag(sealane, *values: str, field: str = "$email", arguments=(), code: int = 0) -> list:
    done = subprocess.run(
        [BINARIES / "sealane-custodian", "tag", "--data", sealane.custodian_data, "--field", field, *arguments],
        input="".join(f"{value}\n" for value in values), capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr
    assert not any(value in done.stderr for value in values)
    return done.stdout.split()


def unique(sealane, *values: str, field: str = "$email", operator: str = "equals", scope=None) -> float:
    where = {"property": field, "operator": operator, "values": list(values), **(scope or {"scope": "subject"})}
    selector = {"event": "API call", "measure": "unique", "filter": where}
    report = sealane.query({"report": "insights", "range": {"from": today(-1), "to": today(1)}, "unit": "day", "series": [selector]})
    lines = report["result"]["lines"]
    return lines[0]["overall"] if lines else 0


@pytest.fixture(scope="module")
def filled(sealane):
    start = int(time.time()) - 600
    people = ["p-1", "p-2", "p-3", "p-4"]
    records = [
        {"event": "API call", "properties": {"time": start + n, "distinct_id": who, "$insert_id": f"t-{n}", "org_id": "org-9"}}
        for n, who in enumerate(people)]
    assert sealane.send_import(records).status_code == 200
    profiles = [("p-1", {"$email": ADDRESS}), ("p-2", {"$email": ADDRESS, "phones": ["+49 151 98765432", PHONE]}), ("p-3", {"$email": OTHER})]
    updates = [{"$token": sealane.token, "$distinct_id": who, "$set": values} for who, values in profiles]
    assert requests.post(sealane.intake + "/engage", json=updates, auth=sealane.account, timeout=30).text == "1"
    group = {"$token": sealane.token, "$group_key": "org_id", "$group_id": "org-9", "$set": {"$email": OTHER}}
    assert requests.post(sealane.intake + "/groups", json=[group], auth=sealane.account, timeout=30).text == "1"
    return sealane


def test_the_tag_is_of_the_field_and_the_exact_text(filled):
    mine, again, other = tag(filled, ADDRESS, ADDRESS, OTHER)
    key = (filled.keys / "tag.key").read_bytes()
    assert mine == again == "t_" + pseudonym(3, key, filled.project_id, ["$email", ADDRESS]).hex()
    assert other == "t_" + pseudonym(3, key, filled.project_id, ["$email", OTHER]).hex()
    different = {mine, *tag(filled, ADDRESS.lower()), *tag(filled, ADDRESS, field="$phone"), *tag(filled, ADDRESS, arguments=("--project", "2"))}
    assert len(different) == 4
    assert tag(filled, code=64) == [] and tag(filled, *["x"] * 1001, code=64) == []


def test_a_filter_counts_who_has_the_value(filled):
    mine, other, nobodys, lower = tag(filled, ADDRESS, OTHER, "nobody@fenwright.example", ADDRESS.lower())
    assert unique(filled, mine) == 2 and unique(filled, other) == 1
    assert unique(filled, nobodys) == 0 and unique(filled, lower) == 0
    assert unique(filled, mine, other) == 3 and unique(filled, mine, operator="not_equals") == 2
    assert unique(filled, mine, field="$name") == 0
    # An element of a list, and an organization's profile.
    assert unique(filled, *tag(filled, PHONE, field="phones"), field="phones") == 1
    organization = {"scope": "group", "group_key": "org_id"}
    assert unique(filled, other, scope=organization) == 4 and unique(filled, mine, scope=organization) == 0
    cohort = {"report": "cohort", "cohort": {"property": "$email", "operator": "equals", "value": mine}}
    assert filled.query(cohort)["result"]["size"] == 2


def test_the_answer_for_a_subject_tells_the_tags(filled):
    mine, = tag(filled, ADDRESS)
    subjects = {row["properties"]["distinct_id"] for row in filled.export(event='["API call"]')}
    profiles = [requests.get(f"{filled.api}/api/v1/subjects/{subject}", auth=filled.account, timeout=30) for subject in subjects]
    verified = [profile.json()["verified"] for profile in profiles if profile.status_code == 200]
    assert [profile.get("$email") for profile in verified].count({"sealed": True, "tag": mine}) == 2
    phones, = [profile["phones"] for profile in verified if "phones" in profile]
    assert phones[1] == {"sealed": True, "tag": tag(filled, PHONE, field="phones")[0]}


def test_making_a_tag_asks_the_server_nothing_and_the_plaintext_is_nowhere(filled):
    def size():
        return requests.get(filled.api + "/api/v1/ledger/checkpoint", auth=filled.account, timeout=30).text.splitlines()[1]

    before = size()
    tag(filled, ADDRESS)
    assert size() == before
    unique(filled, *tag(filled, ADDRESS))
    assert size() != before, "what a query with it tells is entered"
    for path in filled.root.rglob("*"):
        if path.is_file() and not path.is_socket():
            assert ADDRESS.lower().encode() not in path.read_bytes().lower(), path
