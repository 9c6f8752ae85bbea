"""The desk: what each page shows, what a refusal leaves, and that a second press does nothing twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from counterfoil.billing.models import Invoice
from counterfoil.customers.models import Customer, Note
from counterfoil.customers.operations import change_customer
from counterfoil.payments.models import Receipt
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.html import squeezed
from counterfoil.testing.world import World, counts

SignIn = Callable[..., Client]
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def sign_in(world: World) -> SignIn:
    """A browser of somebody with a role."""

    def signed(role: str = "administrator") -> Client:
        email = f"{role}@example.com"
        if not User.objects.filter(email=email).exists():
            add_user(world.caller(), email=email, name=role.capitalize(), role=role, password="correct horse battery")
        client = Client()
        client.force_login(User.objects.get(email=email))
        return client

    return signed


@pytest.fixture
def zara(world: World) -> Customer:
    """A customer who owes 310.00 since long ago, seen with the real clock as pages are."""
    world.today = timezone.localdate()
    customer = world.customer("Zara Naidoo", emails=("zara@example.com",), phones=("082 555 0142",))
    world.invoice(customer, "310.00", on="2026-01-05", due_on="2026-02-04")
    return customer


def pages(customer: Customer) -> list[str]:
    invoice = Invoice.objects.get(customer=customer)
    base = f"/customers/{customer.number}/"
    return [
        "/", "/customers/", "/customers/?view=overdue&sort=-overdue&q=zara", base, f"{base}billing/",
        f"{base}messages/", f"{base}account/", f"{base}statement/", f"{base}payment/",
        f"{base}send-statement/", f"{base}invoice/", f"{base}credit/", f"{base}charge/", f"{base}refund/",
        f"{base}allocate/", f"{base}allocate-oldest/", f"{base}note/", f"{base}edit/",
        f"{base}contact/", f"{base}address/", f"{base}deactivate/", "/customers/new/",
        f"/invoices/{invoice.pk}/", f"/invoices/{invoice.pk}/credit/", f"/invoices/{invoice.pk}/send/",
        f"/items/{invoice.item_id}/write-off/", f"/items/{invoice.item_id}/dispute/", "/reports/age-analysis/",
        "/reports/open-items/?bucket=Over+120", "/find?q=zara", f"/find?customer={customer.number}&q=balance",
        "/import/",
    ]  # fmt: skip


def test_every_page_opens_and_holds_no_inline_style_or_script(sign_in: SignIn, zara: Customer) -> None:
    client = sign_in()
    for page in pages(zara):
        answer = client.get(page)
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store"), page
        text = answer.content.decode()
        assert " style=" not in text, page
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=", text), page
        assert "could not be read" not in text, page


def test_a_page_can_be_read_while_nothing_can_be_written(
    sign_in: SignIn, zara: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The customer's page remembers that it was looked at: on a full disk it does not, and is shown."""
    client = sign_in()

    def full(self: Session, *args: object, **kwargs: object) -> None:
        raise OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Session, "save", full)
        answer = client.get(f"/customers/{zara.number}/")
        assert (answer.status_code, zara.name in answer.content.decode()) == (200, True)
        Session.objects.all().delete()
        assert client.get(f"/customers/{zara.number}/").status_code == 302, "Who was signed out stays so."


def test_strangers_are_asked_to_sign_in_and_come_back(world: World, zara: Customer) -> None:
    answer = Client().get(f"/customers/{zara.number}/")
    assert answer.status_code == 302
    assert unquote(answer["Location"]) == f"/sign-in/?next=/customers/{zara.number}/"


def test_signing_in_with_the_wrong_password_says_so(sign_in: SignIn) -> None:
    sign_in()
    answer = Client().post("/sign-in/", {"login": "administrator@example.com", "password": "wrong"})
    assert "Incorrect e-mail address or password" in answer.content.decode()


def test_a_page_that_is_not_there_and_one_that_may_not_be_seen_look_alike(sign_in: SignIn, zara: Customer) -> None:
    answer = sign_in().get("/customers/NOBODY/")
    assert answer.status_code == 404
    assert "Nothing is here" in answer.content.decode()


# ------------------------------------------------------------------ permission


def test_an_agent_sees_no_control_for_what_they_may_not_do(sign_in: SignIn, zara: Customer) -> None:
    page = sign_in("agent").get(f"/customers/{zara.number}/").content.decode()
    assert "Record payment" in page
    assert "New invoice" not in page
    assert "Issue credit" not in page


def test_a_deep_link_to_a_forbidden_form_explains_and_changes_nothing(sign_in: SignIn, zara: Customer) -> None:
    client, before = sign_in("agent"), counts()
    url = f"/customers/{zara.number}/credit/"
    assert client.get(url).status_code == 403
    assert client.post(url, {"amount": "10", "reason": "x", "on": "2026-01-31"}).status_code == 403
    assert counts() == before


