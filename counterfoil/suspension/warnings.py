"""What customers are told before and when their service is suspended: four kinds of message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.template.loader import render_to_string

from counterfoil.access.queries import portal_links
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import letterhead_of, visible
from counterfoil.customers.reaching import addresses_for
from counterfoil.documents.parties import pay_link
from counterfoil.messaging.operations import NewMessage
from counterfoil.messaging.operations.wording import Shown, Wording, declare_wording, filled, paragraphs, speaking
from counterfoil.platform.callers import Caller

FIELDS = {
    "customer_name": "the customer",
    "account_number": "their account number",
    "company_name": "your trading name",
    "amount": "what is overdue and not in dispute",
    "suspension_date": "the day on which the service is suspended",
}


def _example(key: str) -> Callable[[Caller, str, str], Shown | None]:
    def shown(caller: Caller, subject: str, text: str) -> Shown | None:
        """The message as the customer who joined last would get it."""
        customer = visible(caller).filter(status="active").order_by("-joined_on", "-pk").first()
        if customer is None:
            return None
        made = _written(customer, 149800, caller.today + dt.timedelta(days=3), caller.today, (subject, text))
        return Shown(customer.name, made["subject"], render_to_string("suspension/email.txt", made).strip() + "\n")

    return shown


def _wording(key: str, title: str, subject: str, text: str) -> Wording:
    return declare_wording(Wording(key, title, subject, text, FIELDS, _example(key)))


FIRST_WARNING = _wording(
    "first_warning", "First warning before suspension",
    "{amount} is overdue on account {account_number}",
    "Good day, {amount} on your account is overdue.\n"
    "Please pay it, or talk to us, so that your service is not suspended.",
)  # fmt: skip
SECOND_WARNING = _wording(
    "second_warning", "Second warning before suspension",
    "Your service will be suspended on {suspension_date}",
    "Good day, {amount} on your account is still overdue.\n"
    "If it is not paid, your service will be suspended on {suspension_date}.",
)  # fmt: skip
SERVICE_OFF = _wording(
    "service_off", "Service suspended",
    "Your service is suspended: {amount} is overdue",
    "Good day, your service is switched off because {amount} is overdue.\n"
    "Pay it and it is switched on again as soon as the payment is recorded.",
)  # fmt: skip
SERVICE_ON = _wording(
    "service_on", "Service switched on again",
    "Your service is switched on again",
    "Good day, your service is being switched on again. Thank you.",
)  # fmt: skip


def warning(
    wording: Wording, customer: Customer, minor: int, suspends_on: dt.date | None, today: dt.date
) -> NewMessage | None:
    """The message to a customer; none where there is no address for it."""
    addresses = [address.email for address in addresses_for(customer, "reminder")]
    if not addresses:
        return None
    made = _written(customer, minor, suspends_on, today, speaking(wording)(customer.brand_id, customer.language))
    return NewMessage(
        customer=customer, kind=wording.key, subject=made["subject"],
        body_text=render_to_string("suspension/email.txt", made).strip() + "\n",
        body_html=render_to_string("suspension/email.html", made), addresses=addresses,
    )  # fmt: skip


def _written(
    customer: Customer, minor: int, suspends_on: dt.date | None, today: dt.date, words: tuple[str, str]
) -> dict[str, Any]:
    operator = letterhead_of(customer)
    amount = operator.speech.money(minor, customer.currency)
    values = {
        "customer_name": customer.name, "account_number": customer.number, "company_name": operator.name,
        "amount": amount,
        "suspension_date": operator.speech.deadline(suspends_on, today=today) if suspends_on else "",
    }  # fmt: skip
    subject, text = (filled(part, values) for part in words)
    return {
        "subject": subject[:200], "heading": subject, "preheader": "", "operator": operator.name,
        "speech": operator.speech, "paragraphs": paragraphs(text), "to_pay": amount if minor else "",
        "pay_link": pay_link(operator, customer.number) if minor else "",
        "pay_words": operator.speech.say("Pay {amount}", amount=amount),
        "bank": (operator.bank or operator.iban and "IBAN") if minor else "",
        "bank_account": operator.bank_account or operator.iban, "reference": customer.number,
        "account": f"{customer.name}, {customer.number}", "portal": portal_links({customer.pk})[customer.pk],
        "small_print": operator.small_print,
    }  # fmt: skip
