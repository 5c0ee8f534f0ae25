"""The ledger as outsiders see it: cosigned by the custodian and by others, verified by a program of its own, and what happens when a ledger
is set back, forked, or when no witness answers."""

import json
import shutil
import threading
import time
from random import Random

import pytest
import requests
from desk import Desk, enrol_three, look, start_browser
from installation import today
from pymerkle import InmemoryTree
from selenium.webdriver.common.by import By
from test_alarm import custodian, kinds, set_email, troubles, wait_for
from staff import owner
from tlog import Key, WitnessServer, read_checkpoint, read_note, read_proof, root_of, tile_paths
from merkle_proofs import leaf_hash  # tlog knows where it is

EVENT = "Witness Probe"


def fill(sealane, count: int = 5):
    events = [{"event": EVENT, "properties": {"distinct_id": f"witness-{n}", "plan": "pro"}} for n in range(count)]
    assert sealane.track(*events).text == "1"


def subjects(sealane) -> requests.Response:
    """Rows about single subjects."""
    return requests.get(
        sealane.api + "/api/2.0/export", params={"from_date": today(-1), "to_date": today(1), "project_id": sealane.project_id},
        auth=sealane.account, timeout=30)


def aggregate(sealane) -> requests.Response:
    query = {"report": "insights", "range": {"from": today(-1), "to": today(1)}, "series": [{"event": EVENT}]}
    return requests.post(sealane.api + "/api/v1/query", json=query, params={"project_id": sealane.project_id}, auth=sealane.account, timeout=30)


def gauge(sealane, name: str) -> float:
    text = requests.get(sealane.api + "/metrics", timeout=10).text
    (value,) = [line.split(" ")[1] for line in text.splitlines() if line.startswith(name + " ")]
    return float(value)


def public_note(sealane) -> str:
    answer = requests.get(sealane.api + "/tlog/checkpoint", timeout=10)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/plain")
    return answer.text


def public_size(sealane) -> int:
    return int(public_note(sealane).split("\n")[1])


def entries(sealane) -> list:
    return json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", "1000", "--json"))["entries"]


def alerts(sealane) -> list:
    listed = json.loads(sealane.command("alerts", "list", "--data", sealane.data, "--json"))["alerts"]
    return [alert for alert in listed if alert["kind"] == "ledger_witness"]


def witness_key(sealane) -> Key:
    """The custodian's, as the ledger pins it."""
    found = wait_for(lambda: [entry for entry in entries(sealane) if entry["kind"] == "custodian_witness_pinned"])
    assert len(found) == 1
    return Key(found[0]["facts"]["public_key"])


def read_tile(directory, path: str, width: int) -> bytes:
    """The narrowest file with as much of a tile, the whole one last: a server at work publishes and removes what older checkpoints needed."""
    whole = directory / path.split(".p/")[0]
    partials = whole.with_name(whole.name + ".p")
    for _ in range(100):
        widths = sorted(int(file.name) for file in partials.iterdir()) if partials.exists() else []
        for file in [partials / str(found) for found in widths if found >= width] + [whole]:
            try:
                return file.read_bytes()
            except FileNotFoundError:
                pass
    raise FileNotFoundError(path)


def bundles(directory, size: int) -> list:
    found = []
    for path, width in tile_paths(0, size):
        data, at, end = read_tile(directory, path.replace("tile/0/", "tile/entries/"), width), 0, len(found) + width
        while at < len(data) and len(found) < end:
            length = int.from_bytes(data[at : at + 2], "big")
            found.append(data[at + 2 : at + 2 + length])
            at += 2 + length
    return found


