#!/usr/bin/env python3
"""Sealane beside ClickHouse, DuckDB and Polars: eight behavioural queries, loading, intake over HTTP, and what lies on the disk.

    make bench                         a small run: 200,000 events
    make bench-peers EVENTS=10000000   the whole comparison; writes .bench/results-10000000.json
    make bench-report                  puts the results into docs/BENCHMARKS.md

Sealane gets the generated events as lines of JSON with late events, duplicates and identities to be merged; the peers get the same
events, with their canonical subjects, as Parquet. Every engine answers with one thread, all in one run, and every answer must be equal.
A peer's time is that of its fastest exact phrasing of the query (peers/*.sql), Sealane's is its engine's own, in the server, with
the cache of reports off. Beside that: two threads, day series without the segments' counts, and first answers after a cold start.

The last tenth of the events (at most 200,000) is sent to the servers that answer, so that a fresh unsorted part is in memory.
"""
import argparse
import collections
import contextlib
import datetime as dt
import hashlib
import importlib.metadata
import json
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "peers")]

import data  # noqa: E402
import intake  # noqa: E402
import machine  # noqa: E402
import store_files  # noqa: E402
from sealane import NotOffered, Sealane  # noqa: E402
from worker import Worker  # noqa: E402

TITLES = {
    "q1": "insights: events per day, one event", "q2": "insights: unique subjects per day",
    "q3": "insights: top 10 of a property, with uniques", "q4": "funnel: 3 steps, 7 days",
    "q5": "funnel: 5 steps, 1 day, by property", "q6": "retention: 15 days",
    "q7": "flows: top 50 paths after an anchor", "q8": "cohort: behavioural, subject ids",
}
PARTS = ["load", "intake", "queries"]
#: More than this does not fit in a small machine's memory.
POLARS_EVENTS = 10_000_000
#: Servers of the queries: a name, and the flags that make it.
ONE, TWO, SCAN = "one", "two", "scan"
SETTINGS = {
    ONE: ["--scan-threads", 1],
    SCAN: ["--scan-threads", 1, "--segment-counts", "false"],
    TWO: ["--scan-threads", 2, "--segment-counts", "false"],
}


def plain(value):
    return value.isoformat()[:10] if isinstance(value, (dt.date, dt.datetime)) else value


def digest(rows):
    return hashlib.sha256(json.dumps([[plain(v) for v in row] if not isinstance(row, str) else row for row in rows]).encode()).hexdigest()[:10]


ROOMS = {path.name for path in (HERE.parent / "Sources").iterdir() if path.is_dir()}


def room_of(symbol):
    """The module of ours that a mangled Swift name belongs to; None for others."""
    found = re.match(r"\$s(\d+)", symbol)
    name = symbol[found.end():found.end() + int(found[1])] if found else None
    return name if name in ROOMS else None


