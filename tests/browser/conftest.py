"""A real browser before a real server: as a fresh clone has it, on a free port."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def serving(tmp_path_factory):
    """Starts a dashboard with areas of its own, from a folder that is not the project's; gives its address while the block runs."""

    @contextmanager
    def start():
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        home = tmp_path_factory.mktemp("home")
        environment = {name: value for name, value in os.environ.items() if name != "FER_LAB_DATA"}
        environment |= {"FER_LAB_RUNS": str(home / "runs"), "FER_LAB_CACHE": str(home / "cache"), "FER_LAB_NICENESS": "0"}
        command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard" / "Home.py")]
        process = subprocess.Popen(
            [*command, "--server.port", str(port), "--server.headless", "true"],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield _wait_for(f"http://127.0.0.1:{port}", process)
        finally:
            process.terminate()
            process.wait(10)

    return start


@pytest.fixture(scope="session")
def server(serving):
    """The dashboard's address."""
    with serving() as address:
        yield address


def _wait_for(address, process):
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return address
        except OSError:
            assert process.poll() is None, "The dashboard's server ended before it answered."
            time.sleep(0.2)
    raise AssertionError("The dashboard's server did not answer within a minute.")


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium; without it these tests skip, or fail where FER_LAB_REQUIRE_BROWSER is set."""
    if not CHROMIUM.exists():
        sentence = f"There is no browser at {CHROMIUM}: install Debian's 'chromium', or name one in CHROMIUM."
        if os.environ.get("FER_LAB_REQUIRE_BROWSER"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, server):
    """A fresh page whose addresses are relative to the server; it fails the test where the page calls outside."""
    context = browser.new_context(base_url=server, viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(45_000)
    outside = []
    local = (server, server.replace("http", "ws"), "data:", "blob:")
    opened.on("request", lambda request: None if request.url.startswith(local) else outside.append(request.url))
    yield opened
    context.close()
    assert not outside, f"The page called outside: {outside}"
