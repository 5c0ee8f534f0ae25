"""A log that cannot be written: nothing more is acknowledged, everything says so, and nothing that was acknowledged is lost."""

import json
import resource
import time

import requests


def test_a_poisoned_log_says_so_everywhere_and_loses_nothing(make_installation):
    sealane = make_installation()
    sealane.start()
    assert requests.get(sealane.intake + "/readyz", timeout=10).json() == {"ready": True}
    # As a disk without room: from now on no file of the server's grows beyond this.
    resource.prlimit(sealane.server.pid, resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
    acknowledged, refusal = 0, None
    for batch in range(200):
        events = [
            {"event": "Filling", "properties": {"distinct_id": f"u{n}", "time": int(time.time()), "$insert_id": f"fill-{batch}-{n}", "pad": f"{batch}{n}" * 60}}
            for n in range(100)]
        answer = sealane.track(*events)
        if answer.status_code != 200:
            refusal = answer
            break
        acknowledged += len(events)
    assert refusal is not None and acknowledged > 0
    for answer in (refusal, sealane.track({"event": "Afterwards"})):
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
        assert str(sealane.root) not in answer.text, "strangers need not know what stands where"
    # It lives, and says that it is not well: to strangers whether, to its operator why.
    assert requests.get(sealane.intake + "/healthz", timeout=10).status_code == 200
    outside = requests.get(sealane.intake + "/readyz", timeout=10)
    assert outside.status_code == 503 and outside.json() == {"ready": False}
    inside = requests.get(sealane.api + "/readyz", timeout=10)
    assert inside.status_code == 503 and "log could not be written" in inside.json()["troubles"][0]
    assert requests.get(sealane.intake + "/metrics", timeout=10).status_code == 404
    metrics = requests.get(sealane.api + "/metrics", timeout=10).text
    assert 'sealane_intake_refused_requests_total{reason="store"} 2' in metrics
    log = [json.loads(line) for line in sealane.server_log.read_text().splitlines() if line.startswith("{")]
    assert [line["level"] for line in log if line["message"] == "Events cannot be stored"] == ["critical"], "said, and not with every request"
    # What is there can still be read.
    assert sealane.total("Filling") == acknowledged
    sealane.terminate()
    sealane.start()
    assert requests.get(sealane.api + "/readyz", timeout=10).json()["ready"] is True
    assert len(sealane.export(event='["Filling"]')) == acknowledged
    assert sealane.track({"event": "Afterwards"}).text == "1"
