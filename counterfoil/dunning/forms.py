"""What the dialog that sends letters has besides its fields: how many there are."""

from __future__ import annotations

import datetime as dt
from typing import Any

from counterfoil.dunning.queries import selected
from counterfoil.dunning.selecting import Asked
from counterfoil.platform.doors import OperationForm
from counterfoil.platform.templatetags.counterfoil import plural


class SendLettersForm(OperationForm):
    """Its button says how many letters are sent to whom the fields say."""

    preview_body = "platform/button_only.html"

    @property
    def submit_text(self) -> str:
        as_of = self.value("as_of")
        # What cannot be done as it stands says nothing of letters.
        if self.refused or self.errors or not isinstance(as_of, dt.date) or self.caller.is_scoped:
            return self.button_text
        asked = Asked(
            as_of, _key(self.value("letter_set")), _key(self.value("collector")),
            self.value("first_number") or "", self.value("last_number") or "",
        )  # fmt: skip
        return f"Send {plural(sum(1 for row in selected(self.caller, asked) if row.dunned), 'letter')}"


def _key(value: Any) -> int | None:
    return getattr(value, "pk", value) or None
