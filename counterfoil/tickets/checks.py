"""Book checks of tickets."""

from collections.abc import Iterable

from django.db.models import F, Q

from counterfoil.operator import numbering
from counterfoil.platform.checks import book_check
from counterfoil.tickets import rules
from counterfoil.tickets.models import Ticket, TicketLink, TicketMessage

_SHOWN = 20


@book_check
def ticket_numbers_are_gapless() -> Iterable[str]:
    """Tickets use every number of their sequence once."""
    yield from numbering.gaps("ticket", Ticket.objects.all())


@book_check
def the_clock_stands_while_nobody_waits_for_us() -> Iterable[str]:
    """A ticket has a due time only while its clock counts, and its clock stands exactly while it is not open."""
    stands = Q(state__in=rules.STANDING_STILL)
    wrong = (stands & Q(paused_at=None)) | (~stands & Q(paused_at__isnull=False)) | Q(
        paused_at__isnull=False, due_at__isnull=False
    )  # fmt: skip
    for row in Ticket.objects.filter(wrong).order_by("pk")[:_SHOWN]:
        yield f"Ticket {row.number} is {row.get_state_display().lower()}, and its clock says something else."


@book_check
def what_is_on_a_ticket_is_its_customers() -> Iterable[str]:
    """What was sent for a ticket, and what it is linked to, is of its customer, or of an account merged into theirs."""
    sent = TicketMessage.objects.filter(sent__isnull=False).exclude(sent__customer=F("ticket__customer"))
    for row in sent.exclude(sent__customer__merged_into=F("ticket__customer")).select_related("ticket")[:_SHOWN]:
        yield f"Ticket {row.ticket.number} shows a message to another customer."
    links = TicketLink.objects.filter(item__isnull=False).exclude(item__customer=F("ticket__customer"))
    for link in links.exclude(item__customer__merged_into=F("ticket__customer")).select_related("ticket", "item")[
        :_SHOWN
    ]:
        yield f"Ticket {link.ticket.number} is linked to {link}, which is another customer's."
