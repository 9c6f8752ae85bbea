"""The company: its letterhead and logo."""

from __future__ import annotations

import zoneinfo
from typing import Annotated, Any, TypedDict

from django.conf import settings

from counterfoil.documents.logos import check_logo
from counterfoil.documents.operations import store_file
from counterfoil.documents.speech import DATES, LANGUAGES, NUMBERS, PAPERS
from counterfoil.kernel.errors import refuse_if
from counterfoil.operator import numbering
from counterfoil.operator.countries import COUNTRIES
from counterfoil.operator.models import WEEK_STARTS, Brand, Logo, Operator
from counterfoil.operator.operations.numbers import refit_numbers
from counterfoil.operator.operations.shared import lock, printable
from counterfoil.operator.readiness import UNNAMED
from counterfoil.operator.terms import RULES, check_terms
from counterfoil.platform.callers import Caller
from counterfoil.platform.joints import joint
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Like, OneOf


@step
def set_up_operator(op: Operation, /, **letterhead: Any) -> Operator:
    """The operator's row exists; what is there already is left alone."""
    operator, created = Operator.objects.get_or_create(pk=1, defaults={"name": UNNAMED, **letterhead})
    if created:
        op.record("operator.set_up", operator, name=operator.name)
    numbering.define(op, "account", "CF-{number:06}")
    return operator


class Letterhead(TypedDict, total=False):
    """What is known of the operator; what is left out stays as it is."""

    name: str
    legal_name: str
    registration: str
    tax_number: str
    tax_name: str
    registration_name: str
    tax_number_name: str
    address: str
    city: str
    postcode: str
    email: str
    phone: str
    currency: str
    region: str
    pay_url: str
    code: str
    terms_days: int
    terms_rule: Annotated[str, OneOf(tuple(RULES))]
    billing_day: int | None
    colour: str
    footer: str
    invoice_text: str
    credit_note_text: str
    statement_text: str
    language: Annotated[str, OneOf(tuple(LANGUAGES))]
    date_format: Annotated[str, OneOf(tuple(DATES))]
    number_format: Annotated[str, OneOf(tuple(NUMBERS))]
    paper: Annotated[str, OneOf(tuple(PAPERS))]
    time_zone: str
    week_starts: int
    version: int


@joint
def keeps_currency() -> str:
    """Many are asked: a sentence why the company's currency cannot change any more, or none."""
    raise NotImplementedError


@joint
def keeps_time_zone() -> str:
    """Many are asked: a sentence why the company's time zone cannot change any more, or none."""
    raise NotImplementedError


@verb(label="Change company details", was=("staff.change_operator",), whole=True)
def change_operator(op: Operation, /, **letterhead: Annotated[Any, Like(Letterhead)]) -> Operator:
    """The operator's letterhead and defaults have the given values, on every document from now on.

    Documents that are issued keep the letterhead they were issued with. With a `version`, refused when somebody else
    saved since.
    """
    operator = lock()
    refuse_if(
        letterhead.pop("version", operator.version) != operator.version, "stale_form",
        "Somebody saved this while you were editing. Their changes are shown; re-enter yours.",
    )  # fmt: skip
    letterhead = {name: printable(Operator, name, value) for name, value in letterhead.items()}
    changes = {
        name: [getattr(operator, name), value] for name, value in letterhead.items() if getattr(operator, name) != value
    }
    for name, value in letterhead.items():
        setattr(operator, name, value)
    country = COUNTRIES.get(operator.region)
    if country is not None and {"tax_number", "region"} & set(changes):
        wrong = country.wrong_tax_number(operator.tax_number)
        refuse_if(wrong, "bad_letterhead", wrong, field="tax_number")
    if "currency" in changes:
        for sentence in keeps_currency():
            refuse_if(sentence, "still_needed", sentence, field="currency")
    if "time_zone" in changes:
        _check_zone(*changes["time_zone"])
    refuse_if(operator.week_starts not in WEEK_STARTS, "unknown_choice",
              "A week begins on Monday (0), Sunday (6) or Saturday (5).", field="week_starts")  # fmt: skip
    if {"terms_days", "terms_rule"} & set(changes):
        check_terms(operator.terms_rule, operator.terms_days)
    refuse_if(operator.billing_day not in (None, *range(1, 32)), "absurd_day", "A day of the month is from 1 to 31.",
              field="billing_day")  # fmt: skip
    if changes:
        operator.version += 1
        operator.save()
        if "code" in changes:
            refit_numbers()
        op.record("operator.changed", operator, changes=changes)
    return operator


def _check_zone(before: str, after: str) -> None:
    """There is such a zone; and where days are counted already, another name of the same one alone."""
    refuse_if(
        after not in ("", "UTC") and ("/" not in after or after not in zoneinfo.available_timezones()), "unknown_zone",
        f"There is no time zone “{after[:60]}”. Use a name such as Africa/Johannesburg or Europe/Berlin.",
        field="time_zone",
    )  # fmt: skip
    if (before or settings.TIME_ZONE) != (after or settings.TIME_ZONE):
        for sentence in keeps_time_zone():
            refuse_if(sentence, "still_needed", sentence, field="time_zone")


def _look(caller: Caller, *, content: bytes | None, **more: Any) -> tuple[bytes, str] | None:
    return None if content is None else check_logo(content)


@verb(label="Set logo", before=_look, whole=True)
def set_logo(op: Operation, *, content: bytes | None) -> Operator:
    """Documents from now on, and the pages of customers, bear this logo (SVG, PNG or JPEG); without one, the name.

    What is issued keeps the logo it was issued with.
    """
    operator = lock()
    operator.logo = _kept_logo(op)
    operator.version += 1
    operator.save(update_fields=["logo", "version"])
    op.record("operator.logo_set" if operator.logo else "operator.logo_removed", operator, name=operator.name)
    return operator


@verb(label="Set logo of a brand", before=_look, whole=True)
def set_brand_logo(op: Operation, *, brand: Brand, content: bytes | None) -> Brand:
    """The same for the customers of a brand; without a logo of its own, they see the company's."""
    lock()
    row = Brand.objects.select_for_update().get(pk=brand.pk)
    row.logo = _kept_logo(op)
    row.save(update_fields=["logo"])
    op.record("brand.logo_set" if row.logo else "brand.logo_removed", row, name=row.name)
    return row


def _kept_logo(op: Operation) -> Logo | None:
    """The logo that was looked at before, kept once however often it is set."""
    if op.ready is None:
        return None
    content, mime = op.ready
    file = store_file(op, content=content, mime=mime)
    logo, new = Logo.objects.get_or_create(file=file, defaults={"at": op.now})
    if new:
        op.record("logo.kept", logo)
    return logo
