#!/usr/bin/env python3
"""Mixed load on one server for a while: intake, questions of every kind, and the merges that follow from them.

    make soak MINUTES=15

A store in use: five million events first, as fast as they are taken. Then events of the generator (late ones, duplicates, identities to be
merged) come in at a steady rate, gzip and plain in turn; beside them two
clients ask the benchmark's eight questions, a subject's timeline and the catalog, one after the other. Latencies are recorded with
HdrHistogram, resident memory every second. At the end the store must hold every event once, the doctor must find nothing, and memory
must have been flat: the median of the last sixth at most a quarter above that of the sixth after the warm-up (the first third).
"""
import argparse
import datetime as dt
import itertools
import json
import pathlib
import queue
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "peers")]

from hdrh.histogram import HdrHistogram  # noqa: E402

import data  # noqa: E402
import intake  # noqa: E402
import machine  # noqa: E402
from sealane import NotOffered, Sealane  # noqa: E402

#: Bytes of decoded columns in memory: more than a store of this size would fill, memory could not be told to be flat.
CACHE = 64 << 20
PERCENTILES = ["50", "90", "99", "99.9", "100"]


class Latencies:
    """A histogram for each kind of request: microseconds up to ten minutes, three digits."""

    def __init__(self):
        self.lock = threading.Lock()
        self.histograms = {}

    def record(self, kind, seconds):
        with self.lock:
            histogram = self.histograms.setdefault(kind, HdrHistogram(1, 600_000_000, 3))
            histogram.record_value(max(1, int(seconds * 1e6)))

    def figures(self):
        return {kind: {"count": h.get_total_count(), "ms": {p: h.get_value_at_percentile(float(p)) / 1000 for p in PERCENTILES}}
                for kind, h in sorted(self.histograms.items())}


