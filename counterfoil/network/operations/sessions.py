"""Sessions that are to end now, what a NAS said to that, who had an address, and the walled garden."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

from django.db.models import Q
from django.utils import timezone

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.kernel.clock import SKEW
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.network import queries, rules
from counterfoil.network.models import AccessSession, Disconnect, Walled
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Says

# Whoever has been silent for so long has died. Asked twice, a NAS says that the session is gone.
INTERRUPTED_AFTER = dt.timedelta(minutes=2)
State = Disconnect.State


@verb(label="Disconnect")
def disconnect_session(op: Operation, *, session: AccessSession) -> AccessSession:
    """The NAS is asked to end the session; what it says to that stands on the session."""
    row = queries.with_owner(AccessSession.objects.filter(pk=session.pk)).get()
    refuse_if(row.ended_at is not None, "session_over", "The session has ended already.")
    waits = row.disconnects.filter(state__in=(State.WAITING, State.ASKING)).exists()
    refuse_if(waits, "no_change", "The NAS is being asked already.")
    disconnect_all(op, [row])
    return row


def disconnect_all(op: Operation, rows: Sequence[AccessSession]) -> None:
    """The NASes of these sessions are asked to end them, after the transaction."""
    # Imported late, because the task does what these operations prepare.
    from counterfoil.network.tasks import ask_nases  # noqa: PLC0415

    for row in rows:
        made = Disconnect.objects.create(row=row, at=op.now, author=op.caller.name[:120])
        op.record("access_session.disconnecting", made, customer_id=owner_of(row), user_name=row.user_name)
    if rows:
        ask_nases.enqueue()


@step
def end_again(op: Operation, *, sessions: Sequence[AccessSession]) -> int:
    """The NASes of sessions that are not as they should be are asked to end them; how many are."""
    disconnect_all(op, sessions)
    return len(sessions)


def owner_of(row: AccessSession) -> int | None:
    """The key of whose session it is."""
    return row.account.service.subscription.customer_id if row.account is not None else None


def to_ask(now: dt.datetime) -> Q:
    """The disconnects to do now: those that wait, and those whose worker died."""
    silent = Q(claimed_at__lt=now - INTERRUPTED_AFTER) | Q(claimed_at__gt=now + SKEW)
    return Q(state=State.WAITING) | (Q(state=State.ASKING) & silent)


@step
def claim_disconnect(op: Operation) -> Disconnect | None:
    """The disconnect that has waited longest is marked as being asked for, so that nobody else does it too."""
    found = Disconnect.objects.select_for_update().filter(to_ask(op.now)).order_by("at", "pk").first()
    if found is None:
        return None
    found.state, found.claimed_at = State.ASKING, op.now
    found.save(update_fields=["state", "claimed_at"])
    return Disconnect.objects.select_related("row__nas", "row__account__service__subscription").get(pk=found.pk)


@step
def record_disconnect(op: Operation, *, disconnect: Disconnect, gone: bool, said: str) -> Disconnect:
    """What a NAS answered is on the session; once it is gone it counts as not there until it is heard of again."""
    row = Disconnect.objects.select_for_update().get(pk=disconnect.pk)
    if row.state != State.ASKING:
        # Taken for interrupted, and done by another meanwhile.
        return row
    row.state, row.said, row.finished_at = State.DONE if gone else State.FAILED, said[:200], op.now
    row.save(update_fields=["state", "said", "finished_at"])
    session = queries.with_owner(AccessSession.objects.filter(pk=row.row_id)).get()
    if gone:
        cut(session, op.now)
    op.record("access_session.disconnected", row, customer_id=owner_of(session), user_name=session.user_name,
              said=said[:200])  # fmt: skip
    return row


def cut(session: AccessSession, now: dt.datetime) -> None:
    """A NAS said that a session is gone; its Stop comes by itself."""
    AccessSession.objects.filter(pk=session.pk).update(cut_at=now)


@step
def note_cut(op: Operation, *, session: AccessSession) -> None:
    """The session is gone, by what its NAS answered to a command of suspension."""
    cut(session, op.now)


@verb(label="Look up who had an address", whole=True)
def look_up_address(
    op: Operation, *, address: Annotated[str, Says("Address", "IPv4 or IPv6.", most=45)],
    at: Annotated[str, Says("At", "As 2026-11-14 21:30, by your own time.", most=40)],
    reason: Annotated[str, Says("Reason", "Such as the reference of a lawful request. It is kept with your name.",
                                most=200)],
) -> list[AccessSession]:  # fmt: skip
    """The sessions that had the address at that time; that somebody asked, and why, is on record."""
    moment = read_moment(at)
    meant = rules.address(address)
    refuse_if(not meant, "bad_address", f"“{address[:60]}” is no address. Write 102.65.14.80 or 2001:db8::1.",
              field="address")  # fmt: skip
    found = queries.holders(meant, moment)
    about = found[0] if len(found) == 1 else None
    op.record(
        "address.looked_up", about or queries.policy_row(), customer_id=owner_of(about) if about else None,
        address=meant, at=f"{timezone.localtime(moment):%Y-%m-%d %H:%M}", reason=reason,
    )  # fmt: skip
    return found


def read_moment(text: str) -> dt.datetime:
    """A time as somebody types it; refused where it is none."""
    found = rules.read_time(text.strip().replace("T", " ", 1), timezone.get_current_timezone())
    if found is None or not 1990 <= found.year <= 2200:
        raise Refused("bad_time", f"“{text[:40]}” is no time. Write it as 2026-11-14 21:30.", field="at")
    return found


@step
def set_walled(op: Operation, *, number: str, walled: bool) -> Customer | None:
    """The customer with this number is let into the walled garden only, or served in full, when they connect next."""
    customer = Customer.objects.filter(number=number).first()
    if customer is None:
        return None
    lock([customer.pk])
    row = Walled.objects.select_for_update().filter(customer=customer).first() or Walled(customer=customer)
    if (row.since is not None) != walled or row.pk is None:
        row.since = op.now if walled else None
        row.save()
        kind = "walled_garden.entered" if walled else "walled_garden.left"
        op.record(kind, row, customer_id=customer.pk)
    return customer
