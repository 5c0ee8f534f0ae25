"""The trust pages of a company in Python, made by TrustSiteMaker and served by Python: any host of static files will do."""

import functools
import http.server
import json
import subprocess
import threading
from pathlib import Path

from installation import BINARIES
from notice_maker import NOW, TEXTS, Company

DAY = 86_400_000


def content(company: Company, full: bool = True, asks: bool = False, path: str = "/ask") -> dict:
    """What the pages say: all there is to say, or nothing yet."""
    made = {
        "v": 1, "statements": [], "letters": [], "contact": "security@orrery.example", "lures": [], "made_at": NOW + 7_200_000,
        "keys": {"rotate": False, "why": {"en": "No key was among what was taken.", "fr": "Aucune clé ne figurait parmi ce qui a été pris."}},
        "security": {"contacts": ["mailto:security@orrery.example"], "expires": NOW + 180 * DAY, "policy": ["https://orrery.example/disclosure"],
                     "canonical": ["https://trust.orrery.example/.well-known/security.txt"]},
    }
    if asks:
        made["questions"] = {"path": path}
    if full:
        made["statements"] = [company.committed["statement"]]
        # The code as place, as in what two people agreed to.
        made["letters"] = [
            {"kind": kind, "subject": subject.format(case=company.case), "body": body.replace("{case}", company.case).replace("{fields}", "{{fields}}").replace("{code}", "{{check_code}}")}
            for kind, (subject, body) in TEXTS.items()]
        made["lures"] = [
            {"kind": "domain", "text": "orrery-billing.example", "seen_at": NOW - 2 * DAY}, {"kind": "domain", "text": "0rrery.example", "seen_at": NOW - DAY},
            {"kind": "subject", "text": "Your API keys were exposed: rotate now", "seen_at": NOW - DAY},
            {"kind": "subject", "text": "Facture impayée : votre accès sera suspendu", "seen_at": NOW}]
        made["checkpoint"] = company.checkpoint
    return made


def make_site(folder: Path, company: Company, said: dict) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "content.json").write_text(json.dumps(said))
    (folder / "anchors.json").write_text(json.dumps(company.anchors))
    subprocess.run([BINARIES / "TrustSiteMaker", folder / "content.json", folder / "anchors.json", folder / "site"], check=True, timeout=60)
    return folder / "site"


class Host:
    """Serves a folder below `prefix`, takes questions, and says what was asked for."""

    def __init__(self, folder: Path, prefix: str = "/", status: int = 202):
        outer = self
        self.requests, self.questions, self.status = [], [], status

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

            def translate_path(self, path):
                return super().translate_path(path[len(prefix) - 1:] if path.startswith(prefix) else "/nothing-here")

            def end_headers(self):
                # This server tells versions apart by the second: pages that are published twice in one would be the old ones.
                self.send_header("Cache-Control", "no-store")
                super().end_headers()

            def do_GET(self):
                outer.requests.append(self.path)
                super().do_GET()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                outer.questions.append((self.path, dict(self.headers), body))
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}{prefix}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
