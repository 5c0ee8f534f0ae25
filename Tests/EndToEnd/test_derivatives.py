"""`keep: domain` beside a seal: a pseudonym until enough people share it, then in the clear for all of them, over a start."""

import sys

import requests
from installation import ROOT

sys.path.insert(0, str(ROOT / "Tests" / "Stranger"))
from sealane_formats import pseudonym  # noqa: E402

PLAN = """\
plan: 1
people:
  $email: {treatment: seal, field: identity, keep: domain, at_least: 3}
"""


def engage(sealane, person: str, verified: bool = False, **operation) -> None:
    record = {"$distinct_id": person, **{f"${name}": value for name, value in operation.items()}}
    if not verified:
        record["$token"] = sealane.token
    options = {"auth": sealane.account, "params": {"project_id": sealane.project_id}} if verified else {}
    answer = requests.post(sealane.intake + "/engage", json=[record], timeout=30, **options)
    assert answer.text == "1", answer.text


def subject(sealane, person: str) -> str:
    return "s_" + pseudonym(1, (sealane.keys / "pseudonym.key").read_bytes(), sealane.project_id, [person]).hex()


def domain(sealane, person: str, layer: str = "unverified"):
    answer = requests.get(
        f"{sealane.api}/api/v1/subjects/{subject(sealane, person)}", params={"project_id": sealane.project_id}, auth=sealane.account, timeout=30)
    return answer.json()[layer].get("$email_domain") if answer.status_code == 200 else None


def files_with(sealane, text: str) -> list:
    return [path for path in sealane.root.rglob("*") if path.is_file() and path.name != "plan.yaml" and text.encode() in path.read_bytes()]


def test_a_domain_is_out_once_three_people_have_it(make_installation):
    sealane = make_installation()
    (sealane.root / "plan.yaml").write_text(PLAN)
    sealane.start()
    assert sealane.command("plan", "set", "plan.yaml", "--data", sealane.data).startswith("Version 1 is in force")
    for person in ("ann", "ben", "ann", "gone"):
        engage(sealane, person, set={"$email": f"{person}@Rare-Muster.example"})
    engage(sealane, "ann", verified=True, set={"$email": "ann@rare-muster.example"})
    engage(sealane, "gone", set={"$email": "gone@other-muster.example"})
    # Gone, who made three of them for a moment, opened it.
    assert domain(sealane, "ann") == domain(sealane, "ben") == "rare-muster.example"
    other = domain(sealane, "gone")
    assert other.startswith("s_") and other == domain(sealane, "gone")
    assert domain(sealane, "ann", "verified").startswith("s_")

    engage(sealane, "dan", set={"$email": "dan@other-muster.example"})
    engage(sealane, "eve", set={"$email": "eve@other-muster.example", "$email_domain": "spoofed-muster.example"})
    assert domain(sealane, "dan") == domain(sealane, "eve") == domain(sealane, "gone") == "other-muster.example"
    engage(sealane, "eve", unset=["$email"])
    assert domain(sealane, "eve") is None

    for person in ("fay", "gus"):
        engage(sealane, person, set={"$email": f"{person}@third-muster.example"})
    assert sealane.terminate() == 0
    assert not files_with(sealane, "third-muster") and not files_with(sealane, "spoofed-muster") and files_with(sealane, "other-muster.example")
    assert not files_with(sealane, "@rare-muster") and not files_with(sealane, "@Rare-Muster")

    sealane.start()
    waiting = domain(sealane, "fay")
    assert waiting.startswith("s_") and waiting == domain(sealane, "gus") and waiting != domain(sealane, "ann", "verified")
    engage(sealane, "hal", set={"$email": "hal@third-muster.example"})
    for person in ("fay", "gus", "hal"):
        assert domain(sealane, person) == "third-muster.example"
    # Two have the other one by now: it is out for them, and closed for those who come until they are three again.
    assert domain(sealane, "dan") == "other-muster.example" == domain(sealane, "gone")
    engage(sealane, "dan", set={"$email": "dan@other-muster.example"})
    assert domain(sealane, "dan") == other
    engage(sealane, "ivy", set={"$email": "ivy@other-muster.example"})
    assert domain(sealane, "dan") == "other-muster.example" == domain(sealane, "ivy") == domain(sealane, "gone")
    engage(sealane, "ann", verified=True, set={"$email": "ann@verified-muster.example"})
    assert sealane.terminate() == 0
    assert not files_with(sealane, "verified-muster")


def test_an_erased_person_counts_no_more_and_leaves_no_domain(make_installation):
    sealane = make_installation()
    (sealane.root / "plan.yaml").write_text(PLAN)
    sealane.start()
    sealane.command("plan", "set", "plan.yaml", "--data", sealane.data)
    for person in ("ann", "ben"):
        engage(sealane, person, set={"$email": f"{person}@rare-muster.example"})
    sealane.command("subject", "erase", subject(sealane, "ann"), "--data", sealane.data)
    engage(sealane, "cid", set={"$email": "cid@rare-muster.example"})
    assert domain(sealane, "ben") == domain(sealane, "cid") and domain(sealane, "ben").startswith("s_")
    engage(sealane, "dan", set={"$email": "dan@rare-muster.example"})
    assert domain(sealane, "ben") == domain(sealane, "cid") == domain(sealane, "dan") == "rare-muster.example"
    assert domain(sealane, "ann") is None
    assert sealane.terminate() == 0
