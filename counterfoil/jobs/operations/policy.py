"""What the operator decides about jobs: types, technicians, hours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from counterfoil.catalogue.models import Product
from counterfoil.jobs import queries, rules
from counterfoil.jobs.models import FieldJob, JobPolicy, JobType, JobTypeProduct, Technician, WorkingHours
from counterfoil.kernel.checks import tidy_name
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.messaging.rules import storable
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import OneOf, Says
from counterfoil.staff.models import User
from counterfoil.tickets.models import Weekday

_Name = Annotated[str, Says(most=60)]
_Minutes = Annotated[int, Says("Minutes", "How long it usually takes.", least=5)]
_Skills = Annotated[Sequence[str], Says("Skills", "Words that a technician must have, one per line.")]
_Checklist = Annotated[Sequence[str], Says("Checklist", "What is ticked on site, one per line.")]
_Products = Annotated[Sequence[str], Says("Charged on completion", "One-time products, by their code.")]
_Starts = Annotated[bool, Says("Completing it starts the service", "Where the service is a draft.")]
_Hour = Annotated[str, Says(most=5, optional=True)]
_MOST_LINES = 40


@verb(label="Change what holds for jobs", whole=True)
def set_job_policy(
    op: Operation, *, reminds: Annotated[bool, Says("Remind customers by e-mail the day before")] = True,
    in_portal: Annotated[bool, Says("Customers see their coming visits in the portal")] = True,
) -> JobPolicy:  # fmt: skip
    """From now on customers are reminded of visits or not, and see them in the portal or not."""
    now = queries.policy()
    refuse_if((reminds, in_portal) == (now.reminds, now.in_portal), "no_change", "It is already set that way.")
    row = JobPolicy.objects.create(reminds=reminds, in_portal=in_portal, at=op.now, author=op.caller.name[:120])
    op.record("job_policy.changed", row, reminded="reminded" if reminds else "not reminded",
              portal="shown" if in_portal else "not shown")  # fmt: skip
    return row


@verb(label="Add job type", whole=True)
def add_job_type(
    op: Operation, *, name: _Name, minutes: _Minutes, skills: _Skills = (), checklist: _Checklist = (),
    products: _Products = (), starts_service: _Starts = False,
) -> JobType:  # fmt: skip
    """Jobs can be of this type: so long, by who has these skills, with these lines to tick; completing one charges
    these products."""
    row = JobType(name=_free(name))
    _fill(row, minutes, skills, checklist, starts_service=starts_service)
    chosen = _chosen(products)
    row.save(force_insert=True)
    JobTypeProduct.objects.bulk_create(JobTypeProduct(job_type=row, product=one) for one in chosen)
    op.record("job_type.added", row, name=row.name, facts=queries.type_text(row))
    return row


@verb(right=add_job_type, label="Change job type", whole=True)
def change_job_type(
    op: Operation, *, job_type: JobType, name: _Name, minutes: _Minutes, skills: _Skills = (),
    checklist: _Checklist = (), products: _Products = (), starts_service: _Starts = False,
) -> JobType:  # fmt: skip
    """The type says this from now on. Jobs that are open keep their checklist, and charge what the type says when they
    are completed."""
    row = JobType.objects.select_for_update().get(pk=job_type.pk)
    refuse_if(row.retired_on is not None, "not_offered", f"{row.name} is not used any more.")
    before = (row.name, queries.type_text(row), list(row.skills), list(row.checklist))
    row.name = _free(name, row)
    _fill(row, minutes, skills, checklist, starts_service=starts_service)
    chosen = _chosen(products)
    row.save()
    row.products.exclude(product__in=chosen).delete()
    there = set(row.products.values_list("product", flat=True))
    JobTypeProduct.objects.bulk_create(
        JobTypeProduct(job_type=row, product=one) for one in chosen if one.pk not in there
    )
    fresh = JobType.objects.get(pk=row.pk)
    facts = queries.type_text(fresh)
    refuse_if((fresh.name, facts, fresh.skills, fresh.checklist) == before, "no_change", "Nothing was changed.")
    op.record("job_type.changed", row, name=row.name, facts=facts)
    return row


def _fill(row: JobType, minutes: int, skills: Sequence[str], checklist: Sequence[str], *, starts_service: bool) -> None:
    refuse_if(not 5 <= minutes <= rules.MOST_MINUTES, "absurd_number",
              f"Give from 5 to {rules.MOST_MINUTES} minutes.", field="minutes")  # fmt: skip
    lines = list(dict.fromkeys(" ".join(storable(line).split()) for line in checklist if line.strip()))
    refuse_if(len(lines) > _MOST_LINES or any(len(line) > 200 for line in lines), "too_many",
              f"Give {_MOST_LINES} lines of 200 letters at most.", field="checklist")  # fmt: skip
    row.minutes, row.skills, row.checklist = minutes, _skills(skills), lines
    row.starts_service = starts_service


def _skills(lines: Sequence[str]) -> list[str]:
    words = rules.words_of(storable(line) for line in lines)
    refuse_if(len(words) > _MOST_LINES or any(len(word) > 60 for word in words), "too_many",
              f"Give {_MOST_LINES} skills of 60 letters at most.", field="skills")  # fmt: skip
    return words


def _chosen(codes: Sequence[str]) -> list[Product]:
    wanted = list(dict.fromkeys(codes))
    found = {row.code: row for row in Product.objects.filter(code__in=wanted)}
    for code in wanted:
        row = found.get(code)
        if row is None:
            raise Refused("no_such_product", f"There is no product {code[:40]}.", field="products")
        refuse_if(row.kind != Product.Kind.ONE_TIME, "not_once",
                  f"{row} is not charged once. Choose a one-time charge.", field="products")  # fmt: skip
        refuse_if(not row.active, "not_sold", f"{row} is no longer sold.", field="products")
    return [found[code] for code in wanted]


@verb(right=add_job_type, label="Use job type no more", whole=True)
def retire_job_type(op: Operation, *, job_type: JobType) -> JobType:
    """The type is not offered any more; jobs of it go on."""
    row = JobType.objects.select_for_update().get(pk=job_type.pk)
    refuse_if(row.retired_on is not None, "no_change", f"{row.name} is not used any more.")
    row.retired_on = op.today
    row.save(update_fields=["retired_on"])
    op.record("job_type.retired", row, name=row.name)
    return row


def _free(name: str, row: JobType | None = None) -> str:
    tidy = tidy_name(name)
    others = JobType.objects.filter(name__iexact=tidy, retired_on=None)
    refuse_if((others.exclude(pk=row.pk) if row else others).exists(), "name_taken", f"There is {tidy} already.",
              field="name")  # fmt: skip
    return tidy


# ------------------------------------------------------------------ who does them, and when


@verb(label="Set technician", whole=True)
def set_technician(op: Operation, *, person: User, skills: _Skills = ()) -> Technician:
    """This person of staff does jobs, and has these skills."""
    user = User.objects.get(pk=person.pk)
    refuse_if(not user.is_active or user.kind != "person", "not_here", f"{user.name} does not work here.",
              field="person")  # fmt: skip
    words = _skills(skills)
    row = Technician.objects.select_for_update(of=("self",)).filter(user=user).first()
    same = row is not None and row.retired_on is None and row.skills == words
    refuse_if(same, "no_change", "It is already set that way.", field="skills")
    row = row or Technician(user=user)
    row.skills, row.retired_on = words, None
    row.save()
    op.record("technician.set", row, name=user.name, skills=", ".join(words) or "no special skills")
    return row


@verb(right=set_technician, label="Technician does no jobs any more", whole=True)
def retire_technician(op: Operation, *, technician: Technician) -> Technician:
    """The technician is offered no more, and their calendar leads nowhere. Refused while a job waits for them."""
    row = Technician.objects.select_for_update(of=("self",)).select_related("user").get(pk=technician.pk)
    refuse_if(row.retired_on is not None, "no_change", f"{row} does no jobs any more.")
    waiting = FieldJob.objects.filter(technician=row, state__in=rules.TAKES_TIME).order_by("starts_at").first()
    refuse_if(waiting is not None, "has_jobs", f"{row} has {waiting.number if waiting else ''} on "
              f"{queries.when_text(waiting) if waiting else ''}. Give it to somebody else first.")  # fmt: skip
    row.retired_on = op.today
    row.feed_version += 1
    row.save(update_fields=["retired_on", "feed_version"])
    op.record("technician.retired", row, name=row.user.name)
    return row


@verb(right=set_technician, label="New calendar address", whole=True)
def revoke_feed(op: Operation, *, technician: Technician) -> Technician:
    """The technician's calendar has another secret address; whoever reads the one before finds nothing there."""
    row = Technician.objects.select_for_update(of=("self",)).select_related("user").get(pk=technician.pk)
    row.feed_version += 1
    row.save(update_fields=["feed_version"])
    op.record("technician.feed_revoked", row, name=row.user.name)
    return row


