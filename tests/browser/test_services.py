"""Services in the browser, counted: bill with a preview, change a package, remove a service; and a bill run."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.test_flows import Hands, dialog_open

SOMEBODY = "/customers/HV-000007/"


def test_flow_7_a_package_is_changed_and_the_bill_is_seen_before(opens: Callable[..., Page]) -> None:
    page = opens(f"{SOMEBODY}services/")
    hands = Hands(page)
    hands.count += 1
    page.locator("#services").get_by_role("link", name="Change ").first.click()
    dialog_open(page, "Change package")
    hands.count += 1
    # One that costs more: a downgrade would wait for the next billing day.
    page.locator("dialog[open] label", has_text="(+R").first.click()
    name = page.locator("dialog[open] label:has(input:checked)").first.inner_text().split(",")[0]
    hands.click("Change")
    expect(page.locator("#toasts")).to_contain_text(" changed to ")
    assert hands.count <= 4
    expect(page.locator("#services")).to_contain_text(name)
    expect(page.locator("#package-changes")).to_contain_text("Package changed")


def test_flow_3_a_service_is_removed_and_its_credit_is_drawn(opens: Callable[..., Page]) -> None:
    page = opens("/customers/HV-000001/services/")
    hands = Hands(page)
    hands.count += 2
    row = page.locator("#services tr", has_text="Static IP")
    row.locator("summary").click()
    row.get_by_role("link", name="Remove", exact=True).click()
    dialog_open(page, "Remove service")
    expect(page.locator("dialog[open] .paper")).to_be_visible()
    hands.click("Remove")
    expect(page.locator("#toasts")).to_contain_text("Static IP removed from")
    assert hands.count <= 4
    expect(page.locator("#services")).not_to_contain_text("Static IP")


def test_flow_2_bill_now_by_two_keys_with_the_bill_drawn(opens: Callable[..., Page]) -> None:
    page = opens("/customers/HV-000012/")
    hands = Hands(page)
    hands.key("b")
    dialog_open(page, "Bill now")
    expect(page.locator("dialog[open] .paper")).to_contain_text("Total, tax included")
    expect(page.locator("dialog[open] button.pri")).to_contain_text("Issue R")
    hands.key("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text(re.compile(r"INV-\d+ issued for R"))
    assert hands.count <= 3
    expect(page.locator("#charges")).to_contain_text("all")


def test_a_bill_run_from_select_to_send(opens: Callable[..., Page]) -> None:
    page = opens("/bill-runs/")
    page.get_by_role("link", name="New bill run").click()
    dialog_open(page, "New bill run")
    field = page.locator("dialog[open] input[name=bill_to]")
    year, month, _ = field.input_value().split("-")
    following = f"{int(year) + int(month) // 12}-{int(month) % 12 + 1:02d}-01"
    field.fill(following)
    page.locator("dialog[open]").get_by_role("button", name="Preview").click()
    issue = page.get_by_role("button", name="Issue ")
    expect(issue.first).to_be_visible(timeout=20_000)
    # The list below says what the preview found, without a reload, in the order and as far as somebody asked.
    first = page.locator("#customers tbody tr").first
    expect(first).to_contain_text("Ready")
    expect(page.locator("#exceptions")).to_contain_text("no e-mail address")
    issue.first.click()
    send = page.get_by_role("button", name=re.compile(r"Send \d+ invoices"))
    expect(send).to_be_visible(timeout=20_000)
    expect(first).to_contain_text("Billed")
    # Waiting for the job does not put a page into the page.
    assert page.locator("nav[aria-label=Main]").count() <= 1
    page.goto(f"{page.url.split('?')[0]}?state=billed")
    expect(page.locator("#customers tbody tr").first).to_contain_text("Billed")
