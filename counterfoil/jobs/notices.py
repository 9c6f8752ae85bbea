"""What customers are told of a visit: that somebody comes tomorrow."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from counterfoil.access.queries import portal_links
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import letterhead_of, visible
from counterfoil.customers.reaching import addresses_of
from counterfoil.documents.parties import Letterhead
from counterfoil.jobs.models import FieldJob
from counterfoil.messaging.operations import NewMessage
from counterfoil.messaging.operations.wording import Shown, Wording, declare_wording, filled, paragraphs, speaking
from counterfoil.platform.callers import Caller

FIELDS = {
    "customer_name": "the customer",
    "account_number": "their account number",
    "company_name": "your trading name",
    "visit_date": "the day of the visit",
    "visit_from": "when it begins",
    "visit_to": "when it is expected to be done",
    "technician": "first name of who comes",
    "what": "what is to be done",
    "address": "where",
    "job_number": "the number of the job",
}


def _example(caller: Caller, subject: str, text: str) -> Shown | None:
    """The message as the customer who joined last would get it."""
    customer = visible(caller).filter(status="active").order_by("-joined_on", "-pk").first()
    if customer is None:
        return None
    house = letterhead_of(customer)
    values = {
        "visit_date": house.speech.long_date(caller.today), "visit_from": "09:00", "visit_to": "11:00",
        "technician": "Kagiso", "what": "Installation", "address": "1 Main Road", "job_number": "J-000001",
    }  # fmt: skip
    made = _written(customer, house, values, (subject, text), "")
    return Shown(customer.name, made["subject"], render_to_string("jobs/email.txt", made).strip() + "\n")


VISIT = declare_wording(Wording(
    "visit_reminder", "Visit tomorrow", "We visit you on {visit_date}, {visit_from} to {visit_to}",
    "Good day, {technician} visits you on {visit_date} between {visit_from} and {visit_to}.\n"
    "It is about: {what}, {job_number}.\n"
    "Please see that somebody is there. If that does not suit you, tell us today.",
    FIELDS, _example,
))  # fmt: skip


def first_name(row: FieldJob) -> str:
    """What the customer is told of who comes."""
    return row.technician.user.name.split()[0] if row.technician and row.technician.user.name.split() else ""


def of_visit(row: FieldJob) -> list[NewMessage]:
    """The reminder of a visit; none where there is no address."""
    to = [one.email for one in addresses_of([row.customer_id], "ticket")[row.customer_id]]
    if not to or row.starts_at is None or row.ends_at is None:
        return []
    house, start, end = letterhead_of(row.customer), *map(timezone.localtime, (row.starts_at, row.ends_at))
    values = {
        "visit_date": house.speech.long_date(start.date()), "visit_from": f"{start:%H:%M}", "visit_to": f"{end:%H:%M}",
        "technician": first_name(row), "what": row.summary, "address": str(row.site.text if row.site else ""),
        "job_number": row.number,
    }  # fmt: skip
    words = speaking(VISIT)(row.customer.brand_id, row.customer.language)
    made = _written(row.customer, house, values, words, portal_links([row.customer_id])[row.customer_id])
    return [NewMessage(
        customer=row.customer, kind=VISIT.key, subject=made["subject"], addresses=to,
        body_text=render_to_string("jobs/email.txt", made).strip() + "\n",
        body_html=render_to_string("jobs/email.html", made),
    )]  # fmt: skip


def _written(
    customer: Customer, house: Letterhead, values: dict[str, str], words: tuple[str, str], portal: str
) -> dict[str, Any]:
    known = {"customer_name": customer.name, "account_number": customer.number, "company_name": house.name, **values}
    subject, text = (filled(part, known) for part in words)
    return {
        "subject": subject[:200], "heading": subject, "preheader": "", "operator": house.name, "speech": house.speech,
        "paragraphs": paragraphs(text), "account": f"{customer.name}, {customer.number}", "portal": portal,
        "small_print": house.small_print, "link": "",
    }  # fmt: skip
