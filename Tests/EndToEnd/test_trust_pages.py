"""The trust pages in Chromium: what `sealane verify` says of a message, they say, and nothing leaves the page."""

import base64
import json
import re
import shutil
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from desk import start_browser
from message_corpus import Corpus
from notice_maker import write_proof
from pyhpke import AEADId, CipherSuite, KDFId, KEMId
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from test_verify import verify, wrong
from trust_pages import Host, content, make_site

SUITE = CipherSuite.new(KEMId.DHKEM_P256_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)
VECTORS = Path(__file__).resolve().parents[1] / "NoticesTests" / "Mail"
PAGES = ["index.html", "check.html", "affected.html", "what-to-do.html", "statements.html"]
JUDGE = """
const [raw, reader, language, done] = arguments;
const bytes = Uint8Array.from(atob(raw), letter => letter.charCodeAt(0));
(async () => {
  const anchors = await Anchors.read(JSON.parse(document.getElementById('anchors').textContent));
  const verdict = await new Judge(anchors, speaker(language)).judge(bytes, reader === null ? null : ReaderName.guess(reader));
  return { verdict: verdict.verdict, reasons: verdict.reasons };
})().then(done, error => done({ verdict: 'error', reasons: [{ code: 'error', weight: 'bad', sentence: String(error.stack) }] }));
"""


@pytest.fixture(scope="module")
def corpus():
    return Corpus()


@pytest.fixture(scope="module")
def trust(corpus, tmp_path_factory):
    path = tmp_path_factory.mktemp("anchors") / "anchors.json"
    path.write_text(json.dumps(corpus.company.anchors))
    return path


@pytest.fixture(scope="module")
def key():
    return SUITE.kem.derive_key_pair(bytes(range(32)))


@pytest.fixture(scope="module")
def site(corpus, key, tmp_path_factory):
    corpus.company.question_key = key.public_key.to_public_bytes()
    return make_site(tmp_path_factory.mktemp("full"), corpus.company, content(corpus.company, asks=True))


@pytest.fixture(scope="module")
def host(site):
    host = Host(site)
    yield host
    host.close()


@pytest.fixture(scope="module")
def browser():
    driver = start_browser()
    driver.set_script_timeout(120)
    yield driver
    driver.quit()


