"""Whom figures about groups give away: small groups, totals minus their parts, and questions that differ by a few people."""

import datetime
import json
import time

import pytest
import requests
from installation import today

EVENT = "Group Probe"
#: Subjects by team: what a filter can choose.
TEAMS = {"north": 40, "south": 57, "tiny": 3}


def noon(days: int) -> int:
    return int(datetime.datetime.combine(
        datetime.date.fromisoformat(today(days)), datetime.time(12), datetime.timezone.utc).timestamp())


@pytest.fixture(scope="module")
def place():
    import shutil
    import tempfile
    from pathlib import Path

    from installation import Installation

    root = Path(tempfile.mkdtemp(prefix="sealane-e2e-"))
    installation = Installation(root, smallest_group=10)
    try:
        installation.start()
        rows, number = [], 0
        for team, size in TEAMS.items():
            for _ in range(size):
                number += 1
                rows.append({"event": EVENT, "properties": {
                    "distinct_id": f"member-{number}", "time": noon(-5), "$insert_id": f"probe-{number}", "team": team, "spent": number,
                    "half": "even" if number % 2 == 0 else "odd"}})
        assert installation.send_import(rows).status_code == 200
        yield installation
    finally:
        installation.close()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def analyst(place):
    """A credential that has asked nothing yet."""
    answer = place.account_with(scopes=["query"])
    return (answer["username"], answer["secret"])


def ask(place, analyst, measure="unique", status=200, days=(-6, -1), **options):
    series = {"event": EVENT, "measure": measure}
    if measure in ("sum", "average"):
        series["property"] = "spent"
    query = {"report": "insights", "unit": "day", "range": {"from": today(days[0]), "to": today(days[1])}, "series": [series], **options}
    answer = requests.post(
        place.api + "/api/v1/query", params={"project_id": place.project_id}, json=query, auth=analyst, timeout=30)
    assert answer.status_code == status, answer.text
    return answer.json() | {"entry": answer.headers.get("Sealane-Ledger-Index")}


def groups(answer):
    return {json.dumps(line["group"]): line["overall"] for line in answer["result"]["lines"]}


def total(answer):
    return answer["result"]["lines"][0]["overall"]


def is_flagged(answer):
    return answer.get("singles_out", False)


def differencing(place, analyst):
    found = json.loads(place.command("alerts", "list", "--data", place.data, "--json"))["alerts"]
    return [alert for alert in found if alert["kind"] == "differencing" and (alert.get("about") or {}).get("id") == analyst[0]]


def team(*names, without=()):
    return {"property": "team", "operator": "not_equals" if without else "equals", "values": list(without or names)}


def test_small_groups_and_what_would_tell_them_are_merged(place, analyst):
    for measure in ("unique", "total", "sum", "average"):
        answer = ask(place, analyst, measure, breakdown={"property": "team", "limit": 10})
        # The three of “tiny” are in “other”, and the smallest other group with them: the whole minus what is shown would tell.
        assert set(groups(answer)) == {'{"value": "south"}', '"other"'}, answer
        assert [note["count"] for note in answer["notes"]["excluded"] if note["reason"] == "small_group"] == [2]
        assert not is_flagged(answer)
    shown = groups(ask(place, analyst, breakdown={"property": "team", "limit": 10}))
    assert shown == {'{"value": "south"}': 57, '"other"': 43}
    # Where all are large, nothing is merged.
    assert set(groups(ask(place, analyst, breakdown={"property": "half", "limit": 10}))) == {'{"value": "even"}', '{"value": "odd"}'}


def test_a_total_minus_its_parts_is_flagged(place, analyst):
    """The script of somebody who wants to know about “tiny” without ever asking for it."""
    everybody = ask(place, analyst)
    north = ask(place, analyst, filter=team("north"))
    assert not is_flagged(everybody) and not is_flagged(north)
    south = ask(place, analyst, filter=team("south"))
    assert total(everybody) - total(north) - total(south) == 3
    assert is_flagged(south)
    (alert,) = differencing(place, analyst)
    assert alert["state"] == "open" and "fewer than 10" in alert["sentence"] and alert["details"]["how"] == "rest"
    # They count as shown: the entry names exactly those three.
    (entry,) = json.loads(place.command("ledger", "entries", "--data", place.data, "--from", south["entry"], "--limit", 1))["entries"]
    assert entry["detail"]["facts"]["singled_out"] == "3" and len(entry["detail"]["subjects"]) == 3


