#!/usr/bin/env python3
"""Puts results of bench.py into docs/BENCHMARKS.md, between its marks, and draws docs/pictures/benchmark-ratios.svg.

    make bench-report      renders every .bench/results-*.json

A figure that was not measured is a dash.
"""
import argparse
import html
import json
import math
import pathlib

from bench import TITLES

HERE = pathlib.Path(__file__).resolve().parent
DOCUMENT = HERE.parent / "docs/BENCHMARKS.md"
PICTURE = HERE.parent / "docs/pictures/benchmark-ratios.svg"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
#: The floors of the comparison, of the ratio to the better of ClickHouse and DuckDB.
WANTED = {"q1": 20, "q1 by scan": 1, "q2": 25, "q3": 6, "q4": 10, "q5": 12, "q6": 20, "q7": 12, "q8": 2}
NAMES = {"sealane": "Sealane", "clickhouse": "ClickHouse", "duckdb": "DuckDB", "polars": "Polars"}
COLOURS = ["#9db8d9", "#4f7fb8", "#1f4e86"]


def number(value, digits=1):
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.{digits}f}" if value >= 1 or digits > 1 else f"{value:.2f}"


def count(value):
    return f"{value / 1e6:.3g}M" if value >= 1e6 else f"{value / 1e3:.3g}k"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join(["---"] + ["---:"] * (len(head) - 1)) + " |"]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def ms(result, engine):
    return result[engine]["ms"] if result and engine in result else None


def rows_of(results):
    """(name, title, {events: (result, engine)}) of every line of a table of queries."""
    for query, title in TITLES.items():
        found = {r["events"]: r["queries"][query] for r in results if query in r.get("queries", {})}
        yield query, query, title, found, "sealane"
        if query == "q1":
            yield "q1 by scan", query, title + ", by scan", found, "scan"


def query_tables(results):
    for result in results:
        if "queries" not in result:
            continue
        peers = list(result["peers"])
        lines = []
        for name, query, title, found, engine in rows_of([result]):
            row = found.get(result["events"])
            ratio = row[engine].get("ratio") if row else None
            polars = ms(row, "polars") / max(ms(row, engine), 0.01) if row and "polars" in row else None
            lines.append([f"{name} {title}" if name == query else f"{query} {title}", number(ms(row, engine), 2),
                          *(number(ms(row, peer)) for peer in peers), f"**{number(ratio)}**" if ratio else "–", WANTED[name],
                          number(polars)])
        yield (f"### {count(result['events'])} events\n\n"
               + table(["warm milliseconds", "Sealane", *(NAMES[p] for p in peers),
                        "times faster", "wanted at 100M", "than Polars"], lines))


def growth(results):
    measured = [r for r in results if "queries" in r]
    lines = []
    for name, query, title, found, engine in rows_of(measured):
        if not found:
            continue
        lines.append([f"{query} {title}", *(number(found[r["events"]][engine]["ms"] * 1e6 / r["events"], 2) if r["events"] in found else "–"
                                          for r in measured)])
    return "### Nanoseconds an event\n\n" + table(["Sealane, one thread", *(count(r["events"]) for r in measured)], lines)


def threads_and_cold(results):
    measured = [r for r in results if "queries" in r]
    head, lines = ["", *(f"{count(r['events'])}: two threads" for r in measured), *(f"{count(r['events'])}: cold start" for r in measured)], []
    for query, title in TITLES.items():
        row = [f"{query} {title}"]
        row += ["× " + number(r["queries"][query]["two_threads"].get("ratio"), 2) if query in r["queries"] else "–" for r in measured]
        row += [number(r.get("cold", {}).get(query, {}).get("answer_s"), 2) + " s" if query in r.get("cold", {}) else "–" for r in measured]
        lines.append(row)
    lines.append(["q1 after a clean stop", *("" for _ in measured),
                  *(number(r["cold"]["clean stop"]["answer_s"], 2) + " s" if "clean stop" in r.get("cold", {}) else "–" for r in measured)])
    return ("### Two threads, and cold starts\n\nHow many times faster two threads are than one (q1 by scan), and the time from the start of the process to its "
            "first answer, nothing of the store in the page cache, the fresh events read from the log again.\n\n" + table(head, lines))


