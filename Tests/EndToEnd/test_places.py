"""`--places`: an address finds a place and is forgotten."""

import json
import struct
import sys
import time

import requests
from installation import ROOT

sys.path.insert(0, str(ROOT / "Tests" / "Stranger"))
from sealane_formats import pseudonym  # noqa: E402


# MaxMind DB File Format Specification 2.0: 24-bit records, an IPv6 tree with IPv4 under ::/96.


def datum(value) -> bytes:
    if isinstance(value, str):
        return bytes([2 << 5 | len(value.encode())]) + value.encode()
    if isinstance(value, dict):
        return bytes([7 << 5 | len(value)]) + b"".join(datum(name) + datum(member) for name, member in value.items())
    if isinstance(value, list):
        return bytes([len(value), 11 - 7]) + b"".join(map(datum, value))
    kind, number = value  # an unsigned integer of that type
    digits = number.to_bytes(8, "big").lstrip(b"\0")
    return (bytes([kind << 5 | len(digits)]) if kind < 8 else bytes([len(digits), kind - 7])) + digits


def places_file(networks: dict) -> bytes:
    """networks: dotted IPv4 /24 prefix -> what is known of it."""
    nodes, data = [[None, None]], b""
    for network, place in networks.items():
        bits = "0" * 96 + "".join(f"{int(part):08b}" for part in network.split(".")[:3])
        node = 0
        for bit in map(int, bits[:-1]):
            if nodes[node][bit] is None:
                nodes.append([None, None])
                nodes[node][bit] = len(nodes) - 1
            node = nodes[node][bit]
        nodes[node][int(bits[-1])] = ("data", len(data))
        data += datum(place)
    tree = b""
    for record in (record for node in nodes for record in node):
        number = len(nodes) if record is None else record if isinstance(record, int) else len(nodes) + 16 + record[1]
        tree += struct.pack(">I", number)[1:]
    metadata = {
        "node_count": (6, len(nodes)), "record_size": (5, 24), "ip_version": (5, 6), "database_type": "Test-City", "languages": ["en"],
        "binary_format_major_version": (5, 2), "binary_format_minor_version": (5, 0), "build_epoch": (9, 1_763_400_000), "description": {"en": "Test"},
    }
    return tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + datum(metadata)


def place(city: str, region: str, country: str) -> dict:
    return {
        "city": {"names": {"en": city}}, "subdivisions": [{"names": {"en": region}}], "country": {"iso_code": country},
        "location": {"time_zone": "Europe/Berlin"}}


def test_addresses_become_places_and_are_nowhere(make_installation):
    sealane = make_installation()
    database = sealane.root / "test.mmdb"
    database.write_bytes(places_file({
        "198.51.100.0": place("Leipzig", "Saxony", "DE"), "203.0.113.0": place("Graz", "Styria", "AT"), "192.0.2.0": place("Lyon", "Rhone", "FR")}))
    sealane.start("--places", database, "--trusted-proxy", "127.0.0.1", "--log-level", "debug")
    addresses = ["198.51.100.77", "203.0.113.141", "192.0.2.199", "198.51.100.240"]
    now = int(time.time()) - 60

    def event(name: str, **properties) -> dict:
        return {"event": name, "properties": {"token": sealane.token, "distinct_id": f"user-{name}", "time": now, **properties}}

    def post(path: str, records: list, **options):
        answer = requests.post(sealane.intake + path, json=records, timeout=30, **options)
        assert answer.text == "1", answer.text

    post("/track", [event("By property", ip=addresses[0])])
    through_proxy = {"X-Forwarded-For": f"8.8.8.8, {addresses[1]}, 127.0.0.1"}
    post("/track", [event("By proxy")], params={"ip": 1}, headers=through_proxy)
    post("/track", [event("Not asked for")], headers=through_proxy)
    post("/track", [event("Forbidden", ip="0")], params={"ip": 0}, headers=through_proxy)
    post("/track", [event("Said by the sender", ip=addresses[0], **{"$city": "Elsewhere"})])
    post("/track", [event("Unknown address", ip="100.64.0.9")])
    answer = requests.post(
        sealane.intake + "/track", timeout=30, headers=through_proxy, data={"data": json.dumps(event("By form")), "ip": "1", "verbose": "1"})
    assert answer.json() == {"error": None, "status": 1}
    # Profiles: the address beside the operation, or that of the request, which counts unless it is forbidden.
    post("/engage", [{"$token": sealane.token, "$distinct_id": "by-ip", "$ip": addresses[2], "$set": {"plan": "pro"}}])
    post("/engage", [{"$token": sealane.token, "$distinct_id": "by-request", "$set": {"plan": "pro"}}], headers={"X-Forwarded-For": addresses[3]})
    post("/engage", [{"$token": sealane.token, "$distinct_id": "forbidden", "$ip": 0, "$set": {"plan": "pro"}}], headers=through_proxy)

    lines = {line["event"]: line["properties"] for line in sealane.export()}

    def seen(name: str) -> tuple:
        return tuple(lines[name].get(key) for key in ("$city", "$region", "mp_country_code"))

    assert seen("By property") == ("Leipzig", "Saxony", "DE")
    assert seen("By proxy") == ("Graz", "Styria", "AT") == seen("By form")
    for name in ("Not asked for", "Forbidden", "Unknown address"):
        assert seen(name) == (None, None, None), name
    assert seen("Said by the sender")[0] == "Elsewhere"

    def profile(person: str) -> dict:
        subject = "s_" + pseudonym(1, (sealane.keys / "pseudonym.key").read_bytes(), sealane.project_id, [person]).hex()
        answer = requests.get(
            f"{sealane.api}/api/v1/subjects/{subject}", params={"project_id": sealane.project_id}, auth=sealane.account, timeout=30)
        return answer.json()["unverified"]

    by_ip = profile("by-ip")
    assert (by_ip["$city"], by_ip["$region"], by_ip["$country_code"], by_ip["$timezone"]) == ("Lyon", "Rhone", "FR", "Europe/Berlin")
    assert profile("by-request")["$city"] == "Leipzig"
    assert "$city" not in profile("forbidden")

    # An untrusted peer's header is not believed: without the flag the peer is the address, which no database knows.
    assert sealane.terminate() == 0
    sealane.start("--places", database)
    post("/track", [event("Untrusted")], params={"ip": 1}, headers=through_proxy)
    (line,) = sealane.export(event='["Untrusted"]')
    assert "$city" not in line["properties"]
    assert sealane.terminate() == 0

    files = [path for path in sealane.root.rglob("*") if path.is_file() and path != database]
    for path in files:
        data = path.read_bytes()
        for address in [*addresses, "100.64.0.9"]:
            packed = bytes(map(int, address.split(".")))
            assert address.encode() not in data, path
            # Four bytes turn up by chance: only files of plain content are searched for them.
            assert path.suffix in (".key", ".sqlite") or packed not in data or len(data) > 1 << 20, path


def test_a_database_that_is_none_is_an_error_that_says_so(make_installation):
    sealane = make_installation()
    (sealane.root / "broken.mmdb").write_bytes(b"no database")
    for path in (sealane.root / "broken.mmdb", sealane.root / "missing.mmdb"):
        done = sealane.run("serve", "--data", sealane.data, "--places", path)
        assert done.returncode != 0 and path.name in done.stderr and ".mmdb" in done.stderr
