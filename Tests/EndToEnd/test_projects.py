"""Two projects in one installation: made by command and in the console, and nothing of one ever shows in the other."""

import json
import re
import shutil
import subprocess
import time
import urllib.parse

import pytest
import requests
from desk import start_browser
from installation import BINARIES, Installation, today
from selenium.webdriver.common.by import By
from staff import Person, owner
from test_browser import settle
from test_staff import make_account
from test_staff_browser import Seat

PAGES = [
    "/", "/live", "/insights?s0=*&by=plan", "/funnels?s0=*&s1=*", "/retention?a=*&b=*", "/flows?a=*&after=2", "/lifecycle?a=*", "/stickiness?a=*",
    "/sessions?a=*&by=plan", "/cohorts", "/cohorts/build", "/subjects", "/plan", "/plan/profiles?of=people", "/plan/edit", "/exports", "/ledger",
    "/staff", "/alerts", "/settings", "/account",
]


def send(sealane, token, mark, people=12):
    """Events of which each says by every name and value whose they are."""
    for n in range(people):
        properties = {"token": token, "distinct_id": f"person-{n}", "plan": f"{mark} Plan", f"{mark} Property": f"{mark} Value", "$email": f"p{n}@example.com"}
        answer = requests.post(sealane.intake + "/track", json=[{"event": f"{mark} Event", "properties": properties}], timeout=10)
        assert answer.text == "1"


@pytest.fixture(scope="module")
def place(sealane):
    send(sealane, sealane.token, "Uno")
    made = json.loads(sealane.command("project", "create", "Due Project", "--zone", "Asia/Tokyo", "--data", sealane.data, "--json"))
    assert made["id"] == 2 and made["zone"] == "Asia/Tokyo" and made["token"] != sealane.token
    send(sealane, made["token"], "Due", people=7)
    # Each hides small groups by a number of its own; this one begins with the usual, and is about a handful of people here.
    smallest = lambda project: sealane.control("GET", f"/api/v1/settings?project_id={project}")[1]["smallest_group"]
    assert (smallest(1), smallest(2)) == (1, 10)
    assert sealane.control("PATCH", "/api/v1/settings?project_id=2", {"smallest_group": 1})[0] == 200
    assert (smallest(1), smallest(2)) == (1, 1)
    sealane.ada = owner(sealane)
    return sealane, made


def accounts(sealane, project):
    """One of each scope that reads."""
    username, secret, ask = make_account(sealane)
    status, made = ask("POST", f"/api/v1/service-accounts?project_id={project}", {"name": "reader", "scopes": ["query", "export", "admin"]})
    assert status == 201
    return made["username"], made["secret"]


def test_the_api_keeps_them_apart(place):
    sealane, second = place
    listed = json.loads(sealane.command("project", "list", "--data", sealane.data, "--json"))["projects"]
    assert [(project["id"], project["name"]) for project in listed] == [(1, "Main"), (2, "Due Project")]
    assert "Due Project" in sealane.command("project", "list", "--data", sealane.data)
    found = {}
    for project in (1, 2):
        auth = accounts(sealane, project)
        def get(path, **parameters):
            return requests.get(sealane.api + path, params=parameters, auth=auth, timeout=30)

        names = {event["name"] for event in get("/api/v1/catalog").json()["events"]}
        assert names == {"Uno Event"} if project == 1 else names == {"Due Event"}
        found[project] = {subject["subject"] for subject in get("/api/v1/subjects").json()["subjects"]}
        assert len(found[project]) == (12 if project == 1 else 7)
        lines = get("/api/2.0/export", from_date=today(-2), to_date=today(2)).text
        assert ("Uno" in lines, "Due" in lines) == (project == 1, project == 2)
        other = 3 - project
        for path in ("/api/v1/catalog", "/api/v1/subjects", "/api/v1/settings", "/api/v1/plan"):
            assert get(path, project_id=other).status_code == 403, path
        for subject in found.get(other, ()):
            assert get(f"/api/v1/subjects/{subject}").status_code == 404
    # The same people, and other pseudonyms: nobody follows them from one project to the other.
    assert not found[1] & found[2]
    entries = json.loads(sealane.command("ledger", "entries", "--data", sealane.data, "--limit", 1000))["entries"]
    made = [entry for entry in entries if entry["kind"] == "project_created"]
    assert [entry["project_id"] for entry in made] == [1, 2] and made[1]["detail"]["principal"]["credential"] == "control-socket"


