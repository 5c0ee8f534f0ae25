"""An answer to a person: the export under pseudonyms, joined on the custodian's page with the identities that three approvers opened. The join
happens in the browser alone; what strangers sent stays text in both files; what stays shut says why."""

import html.parser
import json
import re
import time

import pytest
import requests
from desk import Desk, WebDriverWait, ask, enrol_three, look, start_browser
from installation import ROOT
from selenium.webdriver.common.by import By

ACCOUNT, DEVICE, PHONE_DEVICE, OTHER = "acct-joinprobe-1", "device-joinprobe", "tablet-joinprobe", "acct-joinprobe-2"
HOSTILE = '</script><img src=x onerror="document.title=`pwned`">'
TURNED = "abc\u202egnp.exe"
EVIL_NAME = '</textarea><svg onload="document.title=1">Ada "J" Probe'
PROFILE = {
    "$email": "ada.joinprobe@leakproof.example", "$name": EVIL_NAME, "phones": ["+49 151 23456789", "+49 151 98765432"],
    "billing": {"email": "bills.joinprobe@leakproof.example", "plan": "pro"}, "$phone": "+49 151 55555555", "tier": HOSTILE, "seats": 3}
OTHER_EMAIL = "emil.joinprobe@leakproof.example"
SECRETS = [ACCOUNT, DEVICE, "ada.joinprobe@", "bills.joinprobe@", "98765432", "early.joinprobe@"]


@pytest.fixture(scope="module")
def desk(sealane):
    driver = start_browser()
    yield Desk(driver, sealane.custodian_origin)
    driver.quit()


@pytest.fixture(scope="module")
def exports(sealane, tmp_path_factory):
    """Two people's exports as the command wrote them: files and what is in them."""
    start = int(time.time()) - 3600
    records = [
        {"event": HOSTILE, "properties": {"time": start + 20, "distinct_id": ACCOUNT, "$insert_id": "j-1", "<b onclick=1>": TURNED, "list": [1, True, None]}},
        {"event": "Signed in", "properties": {"time": start + 2, "$device_id": DEVICE, "$user_id": ACCOUNT, "distinct_id": ACCOUNT, "$insert_id": "j-2"}},
        {"event": "Opened", "properties": {"time": start, "$device_id": DEVICE, "distinct_id": f"$device:{DEVICE}", "$insert_id": "j-3"}},
        {"event": "Signed in", "properties": {"time": start + 4, "$device_id": PHONE_DEVICE, "$user_id": ACCOUNT, "distinct_id": ACCOUNT, "$insert_id": "j-4"}},
        {"event": "Opened", "properties": {"time": start + 3, "$device_id": PHONE_DEVICE, "distinct_id": f"$device:{PHONE_DEVICE}", "$insert_id": "j-5"}},
        {"event": "Signed up", "properties": {"time": start + 5, "distinct_id": OTHER, "$insert_id": "j-6", "plan": "free"}},
    ]
    assert sealane.send_import(records).status_code == 200
    updates = [
        {"$token": sealane.token, "$distinct_id": ACCOUNT, "$set": PROFILE}, {"$token": sealane.token, "$distinct_id": OTHER, "$set": {"$email": OTHER_EMAIL}},
        # Written before anybody knew whose device it is: it stays with the device's id.
        {"$token": sealane.token, "$distinct_id": f"$device:{DEVICE}", "$set": {"$email": "early.joinprobe@leakproof.example"}}]
    assert requests.post(sealane.intake + "/engage", json=updates, auth=sealane.account, timeout=30).status_code == 200
    folder = tmp_path_factory.mktemp("exports")
    lines = sealane.export()
    made = []
    for name, event in (("one", HOSTILE), ("other", "Signed up")):
        (subject,) = {line["properties"]["distinct_id"] for line in lines if line["event"] == event}
        file = folder / f"{name}.json"
        said = json.loads(sealane.command("subject", "export", subject, "--data", sealane.data, "--output", file, "--json"))
        document = json.loads(file.read_text())
        assert said["subjects"] == [one["subject"] for one in document["ids"]] and document["subject"] == subject == said["subjects"][0]
        made.append((file, document))
    return made


def wait_for_keys(sealane, count: int):
    for _ in range(200):
        held = requests.get(f"http://127.0.0.1:{sealane.custodian_port}/status.json", timeout=5).json()["projects"]
        if held and held[0]["record_keys"] >= count:
            return
        time.sleep(0.1)
    raise AssertionError("the custodian took no keys")


