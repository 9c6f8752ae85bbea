"""What customers are told of a payment plan: its days and amounts, by e-mail and on paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from counterfoil.access.queries import portal_links
from counterfoil.collections.models import Plan
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import letterhead_of
from counterfoil.customers.reaching import addresses_for
from counterfoil.documents.logos import letterhead_view
from counterfoil.documents.parties import Letterhead, words_of
from counterfoil.documents.rendering import render_pdf
from counterfoil.messaging.operations import NewMessage
from counterfoil.messaging.operations.wording import Shown, Wording, declare_wording, letter, letter_to_newest, speaking
from counterfoil.platform.callers import Caller
from counterfoil.receivables.queries import party_of

FIELDS = {
    "customer_name": "the customer",
    "account_number": "their account number",
    "company_name": "your trading name",
    "total": "what is paid in all",
    "count": "how many payments",
    "payments": "each payment with its day and amount, one per line",
    "first_date": "the day of the first payment",
    "last_date": "the day of the last payment",
}


def _values(rows: Sequence[tuple[int, dt.date]], house: Letterhead, currency: str) -> dict[str, str]:
    speech = house.speech
    lines = [
        speech.say("{n}. by {day}: {amount}", n=place, day=speech.long_date(day), amount=speech.money(minor, currency))
        for place, (minor, day) in enumerate(rows, start=1)
    ]
    return {
        "total": speech.money(sum(minor for minor, _ in rows), currency), "count": str(len(rows)),
        "payments": "\n".join(lines), "first_date": speech.long_date(rows[0][1]),
        "last_date": speech.long_date(rows[-1][1]),
    }  # fmt: skip


def _example(caller: Caller, subject: str, text: str) -> Shown | None:
    """The message as the customer who joined last would get it."""
    rows = [(50000, caller.today + dt.timedelta(days=30 * n)) for n in (1, 2, 3)]
    return letter_to_newest(
        caller, (subject, text), lambda customer, house: _values(rows, house, customer.currency)
    )  # fmt: skip


PLAN_AGREED = declare_wording(Wording(
    "plan_agreed", "Payment plan", "Your payment plan: {total} in {count} payments",
    "Good day, thank you for agreeing a payment plan with us. You pay {total} on account {account_number} as follows:\n"
    "{payments}\n"
    "While you pay each amount by its day, we send no reminders about it and your service stays on. "
    "If a day is not possible, please tell us before it.",
    FIELDS, _example,
))  # fmt: skip


def _written(plan: Plan) -> tuple[Customer, Letterhead, Any]:
    customer, house = plan.customer, letterhead_of(plan.customer)
    rows = list(plan.promises.order_by("due_on", "pk").values_list("amount_minor", "due_on"))
    words = speaking(PLAN_AGREED)(customer.brand_id, customer.language)
    portal = portal_links([customer.pk])[customer.pk]
    return customer, house, letter(customer, house, words, _values(rows, house, customer.currency), portal=portal)


def of_plan(plan: Plan) -> NewMessage | None:
    """The confirmation of a plan; none where there is no address for it."""
    addresses = [address.email for address in addresses_for(plan.customer, "reminder")]
    if not addresses:
        return None
    customer, _, made = _written(plan)
    return NewMessage(
        customer=customer, kind=PLAN_AGREED.key, subject=made.subject, addresses=addresses, body_text=made.text,
        body_html=made.html,
    )  # fmt: skip


def plan_pdf(plan: Plan) -> bytes:
    """The same as an A4 letter, for whoever has no e-mail address or asks for it."""
    customer, house, made = _written(plan)
    return render_pdf("letter", paper(customer, house, plan.made_on, made.subject, made.text))


def paper(customer: Customer, house: Letterhead, on: dt.date, heading: str, text: str) -> dict[str, Any]:
    """Everything a letter on paper says, in finished words."""
    speech, say = house.speech, house.speech.say
    party = party_of(customer, speech)
    foot = f"{party.number}, {speech.long_date(on)}"
    return {
        "title": f"{foot}, {house.name}",
        "foot": foot,
        "author": house.name,
        "heading": heading,
        "lang": house.language,
        "words": words_of(house),
        "date": [on.year, on.month, on.day],
        "operator": letterhead_view(house),
        "facts": [
            [{"label": "", "lines": [party.name, *party.address.splitlines()], "strong": True}],
            [
                {"label": say("Account number"), "lines": [party.number]},
                {"label": say("Date"), "lines": [speech.long_date(on)]},
            ],
        ],
        "paragraphs": [part.splitlines() for part in text.strip().split("\n\n") if part.strip()],
    }
