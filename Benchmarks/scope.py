"""How long it takes to say who is affected, on a store of a million people of whom a vendor holds all: the question alone, and each command with its digest, sets and entries.

    .venv/bin/python Benchmarks/scope.py --people 1000000 --binaries DIR
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--binaries", type=Path, default=ROOT / ".build" / "release")
    arguments = parser.parse_args()
    os.environ["SEALANE_BINARIES"] = str(arguments.binaries)
    sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))
    measure(arguments.people)


def measure(people: int):
    from installation import Installation
    from staff import owner
    from test_vendors import agree, declaration, declare, state, until

    with tempfile.TemporaryDirectory(prefix="sealane-scope-") as name:
        root = Path(name)
        sealane = Installation(root)
        sealane.start()
        try:
            ada = owner(sealane)
            text = declaration("tallymark", {"type": "file", "path": root / "events.ndjson"}, fields="[plan, model, org_id]")
            declare(sealane, root, text)
            agree(sealane, ada, "tallymark")
            now = int(time.time())
            for start in range(0, people, 2_000):
                rows = [{"event": "Request", "properties": {
                    "distinct_id": f"user-{number}", "plan": "pro", "model": f"m{number % 7}", "org_id": f"org-{number % (people // 20)}",
                    "time": now - 60 - number % 2_000_000, "$insert_id": f"i-{number}"}} for number in range(start, min(start + 2_000, people))]
                assert sealane.send_import(rows).status_code == 200
            until(lambda: state(sealane, "tallymark")["events"] >= people, 600)

            def incident(*words):
                began = time.monotonic()
                answer = json.loads(sealane.command("incident", *words, "--data", sealane.data, "--json"))
                return answer, time.monotonic() - began

            for source in [("--vendor", "tallymark"), ("--host", "server")]:
                number = str(incident("open", *source, "--title", "Measured")[0]["incident"])
                for _ in range(3):
                    scope, whole = incident("scope", number)
                    assert scope["affected"] == people
                    print(f"{source[1]}: {people:,} affected, {scope['organizations']['org_id']:,} organizations: {scope['seconds'] * 1000:.0f} ms, the command {whole:.1f} s")
                print(f"  watch {incident('watch', number)[1]:.1f} s, report {incident('report', number)[1]:.1f} s")
            ids = [json.loads(line)["person"] for line in (root / "events.ndjson").open()]
            (root / "rows.txt").write_text("\n".join(ids[: people // 10]))
            found, whole = incident("leaked", str(root / "rows.txt"))
            print(f"a file of {people // 10:,} ids names {found['source']['id']} in {whole:.1f} s")
        finally:
            sealane.close()


if __name__ == "__main__":
    main()
