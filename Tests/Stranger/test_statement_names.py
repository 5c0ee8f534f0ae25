"""The vectors that the program and the trust pages are held to as well (docs/FORMATS.md, "Statement")."""

import json
from pathlib import Path

from statement_names import name

ROOT = Path(__file__).resolve().parents[2]


def test_names_in_one_spelling():
    vectors = json.loads((ROOT / "Tests/NoticesTests/Mail/names.json").read_text())
    faults = [(vector, got) for vector in vectors if (got := name(vector["kind"], vector["text"])) != vector["name"]]
    assert len(vectors) >= 30 and not faults, faults


def test_the_page_has_them():
    page = (ROOT / "docs/FORMATS.md").read_text()
    section = page[page.index("\n## Statement\n"):page.index("\n## Dispatch\n")]
    rows = [[cell.strip().strip("`") for cell in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("| `email` |")]
    assert len(rows) >= 4
    for kind, text, wanted in rows:
        assert name(kind, text) == (None if wanted == "none" else wanted), text