@verb(right=set_technician, label="Change working hours", whole=True)
def set_working_hours(
    op: Operation,
    *,
    weekday: Annotated[str, OneOf(Weekday), Says("Day")],
    opens: Annotated[_Hour, Says("From", "As 08:00. Blank: off that day.", most=5, optional=True)] = "",
    closes: Annotated[_Hour, Says("To", "As 17:00.", most=5, optional=True)] = "",
    technician: Technician | None = None,
) -> WorkingHours:  # fmt: skip
    """Jobs are planned between these hours of the day, of everybody or of one technician; or not at all."""
    span = (_minute(opens, "opens"), _minute(closes, "closes")) if opens.strip() or closes.strip() else (0, 0)
    refuse_if(span != (0, 0) and span[0] >= span[1], "no_hours", "It would end before it starts.", field="closes")
    day = int(weekday)
    before = WorkingHours.objects.filter(technician=technician, weekday=day).first()
    same = before is not None and (before.opens, before.closes) == span
    usual = before is None and technician is None and rules.USUAL_WEEK.get(day, (0, 0)) == span
    refuse_if(same or usual, "no_change", "It is already set that way.")
    row, _ = WorkingHours.objects.update_or_create(
        technician=technician, weekday=day, defaults={"opens": span[0], "closes": span[1]}
    )
    hours = f"{rules.clock_text(span[0])} to {rules.clock_text(span[1])}" if span != (0, 0) else "off"
    op.record("working_hours.changed", row, whose=str(technician) if technician else "everybody", day=str(row),
              hours=hours)  # fmt: skip
    return row


def _minute(text: str, field: str) -> int:
    minute = rules.minute_of(text)
    if minute is None:
        raise Refused("bad_hour", "Give an hour such as 08:00.", field=field)
    return minute
