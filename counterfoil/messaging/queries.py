"""Reads of messages."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db.models import BooleanField, Prefetch, Q, QuerySet, Value

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import of_visible, theirs, visible
from counterfoil.kernel.clock import SKEW, is_due
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.messaging import rules
from counterfoil.messaging.interfaces import Server
from counterfoil.messaging.models import (
    Delivery,
    DeliveryReport,
    MailServer,
    MailSettings,
    Message,
    MessageFile,
    PrivateMail,
    Sending,
)
from counterfoil.operator.readiness import Gap, what_is_missing
from counterfoil.platform import secrets
from counterfoil.platform.callers import Caller
from counterfoil.platform.connectors import connector
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


def suppressed(now: dt.datetime) -> dict[str, dt.datetime]:
    """The addresses that a server lately reported as no good, in small letters, each with when."""
    rows = DeliveryReport.objects.filter(hard=True, at__gt=now - rules.SUPPRESSED_FOR).order_by("at")
    return {address.casefold(): at for address, at in rows.values_list("delivery__address", "at")}


def can_take_back(message: Message) -> bool:
    """Whether Undo still works: nothing has left for any address."""
    return message.cancelled_at is None and all(
        delivery.state == Delivery.State.QUEUED for delivery in message.deliveries.all()
    )


def is_waiting(message: Message) -> bool:
    """Whether it waits to leave for any of its addresses."""
    return any(delivery.state == Delivery.State.QUEUED for delivery in message.deliveries.all())


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


def mail_settings() -> MailSettings | None:
    """The mail server as it was entered here; none before."""
    return MailSettings.objects.filter(pk=1).first()


def mail_server() -> Server | None:
    """The mail server that messages leave by: that of the environment, else the one entered here; none where neither.

    Refused when its password cannot be read with the keys of this installation.
    """
    if settings.EMAIL_HOST:
        security = "tls" if settings.EMAIL_USE_SSL else "starttls" if settings.EMAIL_USE_TLS else "none"
        user, password = settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD
        return Server(settings.EMAIL_HOST, settings.EMAIL_PORT, security, user, password)
    row = mail_settings()
    if row is None or not row.host:
        return None
    password = secrets.decrypt(row.password) if row.password else ""
    return Server(row.host, row.port, row.security, row.user, password, row.from_name, row.from_address, row.reply_to)


def sends_mail() -> bool:
    """Whether messages leave; without a mail server they wait until there is one."""
    if settings.EMAIL_HOST or not connector("MESSAGE_CHANNELS", "email").needs_server:
        return True
    return MailSettings.objects.exclude(host="").exists()


def missing_to_send() -> Refused | None:
    """The refusal that names what is missing before anything is sent: of the company, or the mail server."""
    mail = Gap("set up e-mail", "e-mail", "messaging.set_mail_server", "counterfoil mail-server")
    return what_is_missing(None if sends_mail() else mail)


def refuse_unless_sendable() -> None:
    """Refuses while nothing can be sent."""
    if (refusal := missing_to_send()) is not None:
        raise refusal


def waits_sentence() -> str:
    """Why a message that was just queued waits; empty when it leaves."""
    return "" if sends_mail() else "It waits: no mail server is set up."


def mail_trouble() -> str:
    """Why messages wait on all of us and not on one of them, in a sentence; empty where none waits, or all is well."""
    if settings.EMAIL_HOST or connector("MESSAGE_CHANNELS", "email").needs_server:
        if not sends_mail():
            return "No mail server is set up: messages wait." if anything_waits() else ""
        if mail_server_silent():
            return "The mail server does not answer, or refuses the sign-in: messages wait."
    return ""


def sends_since() -> dt.datetime | None:
    """Since when messages leave by the mail server that was entered here."""
    return None if settings.EMAIL_HOST else MailSettings.objects.values_list("since", flat=True).first()


def anything_waits() -> bool:
    """Whether any message waits to leave, due or not."""
    return (
        Delivery.objects.filter(state=Sending.State.QUEUED).exists()
        or PrivateMail.objects.filter(state=Sending.State.QUEUED).exists()
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
    """Messages with deliveries and files, without the files' bytes; `no_server`, where they wait for a mail server."""
    messages = messages.annotate(no_server=Value(not sends_mail(), output_field=BooleanField()))
    return messages.order_by("-at", "-pk").prefetch_related(
        Prefetch("deliveries", Delivery.objects.prefetch_related("reports").order_by("pk")),
        Prefetch("files", MessageFile.objects.select_related("file").defer("file__content").order_by("pk")),
    )


def undelivered(caller: Caller, since: dt.datetime, customer: Customer | None = None) -> list[Delivery]:
    """Messages that did not arrive since a time, newest first; of a customer, those to merged accounts included."""
    failed = Delivery.objects.filter(state=Delivery.State.FAILED, finished_at__gte=since)
    rows = of_visible(caller, failed, "message__customer")
    if customer is not None:
        rows = rows.filter(theirs(customer, "message__customer"))
    return list(rows.select_related("message__customer").order_by("-finished_at")[:20])
