"""How people meet the areas and brands that customers belong to."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from counterfoil.operator import operations
from counterfoil.operator.forms import NumbersForm
from counterfoil.operator.nouns import AREA, BANK_ACCOUNT, BRAND, LOOKUP, NUMBERS
from counterfoil.operator.queries import bank_accounts, brands, offered
from counterfoil.platform.callers import Caller
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says

ADD_BANK_ACCOUNT = Door(
    operations.add_bank_account, None, "add", "Add account", under="settings/bank-accounts",
    caption="Add bank account", home=lambda row: reverse("bank-accounts"), done=lambda made, _: f"{made} added.",
)  # fmt: skip
CHANGE_BANK_ACCOUNT = Door(
    operations.change_bank_account, BANK_ACCOUNT, "edit", "Save account", under="settings/bank-accounts",
    caption="Edit bank account", about=str, home=lambda row: reverse("bank-accounts"),
    offered=lambda row, day: row.closed_on is None,
    done=lambda made, _: f"{made} saved. Used from the next document on.",
)  # fmt: skip
USE_BANK_ACCOUNT = Door(
    operations.use_bank_account, BANK_ACCOUNT, "use", "Use on documents", under="settings/bank-accounts",
    caption="Use on documents", about=str, home=lambda row: reverse("bank-accounts"),
    offered=lambda row, day: row.closed_on is None and not row.is_default,
    lead=lambda row: "Documents and the portal show it from now on, in place of the one they show now.",
    done=lambda made, _: f"{made} is on documents from the next one on.",
)  # fmt: skip
CLOSE_BANK_ACCOUNT = Door(
    operations.close_bank_account, BANK_ACCOUNT, "close", "Close account", under="settings/bank-accounts",
    caption="Close bank account", danger=True, about=str, home=lambda row: reverse("bank-accounts"),
    offered=lambda row, day: row.closed_on is None and not row.is_default,
    lead=lambda row: "It is not offered any more. Issued documents still show it.",
    done=lambda made, _: f"{made} closed.",
)  # fmt: skip
_NAME = {"name": Says(most=60)}
ADD_AREA = Door(
    operations.add_area, None, "add", "Add area", under="staff/areas", caption="Add area", fields=_NAME,
    home=lambda row: reverse("belonging"), done=lambda made, _: f"{made.name} added.",
)  # fmt: skip
ADD_BRAND = Door(
    operations.add_brand, None, "add", "Add brand", under="staff/brands", caption="Add brand", fields=_NAME,
    home=lambda row: reverse("belonging"), done=lambda made, _: f"{made.name} added.",
)  # fmt: skip


def _accounts(caller: Caller, row: Any) -> list[tuple[Any, str]]:
    return [(None, "The company's"), *((one, str(one)) for one in bank_accounts() if one.closed_on is None)]


CHANGE_BRAND = Door(
    operations.change_brand, BRAND, "edit", "Save brand", under="settings/brands", caption="Edit brand", about=str,
    home=lambda row: reverse("belonging"), offers={"account": _accounts},
    lead=lambda row: "What its customers' documents, messages and portal say. What is left empty, the company says.",
    done=lambda made, _: f"{made.name} saved. Used from the next document on.",
)  # fmt: skip
CHANGE_AREA = Door(
    operations.change_area, AREA, "edit", "Save area", under="settings/areas", caption="Rename area", about=str,
    home=lambda row: reverse("belonging"), fields=_NAME, start=lambda caller, row: {"name": row.name},
    done=lambda made, _: f"{made.name} saved.",
)  # fmt: skip


def _retiring(verb: Any, noun: Any) -> Door:
    return Door(
        verb, noun, "retire", "Retire", under=f"settings/{noun.path}", caption=f"Retire {noun.said}", danger=True,
        about=str, home=lambda row: reverse("belonging"), offered=lambda row, day: row.retired_on is None,
        lead=lambda row: f"{row.name} is not offered any more. Who has it keeps it.",
        done=lambda made, _: f"{made.name} retired.",
    )  # fmt: skip


def _restoring(verb: Any, noun: Any) -> Door:
    return Door(
        verb, noun, "restore", "Use again", under=f"settings/{noun.path}", caption=f"Use {noun.said} again", about=str,
        home=lambda row: reverse("belonging"), offered=lambda row, day: row.retired_on is not None,
        lead=lambda row: f"{row.name} is offered again.", done=lambda made, _: f"{made.name} is in use again.",
    )  # fmt: skip


RETIRE_AREA, RETIRE_BRAND = _retiring(operations.retire_area, AREA), _retiring(operations.retire_brand, BRAND)
RESTORE_AREA, RESTORE_BRAND = _restoring(operations.restore_area, AREA), _restoring(operations.restore_brand, BRAND)


def _numbered(made: Any, _: Any) -> str:
    return f"{made}: the next number is {made.following}."


CHANGE_NUMBERS = Door(
    operations.change_numbers, NUMBERS, "edit", "Save numbers", under="settings/numbers",
    caption="Edit document numbers", about=str, home=lambda row: reverse("document-numbers"),
    offered=lambda row, day: bool(row.pattern), start=lambda caller, row: {"pattern": row.pattern},
    lead=lambda row: "Counts from the next document on. What is issued keeps its number, and none is given twice.",
    done=_numbered, form=NumbersForm,
)  # fmt: skip
NUMBER_BRAND = Door(
    operations.number_brand, None, "add", "Add numbers", under="settings/numbers", caption="Add numbers of a brand",
    home=lambda row: reverse("document-numbers"),
    offers={"brand": lambda caller, row: [(one, one.name) for one in offered(brands(caller))]}, done=_numbered,
    form=NumbersForm,
)  # fmt: skip
SHARE_NUMBERS = Door(
    operations.share_numbers, NUMBERS, "share", "Use the company’s", under="settings/numbers",
    caption="Use the company’s numbers", about=str, home=lambda row: reverse("document-numbers"),
    offered=lambda row, day: row.brand_id is not None and bool(row.pattern),
    lead=lambda row: f"{row.brand} goes on with the company’s numbers. What is issued keeps its number.",
    done=lambda made, _: f"{made} is numbered with the company’s.",
)  # fmt: skip
_DAYS = {
    "name": Says(help="As it is shown. What was written with it shows the name it has now.", most=60),
    "starts": Says("Offered from", "Empty: at once."),
    "last_day": Says("Offered to", "The last day. Empty: until you say so."),
}
ADD_LOOKUP = Door(
    operations.add_lookup, None, "add", "Add", under="settings/lookups", caption="Add to a list",
    home=lambda row: reverse("lookups"), fields=_DAYS,
    done=lambda made, _: f"{made.name} can be chosen as {made.get_kind_display().lower()}.",
)  # fmt: skip
CHANGE_LOOKUP = Door(
    operations.change_lookup, LOOKUP, "edit", "Save", under="settings/lookups", caption="Edit choice", about=str,
    home=lambda row: reverse("lookups"), fields=_DAYS,
    start=lambda caller, row: {
        "name": row.name, "description": row.description, "starts": row.starts, "last_day": row.last_day,
    },
    done=lambda made, _: f"{made.name} saved.",
)  # fmt: skip
