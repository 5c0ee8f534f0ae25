"""How fast events leave for a vendor: from the first that is sent to the last that is noted as delivered, to a file and to a receiver over HTTP.

    .venv/bin/python Benchmarks/relay.py --events 200000 --binaries DIR
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--binaries", type=Path, default=ROOT / ".build" / "release")
    arguments = parser.parse_args()
    os.environ["SEALANE_BINARIES"] = str(arguments.binaries)
    sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))
    for kind in ["file", "mixpanel"]:
        sent, delivered = measure(kind, arguments.events)
        print(f"{kind}: {arguments.events / delivered:,.0f} events/s delivered; taking them in took {sent / delivered:.2f} of that time")


def measure(kind: str, events: int) -> tuple[float, float]:
    """Seconds until all were acknowledged, and until all were delivered."""
    from installation import Installation
    from staff import owner
    from test_vendors import Sink, agree, declaration, declare, state, until

    with tempfile.TemporaryDirectory(prefix="sealane-relay-") as name:
        root, sink = Path(name), Sink()
        sealane = Installation(root)
        sealane.start()
        try:
            ada = owner(sealane)
            (root / "secret").write_text("secret")
            over_http = {"type": "mixpanel", "url": sink.url, "allow_internal": "true", "project_id": 7, "username": "u", "secret_file": root / "secret"}
            declare(sealane, root, declaration("tallymark", over_http if kind == "mixpanel" else {"type": "file", "path": root / "events.ndjson"}))
            agree(sealane, ada, "tallymark")
            began = time.monotonic()
            for start in range(0, events, 2_000):
                rows = [{"event": "Request", "properties": {
                    "distinct_id": f"user-{number % 20_000}", "plan": "pro", "model": f"m{number % 7}", "time": int(time.time()),
                    "$insert_id": f"i-{number}"}} for number in range(start, min(start + 2_000, events))]
                assert sealane.send_import(rows).status_code == 200
            sent = time.monotonic() - began
            until(lambda: state(sealane, "tallymark")["events"] == events, 600)
            return sent, time.monotonic() - began
        finally:
            sealane.close()
            sink.close()


if __name__ == "__main__":
    main()
