"""Classes of credit profiles, how far a change of one reaches, and the limits of what may be charged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any

from counterfoil.credit import queries, rules
from counterfoil.credit.models import ChargeLimit, ClassAmounts, Profile, ProfileClass
from counterfoil.credit.operations.shared import AmountsGiven, TermsGiven, differing, said
from counterfoil.kernel.checks import tidy_name
from counterfoil.kernel.errors import refuse_if
from counterfoil.operator.countries import COUNTRIES
from counterfoil.operator.queries import operator_currency
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Like, OneOf, Says

Reach = Annotated[str, OneOf(tuple(queries.REACHES))]


@verb(label="Add credit profile class", whole=True)
def add_profile_class(op: Operation, *, name: Annotated[str, Says(most=60)]) -> ProfileClass:
    """There is a class of this name that says what the default class says; customers can be given it."""
    before = queries.default_class()
    row = ProfileClass(name=_free_name(name), **{each: getattr(before, each) for each in rules.TERMS})
    row.save()
    op.record("profile_class.added", row, name=row.name)
    for amounts in before.amounts.all():
        copy = ClassAmounts.objects.create(
            profile_class=row, currency=amounts.currency, **{each: getattr(amounts, each) for each in rules.AMOUNTS}
        )
        op.record("class_amounts.added", copy, name=str(copy))
    return row


class ClassGiven(TermsGiven, total=False):
    """What a class says, its name, and whether it is offered."""

    name: Annotated[str, Says("Name", most=60)]
    active: Annotated[bool, Says("Offered")]


@verb(label="Change credit profile class", whole=True)
def change_profile_class(
    op: Operation, *, profile_class: ProfileClass, changes: Annotated[dict[str, Any], Like(ClassGiven)],
    reach: Reach = "none",
) -> ProfileClass:  # fmt: skip
    """The class says this from now on. It reaches customers who have the class: none, those not customised, or all.

    Customers without a profile have what the default class says, always.
    """
    row = ProfileClass.objects.select_for_update().get(pk=profile_class.pk)
    given = dict(changes)
    if "name" in given:
        given["name"] = _free_name(given["name"], row)
    refuse_if(
        row.is_default and given.get("active") is False, "still_needed",
        "Customers without a profile have this class. It stays in use.", field="active",
    )  # fmt: skip
    wanted = differing(row, given)
    if not wanted:
        return row
    changed = said(row, wanted)
    _set(row, wanted)
    handed_on = {name: value for name, value in wanted.items() if name in rules.TERMS}
    touched = _hand_on(op, queries.reached(row, reach), handed_on)
    op.record(
        "profile_class.changed", row, name=row.name, reached=queries.reached_text(touched), changes=changed,
        customers=touched,
    )  # fmt: skip
    return row


@verb(label="Add a currency to a credit profile class", whole=True)
def add_class_currency(
    op: Operation, *, profile_class: ProfileClass, currency: Annotated[str, Says("Currency", most=3)]
) -> ClassAmounts:
    """The class can have amounts in this currency: none yet, which is no limit and no interest."""
    code = currency.strip().upper()
    refuse_if(not (len(code) == 3 and code.isascii() and code.isalpha()), "bad_currency",
              "A currency has three letters, such as ZAR.", field="currency")  # fmt: skip
    refuse_if(
        ClassAmounts.objects.filter(profile_class=profile_class, currency=code).exists(), "taken",
        f"{profile_class} has amounts in {code}.", field="currency",
    )  # fmt: skip
    row = ClassAmounts.objects.create(profile_class=profile_class, currency=code)
    op.record("class_amounts.added", row, name=str(row))
    return row


@verb(label="Change amounts of a credit profile class", whole=True)
def change_class_amounts(
    op: Operation, *, amounts: ClassAmounts, changes: Annotated[dict[str, Any], Like(AmountsGiven)],
    reach: Reach = "none",
) -> ClassAmounts:  # fmt: skip
    """The class has these amounts in the currency from now on. It reaches as far as a change of the class may."""
    row = ClassAmounts.objects.select_related("profile_class").select_for_update(of=("self",)).get(pk=amounts.pk)
    wanted = differing(row, changes)
    if not wanted:
        return row
    changed = said(row, wanted, row.currency)
    _set(row, wanted)
    touched = _hand_on(op, queries.reached(row.profile_class, reach, row.currency), wanted)
    op.record(
        "class_amounts.changed", row, name=str(row), reached=queries.reached_text(touched), changes=changed,
        customers=touched,
    )  # fmt: skip
    return row


@verb(label="Limit interest and fees of a country", whole=True)
def set_charge_limit(
    op: Operation, *, country: Annotated[str, Says("Country", most=2)],
    most_interest_percent: Annotated[
        Decimal | None, Says("Most interest a year, %", "Blank = no limit.", optional=True)
    ] = None,
    most_fee_minor: Annotated[int | None, Says("Highest fee of a letter", "Blank = no limit.", optional=True)] = None,
) -> ChargeLimit:  # fmt: skip
    """Where the company is in this country, late customers are charged no more than this."""
    code = country.strip().upper()
    refuse_if(code not in COUNTRIES, "unknown_choice", "Choose a country.", field="country")
    given = {"most_interest_percent": most_interest_percent, "most_fee_minor": most_fee_minor}
    for name, value in given.items():
        rules.check_value(name, value)
    row = ChargeLimit.objects.select_for_update().filter(country=code).first()
    row = row or ChargeLimit(country=code, currency=operator_currency())
    changed = said(row, given, row.currency)
    _set(row, given)
    op.record("charge_limit.saved", row, country=COUNTRIES[code].name, changes=changed)
    return row


def _set(row: Any, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def _hand_on(op: Operation, profiles: Iterable[Profile], values: Mapping[str, Any]) -> int:
    """The profiles say this too, and no longer count as customised in it; how many they are."""
    if not values:
        return 0
    rows = list(profiles)
    for row in rows:
        row.customised = [name for name in row.customised if name not in values]
        for name, value in values.items():
            setattr(row, name, value)
    Profile.objects.bulk_update(rows, [*values, "customised"], batch_size=200)
    op.keep(*rows)
    return len(rows)


def _free_name(text: str, row: ProfileClass | None = None) -> str:
    tidy = tidy_name(text, 60)
    others = ProfileClass.objects.exclude(pk=row.pk if row else 0)
    refuse_if(others.filter(name__iexact=tidy).exists(), "taken", f"{tidy} exists already.", field="name")
    return tidy