class Soak:
    def __init__(self, options):
        self.options = options
        self.seconds = options.minutes * 60
        self.server = Sealane(options.work / "soak", options.binaries, data.FIRST, data.LAST, ["--cached-reports", 0, "--cache-memory", CACHE])
        self.latencies = Latencies()
        self.over, self.loaded = threading.Event(), threading.Event()
        self.failures, self.resident, self.parts, self.refused = [], [], [], 0

    def fail(self, what):
        self.failures.append(what)
        print(what, file=sys.stderr)

    def guarded(self, act, *arguments):
        def run():
            try:
                act(*arguments)
            except Exception as error:
                self.fail(f"{act.__name__}: {type(error).__name__}: {error}")
        return threading.Thread(target=run, daemon=True)

    # Intake: bodies leave at the moments that the rate asks for, however long an answer takes.

    def intake(self):
        waiting, begin, sent = queue.Queue(8), time.monotonic(), -self.options.preload
        senders = [self.guarded(self.sender, waiting) for _ in range(2)]
        for sender in senders:
            sender.start()
        for number, body in enumerate(self.stream):
            request = intake.request(self.server, body, compressed=number % 2 == 0)
            waiting.put((time.perf_counter(), request))
            sent += body.count(b"\n")
            if sent <= 0:
                begin = time.monotonic()
                continue
            self.loaded.set()
            time.sleep(max(0.0, begin + sent / self.options.rate - time.monotonic()))
        for _ in senders:
            waiting.put(None)
        for sender in senders:
            sender.join()

    def sender(self, waiting):
        connection = intake.Connection(self.server.port)
        while (work := waiting.get()) is not None:
            due, request = work
            while True:
                status, text = connection.exchange(request)
                if status not in (429, 503):
                    break
                self.refused += 1
                time.sleep(0.1)
            # From when it was ready: waiting for a connection that is still busy counts too.
            if self.loaded.is_set():
                self.latencies.record("intake", time.perf_counter() - due)
            if status != 200:
                self.fail(f"intake: {status} {text[:200]!r}")

    # Questions

    def asker(self, first):
        """Its own connection; the questions in turn, from `first` on."""
        client = Sealane(self.server.directory, self.options.binaries, data.FIRST, data.LAST)
        client.port, client.project, client.authorization = self.server.port, self.server.project, self.server.authorization
        kinds = [*client.queries, "catalog", "timeline"]
        for number in itertools.count(first):
            if self.over.wait(self.options.pause):
                return
            kind = kinds[number % len(kinds)]
            if kind in self.not_offered:
                continue
            begin = time.perf_counter()
            try:
                if kind == "catalog":
                    client.get("/api/v1/catalog?")
                elif kind == "timeline":
                    subjects = client.get("/api/v1/subjects?limit=1&")["subjects"]
                    begin = time.perf_counter()
                    if subjects:
                        client.get(f"/api/v1/subjects/{subjects[0]['subject']}/timeline?limit=100&")
                else:
                    client.ask(kind)
            except NotOffered as error:
                self.not_offered.add(kind)
                print(f"{kind}: left out, this build refuses it: {error}")
                continue
            except Exception as error:
                self.fail(f"{kind}: {type(error).__name__}: {error}")
                client.connection = None
                continue
            self.latencies.record(kind, time.perf_counter() - begin)

    def watcher(self):
        begin = time.monotonic()
        while not self.over.wait(1):
            self.resident.append((time.monotonic() - begin, machine.resident_mib(self.server.process.pid)))
            if len(self.resident) % 5 == 0:
                self.parts.append((time.monotonic() - begin, self.memory_parts()))

    def memory_parts(self):
        """What the server says that its memory is for, in MiB: the store's parts and the allocator's states."""
        text = urllib.request.urlopen(f"http://127.0.0.1:{self.server.port}/metrics", timeout=60).read().decode()
        found = re.findall(r'^sealane_(?:store_memory|allocator)_bytes\{.*?(?:part|state)="(\w+)".*?\} (\S+)$', text, re.MULTILINE)
        return {"resident": machine.resident_mib(self.server.process.pid), **{name: round(float(value) / 2**20, 1) for name, value in found}}

    def run(self):
        load = [machine.load_average()]
        events = self.options.preload + int(self.options.rate * self.seconds / 1.02)
        self.not_offered = set()
        self.server.make()
        self.server.start()
        self.stream = data.Stream(events, self.options.work)
        others = [self.guarded(self.watcher), self.guarded(self.asker, 0), self.guarded(self.asker, 5)]
        sending = self.guarded(self.intake)
        print(f"{self.options.preload:,} events first, then {self.options.minutes:g} minutes at {self.options.rate:,} a second", flush=True)
        sending.start()
        if not self.loaded.wait(600):
            raise SystemExit("the first events were not taken in ten minutes")
        for thread in others:
            thread.start()
        begin = time.monotonic()
        sending.join(2 * self.seconds + 60)
        if sending.is_alive():
            self.fail("the events were not taken in twice the time")
        lasted = time.monotonic() - begin
        self.over.set()
        for thread in others:
            thread.join(600)
        total = sum(day for _, day in self.server._q2(self.server.post("/api/v1/query?", {
            "report": "insights", "range": {"from": data.FIRST, "to": data.LAST}, "unit": "day", "series": [{"measure": "total"}]})["result"]))
        if total != events:
            self.fail(f"the store holds {total:,} events instead of {events:,}")
        self.server.stop()
        doctor = subprocess.run([self.server.binary, "doctor", "--data", self.server.directory / "data"], capture_output=True, text=True)
        if doctor.returncode:
            self.fail(f"doctor: {doctor.stdout[-500:]}")
        memory = self.memory()
        figures = {
            "kind": "soak", "date": dt.date.today().isoformat(), "machine": machine.describe(HERE.parent), "minutes": lasted / 60, "events": events,
            "preload": self.options.preload, "rate": self.options.rate, "failures": len(self.failures), "shed": self.refused, "resident_mib": memory,
            "memory_parts_mib": self.parts,
            "latencies": self.latencies.figures(), "load_average": [*load, machine.load_average()]}
        out = self.options.json or self.options.work / "soak.json"
        out.write_text(json.dumps(figures, indent=1) + "\n")
        self.show(figures)
        shutil.rmtree(self.server.directory)
        if self.failures:
            raise SystemExit(f"{len(self.failures)} failures, such as: {self.failures[0]}")

    def memory(self):
        """Flat is what neither steps nor climbs once the caches are full."""
        count = len(self.resident)
        if count < 12:
            return {"after_warm_up": None, "at_the_end": None, "most": max((m for _, m in self.resident), default=0), "slope_per_hour": None}
        settled = self.resident[count // 3:]
        early = statistics.median(m for _, m in settled[:count // 6])
        late = statistics.median(m for _, m in settled[-(count // 6):])
        slope = statistics.linear_regression([t for t, _ in settled], [m for _, m in settled]).slope * 3600
        most = max(m for _, m in self.resident)
        if self.options.minutes >= 10 and late > 1.25 * early:
            self.fail(f"memory is not flat: {early:.0f} MiB after the warm-up, {late:.0f} at the end")
        if most > 1024:
            self.fail(f"memory rose to {most:.0f} MiB")
        return {"after_warm_up": early, "at_the_end": late, "most": most, "slope_per_hour": slope}

    @staticmethod
    def show(figures):
        print(f"\n{'milliseconds':14}{'requests':>10}" + "".join(f"{p + ' %':>11}" for p in PERCENTILES))
        for kind, found in figures["latencies"].items():
            print(f"{kind:14}{found['count']:10,}" + "".join(f"{found['ms'][p]:11.2f}" for p in PERCENTILES))
        memory = figures["resident_mib"]
        if memory["slope_per_hour"] is not None:
            print(f"\nresident_mib after_warm_up={memory['after_warm_up']:.0f} at_the_end={memory['at_the_end']:.0f} most={memory['most']:.0f} "
                  f"slope_per_hour={memory['slope_per_hour']:+.1f}")
        print(f"events={figures['events']} minutes={figures['minutes']:.1f} failures={figures['failures']} shed={figures['shed']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", default=15, type=float)
    parser.add_argument("--preload", default=5_000_000, type=int, help="events that the store has before the clock starts (default 5,000,000)")
    parser.add_argument("--rate", default=10_000, type=int, help="events a second (default 10,000)")
    parser.add_argument("--pause", default=0.1, type=float, help="seconds that a client waits between questions (default 0.1)")
    parser.add_argument("--json", type=pathlib.Path, help="the file for the figures (default: soak.json in the work directory)")
    parser.add_argument("--binaries", default=HERE.parent / ".build/release", type=pathlib.Path)
    parser.add_argument("--work", default=HERE.parent / ".bench", type=pathlib.Path)
    options = parser.parse_args()
    options.work, options.binaries = options.work.resolve(), options.binaries.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    Soak(options).run()


if __name__ == "__main__":
    main()
