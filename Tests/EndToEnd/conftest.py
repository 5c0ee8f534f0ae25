"""Real release binaries on loopback ports, each test run in a directory of its own that is removed afterwards."""

import shutil
import tempfile
from pathlib import Path

import pytest
from installation import BINARIES, Installation


def pytest_configure(config):
    for name in ("sealane", "sealane-custodian"):
        if not (BINARIES / name).exists():
            pytest.exit(f"{BINARIES / name} is missing; run `make build` first", returncode=2)


@pytest.fixture
def make_installation():
    """A function that initializes a further installation; all are stopped and removed when the test ends."""
    made = []

    def make(**options):
        root = Path(tempfile.mkdtemp(prefix="sealane-e2e-"))
        installation = Installation(root, **options)
        made.append(installation)
        return installation

    yield make
    for installation in made:
        installation.close()
        shutil.rmtree(installation.root, ignore_errors=True)


@pytest.fixture(scope="module")
def sealane():
    """One running server with its custodian for all tests of a module."""
    root = Path(tempfile.mkdtemp(prefix="sealane-e2e-"))
    installation = Installation(root)
    try:
        installation.start()
        installation.start_custodian()
        yield installation
    finally:
        installation.close()
        shutil.rmtree(root, ignore_errors=True)
