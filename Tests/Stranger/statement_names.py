"""What somebody is known by in a statement, from docs/FORMATS.md, "Statement", alone; uses no code of Sealane. UTS #46 by the package idna."""

import re
import unicodedata

import idna

HOST = re.compile(r"(?=.{1,253}\Z)([a-z0-9_-]{1,63}\.)*(?!([0-9]+|0x[0-9a-f]*)\Z)[a-z0-9_-]{1,63}\Z")


def a_labels(domain: str) -> str | None:
    """Of a domain in lower case; None for what is no name once it is converted."""
    if domain.isascii():
        return domain
    if any(letter.isascii() and not re.match(r"[a-z0-9._-]", letter) for letter in domain):
        return None
    labels, texts = [], []
    try:
        for label in re.split(r"[.\u3002]", idna.uts46_remap(domain, std3_rules=False)):
            if label.startswith("xn--"):
                shown = label[4:].encode().decode("punycode")
                if not shown or shown.isascii() or idna.uts46_remap(shown, std3_rules=False) != shown:
                    return None
            else:
                shown = label
                label = label if label.isascii() else f"xn--{label.encode('punycode').decode()}"
            if shown and unicodedata.category(shown[0]).startswith("M"):
                return None
            # CheckJoiners.
            if any(letter in "\u200c\u200d" and not idna.valid_contextj(shown, place) for place, letter in enumerate(shown)):
                return None
            labels.append(label)
            texts.append(shown)
        # CheckBidi: where one label is written from right to left, all are held to it.
        if any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in "".join(texts)):
            for text in texts:
                if text:
                    idna.check_bidi(text, check_ltr=True)
    except (idna.IDNAError, UnicodeError):
        return None
    host = ".".join(labels)
    return host if HOST.match(host) else None


def name(kind: str, text: str) -> str | None:
    value = unicodedata.normalize("NFC", text.strip())
    if not value or len(value.encode()) > 1_024 or any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
        return None
    if kind == "email":
        value = unicodedata.normalize("NFC", "".join(letter.lower() for letter in value))
        parts = value.split("@")
        if len(parts) != 2 or not all(parts) or re.search(r"\s", value):
            return None
        domain = a_labels(parts[1])
        if domain is None:
            return None
        value = f"{parts[0]}@{domain}"
    return f"{kind}:{value}"
