"""Nothing that names anybody is found anywhere: data, keys, custodian, logs, exports, reports."""

import base64
import json
import time
import urllib.parse
import uuid

import mixpanel
import requests
from installation import today
from staff import owner

# Each stands for a person or an organization and is sent through every door below.
PEOPLE = [
    {
        "email": f"quillon.ashgrove{n}@leakproof-{n}.example", "name": f"Quillon Ashgrove-Zyx{n}", "phone": f"+49 151 2345 67{n}8",
        "account": f"acct_Zq9x{n}Kw7vLeakcheck", "ip": f"203.0.113.{100 + n}", "ip6": f"2001:db8:85a3::8a2e:370:73{n}4",
        "org": f"org_Vx4{n}Leakcheck", "device": str(uuid.UUID(int=0x5EA1A4E0 << 96 | n)),
    }
    for n in range(5)
]

# Kept by the gate: if the search finds this, it would find the others too.
CONTROL = "leak-probe-control"


def send_everything(sealane):
    client = mixpanel.Mixpanel(
        sealane.token,
        mixpanel.Consumer(
            events_url=sealane.intake + "/track", people_url=sealane.intake + "/engage", groups_url=sealane.intake + "/groups",
            import_url=sealane.intake + "/import",
            credentials=mixpanel.ServiceAccountCredentials(sealane.account[0], sealane.account[1], str(sealane.project_id))))
    for person in PEOPLE:
        email, account = person["email"], person["account"]
        client.track(account, "Leak Probe", {
            "$user_id": account, "$device_id": person["device"], "$email": email, "email": email, "customer_name": person["name"], "$name": person["name"],
            "phone": person["phone"], "contact": f"write to {email} or call {person['phone']}", "ip": person["ip"], "client_ip": person["ip6"],
            "org_id": person["org"], "account_id": account, "user": {"email": email, "id": account, "full_name": person["name"]},
            "recipients": [email, "nobody"], "$current_url": f"https://app.example.com/u/{account}?email={urllib.parse.quote(email)}",
            "note": f"{account} logged in from {person['ip']}", "plan": CONTROL,
        })
        client.track(email, "Leak Probe", {"plan": "free"})
        client.track(account, f"Opened by {email}", {f"from {email}": 1, f"{person['ip']} seen": True})
        client.track(account, "$identify", {"$user_id": account, "$device_id": person["device"], "$anon_distinct_id": f"$device:{person['device']}"})
        client.track(account, "$create_alias", {"alias": email})
        client.merge("unused", account, email)
        client.import_data("unused", account, "Leak Probe Import", time.time() - 30 * 86400, {"email": email, "org_id": person["org"], "billing_name": person["name"]})
        client.people_set(account, {
            "$email": email, "$name": person["name"], "$phone": person["phone"], "company": person["org"], "plan": "pro",
            "billing": {"email": email}, "emails": [email]}, meta={"$ip": person["ip"]})
        client.people_set_once(email, {"$first_name": person["name"]})
        client.people_append(account, {"emails": email})
        client.people_union(account, {"emails": [email]})
        client.people_remove(account, {"emails": email})
        client.group_set("org_id", person["org"], {"$name": person["name"], "$email": email, "tier": "gold"})
        requests.post(
            sealane.intake + "/engage", auth=sealane.account, timeout=10,
            json=[{"$token": sealane.token, "$distinct_id": account, "$set": {"$email": email, "$name": person["name"]}}])
        # What fails must not be kept either: bad records, bad credentials, bad paths, bad queries.
        sealane.send_import([{"event": email, "properties": {"time": 0, "distinct_id": account, "$insert_id": account, "email": email}}])
        requests.post(sealane.intake + "/import", json=[], auth=(email, account), timeout=10)
        requests.post(sealane.intake + "/track", data=f'{{"event":"{email}", broken', timeout=10)
        requests.get(f"{sealane.intake}/{urllib.parse.quote(email)}", params={"id": account, "q": person["name"]}, timeout=10)
        requests.get(f"{sealane.api}/api/v1/subjects/{account}", auth=sealane.account, params={"project_id": sealane.project_id}, timeout=10)
        requests.get(f"{sealane.api}/api/v1/subjects", auth=sealane.account, params={"project_id": sealane.project_id, "prefix": email}, timeout=10)
        requests.post(
            sealane.intake + "/track", json=[{"event": "Leak Probe", "properties": {"token": sealane.token, "distinct_id": account}}], timeout=10,
            params={"ip": 1}, headers={"X-Forwarded-For": person["ip"], "User-Agent": email, "Referer": f"https://x.example/{account}", "Cookie": f"u={account}"})


def wide(text):
    """Full-width signs, as an input method writes them."""
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


