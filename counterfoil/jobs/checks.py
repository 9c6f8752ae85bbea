"""Book checks of jobs."""

from collections.abc import Iterable

from django.db.models import Exists, F, OuterRef

from counterfoil.jobs import rules
from counterfoil.jobs.models import FieldJob, JobCharge
from counterfoil.operator import numbering
from counterfoil.platform.checks import book_check

_SHOWN = 20


@book_check
def job_numbers_are_gapless() -> Iterable[str]:
    """Jobs use every number of their sequence once."""
    yield from numbering.gaps("job", FieldJob.objects.all())


@book_check
def nobody_is_at_two_places_at_once() -> Iterable[str]:
    """No technician has two jobs at the same time."""
    others = FieldJob.objects.filter(
        technician=OuterRef("technician"), state__in=rules.TAKES_TIME, starts_at__lt=OuterRef("ends_at"),
        ends_at__gt=OuterRef("starts_at"), pk__gt=OuterRef("pk"),
    )  # fmt: skip
    rows = FieldJob.objects.filter(Exists(others), state__in=rules.TAKES_TIME, technician__isnull=False)
    for row in rows.select_related("technician__user").order_by("pk")[:_SHOWN]:
        yield f"{row.technician} has job {row.number} and another one at the same time."


@book_check
def what_a_job_is_about_is_its_customers() -> Iterable[str]:
    """Address, service and ticket of a job are of its customer, or of an account merged into theirs."""
    for path in ("site__customer", "service__subscription__customer", "ticket__customer"):
        rows = FieldJob.objects.filter(**{f"{path}__isnull": False}).exclude(**{path: F("customer")})
        for row in rows.exclude(**{f"{path}__merged_into": F("customer")}).order_by("pk")[:_SHOWN]:
            yield f"Job {row.number} is about something of another customer."


@book_check
def what_a_job_charged_is_charged() -> Iterable[str]:
    """Each charge of a job is on a bill to come, or on an invoice, and is the customer's."""
    for row in JobCharge.objects.filter(one_time=None, invoice=None).select_related("job")[:_SHOWN]:
        yield f"Job {row.job.number} says that it charged {row.product}, and did not."
    for path in ("one_time__subscription__customer", "invoice__customer"):
        rows = JobCharge.objects.filter(**{f"{path}__isnull": False}).exclude(**{path: F("job__customer")})
        wrong = rows.exclude(**{f"{path}__merged_into": F("job__customer")}).select_related("job")
        for row in wrong.order_by("pk")[:_SHOWN]:
            yield f"Job {row.job.number} charged another customer."
