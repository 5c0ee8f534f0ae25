"""kill -9 in the middle of an import, again and again: what was acknowledged is there, and there once."""

import os
import random
import threading
import time
from collections import Counter

import requests

EVENTS = 200_000
BATCH = 2_000
# `make soak` kills ten times as often.
KILLS = 200 if os.environ.get("SEALANE_SOAK") else 20
SEED = int(os.environ.get("SEALANE_E2E_SEED", "20261123"))


def batches():
    start = int(time.time()) - 3 * 86400
    return [
        [
            {
                "event": "Crash Tested",
                "properties": {"time": start + n % 86400, "distinct_id": f"crash-{n % 997}", "$insert_id": f"crash-{n}", "n": n, "plan": "pro"},
            }
            for n in range(first, first + BATCH)
        ]
        for first in range(0, EVENTS, BATCH)
    ]


class Sender:
    """Sends what is not acknowledged yet from a few threads, until all is or the server dies."""

    def __init__(self, sealane, pending):
        self.sealane, self.pending, self.lock, self.acknowledged, self.refused = sealane, list(pending), threading.Lock(), [], []
        self.threads = [threading.Thread(target=self.work) for _ in range(4)]
        for thread in self.threads:
            thread.start()

    def work(self):
        with requests.Session() as session:
            while True:
                with self.lock:
                    if not self.pending:
                        return
                    number, records = self.pending.pop()
                try:
                    answer = session.post(
                        self.sealane.intake + "/import", json=records, params={"strict": 1, "project_id": self.sealane.project_id},
                        auth=self.sealane.account, timeout=60)
                except requests.RequestException:
                    return
                with self.lock:
                    if answer.status_code == 200:
                        self.acknowledged.append(number)
                    elif answer.status_code in (429, 503):
                        self.pending.append((number, records))
                    else:
                        self.refused.append((answer.status_code, answer.text[:500]))
                        return

    def join(self):
        for thread in self.threads:
            thread.join(120)
        assert not self.refused, self.refused


def check(sealane, acknowledged):
    """Every acknowledged event once, none twice."""
    seen = Counter(line["properties"]["n"] for line in sealane.export(event='["Crash Tested"]'))
    twice = [n for n, count in seen.items() if count > 1]
    assert not twice, f"{len(twice)} events are there more than once, such as {twice[:5]}"
    missing = [number for number in acknowledged if any(n not in seen for n in range(number * BATCH, (number + 1) * BATCH))]
    assert not missing, f"of {len(acknowledged)} acknowledged batches {len(missing)} are not whole: {missing[:5]}"
    assert sealane.total("Crash Tested") == len(seen)


def test_no_acknowledged_event_is_lost_or_doubled(make_installation):
    randomness = random.Random(SEED)
    sealane = make_installation()
    all_batches = list(enumerate(batches()))
    acknowledged = set()
    print(f"seed {SEED}")
    for round_number in range(KILLS):
        sealane.start()
        if round_number:
            check(sealane, acknowledged)
        # Unacknowledged batches again, and every few rounds some acknowledged ones too, as a confused client would.
        pending = [entry for entry in all_batches if entry[0] not in acknowledged]
        if round_number % 3 == 2:
            pending += [entry for entry in all_batches if entry[0] in acknowledged][:5]
        # Work is left for every round: each gets a share of what is still open.
        share = max(6, 2 * len(pending) // (KILLS - round_number + 1))
        randomness.shuffle(pending)
        sender = Sender(sealane, pending[:share])
        time.sleep(randomness.uniform(0.02, 0.6))
        sealane.kill()
        sender.join()
        sealane.command("doctor", "--data", sealane.data)
        acknowledged |= set(sender.acknowledged)
    sealane.start()
    check(sealane, acknowledged)
    sender = Sender(sealane, [entry for entry in all_batches if entry[0] not in acknowledged])
    sender.join()
    acknowledged |= set(sender.acknowledged)
    assert len(acknowledged) == len(all_batches)
    check(sealane, acknowledged)
    assert sealane.total("Crash Tested") == EVENTS
    assert sealane.total("Crash Tested", "unique") == 997
    assert sealane.terminate() == 0
    sealane.start()
    check(sealane, acknowledged)


def test_sigterm_finishes_what_is_in_flight(make_installation):
    sealane = make_installation()
    sealane.start()
    sender = Sender(sealane, list(enumerate(batches()))[:40])
    time.sleep(0.3)
    assert sealane.terminate() == 0
    sender.join()
    sealane.start()
    check(sealane, set(sender.acknowledged))


def test_a_second_server_on_the_same_data_is_refused(make_installation):
    sealane = make_installation()
    sealane.start()
    done = sealane.run("serve", "--data", sealane.data, "--listen", "127.0.0.1:0", "--intake", "127.0.0.1:0")
    assert done.returncode != 0 and done.stderr.strip()
    assert requests.get(sealane.intake + "/healthz", timeout=10).status_code == 200
