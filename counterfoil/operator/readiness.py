"""What the company must enter before a document goes out, and the refusal that says so."""

from __future__ import annotations

from dataclasses import dataclass

from counterfoil.kernel.errors import Refused, Remedy
from counterfoil.operator.queries import operator
from counterfoil.platform.joints import joint

# What a new installation is called until somebody says.
UNNAMED = "Your company"


@dataclass(frozen=True)
class Gap:
    """Something that is missing: what to do, where, who may, and how at the console."""

    todo: str
    page: str
    right: str
    console: str


@joint
def gaps() -> Gap | None:
    """Many are asked: what must be entered before a document is issued or sent, or nothing."""
    raise NotImplementedError


def company_gap() -> Gap | None:
    """The company's name and address, until they are there."""
    house = operator()
    there = {"name": house.name != UNNAMED, "address": house.address or house.city}
    missing = [word for word in there if not there[word]]
    if not missing:
        return None
    todo = f"enter the company’s {' and '.join(missing)}"
    return Gap(todo, "company", "operator.change_operator", "counterfoil letterhead")


def what_is_missing(*more: Gap | None) -> Refused | None:
    """The refusal that names all that is missing, with `more`, and leads to the first of it; none when all is there."""
    found = [gap for gap in (*gaps(), *more) if gap is not None]
    if not found:
        return None
    todo = ", ".join(gap.todo for gap in found[:-1]) + (" and " if found[1:] else "") + found[-1].todo
    console = " and ".join(dict.fromkeys(gap.console for gap in found))
    goes = "be issued or sent" if more == () else "be sent"
    return Refused(
        "not_set_up", f"Nothing can {goes} yet. First {todo}: in Settings, or at the console with {console}.",
        remedy=Remedy(found[0].page, found[0].right),
    )  # fmt: skip


def refuse_unless_ready() -> None:
    """Refuses until all that a document needs is there."""
    if (refusal := what_is_missing()) is not None:
        raise refusal
