"""Day one of a German company: from an empty database to invoices in 40 mailboxes, in the browser alone."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from openpyxl import Workbook
from playwright.sync_api import Browser, Page, expect

from counterfoil.testing.served import free_port, wait_for

PASSWORD = "correct horse battery"
CUSTOMERS = 40


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[str]:
    """A company that has nothing but an administrator, served as the README says."""
    port = free_port()
    environment = {
        **os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/books.sqlite3", "COUNTERFOIL_DATA_DIR": str(tmp_path),
        "COUNTERFOIL_MODE": "local", "UNDO_SECONDS": "1",
    }  # fmt: skip
    for name in ("EMAIL_HOST", "EMAIL_PORT", "COUNTERFOIL_OUTBOX"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "counterfoil"]
    subprocess.run([*command, "migrate", "-v", "0"], env=environment, check=True)
    who = ["add-user", "anna@rheinglas.example", "Anna Schmidt", "administrator"]
    subprocess.run([*command, *who], env=environment, check=True, input=f"{PASSWORD}\n", text=True)
    server = subprocess.Popen([*command, "serve", "--port", str(port), "--with-worker"], env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url, server)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)
    subprocess.run([*command, "check-books"], env=environment, check=True)


def _list(folder: Path) -> Path:
    """A spreadsheet as it lies about: a title, an empty line, German headings, the tariff beside the customer."""
    book = Workbook()
    sheet = book.active
    sheet.append(["Kundenliste"])
    sheet.append([])
    sheet.append(["Kundennummer", "Name", "E-Mail", "Telefon", "Straße", "PLZ", "Ort", "Tarif", "Kunde seit"])
    for place in range(CUSTOMERS):
        sheet.append([
            f"K{1000 + place}", f"Café Größe {place}", f"kunde{place}@kunden.example", f"0221 555 {place:04}",
            f"Aachener Str. {place + 1}", "50674", "Köln", "Glasfaser 250", dt.date(2024, 1 + place % 12, 15),
        ])  # fmt: skip
    path = folder / "kunden.xlsx"
    book.save(path)
    return path


def _open(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("link", name=name).first.click()


def _import(page: Page, url: str, path: Path, holds: str) -> None:
    page.goto(f"{url}/import/")
    page.set_input_files("input[type=file]", str(path))
    page.get_by_role("button", name=re.compile("Upload|Read|Next|Continue|Open")).first.click()
    expect(page.get_by_label("It holds")).to_be_visible()
    if holds != "customers":
        page.get_by_label("It holds").select_option(holds)
        expect(page.get_by_label("Field for Tarif")).to_have_value("product")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text(f"File imported. {CUSTOMERS} records added.")).to_be_visible(timeout=60_000)


def _received(folder: Path) -> list[EmailMessage]:
    files = sorted((folder / "new").glob("*"))
    made = (email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in files)
    return [one for one in made if "kunden.example" in str(one["To"])]  # type: ignore[misc]


def test_a_german_company_bills_its_list_on_the_first_day(
    chromium: Browser, empty: str, mailbox: tuple[Path, int], tmp_path: Path
) -> None:
    page = chromium.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce").new_page()
    page.goto(f"{empty}/sign-in/")
    page.get_by_label("E-mail address").fill("anna@rheinglas.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("7 steps left to the first bill")).to_be_visible()

    # The country decides what the numbers are called, the currency and the taxes to begin with.
    _open(page, "Enter company")
    page.get_by_label("Trading name").fill("Rheinglas")
    page.get_by_label("Legal name").fill("Rheinglas Breitband GmbH")
    page.get_by_label("Country").select_option(label="Germany")
    page.get_by_label(re.compile("^Registration number")).fill("HRB 12345")
    page.get_by_label(re.compile("^Tax number")).fill("DE136695976")
    page.get_by_label("Street").fill("Rheinufer 12")
    page.get_by_label("Postal code").fill("50668")
    page.get_by_label("Town").fill("Köln")
    page.get_by_label("E-mail customers write to").fill("rechnung@rheinglas.example")
    page.get_by_label("Payment terms of new customers").fill("14")
    page.get_by_label("Currency").fill("EUR")
    page.get_by_role("button", name="Save company").click()
    expect(page).to_have_url(re.compile("/settings/$"))
    _open(page, re.compile("^Language"))
    page.get_by_label("Language of documents").select_option(label="Deutsch")
    page.get_by_role("button", name=re.compile("^Save")).click()
    expect(page).to_have_url(re.compile("/settings/$"))

    page.goto(empty)
    _open(page, "Add bank account")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(re.compile("^Bank")).first.fill("Commerzbank")
    dialog.get_by_label("IBAN").fill("DE89 3704 0044 0532 0130 00")
    dialog.get_by_role("button", name=re.compile("Add|Save")).last.click()
    expect(page).to_have_url(re.compile("/bank-accounts/"))
    page.goto(empty)
    _open(page, "Decide about tax")
    expect(page.get_by_text("In Germany there are USt 19%, USt 7%")).to_be_visible()
    page.get_by_text("Use these rates").first.click()
    expect(page.get_by_text("Tax is charged by the rates below.")).to_be_visible()
    page.goto(empty)
    _open(page, "Set up e-mail")
    _open(page, "Set up mail server")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Server").fill("127.0.0.1")
    dialog.get_by_label("Security").select_option("none")
    dialog.get_by_label("Port").fill(str(mailbox[1]))
    dialog.get_by_role("button", name=re.compile("Save|Set up")).last.click()
    expect(page.get_by_text("Messages go out by 127.0.0.1").first).to_be_visible()

    page.goto(f"{empty}/catalogue/add/")
    page.get_by_label("Name").first.fill("Glasfaser 250")
    page.get_by_label("Code").first.fill("gf250")
    page.get_by_role("button", name="Add product").click()
    # Its price is asked for next.
    page.get_by_label(re.compile("^(Price|Amount)")).first.fill("39,90")
    page.get_by_role("button", name="Set price").click()
    expect(page.locator("main")).to_contain_text("39.90")

    path = _list(tmp_path)
    for holds in ("customers", "services"):
        _import(page, empty, path, holds)

    page.goto(f"{empty}/bill-runs/")
    _open(page, "New bill run")
    page.get_by_role("dialog").get_by_role("button", name="Preview").click()
    issue = page.get_by_role("button", name=re.compile(f"Issue {CUSTOMERS} invoices, €"))
    expect(issue.first).to_be_visible(timeout=60_000)
    previewed = re.search(r"€([\d.,]+)", issue.first.inner_text())
    issue.first.click()
    send = page.get_by_role("button", name=f"Send {CUSTOMERS} invoices")
    expect(send).to_be_visible(timeout=60_000)
    assert previewed is not None
    expect(page.locator("main")).to_contain_text(previewed[1])
    send.click()
    # Sent is what the mail server took: the run says so, and the messages are there.
    expect(page.locator("main")).to_contain_text("0 to send", timeout=120_000)
    for _ in range(60):
        if len(_received(mailbox[0])) >= CUSTOMERS:
            break
        page.wait_for_timeout(1000)
    found = _received(mailbox[0])
    assert sorted(str(one["To"]) for one in found) == sorted(f"kunde{n}@kunden.example" for n in range(CUSTOMERS))
    first = found[0]
    assert re.fullmatch(r"Rechnung INV-\d{6}, [\d.,]+\s€ fällig am \d+\. \w+", str(first["Subject"]).strip())
    assert str(first["From"]) == "Rheinglas <rechnung@rheinglas.example>"
    body = first.get_body(("plain",))
    assert body is not None
    assert "Guten Tag, anbei erhalten Sie Ihre Rechnung." in body.get_content()
    (pdf,) = first.iter_attachments()
    assert pdf.get_content()[:5] == b"%PDF-"
    page.goto(empty)
    expect(page.get_by_text("left to the first bill")).to_have_count(0)