# ------------------------------------------------------------------ posting


def pay(zara: Customer, **changes: str) -> dict[str, str]:
    today = timezone.localdate().isoformat()
    return {
        "amount": "310.00", "on": today, "method": "eft", "reference": "ref", "spread": "oldest", "key": "key-1",
        **changes,
    }  # fmt: skip


def test_a_payment_is_recorded_and_says_so(sign_in: SignIn, zara: Customer) -> None:
    client = sign_in("agent")
    answer = client.post(f"/customers/{zara.number}/payment/", pay(zara), follow=True)
    receipt = Receipt.objects.get(customer=zara)
    assert f"R310.00 recorded as {receipt.number}, allocated in full." in answer.content.decode()
    assert receipt.item.open_minor == 0


def test_a_second_press_does_nothing_twice(sign_in: SignIn, zara: Customer) -> None:
    client = sign_in()
    for _ in range(2):
        answer = client.post(f"/customers/{zara.number}/payment/", pay(zara))
        assert answer.status_code == 302
    assert Receipt.objects.filter(customer=zara).count() == 1


def test_a_refused_payment_keeps_what_was_typed_and_changes_nothing(sign_in: SignIn, zara: Customer) -> None:
    client = sign_in()
    before = counts()
    answer = client.post(f"/customers/{zara.number}/payment/", pay(zara, on="2999-01-01", reference="kept"), **HTMX)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "is in the future" in text
    assert 'value="kept"' in text
    assert "There is a problem" in text
    assert counts() == before


def test_the_same_payment_again_asks_first(sign_in: SignIn, zara: Customer) -> None:
    client = sign_in()
    client.post(f"/customers/{zara.number}/payment/", pay(zara))
    again = pay(zara, key="key-2")
    answer = client.post(f"/customers/{zara.number}/payment/", again)
    assert answer.status_code == 422
    text = answer.content.decode()
    # Said on top and beside the tick it is about.
    assert (text.count("was recorded for"), text.count("This is another payment")) == (2, 2)
    assert client.post(f"/customers/{zara.number}/payment/", {**again, "duplicate_ok": "on"}).status_code == 302
    assert Receipt.objects.filter(customer=zara).count() == 2


def test_a_likely_duplicate_is_said_in_the_preview_once_with_its_tick(sign_in: SignIn, zara: Customer) -> None:
    client = sign_in()
    client.post(f"/customers/{zara.number}/payment/", pay(zara))
    before = counts()
    again = pay(zara, key="key-2")
    text = client.post(f"/customers/{zara.number}/payment/?preview=1", again, **HTMX).content.decode()
    assert (text.count("was recorded for"), text.count('name="duplicate_ok"')) == (1, 1)
    assert 'class="err"' not in text
    ticked = client.post(f"/customers/{zara.number}/payment/?preview=1", {**again, "duplicate_ok": "on"}, **HTMX)
    assert re.search(r'id="id_duplicate_ok"\s+checked', ticked.content.decode())
    assert counts() == before


def test_what_a_payment_settled_and_left_is_said(sign_in: SignIn, zara: Customer) -> None:
    client = sign_in()
    said = client.post(f"/customers/{zara.number}/payment/", pay(zara, amount="400"), follow=True).content.decode()
    first = Receipt.objects.get(customer=zara)
    assert f"R400.00 recorded as {first.number}: R310.00 allocated, R90.00 is account credit." in said
    rest = pay(zara, amount="55", key="key-2")
    said = client.post(f"/customers/{zara.number}/payment/", rest, follow=True).content.decode()
    assert "R55.00 is account credit." in said


def test_what_is_still_empty_is_no_mistake_in_a_preview(sign_in: SignIn, zara: Customer) -> None:
    client = sign_in()
    aside = pay(zara, spread="aside")
    text = client.post(f"/customers/{zara.number}/payment/?preview=1", aside, **HTMX).content.decode()
    assert "Set aside for" in text
    assert "is missing" not in text
    assert "Set aside for is missing." in client.post(f"/customers/{zara.number}/payment/", aside).content.decode()


def test_where_nothing_can_be_allocated_it_is_said_why_and_there_is_no_button(
    sign_in: SignIn, zara: Customer, world: World
) -> None:
    client = sign_in()
    for form in ("allocate", "allocate-oldest"):
        text = client.get(f"/customers/{zara.number}/{form}/").content.decode()
        assert re.search(r"There is no account credit to allocate\. R310\.00\s+is open", text)
        assert 'id="door-submit"' not in text
    world.pays(zara, "400.00")
    text = squeezed(client.get(f"/customers/{zara.number}/allocate/").content.decode())
    assert "Nothing is open that R90.00 of account credit could settle." in text
    assert 'id="door-submit"' not in text


