"""Reads of messages."""

from __future__ import annotations

import datetime as dt

from django.db.models import Prefetch, QuerySet

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import of_visible, theirs, visible
from counterfoil.kernel.errors import NotFound
from counterfoil.messaging.models import Delivery, Message, MessageFile
from counterfoil.platform.grants import declare_view
from counterfoil.platform.operations import Caller

declare_view("messaging.view", "See messages that were sent")


def messages_of(customer: Customer) -> QuerySet[Message]:
    """What was sent to a customer, newest first, with deliveries and files (without the files' bytes)."""
    return _complete(Message.objects.filter(theirs(customer)))


def get_message(caller: Caller, pk: int) -> Message:
    """One message to a customer whom the caller may see."""
    message = _complete(Message.objects.filter(pk=pk, customer__in=visible(caller))).select_related("customer").first()
    if message is None:
        raise NotFound("There is no such message, or you may not see it.")
    return message


def get_message_file(caller: Caller, pk: int) -> MessageFile:
    """A file as it was sent, with its bytes; not found once it is erased."""
    file = (
        MessageFile.objects.select_related("file", "message")
        .filter(pk=pk, message__customer__in=visible(caller), file__isnull=False)
        .first()
    )
    if file is None:
        raise NotFound("There is no such file, or you may not see it.")
    return file


def can_take_back(message: Message) -> bool:
    """Whether Undo still works: nothing has left for any address."""
    return message.cancelled_at is None and all(
        delivery.state == Delivery.State.QUEUED for delivery in message.deliveries.all()
    )


def due_deliveries(now: dt.datetime) -> int:
    """How many deliveries wait for somebody to send them."""
    return Delivery.objects.filter(state=Delivery.State.QUEUED, next_try_at__lte=now).count()


def _complete(messages: QuerySet[Message]) -> QuerySet[Message]:
    return messages.order_by("-at", "-pk").prefetch_related(
        Prefetch("deliveries", Delivery.objects.order_by("pk")),
        Prefetch("files", MessageFile.objects.select_related("file").defer("file__content").order_by("pk")),
    )


def undelivered(caller: Caller, since: dt.datetime, customer: Customer | None = None) -> list[Delivery]:
    """Messages that did not arrive since a time, newest first; of a customer, those to merged accounts included."""
    failed = Delivery.objects.filter(state=Delivery.State.FAILED, finished_at__gte=since)
    rows = of_visible(caller, failed, "message__customer")
    if customer is not None:
        rows = rows.filter(theirs(customer, "message__customer"))
    return list(rows.select_related("message__customer").order_by("-finished_at")[:20])
