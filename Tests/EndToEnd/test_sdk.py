"""The unmodified `mixpanel` package from PyPI against the real server."""

import time
import uuid

import mixpanel
import pytest
import requests
from installation import today


@pytest.fixture(scope="module")
def client(sealane):
    return mixpanel.Mixpanel(sealane.token, consumer(sealane))


def consumer(sealane, kind=mixpanel.Consumer):
    return kind(
        events_url=sealane.intake + "/track",
        people_url=sealane.intake + "/engage",
        groups_url=sealane.intake + "/groups",
        import_url=sealane.intake + "/import",
        credentials=mixpanel.ServiceAccountCredentials(sealane.account[0], sealane.account[1], str(sealane.project_id)),
    )


def subject_of(sealane, event):
    (line,) = sealane.export(event=f'["{event}"]')
    return line["properties"]["distinct_id"]


def profile(sealane, subject):
    answer = requests.get(
        f"{sealane.api}/api/v1/subjects/{subject}", params={"project_id": sealane.project_id}, auth=sealane.account, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_tracked_events_come_back_in_the_export_and_in_reports(sealane, client):
    for n in range(10):
        client.track(f"tracked-user-{n % 4}", "Sdk Tracked", {"plan": "pro" if n % 2 else "free", "n": n, "org_id": f"org-{n % 3}"})
    lines = sealane.export(event='["Sdk Tracked"]')
    assert sorted(line["properties"]["n"] for line in lines) == list(range(10))
    assert {line["properties"]["plan"] for line in lines} == {"pro", "free"}
    subjects = {line["properties"]["distinct_id"] for line in lines}
    assert len(subjects) == 4 and all(subject.startswith("s_") for subject in subjects)
    organizations = {str(line["properties"]["org_id"]) for line in lines}
    assert len(organizations) == 3 and not any("org-" in organization for organization in organizations)
    assert all(abs(line["properties"]["time"] - time.time()) < 120 for line in lines)
    assert sealane.total("Sdk Tracked") == 10
    assert sealane.total("Sdk Tracked", "unique") == 4
    report = sealane.query({
        "report": "funnel", "range": {"from": today(-1), "to": today(1)},
        "steps": [{"event": "Sdk Tracked"}, {"event": "Sdk Tracked"}], "window_seconds": 3600,
    })
    assert [step["count"] for step in report["result"]["groups"][0]["steps"]] == [4, 4]


def test_buffered_consumer_sends_batches(sealane):
    buffered = consumer(sealane, mixpanel.BufferedConsumer)
    client = mixpanel.Mixpanel(sealane.token, buffered)
    for n in range(120):
        client.track("buffered-user", "Sdk Buffered", {"n": n})
    buffered.flush()
    assert len(sealane.export(event='["Sdk Buffered"]')) == 120


def test_imports_old_events_with_a_service_account(sealane, client):
    client.import_data("unused", "imported-user", "Sdk Imported", time.time() - 40 * 86400, {"n": 1})
    (line,) = sealane.export(event='["Sdk Imported"]')
    assert abs(line["properties"]["time"] - (time.time() - 40 * 86400)) < 120
    # Without credentials the import is refused, and the client says why.
    bare = mixpanel.Mixpanel(sealane.token, mixpanel.Consumer(import_url=sealane.intake + "/import"))
    with pytest.raises(Exception):
        bare.import_data("unused", "imported-user", "Sdk Refused", time.time(), {})
    assert sealane.export(event='["Sdk Refused"]') == []


def test_older_ways_to_import(sealane):
    """A secret alone, as api_secret; the package's own merge with it."""
    client = mixpanel.Mixpanel(sealane.token, mixpanel.Consumer(import_url=sealane.intake + "/import"))
    client.import_data("an api key", "older-user", "Sdk Imported By Secret", time.time() - 40 * 86400, {}, api_secret=sealane.account[1])
    client.merge("an api key", "older-user", "other-user", api_secret=sealane.account[1])
    (line,) = sealane.export(event='["Sdk Imported By Secret"]')
    assert abs(line["properties"]["time"] - (time.time() - 40 * 86400)) < 120
    with pytest.raises(mixpanel.MixpanelException, match="Invalid credentials"):
        client.import_data("an api key", "older-user", "Sdk Refused", time.time(), {}, api_secret="sls_wrong")
    # The raw export by the secret alone, as tap-mixpanel asks for it.
    answer = requests.get(
        sealane.api + "/api/2.0/export", params={"from_date": today(-1), "to_date": today(1)}, auth=(sealane.account[1], ""), timeout=30)
    assert answer.status_code == 200


def test_a_retried_event_counts_once(sealane):
    insert_id = uuid.uuid4().hex
    event = {"event": "Sdk Retried", "properties": {"time": time.time(), "distinct_id": "retrier", "$insert_id": insert_id}}
    for _ in range(3):
        assert sealane.track(event).text == "1"
    assert len(sealane.export(event='["Sdk Retried"]')) == 1


def test_profiles(sealane, client):
    client.track("profile-user", "Sdk Profiled")
    client.people_set("profile-user", {"plan": "pro", "$email": "profile.user@example.com", "$name": "Ada Lovelace", "seats": 3})
    client.people_set_once("profile-user", {"plan": "free", "first_seen_in": "docs"})
    client.people_increment("profile-user", {"seats": 2})
    client.people_append("profile-user", {"features": "sso"})
    client.people_union("profile-user", {"features": ["sso", "audit"]})
    client.people_set("profile-user", {"obsolete": True})
    client.people_unset("profile-user", ["obsolete"])
    seen = profile(sealane, subject_of(sealane, "Sdk Profiled"))
    # The project token is public: what it writes is the unverified layer.
    assert seen["verified"] == {}
    layer = seen["unverified"]
    assert layer["plan"] == "pro" and layer["first_seen_in"] == "docs" and layer["seats"] == 5
    assert layer["features"] == ["sso", "audit"]
    assert "obsolete" not in layer
    assert layer["$email"].keys() == layer["$name"].keys() == {"sealed", "tag"} and layer["$email"]["tag"] != layer["$name"]["tag"]
    client.people_delete("profile-user")
    assert "plan" not in profile(sealane, subject_of(sealane, "Sdk Profiled"))["unverified"]


def test_a_secret_credential_writes_the_layer_that_the_token_cannot_change(sealane, client):
    client.track("layered-user", "Sdk Layered")
    update = [{"$token": sealane.token, "$distinct_id": "layered-user", "$set": {"tier": "gold"}}]
    assert requests.post(sealane.intake + "/engage", json=update, auth=sealane.account, timeout=30).text == "1"
    client.people_set("layered-user", {"tier": "forged"})
    client.people_unset("layered-user", ["tier"])
    client.people_delete("layered-user")
    assert profile(sealane, subject_of(sealane, "Sdk Layered"))["verified"]["tier"] == "gold"


def test_groups(sealane, client):
    client.group_set("org_id", "org-alpha", {"tier": "gold"})
    client.group_set_once("org_id", "org-alpha", {"tier": "lead", "region": "eu"})
    client.group_union("org_id", "org-alpha", {"products": ["api"]})
    client.group_unset("org_id", "org-alpha", ["region"])
    client.group_delete("org_id", "org-beta")


def test_an_anonymous_past_is_joined_to_the_user(sealane, client):
    device = str(uuid.uuid4())
    client.track(f"$device:{device}", "Sdk Visited", {"$device_id": device})
    before = subject_of(sealane, "Sdk Visited")
    # What mixpanel-js sends on identify().
    client.track("joined-user", "$identify", {"$user_id": "joined-user", "$device_id": device, "$anon_distinct_id": f"$device:{device}"})
    client.track("joined-user", "Sdk Joined", {"$user_id": "joined-user", "$device_id": device})
    user = subject_of(sealane, "Sdk Joined")
    assert user != before
    assert subject_of(sealane, "Sdk Visited") == user
    # A second user on the same device keeps its own events; the device stays with the first.
    client.track("second-user", "Sdk Second", {"$user_id": "second-user", "$device_id": device})
    client.track(f"$device:{device}", "Sdk Revisited", {"$device_id": device})
    assert subject_of(sealane, "Sdk Second") != user
    assert subject_of(sealane, "Sdk Revisited") == user


def test_merge_and_alias_are_ordinary_events(sealane, client):
    client.track("merge-one", "Sdk Merge One")
    client.track("merge-two", "Sdk Merge Two")
    client.merge("unused", "merge-one", "merge-two")
    sealane.track({"event": "$create_alias", "properties": {"distinct_id": "merge-one", "alias": "merge-two"}})
    assert subject_of(sealane, "Sdk Merge One") != subject_of(sealane, "Sdk Merge Two")


def test_start_up_calls_and_cross_origin_requests(sealane):
    page = {"Origin": "https://app.example.com"}
    for path, answer in {"/flags/": {"flags": {}}, "/settings/": {"sdk_config": {"config": {}}}, "/decide": None}.items():
        seen = requests.get(sealane.intake + path, headers=page, timeout=10)
        assert seen.status_code == 200 and (answer is None or seen.json() == answer)
        assert seen.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
        assert seen.headers["Access-Control-Allow-Credentials"] == "true"
        assert "Set-Cookie" not in seen.headers
    preflight = requests.options(
        sealane.intake + "/flags/", timeout=10,
        headers={**page, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization,traceparent"})
    assert preflight.status_code in (200, 204)
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"]


def test_what_was_asked_is_in_the_ledger(sealane):
    sealane.export(limit=1)
    # A service account may not read the ledger; the operating-system user of the server may, by the command.
    refused = requests.get(sealane.api + "/api/v1/ledger/entries", auth=sealane.account, timeout=30)
    assert refused.status_code == 403
    entries = sealane.command("ledger", "entries", "--data", sealane.data, "--json")
    assert "api.export" in entries and sealane.account[0] in entries
    assert sealane.run("ledger", "verify", "--data", sealane.data).returncode == 0
