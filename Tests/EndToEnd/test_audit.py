"""`sealane audit` as a developer of another company runs it: one binary, a tree, a git history, perhaps a hostile one; beside detect-secrets."""

import http.server
import json
import os
import pathlib
import random
import re
import resource
import shutil
import string
import subprocess
import threading
import time

import audit_corpus
import jsonschema
import pytest
from audit_corpus import BASE32, HEX, MIXED, Corpus, checksummed
from installation import BINARIES

SEALANE = str(BINARIES / "sealane")
PLAIN = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}


class Outcome:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        self.all = [done.stdout, done.stderr]

    @property
    def json(self):
        return json.loads(self.out)

    def finding(self, provider=None, kind=None):
        found = [f for f in self.json["findings"] if (provider is None or f["provider"] == provider) and (kind is None or f["kind"] == kind)]
        assert len(found) == 1, (provider, kind, self.json["findings"])
        return found[0]


def audit(path, *arguments, environment=None, cwd=None) -> Outcome:
    command = [SEALANE, "audit", str(path), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, timeout=300, env=environment or PLAIN, cwd=cwd, stdin=subprocess.DEVNULL)
    done.stdout, done.stderr = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    return Outcome(done)


def silent(texts, secrets):
    """No secret, and no eight letters of one beyond its public beginning, stands in any of these."""
    windows = set()
    for text in texts:
        windows.update(text[i : i + 8] for i in range(len(text) - 7))
    for value, prefix in secrets:
        rest = value[value.index(prefix) + len(prefix) :] if prefix and prefix in value else value
        rest = re.sub(r"-----[A-Z ]+-----|\\n|\n", "\0", rest)
        for part in rest.split("\0"):
            if len(part) < 8:
                assert not part or len(part) < 5 or all(part not in text for text in texts)
            for i in range(len(part) - 7):
                # Not the letters themselves: a failing test prints nothing secret either.
                assert part[i : i + 8] not in windows, f"a part of a secret that begins with {prefix!r} was shown"


def git(path, *arguments, date=None, **environment):
    when = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} if date else {}
    identity = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "Ada"), ("EMAIL", "ada@orrery.example"))}
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *arguments], cwd=path, capture_output=True, timeout=60,
        env={**PLAIN, "HOME": str(path), "GIT_CONFIG_NOSYSTEM": "1", **identity, **when, **environment})
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode(errors="replace").strip()


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    root.mkdir()
    return root


@pytest.fixture
def repository(tree):
    git(tree, "init", "-q")
    return tree


@pytest.fixture
def keys():
    """Draws keys that nobody issued."""
    return Corpus(pathlib.Path("/nonexistent"), random.randrange(1 << 30))


def openai(keys):
    return "sk-" + "proj-" + keys.some(MIXED, 58) + "T3Blbk" + "FJ" + keys.some(MIXED, 58)


# Beside detect-secrets