def test_an_outsider_verifies_from_tiles_alone(make_installation):
    sealane = make_installation()
    sealane.start()
    sealane.start_custodian()
    fill(sealane)
    for _ in range(270):
        assert aggregate(sealane).status_code == 200
    log, witness = Key(sealane.made["ledger_public_key"]), witness_key(sealane)
    first = read_checkpoint(read_note(wait_for(lambda: public_size(sealane) > 270 and public_note(sealane)), log, witness)[0])
    for _ in range(20):
        assert subjects(sealane).status_code == 200
    note = wait_for(lambda: public_size(sealane) > first[1] and public_note(sealane))
    text, signers = read_note(note, log, witness)
    origin, size, root = read_checkpoint(text)
    assert origin == log.name and signers == {log.name, witness.name}

    def tile(path: str, width: int) -> list:
        answer = requests.get(f"{sealane.api}/tlog/{path}", timeout=10)
        assert answer.status_code == 200 and len(answer.content) == 32 * width, path
        return [answer.content[at : at + 32] for at in range(0, 32 * width, 32)]

    leaves = [hash for path, width in tile_paths(0, size) for hash in tile(path, width)]
    assert root_of(leaves) == root
    for path, width in tile_paths(1, size):
        assert tile(path, width) == [root_of(leaves[256 * at : 256 * at + 256]) for at in range(width)]
    # The earlier checkpoint is a beginning of this one, and its partial tiles are served still.
    assert root_of(leaves[: first[1]]) == first[2]
    for path, width in tile_paths(0, first[1]):
        tile(path, width)

    # Entries are not public, nor is anything else of the directory.
    for path in ["tile/entries/000", "tile/entries/000.p/1", "details/000", "journal", "cosigned", "tile/0/999", "tile/0/0", "tile/-1/000", "tile/0/../../journal"]:
        assert requests.get(f"{sealane.api}/tlog/{path}", timeout=10).status_code == 404, path
    # Whoever has them hashes them to the same leaves; another library comes to the same root.
    stored = bundles(sealane.data / "ledger", size)
    assert [leaf_hash(entry) for entry in stored] == leaves
    assert bundles(sealane.data / "ledger", first[1]) == stored[: first[1]]
    tree = InmemoryTree(algorithm="sha256")
    for entry in stored:
        tree.append_entry(entry)
    assert tree.get_root() == root
    # What the custodian says of itself.
    state = wait_for(lambda: (report := json.loads(custodian(sealane, "status", "--json").stdout)).get("cosigned_entries", 0) >= size and report)
    assert state["alarms"] == 0
    assert gauge(sealane, "sealane_ledger_subjects_open") == 1 and gauge(sealane, "sealane_ledger_witnessed_entries") >= size


def test_without_a_custodian_nothing_stops(make_installation):
    sealane = make_installation()
    sealane.start("--witness-patience", "1")
    fill(sealane)
    assert subjects(sealane).status_code == 200
    time.sleep(2.5)
    assert subjects(sealane).status_code == 200
    assert read_note(public_note(sealane), Key(sealane.made["ledger_public_key"]))[1] == {"sealane.local/ledger"}
    told = sealane.command("doctor", "--data", sealane.data)
    assert "No witness has cosigned the ledger" in told and "No outside witness is named" in told


def test_subjects_stop_while_no_witness_answers(make_installation):
    sealane = make_installation()
    sealane.start("--witness-patience", "2")
    person = owner(sealane)
    sealane.start_custodian()
    fill(sealane)
    witness_key(sealane)
    for _ in range(12):
        shown = subjects(sealane)
        assert shown.status_code == 200
        time.sleep(0.5)
    subject = json.loads(shown.text.splitlines()[0])["properties"]["distinct_id"]
    # The custodian's host is down.
    sealane.custodian.terminate()
    sealane.custodian.wait(30)
    sealane.custodian = None
    assert aggregate(sealane).status_code == 200
    wait_for(lambda: subjects(sealane).status_code == 503, 15)
    refused = subjects(sealane)
    assert refused.json()["error"] == "ledger_unwitnessed" and "start the custodian" in refused.json()["message"] and refused.headers["Retry-After"]
    assert aggregate(sealane).status_code == 200
    ready = requests.get(sealane.api + "/readyz", timeout=10)
    assert ready.status_code == 200 and any("no witness has cosigned" in warning for warning in ready.json()["warnings"])
    assert gauge(sealane, "sealane_ledger_subjects_open") == 0 and gauge(sealane, "sealane_ledger_unwitnessed_seconds") > 2
    assert gauge(sealane, "sealane_ledger_unwitnessed_refusals_total") >= 2
    # Somebody is told, once while it stands: what is looked at is looked at every half minute.
    (alert,) = wait_for(lambda: alerts(sealane), 45)
    assert alert["severity"] == "critical" and "No witness cosigns" in alert["sentence"] and alert["details"]["waiting_seconds"] >= 2
    for path in ("subjects", f"subjects/{subject}", f"subjects/{subject}/timeline"):
        answer = requests.get(f"{sealane.api}/api/v1/{path}", params={"project_id": sealane.project_id}, auth=sealane.account, timeout=10)
        assert answer.status_code == 503 and answer.json()["error"] == "ledger_unwitnessed", path
    for path, status in (("/", 200), ("/subjects", 503), (f"/subjects/{subject}", 503), ("/live/rows?after=0", 503), ("/settings", 200)):
        page = person.get(path)
        assert page.status_code == status, path
        assert status == 200 or "Nothing about single subjects is shown now" in page.text and "start the custodian" in page.text
    # What was asked in vain is not in the ledger, and the ledger can be read.
    before = len(entries(sealane))
    assert subjects(sealane).status_code == 503
    assert len(entries(sealane)) == before + 1
    # It comes back, and with it everything.
    sealane.start_custodian()
    wait_for(lambda: subjects(sealane).status_code == 200, 15)
    # Patience is a setting whose change stands in the ledger.
    assert sealane.terminate() == 0
    sealane.start("--witness-patience", "0")
    changed = [entry["facts"] for entry in entries(sealane) if entry["kind"] == "witness_policy_changed"]
    assert [facts["patience_seconds"] for facts in changed] == ["2", "0"]


