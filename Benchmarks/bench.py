#!/usr/bin/env python3
"""Sealane beside ClickHouse and DuckDB: durable intake, and the latency of the four reports.

    bench.py --binaries ../.build/release --work ../.bench --events 1000000

Generates the events once, sends them over HTTP to a new Sealane (batches of 2,000, strict, answered when durable), loads the same
events into the peers, asks all of them the same questions, checks that the answers are equal, and prints a table, one line a query
and the ratio of the better peer to Sealane. Every engine gets one thread for queries.
"""
import argparse
import datetime as dt
import gzip
import hashlib
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "peers"))

import engines  # noqa: E402
from sealane import Sealane  # noqa: E402

TITLES = {
    "q1": "insights: events per day, one event", "q2": "insights: unique subjects per day", "q3": "insights: top 10 of a property",
    "q4": "funnel: 3 steps, 7 days", "q5": "funnel: 5 steps, 1 day, by property", "q6": "retention: 15 days",
    "q7": "flows: top 50 paths after an anchor", "q8": "behavioural cohort",
}
APPROXIMATE = {"approximate"}


def plain(value):
    return value.isoformat()[:10] if isinstance(value, (dt.date, dt.datetime)) else value


def digest(rows):
    return hashlib.sha256(json.dumps([[plain(v) for v in row] for row in rows]).encode()).hexdigest()[:10]


def generate(work, events):
    parquet, batches = work / f"events-{events}.parquet", work / f"events-{events}-batches"
    for out, options in ((parquet, []), (batches, ["--batches", "2000", "--shape", "mixpanel", "--identities", "0.3",
                                                   "--late", "0.05", "--duplicates", "0.02"])):
        if not out.exists():
            part = out.with_name("part-" + out.name)
            shutil.rmtree(part, ignore_errors=True)
            subprocess.run([sys.executable, HERE / "generate_events.py", "--events", str(events), "--out", part, *options], check=True)
            part.rename(out)
    return parquet, batches


def measure(peer, wanted, runs):
    """{query: (best variant's warm milliseconds, round trip, digest, variant)}"""
    best = {}
    for query, variant, what in peer.variants():
        if query not in wanted or variant in APPROXIMATE:
            continue
        peer.open()
        times, trips = [], []
        try:
            for _ in range(runs + 1):
                begin = time.perf_counter()
                rows = peer.run(what)
                trips.append((time.perf_counter() - begin) * 1000)
                times.append(peer.engine_ms if peer.engine_ms is not None else trips[-1])
        finally:
            peer.close()
        warm, trip = statistics.median(times[1:]), statistics.median(trips[1:])
        if query not in best or warm < best[query][0]:
            best[query] = (warm, trip, digest(rows), variant)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", default=HERE.parent / ".build/release", type=pathlib.Path)
    parser.add_argument("--work", default=HERE.parent / ".bench", type=pathlib.Path)
    parser.add_argument("--events", default=1_000_000, type=int)
    parser.add_argument("--queries", default="q1,q2,q4,q6,q7")
    parser.add_argument("--peers", default="clickhouse,duckdb")
    parser.add_argument("--runs", default=5, type=int)
    parser.add_argument("--json", type=pathlib.Path, help="also write the figures to this file")
    a = parser.parse_args()
    a.work.mkdir(parents=True, exist_ok=True)
    wanted = a.queries.split(",")
    parquet, batches = generate(a.work, a.events)
    files = sorted(batches.iterdir())
    figures = {"events": a.events, "intake": {}, "queries": {}}

    print(f"\nDurable intake over HTTP /import, batches of 2,000, {a.events:,} events (and 2 % sent twice), client on the same machine")
    compressed = [(f.read_bytes(), "gzip") for f in files]
    uncompressed = [(gzip.decompress(b), None) for b, _ in compressed]
    lines = sum(b.count(b"\n") for b, _ in uncompressed)
    for label, bodies in (("gzip", compressed), ("plain", uncompressed)):
        sealane = Sealane(a.work / "sealane", a.binaries, "2026-01-01", "2026-03-31")
        sealane.wipe()
        sealane.start()
        seconds = sealane.send(bodies)
        size = sum(f.stat().st_size for f in (sealane.directory / "data").rglob("*") if f.is_file())
        figures["intake"][label] = {"events_per_second": lines / seconds, "resident_mib": sealane.resident_mib(), "bytes": size}
        print(f"  {label:6} {lines / seconds:10,.0f} events/s   {sealane.resident_mib():6.0f} MiB resident at most   {size / 1e6:7.1f} MB on disk")
        if label == "gzip":
            sealane.stop()
    del compressed, uncompressed

    answers = {}
    try:
        time.sleep(2)
        results = {"sealane": measure(sealane, wanted, a.runs)}
    finally:
        sealane.stop()
    kinds = {"clickhouse": engines.ClickHouse, "duckdb": engines.DuckDB, "polars": engines.Polars}
    for name in a.peers.split(","):
        directory = a.work / f"{parquet.stem}-{name}"
        fresh = not (directory / "loaded").exists()
        peer = kinds[name](directory / "data", parquet, 1)
        if fresh:
            (directory / "loaded").write_text(json.dumps(peer.load()))
        results[name] = measure(peer, wanted, a.runs)

    peers = a.peers.split(",")
    print(f"\nWarm latency, median of {a.runs}, milliseconds, one thread; peers: their fastest phrasing of the query")
    print(f"{'':42}{'sealane':>10}{'(HTTP)':>10}" + "".join(f"{n:>12}" for n in peers) + "   answers")
    failed = False
    for query in wanted:
        if query not in results["sealane"]:
            continue
        mine = results["sealane"][query]
        theirs = {n: results[n][query] for n in peers if query in results[n]}
        equal = all(t[2] == mine[2] for t in theirs.values())
        failed |= not equal
        print(f"{query} {TITLES[query]:39}{mine[0]:10.2f}{mine[1]:10.2f}" + "".join(f"{theirs[n][0]:12.2f}" for n in peers if n in theirs)
              + f"   {'equal' if equal else 'DIFFER'} {mine[2]}")
    print()
    for query in wanted:
        if query not in results["sealane"]:
            continue
        mine = results["sealane"][query][0]
        theirs = {n: results[n][query][0] for n in peers if query in results[n]}
        ratio = min(theirs.values()) / mine if mine else 0
        figures["queries"][query] = {"sealane_ms": mine, **{f"{n}_ms": t for n, t in theirs.items()}, "ratio": ratio}
        print(f"{query} sealane_ms={mine:.2f} " + " ".join(f"{n}_ms={t:.2f}" for n, t in theirs.items()) + f" ratio={ratio:.1f}")
    if a.json:
        a.json.write_text(json.dumps(figures, indent=1))
    if failed:
        raise SystemExit("answers differ: see the table")


if __name__ == "__main__":
    main()
