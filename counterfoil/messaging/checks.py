"""What must be true of messages. That stored files are unchanged is checked by documents."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from counterfoil.messaging.models import Delivery, Message
from counterfoil.platform.checks import book_check


@book_check
def cancelled_messages_never_left() -> Iterable[str]:
    """A message that was taken back has no delivery in any other state."""
    states = Delivery.objects.filter(message__cancelled_at__isnull=False).exclude(state=Delivery.State.CANCELLED)
    for pk in states.values_list("message_id", flat=True).distinct().order_by("message_id"):
        yield f"Message {pk} was taken back, yet a delivery of it was not."


@book_check
def every_message_has_a_recipient() -> Iterable[str]:
    """No message goes to nobody."""
    for pk in Message.objects.filter(deliveries__isnull=True).values_list("pk", flat=True).order_by("pk"):
        yield f"Message {pk} has no address."


@book_check
def deliveries_say_what_happened() -> Iterable[str]:
    """What ended says when; what was sent was tried; what is cancelled belongs to a cancelled message."""
    ended = Q(state__in=[Delivery.State.SENT, Delivery.State.FAILED, Delivery.State.CANCELLED])
    wrong = Delivery.objects.filter(
        (ended & Q(finished_at__isnull=True))
        | (~ended & Q(finished_at__isnull=False))
        | Q(state=Delivery.State.SENT, attempts=0)
        | Q(state=Delivery.State.CANCELLED, message__cancelled_at__isnull=True)
    )
    for pk in wrong.values_list("pk", flat=True).order_by("pk"):
        yield f"Delivery {pk} contradicts itself."
