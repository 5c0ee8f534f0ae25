"""Who does not want to be followed is not (docs/CONSENT.md)."""

import time

import pytest
import requests


def send(sealane, path, record, auth=None, **headers):
    return requests.post(sealane.intake + path, json=[record], headers=headers, auth=auth, params={"verbose": 1}, timeout=10)


def event(sealane, name):
    return {"event": name, "properties": {"token": sealane.token, "distinct_id": "somebody", "time": int(time.time()), "$insert_id": name}}


@pytest.mark.parametrize("header, signal", [("Sec-GPC", "gpc"), ("DNT", "dnt")])
def test_a_browser_that_opts_out_leaves_nothing(make_installation, header, signal):
    sealane = make_installation()
    sealane.start()
    asked = send(sealane, "/track", event(sealane, "Opted Out"), **{header: "1"})
    told = send(sealane, "/track", event(sealane, "Stored"), **{header: "0"})
    assert asked.status_code == told.status_code == 200 and asked.content == told.content
    profile = {"$token": sealane.token, "$distinct_id": "somebody else", "$set": {"plan": "pro"}}
    assert send(sealane, "/engage", profile, **{header: "1"}).json()["status"] == 1
    assert requests.get(sealane.intake + "/track", params={"data": "[]", "verbose": 1}, headers={header: "1"}, timeout=10).status_code == 200
    assert sealane.total("Opted Out") == 0 and sealane.total("Stored") == 1
    subjects = requests.get(sealane.api + "/api/v1/subjects", auth=sealane.account, params={"project_id": sealane.project_id}, timeout=10).json()
    assert len(subjects["subjects"]) == 1
    metrics = requests.get(sealane.api + "/metrics", timeout=10).text
    assert f'sealane_intake_opted_out_records_total{{signal="{signal}"}} 2' in metrics
    # A server's headers are its own.
    assert send(sealane, "/import", event(sealane, "Imported"), auth=sealane.account, **{header: "1"}).status_code == 200
    assert sealane.total("Imported") == 1
    # What cannot be read is still said.
    refused = send(sealane, "/track", {"event": "No token", "properties": "none"}, **{header: "1"})
    assert refused.json()["status"] == 0 and refused.json()["error"]


def test_it_can_be_turned_off(make_installation):
    sealane = make_installation()
    sealane.start("--opt-out-signals", "ignore")
    assert send(sealane, "/track", event(sealane, "Stored"), **{"Sec-GPC": "1", "DNT": "1"}).status_code == 200
    assert sealane.total("Stored") == 1
    sealane.terminate()
    done = sealane.run("serve", "--data", sealane.data, "--opt-out-signals", "maybe")
    assert done.returncode != 0 and "honour or ignore" in done.stderr
