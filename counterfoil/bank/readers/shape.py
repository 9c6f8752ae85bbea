"""What every reader gives back: statements with their lines, and what does not add up, in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from counterfoil.kernel.money import figure_text, money_text


@dataclass(frozen=True)
class Part:
    """One payment of a line that the bank booked as a batch; its amount has the sign of the line."""

    amount_minor: int
    end_to_end: str = ""
    mandate: str = ""
    creditor_reference: str = ""
    counterparty: str = ""
    counterparty_account: str = ""
    details: str = ""


@dataclass(frozen=True)
class Line:
    """Money that moved on the account: above zero came in, below zero went out. Whole minor units of `currency`."""

    date: dt.date
    amount_minor: int
    currency: str
    reference: str = ""
    counterparty: str = ""
    counterparty_account: str = ""
    details: str = ""
    end_to_end: str = ""
    mandate: str = ""
    creditor_reference: str = ""
    parts: tuple[Part, ...] = ()


@dataclass
class Statement:
    """One account and period as a file tells it. What the file does not say is None or empty; nothing is made up."""

    form: str
    account: str = ""
    currency: str = ""
    opening_minor: int | None = None
    closing_minor: int | None = None
    lines: list[Line] = field(default_factory=list)
    # Sentences: what could not be read or contradicts itself, and what is only worth knowing.
    wrong: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def total_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)

    @property
    def adds_up(self) -> bool | None:
        """Opening and lines make the closing balance, and every line was read; None when there is nothing to check."""
        if self.wrong:
            return False
        return None if self.opening_minor is None or self.closing_minor is None else True

    def settle(self, currency: str = "") -> Statement:
        """The currency where only the lines name it, and the sentences of what does not add up."""
        named = sorted({line.currency for line in self.lines if line.currency})
        if not self.currency and len(named) == 1:
            self.currency = named[0]
        if not self.currency and not named:
            self.currency = currency
        if not self.currency and not named:
            self.wrong.append("The file names no currency. Say which one it is.")
        if strange := [name for name in named if self.currency and name != self.currency]:
            count = sum(line.currency in strange for line in self.lines)
            self.wrong.append(f"{count} of {_count(len(self.lines))} in {', '.join(strange)}, not {self.currency}.")
        elif len(named) > 1:
            self.wrong.append(f"The lines are in {' and '.join(named)}: they have no one total.")
        elif self.opening_minor is not None and self.closing_minor is not None:
            self._compare(self.opening_minor, self.closing_minor)
        return self

    def _compare(self, opening: int, closing: int) -> None:
        made = opening + self.total_minor
        if made != closing:
            write = money_text if self.currency else figure_text
            say = [write(amount, self.currency) for amount in (opening, self.total_minor, made, closing)]
            self.wrong.append(
                f"Opening {say[0]} and {_count(len(self.lines))} of together {say[1]} make {say[2]}, but the file says "
                f"{say[3]}: a difference of {write(closing - made, self.currency)}."
            )


def _count(lines: int) -> str:
    return "1 line" if lines == 1 else f"{lines} lines"