def test_two_questions_that_differ_by_a_few_are_flagged_in_whatever_order_and_measure(place):
    def fresh():
        answer = place.account_with(scopes=["query"])
        return (answer["username"], answer["secret"])

    for measure in ("unique", "total", "sum"):
        for first, second in (({}, {"filter": team(without=["tiny"])}), ({"filter": team(without=["tiny"])}, {})):
            analyst = fresh()
            a = ask(place, analyst, measure, **first)
            b = ask(place, analyst, measure, **second)
            assert not is_flagged(a) and is_flagged(b), (measure, first)
            assert differencing(place, analyst)[0]["details"]["how"] == "difference"
    # Two credentials are two analysts: what the pages say cannot be stopped.
    assert not is_flagged(ask(place, fresh(), filter=team(without=["tiny"])))


def test_ranges_that_mean_the_same_days_are_the_same(place, analyst):
    assert not is_flagged(ask(place, analyst, days=(-900, 3)))
    assert is_flagged(ask(place, analyst, days=(-6, -1), filter=team(without=["tiny"])))


def test_other_reports_count_as_well(place, analyst):
    days = {"from": today(-6), "to": today(-1)}
    funnel = {"report": "funnel", "range": days, "steps": [{"event": EVENT}, {"event": EVENT}], "filter": team(without=["tiny"])}
    retention = {"report": "retention", "range": days, "start": {"event": EVENT}, "return": {"event": EVENT}}
    for query in (retention, funnel):
        answer = requests.post(place.api + "/api/v1/query", params={"project_id": place.project_id}, json=query, auth=analyst, timeout=30)
        assert answer.status_code == 200, answer.text
    assert answer.json()["singles_out"] is True


def test_a_filter_that_leaves_a_few_is_flagged(place, analyst):
    answer = ask(place, analyst, "sum", filter=team("tiny"))
    assert is_flagged(answer)
    assert differencing(place, analyst)[0]["details"]["how"] == "few"


def test_overlaps_of_few_are_flagged(place, analyst):
    """A tracker: nobody asks for “tiny”, but both questions hold it, and together they are everybody."""
    assert not is_flagged(ask(place, analyst))
    assert not is_flagged(ask(place, analyst, filter=team("north", "tiny")))
    assert is_flagged(ask(place, analyst, filter=team("south", "tiny")))
    assert "overlap" in differencing(place, analyst)[0]["details"]["how"]


def test_cells_are_compared_as_well(place, analyst):
    """A breakdown tells how many each team has; a filter that leaves all but a few of one team is told apart from it."""
    assert not is_flagged(ask(place, analyst, breakdown={"property": "half", "limit": 10}))
    odd_but_few = {"all": [{"property": "half", "operator": "equals", "values": ["odd"]}, team(without=["tiny"])]}
    assert is_flagged(ask(place, analyst, filter=odd_but_few))


def test_edges_and_cohorts_that_somebody_chooses_are_compared(place, analyst):
    def bins(edge):
        return ask(place, analyst, breakdown={"property": "spent", "bins": [edge]})

    assert not is_flagged(bins(50))
    assert is_flagged(bins(53))


def test_a_cohort_says_how_many_it_leaves_out(place, analyst):
    def members(names):
        return {"report": "cohort", "cohort": {"any": [
            {"did": {"event": EVENT, "filter": team(*names)}}]}}

    query = members(["north", "south"])
    answer = requests.post(place.api + "/api/v1/query", params={"project_id": place.project_id}, json=query, auth=analyst, timeout=30)
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    assert result["known"] - result["size"] == 3 and answer.json()["singles_out"] is True


