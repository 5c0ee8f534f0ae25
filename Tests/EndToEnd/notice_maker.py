"""A company that tells people of an incident, in Python: its ledger, witness, notice key and VOPRF key, statements, dispatches, letters, proofs and
mails, by docs/FORMATS.md alone. No code of Sealane runs here: what `sealane verify` and the trust pages judge was made by somebody else."""

import base64
import hashlib
import json
import secrets
import struct
import sys
from email.utils import formatdate
from pathlib import Path

import voprf.p384
from nacl.signing import SigningKey
from tlog import COSIGNATURE, ED25519, make_key, root_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Stranger"))
from merkle_proofs import leaf_hash  # noqa: E402
from voprf_p384 import N, encode, hash_to_group, times  # noqa: E402

NOW = 1_795_939_200_000  # 29 November 2026, midday, in milliseconds


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def canonical(value) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def path_of(hashes: list, index: int) -> list:
    """The siblings of a leaf from below (RFC 9162, section 2.1.3.1)."""
    if len(hashes) <= 1:
        return []
    middle = 1 << ((len(hashes) - 1).bit_length() - 1)
    if index < middle:
        return path_of(hashes[:middle], index) + [root_of(hashes[middle:])]
    return path_of(hashes[middle:], index - middle) + [root_of(hashes[:middle])]


