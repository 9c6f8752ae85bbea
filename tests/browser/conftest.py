"""The served product: a demonstration in a database of its own, web and worker processes, Chromium, a mail server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from counterfoil.testing.served import free_port, wait_for

PASSWORD = "counterfoil-demo"
TOUR = "HV-000001"

# A busy machine is slow, not wrong.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in str(item.fspath):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """A real SMTP server that keeps what it receives in a folder."""
    folder = tmp_path_factory.mktemp("mail") / "box"
    controller = Controller(Mailbox(str(folder)), hostname="127.0.0.1", port=free_port())
    controller.start()
    yield folder, controller.port
    controller.stop()


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory, mailbox: tuple[Path, int]) -> Iterator[str]:
    """Where the product is served; its data are thrown away afterwards."""
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder}/served.sqlite3",
        "COUNTERFOIL_DATA_DIR": str(folder),
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(mailbox[1]),
        "UNDO_SECONDS": "3",
    }
    command = [sys.executable, "-m", "counterfoil"]
    # As a newcomer does it: built and served by one command.
    server = subprocess.Popen([*command, "demo", "--customers", "60", "--port", str(port)], env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url, server)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)
    # What the browser did must have kept the books.
    subprocess.run([*command, "check-books"], env=environment, check=True)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "Chromium is not installed. Install it with: sudo apt-get install -y chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def signed_in(chromium: Browser, address: str) -> dict[str, dict[str, object]]:
    """The cookies of each role."""
    states = {}
    for role in ("admin", "billing", "agent"):
        context = chromium.new_context()
        page = context.new_page()
        page.goto(f"{address}/sign-in/")
        page.get_by_label("E-mail address").fill(f"{role}@highveld.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "sign-in" not in url)
        states[role] = context.storage_state()
        context.close()
    context = chromium.new_context()
    sign_in_to_portal(context.new_page(), address)
    states["customer"] = context.storage_state()
    context.close()
    states["nobody"] = {}
    return states


def sign_in_to_portal(page: Page, address: str) -> None:
    """As a contact of the customer of the tour, by password."""
    page.goto(f"{address}/portal/")
    page.get_by_text("Use a password").click()
    page.get_by_label("E-mail address", exact=True).fill("naledi@mokoena.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/portal/")


Opens = Callable[..., Page]


@pytest.fixture
def opens(chromium: Browser, address: str, signed_in: dict[str, dict[str, object]]) -> Iterator[Opens]:
    """Open a page as somebody, at a size and theme; anything the browser complains about fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(
        path: str, *, role: str = "billing", width: int = 1440, theme: str = "light", javascript: bool = True
    ) -> Page:
        context = chromium.new_context(
            base_url=address,
            storage_state=signed_in[role],  # type: ignore[arg-type]
            viewport={"width": width, "height": 1000 if width > 600 else 844},
            color_scheme=theme,  # type: ignore[arg-type]
            java_script_enabled=javascript,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # A refused form and a page one may not open are answers, not faults.
    complaints = [text for text in complaints if "422" not in text and "403" not in text]
    assert not complaints, complaints
