"""What people do all day, counted: a click, tap or key chord is one interaction, typing into one field is one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from django.utils import timezone
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
    for _ in range(100):
        if len(mails := statements_in(mailbox[0] / "new")) >= 2:
            break
        page.wait_for_timeout(200)  # the mail waits for Undo, then the worker sends it
    assert {"accounts@mokoena.example", "naledi@mokoena.example"} <= {
        line.split(": ", 1)[1] for mail in mails for line in mail.splitlines() if line.startswith("To: ")
    }
    assert all("application/pdf" in mail for mail in mails)
    page.goto(f"{TOUR}messages/")
    expect(page.locator("#main")).to_contain_text("Your statement")
    expect(page.locator("#main")).to_contain_text("Sent")


def statements_in(new: Path) -> list[str]:
    """The statements in a mailbox that is shared: other tests have sign-in links sent to it."""
    found = [path.read_text(errors="replace") for path in new.iterdir()] if new.exists() else []
    return [mail for mail in found if "Subject: Your statement" in mail]


def test_flow_1_undo_takes_the_statement_back(opens: Callable[..., Page]) -> None:
    page = opens("/customers/HV-000005/")
    page.keyboard.press("s")
    dialog_open(page, "Send statement")
    page.get_by_label("Another address").fill("once@elsewhere.example")
    page.keyboard.press("Control+Enter")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    page.goto("/customers/HV-000005/messages/")
    expect(page.locator("#main")).to_contain_text("Cancelled")
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


def test_money_is_set_aside_and_a_form_that_comes_back_keeps_what_was_chosen(opens: Callable[..., Page]) -> None:
    page = opens("/customers/HV-000012/")
    page.keyboard.press("p")
    dialog_open(page, "Record payment")
    dialog = page.locator("dialog[open]")
    page.get_by_label("Amount", exact=True).fill("31.00")
    dialog.locator("label", has_text="Set it aside").click()
    expect(page.get_by_label("Set aside for")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(dialog).to_contain_text("Set aside for is missing.")
    expect(dialog.get_by_label("Set it aside")).to_be_checked()
    page.get_by_label("Set aside for").fill("Router deposit")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("set aside for Router deposit")


def test_an_amount_that_was_emptied_comes_back_empty_and_without_a_style(opens: Callable[..., Page]) -> None:
    page = opens("/customers/HV-000006/")
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.keyboard.press("p")
    dialog_open(page, "Record payment")
    amount = page.locator("#id_amount")
    # As after somebody resized a field, or an extension of the browser marked it.
    amount.evaluate("field => { field.setAttribute('value', '450.00'); field.style.width = '200px'; }")
    amount.fill("")
    page.keyboard.press("Control+Enter")
    expect(page.locator("dialog .banner")).to_contain_text("Amount is missing.")
    # Nobody is offered an amount they took away: the next Ctrl Enter would record it.
    expect(page.locator("#id_amount")).to_have_value("")
    assert not [text for text in refused if "inline style" in text]


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
    links = page.locator(".tabrow .map a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
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


def test_details_are_edited_in_their_place(opens: Callable[..., Page]) -> None:
    page = opens(f"{TOUR}account/")
    page.locator("#details").get_by_role("link", name="Edit").click()
    form = page.locator("#details form")
    expect(form.get_by_label("Name", exact=True)).to_be_focused()
    form.get_by_label("Group").fill("Business park north")
    form.get_by_label("Gate code").fill("4321")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Details saved")
    expect(page.locator("#details")).to_contain_text("Business park north")
    expect(page.locator("#details")).to_contain_text("4321")
    # What is refused stays in its place, with what was entered.
    page.locator("#details").get_by_role("link", name="Edit").click()
    form.get_by_label("Installed").evaluate("field => { field.type = 'text'; field.value = 'soon'; }")
    form.get_by_role("button", name="Save").click()
    expect(form.locator(".banner")).to_contain_text("“soon” is not a date")
    form.get_by_role("link", name="Cancel").click()
    expect(page.locator("#details form")).to_have_count(0)


def test_a_file_is_attached_and_seen(opens: Callable[..., Page]) -> None:
    page = opens(f"{TOUR}account/")
    page.locator("#attachments").get_by_role("link", name="Attach file").click()
    dialog_open(page, "Attach file")
    hostile = {"name": "<img src=x>.svg", "mimeType": "image/png", "buffer": b"<svg onload='alert(1)'/>"}
    page.locator("dialog[open] input[type=file]").set_input_files(files=[hostile])  # type: ignore[list-item]
    page.keyboard.press("Control+Enter")
    expect(page.locator("dialog[open]")).to_contain_text("This kind of file is not kept")
    letter = {"name": "Letter.pdf.txt", "mimeType": "application/pdf", "buffer": b"We agree to pay."}
    page.locator("dialog[open] input[type=file]").set_input_files(files=[letter])  # type: ignore[list-item]
    page.get_by_label("What it is").select_option(label="AOD letter")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Letter.pdf.txt attached")
    with page.expect_download() as download:
        page.locator("#attachments").get_by_role("link", name="Letter.pdf.txt", exact=True).last.click()
    assert download.value.suggested_filename == "Letter.pdf.txt"


def test_a_view_is_saved_and_statements_leave_for_several(opens: Callable[..., Page]) -> None:
    page = opens("/customers/?view=overdue&sort=-overdue", role="admin")
    page.get_by_role("link", name="Save view").click()
    dialog_open(page, "Save this view")
    page.get_by_label("Name", exact=True).fill("Worst first")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".views [aria-current=page]")).to_have_text("Worst first")
    for row in range(3):
        page.locator("tbody .rowcheck").nth(row).check()
    page.get_by_role("button", name="Send statements").click()
    page.get_by_label("Type 3 to send 3 statements").fill("3")
    page.get_by_role("button", name="Send 3 statements").click()
    expect(page.locator("h1")).to_have_text("Statements to 3 customers")
    # The worker does it; the page looks again by itself.
    expect(page.locator("#job")).to_contain_text("Finished", timeout=30_000)
    expect(page.locator("#job")).to_contain_text("3 of 3 statements")
    page.goto("/")
    page.get_by_role("link", name="Notices").first.click()
    expect(page.locator("main")).to_contain_text("Statements to 3 customers")


def test_on_a_telephone_everything_on_an_account_is_in_its_menu(opens: Callable[..., Page]) -> None:
    page = opens("/customers/HV-000002/", role="admin", width=390)
    menu = page.locator(".who-head .menu")
    menu.locator("summary").click()
    for words in ("Send statement", "New invoice", "Record payment", "Issue credit", "Place credit hold"):
        expect(menu.get_by_role("link", name=words, exact=True)).to_be_visible()
    menu.get_by_role("link", name="Make inactive").click()
    expect(page.locator("dialog[open] h2")).to_have_text("Make inactive")
    # At a desk the head's own buttons are beside it, and not said twice.
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.goto("/customers/HV-000002/")
    menu.locator("summary").click()
    expect(menu.get_by_role("link", name="Record payment", exact=True)).to_be_hidden()
    expect(menu.get_by_role("link", name="Place credit hold")).to_be_visible()


def test_a_morning_of_calls_by_keyboard_alone(opens: Callable[..., Page]) -> None:
    """No answer and the next account are two keys; a promise is its key, what was typed, and the same two."""
    page = opens("/collections/?whose=all", role="admin")
    first = page.locator("#w-h").inner_text()
    worked = page.locator("#prog").inner_text()
    with page.expect_navigation():
        page.keyboard.press("5")
        page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Call logged: No answer. Next:")
    assert page.locator("#w-h").inner_text() != first
    assert page.locator("#prog").inner_text() != worked
    second = page.locator("#w-h").inner_text()
    with page.expect_navigation():
        page.keyboard.press("j")
    assert page.locator("#w-h").inner_text() != second
    # What is ticked fills the amount.
    page.keyboard.press("1")
    box = page.locator("[data-sum]").first
    box.check()
    assert page.locator("#id_promise").input_value() == (box.get_attribute("data-sum") or "").replace(",", "")
    page.locator("#id_promise_on").fill((timezone.localdate() + dt.timedelta(days=2)).isoformat())
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("promised for")
    # What is missing is said, and nothing that was typed is lost.
    page.keyboard.press("4")
    expect(page.locator("#id_follow_up_on")).to_be_focused()
    page.locator("#id_note").fill("Called from the car")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    expect(page.locator(".err")).to_contain_text("Say when to call back.")
    assert page.locator("#id_note").input_value() == "Called from the car"