def disguises(person):
    """The same identifiers in other clothes: each reads as what it is."""
    email, phone, ip, ip6, account = person["email"], person["phone"], person["ip"], person["ip6"], person["account"]
    yield from (wide(email), email.replace("@", "＠"), email.replace(".", "。"), email.replace("@", "\u200b@"), email.upper(), f"<{email}>", f"mailto:{email}")
    yield from (urllib.parse.quote(email, safe=""), urllib.parse.quote(urllib.parse.quote(email, safe=""), safe=""), email.replace("@", "&#64;"))
    yield from (email.replace("@", "\\u0040"), json.dumps({"to": email}), f"https://{account}:pw@x.example/u/{email}/keys?id={account}#{email}")
    yield from (wide(phone), phone.replace(" ", ""), phone.replace(" ", "-"), phone.replace("+", "00"), f"call {phone} now", f"tel:{phone.replace(' ', '')}")
    yield from (phone.translate({ord(str(n)): chr(0x660 + n) for n in range(10)}), urllib.parse.quote_plus(phone), phone.replace(" ", "\u00a0"))
    yield from (wide(ip), f"{ip}:443", f"::ffff:{ip}", f"http://{ip}/x", f"for={ip};proto=https", ip6.upper(), f"[{ip6}]:443", f"{ip6}%eth0", f"peer {ip6} lost")
    yield from (f"//x.example/{email}", f"x.example/u?{email}", f"app.x.example/u/{account}#{email}", f"/users/{account}/keys", f"user {account} left")


def send_disguised(sealane, person):
    """Every disguise as a value, in lists and objects, as a key, as a property's name, an event's name, an id, and on profiles."""
    texts = list(disguises(person))
    ends = {"token": sealane.token, "distinct_id": person["account"]}
    events = [{"event": "Leak Disguise", "properties": {**ends, f"value_{n}": text, "list": [text, [text]], "object": {"a": {text: 1, "b": text}}}}
              for n, text in enumerate(texts)]
    events += [{"event": text, "properties": {**ends, text: 1, "plan": CONTROL}} for text in texts]
    events += [{"event": "Leak Disguise", "properties": {"token": sealane.token, "distinct_id": text, "$insert_id": text, "org_id": [text]}} for text in texts]
    digits = int("".join(sign for sign in person["phone"] if sign.isdigit()))
    events.append({"event": "Leak Disguise", "properties": {**ends, "mobile": digits, "sms_to": str(digits), "phone2": digits, "email2": person["name"]}})
    for start in range(0, len(events), 50):
        answer = requests.post(sealane.intake + "/track", json=events[start:start + 50], params={"verbose": 1}, timeout=30)
        assert answer.json()["status"] == 1, answer.text
    updates = []
    for text in texts:
        update = {"$token": sealane.token, "$distinct_id": person["account"]}
        updates += [{**update, operation: {"contact_field": value, text: value}} for operation, value in [
            ("$set", text), ("$set_once", text), ("$append", text), ("$union", [text]), ("$remove", text), ("$add", 1)]]
        updates += [{**update, "$unset": [text]}, {"$token": sealane.token, "$distinct_id": text, "$set": {"plan": "free"}}]
        group = {"$token": sealane.token, "$group_key": "org_id", "$group_id": text}
        updates.append({**group, "$set": {"field": text, "keys": {text: [text]}}})
        requests.post(sealane.intake + "/groups", json=[{**group, "$group_key": text, "$set": {"plan": "free"}}], timeout=30)
    groups = [update for update in updates if "$group_id" in update]
    requests.post(sealane.intake + "/groups", json=groups, timeout=30)
    requests.post(sealane.intake + "/engage", json=[update for update in updates if "$distinct_id" in update], timeout=30)
    # Records that are refused: what the answer says of them is kept nowhere, and repeats no value.
    for path in ("/track", "/import"):
        answer = requests.post(
            sealane.intake + path, params={"strict": 1, "verbose": 1}, auth=sealane.account if path == "/import" else None, timeout=30,
            json=[{"event": "Bad", "properties": {"token": sealane.token, "time": person["email"], "distinct_id": person["account"], "$insert_id": "x"}},
                  {"event": "Bad", "properties": [person["email"]]}, {"event": {"a": person["email"]}}, person["email"]])
        assert person["email"] not in answer.text and person["account"] not in answer.text, answer.text


def send_to_command_line(sealane, person):
    """What is typed where it does not belong: errors of commands and pages do not keep it, and print it only where it was typed."""
    email = person["email"]
    bad = sealane.root.parent / f"{sealane.root.name}.events"
    bad.write_text(json.dumps({"event": "Imported", "properties": {"time": 1, "distinct_id": email}}) + "\n" + f'{{"event": "{email}", broken\n')
    done = sealane.run("import", "--data", sealane.data, "--rejects", sealane.root.parent / f"{sealane.root.name}.rejects", bad)
    assert email not in done.stdout + done.stderr, done.stderr
    bad.write_text(json.dumps({"report": "insights", "range": {"from": email, "to": email}, "series": [{"event": email}]}))
    done = sealane.run("query", "--data", sealane.data, bad)
    assert email not in done.stdout + done.stderr, done.stderr
    bad.unlink()


