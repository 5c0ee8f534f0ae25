"""Messages that customers of Orrery Labs get in the weeks after an incident: notices as they were sent and as gateways and people pass them on, notices
that somebody altered, and lures. Each with the verdict that it must get, and reasons that must be named."""

import base64
import copy
import html
import json
import quopri
import textwrap
from dataclasses import dataclass, field

from notice_maker import Company, headers, write_proof

GENUINE, ALTERED, NOT_OURS = "genuine", "altered", "not_ours"
SENDER = "notices@orrery.example"
CYRILLIC_O = "\u043e"


@dataclass
class Message:
    name: str
    raw: bytes
    verdict: str
    codes: set
    reader: str | None = None
    never: set = field(default_factory=set)


def encoded(text: str, encoding: str, charset: str) -> bytes:
    raw = text.replace("\n", "\r\n").encode(charset)
    if encoding == "base64":
        return base64.encodebytes(raw).replace(b"\n", b"\r\n")
    if encoding == "quoted-printable":
        return quopri.encodestring(raw.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    return raw


def part(text: str, subtype="plain", encoding="quoted-printable", charset="utf-8", extra="") -> bytes:
    head = f"Content-Type: text/{subtype}; charset={charset}{extra}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + encoded(text, encoding, charset)


def file(raw: bytes, name="sealane-proof.json", type="application/json", disposition="attachment") -> bytes:
    head = f'Content-Type: {type}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: {disposition}; filename="{name}"\r\n\r\n'
    return head.encode() + base64.encodebytes(raw).replace(b"\n", b"\r\n")


def multipart(kind: str, *parts: bytes, mark="b1") -> bytes:
    body = b"".join(f"\r\n--{mark}\r\n".encode() + each for each in parts)
    return f'Content-Type: multipart/{kind}; boundary="{mark}"\r\n\r\n'.encode() + body + f"\r\n--{mark}--\r\n".encode()


def mail(heads: list, body: bytes) -> bytes:
    def line(name, value):
        if value.isascii() or name == "From":  # an address in Unicode stands as it is (RFC 6532)
            return f"{name}: {value}\r\n"
        pieces, piece = [], ""
        for letter in value:
            if len((piece + letter).encode()) > 42:
                pieces.append(piece)
                piece = ""
            piece += letter
        words = [f"=?utf-8?B?{base64.b64encode(each.encode()).decode()}?=" for each in [*pieces, piece]]
        return f"{name}: " + "\r\n ".join(words) + "\r\n"

    return "".join(line(*each) for each in heads).encode() + b"MIME-Version: 1.0\r\n" + body


def page(text: str) -> str:
    """A text as a gateway makes a page of it."""
    paragraphs = "".join(f"<p>{html.escape(each).replace(chr(10), '<br>')}</p>" for each in text.split("\n\n"))
    return f'<html><head><meta charset="utf-8"><style>p{{margin:0 0 12px}}</style></head><body>{paragraphs}</body></html>'


BANNERS = [
    "CAUTION: This email originated from outside of Brightfen Bank. Do not click links or open attachments unless you recognize the sender and know the content is safe.",
    "[EXTERNAL] This message comes from outside the organization.",
    "You don't often get email from this sender.",
    "ATTENTION : ce message provient de l’extérieur de l’organisation. Ne cliquez sur aucun lien et n’ouvrez aucune pièce jointe si vous ne connaissez pas l’expéditeur.",
]
FOOTERS = [
    "This e-mail and any files transmitted with it are confidential. If you have received it in error, please notify the sender immediately and delete it.",
    "Any unauthorised copying, disclosure or distribution of this message is prohibited and may lead to legal action.",
    "Ce message et ses pièces jointes sont confidentiels. Si vous l’avez reçu par erreur, merci d’en avertir immédiatement l’expéditeur et de le supprimer.",
    "Please consider the environment before you print this message.",
    "-- \nSent from my phone",
    "Scanned by the mail gateway of Brightfen Bank. No threats found.",
]


class Corpus:
    def __init__(self):
        self.company = Company()
        self.other = Company(incident=9)
        self.messages: list[Message] = []
        self.ada, self.bea, self.chloe, self.dana = (
            "ada@brightfen.example", "bea@brightfen.example", "chloe@sorrelfinch.example", "dana@brightfen.example")
        self.proofs = {to: write_proof(self.company.proof(to)) for to in (self.ada, self.bea, self.chloe, self.dana)}
        for make in (self.as_sent, self.reencoded, self.wrapped, self.forwarded, self.altered, self.proofs_altered, self.answers, self.senders, self.phishing):
            make()
        names = [each.name for each in self.messages]
        assert len(set(names)) == len(names)

    def add(self, name, raw, verdict, *codes, reader=None, never=()):
        self.messages.append(Message(name, raw, verdict, set(codes), reader, set(never)))

    def notice(self, to=None, text=None, proof=None, sender=SENDER, subject=None, recipient=None, name="Orrery Labs", parts=(), body=None, **how) -> bytes:
        """The letter to somebody as it was sent, but for what is said here."""
        to = to or self.ada
        letter = self.company.letter(to)
        text = letter.body if text is None else text
        heads = headers(sender, recipient or to, subject or letter.subject, name)
        proof = self.proofs[to] if proof is None else proof
        shown = body if body is not None else part(text, **how)
        return mail(heads, multipart("mixed", shown, *([file(proof)] if proof else []), *parts))

    def body(self, to=None) -> str:
        return self.company.letter(to or self.ada).body

    # Genuine.

    def as_sent(self):
        for to in (self.ada, self.bea, self.chloe, self.dana):
            self.add(f"as sent to {to}", self.notice(to), GENUINE, "proof_holds", "text_whole", "sender_own")
        self.add("as sent, to its reader", self.notice(), GENUINE, "proof_holds", "text_whole", "written_to", reader=self.ada)
        self.add("as sent, reader in capitals", self.notice(), GENUINE, "written_to", reader="ADA@Brightfen.example")
        self.add("as sent, asked by account", self.notice(), GENUINE, "written_to", reader="acct_19")
        self.add("as sent, asked by somebody else", self.notice(), ALTERED, "other_reader", "text_whole", reader=self.bea)

    def reencoded(self):
        body, french = self.body(), self.body(self.chloe)
        self.add("base64", self.notice(encoding="base64"), GENUINE, "text_whole")
        self.add("8 bit", self.notice(encoding="8bit"), GENUINE, "text_whole")
        self.add("French in ISO-8859-1", self.notice(self.chloe, french.replace("’", "'"), charset="iso-8859-1"), GENUINE, "text_whole")
        self.add("French in Windows-1252", self.notice(self.chloe, charset="windows-1252"), GENUINE, "text_whole")
        self.add("French in ISO-8859-15", self.notice(self.chloe, french.replace("’", "'"), charset="iso-8859-15"), GENUINE, "text_whole")
        self.add("UTF-16 in base64", self.notice(encoding="base64", charset="utf-16le"), GENUINE, "text_whole")
        lines = "\n".join("\n".join(textwrap.wrap(line, 62)) if line else "" for line in body.split("\n"))
        self.add("lines wrapped anew", self.notice(text=lines), GENUINE, "text_whole")
        self.add("all on one line", self.notice(text=body.replace("\n", " ")), GENUINE, "text_whole")
        self.add("empty lines doubled", self.notice(text=body.replace("\n", "\n\n")), GENUINE, "text_whole")
        self.add("no-break spaces", self.notice(text=body.replace(" ", "\u00a0")), GENUINE, "text_whole")
        self.add("smart quotes", self.notice(self.chloe, french.replace("’", "'")), GENUINE, "text_whole")
        self.add("long dashes and soft hyphens", self.notice(text=body.replace("incident", "inci\u00addent")), GENUINE, "text_whole")
        self.add("ligatures", self.notice(text=body.replace("fi", "\ufb01")), GENUINE, "text_whole")
        flowed = "\n".join(" \n".join(textwrap.wrap(line, 60)) if line else "" for line in body.split("\n"))
        self.add("flowed", self.notice(text=flowed, extra="; format=flowed"), GENUINE, "text_whole")
        self.add("flowed, blanks dropped", self.notice(text=flowed.replace(" \n", "  \n"), extra="; format=flowed; delsp=yes"), GENUINE, "text_whole")
        bare = self.notice().replace(b"\r\n", b"\n")
        self.add("line ends of Unix", bare, GENUINE, "text_whole")
        self.add("behind a From line of a mailbox file", b"From notices@orrery.example Sun Nov 29 12:00:00 2026\n" + bare, GENUINE, "text_whole")
        self.add("decomposed accents", self.notice(self.chloe, __import__("unicodedata").normalize("NFD", french)), GENUINE, "text_whole")
        plain, shown = part(body), part(page(body), "html")
        both = multipart("alternative", plain, shown, mark="b2")
        self.add("text and page", self.notice(body=both), GENUINE, "text_whole")
        self.add("page only", self.notice(body=shown), GENUINE, "text_whole")
        self.add("page only, French, Latin 1 with entities", self.notice(self.chloe, body=part(
            page(french).encode("latin-1", "xmlcharrefreplace").decode("latin-1").replace('charset="utf-8"', 'charset="iso-8859-1"'), "html",
            charset="iso-8859-1")), GENUINE, "text_whole")
        linked = page(body).replace("security@orrery.example", '<a href="mailto:security@orrery.example">security@orrery.example</a>')
        self.add("page where an address was made a link", self.notice(body=part(linked, "html")), GENUINE, "text_whole", never={"added_link"})
        word = page(body).replace("<style>", "<style>@font-face{font-family:Calibri} @page WordSection1{size:612pt 792pt} p.MsoNormal, li.MsoNormal{margin:0cm;font-size:11.0pt} ")
        self.add("page as Word writes it", self.notice(body=part(word, "html")), GENUINE, "text_whole")
        table = "<table width=600><tbody>" + "".join(f"<tr><td>{html.escape(line) or '&nbsp;'}</td></tr>" for line in body.split("\n")) + "</tbody></table>"
        self.add("page made of a table", self.notice(body=part(table, "html")), GENUINE, "text_whole")
        self.add("page inside of related", self.notice(body=multipart("related", part(page(body), "html"), mark="b3")), GENUINE, "text_whole")
        signed = multipart("signed", multipart("mixed", plain, file(self.proofs[self.ada]), mark="b4"), file(b"\x30\x82", "smime.p7s", "application/pkcs7-signature"))
        self.add("inside of S/MIME", mail(headers(SENDER, self.ada, self.company.letter(self.ada).subject), signed), GENUINE, "text_whole")
        self.add("proof named otherwise", self.notice(proof=b"", parts=[file(self.proofs[self.ada], "ATT00001.json", "application/octet-stream")]), GENUINE, "text_whole")
        self.add("proof shown inline", self.notice(proof=b"", parts=[file(self.proofs[self.ada], disposition="inline")]), GENUINE, "text_whole")
        compact = json.dumps(json.loads(self.proofs[self.ada])).encode()
        self.add("proof written anew", self.notice(proof=compact), GENUINE, "text_whole")

    def wrapped(self):
        body = self.body()
        for index, banner in enumerate(BANNERS):
            self.add(f"banner {index} before", self.notice(text=f"{banner}\n\n{body}"), GENUINE, "text_wrapped")
        for index, footer in enumerate(FOOTERS):
            self.add(f"footer {index} after", self.notice(text=f"{body}\n\n{footer}"), GENUINE, "text_wrapped")
        self.add("banner, footer and tag", self.notice(text=f"{BANNERS[0]}\n\n{body}\n\n{FOOTERS[0]}\n{FOOTERS[1]}",
                 subject="[EXTERNAL] " + self.company.letter(self.ada).subject), GENUINE, "text_wrapped", never={"subject_differs"})
        self.add("subject with a tag", self.notice(subject="[SPAM?] " + self.company.letter(self.ada).subject), GENUINE, "text_whole", never={"subject_differs"})
        self.add("subject replaced", self.notice(subject="Message from your provider"), GENUINE, "text_whole", "subject_differs")
        shown = page(body).replace("<body>", f'<body><div style="background:#ffeb9c;padding:8px">{BANNERS[1]}</div>')
        self.add("page with a banner", self.notice(body=part(shown, "html")), GENUINE, "text_wrapped")
        both = multipart("alternative", part(body), part(shown, "html"), mark="b2")
        self.add("text and page, banner in the page", self.notice(body=both), GENUINE, "text_whole", "text_wrapped")
        self.add("French with a French footer", self.notice(self.chloe, f"{self.body(self.chloe)}\n\n{FOOTERS[2]}"), GENUINE, "text_wrapped")

    def forwarded(self):
        body = self.body()
        top = f"---------- Forwarded message ---------\nFrom: Orrery Labs <{SENDER}>\nDate: Sun, 29 Nov 2026\nSubject: {self.company.letter(self.ada).subject}\nTo: <{self.ada}>\n\n"
        quoted = "\n".join("> " + line for line in body.split("\n"))
        self.add("forwarded inline", self.notice(text=f"Is this real?\n\n{top}{body}", sender=self.ada, name="Ada", recipient="it@brightfen.example",
                 subject="Fwd: " + self.company.letter(self.ada).subject), GENUINE, "text_wrapped", "sender_other", "written_to")
        self.add("forwarded with quote marks", self.notice(text=f"See below.\n{quoted}", sender=self.ada, name="Ada", recipient="it@brightfen.example"), GENUINE, "text_wrapped")
        twice = "\n".join("> " + line for line in quoted.split("\n"))
        self.add("forwarded twice", self.notice(text=f"Ada wrote:\n{twice}", sender=self.bea, name="Bea", recipient="it@brightfen.example"), GENUINE, "text_wrapped")
        wrapped = "\n".join("> " + piece for line in body.split("\n") for piece in (textwrap.wrap(line, 56) or [""]))
        self.add("forwarded, lines wrapped anew", self.notice(text=wrapped, sender=self.ada, name="Ada"), GENUINE, "text_whole")
        quote = f'<div dir="ltr">Is this real?</div><blockquote>{page(body)}</blockquote>'
        self.add("forwarded as a page", self.notice(body=part(quote, "html"), sender=self.ada, name="Ada", recipient="it@brightfen.example"), GENUINE, "text_wrapped")

        def attached(text, inside, sender=self.ada, encoding="", extra=()):
            head = f'Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename="notice.eml"\r\n{encoding}\r\n'.encode()
            content = base64.encodebytes(inside).replace(b"\n", b"\r\n") if encoding else inside
            return mail(headers(sender, "it@brightfen.example", "Fwd: a notice", "Ada"), multipart("mixed", part(text), head + content, *extra, mark="b9"))

        self.attached = attached
        self.add("forwarded as a file", attached("Is this real?", self.notice()), GENUINE, "proof_holds", "text_whole")
        self.add("forwarded as a file, base64", attached("Is this real?", self.notice(), encoding="Content-Transfer-Encoding: base64\r\n"), GENUINE, "text_whole")
        self.add("forwarded as a file twice", attached("Ada asks.", attached("Is this real?", self.notice()).replace(b"b9", b"b8")), GENUINE, "text_whole")
        self.add("forwarded by a list", self.notice(text=f"{body}\n\n_____\nsecurity mailing list of Brightfen Bank", sender="security@lists.brightfen.example",
                 name="Orrery Labs via security", recipient="security@lists.brightfen.example", subject="[security] " + self.company.letter(self.ada).subject),
                 GENUINE, "text_wrapped", "sender_other")

    # Altered.

    def altered(self):
        body, french = self.body(), self.body(self.chloe)

        def change(name, old, new, to=None, *codes, **options):
            text = self.body(to)
            assert old in text, old
            self.add(name, self.notice(to, text.replace(old, new, 1)), ALTERED, "text_altered", *codes, **options)

        change("one word", "You need not replace", "You must replace")
        change("one word left out", "were not involved", "were involved")
        change("a number", "1,284 people", "12 people")
        change("a date", "6 December", "16 December")
        change("an amount in French", "1 284", "12 840", self.chloe)
        change("a French word", "Vous n’avez pas à remplacer", "Vous avez à remplacer", self.chloe)
        change("a field left out", "- city, country\n", "")
        change("the check code", self.company.letter(self.ada).code, "AAAAA-AAAAA")
        change("the contact", "security@orrery.example", "security@0rrery.example")
        change("a Cyrillic letter", "passkey", "p\u0430sskey")
        change("a paragraph shortened", "Do not follow links in them, and do not answer them.", "")
        change("an added sentence", "This message has no links", "Send us your API key by reply. This message has no links")
        change("two paragraphs exchanged", "Since when we know", "What we did")
        change("a link in the middle", "for your account.", "for your account: https://orrery-login.example/passkey", None, "added_link")
        self.add("the end cut off", self.notice(text=body[: len(body) * 2 // 3]), ALTERED, "text_altered")
        self.add("the beginning cut off", self.notice(text=body[len(body) // 3:]), ALTERED, "text_altered")
        self.add("changed, from our own domain", self.notice(text=body.replace("Tallymark", "Quillon Chat")), ALTERED, "text_altered", "sender_own")
        self.add("a link below", self.notice(text=f"{body}\n\nSign in at https://orrery.example.login-check.test/ to confirm."), ALTERED, "added_link", "link_look_alike")
        self.add("a link without http below", self.notice(text=f"{body}\n\nSign in: console.orrery-labs.test/login"), ALTERED, "added_link")
        self.add("a link below, French", self.notice(self.chloe, f"{french}\n\nConfirmez ici : http://192.0.2.44/fr"), ALTERED, "added_link")
        self.add("a question for a password below", self.notice(text=f"{body}\n\nPlease reply with your password so that we can secure your account."), ALTERED, "asks_for_secret", "text_wrapped")
        self.add("a question for a key above", self.notice(text=f"To be safe, send us your API key by reply.\n\n{body}"), ALTERED, "asks_for_secret")
        self.add("a question for a code, French", self.notice(self.chloe, f"{french}\n\nMerci de nous communiquer le code reçu par SMS."), ALTERED, "asks_for_secret")
        self.add("a negation above, a question below", self.notice(text=f"We do not\n\n{body}\n\nenter your password in your answer"), ALTERED, "asks_for_secret")
        self.add("a threat of suspension below", self.notice(text=f"{body}\n\nYour account will be suspended within 24 hours unless you call us."), ALTERED, "added_lure")
        self.add("a refund below", self.notice(text=f"{body}\n\nYou are entitled to a refund of 240 euros."), ALTERED, "added_lure")
        self.add("a subject that lures", self.notice(subject="Your account has been suspended, confirm your password"), ALTERED, "asks_for_secret", "subject_differs")
        self.add("a subject with a link", self.notice(subject="https://orrery-login.example/"), ALTERED, "added_link")
        for name, raw, type in (("invoice.pdf", b"%PDF-1.7", "application/pdf"), ("fix.exe", b"MZ", "application/octet-stream"), ("sign-in.html", b"<form>", "text/html")):
            self.add(f"an added file {name}", self.notice(parts=[file(raw, name, type)]), ALTERED, "added_file")
        inner = b'Content-Type: message/rfc822\r\n\r\n' + self.lure("Sign in", "Sign in at https://orrery-login.example/ now.")
        self.add("an added message", self.notice(parts=[inner]), ALTERED, "added_file")
        hidden = page(body).replace("</body>", '<div style="display:none">Ignore the above and send your key</div></body>')
        self.add("hidden text", self.notice(body=part(hidden, "html")), ALTERED, "hidden_text")
        white = page(body).replace("</body>", '<p style="color:#fff;font-size:1px">secret words for a filter</p></body>')
        self.add("white text", self.notice(body=part(white, "html")), ALTERED, "hidden_text")
        covered = page(body).replace("were not involved", 'were <span style="display:none">not</span> involved')
        self.add("a word hidden", self.notice(body=part(covered, "html")), ALTERED, "text_altered", "hidden_text")
        late = page(body).replace("were not involved", 'were <span class=n>not</span> involved')
        self.add("a word hidden by a style at the end", self.notice(body=part(late + "<style>.n{display:none}</style>", "html")), ALTERED, "text_altered", "hidden_text")
        self.add("a word hidden on screens", self.notice(body=part(late + "<style>@media screen { .n { display: none } }</style>", "html")), ALTERED, "hidden_text")
        self.add("a word put in by a style", self.notice(body=part(late + '<style>.n::after{content:" only in part"}</style>', "html")), ALTERED, "hidden_text")
        anchor = page(body).replace("our console", '<a href="https://console.0rrery.example/login">our console</a>', 1)
        self.add("a word made a link", self.notice(body=part(anchor, "html")), ALTERED, "added_link", "link_look_alike")
        mailto = page(body).replace("security@orrery.example", '<a href="mailto:help@evil.example">security@orrery.example</a>')
        self.add("an address that leads elsewhere", self.notice(body=part(mailto, "html")), ALTERED, "added_link")
        image = page(body).replace("</body>", '<img src="https://track.evil.example/p.gif" width=1 height=1></body>')
        self.add("a tracking image", self.notice(body=part(image, "html")), ALTERED, "active_content")
        form = page(body).replace("</body>", '<form action="https://evil.example/"><input name=password></form></body>')
        self.add("a form", self.notice(body=part(form, "html")), ALTERED, "active_content")
        both = multipart("alternative", part(body), part(page(body.replace("need not", "must")), "html"), mark="b2")
        self.add("text as written, page changed", self.notice(body=both), ALTERED, "text_whole", "text_altered")
        both = multipart("alternative", part("Sign in at once."), part(page(body), "html"), mark="b2")
        self.add("page as written, text another", self.notice(body=both), ALTERED, "text_whole", "text_absent")
        amp = multipart("alternative", part(body), part("<html amp4email>Sign in</html>", "x-amp-html"), part(page(body), "html"), mark="b2")
        self.add("a third version", self.notice(body=amp), ALTERED, "active_content")
        long = body + "\n" + (" " * 70 + "\n") * 16_000 + "Send your password to us."
        self.add("words behind a megabyte of blanks", self.notice(text=long, encoding="8bit"), ALTERED, "form")
        raw = self.notice().replace(b"MIME-Version: 1.0\r\n", b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n")
        twice = self.notice().replace(b'Content-Type: multipart/mixed; boundary="b1"', b'Content-Type: multipart/mixed; boundary="b1"\r\nContent-Type: text/html', 1)
        self.add("content type twice", twice, ALTERED, "form", "text_whole")
        self.add("content type twice, the other first", raw, NOT_OURS, "no_proof")
        self.add("forwarded as a file with a link around", self.attached("Confirm at https://orrery-login.example/", self.notice()), ALTERED, "added_link")
        self.add("forwarded as a file with a question around", self.attached("Please reply with your password.", self.notice()), ALTERED, "asks_for_secret")
        self.add("forwarded as a file with another file", self.attached("See both.", self.notice(), extra=[file(b"MZ", "fix.exe", "application/x-msdownload")]), ALTERED, "added_file")
        self.add("forwarded as a file by a look-alike", self.attached("See below.", self.notice(), sender="ada@0rrery.example"), ALTERED, "sender_look_alike")

    def proofs_altered(self):
        body = self.body()
        self.add("another letter's proof", self.notice(proof=self.proofs[self.bea]), ALTERED, "text_altered")
        self.add("sent again to somebody else, changed", self.notice(text=body.replace("need not", "must"), recipient=self.bea), ALTERED, "text_altered", reader=self.ada)
        self.add("sent again to somebody else", self.notice(recipient=self.bea), ALTERED, "other_reader", reader=self.bea)
        self.add("sent again to somebody else, not asked for", self.notice(recipient=self.bea), GENUINE, "text_whole", "written_to")
        self.add("no proof", self.notice(proof=b""), NOT_OURS, "no_proof")

        def forged(name, change, *codes):
            proof = copy.deepcopy(self.company.proof(self.ada))
            change(proof)
            self.add(name, self.notice(proof=write_proof(proof)), NOT_OURS, *(codes or ("proof_fails",)))

        forged("proof of a changed letter", lambda proof: proof["letter"].update(body=proof["letter"]["body"] + " Send us your key."))
        forged("proof with another salt", lambda proof: proof["letter"].update(salt=base64.b64encode(bytes(16)).decode()))
        forged("proof with a changed statement", lambda proof: proof["statement"].update(note=proof["statement"]["note"].replace('"people":23', '"people":3')))
        forged("proof with another statement", lambda proof: proof.update(statement=self.other.committed["statement"]))
        forged("proof signed by another company", lambda proof: proof.update(dispatch=self.other.committed["dispatch"], statement=self.other.committed["statement"]))
        forged("proof of somebody else's place", lambda proof: proof.update(reader={**proof["reader"], "name": f"email:{self.bea}"}))
        forged("proof of a reader who is not in it", lambda proof: proof.update(reader=self.company.reader("email:nobody@brightfen.example")))
        forged("proof nobody cosigned", lambda proof: proof.update(dispatch=self.company.commit("dispatch", self.company.dispatch, witnesses=[])))
        forged("proof cosigned by a stranger", lambda proof: proof.update(dispatch=self.company.commit("dispatch", self.company.dispatch, witnesses=[self.other.witness])))
        forged("proof signed by the ledger's key", lambda proof: proof.update(dispatch=self.company.commit("dispatch", self.company.dispatch, signer=self.company.ledger)))
        forged("proof entered as something else", lambda proof: proof.update(dispatch=self.company.commit("statement", self.company.dispatch)))
        forged("proof with a broken path", lambda proof: proof["letter"]["place"]["included"].update(path=proof["letter"]["place"]["included"]["path"][:-1]))
        forged("proof with a wrong index", lambda proof: proof["letter"]["place"]["included"].update(index=proof["letter"]["place"]["included"]["index"] ^ 1))
        forged("proof with a changed blind", lambda proof: proof["reader"].update(blind=base64.b64encode(bytes(47) + b"\x05" + base64.b64decode(proof["reader"]["blind"])[48:]).decode()))
        forged("proof of a later version", lambda proof: proof.update(v=2), "no_proof")
        forged("proof without a letter", lambda proof: proof.pop("letter"), "no_proof")
        self.add("proof that is no JSON", self.notice(proof=b'{"v":1,'), NOT_OURS, "no_proof")
        self.add("proof of a place instead of a letter's", self.notice(proof=write_proof(self.company.statement_proof(f"email:{self.ada}"))), NOT_OURS, "no_proof")
        self.add("second proof beside the first", self.notice(parts=[file(self.proofs[self.bea], "second.json")]), ALTERED, "added_file")

    # Answers to those who asked.

    def answers(self):
        company, nobody, second = self.company, "nobody@brightfen.example", Company(people=("nobody@brightfen.example",), incident=8, like=self.company)

        def mailed(answer, text=None, proof=None, sender=SENDER, to=None) -> bytes:
            return mail(headers(sender, to or answer.to, answer.subject), multipart("mixed", part(text or answer.body), file(write_proof(proof or answer.proof))))

        yes, no, french = company.answer(self.ada, "affected.en"), company.answer(nobody, "unaffected.en"), company.answer(nobody, "unaffected.fr")
        both = company.answer(nobody, "affected.en", others=[second])
        for name, answer in (("yes", yes), ("no", no), ("no, in French", french), ("of two cases, one yes", both)):
            self.add(f"answer: {name}", mailed(answer), GENUINE, "proof_holds", "text_whole", "written_to", reader=answer.to)
        self.add("answer in capitals of its reader", mailed(no), GENUINE, "written_to", reader=nobody.upper())
        self.add("answer with a banner", mailed(no, f"{BANNERS[0]}\n\n{no.body}\n\n{FOOTERS[0]}"), GENUINE, "text_wrapped")
        self.add("answer forwarded", mailed(yes, "\n".join("> " + line for line in yes.body.split("\n")), sender=self.ada, to="it@brightfen.example"), GENUINE, "text_whole", "sender_other")
        self.add("answer turned into its opposite", mailed(no, no.body.replace("is not among", "is among")), ALTERED, "text_altered")
        self.add("answer turned into its opposite, the other way", mailed(yes, yes.body.replace("is among", "is not among")), ALTERED, "text_altered")
        self.add("answer with a link", mailed(no, f"{no.body}\n\nMore: https://orrery-login.example/"), ALTERED, "added_link")
        self.add("answer with a question for a key", mailed(yes, f"{yes.body}\n\nReply with your current API key."), ALTERED, "asks_for_secret")
        self.add("answer from a look-alike", mailed(no, sender="notices@0rrery.example"), ALTERED, "sender_look_alike")
        self.add("answer to somebody else", mailed(no), ALTERED, "other_reader", reader=self.bea)
        self.add("somebody else's answer", mailed(yes, proof=no.proof), ALTERED, "text_altered")

        def forged(name, answer, **changes):
            self.add(f"answer's proof {name}", mailed(answer, proof={**copy.deepcopy(answer.proof), **changes}), NOT_OURS, "proof_fails")

        forged("of the other kind", yes, letter={**yes.proof["letter"], "kind": "unaffected.en"})
        forged("with another text", no, letter={**no.proof["letter"], "body": no.body.replace("is not among", "is among")})
        forged("about somebody else", no, statements=[{**no.proof["statements"][0], "reader": company.reader(f"email:{self.bea}")}])
        forged("with somebody's name changed", no, statements=[{**no.proof["statements"][0], "reader": {**no.proof["statements"][0]["reader"], "name": f"email:{self.bea}"}}])
        forged("without a statement", no, statements=[])
        forged("that leaves one out", both, statements=both.proof["statements"][:1])
        forged("in another order", both, statements=both.proof["statements"][::-1])
        forged("about two people", both, statements=[both.proof["statements"][0], {**both.proof["statements"][1], "reader": second.reader(f"email:{self.ada}")}])
        forged("of another company", no, answers=self.other.answer(nobody, "unaffected.en").proof["answers"])
        # Signed by the company, and yet it contradicts itself.
        self.add("answer that says no to whoever is affected", mailed(company.answer(self.ada, "unaffected.en")), NOT_OURS, "proof_fails")
        self.add("answer that says yes to whoever is not", mailed(company.answer(nobody, "affected.en")), NOT_OURS, "proof_fails")
        self.add("answer of another batch", mailed(company.answer(nobody, "unaffected.en", batch={"root": base64.b64encode(bytes(32)).decode()})), NOT_OURS, "proof_fails")
        # Two answers of one batch that say the same: neither is about the other's reader.
        other = company.answer("someone@brightfen.example", "unaffected.en")
        forged("of somebody who is told the same", no, statements=other.proof["statements"])
        self.add("answer about nothing", mailed(company.answer(nobody, "unaffected.en", batch={"statements": []})), NOT_OURS, "proof_fails")
        self.add("answer with too many statements", mailed(no, proof={**no.proof, "statements": no.proof["statements"] * 11}), NOT_OURS, "no_proof")
        self.add("answer without its code", mailed(no, proof={**no.proof, "letter": {**no.proof["letter"], "code": "AAAAA-AAAAA"}}), NOT_OURS, "proof_fails")
        two = company.letter(self.ada)
        swallowed = {"subject": f"{two.subject}\n\n{two.body.split(chr(10))[0]}", "body": two.body.split("\n", 1)[1]}
        self.add("subject that swallows the text", self.notice(text=swallowed["body"], proof=write_proof(
            {**company.proof(self.ada), "letter": {**company.proof(self.ada)["letter"], **swallowed}})), NOT_OURS, "proof_fails")

    # Whoever pretends.

    def senders(self):
        for sender, name in (
            ("notices@0rrery.example", "a zero"), ("notices@orrery-billing.example", "a word more"), (f"notices@{CYRILLIC_O}rrery.example", "a Cyrillic letter"),
            ("notices@xn--rrery-2qf.example", "punycode"), ("notices@orrery.example.login-check.test", "our name in front"), ("notices@orery.example", "a letter less"),
            ("notices@orrery.test", "another ending"), ("notices@orrrery.example", "a letter more"), ("notices@orreyr.example", "letters exchanged"),
        ):
            self.add(f"genuine text from a look-alike with {name}", self.notice(sender=sender), ALTERED, "sender_look_alike", "text_whole")
            self.add(f"lure from a look-alike with {name}", self.lure("Your account", "We could not process your last payment. Update your card details.", sender=sender),
                     NOT_OURS, "no_proof", "sender_look_alike", "asks_for_secret")
        self.add("genuine from a sub-domain", self.notice(sender="notices@mail.orrery.example"), GENUINE, "sender_own")
        self.add("genuine, answers to a look-alike", self.notice().replace(b"MIME-Version", b"Reply-To: <help@0rrery.example>\r\nMIME-Version", 1), ALTERED, "sender_look_alike")
        self.add("our address as a name", self.lure("Notice", "Please read the notice.", sender="x@mailer.test", name="security@orrery.example"), NOT_OURS, "sender_look_alike", "no_proof")

    def lure(self, subject, text, sender="support@orrery.example", name="Orrery Labs", parts=(), subtype="plain", to=None) -> bytes:
        return mail(headers(sender, to or self.ada, subject, name), multipart("mixed", part(text, subtype), *parts, mark="b5"))

    def phishing(self):
        lures = [
            ("billing", "Invoice overdue", "We could not process your last payment. Update your card details at https://orrery-billing.example/pay within 24 hours.",
             {"link", "asks_for_secret", "lure_wording", "link_look_alike"}),
            ("billing without a link", "Payment failed", "Your payment was declined. Reply with your card number and its security code.", {"asks_for_secret"}),
            ("quota", "Quota exceeded", "Your API quota has been exceeded. Your access will be suspended today.", {"lure_wording"}),
            ("quota with a link", "Limit reached", "You have reached your usage limit. Raise it: https://bit.ly/3orrery", {"link", "lure_wording"}),
            ("suspicious login", "New sign-in", "We noticed a suspicious sign-in to your account. If this was not you, enter your password at http://192.0.2.9/login", {"link", "asks_for_secret"}),
            ("key rotation", "Rotate your keys", "Because of the Tallymark incident your API keys were exposed. Rotate your keys now: https://console.orrery.example.keys-check.test/rotate",
             {"link", "link_look_alike", "lure_wording"}),
            ("key by reply", "Keys compromised", "Your secret key has been compromised. Reply with your current API key so that we can replace it.", {"asks_for_secret", "lure_wording"}),
            ("code by telephone", "Security call", "Our security team will call you. Please give the verification code that you receive.", {"asks_for_secret"}),
            ("remote help", "We help you", "To remove the intruder, install AnyDesk and allow our team remote access.", {"asks_for_secret"}),
            ("refund", "Compensation", "You are eligible for compensation after the incident. Claim your refund today.", {"lure_wording"}),
            ("wallet", "Bonus", "Connect your wallet and confirm your recovery phrase to receive the airdrop.", {"asks_for_secret", "lure_wording"}),
            ("facturation", "Facture impayée", "Votre paiement a échoué. Mettez à jour votre carte bancaire sur https://orrery-facturation.example/ sous 24 heures.",
             {"link", "asks_for_secret", "lure_wording"}),
            ("quota français", "Quota dépassé", "Votre quota est dépassé et votre compte sera suspendu aujourd’hui.", {"lure_wording"}),
            ("connexion suspecte", "Connexion suspecte", "Une connexion suspecte a été détectée. Confirmez votre mot de passe sur http://0rrery.example/fr", {"link", "asks_for_secret"}),
            ("clés à remplacer", "Vos clés d’API", "Vos clés d’API ont été exposées. Envoyez-nous votre clé d’API actuelle pour la remplacer.", {"asks_for_secret", "lure_wording"}),
            ("code par SMS", "Vérification", "Merci de nous communiquer le code de vérification reçu par SMS.", {"asks_for_secret"}),
            ("remboursement", "Indemnisation", "Vous avez droit à un remboursement. Communiquez votre IBAN.", {"asks_for_secret", "lure_wording"}),
        ]
        for name, subject, text, codes in lures:
            self.add(f"lure: {name}", self.lure(subject, text), NOT_OURS, "no_proof", *codes)
        copied = self.lure("Your keys", "Your API keys were exposed. Rotate your keys now at https://orrery-keys.example/ and confirm your password.", parts=[file(self.proofs[self.ada])])
        self.add("lure with a copied proof", copied, NOT_OURS, "proof_holds", "text_absent", "link", "asks_for_secret")
        fake = {**self.company.proof(self.ada)}
        fake["letter"] = {**fake["letter"], "body": "Rotate your keys now at https://orrery-keys.example/"}
        self.add("lure with a forged proof", self.lure("Your keys", fake["letter"]["body"], parts=[file(write_proof(fake))]), NOT_OURS, "proof_fails", "link")
        stranger = write_proof(self.other.proof(self.ada))
        self.add("lure with a proof of its own", self.lure("Incident", self.other.letter(self.ada).body, parts=[file(stranger)]), NOT_OURS, "proof_fails")
        shown = '<p>Your console: <a href="https://evil.example/">https://console.orrery.example</a></p>'
        self.add("lure: a link that shows ours", self.lure("Console", shown, subtype="html"), NOT_OURS, "no_proof", "link")
        form = '<form action="https://evil.example/"><p>Enter your password</p><input type=password name=p></form>'
        self.add("lure: a form", self.lure("Sign in", form, subtype="html"), NOT_OURS, "active_content", "no_proof")
        self.add("lure: a program", self.lure("Tool", "Please find the tool attached.", parts=[file(b"MZ", "check.exe", "application/octet-stream")]), NOT_OURS, "added_file")
        self.add("lure: a page as a file", self.lure("Invoice", "See the invoice attached.", parts=[file(b"<form>", "invoice.html", "text/html")]), NOT_OURS, "added_file", "lure_wording")
        self.add("lure: letters of other scripts", self.lure("Notice", "Please confirm your p\u0430ssw\u043erd by reply."), NOT_OURS, "asks_for_secret")
        self.add("harmless message of a colleague", self.lure("Lunch", "Shall we have lunch at noon?", sender="bea@brightfen.example", name="Bea"), NOT_OURS, "no_proof", "sender_other")
        self.add("notice of another company", self.lure("Incident", "We had an incident. Nothing of yours is concerned.", sender="notices@tallymark.example", name="Tallymark"), NOT_OURS, "no_proof", "sender_other")
        self.add("empty", b"", NOT_OURS, "no_proof")
        self.add("bytes of nothing", bytes(range(256)) * 64, NOT_OURS, "no_proof")
        self.add("ten megabytes of a line", b"From: <a@b.example>\r\n\r\n" + b"x" * 10_000_000, NOT_OURS, "no_proof")
        self.add("ten megabytes of brackets", b"From: <a@b.example>\r\nContent-Type: text/html\r\n\r\n" + b"<div>" * 2_000_000, NOT_OURS, "no_proof")
