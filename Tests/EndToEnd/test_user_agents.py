"""A plan's `to: user_agent`: names by uap-core's installed expressions, and nothing of what the sender wrote."""

import json
import time

import requests

PLAN = """\
plan: 1
events:
  Page Seen:
    properties:
      agent: {type: string, treatment: coarsen, to: user_agent}
"""

SENT = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:115.0) Gecko/20100101 Firefox/115.0": "Firefox, Windows",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15": "Safari, Mac OS X",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Mobile Safari/537.36": "Chrome Mobile, Android",
    "curl/8.1.2": "curl, Other",
    "AnnaMuster/1.2 CFNetwork/978.0.7 Darwin/18.5.0": "Other, iOS",
    "annamuster-crawler/1.0 (anna@muster.example)": "Other, Other",
    "Chrome": "Chrome, Other",
}


def send(sealane, agents) -> None:
    now = int(time.time()) - 60
    records = [
        {"event": "Page Seen", "properties": {"token": sealane.token, "distinct_id": "p-1", "time": now, "n": n, "agent": agent}}
        for n, agent in enumerate(agents)]
    answer = requests.post(sealane.intake + "/track", json=records, timeout=30)
    assert answer.text == "1", answer.text


def test_names_by_the_installed_expressions(make_installation):
    sealane = make_installation()
    (sealane.root / "plan.yaml").write_text(PLAN)
    sealane.start()
    done = sealane.run("plan", "set", "plan.yaml", "--data", sealane.data)
    assert done.returncode == 0 and "user_agent" not in done.stderr, done.stderr
    send(sealane, SENT)
    stored = {row["properties"]["n"]: row["properties"]["agent"] for row in sealane.export()}
    assert [stored[n] for n in range(len(SENT))] == list(SENT.values())
    assert sealane.terminate() == 0
    for path in sealane.data.rglob("*"):
        if path.is_file():
            content = path.read_bytes().lower()
            assert b"annamuster" not in content and b"applewebkit" not in content, path
    doctor = sealane.run("doctor", "--data", sealane.data)
    assert doctor.returncode == 0 and "uap-core/regexes.yaml knows" in doctor.stdout and "WARNING  project" not in doctor.stdout


def test_without_the_file_they_are_dropped_and_everybody_is_told(make_installation):
    sealane = make_installation()
    (sealane.root / "plan.yaml").write_text(PLAN)
    sealane.start("--user-agents", "none")
    done = sealane.run("plan", "set", "plan.yaml", "--data", sealane.data)
    assert done.returncode == 0 and "there is no file of user agents" in done.stderr
    answer = json.loads(sealane.command("plan", "set", "plan.yaml", "--data", sealane.data, "--json"))
    assert len(answer["lacks"]) == 1
    send(sealane, SENT)
    rows = [row["properties"] for row in sealane.export()]
    assert len(rows) == len(SENT) and not any("agent" in row for row in rows)
    assert 'reason="user_agent_forgotten"' in requests.get(sealane.api + "/metrics", timeout=30).text
    assert sealane.terminate() == 0
    (sealane.root / "sealane.yaml").write_text("user_agents: none\n")
    doctor = sealane.run("doctor", "--data", sealane.data, "--config", sealane.root / "sealane.yaml")
    assert doctor.returncode == 0 and "there is no file of user agents" in doctor.stdout


def test_a_file_that_is_none_is_an_error_that_says_so(make_installation):
    sealane = make_installation()
    (sealane.root / "broken.yaml").write_text("user_agent_parsers: 7\n")
    for path in (sealane.root / "broken.yaml", sealane.root / "missing.yaml"):
        done = sealane.run("serve", "--data", sealane.data, "--user-agents", path)
        assert done.returncode != 0 and path.name in done.stderr and "uap-core" in done.stderr
