"""E-mails that come in: each is read and opens a ticket of the customer whose address it comes from."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.customers.models import Contact, ContactPoint
from counterfoil.messaging.inbound import read
from counterfoil.platform.write_guard import writing
from counterfoil.site.bench.book import settle_down, write_customers
from counterfoil.site.bench.figures import CALLER, Figure, figure, forget_peak, timed
from counterfoil.tickets.models import Ticket
from counterfoil.tickets.operations import take_in

_TEXT = "Good morning,\r\n\r\nmy line drops every evening after five.\r\n\r\nKind regards\r\n"


def measure(quick: bool) -> Iterator[Figure]:
    """The same number of e-mails among more and more customers; the floor only reads them."""
    start = 0
    for stop in (20, 40) if quick else (1_000, 10_000, 100_000):
        customers = write_customers(start, stop)
        _addresses(customers)
        start = stop
        settle_down()
        mails = [_mail(pk) for pk in customers[: 10 if quick else 500]]
        before = Ticket.objects.count()
        forget_peak()
        floor = timed(lambda mails=mails: [read(content) for content in mails])  # type: ignore[misc]
        seconds = timed(lambda mails=mails: [take_in(CALLER, content) for content in mails])  # type: ignore[misc]
        made = Ticket.objects.count() - before
        assert made == len(mails), (made, len(mails))
        yield figure("inbound", stop, seconds, floor, done=made, a_minute=round(made / seconds * 60))


def _addresses(customers: list[int]) -> None:
    """Each has a contact with an address of its own."""
    with writing():
        contacts = Contact.objects.bulk_create(
            [Contact(customer_id=pk, name=f"Customer {pk}", roles=["billing"]) for pk in customers], batch_size=500
        )
        ContactPoint.objects.bulk_create(
            [ContactPoint(contact=row, kind="email", value=f"c{row.customer_id}@mail.example") for row in contacts],
            batch_size=500,
        )


def _mail(pk: int) -> bytes:
    head = f"From: Customer {pk} <c{pk}@mail.example>\r\nTo: help@isp.example\r\nSubject: Line drops\r\n"
    return f"{head}Message-ID: <{pk}@mail.example>\r\n\r\n{_TEXT}".encode()