def test_what_is_sealed_in_it_reaches_the_custodian(place):
    sealane, _ = place
    deadline = time.monotonic() + 20
    while True:
        status = json.loads(subprocess.run(
            [str(BINARIES / "sealane-custodian"), "status", "--data", str(sealane.custodian_data), "--json"], capture_output=True, text=True,
            timeout=60).stdout)
        kept = {project["project"]: project["subjects"] for project in status["projects"]}
        if kept.get(2, 0) >= 7 and kept.get(1, 0) >= 12:
            break
        assert time.monotonic() < deadline, status
        time.sleep(0.3)
    assert requests.get(sealane.api + "/readyz", timeout=10).json()["troubles"] == []


def test_a_person_sees_the_projects_of_their_roles(place):
    sealane, _ = place
    ada = sealane.ada
    both = invited_in(sealane, ada, "Both", {1: ["viewer"], 2: ["analyst"]})
    only = invited_in(sealane, ada, "Only", {2: ["viewer"]})
    assert both.get("/").status_code == 200 and both.get("/?project=2").status_code == 200
    assert "Uno Event" in both.get("/").text and "Due Event" in both.get("/?project=2").text
    assert both.get("/subjects?project=2").status_code == 200 and both.get("/subjects?project=1").status_code == 403
    # Whoever has a role in one alone comes there, and finds no other.
    home = only.get("/")
    assert home.status_code == 200 and "Due Event" in home.text and "Uno" not in home.text and "class=\"places\"" not in home.text
    for path in PAGES:
        answer = only.get(f"{path}{'&' if '?' in path else '?'}project=1")
        assert answer.status_code == 403 and "Uno" not in answer.text and "Main" not in answer.text, path


def invited_in(sealane, by, name, roles):
    """Invited in the first of these projects, given the roles of the others there."""
    first, *rest = roles
    answer = by.post("/staff", {"name": name, "role": roles[first], "project": first})
    assert answer.status_code == 200, answer.text
    person = Person(sealane).enrol(re.search(r"/join#(slu_[a-z2-7]+)", answer.text)[1])
    listed = json.loads(sealane.command("staff", "list", "--data", sealane.data, "--json"))["staff"]
    member = next(one["id"] for one in listed if one["name"] == name)
    for project in rest:
        assert by.post("/staff/roles", {"staff": member, "role": roles[project], "project": project}).status_code == 200
    return person


def test_figures_of_one_never_show_in_the_other(place):
    sealane, _ = place
    driver = start_browser()
    try:
        seat = Seat(driver, f"http://localhost:{sealane.console_port}")
        seat.enrol(second_owner(sealane))
        seat.until("Home")
        for width in (1280, 360):
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
            for project, mine, others in ((1, "Uno", "Due Event"), (2, "Due", "Uno")):
                for path in PAGES:
                    driver.get(f"{seat.base}{path}{'&' if '?' in path else '?'}project={project}")
                    settle(driver)
                    source = driver.page_source
                    assert others not in source and "Something went wrong" not in source, (path, project)
                    if path.split("?")[0] in ("/", "/live", "/insights", "/plan", "/flows"):
                        assert f"{mine} Event" in source, (path, project)
                    leads = driver.execute_script(
                        "return [...document.querySelectorAll('main a[href^=\"/\"]')].map(a => a.getAttribute('href'))")
                    wrong = [address for address in leads if f"project={project}" not in address and path != "/settings"]
                    assert not wrong, (path, wrong)
                    assert driver.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, (path, width)
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False})
        # By the switcher to the same page of the other one, and by links, searches and forms on within it.
        driver.get(f"{seat.base}/insights?s0=*&project=1")
        settle(driver)
        driver.find_element(By.CSS_SELECTOR, ".places summary").click()
        driver.find_element(By.LINK_TEXT, "Due Project").click()
        seat.until("Insights", "Due Project")
        assert "project=2" in driver.current_url and urllib.parse.urlparse(driver.current_url).path == "/insights"
        driver.find_element(By.LINK_TEXT, "Subjects").click()
        seat.until("Latest activity")
        settle(driver)
        driver.find_element(By.CSS_SELECTOR, "td a.id, th a.id").click()
        seat.until("Due Event", "Who saw this subject")
        driver.find_element(By.LINK_TEXT, "Who saw this subject").click()
        seat.until("rows about subjects")
        assert "project=2" in driver.current_url and "Due Project" in seat.text
        driver.find_element(By.ID, "search").send_keys("s_\n")
        seat.until("begin")
        assert "project=2" in driver.current_url
        driver.get(f"{seat.base}/cohorts/build?r0=did&r0.e=Due+Event&project=2")
        settle(driver)
        driver.find_element(By.ID, "cohort-name").send_keys("Due Cohort\n")
        seat.until("Due Cohort", "7 subjects")
        driver.get(f"{seat.base}/cohorts?project=1")
        settle(driver)
        assert "Due Cohort" not in driver.page_source
        # Two windows do not move each other: a form counts for the project of the page that it was on.
        driver.get(f"{seat.base}/settings?project=1")
        settle(driver)
        driver.switch_to.new_window("tab")
        driver.get(f"{seat.base}/settings?project=2")
        settle(driver)
        driver.close()
        driver.switch_to.window(driver.window_handles[0])
        field = driver.find_element(By.CSS_SELECTOR, "#project input[name=name]")
        field.clear()
        field.send_keys("Main Renamed")
        driver.find_element(By.CSS_SELECTOR, "#project button.primary").click()
        seat.until("Saved: name", "Main Renamed")
        names = [project["name"] for project in json.loads(sealane.command("project", "list", "--data", sealane.data, "--json"))["projects"]]
        assert names == ["Main Renamed", "Due Project"]
        # Another one, made here.
        form = driver.find_element(By.CSS_SELECTOR, "#projects form")
        form.find_element(By.NAME, "name").send_keys("Tre Project")
        form.find_element(By.TAG_NAME, "button").click()
        seat.until("The project is made", "Tre Project", "Waiting for the first event")
        token = driver.find_element(By.ID, "token").text
        send(sealane, token, "Tre", people=1)
        seat.until("The first event has arrived")
    finally:
        driver.quit()