class Signer:
    def __init__(self, name: str, kind: int = ED25519):
        self.signing = SigningKey.generate()
        self.kind, self.name = kind, name
        self.key = make_key(name, kind, self.signing)

    def line(self, text: str, seconds: int = NOW // 1000) -> str:
        if self.kind == COSIGNATURE:
            message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
            raw = self.key.id + struct.pack(">Q", seconds) + self.signing.sign(message).signature
        else:
            raw = self.key.id + self.signing.sign(text.encode()).signature
        return f"— {self.name} {b64(raw)}\n"

    def note(self, text: str) -> str:
        return text + "\n" + self.line(text)


class SortedTree:
    """Values in ascending order, each once."""

    def __init__(self, values):
        self.values = sorted(set(values))
        self.hashes = [leaf_hash(value) for value in self.values]
        self.root = root_of(self.hashes)

    def leaf(self, index: int) -> dict:
        return {"index": index, "value": b64(self.values[index]), "path": [b64(part) for part in path_of(self.hashes, index)]}

    def place(self, value: bytes) -> dict:
        if value in self.values:
            return {"included": self.leaf(self.values.index(value))}
        index = sum(other < value for other in self.values)
        place = {}
        if index > 0:
            place["before"] = self.leaf(index - 1)
        if index < len(self.values):
            place["after"] = self.leaf(index)
        return place


TEXTS = {
    "person.en": (
        "Orrery Labs: an incident that concerns your data (case {case})",
        """This message is about one thing: somebody had access to data about you who should not have had it.

What happened
On 9 November 2026 an employee of Tallymark, which measured for us how our console is used, was deceived by a text message. Somebody copied a part of the data that Tallymark held for us.

Which of your data
{fields}

What was not involved
Passwords, API keys, prompts, completions and payment details were not involved: Tallymark never had them.

Since when we know
Tallymark told us on 25 November 2026 at 14:20 UTC.

What we did
We ended the transfer of data to Tallymark within 2 hours, and had what it held deleted. 1,284 people are concerned.

What you should do, in this order
1. Turn on a passkey, or another second factor, for your account.
2. Expect messages that use this incident: about billing, about a quota, about a suspicious login, about keys to replace. Do not follow links in them, and do not answer them.
3. You need not replace your API keys: they were not involved.

What we will never ask
We never ask for your password, a code, a key, a payment or access to your computer, not by mail, by phone or in a chat. This message has no links, and it needs no answer.

How to check that this message is ours
Open our console as you always do, then Security, then Messages: this check code stands there. The file that is attached proves it to anybody who has our public key.
Check code: {code}

Questions: security@orrery.example, or the support page of our console
Next update: 6 December 2026

Orrery Labs
Case {case}"""),
    "person.fr": (
        "Orrery Labs : un incident qui concerne vos données (dossier {case})",
        """Ce message a un seul objet : quelqu’un a eu accès à des données vous concernant, sans y être autorisé.

Ce qui s’est passé
Le 9 novembre 2026, une personne travaillant pour Tallymark, qui mesurait pour nous l’usage de notre console, a été trompée par un SMS. Quelqu’un a copié une partie des données que Tallymark détenait pour nous.

Lesquelles de vos données
{fields}

Ce qui n’est pas concerné
Ni mots de passe, ni clés d’API, ni prompts, ni réponses, ni moyens de paiement : Tallymark ne les a jamais eus.

Depuis quand nous le savons
Tallymark nous a prévenus le 25 novembre 2026 à 14 h 20 UTC.

Ce que nous avons fait
Nous avons interrompu tout envoi à Tallymark en moins de 2 heures et fait supprimer ce qu’elle détenait. 1 284 personnes sont concernées.

Ce que nous vous conseillons, dans cet ordre
1. Activez une clé d’accès (passkey), ou un autre second facteur, pour votre compte.
2. Attendez-vous à des messages qui se servent de cet incident : facturation, quota, connexion suspecte, clés à remplacer. Ne suivez pas leurs liens et n’y répondez pas.
3. Vous n’avez pas à remplacer vos clés d’API : elles ne sont pas concernées.

Ce que nous ne demandons jamais
Nous ne demandons jamais votre mot de passe, un code, une clé, un paiement ou l’accès à votre ordinateur, ni par courriel, ni par téléphone, ni dans une messagerie. Ce message ne contient aucun lien et n’attend aucune réponse.

Comment vérifier que ce message vient de nous
Ouvrez notre console comme vous le faites d’habitude, puis Sécurité, puis Messages : ce code de contrôle y figure. Le fichier joint le prouve à quiconque possède notre clé publique.
Code de contrôle : {code}

Questions : security@orrery.example, ou la page d’aide de notre console
Prochaine information : 6 décembre 2026

Orrery Labs
Dossier {case}"""),
    "administrator.en": (
        "Orrery Labs: an incident that concerns people of Brightfen Bank (case {case})",
        """This message is about one thing: somebody had access to data about people of Brightfen Bank who should not have had it. You get it because you administer this organization with us. The people themselves are told too.

Whom of your organization it concerns, and which data
{fields}

What was not involved
Passwords, API keys, prompts, completions and payment details were not involved.

What we will never ask
We never ask for your password, a code, a key, a payment or access to your computer, not by mail, by phone or in a chat. This message has no links, and it needs no answer.

Check code: {code}

Questions: security@orrery.example

Orrery Labs
Case {case}"""),
}
FIELDS = {
    "person.en": "- e-mail address\n- name\n- city, country\n- operating system, browser",
    "person.fr": "- adresse électronique\n- nom\n- ville, pays\n- système d’exploitation, navigateur",
    "administrator.en": "- ada@brightfen.example: e-mail address, name\n- bea@brightfen.example: e-mail address, country",
}
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Letter:
    def __init__(self, kind: str, to: str, case: str, code: str):
        subject, body = TEXTS[kind]
        self.kind, self.to, self.code = kind, to, code
        self.subject = subject.format(case=case)
        self.body = body.format(case=case, code=code, fields=FIELDS[kind])
        self.salt = secrets.token_bytes(16)

    @property
    def leaf(self) -> bytes:
        return sha256(self.salt + f"{self.kind}\n{self.subject}\n\n{self.body}".encode())


ANSWERS = {
    "affected.en": ("Orrery Labs: the answer to your question, was I affected", "{address}\n\nThe address is among those that we named as affected.\n{cases}\n\n"
                    "We never ask for your password, a code, a key, a payment or access to your computer.\n\nCheck code: {code}\n\nOrrery Labs"),
    "unaffected.en": ("Orrery Labs: the answer to your question, was I affected", "{address}\n\nThe address is not among those that we named as affected.\n{cases}\n\n"
                      "We never ask for your password, a code, a key, a payment or access to your computer.\n\nCheck code: {code}\n\nOrrery Labs"),
    "unaffected.fr": ("Orrery Labs : la réponse à votre question, suis-je concerné", "{address}\n\nL’adresse ne fait pas partie de celles que nous avons déclarées concernées.\n{cases}\n\n"
                      "Nous ne demandons jamais votre mot de passe, un code, une clé ou un paiement.\n\nCode de contrôle : {code}\n\nOrrery Labs"),
}


class AnswerMade:
    """An answer to somebody who asked, and what proves it."""

    def __init__(self, company: "Company", address: str, kind: str, text, others, batch, statements):
        told = [company, *others]
        self.to, self.kind, self.code = address, kind, company.code()
        self.subject, body = ANSWERS[kind]
        isin = {each.case: "your address is in it" if address in each.people else "your address is not in it" for each in told}
        self.body = text or body.format(cases="\n".join(f"- Case {case}, version 1 of 2026-11-29: {what}" for case, what in isin.items()), code=self.code, address=address)
        salt = secrets.token_bytes(16)
        leaf = sha256(salt + f"{kind}\n{self.subject}\n\n{self.body}".encode())
        tree = SortedTree([leaf, *(secrets.token_bytes(32) for _ in range(63))])
        members = {"v": 1, "kind": "answers", "made_at": NOW + 120_000, "leaves": len(tree.values), "root": b64(tree.root),
                   "statements": [sha256(each.statement.encode()).hex() for each in told], **(batch or {})}
        self.proof = {
            "v": 1, "kind": "answer_proof", "answers": company.commit("answers", canonical(members) + "\n"),
            "letter": {"kind": kind, "subject": self.subject, "body": self.body, "code": self.code, "salt": b64(salt), "place": tree.place(leaf)},
            "statements": statements if statements is not None else [
                {"statement": each.committed["statement"], "reader": each.reader(f"email:{address}")} for each in told],
        }


class Company:
    """Everything that Orrery Labs has, and one incident with its statement and dispatch."""

    def __init__(self, people=("ada@brightfen.example", "bea@brightfen.example", "chloe@sorrelfinch.example"), incident: int = 7, like: "Company | None" = None):
        # Another incident of the same company, or a company of its own.
        self.ledger, self.notices = (like.ledger, like.notices) if like else (Signer("orrery.example/ledger"), Signer("orrery.example/notices"))
        self.witness, self.second = (like.witness, like.second) if like else (
            Signer("custodian.orrery.example/w", COSIGNATURE), Signer("witness.example/two", COSIGNATURE))
        self.evaluator = voprf.p384.Evaluator(secrets.token_bytes(32))
        self.incident, self.case = incident, f"1-{incident}"
        self.question_key: bytes | None = None
        self.people = [*people, *(f"person-{i}@quillon.example" for i in range(20))]
        self.entries: list[bytes] = like.entries if like else []
        for kind in ("ledger_opened", "witness_pinned", "incident", "incident"):
            self.enter(kind, {})
        self.outputs = {name: self.output(f"email:{name}") for name in self.people}
        self.names = SortedTree(sha256(output) for output in self.outputs.values())
        self.statement = canonical({
            "v": 1, "kind": "statement", "project": 1, "incident": incident, "version": 1, "scope_version": 2, "scope": "5a" * 32, "made_at": NOW,
            "key": b64(self.evaluator.public_key.serialize()), "names": len(self.names.values), "root": b64(self.names.root),
            "people": len(self.people), "nameless": 2, "request": "7b" * 32,
        }) + "\n"
        self.letters = [Letter("person.fr" if "sorrelfinch" in name else "person.en", name, self.case, self.code()) for name in self.people]
        self.letters.append(Letter("administrator.en", "dana@brightfen.example", self.case, self.code()))
        self.letter_tree = SortedTree(letter.leaf for letter in self.letters)
        self.dispatch = canonical({
            "v": 1, "kind": "dispatch", "project": 1, "incident": incident, "statement": sha256(self.statement.encode()).hex(), "made_at": NOW + 60_000,
            "messages": len(self.letters), "root": b64(self.letter_tree.root), "request": "7b" * 32,
            "texts": {kind: sha256(f"{TEXTS[kind][0]}\n\n{TEXTS[kind][1]}".encode()).hex() for kind in TEXTS},
        }) + "\n"
        self.committed = {kind: self.commit(kind, text) for kind, text in (("statement", self.statement), ("dispatch", self.dispatch))}

    @staticmethod
    def code() -> str:
        digits = "".join(secrets.choice(DIGITS) for _ in range(10))
        return f"{digits[:5]}-{digits[5:]}"

    def enter(self, kind: str, facts: dict) -> int:
        entry = {"commitment": secrets.token_bytes(32).hex(), "kind": kind, "project": 1, "time": NOW + len(self.entries), "v": 1}
        if facts:
            entry["facts"] = facts
        self.entries.append(canonical(entry).encode())
        return len(self.entries) - 1

    @property
    def checkpoint(self) -> str:
        """As it stands now, signed and cosigned."""
        text = f"{self.ledger.name}\n{len(self.entries)}\n{b64(root_of([leaf_hash(entry) for entry in self.entries]))}\n"
        return text + "\n" + self.ledger.line(text) + self.witness.line(text) + self.second.line(text)

    def commit(self, kind: str, text: str, signer: Signer = None, witnesses: list = None) -> dict:
        """Signed, entered, and proven under a cosigned checkpoint."""
        index = self.enter(f"notice_{kind}", {"digest": sha256(text.encode()).hex(), "incident": str(self.incident)})
        self.enter("incident", {})
        hashes = [leaf_hash(entry) for entry in self.entries]
        checkpoint = f"{self.ledger.name}\n{len(hashes)}\n{b64(root_of(hashes))}\n"
        lines = "".join(b64(part) + "\n" for part in path_of(hashes, index))
        note = checkpoint + "\n" + self.ledger.line(checkpoint)
        note += "".join(each.line(checkpoint) for each in ([self.witness] if witnesses is None else witnesses))
        proof = f"c2sp.org/tlog-proof@v1\nextra {b64(self.entries[index])}\nindex {index}\n{lines}\n{note}"
        return {"note": (signer or self.notices).note(text), "ledger": proof}

    def output(self, name: str) -> bytes:
        return self.evaluator.evaluate_known_input(name.encode())

    def reader(self, name: str) -> dict:
        """What shows somebody where their name stands in the statement, or that it does not."""
        blind = 1 + secrets.randbelow(N - 1)
        blinded = voprf.p384.BlindedInput.deserialize(encode(times(blind, hash_to_group(name.encode()))))
        answer = self.evaluator.evaluate(blinded).serialize()
        # The library writes the proof first.
        assert len(answer) == 49 + 96
        return {"name": name, "blind": b64(blind.to_bytes(48, "big") + answer[96:] + answer[:96]), "place": self.names.place(sha256(self.output(name)))}

    def letter(self, to: str) -> Letter:
        return next(letter for letter in self.letters if letter.to == to)

    def proof(self, to: str) -> dict:
        letter = self.letter(to)
        proof = {
            "v": 1, "kind": "notice_proof", "statement": self.committed["statement"], "dispatch": self.committed["dispatch"],
            "letter": {"kind": letter.kind, "subject": letter.subject, "body": letter.body, "code": letter.code, "salt": b64(letter.salt),
                       "place": self.letter_tree.place(letter.leaf)},
        }
        if letter.kind.startswith("person"):
            proof["reader"] = self.reader(f"email:{to}")
        return proof

    def answer(self, name: str, kind: str, text=None, others=(), batch=None, statements=None) -> "AnswerMade":
        """The answer to whoever asked about an address; what is given here is wrong."""
        return AnswerMade(self, name, kind, text, others, batch, statements)

    def statement_proof(self, name: str) -> dict:
        return {"v": 1, "kind": "statement_proof", "statement": self.committed["statement"], "reader": self.reader(name)}

    @property
    def anchors(self) -> dict:
        policy = (f"log {self.ledger.key.text}\nwitness own {self.witness.key.text}\nwitness two {self.second.key.text}\n"
                  "group enough any own two\nquorum enough\n")
        return {"v": 1, "organization": "Orrery Labs", "domains": ["orrery.example"], "brands": ["orrery", "orrery labs"],
                "ledger": [self.ledger.key.text], "notices": [self.notices.key.text], "policy": policy,
                **({"questions": b64(self.question_key)} if self.question_key else {})}


def write_proof(proof: dict) -> bytes:
    return (json.dumps(proof, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def headers(sender: str, to: str, subject: str, name: str = "Orrery Labs") -> list[tuple[str, str]]:
    return [("From", f'"{name}" <{sender}>'), ("To", f"<{to}>"), ("Subject", subject), ("Date", formatdate(NOW / 1000)),
            ("Message-ID", f"<{secrets.token_hex(12)}@orrery.example>"), ("Auto-Submitted", "auto-generated")]
