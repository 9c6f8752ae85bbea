"""Every write about the operator, and the areas and brands that customers belong to."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from counterfoil.kernel.checks import tidy_name
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.operator import rules
from counterfoil.operator.countries import COUNTRIES
from counterfoil.operator.models import Area, Brand, Operator
from counterfoil.operator.readiness import UNNAMED
from counterfoil.platform.joints import joint
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Like


@step
def set_up_operator(op: Operation, /, **letterhead: Any) -> Operator:
    """The operator's row exists; what is there already is left alone."""
    operator, created = Operator.objects.get_or_create(pk=1, defaults={"name": UNNAMED, **letterhead})
    if created:
        op.record("operator.set_up", operator, name=operator.name)
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
    bank: str
    bank_branch: str
    bank_account: str
    iban: str
    bic: str
    pay_url: str
    account_prefix: str
    account_convention: str
    terms_days: int
    version: int


@joint
def keeps_currency() -> str:
    """Many are asked: a sentence why the company's currency cannot change any more, or none."""
    raise NotImplementedError


@verb(label="Change company details", was=("staff.change_operator",))
def change_operator(op: Operation, /, **letterhead: Annotated[Any, Like(Letterhead)]) -> Operator:
    """The operator's letterhead and defaults have the given values, on every document from now on.

    Documents that are issued keep the letterhead they were issued with. With a `version`, refused when somebody else
    saved since.
    """
    operator = Operator.objects.select_for_update().get(pk=1)
    refuse_if(
        letterhead.pop("version", operator.version) != operator.version, "stale_form",
        "Somebody saved this while you were editing. Their changes are shown; re-enter yours.",
    )  # fmt: skip
    letterhead = {name: _letterhead(name, value) for name, value in letterhead.items()}
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
    if changes:
        operator.version += 1
        operator.save()
        op.record("operator.changed", operator, changes=changes)
    return operator


def _letterhead(name: str, value: Any) -> Any:
    """A value of the letterhead that can be printed, paid to and counted in."""
    column = Operator._meta.get_field(name)
    label = name.replace("_", " ").capitalize()
    if not isinstance(value, str):
        return value
    tidy = "".join(ch for ch in value if ch.isprintable() or ch == "\n").strip()
    refuse_if(not (tidy or getattr(column, "blank", False)), "required", f"{label} is missing.", field=name)
    most = getattr(column, "max_length", None) or 0
    refuse_if(len(tidy) > most, "too_long", f"{label} has at most {most} characters.", field=name)
    if tidy and (wrong := rules.wrong_letterhead(name, tidy)):
        raise Refused("bad_letterhead", wrong, field=name)
    return tidy


@verb(label="Add area", was=("staff.add_area",))
def add_area(op: Operation, *, name: str) -> Area:
    """Customers can belong to the area, and people can be limited to it."""
    row = Area.objects.create(name=_free_name(Area, name))
    op.record("area.added", row, name=row.name)
    return row


@verb(label="Add brand", was=("staff.add_brand",))
def add_brand(op: Operation, *, name: str) -> Brand:
    """Customers can belong to the brand, and people can be limited to it."""
    row = Brand.objects.create(name=_free_name(Brand, name))
    op.record("brand.added", row, name=row.name)
    return row


def _free_name(model: type[Area] | type[Brand], text: str) -> str:
    tidy = tidy_name(text, 60)
    refuse_if(model._base_manager.filter(name__iexact=tidy).exists(), "taken", f"{tidy} exists already.", field="name")
    return tidy
