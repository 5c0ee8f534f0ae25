"""The register of vendors leaves as a table and as CycloneDX: what was declared, and what was seen to flow."""

import csv
import io
import json
import re
import time

import pytest
import requests
from staff import owner
from test_vendors import agree, declare, state

DECLARATION = """
vendor: tallymark
name: "=Tallymark, Inc."
purpose: Product "analytics"
legal_basis: legitimate interests
contract: {{reference: "+C-2025-17", provider: 529900T8BM49AURSDO55, signed: 2025-01-31, ends: 2027-01-31, notice_hours: 24}}
contacts: {{breach: "@security", privacy: privacy@tallymark.example}}
service: S14
function: growth
critical: true
exit_plan: Export and delete within 30 days
countries: {{storage: [US, IE], processing: [US]}}
subprocessors: [{{name: Cloudhost, country: US}}, {{name: Deep, country: IE, rank: 3}}]
review: 2027-01-31
hosts: [cdn.tallymark.example]
fields: [plan, model]
canaries: 0
destination: {{type: file, path: {path}}}
"""


@pytest.fixture
def place(make_installation, tmp_path):
    sealane = make_installation()
    sealane.start()
    ada = owner(sealane)
    declare(sealane, tmp_path, DECLARATION.format(path=tmp_path / "out.ndjson"))
    agree(sealane, ada, "tallymark")
    for number in range(12):
        sealane.track({"event": "Request", "properties": {"distinct_id": f"user-{number % 5}", "plan": "pro", "$insert_id": f"r-{number}"}})
    end = time.monotonic() + 20
    while state(sealane, "tallymark")["events"] != 12:
        assert time.monotonic() < end
        time.sleep(0.1)
    declare(sealane, tmp_path, """
vendor: quillon
name: Quillon
purpose: Chat
legal_basis: contract
contract: {reference: C-2}
contacts: {breach: b@quillon.example, privacy: p@quillon.example}
countries: {storage: [DE], processing: [DE]}
review: 2027-05-01
""")
    sealane.command("vendors", "grants", "add", "--vendor", "tallymark", "--name", "Sync", "--kind", "api_key", "--data", sealane.data)
    return sealane


def test_the_table(place):
    text = place.command("vendors", "register", "--format", "csv", "--data", place.data)
    rows = {row["vendor"]: row for row in csv.DictReader(io.StringIO(text))}
    assert set(rows) == {"tallymark", "quillon"}
    row = rows["tallymark"]
    # What a spreadsheet would take for a formula is none.
    assert row["name"] == "'=Tallymark, Inc." and row["B_02.01 contract_reference"] == "'+C-2025-17" and row["breach_contact"] == "'@security"
    assert row["purpose"] == 'Product "analytics"' and row["B_06.01 critical"] == "yes" and row["B_02.02 notice_hours"] == "24"
    assert row["B_02.02 data_categories"] == "event; time; plan; model" and row["B_02.02 countries_of_storage"] == "US; IE"
    assert row["B_05.02 subcontractors"] == "2: Cloudhost (US); 3: Deep (IE)"
    assert (row["observed_events"], row["observed_subjects"], row["observed_subjects_complete"], row["live_grants"]) == ("12", "5", "yes", "1")
    assert row["state"] == "flowing" and re.fullmatch(r"20\d\d-\d\d-\d\d", row["B_07.01 last_review"])
    assert rows["quillon"]["state"] == "declared" and rows["quillon"]["observed_events"] == "0" and rows["quillon"]["B_07.01 last_review"] == ""
    status, _ = place.control("GET", "/api/v1/vendors/register.pdf")
    assert status == 404
    answer = requests.get(place.api + "/api/v1/vendors/register.csv", auth=place.account, timeout=10)
    assert answer.status_code == 403


# What of CycloneDX 1.6's schema is about services; its definitions allow no other members.
SERVICE = {"bom-ref", "provider", "group", "name", "version", "description", "endpoints", "authenticated", "x-trust-boundary", "trustZone", "data",
           "licenses", "externalReferences", "services", "releaseNotes", "properties", "tags", "signature"}
DATA = {"flow", "classification", "name", "description", "governance", "source", "destination"}
ENTITY = {"bom-ref", "name", "address", "url", "contact"}
ADDRESS = {"bom-ref", "country", "region", "locality", "postOfficeBoxNumber", "postalCode", "streetAddress"}
CONTACT = {"bom-ref", "name", "email", "phone"}
TOP = {"$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "services", "externalReferences", "dependencies",
       "compositions", "vulnerabilities", "annotations", "formulation", "declarations", "definitions", "properties", "signature"}


def check_entity(entity):
    assert set(entity) <= ENTITY
    assert set(entity.get("address", {})) <= ADDRESS
    assert all(set(contact) <= CONTACT for contact in entity.get("contact", []))


def check_service(service, references):
    assert set(service) <= SERVICE and service["name"]
    assert service["bom-ref"] not in references, "references are unique"
    references.add(service["bom-ref"])
    check_entity(service.get("provider", {}))
    for data in service.get("data", []):
        assert set(data) <= DATA and data["classification"] and data["flow"] in {"inbound", "outbound", "bi-directional", "unknown"}
        for steward in data["governance"]["stewards"]:
            assert set(steward) == {"contact"}
            check_entity({"contact": [steward["contact"]]})
        for end in data.get("source", []) + data.get("destination", []):
            assert re.fullmatch(r"urn:cdx:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/[1-9][0-9]*#.+", end)
    for member in service.get("properties", []):
        assert set(member) == {"name", "value"} and all(isinstance(text, str) for text in member.values())
    for inner in service.get("services", []):
        check_service(inner, references)


def test_the_bill_of_materials(place):
    bom = json.loads(place.command("vendors", "register", "--format", "cyclonedx", "--data", place.data))
    assert set(bom) <= TOP and (bom["bomFormat"], bom["specVersion"], bom["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", bom["serialNumber"])
    references = set()
    for service in bom["services"]:
        check_service(service, references)
    own, quillon, tallymark = sorted(bom["services"], key=lambda service: service["bom-ref"])
    assert own["bom-ref"] == "project/1" and quillon["bom-ref"] == "vendor/quillon"
    # The direction is that of the service: out of the project, into the vendor's.
    assert [(data["flow"], data["name"]) for data in own["data"]] == [("outbound", name) for name in ["event", "time", "plan", "model"]]
    assert {data["flow"] for data in tallymark["data"]} == {"inbound"} and tallymark["x-trust-boundary"] is True
    link = own["data"][0]["destination"][0]
    assert link == bom["serialNumber"].replace("urn:uuid:", "urn:cdx:") + "/1#vendor/tallymark"
    assert link.split("#")[1] in references
    properties = {member["name"]: member["value"] for member in tallymark["properties"]}
    assert properties["sealane:vendor:observed_subjects"] == "5" and properties["sealane:vendor:contract_reference"] == "+C-2025-17"
    assert [inner["provider"]["address"]["country"] for inner in tallymark["services"]] == ["US", "IE"]
    assert quillon["data"] == [] and "endpoints" not in tallymark, "a file is no endpoint"


def test_an_empty_register(make_installation):
    sealane = make_installation()
    sealane.start()
    assert len(sealane.command("vendors", "register", "--data", sealane.data).splitlines()) == 1
    bom = json.loads(sealane.command("vendors", "register", "--format", "cyclonedx", "--data", sealane.data))
    assert [service["data"] for service in bom["services"]] == [[]]
