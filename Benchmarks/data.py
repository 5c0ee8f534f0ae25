"""The generated events, made once and kept: the truth as Parquet for the peers, a sample as lines of JSON, and the stream of all lines."""
import gzip
import pathlib
import shutil
import subprocess
import sys

GENERATOR = pathlib.Path(__file__).resolve().parent / "generate_events.py"
FIRST, LAST = "2026-01-01", "2026-03-31"
#: How an API would get them: see the generator's --help.
DELIVERY = ["--shape", "mixpanel", "--identities", "0.3", "--late", "0.05", "--duplicates", "0.02"]
#: Records of one request, the most that /import takes.
BATCH = 2_000


def generate(out, events, *options):
    """Under another name first, so that what an interrupted run left is not taken for whole."""
    if not out.exists():
        part = out.with_name("part-" + out.name)
        shutil.rmtree(part, ignore_errors=True)
        subprocess.run([sys.executable, GENERATOR, "--events", str(events), "--out", part, *options], check=True)
        part.rename(out)
    return out


def parquet(work, events):
    return generate(work / f"events-{events}.parquet", events)


def sample(work, events):
    """Lines of JSON in one file, for the loads that read a file."""
    return generate(work / f"sample-{events}.ndjson", events, *DELIVERY)


def batches(path):
    """Request bodies of BATCH lines each."""
    with open(path, "rb") as lines:
        while body := b"".join(line for _, line in zip(range(BATCH), lines)):
            yield body


class Stream:
    """All lines of JSON in order of delivery, without lying on the disk: bodies of whole lines as they come from the generator."""

    #: Some 1,400 of the generator's lines; never more than BATCH of them, as none is shorter than 350 bytes.
    body_bytes = 680_000

    def __init__(self, events, work):
        command = [sys.executable, GENERATOR, "--events", str(events), "--out", "-", *DELIVERY, "--scratch", work]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0)
        self.lines = 0

    def __iter__(self):
        rest = b""
        while block := self.process.stdout.read(1 << 20):
            rest += block
            while len(rest) >= self.body_bytes:
                cut = rest.rindex(b"\n", 0, self.body_bytes) + 1
                body, rest = rest[:cut], rest[cut:]
                self.lines += body.count(b"\n")
                yield body
        if rest:
            self.lines += rest.count(b"\n")
            yield rest
        if self.process.wait():
            raise SystemExit("the generator failed")


def write_fresh(path, bodies):
    with gzip.open(path, "wb", 1) as file:
        for body in bodies:
            file.write(body)


def read_fresh(path):
    with gzip.open(path, "rb") as file:
        while body := b"".join(line for _, line in zip(range(BATCH), file)):
            yield body
