"""The lines of a bill as they are printed, from what is charged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from counterfoil.billing.charges import Catalogue, Due, taxed
from counterfoil.billing.charging import Charged
from counterfoil.billing.line_texts import charge_text, price_text, priced_without, used_text
from counterfoil.documents.speech import Speech
from counterfoil.kernel.money import places

_FOUR, _THREE = Decimal("0.0001"), Decimal("0.001")


@dataclass
class Line:
    charge: Charged
    text: str
    quantity: Decimal
    unit_price: Decimal
    rate_id: int | None
    rate_name: str
    percent: Decimal
    net: int
    tax: int

    @property
    def total(self) -> int:
        return self.net + self.tax


# What is printed of a charge, by all that decides it: most customers of a run pay the same for the same days.
Printed = dict[tuple[Any, ...], tuple[Any, ...]]


def line_of(due: Due, charge: Charged, catalogue: Catalogue, speech: Speech, known: Printed) -> Line:
    """The line of a charge. Refuses `rate_not_valid`."""
    if charge.one_time_id is not None or charge.tax is not None or charge.used is not None:
        return Line(charge, *_printed(due, charge, catalogue, speech))
    assert charge.service_id is not None
    key = (
        charge.product_id, due.labels.get(charge.service_id), due.currency, speech, charge.minor, charge.unit_price,
        charge.quantity, charge.percent_off, charge.starts, charge.ends, charge.part, charge.whole,
        charge.prices_include_tax,
    )  # fmt: skip
    if (printed := known.get(key)) is None:
        printed = known[key] = _printed(due, charge, catalogue, speech)
    return Line(charge, *printed)


def _printed(due: Due, charge: Charged, catalogue: Catalogue, speech: Speech) -> tuple[Any, ...]:
    """The fields of a line, after its charge."""
    if charge.one_time_id is not None:
        text = due.once[charge.one_time_id][0]
    else:
        assert charge.product_id is not None
        assert charge.service_id is not None
        name = f"{catalogue.products[charge.product_id][0]} {due.labels.get(charge.service_id, '')}".strip()
        said = due.currency, catalogue.tax_name, speech
        text = charge_text(name, charge, *said)
        if charge.used is not None:
            text += used_text(charge, catalogue.metered[charge.product_id][0], *said)
    tax, amounts = taxed(due, charge, catalogue)
    # What is printed multiplies out: a whole period at its price, a part of one as an amount.
    plain = charge.part == charge.whole and not charge.percent_off and charge.minor > 0
    quantity, price = (charge.quantity, charge.unit_price) if plain else (Decimal(1), None)
    if price is None or (quantity * price).scaleb(places(due.currency)) != charge.minor:
        quantity, price = Decimal(1), Decimal(charge.minor).scaleb(-places(due.currency))
    return (
        text[:300], quantity.quantize(_FOUR), price.quantize(_FOUR), tax.rate_id, tax.name,
        tax.percent.quantize(_THREE), amounts.net, amounts.tax,
    )  # fmt: skip


def print_with_tax(lines: Sequence[Line], currency: str, tax_name: str, speech: Speech) -> None:
    """On a bill printed with tax, what is priced without is one amount with it, so that each line multiplies out."""
    for line in lines:
        if line.charge.prices_include_tax or not line.tax:
            continue
        if line.charge.part == line.charge.whole and line.charge.used is None:
            price = speech.money(line.net, currency)
            if line.total > 0:
                price = price_text(line.unit_price, currency, speech)
            line.text = line.text[:240] + priced_without(price, line.quantity, tax_name, speech)
        line.quantity = Decimal(1)
        line.unit_price = Decimal(line.total).scaleb(-places(currency)).quantize(_FOUR)
