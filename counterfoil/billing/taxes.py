"""Reads about taxes and the versions of their rates."""

from __future__ import annotations

from itertools import count

from counterfoil.billing.models import Invoice, TaxPolicy, TaxRate
from counterfoil.kernel.errors import NotFound
from counterfoil.operator.readiness import Gap
from counterfoil.platform.callers import Caller


def tax_rates() -> list[TaxRate]:
    """Every version of every tax: those of a tax together, the newest first."""
    return list(TaxRate.objects.order_by("-is_default", "code", "-valid_from"))


def get_tax_rate(caller: Caller, pk: int) -> TaxRate:
    """The version of a tax that nothing follows, for those who may see it."""
    caller.must("billing.view")
    if (found := TaxRate.objects.filter(pk=pk, valid_to=None).first()) is None:
        raise NotFound("There is no such tax rate, or a newer one follows it.")
    return found


def free_tax_code(wanted: str) -> str:
    """A code of at most 20 characters that no tax has."""
    known, start = set(TaxRate.objects.values_list("code", flat=True)), wanted[:17].strip("-") or "tax"
    numbered = (f"{start}-{number}" for number in count(2))
    return start if start not in known else next(code for code in numbered if code not in known)


def charges_tax() -> bool | None:
    """Whether the company charges tax; none while nobody has said, and nothing was issued that says so."""
    said = TaxPolicy.objects.order_by("-pk").values_list("charges", flat=True).first()
    return True if said is None and anything_issued() else said


def tax_gap() -> Gap | None:
    """What is missing until somebody decided about tax."""
    if charges_tax() is not None:
        return None
    return Gap("say whether you charge tax", "tax", "billing.decide_tax", "counterfoil letterhead")


def anything_issued() -> bool:
    """Whether any invoice was ever issued."""
    return Invoice.objects.filter(state=Invoice.State.ISSUED).exists()
