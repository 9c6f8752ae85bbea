"""What an app offers to the customer page: sections and buttons, as plain values that the page lists in order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Verb
from counterfoil.platform.tables import Table


def _always(customer: Any, day: dt.date) -> bool:
    return True


@dataclass(frozen=True)
class Action:
    """A button that opens an operation's form for a customer. It exists when the caller may use it and rules allow."""

    operation: Verb[Any, Any]
    label: str
    url_name: str
    icon: str = "square-pen"
    # The key that opens it, printed beside it and taught by the palette.
    key: str = ""
    shown: Callable[[Any, dt.date], bool] = _always
    words: str = ""
    danger: bool = False
    # In its own section the form takes the place of what it edits, instead of opening in the dialog.
    in_place: bool = False

    def url(self, customer: Any) -> str:
        return reverse(self.url_name, args=[customer.number])

    def offered(self, caller: Caller, customer: Any) -> bool:
        return caller.may(self.operation) and self.shown(customer, caller.today)


@dataclass(frozen=True)
class Panel:
    """A section of the customer page, and the one address it has for refresh, order, pages and export."""

    key: str
    title: str
    # The grant that shows it.
    sees: str
    # Rows when there is a table, else the template's context.
    read: Callable[[Caller, Any], Any]
    template: str = "platform/panels/list.html"
    table: Table | None = None
    actions: tuple[Action, ...] = ()
    # One grey line beside the title.
    note: Callable[[Caller, Any], str] | None = None
    # Other names people search it by.
    words: str = ""
    # How many rows before "Show all".
    brief: int = 8
    row_actions: str = ""
    # The most database queries one reading may take; a test holds it to that.
    queries: int = 8
