"""Every operation there is: refused to nobody, to the wrong role and for a customer out of scope, and nothing changes.

A new operation needs a line in `EXAMPLES` (or in `INNER`, with the reason); until then a test here says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps

from counterfoil.access.models import Access
from counterfoil.access.operations import add_passkey, give_access
from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import NewInvoice, draft_invoice
from counterfoil.billing.rules import LineInput
from counterfoil.customers.models import Contact, Customer
from counterfoil.customers.operations import (
    NewCustomer,
    add_contact,
    add_customer,
    add_note,
    add_site,
    attach_file,
    deactivate_customer,
    save_custom_field,
)
from counterfoil.desk.models import Notice
from counterfoil.desk.operations import save_view
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.messaging.models import Message
from counterfoil.messaging.operations import queue_message
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import NewReceipt
from counterfoil.platform import write_guard
from counterfoil.platform.approvals import ask_approval
from counterfoil.platform.grants import all_grants
from counterfoil.platform.jobs import fail_job, pause_job, start_job
from counterfoil.platform.models import Job
from counterfoil.platform.operations import OPERATIONS, Caller
from counterfoil.receivables.models import Allocation, OpenItem
from counterfoil.receivables.operations import issue_credit, open_dispute
from counterfoil.receivables.rules import DEFAULT_BUCKETS
from counterfoil.site import schedule, setup, urls
from counterfoil.site.roles import ROLES
from counterfoil.staff.models import Area, Role, User
from counterfoil.staff.operations import add_area, add_user
from counterfoil.testing.world import World

# Only ever part of another operation, or of the product's own clock; never reached from a door.
INNER = {
    "access.count_try": "the portal's sign-in, of somebody who is nobody yet",
    "platform.erase_approvals": "part of erasing personal data; the customer was checked",
    "access.erase_access": "part of erasing personal data; the customer was checked",
    "access.move_access": "part of merging; both customers were checked",
    "access.make_link": "the portal's sign-in, of somebody who is nobody yet",
    "access.prune_access": "the clock's; it names no row",
    "access.record_refusal": "what the portal notes of a customer who tried another's address",
    "access.sign_in_by_passkey": "the portal's sign-in, of somebody who is nobody yet",
    "access.sign_in_by_password": "the portal's sign-in, of somebody who is nobody yet",
    "access.use_link": "the portal's sign-in, of somebody who is nobody yet",
    "billing.erase_drafts": "part of erasing personal data; the customer was checked",
    "billing.set_up_billing": "part of the set-up",
    "customers.absorb_customer": "part of merging; both customers were checked",
    "customers.erase_person": "part of erasing personal data; the customer was checked",
    "desk.tell_decided": "a reaction; it names no row",
    "desk.tell_job_ended": "a reaction; it names no row",
    "desk.tell_undelivered": "a reaction; it names no row",
    "documents.erase_file": "part of erasing personal data",
    "documents.store_file": "part of sending; a file belongs to whoever refers to it",
    "ledger.post_entries": "part of opening an item; the items' owner was checked",
    "ledger.set_up_ledger": "part of the set-up",
    "messaging.claim_delivery": "the worker's; it names no row",
    "messaging.erase_messages": "part of erasing personal data; the customer was checked",
    "messaging.fail_interrupted_deliveries": "the clock's; it names no row",
    "messaging.record_delivery": "the worker's, about a delivery it claimed",
    "payments.set_up_payments": "part of the set-up",
    "platform.beat_job": "the worker's, about a job it claimed",
    "platform.claim_job": "the worker's; a job runs with what its person may do",
    "platform.fail_job": "the worker's, about a job it claimed",
    "platform.finish_job": "the worker's, about a job it claimed",
    "platform.prune_job_files": "the clock's; it names no row",
    "platform.settle_item": "the worker's, about a job it claimed",
    "platform.start_job": "part of what starts a job, which was checked",
    "platform.prune_tasks": "the clock's; it names no row",
    "platform.seal_trail": "the clock's; it names no row",
    "receivables.allocate_shares": "part of allocating; the caller holds the customers' locks",
    "receivables.open_items": "part of documents; the caller holds the customers' locks",
    "receivables.set_up_receivables": "part of the set-up",
    "receivables.undo_allocations_of": "part of reversing a payment",
    "site.set_up_all": "the set-up, at the console",
    "staff.set_up_operator": "part of the set-up",
}
# Speak of no customer, so that no area or brand limits them.
OF_NOBODY = {
    "customers.save_custom_field", "desk.export_in_background", "desk.forget_view", "desk.read_notices",
    "desk.save_view", "platform.cancel_job", "platform.pause_job", "platform.resume_job", "platform.retry_job",
    "billing.save_tax_rate", "receivables.save_bucket_set", "staff.add_area", "staff.add_brand",
    "staff.add_role", "staff.remove_role",
    "staff.change_operator", "staff.change_role", "staff.change_user", "staff.deactivate_user", "staff.note_access",
    "staff.prefer_theme", "staff.reactivate_user", "staff.reset_second_factor", "staff.set_password",
    "staff.sign_out_everywhere", "staff.sign_out_user",
}  # fmt: skip
# Refused out of scope with a sentence of their own rather than as not found.
OWN_SENTENCE = {
    "customers.add_customer": "outside_scope",
    "customers.add_customers": "outside_scope",
    "imports.import_file": "whole_only",
    "staff.add_user": "above_yourself",
}


@dataclass
class Place:
    """One of everything, all of a customer in the north."""

    world: World
    north: Area
    south: Area
    zara: Customer
    me: User
    other: User

    @property
    def today(self) -> dt.date:
        return self.world.today

    @property
    def by(self) -> Caller:
        return self.world.caller()

    @property
    def invoice(self) -> Invoice:
        return Invoice.objects.get(state="issued")

    @property
    def item(self) -> OpenItem:
        return OpenItem.objects.get(kind="invoice")

    def draft(self) -> Invoice:
        return draft_invoice(self.by, customer=self.zara, lines=LINES, on=self.today)

    def receipt(self) -> Receipt:
        return self.world.pays(self.zara, "40.00")

    def message(self) -> Message:
        text = {"subject": "Hello", "body_text": "Text", "body_html": "<p>Text</p>", "addresses": ["z@mail.example"]}
        return queue_message(self.by, customer=self.zara, kind="statement", **text)

    def credit(self, minor: int = 5000) -> OpenItem:
        return issue_credit(self.by, customer=self.zara, amount_minor=minor, reason="Offline")

    def request(self, who: Caller | None = None) -> Any:
        arguments = {"customer": self.zara, "amount_minor": 100, "reason": "Offline"}
        return ask_approval(who or self.by, operation=issue_credit.name, arguments=arguments, customer_id=self.zara.pk)

    def second_factor(self) -> User:
        Authenticator.objects.create(user=self.other, type="totp", data={})
        return self.other

    def inactive(self) -> User:
        from counterfoil.staff.operations import deactivate_user

        return deactivate_user(self.by, user=self.other)

    @property
    def mine(self) -> Caller:
        return replace(self.by, name=self.me.name, user_id=self.me.pk)

    def access(self) -> Access:
        contact = Contact.objects.get(customer=self.zara)
        return give_access(self.by, contact=contact, email="z@mail.example", welcome=False)

    def passkey(self) -> dict[str, Any]:
        login = self.access().login
        key = add_passkey(self.by, login=login, key_id="k", credential=b"c", uses=0, customer=self.zara)
        return {"passkey": key, "customer": self.zara}

    def job(self) -> Job:
        return start_job(self.mine, kind="export", title="A list", arguments={})

    def notice(self) -> None:
        with write_guard.writing():
            Notice.objects.create(user=self.me, event_id=1, text="Done", at=self.world.now)

    def settled(self) -> Customer:
        self.world.pays(self.zara, "100.00")
        return self.sleeping()

    def sleeping(self) -> Customer:
        return deactivate_customer(self.by, customer=self.zara, reason="Moved")


# Registered by being imported, as in the served product.
assert schedule
assert setup
assert urls

LINES = [LineInput("Services", Decimal(1), Decimal("10.00"), None)]
CSV = b"number,name\nX-1,Xolani\n"
MAPPING = """
name = "People"
source = "test"
[customers]
key = "{number}"
number = "{number}"
name = "{name}"
"""
Example = Callable[[Place], dict[str, Any]]
WHY = {"reason": "Because"}
EXAMPLES: dict[str, Example] = {
    "access.add_passkey": lambda p: {
        "login": p.access().login, "key_id": "k", "credential": b"c", "uses": 0, "customer": p.zara,
    },
    "access.give_access": lambda p: {"contact": Contact.objects.get(customer=p.zara), "email": "z@mail.example"},
    "access.remove_passkey": lambda p: p.passkey(),
    "access.set_password": lambda p: {
        "login": p.access().login, "password": "another-good-one", "current": None, "customer": p.zara,
    },
    "access.take_access": lambda p: {"access": p.access()},
    "access.view_as_customer": lambda p: {"customer": p.zara},
    "billing.change_draft": lambda p: {"invoice": p.draft(), "version": 1, "lines": LINES * 2, "on": p.today},
    "billing.credit_invoice": lambda p: {"invoice": p.invoice, **WHY},
    "billing.discard_draft": lambda p: {"invoice": p.draft()},
    "billing.draft_invoice": lambda p: {"customer": p.zara, "lines": LINES, "on": p.today},
    "billing.draft_invoices": lambda p: {"invoices": [NewInvoice(p.zara, tuple(LINES), p.today)]},
    "billing.issue_invoices": lambda p: {"invoices": [p.draft()]},
    "billing.save_tax_rate": lambda p: {
        "code": "new", "name": "New", "category": "standard", "percent": Decimal(5), "valid_from": p.today,
    },
    "billing.send_invoice": lambda p: {"invoice": p.invoice, "addresses": ["z@mail.example"]},
    "customers.add_contact": lambda p: {"customer": p.zara, "name": "Ann"},
    "customers.add_customer": lambda p: {"name": "New", "area_id": p.north.pk},
    "customers.add_customers": lambda p: {"customers": [NewCustomer("New", area_id=p.north.pk)]},
    "customers.add_note": lambda p: {"customer": p.zara, "text": "Note"},
    "customers.add_site": lambda p: {"customer": p.zara, "label": "Home", "street": "1 Main Road"},
    "customers.attach_file": lambda p: {"customer": p.zara, "kind": "other", "name": "a.txt", "content": b"Text"},
    "customers.change_contact": lambda p: {
        "contact": add_contact(p.by, customer=p.zara, name="Ann"), "version": 1, "changes": {"name": "Anna"},
    },
    "customers.change_customer": lambda p: {"customer": p.zara, "version": 1, "changes": {"terms_days": 3}},
    "customers.change_site": lambda p: {
        "site": add_site(p.by, customer=p.zara, label="Home", street="1 Main Road"), "version": 1,
        "changes": {"city": "Linden"},
    },
    "customers.deactivate_customer": lambda p: {"customer": p.zara, **WHY},
    "customers.pin_note": lambda p: {"customer": p.zara, "note": add_note(p.by, customer=p.zara, text="Note")},
    "customers.reactivate_customer": lambda p: {"customer": p.sleeping(), **WHY},
    "customers.remove_attachment": lambda p: {
        "attachment": attach_file(p.by, customer=p.zara, kind="other", name="a.txt", content=b"Text"), **WHY,
    },
    "customers.save_custom_field": lambda p: {"label": "Gate", "kind": "text"},
    "customers.set_custom_values": lambda p: {
        "customer": p.zara, "values": {save_custom_field(p.by, label="Gate", kind="text").key: "1234"},
    },
    "customers.set_destinations": lambda p: {"customer": p.zara, "about": "invoice", "emails": ["b@mail.example"]},
    "customers.set_tags": lambda p: {"customer": p.zara, "names": ["VIP"]},
    "desk.erase_personal_data": lambda p: {"customer": p.settled(), **WHY},
    "desk.export_in_background": lambda p: {
        "path": "/customers/", "query": "", "form": "csv", "title": "Customers", "rows": 1,
    },
    "desk.export_personal_data": lambda p: {"customer": p.zara},
    "desk.forget_view": lambda p: {"view": save_view(p.mine, list_key="customers", name="Mine", query="q=z")},
    "desk.read_notices": lambda p: p.notice() or {},
    "desk.save_view": lambda p: {"list_key": "customers", "name": "Mine", "query": "q=z"},
    "desk.send_statements": lambda p: {"customers": [p.zara]},
    "imports.import_file": lambda p: {"content": CSV, "file_name": "people.csv", "mapping": MAPPING},
    "messaging.cancel_message": lambda p: {"message": p.message()},
    "messaging.queue_message": lambda p: {
        "customer": p.zara, "kind": "statement", "subject": "Hello", "body_text": "Text", "body_html": "<p>Text</p>",
        "addresses": ["z@mail.example"],
    },
    "payments.pay_refund": lambda p: {
        "customer": p.world.pays(p.zara, "500.00").customer, "amount_minor": 100, "on": p.today, "method": "eft", **WHY,
    },
    "payments.record_receipt": lambda p: {
        "customer": p.zara, "amount_minor": 100, "on": p.today, "method": "eft",
    },
    "payments.record_receipts": lambda p: {"receipts": [NewReceipt(p.zara.pk, 100, p.today, "eft")]},
    "payments.reverse_receipt": lambda p: {"receipt": p.receipt(), **WHY},
    "platform.approve": lambda p: {"approval": p.request()},
    "platform.ask_approval": lambda p: {
        "operation": issue_credit.name, "customer_id": p.zara.pk,
        "arguments": {"customer": p.zara, "amount_minor": 100, "reason": "Offline"},
    },
    "platform.cancel_job": lambda p: {"job": p.job()},
    "platform.pause_job": lambda p: {"job": p.job()},
    "platform.refuse_approval": lambda p: {"approval": p.request(), "note": "No"},
    "platform.resume_job": lambda p: {"job": pause_job(p.mine, job=p.job())},
    "platform.retry_job": lambda p: {"job": fail_job(p.by, job=p.job(), reason="Broken")},
    "platform.withdraw_approval": lambda p: {
        "approval": p.request(replace(p.by, name=p.me.name, user_id=p.me.pk)),
    },
    "receivables.adjust_account": lambda p: {"customer": p.zara, "amount_minor": 100, **WHY},
    "receivables.allocate": lambda p: {
        "customer": p.zara, "credit": p.credit(), "debit": p.item, "amount_minor": 100,
    },
    "receivables.allocate_oldest_first": lambda p: {"customer": p.credit().customer},
    "receivables.close_dispute": lambda p: {
        "dispute": open_dispute(p.by, item=p.item, amount_minor=100, reason="Wrong"), "outcome": "Agreed",
    },
    "receivables.issue_credit": lambda p: {"customer": p.zara, "amount_minor": 100, **WHY},
    "receivables.merge_customers": lambda p: {
        "customer": p.zara, "duplicate": p.world.customer("Zara again", area_id=p.north.pk),
    },
    "receivables.open_dispute": lambda p: {"item": p.item, "amount_minor": 100, **WHY},
    "receivables.raise_debit_memo": lambda p: {"customer": p.zara, "amount_minor": 100, **WHY},
    "receivables.save_bucket_set": lambda p: {"name": "Other", "buckets": DEFAULT_BUCKETS},
    "receivables.send_statement": lambda p: {
        "customer": p.zara, "period": Period.through(dt.date(2026, 1, 1), p.today), "style": "balance_forward",
        "addresses": ["z@mail.example"],
    },
    "receivables.undo_allocation": lambda p: {
        "allocation": Allocation.objects.get(credit=p.receipt().item), **WHY,
    },
    "receivables.write_off": lambda p: {"item": p.item, "amount_minor": 100, **WHY},
    "staff.add_area": lambda p: {"name": "West"},
    "staff.add_brand": lambda p: {"name": "Valley Net"},
    "staff.add_role": lambda p: {"name": "Field work", "like": Role.objects.get(key="reader")},
    "staff.add_user": lambda p: {"email": "new@x.example", "name": "New", "role": "reader", "areas": [p.north]},
    "staff.change_operator": lambda p: {"name": "Another"},
    "staff.change_role": lambda p: {"role": Role.objects.get(key="reader"), "grants": ["billing.view"], "limits": {}},
    "staff.change_user": lambda p: {
        "user": p.other, "version": 1, "name": "Anna", "role": "reader", "areas": [p.south],
    },
    "staff.deactivate_user": lambda p: {"user": p.other},
    "staff.note_access": lambda p: {"user": p.me, "what": "signed_in"},
    "staff.prefer_theme": lambda p: {"theme": "dark"},
    "staff.reactivate_user": lambda p: {"user": p.inactive()},
    "staff.remove_role": lambda p: {"role": Role.objects.get(key="reader")},
    "staff.reset_second_factor": lambda p: {"user": p.second_factor()},
    "staff.set_password": lambda p: {"user": p.me, "password": "another-good-one"},
    "staff.sign_out_everywhere": lambda p: {},
    "staff.sign_out_user": lambda p: {"user": p.other},
}  # fmt: skip


@pytest.fixture
def place(world: World) -> Place:
    north, south = (add_area(world.caller(), name=name) for name in ("North", "South"))
    zara = world.customer("Zara", area_id=north.pk, emails=["z@mail.example"])
    world.invoice(zara, "100.00", due_on="2026-01-31")
    password = "correct horse battery"
    me = add_user(world.caller(), email="me@x.example", name="Me", role="administrator", password=password)
    other = add_user(world.caller(), email="other@x.example", name="Other", role="agent", password=password)
    return Place(world, north, south, zara, me, other)


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every business table, so that nothing can have changed unseen."""
    return {
        model._meta.label: sorted(model._base_manager.values_list(), key=str)
        for model in apps.get_models()
        if model.__module__.startswith(("counterfoil.", "allauth."))
    }