def detect_secrets(root, named_only=False) -> set:
    command = [shutil.which("detect-secrets") or str(pathlib.Path(os.sys.executable).parent / "detect-secrets"), "scan", "--no-verify", "--all-files"]
    # Public addresses are a finding of its, and no secret.
    command += ["--disable-plugin", "IPPublicDetector", "."]
    done = subprocess.run([os.sys.executable, "-m", "detect_secrets", *command[1:]], cwd=root, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    broad = {"Secret Keyword", "Hex High Entropy String", "Base64 High Entropy String"}
    found = json.loads(done.stdout)["results"]
    return {(path, one["line_number"]) for path, all_of in found.items() for one in all_of if not named_only or one["type"] not in broad}


@pytest.mark.parametrize("seed", [20_261, 20_262, 20_263, None])
def test_beside_detect_secrets(tree, seed):
    seed = random.randrange(1 << 30) if seed is None else seed
    corpus = audit_corpus.make(tree, seed)
    outcome = audit(tree, "--no-history", "--json")
    assert outcome.code == 1, outcome.err
    ours = audit_corpus.score(corpus, {(p["path"], p["line"]) for f in outcome.json["findings"] for p in f["places"]})
    theirs = audit_corpus.score(corpus, detect_secrets(tree))
    named = audit_corpus.score(corpus, detect_secrets(tree, named_only=True))
    print(f"seed {seed}: {corpus.files} files, {corpus.lines} lines, {ours['secrets']} secrets")
    for name, result in (("sealane audit", ours), ("detect-secrets", theirs), ("detect-secrets, named kinds only", named)):
        print(f"  {name}: {result['found']} found, {len(result['false_alarms'])} false alarms")
    print(f"  missed by sealane audit: {ours['missed']}")
    assert ours["secrets"] >= 250 and corpus.files >= 500
    assert ours["found"] >= 0.97 * ours["secrets"], ours["missed"]
    assert ours["found"] >= theirs["found"] and ours["found"] >= named["found"], ours["missed"]
    assert len(ours["false_alarms"]) < min(len(theirs["false_alarms"]), len(named["false_alarms"])), ours["false_alarms"]
    assert len(ours["false_alarms"]) <= 5, ours["false_alarms"]
    assert theirs["found"] > 100, "an opinion that sees nothing is none"


def test_no_output_holds_a_secret(tree, tmp_path):
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    corpus = audit_corpus.make(tree, seed)
    git(tree, "init", "-q")
    git(tree, "add", "-A", "-f")
    git(tree, "commit", "-qm", "all")
    texts = []
    for arguments in ([], ["--json"], ["--sarif", tmp_path / "a.sarif"], ["--baseline", tmp_path / "b.json", "--write-baseline", "--json"]):
        outcome = audit(tree, *arguments)
        assert outcome.code in (0, 1), outcome.err
        texts += outcome.all
    texts += [(tmp_path / "a.sarif").read_text(), (tmp_path / "b.json").read_text()]
    assert all(len(text) > 1000 for text in texts[::2][:3])
    silent(texts, {(s.value, s.prefix) for s in corpus.secrets})


def test_repository_of_our_own_is_clean_of_corpus_keys():
    """Planted keys are put together at run time: no scanner finds one in the files that plant them."""
    for name in ("audit_corpus.py", "test_audit.py"):
        outcome = audit(pathlib.Path(__file__).with_name(name), "--json", "--no-history")
        assert [f for f in outcome.json["findings"] if f["confidence"] != "possible"] == []


# The tree


def test_one_key_in_several_places_is_one_finding(tree, keys):
    key = openai(keys)
    write(tree / ".env", f"OPENAI_API_KEY={key}\n")
    write(tree / "public/app.js", f'fetch(u, {{headers: {{Authorization: "Bearer {key}"}}}})\n')
    write(tree / ".github/workflows/ci.yml", f"env:\n  KEY: {key}\n")
    write(tree / "Dockerfile", f"FROM scratch\nENV KEY={key}\n")
    write(tree / "notes.ipynb", json.dumps({"cells": [{"source": [f"key = '{key}'"]}]}))
    write(tree / "app/.env.local", f"VITE_OPENAI_KEY={key}\n")
    write(tree / "package.json", '{"dependencies": {"react-dom": "18"}}')
    write(tree / "src/client.ts", f'const key = "{key}"\n')
    write(tree / "tests/test_a.py", f'KEY = "{key}"\n')
    outcome = audit(tree, "--json")
    finding = outcome.finding("OpenAI")
    assert outcome.code == 1 and finding["masked"] == "sk-proj-…" and finding["confidence"] == "certain" and finding["urgency"] == "now"
    traits = {place["path"]: set(place["traits"]) for place in finding["places"]}
    assert traits == {
        ".env": {"env_file"}, "public/app.js": {"front_end"}, ".github/workflows/ci.yml": {"ci"}, "Dockerfile": {"container"},
        "notes.ipynb": {"notebook"}, "app/.env.local": {"env_file", "front_end"}, "src/client.ts": {"front_end"}, "tests/test_a.py": {"test"}}
    assert {place["path"]: place["line"] for place in finding["places"]}["Dockerfile"] == 2
    assert next(p for p in finding["places"] if p["path"] == ".env")["name"] == "OPENAI_API_KEY"
    text = audit(tree).out
    for word in ("reaches browsers", "environment file", "ROTATION CHECKLIST", "Make a new key at OpenAI", "Revoke the old one", "last uses", "Move the call to a server"):
        assert word in text
    silent(outcome.all + [text], [(key, "sk-proj-")])


def test_what_git_has_ignores_and_does_not_know(repository, keys):
    key = openai(keys)
    write(repository / ".gitignore", "secret/\n.env.local\n")
    write(repository / "a.txt", key)
    write(repository / "secret/b.txt", key)
    write(repository / "c.txt", key)
    git(repository, "add", ".gitignore", "a.txt")
    git(repository, "commit", "-qm", "one")
    for path, where in ((repository, ""), (repository / "secret", "sub")):
        finding = audit(path, "--json").finding("OpenAI")
        state = {place["path"]: place["tracking"] for place in finding["places"]}
        assert state == ({"b.txt": "ignored"} if where else {"a.txt": "tracked", "secret/b.txt": "ignored", "c.txt": "untracked"})


def test_hostile_files(tree, tmp_path, keys):
    outside = openai(keys)
    write(tmp_path / "outside/key.txt", outside)
    (tree / "link.txt").symlink_to(tmp_path / "outside/key.txt")
    (tree / "dir").symlink_to(tmp_path / "outside")
    (tree / "loop").symlink_to(tree)
    os.mkfifo(tree / "pipe.env")
    inside = openai(keys)
    (os.fsencode(tree) + b"/bad\xff\xfe\x1b]0;x\x07.txt" and open(os.fsencode(tree) + b"/bad\xff\x1b]0;x\x07\n.txt", "w")).write(f"x\n{inside}\n")
    named = checksummed(keys, "gh" + "p_")
    write(tree / f"{named}.txt", f"{named}\n")
    (tree / "image.bin").write_bytes(b"\0\1\2" + openai(keys).encode())
    wide = openai(keys)
    (tree / ".env").write_bytes(f"A=1\r\nOPENAI_API_KEY={wide}\r\n".encode("utf-16"))
    write(tree / "locked.txt", "x").chmod(0)
    write(tree / "name.py", f'\x1b[2Japi_key\u202e = "{keys.some(MIXED, 32)}"\n')
    with open(tree / "huge.log", "wb") as huge:
        huge.truncate(70 << 20)
    outcomes = [audit(tree), audit(tree, "--json"), audit(tree, "--sarif", tmp_path / "s")]
    texts = [text for outcome in outcomes for text in outcome.all] + [(tmp_path / "s").read_text()]
    silent(texts, [(outside, "sk-proj-"), (inside, "sk-proj-"), (named, "ghp_"), (wide, "sk-proj-")])
    for text in texts:
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", text)
    report = outcomes[1].json
    places = {place["path"] for finding in report["findings"] for place in finding["places"]}
    assert not any("outside" in place or place.startswith(("dir", "loop", "link")) for place in places)
    assert any(place.startswith("bad") for place in places) and "[secret].txt" in places
    assert {place["line"] for f in report["findings"] for place in f["places"] if place["path"] == ".env"} == {2}
    notes = " ".join(report["notes"])
    assert "huge.log" in notes and "symbolic links" in notes and "binary" in notes


def test_long_lines_and_window_borders(tree, keys):
    """Keys wherever the windows of the reader end are found once, with their line."""
    size = 512 << 10
    for shift in (-200, -150, -100, -20, -1, 0, 1, 30, 4000, 17_000, 20_000):
        key = openai(keys)
        padding = "x y\n" * ((size + shift) // 4)
        write(tree / f"w{shift}.txt", f"{padding}{key}\n{padding}\n{key}\n")
    long_key = openai(keys)
    write(tree / "one.js", "var a=1;" * 150_000 + f'k="{long_key}";' + "var a=1;" * 150_000)
    report = audit(tree, "--json").json
    for shift in (-200, -150, -100, -20, -1, 0, 1, 30, 4000, 17_000, 20_000):
        lines = sorted(p["line"] for f in report["findings"] for p in f["places"] if p["path"] == f"w{shift}.txt")
        first = (size + shift) // 4 + 1
        assert lines == [first, first + first + 1], shift
    assert [p["line"] for f in report["findings"] for p in f["places"] if p["path"] == "one.js"] == [1]


def test_dependencies_are_left_out_and_said(tree, keys):
    write(tree / "node_modules/x/a.js", f'k = "{openai(keys)}"')
    outcome = audit(tree, "--json")
    assert outcome.code == 0 and "node_modules" in " ".join(outcome.json["notes"])
    assert audit(tree, "--json", "--all").code == 1


def test_exit_codes(tree, tmp_path):
    assert audit(tree).code == 0 and "Nothing found." in audit(tree).out
    missing = audit(tmp_path / "missing", "--json")
    assert missing.code == 2 and "error" in json.loads(missing.err)
    write(tmp_path / "broken.json", "{")
    assert audit(tree, "--baseline", tmp_path / "broken.json").code == 2
    assert audit(tree, "--baseline", tmp_path / "none.json").code == 2


def test_allowed_and_known(repository, tmp_path, keys):
    allowed, above, other = openai(keys), openai(keys), openai(keys)
    write(repository / "old.py", f'k = "{allowed}"\n')
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "one")
    write(repository / "old.py", f'k = "{allowed}"  # sealane:allow\n')
    write(repository / "b.py", f'# sealane:allow: revoked in May\nk = "{above}"\nother = "{other}"\n')
    outcome = audit(repository, "--json")
    assert len(outcome.json["findings"]) == 1 and outcome.json["allowed"] == 2
    baseline = tmp_path / "known.json"
    assert audit(repository, "--baseline", baseline, "--write-baseline").code == 0
    known = json.loads(baseline.read_text())
    assert known["format"] == "sealane-audit-baseline" and known["version"] == 1 and len(known["known"]) == 1
    again = audit(repository, "--baseline", baseline, "--json")
    assert again.code == 0 and again.json["suppressed"] == 1
    fresh = openai(keys)
    write(repository / "c.py", f'k = "{fresh}"\n')
    third = audit(repository, "--baseline", baseline, "--json")
    assert third.code == 1 and [f["places"][0]["path"] for f in third.json["findings"]] == ["c.py"]
    silent([baseline.read_text()] + outcome.all + third.all, [(key, "sk-proj-") for key in (allowed, above, other, fresh)])


def test_fingerprints(tree, tmp_path, keys):
    """The same for the same key everywhere, others under a company's key; those of passwords say nothing of the password."""
    key = openai(keys)
    one, two = tmp_path / "one", tmp_path / "two"
    for root, word in ((one, "Maple7River!"), (two, "Copper4Orbit!")):
        write(root / "a.py", f'k = "{key}"\n')
        write(root / ".env", f"DB_PASSWORD={word}\n")
    secret = write(tmp_path / "key", keys.some(MIXED, 40))
    secret.chmod(0o600)
    plain = {name: {f["kind"]: f["fingerprint"] for f in audit(root, "--json").json["findings"]} for name, root in (("one", one), ("two", two))}
    assert plain["one"] == plain["two"]
    keyed = {name: {f["kind"]: f["fingerprint"] for f in audit(root, "--json", "--fingerprint-key-file", secret).json["findings"]} for name, root in (("one", one), ("two", two))}
    assert keyed["one"]["provider_key"] == keyed["two"]["provider_key"] != plain["one"]["provider_key"]
    assert keyed["one"]["password"] != keyed["two"]["password"]
    secret.chmod(0o644)
    assert audit(one, "--fingerprint-key-file", secret).code == 2


# SARIF

SARIF = {
    "type": "object", "required": ["version", "runs"], "additionalProperties": False,
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["tool"], "additionalProperties": False,
            "properties": {
                "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                "tool": {"type": "object", "required": ["driver"], "properties": {"driver": {
                    "type": "object", "required": ["name"], "properties": {
                        "name": {"type": "string"}, "semanticVersion": {"type": "string"},
                        "rules": {"type": "array", "uniqueItems": True, "items": {
                            "type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "shortDescription": {"type": "object", "required": ["text"]}}}}}}}},
                "results": {"type": "array", "items": {
                    "type": "object", "required": ["message"], "additionalProperties": False,
                    "properties": {
                        "ruleId": {"type": "string"}, "level": {"enum": ["none", "note", "warning", "error"]},
                        "message": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}},
                        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
                        "properties": {"type": "object"},
                        "locations": {"type": "array", "items": {"type": "object", "required": ["physicalLocation"], "properties": {"physicalLocation": {
                            "type": "object", "required": ["artifactLocation"], "properties": {
                                "artifactLocation": {"type": "object", "properties": {"uri": {"type": "string", "pattern": r"^[A-Za-z0-9._~!$&'()*+,;=@%/-]*$"}, "uriBaseId": {"type": "string"}}},
                                "region": {"type": "object", "properties": {"startLine": {"type": "integer", "minimum": 1}}}}}}}},
                    }}}}}}}}


