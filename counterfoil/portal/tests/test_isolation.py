"""As one customer, every address of the whole product with somebody else's identifiers: nothing is there.

The addresses are found in the URLconf, so a page that is added tomorrow is walked tomorrow. An address that answers
otherwise has to be named below with its reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from counterfoil.access import rules
from counterfoil.access.models import Access, Login, Passkey
from counterfoil.access.operations import add_passkey, ticket_of, view_as_customer
from counterfoil.billing.models import CreditNote, Invoice
from counterfoil.billing.operations import credit_invoice
from counterfoil.customers.models import Attachment, Contact, Customer, Note, Site
from counterfoil.customers.operations import add_note, attach_file
from counterfoil.kernel.periods import Period
from counterfoil.messaging.models import Message, MessageFile
from counterfoil.payments.models import Receipt
from counterfoil.platform.approvals import ask_approval
from counterfoil.platform.callers import Caller
from counterfoil.platform.models import Approval
from counterfoil.portal.tests.conftest import signed_in
from counterfoil.receivables.models import Allocation, Dispute, OpenItem
from counterfoil.receivables.operations import open_dispute, send_statement
from counterfoil.subscriptions.models import Service
from counterfoil.testing.world import World, counts
from counterfoil.tickets.models import TicketFile
from counterfoil.tickets.operations import ask_by_customer
from counterfoil.trail.models import Event
from counterfoil.trail.queries import who_did

# Addresses that show something to a signed-in customer because there is nobody's identifier in them.
OPEN = {
    "/health/": "the process answers; it shows nothing of anybody",
    "/ready/": "the database answers; it shows nothing of anybody",
    "/metrics": "counts, for the machine itself; it shows nothing of anybody",
    "/sign-in/": "staff sign in here; it shows nothing of anybody",
    "/api/v1/": "how programs call, in words; a call itself asks for a token, which no visitor has",
    "/api/v1/openapi.json": "the same for tools",
    "/portal/": "the visitor's own home",
    "/portal/usage/": "the visitor's own usage",
    "/portal/promise/": "the visitor's own promise",
    "/portal/plan/": "the visitor's own plan",
    "/portal/sign-in/": "leads somebody who is signed in home",
    "/portal/sign-in/link/": "always gives the same answer",
    "/portal/sign-in/password/": "signs in whoever has the password",
    "/portal/sign-in/passkey/ask/": "asks the device, names nobody",
    "/portal/sign-in/passkey/answer/": "refuses what is not a device's answer",
    "/portal/link/<str:token>/": "says that an invented link is dead; a real one belongs to whoever has it",
    "/portal/logo/<str:sha256>/": "the company's logo, as on every document",
    "/portal/colour/<str:digits>/": "a colour that the address itself says",
    "/portal/sign-out/": "ends the visitor's own session",
    "/portal/invoices/": "the visitor's own invoices",
    "/portal/payments/": "the visitor's own payments",
    "/portal/statements/": "the visitor's own statements",
    "/portal/requests/": "the visitor's own requests",
    "/portal/requests/new/": "a request of the visitor",
    "/portal/details/": "the visitor's own details",
    "/portal/pay/": "what the visitor's own account owes",
    "/portal/card/": "the visitor's own card",
    "/portal/card/add/": "the visitor's own card",
    "/portal/card/remove/": "the visitor's own card",
    "/pay/<str:token>/": "says that an invented link opens nothing; a real one belongs to whoever has it",
    "/pay/<str:token>/<str:reference>/": "the same",
    "/hooks/cards/<str:kind>/": "believes a signature, which no visitor has",
    "/portal/security/": "the visitor's own login",
    "/portal/security/password/": "the visitor's own password",
    "/portal/security/passkeys/new/": "the visitor's own passkeys",
    "/portal/security/passkeys/add/": "the visitor's own passkeys",
}
# Which of somebody else's rows an address of the portal with a number in it is about.
ABOUT: dict[str, Any] = {
    "portal/invoices/": Invoice,
    "portal/credit-notes/": CreditNote,
    "portal/payments/": Receipt,
    "portal/requests/files/": TicketFile,
    "portal/details/contacts/": Contact,
    "portal/details/addresses/": Site,
    "portal/security/passkeys/": Passkey,
}
SECRETS = ("Quillfeather", "boris@mail.example", "Rotten tomatoes", "9 Birch", "082 555 0199", "27825550199")


@dataclass
class Theirs:
    """Somebody else, with a row of every kind."""

    customer: Customer
    rows: dict[Any, list[int]]
    ticket: str

    @property
    def everything(self) -> list[int]:
        return sorted({pk for pks in self.rows.values() for pk in pks})


@pytest.fixture
def theirs(world: World, boris: Customer, zara: Customer) -> Theirs:
    """Boris has one of everything, and Zara has as much, so that no row of his is hers by its number alone."""
    staff = world.clerk
    invoice = Invoice.objects.get(customer=boris)
    world.invoice(boris, "20.00", on="2026-01-06")
    receipt = world.pays(boris, "5.00")
    line = invoice.lines.get()
    note = credit_invoice(staff, invoice=invoice, amounts={line.pk: 100}, reason="Rotten tomatoes")
    world.subscribe(boris, world.metered("Calls", "1.20", included="100"), on="2026-01-01")
    world.uses(Service.objects.get(), "130", world.today.isoformat(), text="Rotten tomatoes")
    add_note(staff, customer=boris, text="Rotten tomatoes")
    attach_file(staff, customer=boris, kind="other", name="Rotten tomatoes.txt", content=b"Rotten tomatoes")
    item = OpenItem.objects.get(pk=invoice.item_id)
    open_dispute(staff, item=item, amount_minor=100, reason="Rotten tomatoes")
    period = Period.through(world.today.replace(month=1, day=1), world.today)
    send_statement(staff, customer=boris, period=period, style="open_item", addresses=["boris@mail.example"])
    login = Login.objects.get(email="boris@mail.example")
    passkey = add_passkey(staff, login=login, key_id="k", credential=b"x", uses=0, customer=boris)
    contact = Contact.objects.get(customer=boris)
    wanted = {"contact": contact, "version": 1, "changes": {"name": "Rotten tomatoes"}}
    ask_approval(staff, operation="customers.change_contact", arguments=wanted, customer_id=boris.pk)
    ask_by_customer(
        world.system(), customer=boris, subject="Rotten tomatoes", text="Rotten tomatoes", author="Boris",
        files=[("Rotten tomatoes.txt", "text/plain", b"Rotten tomatoes")],
    )  # fmt: skip
    assert receipt.pk
    assert note.pk
    assert passkey.pk
    of_customer = (Invoice, CreditNote, Receipt, Contact, Site, Note, Message, OpenItem, Access, Attachment)
    rows = {
        model: list(model._base_manager.filter(customer=boris).values_list("pk", flat=True)) for model in of_customer
    }
    rows[MessageFile] = list(MessageFile.objects.filter(message__customer=boris).values_list("pk", flat=True))
    rows[Allocation] = list(Allocation.objects.filter(debit__customer=boris).values_list("pk", flat=True))
    rows[Dispute] = list(Dispute.objects.filter(item__customer=boris).values_list("pk", flat=True))
    rows[Passkey] = [passkey.pk]
    rows[Approval] = list(Approval.objects.values_list("pk", flat=True))
    rows[Customer] = [boris.pk]
    assert all(rows.values()), {model.__name__: pks for model, pks in rows.items() if not pks}
    rows[TicketFile] = list(TicketFile.objects.filter(message__ticket__customer=boris).values_list("pk", flat=True))
    viewer = Caller(name="Sipho", grants=frozenset({"*"}), user_id=77)
    return Theirs(boris, rows, ticket_of(viewer, boris, view_as_customer(viewer, customer=boris)))


def patterns(found: list[Any] | None = None, before: str = "") -> list[str]:
    """Every address of the product, as it stands in the URLconf."""
    result = []
    for pattern in get_resolver().url_patterns if found is None else found:
        text = before + str(pattern.pattern).replace("^", "").replace("$", "")
        if isinstance(pattern, URLResolver):
            result += patterns(pattern.url_patterns, text)
        else:
            assert isinstance(pattern, URLPattern)
            result.append(f"/{text}")
    return result


def filled(pattern: str, theirs: Theirs) -> list[str]:
    """The address with each identifier of theirs that fits."""
    if "<int:pk>" in pattern:
        model = next((model for start, model in ABOUT.items() if pattern.startswith(f"/{start}")), None)
        assert model or not pattern.startswith("/portal/"), f"Say in ABOUT whose row {pattern} is about."
        numbers = theirs.rows[model] if model else theirs.everything
        return [pattern.replace("<int:pk>", str(number)) for number in numbers]
    values = {
        "<str:number>": theirs.customer.number, "<slug:key>": "billing", "<str:token>": "invented",
        "<str:ticket>": theirs.ticket, "<slug:about>": "invoice", "<slug:name>": "tax", "<str:provider_id>": "invented",
        "<str:reference>": "invented", "<str:kind>": "stripe",
        "<str:sha256>": "0" * 64, "<str:digits>": "0b5fff",
    }  # fmt: skip
    if "requests/" in pattern or pattern.startswith("/tickets/"):
        values["<str:number>"] = "T-000001"
    # The sign-in package's own addresses are regular expressions.
    pattern = re.sub(r"\(\?P<\w+>[^)]*\)", "invented", pattern)
    for name, value in values.items():
        pattern = pattern.replace(name, value)
    assert "<" not in pattern, f"Say what is somebody else's in {pattern}."
    return [pattern]


@pytest.mark.once
def test_nothing_of_anybody_else_is_there_by_any_address(theirs: Theirs, portal: Client) -> None:
    client = Client(raise_request_exception=False)
    client.cookies = portal.cookies
    before, walked = counts(), 0
    hers = {
        "number": theirs.customer.number, "customer": theirs.customer.pk, "email": "x@y.example", "name": "Mine now",
        "p-email": "x@y.example", "p-password": "x", "text": "Mine now", "street": "Mine now",
    }  # fmt: skip
    for pattern in patterns():
        for address in filled(pattern, theirs):
            for method in ("get", "post"):
                query = f"?customer={theirs.customer.number}&q=Quillfeather&id={theirs.customer.number}"
                answer = client.get(address + query) if method == "get" else client.post(address + query, hers)
                said = b"".join(answer).decode(errors="replace")
                where = f"{method} {address}"
                assert not [secret for secret in SECRETS if secret in said], where
                walked += 1
                if pattern in OPEN:
                    assert answer.status_code < 500, where
                    if address == "/portal/sign-out/" and method == "post":
                        client = signed_in("zara@mail.example")
                    continue
                assert answer.status_code == 404, f"{where}: {answer.status_code}"
                assert "Nothing is here" in said, where
    assert walked > 200
    # Nothing changed: what was added are the attempts themselves, and the visitor's own second sign-in.
    mine = {"trail.Event", "trail.Seal", "access.Tries"}
    assert {name for name, count in counts().items() if count != before[name]} <= mine
    assert not Contact.objects.filter(name="Mine now").exists()


def test_every_reason_above_is_still_needed() -> None:
    assert set(OPEN) <= set(patterns())


def test_each_attempt_is_recorded_and_they_cannot_fill_the_disk(theirs: Theirs, portal: Client) -> None:
    number = theirs.rows[Invoice][0]
    portal.get(f"/portal/invoices/{number}/pdf/")
    portal.post(f"/customers/{theirs.customer.number}/note/", {"text": "Mine now"})
    first, second = Event.objects.filter(kind="portal.refused").order_by("pk")
    said = {"who": "zara@mail.example", "person": "zara@mail.example"}
    assert first.data == {**said, "method": "GET", "path": f"/portal/invoices/{number}/pdf/"}
    assert second.data["path"] == f"/customers/{theirs.customer.number}/note/"
    assert second.data["method"] == "POST"
    assert (first.actor, who_did(first)) == (
        f"Counterfoil for Portal login {Login.objects.get(email='zara@mail.example').pk}",
        "zara@mail.example",
    )
    assert first.door == "portal"
    assert abs(first.at - timezone.now()).total_seconds() < 60
    assert first.customer_id != theirs.customer.pk
    for _ in range(rules.REFUSED.most * 2):
        assert portal.get("/items/1/").status_code == 404
    assert Event.objects.filter(kind="portal.refused").count() == rules.REFUSED.most
    portal.get(f"/portal/invoices/{number}/" + "x" * 3000)
    assert Event.objects.filter(kind="portal.refused").count() == rules.REFUSED.most


def test_a_draft_is_not_the_customers_business_yet(world: World, zara: Customer, portal: Client) -> None:
    from counterfoil.billing.operations import draft_invoice
    from counterfoil.billing.rules import LineInput

    line = LineInput("Secret plan", Decimal(1), Decimal(5), None)
    draft = draft_invoice(world.clerk, customer=zara, lines=[line], on=world.today, text="Secret plan")
    for page in ("/portal/", "/portal/invoices/"):
        assert "Secret plan" not in portal.get(page).content.decode()
    for end in ("", "pdf/"):
        assert portal.get(f"/portal/invoices/{draft.pk}/{end}").status_code == 404


def test_what_staff_write_is_on_no_page(world: World, zara: Customer, portal: Client) -> None:
    staff = world.caller("billing", "Internal Ignatius")
    add_note(staff, customer=zara, text="Shouts at people", pin=True)
    item = OpenItem.objects.get(customer=zara)
    open_dispute(staff, item=item, amount_minor=1000, reason="Probably lying")
    wanted = {"customer": zara, "version": zara.version, "changes": {"group": "Bad payers"}}
    ask_approval(staff, operation="customers.change_customer", arguments=wanted, customer_id=zara.pk, label="Hush hush")
    invoice = Invoice.objects.get(customer=zara)
    own = [path for path in OPEN if path.startswith("/portal/") and "<" not in path and "sign" not in path]
    for path in (*own, f"/portal/invoices/{invoice.pk}/"):
        said = portal.get(path).content.decode()
        for secret in ("Shouts", "lying", "Ignatius", "Bad payers", "Hush"):
            assert secret not in said, path
    assert "R10.00 is in dispute" in re.sub(r"\s+", " ", portal.get("/portal/").content.decode())


def test_the_portal_asks_everybody_but_those_at_its_door(zara: Customer) -> None:
    stranger = Client()
    for pattern in patterns():
        if pattern.startswith("/portal/") and pattern not in OPEN:
            address = re.sub(r"<int:pk>", "1", re.sub(r"<str:\w+>", "x", pattern))
            expected = 404 if "/as/" in pattern else 302
            assert stranger.get(address).status_code == expected, address
            assert stranger.post(address).status_code == expected, address


def test_a_sign_in_of_staff_is_none_in_the_portal(world: World, zara: Customer) -> None:
    from counterfoil.staff.models import User
    from counterfoil.staff.operations import add_user

    add_user(world.caller(), email="zara@mail.example", name="Zara", role="administrator", password="s3cret-enough")
    staff = Client()
    staff.force_login(User.objects.get())
    assert staff.get("/portal/").status_code == 302
    assert staff.get("/portal/")["Location"] == "/portal/sign-in/"
