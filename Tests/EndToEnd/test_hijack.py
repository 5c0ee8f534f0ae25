"""Whoever has the public project token changes no e-mail, membership or admin role that a secret credential wrote."""

import itertools
import json
import subprocess
import sys
import time

import pytest
import requests
from installation import BINARIES, ROOT, Installation

sys.path[:0] = [str(ROOT / "Tests" / "Stranger")]
from sealane_formats import epoch_of, open_value, pseudonym, record_keys_of  # noqa: E402
from store_files import profiles  # noqa: E402

VICTIM, MALLORY, ORG = "acct_hazelwick", "acct_mallory", "org_fenwright"
RIGHT, WRONG = "hazel.wick@fenwright.example", "mallory@intruder.example"
PROFILE = {"$email": RIGHT, "role": "admin", "member_of": ["org_fenwright"], "seats": 3}
GROUP = {"admins": ["hazelwick"], "billing_contact": "the office", "tier": "gold"}
PLAN = """
plan: 1
people:
  $email: {treatment: seal, field: identity}
  role: {type: string, field: authority}
  member_of: {field: authority}
groups:
  admins: {field: authority}
"""


def subject(sealane, name: str) -> str:
    return "s_" + pseudonym(1, (sealane.keys / "pseudonym.key").read_bytes(), 1, [name]).hex()


def profile(sealane, name: str) -> dict:
    answer = requests.get(f"{sealane.api}/api/v1/subjects/{subject(sealane, name)}", auth=sealane.account, timeout=30)
    return answer.json() if answer.status_code == 200 else {"verified": {}, "unverified": {}}


def custodian_keys(sealane) -> int:
    done = subprocess.run(
        [BINARIES / "sealane-custodian", "status", "--data", sealane.custodian_data, "--json"], capture_output=True, text=True, timeout=60, check=True)
    return sum(project["record_keys"] for project in json.loads(done.stdout)["projects"])


def operations():
    """Everything that an update of a profile can say, about every field that matters."""
    names = ["$email", "email", "role", "member_of", "admins", "billing_contact", "tier", "seats"]
    for name in names:
        value = WRONG if "email" in name else "owner"
        yield from ({"$set": {name: value}}, {"$set_once": {name: value}}, {"$append": {name: value}}, {"$union": {name: [value]}})
        yield from ({"$remove": {name: value}}, {"$remove": {name: PROFILE.get(name, GROUP.get(name, "x"))}}, {"$add": {name: 41}}, {"$unset": [name]})
    yield from ({"$delete": ""}, {"$set": {"verified": {"$email": WRONG}, "role": {"role": "owner"}}}, {"$unset": [*names, "verified"]})


def updates(token: str, target: dict):
    later = int((time.time() + 86_400) * 1000)
    for operation in operations():
        for extra in ({}, {"$ignore_time": True}, {"$time": later}, {"$verified": True, "isVerified": True}):
            yield {"$token": token, **target, **operation, **extra}


def merges(token: str):
    """Every way to say that one id is another."""
    yield {"event": "$identify", "properties": {"$identified_id": VICTIM, "$anon_id": MALLORY, "distinct_id": VICTIM}}
    yield {"event": "$identify", "properties": {"$user_id": VICTIM, "$anon_distinct_id": MALLORY, "distinct_id": VICTIM}}
    yield {"event": "$identify", "properties": {"$user_id": VICTIM, "$device_id": MALLORY, "distinct_id": VICTIM}}
    yield {"event": "Opened", "properties": {"$user_id": MALLORY, "$device_id": VICTIM, "distinct_id": MALLORY}}
    for one, other in itertools.permutations([VICTIM, MALLORY]):
        yield {"event": "$create_alias", "properties": {"distinct_id": one, "alias": other}}
        yield {"event": "$merge", "properties": {"$distinct_ids": [one, other], "distinct_id": one}}