def test_sarif(repository, tmp_path, keys):
    write(repository / "a b/c#1.py", f'k = "{openai(keys)}"\n')
    write(repository / "gone.py", f'k = "{checksummed(keys, "gh" + "p_")}"\n')
    write(repository / ".env", "A=1\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "one")
    git(repository, "rm", "-q", "gone.py")
    git(repository, "commit", "-qm", "two")
    file = tmp_path / "audit.sarif"
    assert audit(repository, "--sarif", file).code == 1
    log = json.loads(file.read_text())
    jsonschema.validate(log, SARIF)
    (run,) = log["runs"]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} <= rules
    places = {result["ruleId"]: [p["physicalLocation"]["artifactLocation"]["uri"] for p in result["locations"]] for result in run["results"]}
    assert ["a%20b/c%231.py"] in [p["locations"] and [q["physicalLocation"]["artifactLocation"]["uri"] for q in p["locations"]] for p in run["results"]]
    assert "env_file_tracked" in places and all(result["partialFingerprints"]["sealaneAudit/v1"] for result in run["results"])
    clean = tmp_path / "clean"
    clean.mkdir()
    assert audit(clean, "--sarif", file).code == 0
    jsonschema.validate(json.loads(file.read_text()), SARIF)


# The history


def test_history(repository, tmp_path, keys):
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(repository, "remote", "add", "origin", str(tmp_path / "remote.git"))
    pushed, local, merged, kept = openai(keys), checksummed(keys, "gh" + "p_"), "gl" + "pat-" + keys.some(MIXED, 20), "AK" + "IA" + keys.some(BASE32, 16)
    write(repository / "a.py", f'k = "{pushed}"\n')
    write(repository / "keep.py", f'k = "{kept}"\n')
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "one", date="2024-03-01T12:00:00Z")
    first = git(repository, "rev-parse", "HEAD")
    git(repository, "tag", "-a", "v1", "-m", "v1")
    git(repository, "rm", "-q", "a.py")
    git(repository, "commit", "-qm", "two", date="2024-04-01T12:00:00Z")
    git(repository, "push", "-q", "origin", "main")
    git(repository, "checkout", "-qb", "side")
    write(repository / "b.py", f'k = "{local}"\n')
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "three", date="2025-01-01T12:00:00Z")
    git(repository, "checkout", "-q", "main")
    write(repository / "c.py", "x = 1\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "four", date="2025-02-01T12:00:00Z")
    git(repository, "merge", "-q", "--no-commit", "side")
    write(repository / "merge.py", f'k = "{merged}"\n')
    git(repository, "rm", "-qf", "b.py")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "merge", date="2025-03-01T12:00:00Z")
    git(repository, "mv", "keep.py", "renamed.py")
    git(repository, "commit", "-qm", "five")
    outcome = audit(repository, "--json")
    gone = outcome.finding("OpenAI")
    history = gone["history"]
    assert gone["places"] == [] and gone["urgency"] == "now"
    assert history["first_commit"] == first and history["first_seen"] == 1_709_294_400 and history["age_days"] > 600
    assert not history["in_head"] and history["is_pushed"] and history["paths"] == ["a.py"]
    assert (history["branches"], history["tags"], history["remote_branches"]) == (2, 1, 1)
    side = outcome.finding("GitHub")
    assert side["urgency"] == "soon" and not side["history"]["is_pushed"] and not side["history"]["in_head"] and side["history"]["branches"] == 2
    assert outcome.finding("GitLab")["history"]["in_head"]
    still = outcome.finding("AWS")["history"]
    assert still["in_head"] and still["first_commit"] == first and still["paths"] == ["keep.py", "renamed.py"]
    text = audit(repository).out
    assert "still in the history: rotate" in text and "PUSHED" in text and "2024-03-01" in text
    assert len(audit(repository, "--no-history", "--json").json["findings"]) == 2
    silent(outcome.all + [text], [(pushed, "sk-proj-"), (local, "ghp_"), (merged, "glpat-"), (kept, "AKIA")])
    bare = audit(tmp_path / "remote.git", "--json")
    assert bare.finding("OpenAI")["history"]["is_pushed"], "whoever may fetch from it has it"