def load_and_intake(results):
    parts = []
    loads = [r for r in results if "load" in r]
    if loads:
        lines = []
        for r in loads:
            for engine in ("sealane", *r["peers"]):
                if engine in r["load"]:
                    found = r["load"][engine]
                    lines.append([f"{NAMES[engine]}, {count(r['load']['lines'])} lines", number(found["events_per_core_second"]),
                                  number(found["events_per_second"]), number(found["resident_mib"])])
        parts.append("### Loading lines of JSON from a file\n\n" + table(
            ["", "events a second of processor time", "events a second", "MiB resident at most"], lines))
    intakes = [r for r in results if "intake" in r]
    if intakes:
        lines = []
        for r in intakes:
            for label in ("gzip", "plain"):
                found = r["intake"][label]
                lines.append([f"{label}, {count(r['intake']['events'])} events", number(found["events_per_second"]), number(found["latency_ms"]["50"]),
                              number(found["latency_ms"]["99"]), number(found["resident_mib"]), number(found["server_cores"], 2),
                              number(found["client_cores"], 2), number(100 * found["gate_share"]) if "gate_share" in found else "–"])
        parts.append("### Durable intake over HTTP\n\n`/import` in batches of 2,000, an answer when durable, gate and vault in place, the client on the same cores.\n\n" + table(
            ["", "events a second", "median ms", "99 % ms", "MiB resident at most", "cores of the server", "of the client",
             "% of the server's processor time in Gate and Vault"], lines))
        profiles = [r["intake"]["profile"] for r in intakes if "profile" in r["intake"]]
        if profiles:
            label, found = next(reversed(profiles[-1].items()))
            parts.append(
                f"What bounds it, by `perf` ({label}, {found['samples']:,} samples of the server). The innermost room on the stack: "
                + ", ".join(f"{room} {share:.0f} %" for room, share in found["rooms"].items() if share >= 1) + ". The functions themselves:\n\n```\n"
                + "\n".join(f"{share:5.1f} %  {name[:110]}" for name, share in list(found["functions"].items())[:12]) + "\n```")
    return "\n\n".join(parts)


def disk_and_memory(results):
    lines = []
    for r in results:
        if "bytes_per_event" not in r:
            continue
        own = r["bytes_per_event"]["sealane"]
        resident = r.get("resident_mib", {})
        lines.append([f"Sealane, {count(r['events'])}", number(sum(own.values()), 2), number(own["columns"], 2),
                      number(own["insert-id fingerprints"], 2), number(own["identities"], 2), number(sum(own.values()) - own["columns"] - own["insert-id fingerprints"] - own["identities"], 2),
                      number(resident.get("sealane"))])
        for peer in r["peers"]:
            sizes = r["bytes_per_event"].get(peer, {})
            if sizes or peer in resident:
                lines.append([f"{NAMES[peer]}, {count(r['events'])}", number(sum(sizes.values()) or None, 2), number(sizes.get("events"), 2), "", "", number(sizes.get("events_by_event"), 2), number(resident.get(peer))])
    return ("### Bytes on disk an event, and memory while answering\n\nThe peers hold canonical subjects and no insert ids; what stands under “other” is their second order of the rows, "
            "for Sealane its profiles, wrapped keys and log.\n\n"
            + table(["", "all", "columns", "insert-id fingerprints", "identities", "other", "MiB resident at most"], lines))


def conditions(results):
    lines = []
    for r in results:
        m, load = r["machine"], r["load_average"]
        busy = " **Other work shared the cores: times and ratios are rough, those of two threads say nothing.**" if load[0] > 0.5 else ""
        lines.append(f"- {count(r['events'])}: {r['date']}, {m['processor']}, {m['cores']} cores, {m['memory_gib']} GiB, commit {m['commit']}; "
                     + ", ".join(f"{'chDB' if p == 'clickhouse' else NAMES[p]} {v}" for p, v in r["peers"].items()) + f"; median of {r['runs']}; load average {load[0]:.1f} before, {load[-1]:.1f} after.{busy}")
    queries = [q for r in results for q in r.get("queries", {}).values()]
    if queries:
        lines.append(f"- Answers of the queries that have figures: {'all equal' if all(q['equal'] for q in queries) else 'NOT ALL EQUAL'}, by digest, "
                     "with every phrasing of every peer.")
    return "\n".join(lines)


