"""How the business says no."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Remedy:
    """The page that enters what is missing, by its name, and the right it needs."""

    page: str
    right: str


class Refused(Exception):
    """A rule refuses the request; nothing was changed.

    `code` is stable and for programs, `sentence` says what is wrong and what to do about it, `field` names the
    input it belongs to, `row` the line of a file and `remedy` the page that mends it, where there is one.
    """

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        field: str | None = None,
        row: int | None = None,
        remedy: Remedy | None = None,
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.field = field
        self.row = row
        self.remedy = remedy

    def __str__(self) -> str:
        return f"row {self.row}: {self.sentence}" if self.row is not None else self.sentence


class NotFound(Refused):
    """The thing does not exist, or this caller may not see it: deliberately the same answer."""

    def __init__(self, sentence: str = "There is no such record, or you may not see it.") -> None:
        super().__init__("not_found", sentence)


def refuse_if(condition: object, code: str, sentence: str, *, field: str | None = None) -> None:
    """Raise `Refused` when the condition holds."""
    if condition:
        raise Refused(code, sentence, field=field)