def test_a_preview_shows_the_result_and_changes_nothing(sign_in: SignIn, zara: Customer) -> None:
    client = sign_in()
    before = counts()
    answer = client.post(f"/customers/{zara.number}/payment/?preview=1", pay(zara, amount="100"), **HTMX)
    text = answer.content.decode()
    assert "Record R100.00" in text
    assert "210.00 left" in text
    assert counts() == before


def test_amounts_that_somebody_chose_are_settled_as_chosen(sign_in: SignIn, zara: Customer, world: World) -> None:
    client = sign_in()
    second = world.invoice(zara, "50.00", on="2026-01-06", due_on="2026-02-05")
    chosen = {f"item-{second.item_id}": "40"}
    client.post(f"/customers/{zara.number}/payment/", pay(zara, spread="chosen", **chosen))
    second.item.refresh_from_db()
    assert second.item.open_minor == 1000


def test_a_form_that_somebody_else_overtook_says_who_and_what(sign_in: SignIn, zara: Customer, world: World) -> None:
    client = sign_in()
    change_customer(world.clerk, customer=zara, version=1, changes={"group": "Valley"})
    fields = {
        "name": "Zara N", "kind": "person", "billing_type": "residential", "joined_on": "2020-01-01",
        "terms_days": "30", "terms_rule": "days", "version": "1",
    }  # fmt: skip
    url = f"/customers/{zara.number}/edit/"
    answer = client.post(url, fields)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Zanele Khumalo changed this" in text
    assert "group from nothing to Valley" in text
    assert 'value="Zara N"' in text
    # Saving once more is a decision, made in sight of both values.
    version = re.search(r'name="version" value="(\d+)"', text)
    assert version
    assert client.post(url, {**fields, "version": version[1]}).status_code == 302
    zara.refresh_from_db()
    assert (zara.name, zara.group) == ("Zara N", "")


def test_an_invoice_is_written_line_by_line_and_issued(sign_in: SignIn, zara: Customer) -> None:
    client = sign_in("billing")
    fields = {
        "on": timezone.localdate().isoformat(), "prices": "incl", "then": "issue", "key": "k", "lines-0-text": "Router",
        "lines-0-quantity": "1", "lines-0-unit_price": "1,249.00", "lines-0-tax": "", "lines-1-text": "",
        "lines-1-quantity": "1", "lines-1-unit_price": "", "lines-1-tax": "",
    }  # fmt: skip
    for _ in range(2):
        answer = client.post(f"/customers/{zara.number}/invoice/", fields)
        assert answer.status_code == 302
    made = Invoice.objects.filter(customer=zara, total_minor=124_900)
    assert [invoice.state for invoice in made] == ["issued"]


def test_a_draft_is_kept_and_can_be_discarded(sign_in: SignIn, zara: Customer) -> None:
    client = sign_in("billing")
    fields = {
        "on": timezone.localdate().isoformat(), "prices": "incl", "then": "draft", "key": "k", "lines-0-text": "Router",
        "lines-0-quantity": "2", "lines-0-unit_price": "10", "lines-0-tax": "",
    }  # fmt: skip
    client.post(f"/customers/{zara.number}/invoice/", fields)
    draft = Invoice.objects.get(customer=zara, state="draft")
    assert "Draft invoice" in client.get(f"/invoices/{draft.pk}/").content.decode()
    client.post(f"/invoices/{draft.pk}/discard/")
    draft.refresh_from_db()
    assert draft.state == "discarded"


def test_a_pin_is_set_and_taken_down(sign_in: SignIn, zara: Customer) -> None:
    client = sign_in("agent")
    client.post(f"/customers/{zara.number}/note/", {"text": "Call after nine", "key": "n"})
    note = Note.objects.get(customer=zara)
    for expected in (note, None):
        client.post(reverse("pin-note", args=[note.pk]))
        zara.refresh_from_db()
        assert zara.pinned_note == expected


def test_names_are_escaped_everywhere(sign_in: SignIn, world: World) -> None:
    world.today = timezone.localdate()
    nasty = world.customer("<b>Bobby</b> & “Tables”")
    client = sign_in()
    for page in (
        f"/customers/{nasty.number}/",
        "/customers/",
        "/find?q=bobby",
        f"/customers/{nasty.number}/statement/",
    ):
        text = client.get(page).content.decode()
        assert "&lt;b&gt;Bobby&lt;/b&gt;" in text, page
        assert "<b>Bobby" not in text, page


# ------------------------------------------------------------------ lists and files