def refused(call: Callable[[], Any]) -> str:
    """The code of the refusal; nothing may have changed."""
    before = everything()
    with pytest.raises(Refused) as refusal:
        call()
    assert everything() == before
    return refusal.value.code


def test_every_operation_has_an_example() -> None:
    missing = sorted(set(OPERATIONS) - set(EXAMPLES) - set(INNER))
    assert not missing, (
        f"{', '.join(missing)}: add a line to EXAMPLES in this file with arguments that work, so that it is tested "
        "for nobody, the wrong role, another scope and the right role (or to INNER, with the reason)."
    )
    assert not (set(EXAMPLES) | set(INNER)) - set(OPERATIONS)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_who_may_and_who_may_not(place: Place, name: str) -> None:
    operation, arguments = OPERATIONS[name], EXAMPLES[name](place)
    who = Caller(name="Me", grants=frozenset({name}), user_id=place.me.pk, at=place.world.now)
    if name.startswith("platform."):
        # What is asked for or decided must be within the caller's own grants too.
        who = replace(who, grants=frozenset({name, issue_credit.name}))
    if name in (
        "staff.add_user",
        "staff.change_user",
        *(n for n in EXAMPLES if "_role" in n),
        *(n for n in EXAMPLES if "_user" in n),
    ):
        # Nobody touches what reaches further than their own role.
        who = replace(who, grants=frozenset({name, *ROLES["agent"].grants, *ROLES["reader"].grants}))
    if name == "staff.reset_second_factor":
        who = replace(who, grants=frozenset({name, *ROLES["agent"].grants}))

    nobody = replace(who, grants=frozenset())
    assert refused(lambda: operation(nobody, **arguments)) == "not_allowed"
    wrong = replace(who, grants=frozenset(set(all_grants()) - {name}))
    assert refused(lambda: operation(wrong, **arguments)) == "not_allowed"
    if name not in OF_NOBODY:
        elsewhere = replace(who, scope={"area": frozenset({place.south.pk})})
        assert refused(lambda: operation(elsewhere, **arguments)) == OWN_SENTENCE.get(name, "not_found")
    before = everything()
    operation(who, **arguments)
    assert everything() != before, f"{name} did nothing: give it an example that works."


def test_somebody_limited_to_the_right_area_may(place: Place) -> None:
    here = replace(place.by, scope={"area": frozenset({place.north.pk})})
    assert add_note(here, customer=place.zara, text="Note").customer == place.zara
    # Without choosing, what they add belongs to their own area.
    assert add_customer(here, name="New").area_id == place.north.pk
