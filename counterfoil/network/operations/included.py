"""What packages include of data, and that customers are told when it is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from counterfoil.catalogue.models import Product
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import refuse_if
from counterfoil.messaging.operations import queue_messages
from counterfoil.network import included, notices, rules
from counterfoil.network.models import DataMark, DataWatch, IncludedData
from counterfoil.network.operations.policy import MOST_KBIT
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import OneOf, Says
from counterfoil.subscriptions.models import Service

_MOST_GIGABYTES = 1_000_000
_Down = Annotated[int, Says("Lower speed down, kbit/s", "2 Mbit/s is 2000.", least=0, most=0)]
_Up = Annotated[int, Says("Lower speed up, kbit/s", least=0, most=0)]


@verb(label="Change how much data a package includes", whole=True)
def set_included_data(
    op: Operation, *, product: Product,
    gigabytes: Annotated[int, Says("Included, GB", "Down and up together, in each billing period. 0: no limit.",
                                   least=0)],
    beyond: Annotated[str, OneOf(IncludedData.Beyond), Says("When it is used")] = IncludedData.Beyond.NOTHING,
    warns_at: Annotated[str, Says("Tell the customer at, %", "As 80, 100. Blank: never.", most=40, optional=True)]
    = "80, 100",
    down_kbit: _Down = 0, up_kbit: _Up = 0,
) -> IncludedData:  # fmt: skip
    """Whoever has this package has so much data in each billing period from now on, the current one too.

    What is used already counts. A lower speed, or no access, holds until the period is over.
    """
    refuse_if(product.kind != Product.Kind.DATA, "no_data", f"{product} is no data package.", field="product")
    refuse_if(not 0 <= gigabytes <= _MOST_GIGABYTES, "absurd_number",
              f"Give gigabytes from 0 to {_MOST_GIGABYTES:,}.", field="gigabytes")  # fmt: skip
    refuse_if(beyond not in IncludedData.Beyond.values, "no_choice",
              f"Choose one of: {', '.join(IncludedData.Beyond.values)}.", field="beyond")  # fmt: skip
    marks = rules.percents(warns_at)
    refuse_if(marks is None, "bad_percent", "Write whole percentages from 1 to 100 with commas, as 80, 100.",
              field="warns_at")  # fmt: skip
    slower = beyond == IncludedData.Beyond.SLOWER
    for name, value in (("down_kbit", down_kbit), ("up_kbit", up_kbit)):
        refuse_if(slower and not 1 <= value <= MOST_KBIT, "absurd_number",
                  "Give the lower speed in kilobits a second: 2000 is 2 Mbit/s.", field=name)  # fmt: skip
    said = {
        "gigabytes": gigabytes, "beyond": beyond, "warns_at": ", ".join(str(mark) for mark in marks or []),
        "down_kbit": down_kbit if slower else 0, "up_kbit": up_kbit if slower else 0,
    }  # fmt: skip
    now = IncludedData.objects.select_for_update().filter(product=product).first()
    same = all(getattr(now, name) == value for name, value in said.items()) if now else not gigabytes
    refuse_if(same, "no_change", "It is already set that way.")
    row, _ = IncludedData.objects.update_or_create(product=product, defaults=said)
    op.record("included_data.changed", row, product=product.name, what=row.words)
    return row


@step
def note_data_used(op: Operation, *, services: Sequence[int]) -> int:
    """That services have reached a part of what is included is noted and told once in each period; how many have.

    Who reached several at once is told of the highest, and nobody of a part below one that is noted already.
    """
    rows = Service.objects.filter(pk__in=services).select_related("subscription__customer", "product")
    lock(rows.values_list("subscription__customer_id", flat=True))
    letters, count = [], 0
    for state, marks, before in included.new_marks(included.states(list(rows), op.today).values()):
        DataMark.objects.bulk_create(
            DataMark(service=state.service, period_from=state.start, gigabytes=state.policy.gigabytes, percent=mark,
                     at=op.now)
            for mark in marks
        )  # fmt: skip
        count += 1
        told = [mark for mark in marks if mark in state.told and mark > before]
        if told or 100 in marks:
            op.record(
                "data.used", state.service, customer_id=state.service.subscription.customer_id,
                service=str(state.service), percent=max(marks), words=state.words,
            )  # fmt: skip
        if told:
            letters += notices.of_data(state)
    if letters:
        queue_messages(op, messages=letters)
    return count


@step
def note_looked_at(op: Operation, *, report: int) -> None:
    """Reports up to this one need not be looked at again for data that is used."""
    if not DataWatch.objects.filter(pk=1, report=report).exists():
        DataWatch.objects.update_or_create(pk=1, defaults={"report": report})