def needles():
    """What is looked for, in the spellings in which it could have been written."""
    found = {}
    for person in PEOPLE:
        for kind, value in person.items():
            texts = {value, value.lower(), value.upper(), urllib.parse.quote(value, safe=""), json.dumps(value)[1:-1]}
            if kind in ("email", "phone", "ip"):
                texts |= {wide(value), urllib.parse.quote(urllib.parse.quote(value, safe=""), safe="")}
            if kind == "phone":
                texts |= {value.replace(" ", ""), value.replace(" ", "")[1:], value.replace(" ", "-"), value.split(" ", 1)[1]}
                texts |= {value.translate({ord(str(n)): chr(0x660 + n) for n in range(10)})}
            if kind == "email":
                texts |= {value.split("@")[0], value.split("@")[1]}
            if kind == "device":
                texts |= {value.replace("-", "")}
            for text in texts:
                for data in (text.encode(), text.encode("utf-16-le"), base64.b64encode(text.encode()).rstrip(b"="), text.encode().hex().encode()):
                    if len(data) >= 8:
                        found[data] = f"{kind} as {data[:40]!r}"
    return found


def search(place, data, wanted, hits):
    for needle, description in wanted.items():
        if needle in data:
            hits.append(f"{place} holds {description}")


def test_nothing_that_names_anybody_is_found_anywhere(make_installation):
    sealane = make_installation()
    sealane.start("--log-level", "trace")
    sealane.start_custodian()
    send_everything(sealane)
    for person in PEOPLE[:2]:
        send_disguised(sealane, person)
    send_to_command_line(sealane, PEOPLE[0])
    answers = {"export": json.dumps(sealane.export(), ensure_ascii=False)}
    project = {"project_id": sealane.project_id}
    ask = {"auth": sealane.account, "timeout": 30}
    answers["catalog"] = requests.get(sealane.api + "/api/v1/catalog", params=project, **ask).text
    subjects = requests.get(sealane.api + "/api/v1/subjects", params={**project, "limit": 1000}, **ask)
    answers["subjects"] = subjects.text
    for subject in [entry["subject"] for entry in subjects.json()["subjects"]]:
        answers[f"profile {subject}"] = requests.get(f"{sealane.api}/api/v1/subjects/{subject}", params=project, **ask).text
        answers[f"timeline {subject}"] = requests.get(f"{sealane.api}/api/v1/subjects/{subject}/timeline", params=project, **ask).text
    for name in ("plan", "email", "$email", "name", "contact", "note", "org_id", "user", "$current_url", "recipients"):
        answers[f"values of {name}"] = requests.get(sealane.api + "/api/v1/values", params={**project, "property": name}, **ask).text
        answers[f"breakdown by {name}"] = json.dumps(sealane.query({
            "report": "insights", "range": {"from": today(-60), "to": today(1)}, "series": [{"measure": "total"}], "breakdown": {"property": name},
        }), ensure_ascii=False)
    answers["ledger"] = requests.get(sealane.api + "/api/v1/ledger/entries", params={"limit": 1000}, **ask).text
    # What somebody types as a property's name is no field that was shown.
    email = PEOPLE[0]["email"]
    requests.get(sealane.api + "/api/v1/values", params={**project, "property": email}, **ask)
    sealane.query({"report": "insights", "range": {"from": today(-1), "to": today(1)}, "series": [{"event": email}], "breakdown": {"property": email}})
    answers["doctor"] = (lambda done: done.stdout + done.stderr)(sealane.run("doctor", "--data", sealane.data))
    answers["verify"] = sealane.command("ledger", "verify", "--data", sealane.data)
    answers["ledger entries"] = sealane.command("ledger", "entries", "--data", sealane.data, "--limit", 1000)
    person = owner(sealane)
    for path in ("/", "/live", "/live/rows?after=0", "/insights", "/funnels", "/retention", "/flows", "/subjects", "/settings"):
        answers[f"page {path}"] = person.get(path).text
    for subject in [entry["subject"] for entry in subjects.json()["subjects"]][:20]:
        answers[f"page {subject}"] = person.get(f"/subjects/{subject}").text
    answers["readyz"] = requests.get(sealane.api + "/readyz", timeout=30).text
    answers["metrics"] = requests.get(sealane.api + "/metrics", timeout=30).text
    assert len(sealane.export(event='["Leak Probe"]')) == 3 * len(PEOPLE)
    time.sleep(1.5)  # the custodian fetches what is sealed
    wanted = needles()
    hits = []
    for place, text in answers.items():
        search(place, text.encode(), wanted, hits)

    assert CONTROL in answers["export"] and CONTROL in answers["values of plan"]

    def search_files():
        files = [path for path in sealane.root.rglob("*") if path.is_file() and not path.is_socket()]
        assert any(path.stat().st_size for path in files if sealane.data in path.parents)
        contents = [(path.relative_to(sealane.root), path.read_bytes()) for path in files]
        for place, data in contents:
            search(place, data, wanted, hits)
        return any(CONTROL.encode() in data for _, data in contents)

    assert search_files(), "not even what is kept in the clear is found: the search is blind"
    assert sealane.terminate() == 0
    sealane.start()
    sealane.export()
    assert sealane.terminate() == 0
    sealane.close()
    search_files()
    assert not hits, "\n".join(sorted(set(hits)))