def requested(browser) -> list[str]:
    """What the browser asked for since it was asked last."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]


def complaints(browser) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]


def judged(browser, raw: bytes, reader=None, language="en") -> dict:
    return browser.execute_async_script(JUDGE, base64.b64encode(raw).decode(), reader, language)


def test_the_page_says_what_the_program_says(browser, host, corpus, trust):
    browser.get(host.url + "check.html")
    requested(browser)
    faults = []
    for message in corpus.messages:
        shown = judged(browser, message.raw, message.reader)
        if wrong(message, shown):
            faults.append(wrong(message, shown))
        said = verify(message.raw, trust, *(["--reader", message.reader] if message.reader else []))
        codes = [sorted((reason["code"], reason["weight"]) for reason in answer["reasons"]) for answer in (shown, said)]
        if codes[0] != codes[1]:
            faults.append(f"{message.name}: page and program differ\n   page {[c for c in codes[0] if c not in codes[1]]}\n   program {[c for c in codes[1] if c not in codes[0]]}")
    assert not faults, f"{len(faults)} of {len(corpus.messages)}\n" + "\n".join(faults)
    assert [url for url in requested(browser) if not url.startswith("data:")] == []


def test_the_french_page_judges_alike_and_in_french(browser, host, corpus):
    browser.get(host.url + "fr/check.html")
    english = set(re.findall(r"It was written|It carries|It has|looks like|was changed", " ".join(
        reason["sentence"] for message in corpus.messages[::3] if len(message.raw) < 1_000_000
        for reason in judged(browser, message.raw, message.reader, "fr")["reasons"])))
    assert not english
    missing = browser.execute_script("return Object.keys(SENTENCES.en).filter(key => SENTENCES.fr[key] === undefined).concat(Object.keys(SENTENCES.fr).filter(key => SENTENCES.en[key] === undefined))")
    assert missing == []


def test_vectors_for_a_second_implementation(browser, host):
    browser.get(host.url + "check.html")
    vectors = json.loads((VECTORS / "canonical-words.json").read_text())
    found = browser.execute_script("return arguments[0].map(text => Words.of(text))", [vector["text"] for vector in vectors])
    assert found == [vector["words"] for vector in vectors]
    names = json.loads((VECTORS / "names.json").read_text())
    found = browser.execute_script("return arguments[0].map(name => ReaderName.make(name.kind, name.text)?.text ?? null)", names)
    assert [name for name, got in zip(names, found) if got != name["name"]] == []
    looks = json.loads((VECTORS / "look-alikes.json").read_text())
    found = browser.execute_script(
        "const looks = new LookAlike(arguments[0], arguments[1]); return arguments[2].map(domain => { const found = looks.judge(domain); return [found.verdict, found.reason ?? null]; })",
        looks["own"], looks.get("brands", []), [vector["domain"] for vector in looks["vectors"]])
    faults = [(vector, got) for vector, got in zip(looks["vectors"], found) if got != [vector["verdict"], vector["reason"]]]
    assert not faults, faults
    lures = json.loads((VECTORS / "lures.json").read_text())
    found = browser.execute_script("return arguments[0].map(text => Lures.signs(text).map(sign => sign.kind).sort())", [lure["text"] for lure in lures])
    faults = [(lure["text"], lure["signs"], got) for lure, got in zip(lures, found) if got != sorted(lure["signs"])]
    assert not faults, faults


def choose(browser, *files):
    field = browser.find_element(By.NAME, "files")
    browser.execute_script("arguments[0].value = ''", field)
    if files:
        field.send_keys("\n".join(str(file) for file in files))


def press(browser, *words) -> str:
    browser.execute_script("document.getElementById('result').textContent = ''; delete document.getElementById('result').dataset.verdict")
    browser.find_element(By.CSS_SELECTOR, "#check button").click()
    result = browser.find_element(By.ID, "result")
    WebDriverWait(browser, 20).until(lambda _: result.get_attribute("data-verdict") or any(word in result.text for word in words))
    return result.text


def test_a_reader_uses_the_form(browser, host, corpus, tmp_path):
    by_name = {message.name: message for message in corpus.messages}
    browser.get(host.url + "check.html")
    requested(browser), complaints(browser)
    files = {}
    for name in ("as sent to ada@brightfen.example", "one word", "lure: billing"):
        files[name] = tmp_path / f"{len(files)}.eml"
        files[name].write_bytes(by_name[name].raw)
    assert "Choose a file or paste" in press(browser, "Choose")
    for name, headline in zip(files, ("Genuine: Orrery Labs wrote this.", "Altered: Orrery Labs wrote a part", "Not ours: nothing proves that Orrery Labs")):
        choose(browser, files[name])
        assert press(browser).startswith(headline)
    # The original as pasted; what one sees of it, with and without the proof beside it; a proof alone.
    text = browser.find_element(By.NAME, "text")
    choose(browser)
    browser.execute_script("arguments[0].value = arguments[1]", text, by_name["as sent to ada@brightfen.example"].raw.decode())
    assert press(browser).startswith("Genuine")
    letter = corpus.company.letter(corpus.ada)
    proof = tmp_path / "sealane-proof.json"
    proof.write_bytes(corpus.proofs[corpus.ada])
    browser.execute_script("arguments[0].value = arguments[1]", text, letter.body)
    shown = press(browser)
    assert shown.startswith("Not ours") and "sealane-proof.json" in shown
    choose(browser, proof)
    assert press(browser).startswith("Genuine")
    browser.execute_script("arguments[0].value = arguments[1]", text, letter.body.replace("need not", "must"))
    assert press(browser).startswith("Altered")
    browser.execute_script("arguments[0].value = ''", text)
    assert letter.code in press(browser)
    browser.find_element(By.NAME, "reader").send_keys(corpus.bea)
    choose(browser, files["as sent to ada@brightfen.example"])
    assert "somebody else" in press(browser)
    for name, isin in ((f"email:{corpus.bea}", "is among those"), ("email:nobody@brightfen.example", "is not among those")):
        place = tmp_path / "place.json"
        place.write_bytes(write_proof(corpus.company.statement_proof(name)))
        choose(browser, place)
        field = browser.find_element(By.NAME, "reader")
        browser.execute_script("arguments[0].value = 'mallory@intruder.example'", field)
        assert press(browser).startswith("It was written to somebody else")
        browser.execute_script("arguments[0].value = arguments[1]", field, name.removeprefix("email:").upper())
        assert isin in press(browser)
    assert [url for url in requested(browser) if not url.startswith(("data:", "file:")) and not url.endswith("/mark.svg")] == []
    assert complaints(browser) == []


HOSTILE = """<html><head><link rel=stylesheet href=URL/x.css><base href=URL/><meta http-equiv=refresh content="0;url=URL/r"></head><body background=URL/b>
<img src=URL/i srcset="URL/s 2x"><video poster=URL/p autoplay src=URL/v></video><iframe src=URL/f></iframe><object data=URL/o></object>
<script>window.ran=1</script><svg onload="window.ran=1"><image href="URL/g"/></svg><img src=x onerror="window.ran=1">
<form action=URL/q><input autofocus onfocus="window.ran=1"></form><div style="background:url(URL/d)">words</div>"""


def test_nothing_in_a_message_runs_or_is_fetched(browser, host):
    browser.get(host.url + "check.html")
    requested(browser)
    raw = b"From: <a@b.example>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + HOSTILE.replace("URL", host.url + "evil").encode()
    shown = judged(browser, raw)
    assert shown["verdict"] == "not_ours" and {"link", "active_content"} <= {reason["code"] for reason in shown["reasons"]}
    browser.execute_script("document.getElementsByName('text')[0].value = arguments[0]", raw.decode())
    press(browser)
    time.sleep(1)
    assert browser.execute_script("return window.ran ?? null") is None and browser.current_url == host.url + "check.html"
    assert [url for url in requested(browser) if not url.endswith("/mark.svg")] == [] and not any("evil" in path for path in host.requests)


def test_a_browser_without_ed25519_gives_no_verdict(browser, host, corpus):
    browser.get(host.url + "check.html")
    browser.execute_script("const real = crypto.subtle.importKey; crypto.subtle.importKey = function (format, key, algorithm, ...rest) { return algorithm.name === 'Ed25519'"
                           " ? Promise.reject(new DOMException('no', 'NotSupportedError')) : real.call(crypto.subtle, format, key, algorithm, ...rest); }")
    browser.execute_script("document.getElementsByName('text')[0].value = arguments[0]", corpus.messages[0].raw.decode())
    assert "there is no verdict" in press(browser, "no verdict")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_questions_are_sealed(browser, host, key, language):
    host.questions.clear()
    complaints(browser)
    browser.get(host.url + ("" if language == "en" else "fr/") + "affected.html")
    said = set()
    for address in ("Ada@Brightfen.example", "nobody@sorrelfinch.example", "é" * 100 + "@x.example"):
        field = browser.find_element(By.NAME, "address")
        browser.execute_script("arguments[0].type = 'text'; arguments[0].value = arguments[1]", field, address)
        before = len(host.questions)
        browser.find_element(By.CSS_SELECTOR, "#ask button").click()
        WebDriverWait(browser, 20).until(lambda _: len(host.questions) > before and browser.find_element(By.ID, "result").get_attribute("data-state") == "sent")
        said.add(browser.find_element(By.ID, "result").text)
        path, headers, body = host.questions[-1]
        assert path == "/ask" and "Cookie" not in headers and "Referer" not in headers and address not in body.decode()
        raw = base64.b64decode(json.loads(body)["question"], validate=True)
        assert list(json.loads(body)) == ["question"] and len(raw) == 65 + 512 + 16
        plain = SUITE.create_recipient_context(raw[:65], key.private_key, info=b"sealane trust question v1").open(raw[65:], aad=b"")
        assert len(plain) == 512
        expected = json.dumps({"address": address.lower(), "language": language, "v": 1}, separators=(",", ":"), ensure_ascii=False)
        assert plain.decode().rstrip(" ") == expected
    assert len(said) == 1
    host.status = 503
    browser.find_element(By.NAME, "address").send_keys("ada@brightfen.example")
    browser.find_element(By.CSS_SELECTOR, "#ask button").click()
    WebDriverWait(browser, 20).until(lambda _: browser.find_element(By.ID, "result").get_attribute("data-state") == "not_sent")
    host.status = 202
    assert [complaint for complaint in complaints(browser) if "503" not in complaint] == []


def test_from_a_folder_of_any_host(browser, site, corpus):
    host = Host(site, prefix="/company/trust/")
    try:
        requested(browser), complaints(browser)
        for page in PAGES + [f"fr/{page}" for page in PAGES]:
            browser.get(host.url + page)
            for link in browser.execute_script("return Array.from(document.querySelectorAll('a[href], link[href], script[src]'), each => each.href || each.src)"):
                if link.startswith("mailto:"):
                    continue
                path = urlsplit(link)
                assert f"{path.scheme}://{path.netloc}/" == host.url.split("company")[0] and path.path.startswith("/company/trust/"), link
                assert (site / path.path.removeprefix("/company/trust/")).is_file(), link
        assert {urlsplit(url).netloc for url in requested(browser) if not url.startswith("data:")} == {urlsplit(host.url).netloc}
        assert complaints(browser) == []
        browser.get(host.url + "check.html")
        assert judged(browser, corpus.messages[0].raw)["verdict"] == "genuine"
    finally:
        host.close()


def test_without_scripts_the_pages_say_so(host):
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    try:
        for page, words in (("check.html", "sealane verify"), ("affected.html", "security@orrery.example"), ("fr/check.html", "désactivé")):
            driver.get(host.url + page)
            text = driver.find_element(By.TAG_NAME, "body").text
            assert words in text and not driver.find_elements(By.CSS_SELECTOR, "form:not([hidden])")
        driver.get(host.url + "what-to-do.html")
        assert "You need not replace your API keys" in driver.find_element(By.TAG_NAME, "body").text
    finally:
        driver.quit()


def test_the_same_content_gives_the_same_files(corpus, tmp_path):
    said = content(corpus.company)
    one, two = make_site(tmp_path / "one", corpus.company, said), make_site(tmp_path / "two", corpus.company, said)
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(two) for path in two.rglob("*") if path.is_file()) and len(files) == 17
    assert all((one / file).read_bytes() == (two / file).read_bytes() for file in files)
    shutil.rmtree(one.parent)


def test_security_txt_is_one(site):
    from sectxt import Parser

    parsed = Parser((site / ".well-known" / "security.txt").read_bytes())
    assert parsed.is_valid(), parsed.errors
    assert parsed.errors == []