@pytest.mark.parametrize("form", ["csv", "xlsx", "pdf"])
def test_lists_leave_as_files(sign_in: SignIn, zara: Customer, form: str) -> None:
    client = sign_in()
    addresses = ["/customers/?view=overdue", "/reports/age-analysis/?", "/reports/open-items/?bucket=disputed"]
    panels = ["open-items", "age-analysis", "invoices", "receipts", "credits", "contacts", "audit", "messages"]
    addresses += [f"/customers/{zara.number}/panels/{key}/?" for key in panels]
    for address in addresses:
        answer = client.get(f"{address}&format={form}")
        assert answer.status_code == 200, address
        assert "attachment" in answer["Content-Disposition"]


def test_selected_rows_alone_are_exported(sign_in: SignIn, zara: Customer, world: World) -> None:
    world.customer("Somebody Else")
    text = sign_in().get(f"/customers/?id={zara.number}&format=csv").content.decode("utf-8-sig")
    assert "Zara Naidoo" in text
    assert "Somebody Else" not in text


def test_the_rows_behind_a_figure_add_up_to_it(sign_in: SignIn, zara: Customer) -> None:
    text = sign_in().get(f"/reports/open-items/?customer={zara.number}").content.decode()
    assert "310.00" in text


def test_what_holds_every_word_is_not_drowned_by_what_holds_one(sign_in: SignIn, zara: Customer) -> None:
    browser = sign_in()
    text = browser.get(f"/find?customer={zara.number}&q=issue+credit", **HTMX).content.decode()
    assert "Issue credit" in text
    assert "Account credit" not in text
    # With no such thing at all, one of the words will do.
    assert "Account credit" in browser.get(f"/find?customer={zara.number}&q=zebra+credit", **HTMX).content.decode()


def test_facts_are_read_in_the_palette(sign_in: SignIn, zara: Customer) -> None:
    text = sign_in().get(f"/find?customer={zara.number}&q=owe", **HTMX).content.decode()
    assert "R310.00" in text


@pytest.mark.parametrize(("tab", "most"), [("", 40), ("billing/", 47), ("messages/", 40), ("account/", 47)])
def test_a_customer_page_costs_a_bounded_number_of_queries(
    sign_in: SignIn, zara: Customer, tab: str, most: int, django_assert_max_num_queries: Any
) -> None:
    client = sign_in()
    client.get(f"/customers/{zara.number}/{tab}")
    with django_assert_max_num_queries(most):
        client.get(f"/customers/{zara.number}/{tab}")


def test_a_broken_section_leaves_the_rest_of_the_page(
    sign_in: SignIn, zara: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from counterfoil.desk import panels

    monkeypatch.setattr(panels, "event_words", lambda event: 1 / 0)
    text = sign_in().get(f"/customers/{zara.number}/").content.decode()
    assert "Activity could not be read" in text
    assert "Open items" in text


def test_a_peek_is_a_fragment_and_without_javascript_the_customer(sign_in: SignIn, zara: Customer) -> None:
    client = sign_in("agent")
    url = f"/customers/{zara.number}/peek/"
    text = client.get(url, **HTMX).content.decode()
    assert "R310.00" in text
    assert "Record payment" in text
    assert "New invoice" not in text
    assert client.get(url)["Location"] == f"/customers/{zara.number}/"


def test_who_may_not_see_money_sees_none(world: World, sign_in: SignIn, zara: Customer) -> None:
    """A dispatcher sees whom to visit; not what they owe, by any address, list, header or search."""
    world.pays(zara, "40.00")
    invoice, receipt = Invoice.objects.get(customer=zara), Receipt.objects.get(customer=zara)
    client = sign_in("dispatcher")
    for path in (
        f"/invoices/{invoice.pk}/", f"/invoices/{invoice.pk}/pdf/", f"/payments/{receipt.pk}/",
        f"/payments/{receipt.pk}/pdf/", f"/items/{invoice.item_id}/", f"/customers/{zara.number}/statement/",
        f"/customers/{zara.number}/billing/", "/reports/age-analysis/", "/reports/open-items/",
    ):  # fmt: skip
        assert client.get(path).status_code == 404, path
    for path in (
        f"/customers/{zara.number}/", f"/customers/{zara.number}/account/", "/customers/", "/customers/?format=csv",
        "/customers/?view=overdue", "/", f"/find?q=balance&customer={zara.number}", "/find?q=INV-000001",
    ):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "270.00" not in answer.content.decode(), path
        assert "310.00" not in answer.content.decode(), path
    peek = client.get(f"/customers/{zara.number}/peek/", **HTMX).content.decode()
    assert "Balance" not in peek
    assert "Zara" in peek
