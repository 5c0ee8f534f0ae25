"""The gate's detectors beside detect-secrets, an outside opinion: on the labelled set, and on kinds of keys that it knew and nobody here chose."""

import json
import os
import pathlib
import random
import re
import string
import subprocess

import pytest
import requests
from detect_secrets.core.scan import scan_line
from detect_secrets.settings import transient_settings

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Its detectors of named kinds. Those of entropy and key words claim every digest and every “password:”; addresses are not secrets to it.
NAMED = [
    "AWSKeyDetector", "ArtifactoryDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "CloudantDetector", "DiscordBotTokenDetector",
    "GitHubTokenDetector", "GitLabTokenDetector", "IbmCosHmacDetector", "IbmCloudIamDetector", "JwtTokenDetector", "MailchimpDetector",
    "NpmDetector", "OpenAIDetector", "PrivateKeyDetector", "PypiTokenDetector", "SendGridDetector", "SlackDetector", "SoftlayerDetector",
    "SquareOAuthDetector", "StripeDetector", "TelegramBotTokenDetector", "TwilioKeyDetector",
]


def claims(text: str) -> set:
    """What detect-secrets sees in a text."""
    with transient_settings({"plugins_used": [{"name": name} for name in NAMED]}):
        return {found.type for line in text.splitlines() or [""] for found in scan_line(line)}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    path = tmp_path_factory.mktemp("labelled") / "texts.json"
    command = ["swift", "test", "--configuration", "release", "--skip-build", "--filter", "PrecisionTests"]
    environment = {**os.environ, "SEALANE_LABELLED": str(path), "SWIFT_BACKTRACE": "enable=no"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and path.exists(), done.stdout[-2000:]
    return json.loads(path.read_text())


def test_on_the_labelled_set(labelled):
    credentials = [line for line in labelled if line["kind"] in ("credential", "token")]
    harmless = [line for line in labelled if line["kind"] == "harmless"]
    assert len(credentials) > 70 and len(harmless) > 290
    theirs = [line for line in credentials if claims(line["text"])]
    wrong = [line["text"] for line in harmless if claims(line["text"])]
    ours = [line for line in credentials if line["claimed"]]
    print(f"credentials: {len(ours)} of {len(credentials)} here, {len(theirs)} by detect-secrets; harmless claimed by it: {len(wrong)}")
    assert len(ours) >= 0.97 * len(credentials) and len(theirs) > 20, "an opinion that sees nothing is none"
    assert [line["text"] for line in theirs if not line["claimed"]] == []
    assert sum(line["claimed"] for line in harmless) <= 0.03 * len(harmless)


def keys() -> dict:
    """Of each kind one that nobody issued, by its published shape."""
    dice = random.Random(1123)

    def some(letters: str, count: int) -> str:
        return "".join(dice.choice(letters) for _ in range(count))

    digits, lower, hexadecimal = string.digits, string.ascii_lowercase + string.digits, "0123456789abcdef"
    mixed, wide = string.ascii_letters + digits, string.ascii_letters + digits + "-_"
    return {
        "AWSKeyDetector": "AKIA" + some(string.ascii_uppercase + digits, 16),
        "ArtifactoryDetector": "AKC" + some(mixed, 70),
        "AzureStorageKeyDetector": "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=" + some(mixed, 86) + "==",
        "BasicAuthDetector": "https://deploy:" + some(mixed, 28) + "@r.example/v2",
        "CloudantDetector": "cloudant_password = \"" + some(hexadecimal, 64) + "\"",
        "DiscordBotTokenDetector": "M" + some(mixed, 23) + "." + some(mixed, 6) + "." + some(mixed, 27),
        "GitHubTokenDetector": "ghs_" + some(mixed, 36),
        "GitLabTokenDetector": "glptt-" + some(mixed, 40),
        "IbmCosHmacDetector": "cos_hmac_secret_access_key = " + some(hexadecimal, 48),
        "IbmCloudIamDetector": "ibm_cloud_iam_api_key = \"" + some(mixed, 44) + "\"",
        "JwtTokenDetector": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0." + some(wide, 43),
        "MailchimpDetector": some(hexadecimal, 32) + "-us14",
        "NpmDetector": "//registry.example/:_authToken=npm_" + some(mixed, 36),
        "OpenAIDetector": "sk-" + some(mixed, 20) + "T3BlbkFJ" + some(mixed, 20),
        "PrivateKeyDetector": "-----BEGIN OPENSSH PRIVATE KEY-----\n" + some(mixed, 64) + "\n-----END OPENSSH PRIVATE KEY-----",
        "PypiTokenDetector": "pypi-AgEIcHlwaS5vcmc" + some(wide, 80),
        "SendGridDetector": "SG." + some(mixed, 22) + "." + some(mixed, 43),
        "SlackDetector": "xoxb-" + some(digits, 12) + "-" + some(digits, 12) + "-" + some(mixed, 24),
        "SoftlayerDetector": "softlayer_api_key = " + some(lower, 64),
        "SquareOAuthDetector": "sq0csp-" + some(wide, 43),
        "StripeDetector": "rk_live_" + some(mixed, 24),
        "TelegramBotTokenDetector": some(digits, 10) + ":AA" + some(mixed, 33),
        "TwilioKeyDetector": "SK" + some(hexadecimal, 32),
    }


def test_kinds_that_it_knows_are_taken_out_before_they_are_stored(sealane):
    texts = keys()
    assert set(texts) == set(NAMED)
    for name, text in texts.items():
        assert claims(text), f"{name}: the sample has not its shape"
    event = {"event": "Detected", "properties": {"token": sealane.token, "distinct_id": "detector-1", **{f"p_{name}": text for name, text in texts.items()}}}
    assert requests.post(sealane.intake + "/track?verbose=1", json=[event], timeout=30).json()["status"] == 1
    (row,) = sealane.export(event='["Detected"]')
    # What of a text is the key: its longest row of letters and digits.
    kept = {name for name, text in texts.items() if max(re.findall("[A-Za-z0-9]+", text), key=len)[-16:] in json.dumps(row)}
    assert kept == set()