def test_an_export_names_every_id_and_no_identity(sealane, exports):
    (file, one), (_, other) = exports
    assert one["format"] == "sealane subject export" and one["version"] == 2 and one["project"] == sealane.project_id
    assert len(one["ids"]) == 3 and len(one["events"]) == 5 and len(other["ids"]) == 1
    text = file.read_text()
    assert not any(secret in text for secret in SECRETS)
    places = re.findall(r'\{"sealed":true,"sha256":"([0-9a-f]{64})"\}', text)
    assert len(places) == len(set(places)) == 3 + 6 + 1
    # Asked for by a device's id it is the same person.
    again = json.loads(sealane.command("subject", "export", one["ids"][1]["subject"], "--data", sealane.data))
    assert [one_id["subject"] for one_id in again["ids"]] == [one_id["subject"] for one_id in one["ids"]] and again["events"] == one["events"]
    listed = sealane.command("subject", "export", one["subject"], "--data", sealane.data, "--format", "text")
    assert all(one_id["subject"] in listed for one_id in one["ids"]) and "$email: sealed" in listed and "sha256" not in listed
    # A page of ids at a time gives the same.
    url, paged, cursor = sealane.api + f"/api/v1/subjects/{one['subject']}/ids", [], None
    while True:
        page = requests.get(url, params={"limit": 1} | ({"cursor": cursor} if cursor else {}), auth=sealane.account, timeout=10).json()
        paged += page["ids"]
        cursor = page["next"]
        if not cursor:
            break
    assert paged == one["ids"]


@pytest.fixture(scope="module")
def opened(sealane, desk, exports):
    """The page of an opening: both people, but not one of the first one's devices, and not the phone number."""
    wait_for_keys(sealane, 4)
    enrol_three(sealane, desk)
    (_, one), (_, other) = exports
    left_out = one["ids"][2]["subject"]
    subjects = [one["ids"][0]["subject"], one["ids"][1]["subject"], other["subject"]]
    desk.sign_in("Ada")
    digest = ask(desk, subjects, "Request 17 under Art. 15, from the person themselves", others="phones, billing")
    for name, words in (("Bea", "1 of 2 approvals"), ("Cleo", "approved")):
        desk.sign_in(name)
        desk.open(f"/requests/{digest}")
        desk.press("sign")
        desk.until(words)
    desk.sign_in("Ada")
    desk.open(f"/requests/{digest}")
    desk.press("open")
    desk.until("Join with an export", PROFILE["$email"])
    for kind in ("performance", "browser"):
        desk.driver.get_log(kind)
    return digest, left_out


def choose(desk, file):
    """Chooses a file; what the page then says."""
    driver = desk.driver
    driver.execute_script("document.querySelector('#join [role=status]').textContent = ''")
    driver.find_element(By.CSS_SELECTOR, "#join input[type=file]").send_keys(str(file))

    def said(_):
        text = driver.find_element(By.CSS_SELECTOR, "#join [role=status]").text
        return text if text and not text.startswith("Read") else False

    return WebDriverWait(driver, 60).until(said)


def save(desk, folder):
    folder.mkdir(exist_ok=True)
    desk.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    for link in desk.driver.find_elements(By.CSS_SELECTOR, "#join [data-result] a"):
        link.click()
    WebDriverWait(desk.driver, 20).until(lambda _: {file.suffix for file in folder.iterdir()} == {".json", ".html"})
    (page,), (data,) = folder.glob("*.html"), folder.glob("*.json")
    return page, data


