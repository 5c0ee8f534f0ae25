"""A labelled tree for scanners: true keys of many shapes where people leave them, and at least as many things that only look like keys.

Everything is drawn from a seed and put together at run time, so that no key stands in this repository. Run it by itself to look at a tree:
python Tests/EndToEnd/audit_corpus.py DIRECTORY [SEED]
"""

import base64
import hashlib
import json
import pathlib
import random
import string
import sys
import time
import zlib
from dataclasses import dataclass, field

UPPER, LOWER, DIGITS = string.ascii_uppercase, string.ascii_lowercase, string.digits
MIXED = UPPER + LOWER + DIGITS
WIDE = MIXED + "-_"
HEX = DIGITS + "abcdef"
BASE32 = UPPER + "234567"
CODED = MIXED + "+/"
BASE62 = DIGITS + UPPER + LOWER


@dataclass
class Secret:
    """A planted one: where its text stands, what kind it is, its public beginning."""

    path: str
    line: int
    last_line: int
    kind: str
    value: str
    prefix: str = ""


@dataclass
class Corpus:
    root: pathlib.Path
    seed: int
    secrets: list = field(default_factory=list)
    files: int = 0
    lines: int = 0

    def __post_init__(self):
        self.dice = random.Random(self.seed)

    # Letters

    def some(self, letters: str, count: int) -> str:
        return "".join(self.dice.choice(letters) for _ in range(count))

    def one(self, *choices):
        return self.dice.choice(choices)

    def file(self, path: str, *lines):
        """Lines are texts, or (text, kind, value, prefix) where a secret stands in them."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        texts, number = [], 1
        for line in lines:
            if isinstance(line, tuple):
                text, kind, value, prefix = line
                count = text.count("\n")
                assert value in text, (path, kind)
                start = number + text[: text.index(value)].count("\n")
                self.secrets.append(Secret(path, start, number + count, kind, value, prefix))
            else:
                text, count = line, line.count("\n")
            texts.append(text)
            number += count + 1
        target.write_text("\n".join(texts) + "\n")
        self.files += 1
        self.lines += number - 1


def checksummed(c: Corpus, prefix: str) -> str:
    """GitHub's and npm's published format."""
    body = c.some(BASE62, 30)
    value, text = zlib.crc32(body.encode()), ""
    for _ in range(6):
        text = BASE62[value % 62] + text
        value //= 62
    return prefix + body + text


def web_token(c: Corpus, claims: dict) -> str:
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")

    return part({"alg": "HS256", "typ": "JWT"}) + "." + part(claims) + "." + c.some(WIDE, 43)


def password(c: Corpus) -> str:
    words = ["Maple", "River", "Copper", "Tango", "Velvet", "Orbit", "Cinder", "Quartz", "Harbor", "Falcon", "Meadow", "Walnut"]
    return c.one(
        lambda: c.some(MIXED + "!#%*+-_", 12) + c.some(DIGITS, 1) + c.one("!", "#", "*") + c.some(LOWER, 2),
        lambda: c.one(*words) + c.some(DIGITS, 2) + c.one(*words) + c.one("!", "*", "#"),
        lambda: c.some(LOWER + DIGITS, 18) + c.some(DIGITS, 2),
        lambda: c.one(*words).lower() + "-" + c.one(*words).lower() + "-" + c.some(DIGITS, 4) + "-" + c.some(LOWER, 4),
    )()


def private_key(c: Corpus, label: str = "RSA ") -> str:
    body = "MII" + c.some(CODED, 61)
    rows = [body] + [c.some(CODED, 64) for _ in range(c.dice.randrange(10, 25))] + [c.some(CODED, 42) + "=="]
    return f"-----BEGIN {label}PRIVATE KEY-----\n" + "\n".join(rows) + f"\n-----END {label}PRIVATE KEY-----"


def provider_keys(c: Corpus) -> list:
    """(provider, variable, key, public beginning): one of each shape."""
    marker = "T3Blbk" + "FJ"
    return [
        ("openai", "OPENAI_API_KEY", "sk-" + "proj-" + c.some(WIDE[:-2], 58) + marker + c.some(WIDE[:-2], 58), "sk-proj-"),
        ("openai", "OPENAI_KEY", "sk-" + "svcacct-" + c.some(WIDE[:-2], 74) + marker + c.some(MIXED, 74), "sk-svcacct-"),
        ("openai", "OPENAI_ADMIN_KEY", "sk-" + "admin-" + c.some(MIXED, 58) + marker + c.some(MIXED, 58), "sk-admin-"),
        ("openai", "OPENAI_API_KEY", "sk-" + c.some(MIXED, 20) + marker + c.some(MIXED, 20), "sk-"),
        ("anthropic", "ANTHROPIC_API_KEY", "sk-" + "ant-api03-" + c.some(WIDE, 93) + "AA", "sk-ant-"),
        ("aws", "AWS_ACCESS_KEY_ID", "AK" + "IA" + c.some(BASE32, 16), "AKIA"),
        ("github", "GITHUB_TOKEN", checksummed(c, "gh" + "p_"), "ghp_"),
        ("github", "GH_TOKEN", checksummed(c, "gh" + "s_"), "ghs_"),
        ("github", "GITHUB_PAT", "github" + "_pat_" + c.some(MIXED, 22) + "_" + c.some(MIXED, 59), "github_pat_"),
        ("gitlab", "GITLAB_TOKEN", "gl" + "pat-" + c.some(WIDE, 20), "glpat-"),
        ("npm", "NPM_TOKEN", checksummed(c, "np" + "m_"), "npm_"),
        ("huggingface", "HF_TOKEN", "h" + "f_" + c.some(UPPER + LOWER, 34), "hf_"),
        ("slack", "SLACK_BOT_TOKEN", "xox" + "b-" + c.some(DIGITS, 12) + "-" + c.some(DIGITS, 13) + "-" + c.some(MIXED, 24), "xoxb-"),
        ("slack", "SLACK_WEBHOOK", "https://hooks.slack" + ".com/services/T" + c.some(UPPER + DIGITS, 8) + "/B" + c.some(UPPER + DIGITS, 10) + "/" + c.some(MIXED, 24), "hooks.slack.com/services/"),
        ("stripe", "STRIPE_SECRET_KEY", "sk" + "_live_" + c.some(MIXED, 24), "sk_live_"),
        ("stripe", "STRIPE_RESTRICTED", "rk" + "_live_" + c.some(MIXED, 99), "rk_live_"),
        ("stripe", "STRIPE_WEBHOOK_SECRET", "wh" + "sec_" + c.some(MIXED, 32), "whsec_"),
        ("google", "GOOGLE_MAPS_KEY", "AI" + "za" + c.some(WIDE[:-2], 35), "AIza"),
        ("google", "GOOGLE_CLIENT_SECRET", "GOC" + "SPX-" + c.some(WIDE[:-2], 28), "GOCSPX-"),
        ("sendgrid", "SENDGRID_API_KEY", "S" + "G." + c.some(MIXED, 22) + "." + c.some(MIXED, 43), "SG."),
        ("databricks", "DATABRICKS_TOKEN", "da" + "pi" + c.some(HEX, 32), "dapi"),
        ("vault", "VAULT_TOKEN", "hv" + "s." + c.some(WIDE[:-2], 95), "hvs."),
        ("grafana", "GRAFANA_TOKEN", "gl" + "sa_" + c.some(MIXED, 32) + "_" + c.some(HEX, 8), "glsa_"),
        ("shopify", "SHOPIFY_TOKEN", "shp" + "at_" + c.some(HEX, 32), "shpat_"),
        ("pypi", "TWINE_PASSWORD", "py" + "pi-AgEIcHlwaS5vcmc" + c.some(WIDE[:-2], 90), "pypi-"),
        ("digitalocean", "DO_TOKEN", "do" + "p_v1_" + c.some(HEX, 64), "dop_v1_"),
        ("linear", "LINEAR_KEY", "li" + "n_api_" + c.some(MIXED, 40), "lin_api_"),
        ("groq", "GROQ_API_KEY", "gs" + "k_" + c.some(MIXED, 52), "gsk_"),
        ("replicate", "REPLICATE_API_TOKEN", "r" + "8_" + c.some(MIXED, 37), "r8_"),
        ("openrouter", "OPENROUTER_KEY", "sk-" + "or-v1-" + c.some(HEX, 64), "sk-or-"),
        ("mailchimp", "MAILCHIMP_KEY", c.some(HEX, 32) + "-us" + c.one("3", "14", "21"), ""),
        ("mailgun", "MAILGUN_KEY", "ke" + "y-" + c.some(HEX, 32), "key-"),
        ("telegram", "TELEGRAM_BOT_TOKEN", c.some("123456789", 1) + c.some(DIGITS, 9) + ":AA" + c.some(WIDE[:-2], 33), ""),
        ("discord", "DISCORD_TOKEN", "M" + c.some(MIXED, 23) + "." + c.some(MIXED, 6) + "." + c.some(MIXED, 27), ""),
        ("square", "SQUARE_SECRET", "sq0" + "csp-" + c.some(WIDE[:-2], 43), "sq0csp-"),
        ("artifactory", "ARTIFACTORY_KEY", "AK" + "C" + c.some(MIXED, 70), "AKC"),
        ("dockerhub", "DOCKER_PAT", "dc" + "kr_pat_" + c.some(WIDE[:-2], 27), "dckr_pat_"),
        ("newrelic", "NEW_RELIC_KEY", "NR" + "AK-" + c.some(UPPER + DIGITS, 27), "NRAK-"),
        ("supabase", "SUPABASE_ACCESS_TOKEN", "sb" + "p_" + c.some(HEX, 40), "sbp_"),
        ("figma", "FIGMA_TOKEN", "fi" + "gd_" + c.some(WIDE[:-2], 40), "figd_"),
        ("postman", "POSTMAN_KEY", "PM" + "AK-" + c.some(HEX, 24) + "-" + c.some(HEX, 34), "PMAK-"),
    ]


def named_keys(c: Corpus) -> list:
    """(kind, variable, value) without a prefix: only the name says what they are."""
    return [
        ("aws secret", "AWS_SECRET_ACCESS_KEY", c.some(CODED, 39) + c.some(MIXED, 1)),
        ("azure storage", "AZURE_STORAGE_KEY", c.some(CODED, 86) + "=="),
        ("cloudant", "cloudant_password", c.some(HEX, 64)),
        ("ibm cloud", "ibm_cloud_iam_api_key", c.some(WIDE[:-2], 44)),
        ("cos hmac", "cos_hmac_secret_access_key", c.some(HEX, 48)),
        ("softlayer", "softlayer_api_key", c.some(LOWER + DIGITS, 64)),
        ("datadog", "DD_API_KEY", c.some(HEX, 32)),
        ("django", "SECRET_KEY", c.some(LOWER + DIGITS + "!@#%^&*-_=+", 49) + "7"),
        ("rails", "secret_key_base", c.some(HEX, 128)),
        ("twitter", "TWITTER_CONSUMER_SECRET", c.some(MIXED, 50)),
        ("auth0", "AUTH0_CLIENT_SECRET", c.some(WIDE, 64)),
        ("jwt secret", "JWT_SECRET", c.some(MIXED, 40)),
        ("encryption", "ENCRYPTION_KEY", c.some(HEX, 64)),
        ("algolia", "ALGOLIA_ADMIN_KEY_API_KEY", c.some(HEX, 32)),
        ("service", "service_token", c.some(MIXED, 32)),
        ("cloudflare", "CLOUDFLARE_API_TOKEN", c.some(MIXED, 40)),
    ]


# Where people leave keys. Each gets a variable's name and a value and gives (path, lines before, the line, lines after).
def contexts(c: Corpus, number: int, name: str, value: str) -> list:
    lower = name.lower()
    camel = "".join(w.capitalize() if i else w.lower() for i, w in enumerate(name.split("_")))
    kebab = lower.replace("_", "-")
    n = f"{number:03d}"
    return [
        (f"services/s{n}/.env", ["APP_ENV=production", f"APP_PORT={c.dice.randrange(3000, 9000)}"], f"{name}={value}", ["LOG_LEVEL=info"]),
        (f"services/s{n}/.env.production", [f"# deployed {c.dice.randrange(2019, 2026)}"], f'{name}="{value}"', []),
        (f"py/p{n}/settings.py", ["import os", "", "DEBUG = False"], f'{name} = "{value}"', ["ALLOWED_HOSTS = ['*']"]),
        (f"py/p{n}/client.py", ["import requests", "", "class Client:", "    def __init__(self):"], f"        self.{lower} = '{value}'", ["        self.retries = 3"]),
        (f"web/w{n}/src/api.js", ["import axios from 'axios'", ""], f'const {camel} = "{value}";', ["export default axios.create({ timeout: 1000 })"]),
        (f"web/w{n}/src/config.ts", ["export const config = {", "  region: 'eu-west-1',"], f"  {camel}: '{value}',", ["}"]),
        (f"go/g{n}/main.go", ["package main", "", "const ("], f'\t{camel} = "{value}"', [")"]),
        (f"java/j{n}/src/main/resources/application.properties", ["server.port=8080"], f"app.{kebab}={value}", ["logging.level.root=INFO"]),
        (f"java/j{n}/src/main/resources/application.yml", ["spring:", "  profiles: prod"], f"  {kebab}: {value}", ["  jpa: {}"]),
        (f"java/j{n}/Config.java", ["public class Config {"], f'    private static final String {name} = "{value}";', ["}"]),
        (f"deploy/d{n}/docker-compose.yml", ["services:", "  app:", "    image: app:1.2", "    environment:"], f"      - {name}={value}", []),
        (f"deploy/d{n}/deployment.yaml", ["apiVersion: apps/v1", "kind: Deployment", "spec:", "  env:", f"    - name: {name}"], f'      value: "{value}"', []),
        (f"infra/i{n}/prod.auto.tfvars", ['region = "eu-west-1"'], f'{lower} = "{value}"', []),
        (f"ci/c{n}/.gitlab-ci.yml", ["deploy:", "  variables:"], f'    {name}: "{value}"', ["  script: make deploy"]),
        (f"docker/k{n}/Dockerfile", ["FROM python:3.12-slim"], f"ENV {name}={value}", ["CMD [\"python\", \"app.py\"]"]),
        (f"scripts/x{n}.sh", ["#!/bin/sh", "set -e"], f"export {name}={value}", ["make deploy"]),
        (f"ruby/r{n}/config/initializers/keys.rb", ["Rails.application.configure do"], f'  config.{lower} = "{value}"', ["end"]),
        (f"php/h{n}/config.php", ["<?php", "return ["], f"    '{lower}' => '{value}',", ["];"]),
        (f"config/f{n}/settings.json", ["{", '  "timeout": 30,'], f'  "{camel}": "{value}"', ["}"]),
        (f"config/f{n}/app.toml", ["[app]", "debug = false"], f'{lower} = "{value}"', []),
        (f"config/f{n}/app.ini", ["[app]", "debug = false"], f"{lower} = {value}", []),
        (f"cs/n{n}/appsettings.json", ["{", '  "Logging": {},'], f'  "{camel[0].upper() + camel[1:]}": "{value}"', ["}"]),
        (f"cs/n{n}/Program.cs", ["using System;"], f'var {camel} = "{value}";', []),
        (f"swift/m{n}/Keys.swift", ["import Foundation", "enum Keys {"], f'  static let {camel} = "{value}"', ["}"]),
        (f"notebooks/b{n}.ipynb", ['{"cells": [{"cell_type": "code", "source": ['], f'  "{lower} = \\"{value}\\"\\n"', ["]}], \"nbformat\": 4}"]),
    ]


def plant_keys(c: Corpus):
    number = 0
    for provider, name, value, prefix in provider_keys(c):
        places = contexts(c, number, name, value)
        for path, before, line, after in c.dice.sample(places, 3):
            c.file(path, *before, (line, provider, value, prefix), *after)
        number += 1
    for kind, name, value in named_keys(c):
        places = contexts(c, number, name, value)
        # A sign that means something to a shell or a property file is written in quotes there.
        if any(sign in value for sign in "!#&^*"):
            places = [place for place in places if f'"{value}"' in place[2] or f"'{value}'" in place[2]]
        for path, before, line, after in c.dice.sample(places, 3):
            c.file(path, *before, (line, kind, value, ""), *after)
        number += 1
    for _ in range(24):
        value = password(c)
        name = c.one("DB_PASSWORD", "DATABASE_PASSWORD", "SMTP_PASSWORD", "ADMIN_PASSWORD", "REDIS_PASSWORD")
        places = [p for p in contexts(c, number, name, value) if "#" not in value or value + '"' in p[2] or value + "'" in p[2]]
        path, before, line, after = c.one(*places)
        c.file(path, *before, (line, "password", value, ""), *after)
        number += 1


def plant_special(c: Corpus):
    """Keys in writings of their own."""
    for n in range(4):
        user, host = c.one("app", "deploy", "svc"), c.one("db", "cache", "queue") + f"{n}.orrery.example"
        value = password(c).replace("#", "x").replace("%", "y").replace("*", "z").replace("!", "q")
        scheme = c.one("postgres", "mysql", "mongodb+srv", "amqp", "redis")
        c.file(f"urls/u{n}/database.yml", "production:", (f"  url: {scheme}://{user}:{value}@{host}/main", "url", value, ""))
        value = c.some(MIXED, 24)
        c.file(f"urls/v{n}/sync.py", "import requests", (f'URL = "https://{user}:{value}@{host}/v2/items"', "url", value, ""))
    for n, label in enumerate(["RSA ", "EC ", "OPENSSH ", "", "DSA "]):
        value = private_key(c, label)
        c.file(f"keys/k{n}.pem", (value, "private key", value, "-----BEGIN"))
        value = private_key(c, label)
        escaped = value.replace("\n", "\\n")
        c.file(f"keys/service{n}.json", "{", '  "type": "service_account",', (f'  "private_key": "{escaped}"', "private key", escaped, "-----BEGIN"), "}")
    for n in range(4):
        now = int(time.time())
        value = web_token(c, {"sub": c.some(HEX, 24), "iss": "https://id.orrery.example", "iat": now, "exp": now + 86_400 * 3650, "role": "service"})
        c.file(f"tokens/t{n}.ts", "export const session = {", (f"  bearer: '{value}',", "jwt", value, "eyJ"), "}")
        value = c.some(MIXED, 40)
        c.file(f"tokens/call{n}.sh", "#!/bin/sh", "curl -sS \\", (f'  -H "Authorization: Bearer {value}" \\', "bearer", value, "Bearer "), "  https://api.orrery.example/v1/items")
        value = c.some(MIXED, 36)
        c.file(f"tokens/header{n}.js", "await fetch(url, { headers: {", (f"  'X-Api-Key': '{value}',", "header", value, ""), "} })")
        user = base64.b64encode(f"svc{n}:{c.some(MIXED, 20)}".encode()).decode()
        c.file(f"tokens/basic{n}.py", (f'HEADERS = {{"Authorization": "Basic {user}"}}', "basic", user, "Basic "))
    value = checksummed(c, "np" + "m_")
    c.file("registry/a/.npmrc", "registry=https://npm.orrery.example/", (f"//npm.orrery.example/:_authToken={value}", "npm", value, "npm_"))
    value = password(c).replace("#", "x")
    c.file("registry/b/.pypirc", "[pypi]", "username = deploy", (f"password = {value}", "password", value, ""))
    value = c.some(MIXED, 22)
    c.file("registry/c/.netrc", (f"machine git.orrery.example login deploy password {value}", "netrc", value, ""))
    value = base64.b64encode(f"deploy:{c.some(MIXED, 30)}".encode()).decode()
    c.file("registry/d/.docker/config.json", '{"auths": {"registry.orrery.example": {', (f'  "auth": "{value}"', "docker", value, ""), "}}}")
    account = c.some(CODED, 86) + "=="
    c.file("azure/settings.json", "{", (f'  "Storage": "DefaultEndpointsProtocol=https;AccountName=orrery;AccountKey={account};EndpointSuffix=core.windows.net"', "azure", account, ""), "}")
    for n in range(3):
        value = "AI" + "za" + c.some(WIDE[:-2], 35)
        c.file(f"android/a{n}/res/values/strings.xml", "<resources>", (f'  <string name="google_maps_key">{value}</string>', "google", value, "AIza"), "</resources>")
        value = c.some(MIXED, 32)
        c.file(f"ios/i{n}/Info.plist", "<dict>", "  <key>ApiSecret</key>", (f"  <string>{value}</string>", "plist", value, ""), "</dict>")
        value = "sk" + "_live_" + c.some(MIXED, 24)
        junk = ";".join(f"var {c.some(LOWER, 1)}{i}=function(e,t){{return e+t*{i}}}" for i in range(120))
        c.file(f"web/bundle{n}/dist/app.{c.some(HEX, 8)}.js", (f'{junk};fetch(u,{{headers:{{k:"{value}"}}}});{junk}', "bundle", value, "sk_live_"))
        value = c.some(MIXED, 40)
        c.file(f"calls/login{n}.py", "from orrery import Client", (f'client = Client("{value}")', "unnamed", value, ""))
        value = password(c)
        c.file(f"calls/mail{n}.java", "class Mail {", (f'    void open() {{ session.setPassword("{value}"); }}', "call", value, ""), "}")
        value = checksummed(c, "gh" + "p_")
        c.file(f"docs/leak{n}.md", "# Setup", "", "Clone with our token:", "", (f"    git clone https://{value}@github.com/orrery/site", "docs", value, "ghp_"))


# What only looks so.

def decoys_of_tools(c: Corpus):
    def sri():
        return "sha512-" + base64.b64encode(c.dice.randbytes(64)).decode()

    def digest(count=64):
        return c.some(HEX, count)

    for n in range(6):
        packages = [f"pkg-{c.some(LOWER, 6)}" for _ in range(25)]
        c.file(f"locks/l{n}/package-lock.json", "{", '  "packages": {', *[f'    "node_modules/{p}": {{ "version": "1.{i}.0", "resolved": "https://npm.orrery.example/{p}/-/{p}-1.{i}.0.tgz", "integrity": "{sri()}" }},' for i, p in enumerate(packages)], "  }", "}")
        c.file(f"locks/l{n}/yarn.lock", *[f'{p}@^1.0.0:\n  version "1.0.{i}"\n  resolved "https://yarn.orrery.example/{p}/-/{p}-1.0.{i}.tgz#{digest(40)}"\n  integrity {sri()}' for i, p in enumerate(packages)])
        c.file(f"locks/l{n}/pnpm-lock.yaml", *[f"  /{p}/1.0.{i}:\n    resolution: {{integrity: {sri()}}}" for i, p in enumerate(packages)])
        c.file(f"locks/l{n}/go.sum", *[f"github.com/orrery/{p} v1.{i}.0 h1:{base64.b64encode(c.dice.randbytes(32)).decode()}" for i, p in enumerate(packages)])
        c.file(f"locks/l{n}/Cargo.lock", *[f'[[package]]\nname = "{p}"\nversion = "0.{i}.1"\nchecksum = "{digest()}"' for i, p in enumerate(packages)])
        c.file(f"locks/l{n}/poetry.lock", *[f'[[package]]\nname = "{p}"\nfiles = [\n  {{file = "{p}-1.{i}.tar.gz", hash = "sha256:{digest()}"}},\n]' for i, p in enumerate(packages)])
        c.file(f"locks/l{n}/requirements.txt", *[f"{p}==1.{i} --hash=sha256:{digest()}" for i, p in enumerate(packages)])
        c.file(f"locks/l{n}/SHA256SUMS", *[f"{digest()}  {p}.tar.gz" for p in packages])


def decoys_of_data(c: Corpus):
    def uuid():
        return "-".join(c.some(HEX, k) for k in (8, 4, 4, 4, 12))

    for n in range(6):
        c.file(f"data/d{n}/users.json", "[", *[f'  {{"id": "{uuid()}", "etag": "{c.some(HEX, 32)}", "version": "{c.some(HEX, 40)}"}},' for _ in range(12)], "]")
        c.file(f"data/d{n}/seed.sql", *[f"INSERT INTO devices (id, checksum) VALUES ('{uuid()}', '{c.some(HEX, 64)}');" for _ in range(12)])
        c.file(f"data/d{n}/hashes.py", "EXPECTED = {", *[f'    "{c.some(LOWER, 6)}.bin": "{hashlib.sha256(c.dice.randbytes(8)).hexdigest()}",' for _ in range(12)], "}")
        c.file(f"data/d{n}/chunks.js", "export default {", *[f'  {i}: "{c.some(HEX, 20)}",' for i in range(15)], "}")
        c.file(f"data/d{n}/project.pbxproj", *[f"\t\t{c.some(HEX.upper(), 24)} /* View{i}.swift in Sources */ = {{isa = PBXBuildFile; fileRef = {c.some(HEX.upper(), 24)}; }};" for i in range(12)])
        c.file(f"data/d{n}/app.sln", *[f'Project("{{{uuid().upper()}}}") = "App{i}", "App{i}.csproj", "{{{uuid().upper()}}}"' for i in range(8)])
        c.file(f"data/d{n}/chain.ts", "export const contracts = {", *[f'  pool{i}: "0x{c.some(HEX, 40)}", // tx 0x{c.some(HEX, 64)}' for i in range(8)], "}")
        c.file(f"data/d{n}/images.html", f'<img src="data:image/png;base64,{c.some(CODED, 800)}">', f'<script integrity="sha384-{c.some(CODED, 64)}" src="/app.js"></script>', f'<script nonce="{c.some(CODED, 22)}=="></script>')
        c.file(f"data/d{n}/font.css", f"@font-face {{ src: url(data:font/woff2;base64,{c.some(CODED, 900)}); }}", ".sk-folding-cube1-2 { color: #fff }", ".sk-chasing-dot-before-animation-0 { }")
        c.file(f"data/d{n}/compose.yml", "services:", *[f"  s{i}:\n    image: registry.example/app@sha256:{c.some(HEX, 64)}" for i in range(5)])


def decoys_of_builds(c: Corpus):
    for n in range(8):
        body = "".join(c.one(f"function {c.some(MIXED, 2)}({c.some(LOWER, 1)},{c.some(LOWER, 1)}){{return {c.some(MIXED, 3)}({c.some(DIGITS, 3)})}}", f'var {c.some(MIXED, 2)}="{c.some(MIXED, 8)}";', f'{c.some(LOWER, 2)}.{c.some(LOWER, 6)}="{c.some(HEX, 20)}",token:{c.some(LOWER, 1)},password:t.password,key:{c.some(LOWER, 2)},') for _ in range(400))
        c.file(f"web/build{n}/static/js/main.{c.some(HEX, 8)}.min.js", body)
        c.file(f"web/build{n}/static/js/main.js.map", '{"version":3,"mappings":"' + "".join(c.one("AAAA", "CAAC", "SAASA", "EAAE") + c.one(";", ",") for _ in range(600)) + '","names":["' + '","'.join(c.some(MIXED, 5) for _ in range(60)) + '"]}')
        c.file(f"web/build{n}/manifest.json", "{", *[f'  "{c.some(LOWER, 5)}.js": "/static/{c.some(LOWER, 5)}.{c.some(HEX, 20)}.js",' for _ in range(10)], '  "x": 1', "}")


def decoys_of_certificates(c: Corpus):
    def rows(count):
        return [c.some(CODED, 64) for _ in range(count)] + [c.some(CODED, 30) + "=="]

    for n in range(6):
        c.file(f"tls/c{n}/server.crt", "-----BEGIN CERTIFICATE-----", "MIID" + c.some(CODED, 60), *rows(18), "-----END CERTIFICATE-----")
        c.file(f"tls/c{n}/public.pem", "-----BEGIN PUBLIC KEY-----", "MIIB" + c.some(CODED, 60), *rows(5), "-----END PUBLIC KEY-----")
        c.file(f"tls/c{n}/authorized_keys", *[f"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ{c.some(CODED, 340)} dev{i}@orrery.example" for i in range(3)], f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{c.some(CODED, 43)} ops")
        c.file(f"tls/c{n}/request.csr", "-----BEGIN CERTIFICATE REQUEST-----", *rows(10), "-----END CERTIFICATE REQUEST-----")
        c.file(f"tls/c{n}/trust.ts", f'export const publicKey = "{c.some(CODED, 43)}=";', f"export const fingerprint = '{':'.join(c.some(HEX, 2).upper() for _ in range(32))}';", f'export const STRIPE_PUBLISHABLE_KEY = "pk_live_{c.some(MIXED, 24)}";')
        c.file(f"tls/c{n}/read.go", "package tls", 'const begin = "-----BEGIN RSA PRIVATE KEY-----"', 'const end = "-----END RSA PRIVATE KEY-----"', "func isKey(line string) bool { return line == begin }")


def decoys_of_documents(c: Corpus):
    example = "AKIA" + "IOSFODNN7EXAMPLE"
    for n in range(8):
        c.file(f"docs/guide{n}.md", "# Quick start", "", "Set your key:", "", "    export OPENAI_API_KEY=sk-your-key-here", '    export OPENAI_API_KEY="sk-proj-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"', "    export STRIPE_SECRET_KEY=sk_test_your_key", f"    aws configure set aws_access_key_id {example}", "    aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "    password: <your password>", '    api_key: "YOUR_API_KEY"', "    token: ${TOKEN}", "", "Connect with `postgres://user:password@localhost:5432/app` or `https://user:pass@example.com`.", "", 'Authorization: Bearer <token>', 'curl -H "Authorization: Bearer $TOKEN" https://api.orrery.example', "", "-----BEGIN PRIVATE KEY-----", "...", "-----END PRIVATE KEY-----")
        c.file(f"services/e{n}/.env.example", "OPENAI_API_KEY=sk-...", "DB_PASSWORD=changeme", "SECRET_KEY=replace-me-with-a-long-random-string", "STRIPE_KEY=sk_live_xxxxxxxxxxxxxxxxxxxxxxxx", "GITHUB_TOKEN=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "SLACK_TOKEN=xoxb-your-token", "JWT_SECRET=your_jwt_secret")
        c.file(f"docs/api{n}.md", "| field | type | |", "| --- | --- | --- |", "| `password` | string | at least 12 characters |", "| `api_key` | string | starts with `sk-` |", "| `access_token` | string | valid for an hour |", "", "```json", '{"access_token": "<access token>", "token_type": "bearer", "expires_in": 3600}', '{"password": "********", "secret": "[REDACTED]"}', "```")
        c.file(f"openapi/o{n}/api.yaml", "components:", "  schemas:", "    Login:", "      properties:", "        password:", "          type: string", "          format: password", "          example: correct-horse-battery-staple", "        token: {type: string, example: eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U}", "        api_key: {type: string, example: 'string'}")


def decoys_of_code(c: Corpus):
    for n in range(10):
        c.file(f"py/code{n}/auth.py", "import os, getpass, hmac", "", 'API_KEY = os.environ["API_KEY"]', 'SECRET_KEY = os.getenv("SECRET_KEY", "")', "password = getpass.getpass()", "token = request.headers['Authorization']", "secret = config.get('secret')", "def login(username: str, password: str) -> str:", '    if password == "":', "        raise ValueError('password must not be empty')", "    return create_token(user, secret=SECRET_KEY)", 'PASSWORD_FIELD = "user_password"', 'TOKEN_URL = "https://id.orrery.example/oauth/token"', "password_hash = '$2b$12$" + c.some(MIXED + "./", 53) + "'", f'CACHE_KEY = "users:{c.some(HEX, 12)}"')
        c.file(f"web/code{n}/src/Login.jsx", "export function Login() {", "  const [password, setPassword] = useState('')", "  const token = localStorage.getItem('auth_token')", "  return <form>", '    <input type="password" name="password" autoComplete="current-password" placeholder="Enter your password" />', "    <label htmlFor='password'>Password:</label>", "  </form>", "}", "export const apiKey = process.env.REACT_APP_API_KEY", "export const secret = import.meta.env.VITE_SECRET")
        c.file(f"web/code{n}/locales/de.json", "{", '  "password": "Passwort",', '  "passwordHint": "Mindestens-12-Zeichen",', '  "forgotPassword": "Passwort vergessen?",', '  "secret": "Geheimnis",', '  "apiKey": "API-Schlüssel",', '  "token_expired": "Die Sitzung ist abgelaufen."', "}")
        c.file(f"web/code{n}/locales/fr.json", "{", '  "password": "Mot de passe",', '  "newPassword": "Nouveau-mot-de-passe",', '  "apiKey": "Clé"', "}")
        c.file(f"php/code{n}/rules.php", "<?php", "return [", "    'password' => 'required|min:12|confirmed',", "    'token' => 'required|string|max:255',", "    'secret' => env('APP_SECRET'),", "];")
        c.file(f"infra/code{n}/main.tf", 'variable "db_password" {', "  type      = string", "  sensitive = true", "}", 'resource "aws_db_instance" "main" {', "  password = var.db_password", "  kms_key_id = aws_kms_key.main.arn", "}", 'output "token" { value = module.auth.token }')
        c.file(f"deploy/code{n}/deployment.yaml", "env:", "  - name: DB_PASSWORD", "    valueFrom:", "      secretKeyRef:", "        name: db-credentials", "        key: password", "  - name: API_TOKEN_FILE", "    value: /run/secrets/api_token")
        c.file(f".github/workflows/code{n}.yml", "on: push", "jobs:", "  build:", "    env:", "      NPM_TOKEN: ${{ secrets.NPM_TOKEN }}", "      AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}", "    steps:", f"      - uses: actions/checkout@{c.some(HEX, 40)}", f"      - uses: actions/setup-node@{c.some(HEX, 40)} # v4")
        c.file(f"java/code{n}/User.java", "public class User {", "    private String password;", "    private static final String PASSWORD_KEY = \"user.password\";", "    public void setPassword(String password) { this.password = password; }", '    static final String TOKEN_HEADER = "X-Auth-Token";', "}")
        c.file(f"go/code{n}/types.go", "package types", "type Config struct {", '\tPassword string `json:"password"`', '\tAPIKey   string `yaml:"api_key" env:"API_KEY"`', "}", 'var ErrToken = errors.New("token: invalid signature")', 'const tokenKey = "token"')


def decoys_of_tests(c: Corpus):
    for n in range(6):
        c.file(f"crypto/tests/v{n}.txt", *[f"KEY = {c.some(HEX, 32)}\nIV = {c.some(HEX, 32)}\nPLAINTEXT = {c.some(HEX, 64)}\nCIPHERTEXT = {c.some(HEX, 64)}" for _ in range(6)])
        c.file(f"crypto/testdata/hmac{n}.json", "[", *[f'  {{"tag": "{c.some(HEX, 64)}", "msg": "{c.some(HEX, 32)}", "digest": "{c.some(HEX, 64)}"}},' for _ in range(6)], "]")
        c.file(f"app/tests/test_login{n}.py", "def test_login(client):", '    client.login(username="alice", password="password123")', '    assert client.token == "test-token"', '    api_key = "dummy-key-for-tests"', '    secret = "not-a-real-secret"', '    key = "0123456789abcdef0123456789abcdef"', f'    assert digest == "{c.some(HEX, 64)}"')
        c.file(f"app/__tests__/snap{n}.test.js", "it('renders', () => {", '  expect(login({ password: "hunter2", token: "abc123" })).toBe(true)', f'  expect(hash).toBe("{c.some(HEX, 40)}")', "})")
        # Made up for a test: the last six letters are no checksum of the rest.
        c.file(f"app/tests/mask{n}.js", f'expect(mask("ghp_{c.some(LOWER + DIGITS, 35)}!")).toBe("ghp_…")')


def make(root, seed: int) -> Corpus:
    corpus = Corpus(pathlib.Path(root), seed)
    plant_keys(corpus)
    plant_special(corpus)
    for decoys in (decoys_of_tools, decoys_of_data, decoys_of_builds, decoys_of_certificates, decoys_of_documents, decoys_of_code, decoys_of_tests):
        decoys(corpus)
    return corpus


def score(corpus: Corpus, claims: set) -> dict:
    """What a scanner said, as (path, line), beside the labels. A line without a secret that is claimed is one false alarm."""
    found = [s for s in corpus.secrets if any((s.path, line) in claims for line in range(s.line, s.last_line + 1))]
    true_lines = {(s.path, line) for s in corpus.secrets for line in range(s.line, s.last_line + 1)}
    return {
        "secrets": len(corpus.secrets),
        "found": len(found),
        "missed": sorted({(s.kind, s.path) for s in corpus.secrets} - {(s.kind, s.path) for s in found}),
        "false_alarms": sorted(claims - true_lines),
    }


if __name__ == "__main__":
    made = make(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    print(f"{made.files} files, {made.lines} lines, {len(made.secrets)} secrets")
