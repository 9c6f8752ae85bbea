"""Tickets of the last days: asked by mail, in the portal and by phone; answered, waiting, late and over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from django.utils import timezone

from counterfoil.customers.models import ContactPoint, Customer
from counterfoil.kernel.periods import days_before
from counterfoil.operator.models import Lookup
from counterfoil.platform.callers import Caller
from counterfoil.staff.models import User
from counterfoil.tickets.models import Ticket
from counterfoil.tickets.operations import (
    add_canned_answer,
    add_ticket_note,
    answer_ticket,
    open_ticket,
    rate_by_customer,
    route_ticket,
    set_ticket_state,
    take_in,
)

_Staff = Callable[[str, dt.date, int], Caller]
_ANSWERS = (
    ("Banking details", "Good day {first_name}\n\nPlease pay by EFT. Your account number, {account_number}, is "
                        "the reference. Your balance is {balance}.\n\nKind regards, {my_name}"),
    ("Proof of payment received", "Good day {first_name}\n\nThank you for the proof of payment. It shows "
                                  "on your account as soon as the bank confirms it.\n\nKind regards, {my_name}"),
    ("Restart the router", "Good day {first_name}\n\nPlease switch the router off for 30 seconds and on again, and "
                           "tell us how it is afterwards.\n\nKind regards, {my_name}"),
)  # fmt: skip
# Subject, what was asked, department, priority, how many business days ago, and what came of it.
_ASKED = (
    ("Intermittent dropouts after 17:00", "The line drops every evening.", "technical", "high", 3, "wait"),
    ("Invoice address is wrong", "Please change it to the new premises.", "accounts", "normal", 1, "open"),
    ("Quote for 3 more branches", "What would three more lines cost?", "sales", "normal", 2, "answer"),
    ("Please cancel the second line", "We do not need it any more.", "accounts", "normal", 2, "open"),
    ("Debit order went off twice", "The bank took it twice on the first.", "accounts", "urgent", 1, "note"),
    ("Reconnect after payment", "Paid this morning, proof attached.", "accounts", "normal", 4, "over"),
    ("Move to new premises", "We move at the end of January.", "sales", "low", 2, "open"),
    ("VAT number on invoices", "Ours is missing on the last three.", "accounts", "normal", 5, "over"),
)  # fmt: skip


def ask_some(by: _Staff, today: dt.date, tour: Customer) -> None:
    """A dozen tickets in every state, one of them of the tour's customer by e-mail, and mail that is nobody's."""
    for name, text in _ANSWERS:
        add_canned_answer(by("administrator", today, 7), name=name, text=text)
    agent = User.objects.get(email="agent@highveld.example")
    owners = Customer.objects.filter(status="active", contacts__points__kind="email").exclude(pk=tour.pk).distinct()
    customers = list(owners.order_by("pk")[: len(_ASKED)])
    for place, (customer, asked) in enumerate(zip(customers, _ASKED, strict=False)):
        _ask(by, today, customer, asked, agent if place % 3 else None)
    _by_mail(by, today, tour)


def _ask(
    by: _Staff, today: dt.date, customer: Customer, asked: tuple[str, str, str, str, int, str], agent: User | None
) -> None:
    subject, text, department, priority, ago, then = asked
    day = today
    for _ in range(ago):
        day = days_before(day, 3 if day.weekday() == 0 else 1)
    caller = by("agent", day, 9)
    row = open_ticket(
        caller, customer=customer, subject=subject, text=text, priority=priority, flagged_to=agent,
        department=Lookup.objects.get(kind="ticket_department", code=department),
    )  # fmt: skip
    later = by("agent", day, 11)
    if then in ("wait", "answer", "over"):
        answer_ticket(later, ticket=row, text="Good day\n\nWe are looking into it.", then="pending")
    if then == "note":
        add_ticket_note(later, ticket=row, text="The bank says they answer within three days.")
        technical = Lookup.objects.get(kind="ticket_department", code="accounts")
        if agent is None:
            route_ticket(later, ticket=row, department=technical, flagged_to=User.objects.get(
                email="agent@highveld.example"), reason="Knows the bank")  # fmt: skip
    if then == "over":
        set_ticket_state(by("agent", day, 15), ticket=row, state="resolved")
        rate_by_customer(Caller.system("portal", at=later.now), ticket=Ticket.objects.get(pk=row.pk), rating=5)


def _by_mail(by: _Staff, today: dt.date, tour: Customer) -> None:
    """Somebody of the tour's customer writes for a statement; two strangers write, and a program."""
    point = ContactPoint.objects.filter(contact__customer=tour, kind="email").order_by("pk").first()
    at = by("agent", today, 8).now
    system = replace(Caller.system("mail"), at=min(at + dt.timedelta(minutes=31), timezone.now()))
    sender = f"{point.contact.name} <{point.value}>" if point else ""
    take_in(system, _mail(sender, "Please send our latest statement", "Good morning\n\nPlease send me our latest "
            "statement. Our bookkeeper is in this afternoon and wants to settle September and October together.\n\n"
            "Thank you\n\nOn Mon, 2 Nov 2026 at 09:00, Highveld wrote:\n> Your invoice is attached.", 1))  # fmt: skip
    take_in(system, _mail("Jabu <jabu@start-up.example>", "Fibre in Linden?", "Do you have fibre in 4th Avenue?", 2))
    take_in(system, _mail("Accounts <pay@other.example>", "Proof of payment", "Please find it attached.", 3))
    take_in(system, _mail("Out of office <ann@away.example>", "Automatic reply", "I am away until Monday.", 4,
                          "Auto-Submitted: auto-replied\r\n"))  # fmt: skip


def _mail(sender: str, subject: str, text: str, place: int, more: str = "") -> bytes:
    head = f"From: {sender}\r\nTo: accounts@highveld.example\r\nSubject: {subject}\r\n"
    return f"{head}Message-ID: <demo.{place}@mail.example>\r\n{more}\r\n{text}".encode()