class Elements(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.names, self.attributes = set(), set()

    def handle_starttag(self, tag, attributes):
        self.names.add(tag)
        self.attributes |= {name for name, _ in attributes}


def test_the_files_have_who_it_is(sealane, desk, exports, opened, tmp_path):
    digest, left_out = opened
    (file, before), _ = exports
    said = choose(desk, file)
    assert before["subject"] in said and "8 places filled in" in said and "2 places stay shut" in said and "5 events" in said
    look(desk, "joined")
    page, data = save(desk, tmp_path / "saved")
    assert data.name == f"{before['subject']}.identities.json" and page.name == f"{before['subject']}.html"
    after = json.loads(data.read_text())
    assert [one["id"] for one in after["ids"][:2]] == [ACCOUNT, f"$device:{DEVICE}"] or [one["id"] for one in after["ids"][:2]] == [ACCOUNT, DEVICE]
    profile = after["ids"][0]["verified"]
    assert {name: profile[name] for name in PROFILE if name != "$phone"} == {name: value for name, value in PROFILE.items() if name != "$phone"}
    assert profile["$phone"] == before["ids"][0]["verified"]["$phone"] and after["ids"][1]["verified"]["$email"] == "early.joinprobe@leakproof.example"
    assert after["events"] == before["events"] and after["ids"][2]["id"] == before["ids"][2]["id"]
    (opening,) = after["identities"]["openings"]
    assert opening["request"] == digest and opening["purpose"].startswith("Request 17") and isinstance(opening["ledger_entry"], int)
    assert len(after["identities"]["opened"]) == 8 and OTHER_EMAIL not in data.read_text()
    reasons = {(one["subject"], one["field"]): one["reason"] for one in after["identities"]["shut"]}
    assert "not among the subjects" in reasons[left_out, "$id"] and "not among those of the request" in reasons[before["subject"], "$phone"] and len(reasons) == 2

    text = page.read_text()
    elements = Elements()
    elements.feed(text)
    assert not elements.names & {"script", "img", "svg", "iframe", "link", "form", "input", "textarea", "b"}, elements.names
    assert elements.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class"}
    assert "\u202e" not in text and "abc[U+202E]gnp.exe" in text
    main = desk.driver.current_window_handle
    desk.driver.switch_to.new_window("tab")
    desk.driver.get(page.as_uri())
    shown = desk.driver.find_element(By.TAG_NAME, "body").text
    assert desk.driver.title == "What is stored about you"
    for word in (
            ACCOUNT, "E-mail address", PROFILE["$email"], EVIL_NAME, "+49 151 98765432", "bills.joinprobe@leakproof.example", HOSTILE, "<b onclick=1>", "1, yes, –",
            "5 events", "What stays sealed", left_out, "Signed in", DEVICE):
        assert word in shown, word
    assert shown.index(HOSTILE, shown.index("the newest first")) < shown.index("Opened"), "the newest first"
    look(desk, "answer")
    desk.driver.close()
    desk.driver.switch_to.window(main)


def test_another_person_of_the_same_opening(desk, exports, opened, tmp_path):
    file, before = exports[1]
    said = choose(desk, file)
    assert before["subject"] in said and "2 places filled in, nothing stays shut; 1 event." in said
    page, data = save(desk, tmp_path / "saved")
    after = json.loads(data.read_text())
    assert after["ids"][0]["id"] == OTHER and after["ids"][0]["verified"]["$email"] == OTHER_EMAIL and after["identities"]["shut"] == []
    assert "stays sealed" not in page.read_text() and not any(secret in data.read_text() + page.read_text() for secret in SECRETS)
    # A file that was joined is joined again, by a later opening for instance, and loses nothing.
    assert "0 places filled in" in choose(desk, data)
    _, twice = save(desk, tmp_path / "again")
    twice = json.loads(twice.read_text())
    assert twice["ids"] == after["ids"] and twice["identities"]["opened"] == after["identities"]["opened"] and len(twice["identities"]["openings"]) == 2


def test_what_does_not_fit_is_refused_or_stays_shut(sealane, desk, exports, opened, tmp_path):
    (file, one), (_, other) = exports
    text = file.read_text()

    def altered(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    emil = other["ids"][0]["verified"]["$email"]
    # Somebody sends what looks like the sealed value of somebody else, or moves one to another field.
    planted = altered("planted.json", text.replace('"seats":3', '"$email2":%s,"seats":%s' % (
        json.dumps(one["ids"][0]["verified"]["$email"]), json.dumps(emil)), 1))
    assert "8 places filled in, 4 places stay shut" in choose(desk, planted)
    _, data = save(desk, tmp_path / "planted")
    assert OTHER_EMAIL not in data.read_text()
    # What was written anew in between stays shut.
    stale = altered("stale.json", text.replace(one["ids"][0]["verified"]["$email"]["sha256"], "0" * 64))
    assert "7 places filled in, 3 places stay shut" in choose(desk, stale)
    _, data = save(desk, tmp_path / "stale")
    assert any("written anew" in shut["reason"] for shut in json.loads(data.read_text())["identities"]["shut"])
    everybody = text
    for index, one_id in enumerate(one["ids"]):
        everybody = everybody.replace(one_id["subject"], "s_" + str(index) * 32)
    lines = text.splitlines()
    for name, content, words in (
            ("stranger.json", everybody, "who was not opened here"),
            ("project.json", text.replace('"project":1', '"project":2'), "of project 2"),
            ("older.json", '{"profile":{},"subject":"%s","events":[\n\n]}\n' % one["subject"], "older Sealane"),
            ("newer.json", text.replace('"version":2', '"version":3'), "version 2"),
            ("cut.json", "\n".join(lines[:3]), "ends too early"),
            ("half.json", "\n".join(lines[:2]) + "\n" + lines[2][:20], "event 2 is not whole"),
            ("pretty.json", json.dumps(one, indent=1), "laid out anew"),
            ("more.json", text + "{}\n", "behind its end"),
            ("bytes.json", b"\xff\xfe" + text.encode(), "no text in UTF-8"),
            ("empty.json", "", "ends too early"),
            ("picture.png", b"\x89PNG\r\n", "no text in UTF-8")):
        assert words in choose(desk, altered(name, content)), name
        assert not desk.driver.find_element(By.CSS_SELECTOR, "#join [data-result]").is_displayed(), name
    with (tmp_path / "large.json").open("wb") as large:
        large.truncate(257 << 20)
    assert "at most 256 MB" in choose(desk, tmp_path / "large.json")


def test_the_vector_of_the_formats_page(desk, opened):
    """The worker itself, given what docs/FORMATS.md says."""
    page = (ROOT / "docs" / "FORMATS.md").read_text()
    export, expected = re.findall(r"```\n(\{.*?\n\]\}\n)```", page[page.index("Vector: an export"):], re.DOTALL)[:2]
    head = json.loads(export)
    opening = {
        "project": 1, "request": "cc" * 32, "ledger_entry": 17, "purpose": "Request 17 under Art. 15", "fields": ["$email"],
        "subjects": [{"subject": head["subject"], "fields": [{"name": "$email", "layer": "verified", "sha256": "bb" * 32, "value": "ada@orrery.example"}]}]}
    made = desk.driver.execute_async_script("""
        const [text, opening, done] = arguments, worker = new Worker(document.getElementById('join').dataset.worker);
        worker.onmessage = async ({ data }) => done(data.refused || await data.json.text());
        worker.postMessage({ file: new File([text], 'export.json'), opening });""", export, opening)
    time_of = re.compile(r'"joined_at":"[^"]*"')
    assert time_of.sub("", made) == time_of.sub("", expected)


def test_nothing_left_the_browser(sealane, desk, exports, opened):
    """Of all tests before: only the scripts were asked for. And nothing could leave: neither page nor worker may connect to anything."""
    sent = [json.loads(entry["message"])["message"] for entry in desk.driver.get_log("performance")]
    sent = [entry["params"]["request"] for entry in sent if entry["method"] == "Network.requestWillBeSent"]
    here = [request for request in sent if request["url"].startswith("http")]
    assert all(request["method"] == "GET" and "/assets/" in request["url"] and "postData" not in request for request in here), here
    refused = desk.driver.execute_async_script("""
        const done = arguments[0];
        fetch('/status.json').then(() => done('sent'), () => done('refused'));""")
    assert refused == "refused"
    worker = desk.driver.execute_script("return document.getElementById('join').dataset.worker")
    answer = requests.get(f"http://127.0.0.1:{sealane.custodian_port}{worker}", timeout=10)
    assert answer.status_code == 200 and "connect-src 'none'" in answer.headers["Content-Security-Policy"]
    complaints = [entry["message"] for entry in desk.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    assert complaints and all("/status.json" in entry for entry in complaints), "only what this test tried itself was refused: " + str(complaints)
    # The exports' content is on no disk of the two machines in the clear.
    for place in (sealane.server_log, sealane.custodian_log, *sealane.data.rglob("*"), *sealane.custodian_data.rglob("*")):
        if place.is_file():
            assert not any(secret.encode() in place.read_bytes() for secret in SECRETS), place
    digest, _ = opened
    desk.open(f"/requests/{digest}")
    desk.until("opened")
    assert not desk.driver.find_elements(By.ID, "join"), "an opening is shown once, and joined with once"
