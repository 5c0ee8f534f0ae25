"""`sealane verify` judges messages that an independent company made, and those that pretend."""

import json
import subprocess

import pytest
from installation import BINARIES
from message_corpus import ALTERED, GENUINE, NOT_OURS, Corpus
from notice_maker import write_proof


@pytest.fixture(scope="module")
def corpus():
    return Corpus()


@pytest.fixture(scope="module")
def trust(corpus, tmp_path_factory):
    path = tmp_path_factory.mktemp("trust") / "anchors.json"
    path.write_text(json.dumps(corpus.company.anchors))
    return path


def verify(raw: bytes, trust, *arguments):
    done = subprocess.run([BINARIES / "sealane", "verify", "-", "--trust", trust, "--json", *arguments], input=raw, capture_output=True, timeout=60)
    assert done.returncode in (0, 1), done.stderr.decode()
    answer = json.loads(done.stdout)
    assert (done.returncode == 0) == (answer["verdict"] == "genuine")
    return answer


def wrong(message, answer) -> str | None:
    """What is wrong with an answer; None if nothing is."""
    codes = {reason["code"] for reason in answer["reasons"]}
    if answer["verdict"] != message.verdict or not message.codes <= codes or codes & message.never:
        sentences = "\n    ".join(f"{reason['code']}: {reason['sentence']}" for reason in answer["reasons"])
        return f"{message.name}: {answer['verdict']} for {message.verdict}, lacks {message.codes - codes}\n    {sentences}"
    return None


def test_all_are_judged_correctly(corpus, trust):
    assert len(corpus.messages) >= 100 and {message.verdict for message in corpus.messages} == {GENUINE, ALTERED, NOT_OURS}
    faults = []
    for message in corpus.messages:
        answer = verify(message.raw, trust, *(["--reader", message.reader] if message.reader else []))
        fault = wrong(message, answer)
        if fault:
            faults.append(fault)
        # Explained, and nothing in it can be followed.
        assert answer["reasons"] and all(reason["sentence"] for reason in answer["reasons"])
        assert not any("https://" in reason["sentence"] for reason in answer["reasons"])
    assert not faults, f"{len(faults)} of {len(corpus.messages)}\n" + "\n".join(faults)


def test_proofs_by_themselves(corpus, trust):
    company = corpus.company
    answer = verify(corpus.proofs[corpus.ada], trust)
    assert answer["verdict"] == "genuine" and answer["text"] == company.letter(corpus.ada).body and answer["case"] == company.case
    answer = verify(write_proof(company.statement_proof(f"email:{corpus.bea}")), trust)
    assert answer["verdict"] == "genuine" and answer["affected"] is True
    answer = verify(write_proof(company.statement_proof("email:nobody@brightfen.example")), trust)
    assert answer["verdict"] == "genuine" and answer["affected"] is False
    forged = company.statement_proof("email:nobody@brightfen.example")
    forged["reader"]["name"] = f"email:{corpus.bea}"
    assert verify(write_proof(forged), trust)["verdict"] == "not_ours"


def test_what_cannot_be_looked_at(corpus, trust, tmp_path):
    message = tmp_path / "message.eml"
    message.write_bytes(corpus.messages[0].raw)
    run = lambda *arguments: subprocess.run([BINARIES / "sealane", "verify", *arguments], capture_output=True, text=True, timeout=60)  # noqa: E731
    for arguments in ([tmp_path / "nothing.eml", "--trust", trust], [message, "--trust", message], [message, "--trust", tmp_path / "none.json"], [message]):
        done = run(*arguments)
        assert done.returncode == 2 and done.stderr.startswith("Error: ") and not done.stdout, done
    done = run(message, "--trust", trust)
    assert done.returncode == 0 and done.stdout.startswith("GENUINE: Orrery Labs wrote this."), done.stdout
