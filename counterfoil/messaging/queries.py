"""Reads of messages."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import of_visible, theirs, visible
from counterfoil.kernel.clock import SKEW, is_due
from counterfoil.kernel.errors import NotFound
from counterfoil.messaging import rules
from counterfoil.messaging.models import Delivery, MailServer, Message, MessageFile, PrivateMail, Sending
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view

declare_view("messaging.view", "See messages that were sent")


def messages_of(customer: Customer) -> QuerySet[Message]:
    """What was sent to a customer, newest first, with deliveries and files (without the files' bytes)."""
    return complete(Message.objects.filter(theirs(customer)))


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


def _due(field: str, longest: dt.timedelta, now: dt.datetime) -> Q:
    # What waits longer than anything ever does was put off while the clock was ahead (`kernel.clock.is_due`).
    return Q(**{f"{field}__lte": now}) | Q(**{f"{field}__gt": now + longest + SKEW})


def deliveries_due(now: dt.datetime) -> Q:
    """The deliveries to send now."""
    undo = dt.timedelta(seconds=settings.UNDO_SECONDS)
    return (
        Q(state=Sending.State.QUEUED)
        & _due("next_try_at", rules.longest_wait(), now)
        & _due("message__leaves_at", undo, now)
    )


def still_of_use(now: dt.datetime) -> Q:
    """The private e-mails that still say what is true."""
    return Q(useless_at__gt=now, useless_at__lte=now + rules.PRIVATE_FOR + SKEW)


def private_mail_due(now: dt.datetime) -> Q:
    """The private e-mails to send now."""
    return Q(state=Sending.State.QUEUED) & _due("next_try_at", rules.longest_wait(), now) & still_of_use(now)


def due_deliveries(now: dt.datetime) -> int:
    """How many deliveries wait for somebody to send them, those that only their addressee may read included."""
    return (
        Delivery.objects.filter(deliveries_due(now)).count() + PrivateMail.objects.filter(private_mail_due(now)).count()
    )


def anything_due(now: dt.datetime) -> bool:
    """Whether there is anything to send now, and somebody who takes it."""
    server = MailServer.objects.filter(channel="email").first()
    if server is not None and is_left_alone(server, now):
        return False
    return (
        PrivateMail.objects.filter(private_mail_due(now)).exists()
        or Delivery.objects.filter(deliveries_due(now)).exists()
    )


def is_left_alone(server: MailServer, now: dt.datetime) -> bool:
    """Whether nothing is sent to this server at present."""
    return server.closed_until is not None and not is_due(server.closed_until, rules.LONGEST_PAUSE, now)


def mail_server_silent() -> bool:
    """Whether the mail server has not answered lately, so that messages wait."""
    return MailServer.objects.filter(failures__gte=rules.OPENS_AFTER).exists()


def complete(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Messages with deliveries and files, without the files' bytes."""
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