def test_other_cells_of_other_reports_are_compared(place, analyst):
    """The parts by one kind of report, the whole by another."""
    days = {"from": today(-6), "to": today(-1)}
    retention = {"report": "retention", "range": days, "start": {"event": EVENT}, "return": {"event": EVENT}, "breakdown": {"property": "team"}}
    answer = requests.post(place.api + "/api/v1/query", params={"project_id": place.project_id}, json=retention, auth=analyst, timeout=30)
    assert [segment["group"] for segment in answer.json()["result"]["segments"]] == [{"value": "south"}, "other"]
    assert is_flagged(ask(place, analyst, filter=team("north")))


def test_what_a_door_costs_is_compared(place, analyst):
    """The number of people behind a door is a figure too."""
    made = place.account_with(scopes=["export"])
    analyst = (made["username"], made["secret"])

    def door(filters):
        query = {"report": "insights", "unit": "day", "range": {"from": today(-6), "to": today(-1)},
                 "series": [{"event": EVENT, "measure": "unique"}], **filters}
        answer = requests.post(
            place.api + "/api/v1/door", params={"project_id": place.project_id, "limit": 1},
            json={"query": query, "cell": {"report": "insights", "series": 0, "group": "everything"}}, auth=analyst, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()["count"]

    assert door({}) - door({"filter": team(without=["tiny"])}) == 3
    assert differencing(place, analyst)[0]["details"]["how"] == "difference"


def test_ordinary_questions_are_not_flagged(place, analyst):
    for _ in range(2):
        for filters in ({}, {"filter": team("north")}, {"filter": {"property": "half", "operator": "equals", "values": ["even"]}},
                        {"filter": {"all": [team("south"), {"property": "half", "operator": "equals", "values": ["odd"]}]}}):
            assert not is_flagged(ask(place, analyst, **filters))
    assert differencing(place, analyst) == []


def test_people_singled_out_are_charged_and_the_quota_stops_it(place):
    made = place.account_with(scopes=["query"], subjects_per_day=5)
    analyst = (made["username"], made["secret"])
    assert is_flagged(ask(place, analyst, filter=team("tiny")))
    assert total(ask(place, analyst)) == 100
    # Others this time: three more people are over the five of the day.
    refused = ask(place, analyst, filter={"property": "spent", "operator": "less", "value": 4}, status=429)
    assert "used up" in refused["message"]
    alerts = json.loads(place.command("alerts", "list", "--data", place.data, "--json"))["alerts"]
    assert any(alert["kind"] == "credential_frozen" and alert["about"]["id"] == made["username"] for alert in alerts)


def test_one_shows_every_group_and_stands_in_the_ledger(make_installation):
    sealane = make_installation(smallest_group=10)
    sealane.start()
    sealane.track(*[{"event": EVENT, "properties": {"distinct_id": f"few-{n}", "team": f"t{n % 3}"}} for n in range(9)])
    query = {"report": "insights", "range": {"from": today(-1), "to": today(1)}, "series": [{"event": EVENT, "measure": "unique"}],
             "breakdown": {"property": "team"}}

    def names():
        answer = requests.post(
            sealane.api + "/api/v1/query", params={"project_id": sealane.project_id}, json=query, auth=sealane.account, timeout=10).json()
        return [line["group"] for line in answer["result"]["lines"]]

    deadline = time.monotonic() + 10
    while names() == [] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert names() == ["other"]
    status, answer = sealane.control("PATCH", f"/api/v1/settings?project_id={sealane.project_id}", {"smallest_group": 1})
    assert status == 200 and answer["smallest_group"] == 1
    assert len(names()) == 3
    for wrong in (0, 1001, 2.5, "1", None):
        assert sealane.control("PATCH", f"/api/v1/settings?project_id={sealane.project_id}", {"smallest_group": wrong})[0] == 400
    entries = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", 1000))["entries"]
    assert any(entry["kind"] == "project_settings_changed" and "smallest_group=1" in entry["detail"]["fields"] for entry in entries)