def set_back(sealane, copy):
    shutil.rmtree(sealane.data / "ledger")
    shutil.copytree(copy, sealane.data / "ledger")


def standing(sealane) -> list:
    return [alarm for alarm in json.loads(custodian(sealane, "alarms", "--json").stdout) if alarm["state"] == "standing"]


def cosigned(sealane) -> int:
    return json.loads(custodian(sealane, "status", "--json").stdout).get("cosigned_entries") or 0


def stopped_with_copies(sealane) -> tuple:
    """Two states of one ledger, the later one cosigned; the server has stopped."""
    sealane.start()
    sealane.start_custodian()
    fill(sealane)
    witness_key(sealane)
    early, late = sealane.root / "early", sealane.root / "late"
    assert sealane.terminate() == 0
    shutil.copytree(sealane.data / "ledger", early)
    sealane.start()
    for _ in range(10):
        assert subjects(sealane).status_code == 200
    size = len(entries(sealane))
    wait_for(lambda: cosigned(sealane) >= size)
    assert sealane.terminate() == 0
    shutil.copytree(sealane.data / "ledger", late)
    return early, late, cosigned(sealane)


def test_a_ledger_that_was_set_back_is_an_alarm_on_both_sides(make_installation):
    sealane = make_installation()
    early, late, size = stopped_with_copies(sealane)
    root = (late / "checkpoint").read_text().split("\n")[2]
    assert sealane.run("ledger", "verify", "--data", sealane.data).returncode == 0
    set_back(sealane, early)
    sealane.start()
    (alarm,) = wait_for(lambda: standing(sealane))
    assert alarm["kind"] == "shrunk_ledger"
    sizes = [int(word) for word in alarm["sentence"].split() if word.isdigit()]
    assert max(sizes) >= size and len(sizes) == 2 and "root" in alarm["sentence"]
    # The server says so, shows nothing about subjects, and goes on with everything else.
    (trouble,) = wait_for(lambda: troubles(sealane))
    assert "shrunk_ledger" in trouble
    assert subjects(sealane).json()["error"] == "ledger_unwitnessed"
    assert aggregate(sealane).status_code == 200
    assert gauge(sealane, "sealane_sealing") == 1
    set_email(sealane, "while-set-back")
    said = [entry for entry in entries(sealane) if entry["kind"] == "custodian_alarm"]
    assert len(said) == 1 and alarm["sentence"] in json.dumps(said[0], ensure_ascii=False)
    assert alarm["sentence"] in sealane.server_log.read_text().replace("\\/", "/")
    assert "shrunk_ledger" in sealane.custodian_log.read_text()
    held = cosigned(sealane)
    # Settling it does not help while the ledger is what it is.
    custodian(sealane, "alarms", "settle", alarm["id"], "--reason", "nothing was done")
    wait_for(lambda: any(other["id"] != alarm["id"] for other in standing(sealane)))
    assert cosigned(sealane) == held
    # The right one is put back.
    assert sealane.terminate() == 0
    set_back(sealane, late)
    sealane.start()
    wait_for(lambda: cosigned(sealane) >= held)
    assert subjects(sealane).status_code == 503, "until somebody settles the alarm"
    for alarm in standing(sealane):
        custodian(sealane, "alarms", "settle", alarm["id"], "--reason", "the newest copy was put back")
    wait_for(lambda: subjects(sealane).status_code == 200)
    assert troubles(sealane) == []
    assert root in sealane.command("ledger", "verify", "--data", sealane.data, "--json") or cosigned(sealane) > size
    assert sealane.run("ledger", "verify", "--data", sealane.data, "--checkpoint", late / "checkpoint").returncode == 0