def hijack(sealane):
    """Sends all of it with the token alone, through every door."""
    def post(path, body, **options):
        answer = requests.post(sealane.intake + path, timeout=30, json=body, **options)
        assert answer.status_code in (200, 400, 401, 403), answer.text[:300]

    people = list(updates(sealane.token, {"$distinct_id": VICTIM}))
    groups = list(updates(sealane.token, {"$group_key": "org_id", "$group_id": ORG}))
    for path, list_ in (("/engage", people), ("/groups", groups), ("/engage", groups)):
        for start in range(0, len(list_), 200):
            post(path, list_[start:start + 200])
            # A token where a secret should stand, as name and as password.
            post(path, list_[start:start + 200], auth=(sealane.token, ""))
            post(path, list_[start:start + 200], auth=(sealane.account[0], sealane.token))
    # The last word: what the hijacker would like to be true.
    post("/engage", [{"$token": sealane.token, "$distinct_id": VICTIM, "$set": {"$email": WRONG, "role": "owner", "member_of": ["x"], "seats": 99}}])
    for event in merges(sealane.token):
        event["properties"].update(token=sealane.token, time=time.time())
        post("/track", [event])
        post("/import", [{**event, "properties": {**event["properties"], "$insert_id": f"h-{time.monotonic_ns()}"}}], auth=(sealane.token, ""),
             params={"project_id": sealane.project_id})


@pytest.fixture(scope="module", params=["without a plan", "with a plan"])
def attacked(request, tmp_path_factory):
    sealane = Installation(tmp_path_factory.mktemp("hijack"))
    sealane.start()
    sealane.start_custodian()
    if request.param == "with a plan":
        (sealane.root / "plan.yaml").write_text(PLAN)
        sealane.command("plan", "set", sealane.root / "plan.yaml", "--data", sealane.data)
    owner = {"auth": sealane.account, "timeout": 30}
    records = [{"event": "API call", "properties": {"time": time.time() - 60, "distinct_id": who, "$insert_id": who.replace("_", "-"), "org_id": ORG}} for who in (VICTIM, MALLORY)]
    assert sealane.send_import(records).status_code == 200
    assert requests.post(sealane.intake + "/engage", json=[{"$token": sealane.token, "$distinct_id": VICTIM, "$set": PROFILE}], **owner).text == "1"
    group = [{"$token": sealane.token, "$group_key": "org_id", "$group_id": ORG, "$set": GROUP}]
    assert requests.post(sealane.intake + "/groups", json=group, **owner).text == "1"
    before = profile(sealane, VICTIM)["verified"]
    assert {"$email", "role", "member_of", "seats"} <= set(before)
    hijack(sealane)
    yield sealane, before, request.param
    sealane.close()


def test_the_verified_layer_is_as_it_was(attacked):
    sealane, before, _ = attacked
    assert profile(sealane, VICTIM)["verified"] == before
    assert profile(sealane, MALLORY)["verified"] == {}
    # The other layer shows that the attacks arrived.
    assert profile(sealane, VICTIM)["unverified"]["seats"] == 99


def test_two_people_stay_two(attacked):
    sealane, _, _ = attacked
    people = {line["properties"]["distinct_id"] for line in sealane.export(event='["API call"]')}
    assert people == {subject(sealane, VICTIM), subject(sealane, MALLORY)}


def test_authority_from_the_token_is_not_even_stored_under_a_plan(attacked):
    sealane, _, with_plan = attacked
    unverified = profile(sealane, VICTIM)["unverified"]
    if with_plan == "with a plan":
        assert not {"role", "member_of"} & set(unverified)
    else:
        assert unverified["role"] == "owner" and unverified["member_of"] == ["x"]


def test_the_address_that_opens_is_the_right_one(attacked):
    """On the disk, with the custodian's keys: what a notice would be sent to."""
    sealane, _, _ = attacked
    end = time.monotonic() + 30
    while custodian_keys(sealane) < 3:
        assert time.monotonic() < end, "the custodian does not fetch the keys"
        time.sleep(0.1)
    assert sealane.terminate() == 0
    found = []
    victim = bytes.fromhex(subject(sealane, VICTIM)[2:])
    for path in (sealane.data / "projects").rglob("profiles-*"):
        for layers in profiles(path.read_bytes()):
            if "role" in layers["verified"]:
                _, value = layers["verified"]["$email"]
                found += [open_value(value, key, 1, victim, "$email")
                          for key in record_keys_of(sealane.custodian_data, 1, victim, epoch_of(value))]
                assert layers["verified"]["role"] == PROFILE["role"] and layers["verified"]["seats"] == PROFILE["seats"]
            if "tier" in layers["verified"]:
                assert layers["verified"]["tier"] == GROUP["tier"] and layers["verified"]["admins"] == GROUP["admins"]
                found.append("organization")
    assert set(found) == {RIGHT, "organization"}