def second_owner(sealane):
    """A link for one more owner, by one who is there in software."""
    answer = sealane.ada.post("/staff", {"name": "Owner Two", "role": ["owner"], "project": 1})
    assert answer.status_code == 200, answer.text
    return f"http://localhost:{sealane.console_port}/join#" + re.search(r"/join#(slu_[a-z2-7]+)", answer.text)[1]


def test_a_backup_has_both(place, tmp_path):
    sealane, _ = place
    target, there = tmp_path / "backup", tmp_path / "there"
    there.mkdir()
    sealane.command("backup", target, "--data", sealane.data)
    sealane.command("restore", target, "--data", there / "data", "--ledger", sealane.data / "ledger")
    shutil.copytree(sealane.keys, there / "data.keys")
    restored = Installation(there, made=sealane.made)
    try:
        restored.start()
        for project, mark in ((1, "Uno"), (2, "Due")):
            auth = accounts(restored, project)
            names = [event["name"] for event in requests.get(restored.api + "/api/v1/catalog", auth=auth, timeout=10).json()["events"]]
            assert names == [f"{mark} Event"]
    finally:
        restored.close()


def test_they_are_there_after_a_restart_and_no_number_comes_twice(make_installation):
    sealane = make_installation()
    before = sealane.root / "before.sqlite"
    sealane.command("project", "list", "--data", sealane.data)
    shutil.copy(sealane.data / "control.sqlite", before)
    # Without a server the command opens the data itself.
    assert json.loads(sealane.command("project", "create", "Second", "--data", sealane.data, "--json"))["id"] == 2
    sealane.start()
    assert sealane.run("project", "create", "x" * 300, "--data", sealane.data).returncode == 1
    assert sealane.run("project", "create", "X", "--zone", "Mars/Base", "--data", sealane.data).returncode == 1
    third = json.loads(sealane.command("project", "create", "Third", "--group-key", "team", "--data", sealane.data, "--json"))
    assert third["id"] == 3 and third["group_keys"] == ["team"]
    send(sealane, third["token"], "Tre", people=1)
    assert sealane.terminate() == 0
    sealane.start()
    assert [project["id"] for project in json.loads(sealane.command("project", "list", "--data", sealane.data, "--json"))["projects"]] == [1, 2, 3]
    sealane.terminate()
    # The control database as it was before: the ledger knows of projects that it does not, and their numbers are taken.
    for file in sealane.data.glob("control.sqlite*"):
        file.unlink()
    shutil.copy(before, sealane.data / "control.sqlite")
    sealane.start()
    assert json.loads(sealane.command("project", "create", "Fourth", "--data", sealane.data, "--json"))["id"] == 4