def picture(results):
    measured = [r for r in results if "queries" in r]
    rows = [(name, title, found, engine) for name, _, title, found, engine in rows_of(measured) if found]
    bar, gap, left, width, top = 9, 12, 290, 420, 54
    height = top + len(rows) * (bar * len(measured) + gap) + 34
    ratios = [found[e][engine]["ratio"] or 1 for _, _, found, engine in rows for e in found]
    low, high = math.floor(math.log10(min(1, *ratios))), max(2, math.ceil(math.log10(max(ratios))))

    def x(ratio):
        return left + width * (math.log10(ratio) - low) / (high - low)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 60} {height}" font-family="sans-serif" font-size="11" role="img">',
           "<title>How many times faster than the better of ClickHouse and DuckDB</title>",
           f'<rect width="100%" height="100%" fill="#ffffff"/>',
           f'<text x="12" y="20" font-size="13" font-weight="bold" fill="#1b1f24">Times faster than the better of ClickHouse and DuckDB (log scale)</text>']
    for exponent in range(low, high + 1):
        at = x(10.0**exponent)
        out.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{top - 8}" y2="{height - 30}" stroke="#d0d7de"/>'
                   f'<text x="{at:.1f}" y="{top - 12}" text-anchor="middle" fill="#57606a">{10.0**exponent:g}</text>')
    y = top
    for name, title, found, engine in rows:
        middle = y + bar * len(measured) / 2 + 4
        out.append(f'<text x="12" y="{middle:.1f}" fill="#1b1f24">{html.escape(name.split()[0] + " " + title)}</text>')
        for index, r in enumerate(measured):
            if r["events"] in found and found[r["events"]][engine].get("ratio"):
                ratio = found[r["events"]][engine]["ratio"]
                out.append(f'<rect x="{min(x(1), x(ratio)):.1f}" y="{y + index * bar}" width="{abs(x(ratio) - x(1)):.1f}" height="{bar - 1}" fill="{COLOURS[index % 3]}"/>'
                           f'<text x="{max(x(1), x(ratio)) + 4:.1f}" y="{y + index * bar + bar - 1}" font-size="9" fill="#57606a">{number(ratio)}</text>')
        wanted = x(WANTED[name])
        out.append(f'<line x1="{wanted:.1f}" x2="{wanted:.1f}" y1="{y - 2}" y2="{y + bar * len(measured) + 1}" stroke="#b35900" stroke-width="2"/>')
        y += bar * len(measured) + gap
    at = 12
    for index, r in enumerate(measured):
        out.append(f'<rect x="{at}" y="{height - 18}" width="10" height="10" fill="{COLOURS[index % 3]}"/><text x="{at + 15}" y="{height - 9}" fill="#1b1f24">{count(r["events"])} events</text>')
        at += 110
    out.append(f'<line x1="{at}" x2="{at}" y1="{height - 20}" y2="{height - 6}" stroke="#b35900" stroke-width="2"/><text x="{at + 8}" y="{height - 9}" fill="#1b1f24">wanted at 100M</text></svg>')
    return "\n".join(out) + "\n"


def soak(result):
    lines = [[name, found["count"], *(number(found["ms"][p], 2) for p in ("50", "90", "99", "99.9", "100"))] for name, found in result["latencies"].items()]
    memory = result["resident_mib"]
    busy = " Other work shared the cores." if result["load_average"][0] > 0.5 else ""
    too_short = " (too short a run to say: memory fills until the first segment)" if result["minutes"] < 10 else ""
    slope = "–" if memory["slope_per_hour"] is None else f"{memory['slope_per_hour']:+.0f} MiB an hour"
    return (f"### Soak\n\n{result['minutes']:.1f} minutes of mixed load on {result['machine']['cores']} cores ({result['date']}, commit "
            f"{result['machine']['commit']}): {result.get('preload', 0):,} events first, then {result['events'] - result.get('preload', 0):,} at {result['rate']:,} a second, {result['failures']} failures, "
            f"{result['shed']} requests shed; resident {number(memory['after_warm_up'])} MiB after the warm-up, {number(memory['at_the_end'])} at "
            f"the end, {number(memory['most'])} at most, slope {slope}{too_short}.{busy}\n\n"
            + table(["milliseconds, by HdrHistogram", "requests", "50 %", "90 %", "99 %", "99.9 %", "most"], lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="+", type=pathlib.Path, help="results-*.json of bench.py, soak.json of soak.py")
    options = parser.parse_args()
    read = [json.loads(path.read_text()) for path in options.results]
    soaks = [r for r in read if r.get("kind") == "soak"]
    results = sorted((r for r in read if r.get("kind") != "soak"), key=lambda r: r["events"])
    parts = [conditions(results)] if results else []
    if any("queries" in r for r in results):
        PICTURE.write_text(picture(results))
        parts += ["![How many times faster Sealane is, by query and number of events](pictures/benchmark-ratios.svg)", *query_tables(results),
                  growth(results), threads_and_cold(results), disk_and_memory(results)]
    parts += [part for part in [load_and_intake(results)] if part]
    parts += [soak(r) for r in soaks[-1:]]
    before, rest = DOCUMENT.read_text().split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(before + BEGIN + "\n\n" + "\n\n".join(parts) + "\n\n" + END + after)
    print(f"{DOCUMENT} and {PICTURE} hold {len(results)} results.")


if __name__ == "__main__":
    main()
