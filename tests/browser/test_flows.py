"""The flows of the design, counted: a click, tap or key chord is one interaction, typing into one field is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

TOUR = "/customers/HV-000001/"


class Hands:
    """Somebody at the keyboard and mouse, who counts."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def click(self, name: str, role: str = "button") -> None:
        self.count += 1
        self.page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]

    def key(self, chord: str) -> None:
        self.count += 1
        self.page.keyboard.press(chord)

    def type(self, label: str, text: str) -> None:
        self.count += 1
        self.page.get_by_label(label).first.fill(text)


def dialog_open(page: Page, title: str) -> None:
    expect(page.locator("dialog[open] h2", has_text=title)).to_be_visible()


def test_flow_1_a_statement_by_two_keys_leaves_for_two_addresses(
    opens: Callable[..., Page], mailbox: tuple[Path, int]
) -> None:
    page = opens(TOUR)
    hands = Hands(page)
    hands.key("s")
    dialog_open(page, "Send statement")
    expect(page.locator("dialog[open]")).to_contain_text("Statement of account")
    hands.key("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("2 addresses")
    assert hands.count <= 3
    new = mailbox[0] / "new"
    for _ in range(100):
        if new.exists() and len(list(new.iterdir())) >= 2:
            break
        page.wait_for_timeout(200)  # the mail waits for Undo, then the worker sends it
    mails = [path.read_text(errors="replace") for path in new.iterdir()]
    # The mailbox is shared: other tests have sign-in links sent to it.
    mails = [mail for mail in mails if "Subject: Your statement" in mail]
    assert {"accounts@mokoena.example", "naledi@mokoena.example"} <= {
        line.split(": ", 1)[1] for mail in mails for line in mail.splitlines() if line.startswith("To: ")
    }
    assert all("application/pdf" in mail for mail in mails)
    page.goto(f"{TOUR}messages/")
    expect(page.locator("#main")).to_contain_text("Your statement")
    expect(page.locator("#main")).to_contain_text("Sent")


def test_flow_1_undo_takes_the_statement_back(opens: Callable[..., Page]) -> None:
    page = opens("/customers/HV-000005/")
    page.keyboard.press("s")
    dialog_open(page, "Send statement")
    page.get_by_label("Another address").fill("once@elsewhere.example")
    page.keyboard.press("Control+Enter")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    page.goto("/customers/HV-000005/messages/")
    expect(page.locator("#main")).to_contain_text("Taken back")
    # An address used once does not become part of the record.
    page.goto("/customers/HV-000005/account/")
    expect(page.locator("#contacts")).not_to_contain_text("once@elsewhere.example")


def test_flow_8_a_payment_by_two_keys(opens: Callable[..., Page]) -> None:
    page = opens("/customers/?view=overdue")
    page.locator("tbody tr").nth(2).get_by_role("link").first.click()
    page.wait_for_url("**/customers/HV-*/**")
    overdue = page.locator(".kpis div", has_text="Overdue").locator("dd").first
    owed = overdue.inner_text()
    assert owed != "R0.00"
    hands = Hands(page)
    hands.key("p")
    dialog_open(page, "Record payment")
    expect(page.locator("dialog[open]")).to_contain_text(f"Record {owed}")
    hands.key("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("RC-")
    expect(page.locator(".kpis div", has_text="Overdue").locator("dd").first).to_have_text("R0.00")
    assert hands.count <= 3


def test_flow_8_by_mouse(opens: Callable[..., Page]) -> None:
    page = opens(TOUR)
    hands = Hands(page)
    hands.click("Record payment", role="link")
    dialog_open(page, "Record payment")
    page.get_by_label("Amount", exact=True).fill("12.00")
    page.locator("dialog[open]").get_by_role("button", name="Record").click()
    hands.count += 1
    expect(page.locator("#toasts")).to_contain_text("R12.00")
    assert hands.count <= 3


def test_flow_6_credit_is_issued_in_four(opens: Callable[..., Page]) -> None:
    page = opens(TOUR)
    hands = Hands(page)
    page.locator("summary[aria-label='More actions']").first.click()
    hands.count += 1
    hands.click("Issue credit", role="link")
    dialog_open(page, "Issue credit")
    page.get_by_label("Amount", exact=True).fill("50")
    page.get_by_label("Reason").fill("Three days offline")
    hands.key("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("R50.00")
    assert hands.count <= 4


def test_flow_10_the_answer_is_in_the_list_while_typing(opens: Callable[..., Page]) -> None:
    page = opens(TOUR)
    page.keyboard.press("/")
    page.keyboard.type("balance")
    fact = page.locator("#plist [role=option]", has_text="Balance").first
    expect(fact).to_contain_text("R")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("mokoena arch")
    expect(page.locator("#plist")).to_contain_text("HV-000001")


def test_the_same_form_sent_twice_is_one_payment(opens: Callable[..., Page]) -> None:
    page = opens("/customers/HV-000009/payment/", javascript=False)
    page.get_by_label("Amount", exact=True).fill("7.77")
    # What the button sends, sent twice: somebody pressed it again before the answer was there.
    fields = page.locator("form.door").evaluate("form => Object.fromEntries(new FormData(form))")
    for _ in range(2):
        answer = page.request.post(page.url, form=fields, headers={"Referer": page.url})
        assert answer.ok
        assert "/payment/" not in answer.url
    page.goto("/customers/HV-000009/billing/")
    rows = page.locator("#receipts tbody tr", has_text="7.77")
    assert rows.count() == 1


def test_every_section_is_two_steps_away(opens: Callable[..., Page]) -> None:
    page = opens(TOUR)
    links = page.locator(".map a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert len(links) >= 12
    for link in links:
        page.goto(link)
        anchor = link.partition("#")[2]
        assert anchor, link
        assert page.locator(f"#{anchor}").count() == 1, link


def test_an_agent_sees_no_button_that_would_be_refused(opens: Callable[..., Page]) -> None:
    page = opens(TOUR, role="agent")
    assert page.get_by_role("link", name="Issue credit").count() == 0
    assert page.get_by_role("link", name="Send statement").count() >= 1
    assert page.request.get(f"{TOUR}credit/").status in (403, 404)
