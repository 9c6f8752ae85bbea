"""What customers are told of a visit: that somebody comes tomorrow."""

from __future__ import annotations

from django.utils import timezone

from counterfoil.access.queries import portal_links
from counterfoil.customers.queries import letterhead_of
from counterfoil.customers.reaching import addresses_of
from counterfoil.jobs.models import FieldJob
from counterfoil.messaging.operations import NewMessage
from counterfoil.messaging.operations.wording import Shown, Wording, declare_wording, letter, letter_to_newest, speaking
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
    return letter_to_newest(caller, (subject, text), lambda _, house: {
        "visit_date": house.speech.long_date(caller.today), "visit_from": "09:00", "visit_to": "11:00",
        "technician": "Kagiso", "what": "Installation", "address": "1 Main Road", "job_number": "J-000001",
    })  # fmt: skip


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
    made = letter(row.customer, house, words, values, portal=portal_links([row.customer_id])[row.customer_id])
    return [NewMessage(
        customer=row.customer, kind=VISIT.key, subject=made.subject, addresses=to, body_text=made.text,
        body_html=made.html,
    )]  # fmt: skip