def test_approvers_accept_a_ledger_that_had_to_be_set_back(make_installation):
    sealane = make_installation()
    early, late, size = stopped_with_copies(sealane)
    set_back(sealane, early)
    sealane.start()
    wait_for(lambda: standing(sealane))
    driver = start_browser()
    try:
        desk = Desk(driver, sealane.custodian_origin)
        enrol_three(sealane, desk)
        desk.sign_in("Ada")
        desk.open("/")
        desk.until("not cosigned any more", "set back to an earlier state", f"{size} entries")
        driver.find_element(By.CSS_SELECTOR, "form#accept-ledger input[name=purpose]").send_keys("The disk failed; restored from the backup of Sunday")
        look(desk, "ledger-refused")
        desk.press("accept-ledger")
        desk.until("Sign this request", "does not continue what was cosigned last")
        desk.press("sign")
        desk.until("0 of 2 approvals")
        for name in ("Bea", "Cleo"):
            assert cosigned(sealane) == size and subjects(sealane).status_code == 503
            desk.sign_in(name)
            driver.find_element(By.CSS_SELECTOR, "#waiting a").click()
            desk.until("asks that the server", "The disk failed")
            desk.press("sign")
            desk.until("1 of 2 approvals" if name == "Bea" else "done")
    finally:
        driver.quit()
    wait_for(lambda: subjects(sealane).status_code == 200)
    assert standing(sealane) == [] and troubles(sealane) == []
    accepted = wait_for(lambda: [entry for entry in entries(sealane) if entry["kind"] == "approvers_changed"])
    assert accepted[-1]["facts"]["act"] == "accept_ledger"
    assert "custodian_alarm_settled" in kinds(sealane)
    wait_for(lambda: cosigned(sealane) >= accepted[-1]["index"] and public_size(sealane) == cosigned(sealane))
    told = sealane.run("ledger", "verify", "--data", sealane.data, "--checkpoint", late / "checkpoint")
    assert told.returncode == 1, "what it was before is not forgotten by whoever kept it"
    assert json.loads(sealane.command("ledger", "verify", "--data", sealane.data, "--json"))["sound"]


def test_a_new_signing_key_is_followed(make_installation):
    sealane = make_installation()
    old = Key(sealane.made["ledger_public_key"])
    sealane.start()
    sealane.start_custodian()
    fill(sealane)
    witness = witness_key(sealane)
    size = wait_for(lambda: cosigned(sealane))
    sealane.command("keys", "rotate", "--data", sealane.data)
    new = Key((sealane.data / "ledger.pub").read_text().strip())
    assert new.public != old.public
    assert subjects(sealane).status_code == 200
    wait_for(lambda: cosigned(sealane) > size + 1 and new.name in read_note(public_note(sealane), new, witness)[1])
    assert standing(sealane) == []
    assert json.loads(sealane.command("ledger", "verify", "--data", sealane.data, "--public-key", old.text, "--json"))["sound"]


