"""Every write about messages. Rows carry the work of sending; tasks only wake it, and may run twice or never."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.conf import settings

from counterfoil.customers.models import Customer
from counterfoil.documents.operations import erase_files, store_file
from counterfoil.kernel.errors import refuse_if
from counterfoil.messaging import rules
from counterfoil.messaging.interfaces import Accepted, Rejected, TryLater
from counterfoil.messaging.models import Delivery, Message, MessageFile
from counterfoil.platform.operations import Operation, operation

_MOST_BYTES = 15 * 1024 * 1024
_MOST_TEXT = 50_000


@operation
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
    wanted = rules.check_addresses(addresses)
    subject = rules.check_line(subject, field="subject", name="The subject", most=200)
    if related:
        related = rules.check_line(related, field="related", name="The reference", most=60)
    refuse_if(len(body_text) > _MOST_TEXT, "text_too_long", "The message text is too long.", field="text")
    refuse_if(
        sum(len(content) for _, _, content in files) > _MOST_BYTES,
        "files_too_large",
        "The attachments are larger than most mail servers take (15 MB).",
        field="files",
    )
    leaves_at = op.now + dt.timedelta(seconds=settings.UNDO_SECONDS)
    message = Message.objects.create(
        customer=customer,
        kind=kind,
        subject=subject,
        body_text=rules.storable(body_text),
        body_html=rules.storable(body_html),
        related=related,
        author=op.caller.name[:120],
        at=op.now,
        leaves_at=leaves_at,
    )
    for name, mime, content in files:
        name = rules.check_line(name, field="files", name="The name of the attachment", most=160)
        MessageFile.objects.create(message=message, file=store_file(op, content=content, mime=mime), name=name)
    Delivery.objects.bulk_create(
        Delivery(message=message, address=address, next_try_at=leaves_at) for address in wanted
    )
    op.record(
        "message.queued",
        message,
        customer_id=customer.pk,
        title=subject,
        addresses=", ".join(wanted),
        message_kind=kind,
        related=related,
    )
    # In the transaction on purpose: the task exists if and only if the message does.
    send_due_messages.using(run_after=leaves_at).enqueue()
    return message


@operation(label="Take back a message")
def cancel_message(op: Operation, *, message: Message) -> Message:
    """The message does not leave. Refused as soon as it has left for any of its addresses."""
    deliveries = list(Delivery.objects.select_for_update().filter(message=message).order_by("pk"))
    message = Message.objects.select_related("customer").get(pk=message.pk)
    if message.cancelled_at:
        return message
    refuse_if(
        any(delivery.state != Delivery.State.QUEUED for delivery in deliveries),
        "already_left",
        "The message has already left and cannot be taken back.",
    )
    message.cancelled_at = op.now
    message.save(update_fields=["cancelled_at"])
    Delivery.objects.filter(message=message).update(
        state=Delivery.State.CANCELLED, finished_at=op.now, result="Taken back before it left."
    )
    op.record("message.cancelled", message, customer_id=message.customer_id, title=message.subject)
    return message


@operation
def claim_delivery(op: Operation) -> Delivery | None:
    """The delivery that has been due longest is marked as being sent, so that nobody else sends it too."""
    delivery = (
        Delivery.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("message")
        .filter(state=Delivery.State.QUEUED, next_try_at__lte=op.now, message__leaves_at__lte=op.now)
        .order_by("next_try_at", "pk")
        .first()
    )
    if delivery is None:
        return None
    delivery.state, delivery.claimed_at = Delivery.State.SENDING, op.now
    delivery.attempts += 1
    delivery.save(update_fields=["state", "claimed_at", "attempts"])
    return delivery


@operation
def record_delivery(op: Operation, *, delivery: Delivery, outcome: Accepted | Rejected | TryLater) -> Delivery:
    """A delivery that was being sent has arrived at the next server, has failed, or waits for another try."""
    delivery = Delivery.objects.select_for_update(of=("self",)).select_related("message").get(pk=delivery.pk)
    if delivery.state != Delivery.State.SENDING:
        # Given up as interrupted in the meantime. What was recorded then stands.
        return delivery
    match outcome:
        case Accepted(answer):
            _finish(op, delivery, Delivery.State.SENT, answer)
        case Rejected(reason):
            _finish(op, delivery, Delivery.State.FAILED, reason)
        case TryLater(reason):
            again = rules.next_try(delivery.attempts, op.now)
            if again is None:
                _finish(op, delivery, Delivery.State.FAILED, f"Given up after {delivery.attempts} tries. {reason}")
            else:
                delivery.state, delivery.next_try_at, delivery.claimed_at = Delivery.State.QUEUED, again, None
                delivery.result = reason[:300]
                delivery.save(update_fields=["state", "next_try_at", "claimed_at", "result"])
                send_due_messages.using(run_after=again).enqueue()
    return delivery


@operation
def fail_interrupted_deliveries(op: Operation) -> int:
    """A delivery whose sender died half-way has failed. It is never sent again, because it may have arrived."""
    stuck = list(
        Delivery.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("message")
        .filter(state=Delivery.State.SENDING, claimed_at__lt=op.now - rules.INTERRUPTED_AFTER)
        .order_by("pk")
    )
    for delivery in stuck:
        _finish(op, delivery, Delivery.State.FAILED, rules.INTERRUPTED)
    return len(stuck)


@operation
def erase_messages(op: Operation, *, customer: Customer) -> int:
    """Nothing is left of what was said to the customer, nor where it went; that and when something was sent stays."""
    messages = list(Message.objects.filter(customer=customer).exclude(subject="Erased"))
    refuse_if(
        Delivery.objects.filter(message__in=messages, state__in=("queued", "sending")).exists(),
        "still_sending", "A message to this customer has not left yet. Wait a moment, or take it back.",
    )  # fmt: skip
    for message in messages:
        message.subject, message.body_text, message.body_html = "Erased", "", ""
        message.save(update_fields=["subject", "body_text", "body_html"])
        op.keep(message, *message.deliveries.all(), customer_id=customer.pk)
        for delivery in message.deliveries.all():
            delivery.address, delivery.result = f"erased-{delivery.pk}", ""
            delivery.save(update_fields=["address", "result"])
    sent = MessageFile.objects.filter(message__in=messages, file__isnull=False)
    files = set(sent.values_list("file_id", flat=True))
    sent.update(file=None)
    erase_files(op, files=files)
    return len(messages)


def _finish(op: Operation, delivery: Delivery, state: Delivery.State, result: str) -> None:
    delivery.state, delivery.finished_at, delivery.result = state, op.now, result[:300]
    delivery.save(update_fields=["state", "finished_at", "result"])
    message = delivery.message
    op.record(
        "message.delivered" if state == Delivery.State.SENT else "message.undelivered",
        delivery,
        customer_id=message.customer_id,
        title=message.subject,
        address=delivery.address,
        result=delivery.result,
    )


from counterfoil.messaging.tasks import send_due_messages  # noqa: E402 - the task needs the names above
