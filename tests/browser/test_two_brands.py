"""Day one of a South African company with two brands: each customer hears from the one they know."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from tests.browser.test_day_one import PASSWORD, _open, empty

assert empty
BRANDS = {"Karoo Net": ("help@karoo.example", "#0b5fff"), "Valley Fibre": ("accounts@valley.example", "#b3261e")}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 30"><path d="M0 0h120v30H0z" fill="{}"/></svg>'


def _dialog(page: Page, link: str | re.Pattern[str], button: str, fields: dict[str, str]) -> None:
    """A form behind a link, filled in by its labels."""
    _open(page, link)
    dialog = page.get_by_role("dialog")
    for label, value in fields.items():
        dialog.get_by_label(re.compile(f"^{label}")).first.fill(value)
    dialog.get_by_role("button", name=re.compile(button)).last.click()
    expect(dialog).to_have_count(0)


def _product(page: Page, url: str, name: str, kind: str, price: str, fee: str = "") -> None:
    page.goto(f"{url}/catalogue/add/")
    page.get_by_label("Name").first.fill(name)
    page.get_by_label("Code").first.fill(name.lower().replace(" ", "-"))
    page.get_by_label("Kind").select_option(label=kind)
    if fee:
        page.get_by_label(re.compile("^Set-up fee")).select_option(label=fee)
    page.get_by_role("button", name="Add product").click()
    page.get_by_label(re.compile("^(Price|Amount)")).first.fill(price)
    if kind == "One-time charge":
        page.get_by_label(re.compile("^Charged")).first.select_option(label="Once")
    page.get_by_role("button", name="Set price").click()
    expect(page.locator("main")).to_contain_text(price)


def _received(folder: Path) -> dict[str, EmailMessage]:
    files = sorted((folder / "new").glob("*"))
    made = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in files]
    return {str(one["To"]): one for one in made if "brands.example" in str(one["To"])}  # type: ignore[misc]


def test_each_customer_hears_from_their_brand(
    chromium: Browser, empty: str, mailbox: tuple[Path, int], tmp_path: Path
) -> None:
    page = chromium.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce").new_page()
    page.goto(f"{empty}/sign-in/")
    page.get_by_label("E-mail address").fill("anna@rheinglas.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("7 steps left to the first bill")).to_be_visible()

    _open(page, "Enter company")
    page.get_by_label("Trading name").fill("Two Rivers")
    page.get_by_label("Legal name").fill("Two Rivers Networks (Pty) Ltd")
    page.get_by_label("Country").select_option(label="South Africa")
    page.get_by_label(re.compile("^Tax number")).fill("4123456789")
    page.get_by_label("Street").fill("12 Long Street")
    page.get_by_label("Postal code").fill("8001")
    page.get_by_label("Town").fill("Cape Town")
    page.get_by_label("E-mail customers write to").fill("office@tworivers.example")
    page.get_by_role("button", name="Save company").click()
    expect(page).to_have_url(re.compile("/settings/$"))
    _open(page, re.compile("^Time zone"))
    page.get_by_label(re.compile("^Time zone")).select_option(label="Africa/Johannesburg, usual in South Africa")
    page.get_by_label("Weeks begin on").select_option(label="Sunday")
    page.get_by_role("button", name=re.compile("^Save")).click()
    expect(page.get_by_text("Africa/Johannesburg, weeks from Sunday")).to_be_visible()

    page.goto(empty)
    _dialog(page, "Add bank account", "Add|Save", {"Bank": "Nedbank", "Account number": "1009876543"})
    page.goto(empty)
    _open(page, "Decide about tax")
    # A company that is South African from the start has its rates; they are looked at, and decided.
    expect(page.locator("main")).to_contain_text("VAT 15%")
    page.get_by_text(re.compile("Use these rates|Charge the taxes below")).first.click()
    expect(page.get_by_text("Tax is charged by the rates below.").first).to_be_visible()
    page.goto(empty)
    _open(page, "Set up e-mail")
    _open(page, "Set up mail server")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Server").fill("127.0.0.1")
    dialog.get_by_label("Security").select_option("none")
    dialog.get_by_label("Port").fill(str(mailbox[1]))
    dialog.get_by_role("button", name=re.compile("Save|Set up")).last.click()
    expect(page.get_by_text("Messages go out by 127.0.0.1").first).to_be_visible()

    for name, (address, colour) in BRANDS.items():
        page.goto(f"{empty}/settings/brands/")
        _dialog(page, "Add brand", "Add brand", {"Name": name})
        page.goto(f"{empty}/settings/brands/")
        _dialog(page, re.compile(f"Edit\\s+{name}"), "Save brand", {"E-mail": address})
        logo = tmp_path / f"{colour[1:]}.svg"
        logo.write_text(SVG.format(colour))
        page.goto(f"{empty}/settings/brands/")
        _open(page, re.compile(f"Logo of {name}"))
        page.get_by_role("dialog").locator("input[type=file]").set_input_files(str(logo))
        page.get_by_role("dialog").get_by_role("button", name="Save logo").click()
        expect(page.get_by_text(re.compile("Logo saved")).first).to_be_visible()

    _product(page, empty, "Installation", "One-time charge", "999.00")
    _product(page, empty, "Fibre 100", "Data package", "599.00", "Installation")

    for name in BRANDS:
        page.goto(f"{empty}/customers/new/")
        page.get_by_label("Name", exact=True).first.fill(f"Zara of {name}")
        page.get_by_label("E-mail for invoices and statements").fill(f"{name.split()[0].lower()}@brands.example")
        page.get_by_label(re.compile("^Brand")).select_option(label=name)
        page.get_by_role("button", name=re.compile("^Add customer")).click()
        expect(page.locator("h1").first).to_contain_text(f"Zara of {name}")
        page.goto(f"{page.url.split('?')[0]}subscription/")
        page.get_by_label("Service 1").first.select_option(label="Fibre 100, R599.00 a month, R999.00 to set up")
        # The first bill is drawn with its set-up fee before anything is started.
        expect(page.get_by_text("Installation, Fibre 100")).to_be_visible()
        page.get_by_role("button", name=re.compile("^Start")).click()
        expect(page.locator("main")).to_contain_text("Fibre 100")

    page.goto(f"{empty}/bill-runs/")
    _open(page, "New bill run")
    page.get_by_role("dialog").get_by_role("button", name="Preview").click()
    issue = page.get_by_role("button", name=re.compile("Issue 2 invoices, R"))
    expect(issue.first).to_be_visible(timeout=60_000)
    issue.first.click()
    send = page.get_by_role("button", name="Send 2 invoices")
    expect(send).to_be_visible(timeout=60_000)
    send.click()
    expect(page.locator("main")).to_contain_text("0 to send", timeout=120_000)
    for _ in range(60):
        if len(_received(mailbox[0])) >= 2:
            break
        page.wait_for_timeout(1000)
    found = _received(mailbox[0])
    for name, (address, _) in BRANDS.items():
        mail = found[f"{name.split()[0].lower()}@brands.example"]
        assert str(mail["From"]) == f"{name} <{address}>"
        html = mail.get_body(("html",))
        assert html is not None
        assert f'alt="{name}"' in html.get_content()
        (pdf,) = mail.iter_attachments()
        text = PdfReader(BytesIO(pdf.get_content())).pages[0].extract_text()
        assert "Tax invoice" in text
        assert address in text
        assert "Installation, Fibre 100" in text
        assert "Nedbank" in text
        # Nothing of the other brand, on paper or in the message.
        (other,) = [each for each in BRANDS if each != name]
        assert other not in text + html.get_content()
    pictures = {
        part.get_content() for mail in found.values() for part in mail.walk() if part.get_content_type() == "image/png"
    }
    assert len(pictures) == 2