def test_a_fork_is_an_alarm_although_it_has_more_entries(make_installation):
    sealane = make_installation()
    early, late, size = stopped_with_copies(sealane)
    sealane.custodian.terminate()
    sealane.custodian.wait(30)
    # Another history, made where nobody looks, until it is longer than the one that was cosigned.
    set_back(sealane, early)
    shutil.rmtree(sealane.data / "ledger" / "cosigned", ignore_errors=True)
    sealane.start()
    while len(entries(sealane)) < size + 5:
        assert aggregate(sealane).status_code == 200
    sealane.start_custodian()
    (alarm,) = wait_for(lambda: standing(sealane))
    assert alarm["kind"] == "forked_ledger" and f"{size} cosigned here" in alarm["sentence"]
    wait_for(lambda: troubles(sealane))
    assert subjects(sealane).json()["error"] == "ledger_unwitnessed"
    assert cosigned(sealane) == size
    # The copy that was kept says the same.
    assert sealane.terminate() == 0
    told = sealane.run("ledger", "verify", "--data", sealane.data, "--checkpoint", late / "checkpoint")
    assert told.returncode == 1 and "history was rewritten" in told.stdout + told.stderr


def test_outside_witnesses_cosign_and_are_waited_for(make_installation):
    sealane = make_installation()
    log = Key(sealane.made["ledger_public_key"])
    one, two = WitnessServer(log, "w.example/one"), WitnessServer(log, "w.example/two")
    policy = sealane.root / "policy.txt"

    def write(custodian_key: str = "", quorum: str = "outside"):
        policy.write_text(
            f"log {log.text}\nwitness one {one.key.text} {one.url}\nwitness two {two.key.text} {two.url}/\n{custodian_key}"
            f"group outside all one two\nquorum {quorum}\n")

    try:
        write()
        one.failing = 2
        sealane.start("--witness-policy", policy, "--witness-patience", "4")
        sealane.start_custodian()
        fill(sealane)
        key = witness_key(sealane)
        assert subjects(sealane).status_code == 200
        size = len(entries(sealane))
        names = {log.name, one.key.name, two.key.name, key.name}
        # One note comes to carry all of them.
        wait_for(lambda: public_size(sealane) >= size and read_note(public_note(sealane), log, one.key, two.key, key)[1] == names, 30)
        assert 409 not in one.statuses and one.statuses[:2] == [503, 503] and 200 in one.statuses
        assert "witness_policy_changed" in kinds(sealane)

        # A witness that knows more than the server remembers names its size, and a proof from there follows.
        assert sealane.terminate() == 0
        shutil.rmtree(sealane.data / "ledger" / "cosigned")
        sealane.start("--witness-policy", policy, "--witness-patience", "4")
        assert subjects(sealane).status_code == 200
        wait_for(lambda: 409 in one.statuses and one.statuses[-1] == 200, 30)
        size = len(entries(sealane))
        wait_for(lambda: public_size(sealane) >= size, 30)

        # Verified from a copy alone, by the policy; each entry has a proof that needs nothing but the keys.
        copy = sealane.root / "copy"
        shutil.copytree(sealane.data / "ledger", copy)
        told = json.loads(sealane.command("ledger", "verify", "--copy", copy, "--policy", policy, "--json"))
        assert told["sound"] and told["witnessed"] >= size and set(told["witnesses"]) == {one.key.name, two.key.name}
        proof = sealane.root / "entry.tlog-proof"
        sealane.command("ledger", "prove", "3", "--data", sealane.data, "--output", proof)
        told = json.loads(sealane.command("ledger", "verify", "--proof", proof, "--policy", policy, "--json"))
        assert told["sound"] and told["index"] == 3 and set(told["witnesses"]) == {one.key.name, two.key.name}
        _, signers = read_proof(proof.read_text(), log, one.key, two.key)
        assert signers == {log.name, one.key.name, two.key.name}
        changed = proof.read_text().replace("index 3", "index 4")
        (sealane.root / "bad.tlog-proof").write_text(changed)
        refused = sealane.run("ledger", "verify", "--proof", sealane.root / "bad.tlog-proof", "--policy", policy)
        assert refused.returncode == 1 and "NOT hold" in refused.stdout
        stranger = WitnessServer(log, "w.example/three")
        stranger.close()
        other = sealane.root / "other.txt"
        other.write_text(f"log {log.text}\nwitness three {stranger.key.text}\nquorum three\n")
        for arguments in (["--copy", copy], ["--proof", proof]):
            assert sealane.run("ledger", "verify", *arguments, "--policy", other).returncode == 1

        # One of the two is away: the policy asks for both.
        two.failing = 10**9
        assert subjects(sealane).status_code == 200
        wait_for(lambda: subjects(sealane).status_code == 503, 30)
        assert aggregate(sealane).status_code == 200
        warnings = requests.get(sealane.api + "/readyz", timeout=10).json()["warnings"]
        assert any("the witness two does not cosign" in warning for warning in warnings)
        # Without it in the policy the other one and the custodian are enough.
        assert sealane.terminate() == 0
        write(quorum="one")
        sealane.start("--witness-policy", policy, "--witness-patience", "4")
        wait_for(lambda: subjects(sealane).status_code == 200, 20)
        for _ in range(8):
            time.sleep(1)
            assert subjects(sealane).status_code == 200
    finally:
        one.close()
        two.close()


