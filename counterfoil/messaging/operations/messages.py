"""Every write about messages. Rows carry the work of sending; tasks only wake it, and may run twice or never."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from counterfoil.customers.models import Customer
from counterfoil.documents.operations import erase_files, store_files
from counterfoil.kernel.clock import SKEW
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.periods import date_text
from counterfoil.kernel.words import heard
from counterfoil.messaging import queries, rules
from counterfoil.messaging.interfaces import Accepted, Outcome, Rejected, TryLater, Unreachable, Unsure
from counterfoil.messaging.models import (
    Delivery,
    DeliveryReport,
    MailServer,
    Message,
    MessageFile,
    PrivateMail,
    Sending,
)
from counterfoil.platform import secrets
from counterfoil.platform.joints import joint
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.staff.models import User

_MOST_BYTES = 15 * 1024 * 1024
_MOST_TEXT = 50_000
_MOST_SUBJECT = 200
# The one channel there is.
_CHANNEL = "email"


@dataclass(frozen=True)
class NewMessage:
    """A message to send: `files` are (name, type, bytes)."""

    customer: Customer
    kind: str
    subject: str
    body_text: str
    body_html: str
    addresses: Sequence[str]
    files: Sequence[tuple[str, str, bytes]] = ()
    related: str = ""
    # A person wrote it, as a letter is written.
    written: bool = False


@dataclass(frozen=True)
class Thread:
    """The conversation that a message belongs to: its mark in the subject, where answers go, and what it follows."""

    mark: str
    reply_to: str = ""
    follows: Sequence[str] = ()


@joint
def thread_of(related: str, /) -> Thread | None:
    """Many are asked: the conversation that messages about this (`ticket:8812`) belong to, where it is known."""
    raise NotImplementedError


def _in_thread(new: NewMessage) -> tuple[NewMessage, Thread]:
    """The message with the mark of its conversation in the subject, and that conversation."""
    found = next((one for one in thread_of(new.related) if one), None) if new.related else None
    if found is None:
        return new, Thread("")
    if found.mark in new.subject:
        return new, found
    room = _MOST_SUBJECT - len(found.mark) - 1
    return dataclasses.replace(new, subject=f"{new.subject[:room].rstrip()} {found.mark}"), found


def check_message(new: NewMessage) -> NewMessage:
    """The message as it will leave; refused when it cannot."""
    refuse_if(len(new.body_text) > _MOST_TEXT, "text_too_long", "The message text is too long.", field="text")
    refuse_if(
        sum(len(content) for _, _, content in new.files) > _MOST_BYTES,
        "files_too_large",
        "The attachments are larger than most mail servers take (15 MB).",
        field="files",
    )
    related = new.related
    return dataclasses.replace(
        new,
        addresses=rules.check_addresses(new.addresses),
        subject=rules.check_line(new.subject, field="subject", name="The subject", most=_MOST_SUBJECT),
        related=rules.check_line(related, field="related", name="The reference", most=60) if related else "",
        body_text=rules.storable(new.body_text),
        body_html=rules.storable(new.body_html),
        files=[
            (rules.check_line(name, field="files", name="The name of the attachment", most=160), mime, content)
            for name, mime, content in new.files
        ],
    )


@step
def queue_messages(op: Operation, *, messages: Sequence[NewMessage]) -> list[Message]:
    """Each waits for some seconds in which it can be taken back, and then leaves for each of its addresses.

    One of them that cannot leave refuses them all.
    """
    threads = [_in_thread(check_message(new)) for new in messages]
    wanted = [new for new, _ in threads]
    if not wanted:
        return []
    leaves_at = op.now + dt.timedelta(seconds=settings.UNDO_SECONDS)
    rows = Message.objects.bulk_create(
        Message(
            customer=new.customer, kind=new.kind, subject=new.subject, body_text=new.body_text,
            body_html=new.body_html, related=new.related, author=op.caller.name[:120], at=op.now, leaves_at=leaves_at,
            reply_to=thread.reply_to, follows="\n".join(thread.follows), written=new.written,
        )
        for new, thread in threads
    )  # fmt: skip
    attached = [(row, *file) for row, new in zip(rows, wanted, strict=True) for file in new.files]
    if attached:
        stored = store_files(op, files=[(content, mime) for _, _, mime, content in attached])
        MessageFile.objects.bulk_create(
            MessageFile(message=row, file=file, name=name)
            for (row, name, _, _), file in zip(attached, stored, strict=True)
        )
    bad = queries.suppressed(op.now)
    deliveries = Delivery.objects.bulk_create(
        _delivery(op, row, address, leaves_at, bad.get(address.casefold()))
        for row, new in zip(rows, wanted, strict=True)
        for address in new.addresses
    )
    for row, new in zip(rows, wanted, strict=True):
        op.record(
            "message.queued", row, customer_id=row.customer_id, title=row.subject, addresses=", ".join(new.addresses),
            message_kind=row.kind, related=row.related,
        )  # fmt: skip
    for one in deliveries:
        if one.state == Delivery.State.FAILED:
            op.record(
                "message.undelivered", one, customer_id=one.message.customer_id, title=one.message.subject,
                address=one.address, result=one.result,
            )  # fmt: skip
    # In the transaction on purpose: the task exists if and only if the messages do. The first wakes what is due of all.
    send_due_messages.using(run_after=leaves_at).enqueue()
    return rows


def _delivery(
    op: Operation, message: Message, address: str, leaves_at: dt.datetime, bad_since: dt.datetime | None
) -> Delivery:
    """One that waits to leave; to an address that was reported as no good it has failed at once."""
    if bad_since is None:
        return Delivery(message=message, address=address, next_try_at=leaves_at)
    said = f"Not sent: the address was reported as no good on {date_text(timezone.localdate(bad_since))}."
    return Delivery(
        message=message, address=address, next_try_at=leaves_at, state=Delivery.State.FAILED, finished_at=op.now,
        result=said,
    )  # fmt: skip


@verb
def queue_message(
    op: Operation,
    *,
    customer: Customer,
    kind: str,
    subject: str,
    body_text: str,
    body_html: str,
    addresses: Sequence[str],
    files: Sequence[tuple[str, str, bytes]] = (),
    related: str = "",
) -> Message:
    """A message waits for some seconds in which it can be taken back, and then leaves for each address."""
    new = NewMessage(customer, kind, subject, body_text, body_html, addresses, files, related)
    return queue_messages(op, messages=[new])[0]


@verb(label="Cancel a message")
def cancel_message(op: Operation, *, message: Message) -> Message:
    """The message does not leave. Refused as soon as it has left for any of its addresses."""
    deliveries = list(Delivery.objects.select_for_update().filter(message=message).order_by("pk"))
    message = Message.objects.select_related("customer").get(pk=message.pk)
    if message.cancelled_at:
        return message
    refuse_if(
        any(delivery.state != Delivery.State.QUEUED for delivery in deliveries),
        "already_left",
        "The message has already been sent and can't be cancelled.",
    )
    message.cancelled_at = op.now
    message.save(update_fields=["cancelled_at"])
    Delivery.objects.filter(message=message).update(
        state=Delivery.State.CANCELLED, finished_at=op.now, result="Cancelled before it was sent."
    )
    op.record("message.cancelled", message, customer_id=message.customer_id, title=message.subject)
    return message


# ------------------------------------------------------------------ sending


@step
def claim_delivery(op: Operation) -> Delivery | None:
    """The delivery that has been due longest is marked as being sent, so that nobody else sends it too.

    None when nothing is due, or when the mail server is left alone for a while.
    """
    found: Delivery | None = _claim(op, queries.deliveries_due(op.now), Delivery.objects.select_related("message"))
    return found


@step
def claim_private_mail(op: Operation) -> PrivateMail | None:
    """The same for what only its addressee may read."""
    found: PrivateMail | None = _claim(op, queries.private_mail_due(op.now), PrivateMail.objects.all())
    return found


def _claim(op: Operation, due: Q, rows: QuerySet[Any]) -> Any:
    server = MailServer.objects.select_for_update().filter(channel=_CHANNEL).first()
    if server is not None and queries.is_left_alone(server, op.now):
        return None
    row = rows.select_for_update(of=("self",), skip_locked=True).filter(due).order_by("next_try_at", "pk").first()
    if row is None:
        return None
    if server is not None and (pause := rules.pause_after(server.failures)):
        # This one tries whether the server answers again; nothing else is sent meanwhile.
        server.closed_until = op.now + pause
        server.save(update_fields=["closed_until"])
    row.state, row.claimed_at = Sending.State.SENDING, op.now
    row.attempts += 1
    row.save(update_fields=["state", "claimed_at", "attempts"])
    return row


@step
def record_delivery(op: Operation, *, delivery: Delivery, outcome: Outcome) -> Delivery:
    """A delivery that was being sent has arrived at the next server, has failed, or waits for another try."""
    delivery = Delivery.objects.select_for_update(of=("self",)).select_related("message").get(pk=delivery.pk)
    # Before there was a mail server nothing was tried.
    begun = max(delivery.message.leaves_at, queries.sends_since() or delivery.message.leaves_at)
    give_up_at = begun + rules.WAITS_FOR
    _record(op, delivery, outcome, rules.next_try(delivery.attempts, op.now), give_up_at)
    return delivery


@step
def record_private_mail(op: Operation, *, mail: PrivateMail, outcome: Outcome) -> PrivateMail:
    """The same for what only its addressee may read; what is over has no text any more."""
    mail = PrivateMail.objects.select_for_update().get(pk=mail.pk)
    _record(op, mail, outcome, rules.next_try_soon(mail.attempts, op.now), mail.useless_at)
    return mail


def _record(op: Operation, row: Any, outcome: Outcome, again: dt.datetime | None, give_up_at: dt.datetime) -> None:
    if row.state != Sending.State.SENDING:
        # Given up as interrupted in the meantime. What was recorded then stands.
        return
    _note_server(op, outcome)
    match outcome:
        case Accepted(answer):
            _finish(op, row, Sending.State.SENT, answer)
        case Rejected(reason) | Unsure(reason):
            _finish(op, row, Sending.State.FAILED, reason)
        case TryLater(reason):
            if again is None or again >= give_up_at:
                _finish(op, row, Sending.State.FAILED, f"Given up after {row.attempts} tries. {reason}")
            else:
                _wait(row, again, reason)
        case Unreachable(reason):
            # It was not tried at all, and waits for as long as somebody may still expect it.
            row.attempts -= 1
            again = op.now + rules.UNREACHABLE_PAUSE
            if again >= give_up_at:
                _finish(op, row, Sending.State.FAILED, f"Given up. {reason}")
            else:
                _wait(row, again, reason)


def _wait(row: Any, again: dt.datetime, reason: str) -> None:
    row.state, row.next_try_at, row.claimed_at, row.result = Sending.State.QUEUED, again, None, heard(reason)
    row.save(update_fields=["state", "next_try_at", "claimed_at", "result", "attempts"])
    send_due_messages.using(run_after=again).enqueue()


def _note_server(op: Operation, outcome: Outcome) -> None:
    """Whether the server answers: after some messages in a row without an answer it is left alone for a while."""
    silent = isinstance(outcome, Unreachable | Unsure) or (isinstance(outcome, TryLater) and outcome.broke_off)
    if not silent:
        MailServer.objects.filter(channel=_CHANNEL, failures__gt=0).update(failures=0, closed_until=None)
        return
    MailServer.objects.bulk_create([MailServer(channel=_CHANNEL)], ignore_conflicts=True)
    server = MailServer.objects.select_for_update().get(channel=_CHANNEL)
    server.failures += 1
    if pause := rules.pause_after(server.failures):
        server.closed_until = op.now + pause
        send_due_messages.using(run_after=server.closed_until).enqueue()
    server.save(update_fields=["failures", "closed_until"])


@step
def report_delivery(op: Operation, *, delivery: Delivery, action: str, hard: bool, words: str) -> DeliveryReport | None:
    """A server said that what had left did not arrive, or is late; none where it said so before.

    Where the address is no good nothing more is sent there for a while.
    """
    row = Delivery.objects.select_for_update(of=("self",)).select_related("message").get(pk=delivery.pk)
    if row.reports.filter(action=action).exists():
        return None
    made = DeliveryReport.objects.create(delivery=row, action=action, hard=hard, words=heard(words), at=op.now)
    op.record("delivery_report.came", made, customer_id=row.message.customer_id, action=action)
    if action == "failed":
        op.record(
            "message.undelivered", row, customer_id=row.message.customer_id, title=row.message.subject,
            address=row.address, result=made.words,
        )  # fmt: skip
    return made


@step
def fail_interrupted_deliveries(op: Operation) -> int:
    """A delivery whose sender died half-way has failed. It is never sent again, because it may have arrived."""
    stuck = [*_stuck(op, Delivery.objects.select_related("message")), *_stuck(op, PrivateMail.objects.all())]
    for row in stuck:
        _finish(op, row, Sending.State.FAILED, rules.INTERRUPTED)
    return len(stuck)


def _stuck(op: Operation, rows: QuerySet[Any]) -> list[Any]:
    silent = Q(claimed_at__lt=op.now - rules.INTERRUPTED_AFTER) | Q(claimed_at__gt=op.now + SKEW)
    sending = rows.select_for_update(of=("self",), skip_locked=True).filter(silent, state=Sending.State.SENDING)
    return list(sending.order_by("pk"))


# ------------------------------------------------------------------ what only its addressee may read


@step
def queue_private_mail(
    op: Operation,
    *,
    address: str,
    subject: str,
    text: str,
    html: str = "",
    useless_at: dt.datetime,
    customer: Customer | None = None,
    user: User | None = None,
) -> PrivateMail:
    """An e-mail that nobody here may read leaves as soon as it can, and is tried again while it is of use.

    Its text is encrypted, and forgotten when it was sent or at `useless_at`, at most a day from now.
    """
    assert useless_at <= op.now + rules.PRIVATE_FOR, "A private e-mail is of use for a day at most."
    row = PrivateMail.objects.create(
        address=rules.check_line(address, field="address", name="The address", most=254),
        subject=rules.check_line(subject, field="subject", name="The subject", most=200),
        sealed=secrets.encrypt(json.dumps([rules.storable(text), rules.storable(html)])),
        customer=customer,
        user=user,
        at=op.now,
        next_try_at=op.now,
        useless_at=useless_at,
    )
    send_due_messages.enqueue()
    return row


@step
def tidy_private_mail(op: Operation) -> int:
    """What is of no use any more is not sent and its text is gone; a week later its row is, too."""
    rows = PrivateMail.objects.select_for_update(skip_locked=True).filter(state=Sending.State.QUEUED)
    useless = list(rows.exclude(queries.still_of_use(op.now)).order_by("pk"))
    for row in useless:
        why = row.result if queries.sends_mail() else "No mail server is set up."
        _finish(op, row, Sending.State.FAILED, f"It could not be sent in time. {why}".strip())
    over = PrivateMail.objects.exclude(state__in=(Sending.State.QUEUED, Sending.State.SENDING))
    gone, _ = over.filter(finished_at__lt=op.now - rules.PRIVATE_KEPT).delete()
    return len(useless) + gone


@step
def erase_messages(op: Operation, *, customer: Customer) -> int:
    """Nothing is left of what was said to the customer, nor where it went; that and when something was sent stays."""
    messages = list(Message.objects.filter(customer=customer).exclude(subject="Erased"))
    private = PrivateMail.objects.filter(customer=customer)
    refuse_if(
        Delivery.objects.filter(message__in=messages, state__in=("queued", "sending")).exists()
        or private.filter(state=Sending.State.SENDING).exists(),
        "still_sending", "A message to this customer has not been sent yet. Wait a moment, or cancel it.",
    )  # fmt: skip
    private.delete()
    for message in messages:
        message.subject, message.body_text, message.body_html = "Erased", "", ""
        message.save(update_fields=["subject", "body_text", "body_html"])
        op.keep(message, *message.deliveries.all(), customer_id=customer.pk)
        for delivery in message.deliveries.all():
            delivery.address, delivery.result = f"erased-{delivery.pk}", ""
            delivery.save(update_fields=["address", "result"])
            delivery.reports.update(words="")
            op.keep(*delivery.reports.all(), customer_id=customer.pk)
    sent = MessageFile.objects.filter(message__in=messages, file__isnull=False)
    files = set(sent.values_list("file_id", flat=True))
    sent.update(file=None)
    erase_files(op, files=files)
    return len(messages)


def _finish(op: Operation, row: Any, state: Sending.State, result: str) -> None:
    row.state, row.finished_at, row.result = state, op.now, heard(result)
    fields = ["state", "finished_at", "result", "attempts"]
    sent = state == Sending.State.SENT
    if isinstance(row, PrivateMail):
        row.sealed = ""
        row.save(update_fields=[*fields, "sealed"])
        about: Any = row.user or row
        op.record(
            "mail.delivered" if sent else "mail.undelivered", about, customer_id=row.customer_id,
            title=row.subject, address=row.address, result=row.result,
        )  # fmt: skip
        return
    row.save(update_fields=fields)
    op.record(
        "message.delivered" if sent else "message.undelivered", row, customer_id=row.message.customer_id,
        title=row.message.subject, address=row.address, result=row.result,
    )  # fmt: skip


from counterfoil.messaging.tasks import send_due_messages  # noqa: E402 - the task needs the names above
