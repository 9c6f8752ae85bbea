"""What the operator decides about tickets: hours, targets, and answers that are given often."""

from __future__ import annotations

from typing import Annotated

from counterfoil.kernel.checks import tidy_name
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import OneOf, Says
from counterfoil.tickets import queries, rules
from counterfoil.tickets.models import CannedAnswer, OfficeHours, Priority, ServiceTarget, TicketPolicy, Weekday

_MOST_MINUTES = 60 * 24 * 366
_Hour = Annotated[str, Says(most=5, optional=True)]
_Name = Annotated[str, Says(most=60)]
_Answer = Annotated[str, Says("Text", most=10_000)]


@verb(label="Change what holds for tickets", whole=True)
def set_ticket_policy(
    op: Operation,
    *,
    reopen_days: Annotated[int, Says("Reopen within days", "An answer after that opens a new ticket.", least=0)],
    in_portal: Annotated[bool, Says("Customers see their tickets in the portal", "And open new ones there.")] = True,
) -> TicketPolicy:  # fmt: skip
    """From now on tickets are opened again for so many days, and are in the portal or not."""
    refuse_if(not 0 <= reopen_days <= 365, "absurd_number", "Give a number from 0 to 365.", field="reopen_days")
    now = queries.policy()
    refuse_if((reopen_days, in_portal) == (now.reopen_days, now.in_portal), "no_change", "It is already set that way.")
    row = TicketPolicy.objects.create(
        reopen_days=reopen_days, in_portal=in_portal, at=op.now, author=op.caller.name[:120]
    )
    op.record("ticket_policy.changed", row, days=reopen_days, portal="shown" if in_portal else "not shown")
    return row


@verb(label="Change service level", whole=True)
def set_service_target(
    op: Operation,
    *,
    priority: Annotated[str, OneOf(Priority)],
    first_minutes: Annotated[int, Says("First answer within", "Business minutes: 240 is four hours.", least=1)],
    solve_minutes: Annotated[int, Says("Solved within", "Business minutes. A day of nine hours is 540.", least=1)],
) -> ServiceTarget:  # fmt: skip
    """Tickets of this priority that are opened or change from now on are due so soon; what is due of others stays."""
    refuse_if(not 0 < first_minutes <= _MOST_MINUTES, "absurd_number", "Give a number above zero.",
              field="first_minutes")  # fmt: skip
    refuse_if(not first_minutes <= solve_minutes <= _MOST_MINUTES, "absurd_number",
              "Solving takes at least as long as the first answer.", field="solve_minutes")  # fmt: skip
    same = queries.targets()[priority] == (first_minutes, solve_minutes)
    refuse_if(same, "no_change", "It is already set that way.")
    row, _ = ServiceTarget.objects.update_or_create(
        priority=priority, defaults={"first_minutes": first_minutes, "solve_minutes": solve_minutes}
    )
    op.record("service_target.changed", row, priority=str(row), first=rules.hours_text(first_minutes),
              solve=rules.hours_text(solve_minutes))  # fmt: skip
    return row


@verb(right=set_service_target, label="Change business hours", whole=True)
def set_office_hours(
    op: Operation,
    *,
    weekday: Annotated[str, OneOf(Weekday), Says("Day")],
    opens: Annotated[_Hour, Says("From", "As 08:00. Blank: closed that day.", most=5, optional=True)] = "",
    closes: Annotated[_Hour, Says("To", "As 17:00.", most=5, optional=True)] = "",
) -> OfficeHours:  # fmt: skip
    """The clock of tickets counts between these hours of the day, in the operator's time zone; or not at all."""
    span = (_minute(opens, "opens"), _minute(closes, "closes")) if opens.strip() or closes.strip() else (0, 0)
    refuse_if(span != (0, 0) and span[0] >= span[1], "no_hours", "It would end before it starts.", field="closes")
    day = int(weekday)
    before = queries.week().get(day, (0, 0))
    refuse_if(before == span, "no_change", "It is already set that way.")
    refuse_if(span == (0, 0) and set(queries.week()) <= {day}, "never_open", "One day of the week must be open.",
              field="opens")  # fmt: skip
    row, _ = OfficeHours.objects.update_or_create(weekday=day, defaults={"opens": span[0], "closes": span[1]})
    hours = f"{rules.clock_text(span[0])} to {rules.clock_text(span[1])}" if span != (0, 0) else "closed"
    op.record("office_hours.changed", row, day=str(row), hours=hours)
    return row


def _minute(text: str, field: str) -> int:
    minute = rules.minute_of(text)
    if minute is None:
        raise Refused("bad_hour", "Give an hour such as 08:00.", field=field)
    return minute


@verb(label="Add standard answer", whole=True)
def add_canned_answer(op: Operation, *, name: _Name, text: _Answer) -> CannedAnswer:
    """Whoever answers a ticket can choose this text."""
    row = CannedAnswer.objects.create(name=_free(name), text=text.strip())
    op.record("canned_answer.added", row, name=row.name)
    return row


@verb(right=add_canned_answer, label="Change standard answer", whole=True)
def change_canned_answer(op: Operation, *, answer: CannedAnswer, name: _Name, text: _Answer) -> CannedAnswer:
    """The answer is called this and says this; what was sent stays as it is."""
    row = CannedAnswer.objects.select_for_update().get(pk=answer.pk)
    refuse_if(row.retired_on is not None, "not_offered", f"{row.name} is not used any more.")
    tidy = _free(name, row)
    refuse_if((row.name, row.text) == (tidy, text.strip()), "no_change", "Nothing was changed.")
    row.name, row.text = tidy, text.strip()
    row.save(update_fields=["name", "text"])
    op.record("canned_answer.changed", row, name=row.name)
    return row


@verb(right=add_canned_answer, label="Use standard answer no more", whole=True)
def retire_canned_answer(op: Operation, *, answer: CannedAnswer) -> CannedAnswer:
    """The answer is not offered any more."""
    row = CannedAnswer.objects.select_for_update().get(pk=answer.pk)
    refuse_if(row.retired_on is not None, "no_change", f"{row.name} is not used any more.")
    row.retired_on = op.today
    row.save(update_fields=["retired_on"])
    op.record("canned_answer.retired", row, name=row.name)
    return row


def _free(name: str, row: CannedAnswer | None = None) -> str:
    tidy = tidy_name(name)
    others = CannedAnswer.objects.filter(name__iexact=tidy, retired_on=None)
    refuse_if((others.exclude(pk=row.pk) if row else others).exists(), "name_taken", f"There is {tidy} already.",
              field="name")  # fmt: skip
    return tidy