def test_an_outside_witness_that_objects_is_an_alert(make_installation):
    """One that saw another log of this key says so by 409 or 422, and somebody hears of it; one that is merely away raises none."""
    sealane = make_installation()
    log = Key(sealane.made["ledger_public_key"])
    forked, back, away = (WitnessServer(log, f"w.example/{name}") for name in ("forked", "back", "away"))
    policy = sealane.root / "policy.txt"
    policy.write_text(
        f"log {log.text}\n" + "".join(f"witness {name} {one.key.text} {one.url}\n" for name, one in (("forked", forked), ("back", back), ("away", away)))
        + "quorum none\n")
    try:
        # It cosigned other entries under this key; the other one more of them than there are.
        forked.size, forked.root = 1, b"\1" * 32
        back.size, back.root = 10**6, b"\2" * 32
        away.failing = 10**9
        sealane.start("--witness-policy", policy)
        found = wait_for(lambda: len(alerts(sealane)) == 2 and alerts(sealane), 30)
        told = {alert["details"]["witness"]: alert for alert in found}
        assert told.keys() == {"forked", "back"} and 422 in forked.statuses and 409 in back.statuses and 503 in away.statuses
        assert "forked, or set back" in told["forked"]["sentence"] and "set back, or forked" in told["back"]["sentence"]
        assert all(alert["severity"] == "critical" for alert in found)
        # Asked again and again it is one alert of each.
        wait_for(lambda: all(alert["count"] >= 2 for alert in alerts(sealane)), 30)
        assert len(alerts(sealane)) == 2
    finally:
        for one in (forked, back, away):
            one.close()


def test_kill_at_any_moment_loses_no_entry_and_alarms_nobody(make_installation):
    sealane = make_installation()
    sealane.start()
    sealane.start_custodian()
    fill(sealane)
    witness_key(sealane)
    acknowledged, lock = {}, threading.Lock()

    def ask():
        with requests.Session() as connection:
            while True:
                try:
                    answer = connection.get(
                        sealane.api + "/api/v1/catalog", params={"project_id": sealane.project_id}, auth=sealane.account, timeout=10)
                except requests.RequestException:
                    return
                if answer.status_code == 200:
                    with lock:
                        assert int(answer.headers["Sealane-Ledger-Index"]) not in acknowledged, "no number is given twice"
                        acknowledged[int(answer.headers["Sealane-Ledger-Index"])] = True

    random = Random(20261128)
    for _ in range(12):
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        # Publications come once a second, and with every look of the custodian: some of the kills fall into one.
        time.sleep(random.uniform(0.2, 1.6))
        sealane.kill()
        for thread in threads:
            thread.join()
        sealane.start()
    assert len(acknowledged) > 100
    wait_for(lambda: cosigned(sealane) > max(acknowledged))
    found = []
    while len(found) <= max(acknowledged):
        page = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--from", len(found), "--limit", "1000", "--json"))["entries"]
        assert page, "entries that were acknowledged are missing"
        found += [entry["kind"] for entry in page]
    assert all(found[number] == "disclosure.catalog" for number in acknowledged)
    assert standing(sealane) == [] and troubles(sealane) == []
    told = json.loads(sealane.command("ledger", "verify", "--data", sealane.data, "--json"))
    assert told["sound"] and told["details_checked"] and told["witnessed"] > max(acknowledged)