class Bench:
    def __init__(self, options):
        self.options = options
        self.work = options.work
        self.events = options.events
        self.failed = False
        self.figures = {
            "events": self.events, "date": dt.date.today().isoformat(), "machine": machine.describe(HERE.parent), "runs": options.runs,
            "peers": {name: importlib.metadata.version({"clickhouse": "chdb"}.get(name, name)) for name in options.peers},
            "load_average": [machine.load_average()],
        }

    def sealane(self, name, *settings):
        return Sealane(self.work / f"sealane-{self.events}" / name, self.options.binaries, data.FIRST, data.LAST, settings)

    # Loading of a file

    def load(self):
        events = min(self.events, self.options.sample)
        path = data.sample(self.work, events)
        with open(path, "rb") as file:
            lines = sum(1 for _ in file)
        print(f"\nLoading {lines:,} lines of JSON ({path.stat().st_size / lines:.0f} bytes each) from a file, one core for the peers")
        figures = self.figures["load"] = {"lines": lines, "line_bytes": path.stat().st_size / lines}
        server = self.sealane("bulk")
        server.make()
        seconds, processor, records, resident = server.load_file(path)
        if records != lines:
            raise SystemExit(f"sealane took {records} of {lines} lines")
        self._loaded(figures, "sealane", seconds, processor, lines, resident)
        shutil.rmtree(server.directory)
        for name in self.options.peers:
            if name == "polars":
                continue
            directory = self.work / "bulk" / name
            shutil.rmtree(directory, ignore_errors=True)
            worker = Worker(name, directory, path)
            seconds, processor, rows = worker.ask("load_json", path)
            if rows != lines:
                raise SystemExit(f"{name} took {rows} of {lines} lines")
            self._loaded(figures, name, seconds, processor, lines, worker.ask("resident"))
            worker.stop()
            shutil.rmtree(directory)

    @staticmethod
    def _loaded(figures, name, seconds, processor, lines, resident):
        figures[name] = {"events_per_second": lines / seconds, "events_per_core_second": lines / processor, "resident_mib": resident}
        print(f"  {name:11}{lines / seconds:11,.0f} events/s{lines / processor:12,.0f} events a second of processor time"
              f"{resident:8,.0f} MiB resident at most", flush=True)

    # Intake over HTTP

    def intake(self):
        events = min(self.events, self.options.sample)
        path = data.sample(self.work, events)
        figures = self.figures["intake"] = {"events": events}
        print(f"\nDurable intake over HTTP, /import in batches of {data.BATCH:,}, {events:,} events, the client on the same cores")
        for label, compressed in (("gzip", True), ("plain", False)):
            server = self.sealane("intake")
            server.make()
            server.start()
            try:
                bodies = list(data.batches(path))
                lines = sum(body.count(b"\n") for body in bodies)
                requests = [intake.request(server, body, compressed) for body in bodies]
                del bodies
                profile = self._profile(server, label) if self.options.profile else contextlib.nullcontext()
                counted = server.metrics("sealane_gate_cpu_seconds_total", "process_cpu_seconds_total")
                before = machine.processor_seconds(server.process.pid), time.process_time()
                with profile:
                    seconds, latencies = intake.send(server.port, requests, self.options.connections)
                used, client = machine.processor_seconds(server.process.pid) - before[0], time.process_time() - before[1]
                gate, whole = (b - a for a, b in zip(counted, server.metrics("sealane_gate_cpu_seconds_total", "process_cpu_seconds_total")))
                del requests
                latencies.sort()
                figures[label] = {
                    "events_per_second": lines / seconds, "resident_mib": machine.resident_mib(server.process.pid, highest=True),
                    "server_cores": used / seconds, "client_cores": client / seconds,
                    # Gate and Vault, counted by the server around each batch; what it does in the background is in the whole.
                    "gate_share": gate / whole, "gate_microseconds": gate / lines * 1e6,
                    "latency_ms": {"50": latencies[len(latencies) // 2] * 1000, "99": latencies[int(len(latencies) * 0.99)] * 1000},
                }
                print(f"  {label:6}{lines / seconds:11,.0f} events/s   {figures[label]['resident_mib']:5.0f} MiB resident at most   "
                      f"{used / seconds:.2f} cores for the server, {client / seconds:.2f} for the client; gate_share "
                      f"{gate / whole:.1%} ({gate / lines * 1e6:.2f} µs an event)", flush=True)
            finally:
                server.kill()
            shutil.rmtree(server.directory)

    @contextlib.contextmanager
    def _profile(self, server, label):
        """Where the server's time goes: the share of each room (the innermost that is on the stack) and of each function."""
        if not shutil.which("perf"):
            raise SystemExit("--profile needs perf (Debian: linux-perf)")
        recorded = self.work / f"intake-{label}.perf"
        perf = subprocess.Popen(
            ["perf", "record", "--quiet", "-F", "499", "-g", "-o", recorded, "-p", str(server.process.pid)], stderr=subprocess.PIPE, text=True)
        time.sleep(0.5)
        try:
            yield
        finally:
            perf.send_signal(signal.SIGINT)
            complaint = perf.communicate(timeout=120)[1]
        script = subprocess.run(["perf", "script", "-i", recorded, "-F", "ip,sym"], capture_output=True, text=True, errors="replace").stdout
        recorded.unlink(missing_ok=True)
        rooms, functions = collections.Counter(), collections.Counter()
        for sample in script.split("\n\n"):
            frames = [line.split(None, 1)[1] for line in sample.splitlines() if len(line.split(None, 1)) == 2]
            if frames:
                functions[frames[0]] += 1
                rooms[next((room for room in map(room_of, frames) if room), "none of them")] += 1
        names = list(dict(functions.most_common(25)))
        if shutil.which("swift"):
            demangled = subprocess.run(["swift", "demangle", "--simplified", "--compact"], input="\n".join(names), capture_output=True, text=True)
            names = demangled.stdout.splitlines() if demangled.returncode == 0 else names
        samples = functions.total()
        if not samples:
            print(f"  no profile of {label}: perf recorded nothing. {complaint.strip()[-300:]}")
            return
        found = self.figures["intake"].setdefault("profile", {})[label] = {
            "samples": samples, "rooms": {room: 100 * n / samples for room, n in rooms.most_common()},
            "functions": {name: 100 * n / samples for name, (_, n) in zip(names, functions.most_common(25))}}
        print(f"  profile of {label}: " + ", ".join(f"{room} {share:.0f} %" for room, share in found["rooms"].items() if share >= 1))

    # Queries

    def base(self):
        """The store that holds all but the last events, stopped; filled once for a number of events and kept."""
        base, fresh = self.sealane("base"), self.work / f"sealane-{self.events}" / "fresh.ndjson.gz"
        marker = base.directory.with_name("loaded.json")
        if marker.exists() and not self.options.reload:
            return base, fresh, json.loads(marker.read_text())
        marker.unlink(missing_ok=True)
        base.make()
        base.start()
        held, fresh_bodies = [], max(1, min(self.events // 10, 200_000) * 461 // data.Stream.body_bytes)
        stream = data.Stream(self.events, self.work)

        def bodies():
            for body in stream:
                held.append(body)
                if len(held) > fresh_bodies:
                    yield held.pop(0)

        seconds = base.send(bodies())
        data.write_fresh(fresh, held)
        fresh_lines = sum(body.count(b"\n") for body in held)
        loaded = {"lines": stream.lines, "fresh_lines": fresh_lines, "seconds": seconds,
                  "resident_mib": machine.resident_mib(base.process.pid, highest=True)}
        begin = time.monotonic()
        base.settle()
        loaded["settling_seconds"] = time.monotonic() - begin
        base.stop()
        loaded["bytes"], loaded["segments"] = store_files.split(base.store_directory())
        loaded["ledger_bytes"] = machine.bytes_under(base.directory / "data") - sum(loaded["bytes"].values())
        marker.write_text(json.dumps(loaded))
        return base, fresh, loaded

    def peers(self):
        parquet = data.parquet(self.work, self.events)
        workers = []
        for name in self.options.peers:
            directory = self.work / f"{parquet.stem}-{name}"
            marker = directory / "loaded.json"
            if self.options.reload or not marker.exists():
                shutil.rmtree(directory, ignore_errors=True)
            worker = Worker(name, directory / "data", parquet)
            workers.append(worker)
            if not marker.exists():
                seconds, sizes = worker.ask("load")
                marker.parent.mkdir(parents=True, exist_ok=True)
                marker.write_text(json.dumps({"seconds": seconds, "bytes": sizes}))
            self.figures.setdefault("peer_tables", {})[name] = json.loads(marker.read_text())
        return workers

    def queries(self):
        base, fresh, loaded = self.base()
        self.figures["store"] = loaded
        in_store = self.events * (1 - loaded["fresh_lines"] / loaded["lines"])
        print("\nOn disk, bytes an event: " + ", ".join(f"{kind} {size / in_store:.2f}" for kind, size in loaded["bytes"].items() if size))
        self.figures["bytes_per_event"] = {"sealane": {kind: size / in_store for kind, size in loaded["bytes"].items()}}
        workers = self.peers()
        for name, table in self.figures["peer_tables"].items():
            self.figures["bytes_per_event"][name] = {table: size / self.events for table, size in table["bytes"].items()}
            if table["bytes"]:
                print(f"  {name}: " + ", ".join(f"{t} {size / self.events:.2f}" for t, size in table["bytes"].items()))
        servers = {name: self.sealane(name, "--cached-reports", 0, *settings) for name, settings in SETTINGS.items()}
        try:
            for server in servers.values():
                server.copy(base)
                server.start()
                server.send(data.read_fresh(fresh))
            for server in servers.values():
                server.settle()
            answers = self.figures["queries"] = {}
            for query in self.options.queries:
                try:
                    answers[query] = self._query(query, servers, workers)
                except NotOffered as error:
                    print(f"{query}: left out, this build refuses it: {error}")
            self.figures["resident_mib"] = {
                "sealane": machine.resident_mib(servers[ONE].process.pid, highest=True),
                **{worker.name: worker.ask("resident") for worker in workers}}
            self._table(answers)
            self._cold(servers[ONE], answers)
        finally:
            for server in servers.values():
                server.kill()
            for worker in workers:
                worker.stop()
        for server in servers.values():
            shutil.rmtree(server.directory, ignore_errors=True)

    def _query(self, query, servers, workers):
        runs = self.options.runs
        found = {"sealane": servers[ONE].measure(query, runs)}
        if query == "q1":
            found["scan"] = servers[SCAN].measure(query, runs)
        found["two_threads"] = servers[TWO].measure(query, runs)
        for worker in workers:
            variants = worker.ask("measure", query, runs)
            for variant in variants:
                rows = variant.pop("rows")
                variant["digest"] = digest(servers[ONE].pseudonyms(s for s, in rows) if query == "q8" else rows)
            found[worker.name] = {**min(variants, key=lambda v: v["ms"]), "variants": variants}
        for engine in ("sealane", "scan", "two_threads"):
            if engine in found:
                found[engine]["digest"] = digest(found[engine].pop("rows"))
        wanted = found["sealane"]["digest"]
        different = [name for name, result in found.items()
                     if any(d != wanted for d in [result["digest"], *(v["digest"] for v in result.get("variants", []))])]
        found["equal"] = not different
        self.failed |= bool(different)
        times = ", ".join(f"{name} {result['ms']:.2f} ms" for name, result in found.items() if isinstance(result, dict))
        print(f"{query} {'equal' if not different else 'DIFFERS: ' + ', '.join(different)} {wanted}: {times}", flush=True)
        return found

    @staticmethod
    def ratio(result, mine="sealane"):
        """The better of ClickHouse and DuckDB, divided by Sealane."""
        theirs = [result[name]["ms"] for name in ("clickhouse", "duckdb") if name in result]
        return min(theirs) / max(result[mine]["ms"], 0.01) if theirs else None

    def _table(self, answers):
        peers = self.options.peers
        print(f"\nWarm milliseconds, median of {self.options.runs}, one thread; peers: their fastest exact phrasing")
        print(f"{'':49}{'sealane':>9}{'(HTTP)':>9}" + "".join(f"{n:>12}" for n in peers) + "   answers")
        for query, result in answers.items():
            print(f"{query} {TITLES[query]:46}{result['sealane']['ms']:9.2f}{result['sealane']['trip_ms']:9.2f}"
                  + "".join(f"{result[n]['ms']:12.2f}" for n in peers)
                  + f"   {'equal' if result['equal'] else 'DIFFER'} {result['sealane']['digest']}")
        print()
        for query, result in answers.items():
            for name, mine in ((query, "sealane"), (query + "-scan", "scan")):
                if mine in result:
                    result[mine]["ratio"] = self.ratio(result, mine)
                    ratio = f" ratio={result[mine]['ratio']:.1f}" if result[mine]["ratio"] else ""
                    print(f"{name} sealane_ms={result[mine]['ms']:.2f} " + " ".join(f"{n}_ms={result[n]['ms']:.2f}" for n in peers) + ratio)
        for query, result in answers.items():
            one, two = result.get("scan", result["sealane"])["ms"], result["two_threads"]["ms"]
            result["two_threads"]["ratio"] = one / max(two, 0.01)
            print(f"{query}-two-threads sealane_ms={two:.2f} one_thread_ms={one:.2f} ratio={one / max(two, 0.01):.2f}")

    def _cold(self, server, answers):
        """From the start of the process to the first answer, nothing of the store in the page cache: after a crash, when the log is
        read again, and at the end after a clean stop."""
        print("\nFirst answer after a cold start: seconds until ready, until answered")
        cold = self.figures["cold"] = {}
        for query in answers:
            server.kill()
            cold[query] = self._first_answer(server, query)
        server.stop()
        cold["clean stop"] = self._first_answer(server, next(iter(answers)))
        for name, times in cold.items():
            print(f"{name}-cold ready_s={times['ready_s']:.2f} first_answer_s={times['answer_s']:.2f} engine_ms={times['engine_ms']:.1f}")

    @staticmethod
    def _first_answer(server, query):
        machine.drop_from_page_cache(server.directory)
        begin = time.monotonic()
        ready = server.start()
        server.ask(query)
        return {"ready_s": ready, "answer_s": time.monotonic() - begin, "engine_ms": server.engine_ms}

    def run(self):
        for part in self.options.parts:
            getattr(self, part)()
        self.figures["load_average"].append(machine.load_average())
        out = self.options.json or self.work / f"results-{self.events}.json"
        out.write_text(json.dumps(self.figures, indent=1) + "\n")
        print(f"\nFigures: {out}. Load average {self.figures['load_average'][0]:.1f} before, {self.figures['load_average'][1]:.1f} after, "
              f"of {self.figures['machine']['cores']} cores.")
        if self.failed:
            raise SystemExit("Answers differ: see above.")


def words(text):
    return text.split(",")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", default=1_000_000, type=int)
    parser.add_argument("--parts", default=PARTS, type=words, help=f"of {','.join(PARTS)} (default: all)")
    parser.add_argument("--queries", default=list(TITLES), type=words, help="of q1,…,q8 (default: all)")
    parser.add_argument("--peers", type=words, help=f"of clickhouse,duckdb,polars (default: all; Polars up to {POLARS_EVENTS:,} events)")
    parser.add_argument("--runs", default=5, type=int, help="warm runs of which the median counts (default 5)")
    parser.add_argument("--sample", default=2_000_000, type=int, help="events of loading and intake, at most (default 2,000,000)")
    parser.add_argument("--connections", default=4, type=int, help="of the intake's client (default 4)")
    parser.add_argument("--profile", action="store_true", help="profile the server during intake with perf")
    parser.add_argument("--reload", action="store_true", help="fill the stores again even if they are there")
    parser.add_argument("--json", type=pathlib.Path, help="the file for the figures (default: results-EVENTS.json in the work directory)")
    parser.add_argument("--binaries", default=HERE.parent / ".build/release", type=pathlib.Path)
    parser.add_argument("--work", default=HERE.parent / ".bench", type=pathlib.Path, help="where data and stores are kept")
    options = parser.parse_args()
    options.work = options.work.resolve()
    options.binaries = options.binaries.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    if options.peers is None:
        options.peers = ["clickhouse", "duckdb"] + (["polars"] if options.events <= POLARS_EVENTS else [])
    Bench(options).run()


if __name__ == "__main__":
    main()
