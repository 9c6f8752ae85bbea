"""The forms of debit orders that ask for a file, or for a date that a bank can keep."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.urls import reverse

from counterfoil.debits import operations
from counterfoil.debits.formats.order import MOST_BYTES
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import OperationForm, Saved
from counterfoil.platform.models import Job
from counterfoil.platform.operations import Verb
from counterfoil.platform.templatetags.counterfoil import plural


class AnswersForm(OperationForm):
    """A file of the bank: what was paid and what came back."""

    operation: ClassVar[Verb[Any, Any]] = operations.bring_in_answers
    caption = "Bring in the bank’s answers"
    button = "Bring in"

    content = forms.FileField(
        label="File", help_text="pain.002, camt, NACHA returns, or a batch report or statement of Netcash.",
    )  # fmt: skip

    context_line = "Debit orders"

    @property
    def home(self) -> str:
        return reverse("debit-orders")

    def perform(self, caller: Caller) -> Any:
        # There is nothing to preview before the job has done it.
        return None if caller.preview else super().perform(caller)

    def arguments(self) -> dict[str, Any]:
        file = self.cleaned_data["content"]
        return {"content": file.read(MOST_BYTES + 1), "file_name": str(file.name)[:200]}

    def saved(self, result: Job) -> Saved:
        others = result.arguments["others"]
        more = f" {others} in the file are not ours." if others else ""
        return Saved(f"{plural(result.total or 0, 'answer')} of the bank {'is' if result.total == 1 else 'are'} being "
                     f"recorded.{more}", reverse("job", args=[result.pk]))  # fmt: skip