def test_a_bad_policy_is_named_with_its_line(make_installation):
    sealane = make_installation()
    policy = sealane.root / "policy.txt"
    for text, words in (("quorum somebody\n", "Line 1"), ("", "no quorum"), ("witness w nonsense\nquorum w\n", "Line 1")):
        policy.write_text(text)
        refused = sealane.run("serve", "--data", sealane.data, "--witness-policy", policy)
        assert refused.returncode != 0 and words in refused.stderr, refused.stderr


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A ledger of 300 entries that the custodian cosigned, to be tampered with in copies."""
    import tempfile
    from pathlib import Path

    from installation import Installation

    root = Path(tempfile.mkdtemp(prefix="sealane-e2e-"))
    sealane = Installation(root)
    try:
        sealane.start()
        sealane.start_custodian()
        fill(sealane)
        witness_key(sealane)
        for _ in range(300):
            assert aggregate(sealane).status_code == 200
        wait_for(lambda: cosigned(sealane) >= 300)
        assert sealane.terminate() == 0
        yield sealane
    finally:
        sealane.close()
        shutil.rmtree(root, ignore_errors=True)


def tampered(kept, name: str, change) -> str:
    """What `ledger verify` says of a copy after a change; it must not be that all is well."""
    copy = kept.root / name
    shutil.copytree(kept.data / "ledger", copy)
    change(copy)
    told = kept.run("ledger", "verify", "--copy", copy, "--public-key", kept.made["ledger_public_key"], "--json")
    assert told.returncode == 1, told.stdout
    return json.loads(told.stdout)["first_problem"]


def rewrite(path, change):
    data = path.read_bytes()
    at, items = 0, []
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        items.append(data[at : at + 2 + length])
        at += 2 + length
    change(items)
    path.write_bytes(b"".join(items))


def test_verify_names_the_place_of_what_was_changed(kept):
    sound = json.loads(kept.command(
        "ledger", "verify", "--copy", kept.data, "--public-key", kept.made["ledger_public_key"], "--keys", kept.keys, "--json"))
    assert sound["sound"] and sound["details_checked"] and sound["witnessed"] >= 300 and sound["witnesses"] == ["sealane.local/custodian"]
    partial = max((kept.data / "ledger/tile/entries/001.p").iterdir(), key=lambda path: int(path.name))
    place = partial.relative_to(kept.data / "ledger")

    def flip(path: str, at: int):
        def change(copy):
            data = bytearray((copy / path).read_bytes())
            data[at] ^= 1
            (copy / path).write_bytes(data)
        return change

    assert "Entry 0 " in tampered(kept, "flip-first", flip("tile/entries/000", 30))
    assert "Entry 2 " in tampered(kept, "flip-hash", flip("tile/0/000", 64)) and "tile/0/000" in tampered(kept, "again", flip("tile/0/000", 64))
    assert "tile/1/000.p/1" in tampered(kept, "flip-above", flip("tile/1/000.p/1", 3))
    assert "checkpoint" in tampered(kept, "flip-checkpoint", flip("checkpoint", 60))
    name = next((kept.data / "ledger/cosigned").iterdir()).name
    assert f"cosigned/{name}" in tampered(kept, "flip-cosigned", flip(f"cosigned/{name}", 60))

    def swapped(items):
        items[7], items[8] = items[8], items[7]

    assert "Entry 7 " in tampered(kept, "swap", lambda copy: rewrite(copy / "tile/entries/000", swapped))
    # A removed entry: the bundle is one short, or its successors stand at other numbers.
    assert "tile/entries/000" in tampered(kept, "removed", lambda copy: rewrite(copy / "tile/entries/000", lambda items: items.pop(5)))

    def moved(copy):
        rest = []
        rewrite(copy / place, lambda items: rest.append(items.pop(0)))
        rewrite(copy / "tile/entries/000", lambda items: (items.pop(5), items.append(rest[0])))

    assert "Entry 5 " in tampered(kept, "moved", moved)
    # The same from a proof that was made before.
    assert kept.run("ledger", "prove", "100000", "--data", kept.data).returncode == 1