def test_names_of_any_bytes(repository, keys):
    """Whatever files are called, each key is found with its place in git and in the history."""
    dice = random.Random(keys.seed)
    names, planted = set(), []
    for start in (b"\x01", b":100644 ", b"-", b"\n", b" ", b'"', b"\xff", b"a\tb", b"\r", b"*", b"!x", b"#"):
        names.update(start + bytes(dice.choice([1, 9, 10, 32, 34, 58, 92, 97, 200, 255, 0x1B]) for _ in range(dice.randrange(1, 12))) for _ in range(5))
    for name in sorted(names):
        planted.append(openai(keys))
        with open(os.path.join(os.fsencode(repository), name), "w") as file:
            file.write(f"x\n{planted[-1]}\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "one", date="2024-03-01T12:00:00Z")
    outcome = audit(repository, "--json")
    assert len(outcome.json["findings"]) == len(planted), keys.seed
    for finding in outcome.json["findings"]:
        (place,) = finding["places"]
        assert place["tracking"] == "tracked" and place["line"] == 2 and finding["history"]["in_head"] and finding["history"]["first_seen"] == 1_709_294_400, keys.seed
    silent(outcome.all, [(key, "sk-proj-") for key in planted])


def test_a_single_file(repository, keys):
    write(repository / "a/one.py", f'k = "{openai(keys)}"\n')
    write(repository / "a/two.py", f'k = "{checksummed(keys, "gh" + "p_")}"\n')
    git(repository, "add", "a/one.py")
    git(repository, "commit", "-qm", "one")
    (finding,) = audit(repository / "a/one.py", "--json").json["findings"]
    assert finding["places"][0]["path"] == "one.py" and finding["places"][0]["tracking"] == "tracked"
    (finding,) = audit(repository / "a/two.py", "--json").json["findings"]
    assert finding["places"][0]["tracking"] == "untracked"


def test_history_in_corners(repository, tmp_path, keys):
    """A stash, a tag alone, a detached head, a linked work tree, an empty repository, a shallow clone."""
    assert audit(repository, "--json").code == 0
    write(repository / "a.txt", "a\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "one")
    stashed, tagged = openai(keys), checksummed(keys, "gh" + "p_")
    write(repository / "a.txt", f"{stashed}\n")
    git(repository, "stash", "-q")
    git(repository, "checkout", "-q", "--detach")
    write(repository / "b.txt", f"{tagged}\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "two")
    git(repository, "tag", "light")
    git(repository, "checkout", "-q", "main")
    outcome = audit(repository, "--json")
    assert outcome.finding("OpenAI")["places"] == []
    assert outcome.finding("GitHub")["history"]["tags"] == 1
    git(repository, "worktree", "add", "-q", str(tmp_path / "linked"), "light")
    linked = audit(tmp_path / "linked", "--json")
    assert linked.finding("GitHub")["places"][0]["tracking"] == "tracked" and linked.finding("GitHub")["history"]["in_head"]
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", "shallow")
    assert "shallow" in " ".join(audit(tmp_path / "shallow", "--json").json["notes"])


def test_replaced_objects_hide_nothing(repository, keys):
    """`git replace` shows other content for a blob: what is audited is the blob."""
    key = openai(keys)
    write(repository / "a.txt", f"{key}\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "one")
    blob = git(repository, "rev-parse", "HEAD:a.txt")
    write(repository / "a.txt", "nothing\n")
    other = git(repository, "hash-object", "-w", "a.txt")
    git(repository, "replace", blob, other)
    assert audit(repository, "--json").finding("OpenAI")["history"]["blobs"] == 1


def test_a_hostile_repository_runs_nothing(repository, tmp_path, keys):
    """Everything that a repository's own configuration can name, named: no program of it is started."""
    canary = tmp_path / "ran"
    script = write(tmp_path / "evil.sh", f"#!/bin/sh\necho \"$0 $*\" >> {canary}\ncat\n")
    script.chmod(0o755)
    key = openai(keys)
    write(repository / "a.py", f'k = "{key}"\n')
    write(repository / ".gitattributes", "* diff=evil filter=evil merge=evil\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "one")
    (repository / ".git/hooks").mkdir(exist_ok=True)
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction", "post-checkout", "pre-commit"):
        shutil.copy(script, repository / ".git/hooks" / hook)
    with open(repository / ".git/config", "a") as config:
        config.write(f"""
[core]
	fsmonitor = {script}
	hooksPath = {repository}/.git/hooks
	pager = {script}
	editor = {script}
	sshCommand = {script}
	gitProxy = {script}
	askPass = {script}
	alternateRefsCommand = {script}
	untrackedCache = true
	attributesFile = {repository}/.gitattributes
[pager]
	log = {script}
	rev-list = {script}
	cat-file = {script}
	ls-files = {script}
[diff]
	external = {script}
[diff "evil"]
	textconv = {script}
	command = {script}
[filter "evil"]
	clean = {script}
	smudge = {script}
	process = {script}
	required = true
[log]
	showSignature = true
[gpg]
	program = {script}
[credential]
	helper = !{script}
[alias]
	rev-list = !{script}
	cat-file = !{script}
[protocol "ext"]
	allow = always
[protocol "file"]
	allow = always
[remote "origin"]
	url = ext::{script}
	promisor = true
	partialclonefilter = blob:none
	uploadpack = {script}
[extensions]
	partialClone = origin
[uploadpack]
	packObjectsHook = {script}
[trace2]
	eventTarget = {tmp_path}/trace
""")
    # A partial clone asks its remote for what is missing.
    missing = write(repository / "b.txt", "missing\n")
    git_files = {**PLAIN, "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    blob = subprocess.run(["git", "hash-object", "--no-filters", "-t", "blob", "b.txt"], cwd=repository, env=git_files, capture_output=True, text=True).stdout.strip()
    missing.unlink()
    canary.unlink(missing_ok=True)
    environment = {**PLAIN, "GIT_EXTERNAL_DIFF": str(script), "GIT_PAGER": str(script), "GIT_SSH_COMMAND": str(script), "GIT_DIR": "/nonexistent", "GIT_TRACE": "2", "PAGER": str(script)}
    for arguments in (["--json"], [], ["--json", "--no-history"]):
        outcome = audit(repository, *arguments, environment=environment)
        assert outcome.code == 1, outcome.err
    assert audit(repository, "--json", environment=environment).finding("OpenAI")["history"]["in_head"]
    assert blob and not canary.exists(), canary.read_text()
    assert not (tmp_path / "trace").exists()
    # The objects of the first commit are gone, as in a partial clone: they are missed, and nobody is asked.
    for entry in (repository / ".git/objects").glob("??/*"):
        if subprocess.run(["git", "cat-file", "-t", entry.parent.name + entry.name], cwd=repository, env=git_files, capture_output=True, text=True).stdout.strip() == "blob":
            entry.unlink()
    canary.unlink(missing_ok=True)
    outcome = audit(repository, "--json", environment=environment)
    assert outcome.code == 1 and any("could not be read" in note for note in outcome.json["notes"])
    assert not canary.exists(), canary.read_text()


def test_a_program_called_git_in_the_tree_is_not_run(repository, tmp_path):
    canary = tmp_path / "ran"
    program = write(repository / "git", f"#!/bin/sh\ntouch {canary}\n")
    program.chmod(0o755)
    for path in (".", "", ":" + os.environ["PATH"], "./:" + os.environ["PATH"]):
        outcome = audit(".", "--json", environment={**PLAIN, "PATH": path}, cwd=repository)
        assert outcome.code == 0, outcome.err
    assert not canary.exists()
    assert "no git on this machine" in " ".join(audit(".", "--json", environment={**PLAIN, "PATH": "."}, cwd=repository).json["notes"])


def test_a_broken_repository_is_said(repository, keys):
    write(repository / "a.py", f'k = "{openai(keys)}"\n')
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "one")
    for entry in (repository / ".git/objects").glob("??/*"):
        entry.chmod(0o644)
        entry.write_bytes(entry.read_bytes()[:10])
    outcome = audit(repository, "--json")
    assert outcome.code == 1 and outcome.finding("OpenAI")["places"]
    assert any("could not be read" in note for note in outcome.json["notes"])


def test_twenty_thousand_blobs(tree):
    """Time and memory on a long history; the figures stand in docs/AUDIT.md."""
    dice = random.Random(11)
    subprocess.run(["git", "init", "-q", "-b", "main", str(tree)], check=True, env={**PLAIN, "HOME": str(tree)})
    importer = subprocess.Popen(["git", "-C", str(tree), "fast-import", "--quiet"], stdin=subprocess.PIPE, env={**PLAIN, "HOME": str(tree)})
    words = ["return", "value", "function", "const", "import", "result", "items", "config", "index", "length", "error", "handle", "request"]
    planted, size = [], 0
    for number in range(20_000):
        lines = [" ".join(dice.choices(words, k=9)) + f" = f({number});" for _ in range(100)]
        if number % 200 == 7:
            planted.append("sk-" + "proj-" + "".join(dice.choices(MIXED, k=58)) + "T3Blbk" + "FJ" + "".join(dice.choices(MIXED, k=58)))
            lines[50] = f'const k = "{planted[-1]}";'
        blob = "\n".join(lines).encode()
        size += len(blob)
        when = 1_500_000_000 + number * 3600
        parent = f"from :{2 * number}\n" if number else ""
        importer.stdin.write(
            f"blob\nmark :{2 * number + 1}\ndata {len(blob)}\n".encode() + blob + f"\ncommit refs/heads/main\nmark :{2 * number + 2}\n"
            f"committer A <a@orrery.example> {when} +0000\ndata 1\nx\n{parent}M 100644 :{2 * number + 1} src/d{number % 50}/f{number % 2000}.js\n\n".encode())
    importer.stdin.close()
    assert importer.wait() == 0
    start = time.monotonic()
    child = subprocess.Popen([SEALANE, "audit", str(tree), "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=PLAIN)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    took = time.monotonic() - start
    report = json.loads(out)
    print(f"{report['counts']['blobs']} blobs of {size >> 20} MiB: {took:.1f} s, {usage.ru_maxrss >> 10} MiB at most, git included")
    assert report["counts"]["blobs"] == 20_000 and len(report["findings"]) == len(planted) == 100
    assert all(f["history"]["first_seen"] == 1_500_000_000 + (200 * i + 7) * 3600 for i, f in enumerate(sorted(report["findings"], key=lambda f: f["history"]["first_seen"])))
    assert took < 60 and usage.ru_maxrss < 400 << 10
    silent([out.decode()], [(key, "sk-proj-") for key in planted])


# Weak places


def test_weak_places(repository, keys):
    write(repository / ".env", "A=1\n")
    git(repository, "add", "-f", ".env")
    git(repository, "commit", "-qm", "one")
    write(repository / "api/.env.production", "B=1\n")
    write(repository / "web/.env.example", "B=\n")
    write(repository / "old/.env", "B=1\n")
    write(repository / ".gitignore", "old/.env\n")
    write(repository / "id_ed25519", audit_corpus.private_key(keys, "OPENSSH ") + "\n").chmod(0o644)
    write(repository / "safe/id_rsa", audit_corpus.private_key(keys, "RSA ") + "\n").chmod(0o600)
    token = checksummed(keys, "np" + "m_")
    write(repository / ".npmrc", f"//npm.orrery.example/:_authToken={token}\n")
    git(repository, "add", "-f", ".npmrc")
    write(repository / ".github/workflows/ci.yml", "\n".join([
        "steps:", "  - run: echo ${{ secrets.DEPLOY_KEY }}", '  - run: echo "$API_TOKEN"', "  - run: printenv", "  - run: echo $HOME $VERSION",
        '  - run: echo "$API_TOKEN" | docker login --password-stdin', '  - run: echo "$API_TOKEN" > key.txt', '  - run: echo "::add-mask::$API_TOKEN"',
        '  - run: echo "${API_TOKEN:+set}"']) + "\n")
    password = keys.some(MIXED, 24)
    git(repository, "remote", "add", "origin", f"https://deploy:{password}@git.orrery.example/site")
    outcome = audit(repository, "--json")
    weak = {(place["kind"], place["path"], place.get("line")) for place in outcome.json["weak_places"]}
    assert weak == {
        ("env_file_tracked", ".env", None), ("env_file_not_ignored", "api/.env.production", None), ("key_file_readable", "id_ed25519", None),
        ("credentials_file_tracked", ".npmrc", None), ("ci_prints_secret", ".github/workflows/ci.yml", 2), ("ci_prints_secret", ".github/workflows/ci.yml", 3),
        ("ci_prints_secret", ".github/workflows/ci.yml", 4), ("remote_password", ".git/config", next(p["line"] for p in outcome.json["weak_places"] if p["kind"] == "remote_password"))}
    silent(outcome.all + audit(repository).all, [(token, "npm_"), (password, "")])


# A platform


class Platform:
    """A small real server; remembers what it was asked."""

    def __init__(self, answer, status=200, location=None):
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests.append((self.path, self.headers.get("Authorization")))
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def stamp(days):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * 86_400))


@pytest.fixture
def read_key(tmp_path, keys):
    file = write(tmp_path / "platform.key", "ork_" + keys.some(MIXED, 40) + "\n")
    file.chmod(0o600)
    return file


def test_with_the_platform(tree, keys, read_key):
    import hashlib

    leaked = "ork_" + keys.some(MIXED, 40)
    write(tree / "app.py", f'api_key = "{leaked}"\n')
    answer = {
        "members": [{"id": "ada@sorrel.example", "role": "owner", "mfa": False}, {"id": "bo@sorrel.example", "role": "admin", "mfa": True}]
        + [{"id": f"m{i}@sorrel.example", "role": "admin", "mfa": True} for i in range(5)] + [{"id": "c\x1b[2J", "role": "member", "mfa": False}],
        "keys": [
            {"id": "key_1", "prefix": "ork_a", "sha256": hashlib.sha256(leaked.encode()).hexdigest(), "created_at": stamp(400), "last_used_at": stamp(1)},
            {"id": "key_2", "created_at": stamp(200), "last_used_at": stamp(120)},
            {"id": "key_3", "created_at": stamp(200), "last_used_at": None, "tracks_use": True},
            {"id": "key_4", "created_at": stamp(10), "last_used_at": stamp(0)}]}
    with Platform(answer) as platform:
        outcome = audit(tree, "--json", "--platform", platform.url, "--platform-key-file", read_key)
        text = audit(tree, "--platform", platform.url + "/", "--platform-key-file", read_key)
    key = read_key.read_text().strip()
    assert platform.requests == [("/v1/organization/security", f"Bearer {key}")] * 2
    assert outcome.code == 1, outcome.err
    found = sorted((item["kind"], item["subject"]) for item in outcome.json["platform"]["findings"])
    assert found == [
        ("admin_without_mfa", "ada@sorrel.example"), ("key_in_tree", "key_1"), ("many_admins", "admins"), ("members_without_mfa", "members"), ("old_key", "key_1"),
        ("unused_key", "key_2"), ("unused_key", "key_3")]
    finding = outcome.finding()
    assert finding["platform_key"] == "key_1" and finding["confidence"] == "certain"
    assert "was never used" in text.out and "owner without MFA" in text.out
    silent(outcome.all + text.all, [(key, ""), (leaked, "")])


def test_what_a_platform_does_not_offer_is_said(tree, keys, read_key, tmp_path):
    with Platform({}, status=404) as platform:
        outcome = audit(tree, "--platform", platform.url, "--platform-key-file", read_key)
    assert outcome.code == 0 and "does not offer" in outcome.out
    with Platform({"keys": [{"id": "k", "created_at": stamp(10)}]}) as platform:
        outcome = audit(tree, "--platform", platform.url, "--platform-key-file", read_key)
    assert outcome.code == 0
    for words in ("does not list members", "when it was last used", "publishes no SHA-256"):
        assert words in outcome.out
    key = read_key.read_text().strip()
    texts = []
    for answer, status in (({}, 401), ({}, 500), (b"no json", 200), ({"members": 3}, 200), (b"[" * 100_000, 200)):
        with Platform(answer, status=status) as platform:
            outcome = audit(tree, "--json", "--platform", platform.url, "--platform-key-file", read_key)
        assert outcome.code == 2 and "error" in json.loads(outcome.err)
        texts += outcome.all
    with Platform({}) as other, Platform({}, status=302, location=other.url) as platform:
        assert audit(tree, "--platform", platform.url, "--platform-key-file", read_key).code == 2
        assert other.requests == [], "the key goes to nobody else"
    for url in ("http://api.orrery.example", "ftp://127.0.0.1", "https://user:pass@api.orrery.example", "file:///etc/passwd", "http://127.0.0.1:1"):
        outcome = audit(tree, "--platform", url, "--platform-key-file", read_key)
        assert outcome.code == 2
        texts += outcome.all
    read_key.chmod(0o644)
    with Platform({}) as platform:
        outcome = audit(tree, "--platform", platform.url, "--platform-key-file", read_key)
        assert outcome.code == 2 and platform.requests == []
    silent(texts + outcome.all, [(key, "")])


def test_needs_nothing_of_ours(tree, tmp_path):
    """No data directory, no home, no server: and none is made."""
    before = set(os.listdir(tmp_path))
    outcome = audit(tree, environment={"PATH": os.environ["PATH"]}, cwd=tree)
    assert outcome.code == 0 and os.listdir(tree) == [] and set(os.listdir(tmp_path)) == before
