"""The form that sends a statement, with the statement itself beside it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.validators import validate_email
from django.urls import reverse
from django.utils.safestring import SafeString

from counterfoil.customers.forms import CustomerForm
from counterfoil.customers.reaching import addresses_for
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period, add_months, date_text, long_date_text
from counterfoil.messaging.models import Message
from counterfoil.messaging.operations import cancel_message
from counterfoil.messaging.operations.wording import has_own_words
from counterfoil.messaging.queries import missing_to_send, waits_sentence
from counterfoil.platform.doors import DayField, Saved
from counterfoil.receivables import queries
from counterfoil.receivables.operations import send_statement
from counterfoil.receivables.operations.send import STATEMENT
from counterfoil.receivables.rules import Style
from counterfoil.receivables.statement_files import statement_html

STYLES = [("balance_forward", "All transactions"), ("open_item", "Open items only")]


def usual_periods(customer: Any, today: dt.date) -> list[tuple[str, str, Period]]:
    """The periods people ask for, the usual one first."""
    last_month = add_months(today.replace(day=1), -1)
    found = [
        ("zero", "Since the last zero balance", queries.default_statement_period(customer, today)),
        ("month", "This month", Period.through(today.replace(day=1), today)),
        ("last", "Last month", Period(last_month, today.replace(day=1))),
        ("quarter", "Last 3 months", Period.through(add_months(today, -3), today)),
        ("half", "Last 6 months", Period.through(add_months(today, -6), today)),
        ("year", "Last 12 months", Period.through(add_months(today, -12), today)),
    ]
    return [
        (key, f"{label} ({date_text(p.start, today=today)} to {date_text(p.last, today=today)})", p)
        for key, label, p in found
    ]


class SendStatementForm(CustomerForm):
    operation = send_statement
    lacks = staticmethod(missing_to_send)
    caption = "Send statement"
    wide = True
    body = "receivables/send_statement.html"
    preview_body = "receivables/statement_preview.html"
    foot = "receivables/send_statement_foot.html"

    to = forms.MultipleChoiceField(label="To", required=False, widget=forms.CheckboxSelectMultiple)
    other = forms.CharField(label="Another address", required=False, max_length=254)
    span = forms.ChoiceField(label="Period")
    start = DayField(label="From", required=False)
    end = DayField(label="To", required=False)
    style = forms.ChoiceField(label="Shows", choices=STYLES)
    related = forms.CharField(
        label="Related ticket", required=False, max_length=60, help_text="The number of the ticket that asks for it."
    )
    text = forms.CharField(label="Message", required=False, widget=forms.Textarea(attrs={"rows": "3"}))

    def prepare(self) -> None:
        today = self.caller.today
        self.known = addresses_for(self.subject, "statement")
        self.periods = usual_periods(self.subject, today)
        self.choose("to", [(address.email, f"{address.email}, {address.name}") for address in self.known])
        self.choose("span", [*((key, label) for key, label, _ in self.periods), ("other", "Other dates")])
        first = self.known[0].name.split(" ")[0] if self.known else ""
        greeting = f"Good day {first}" if first and self.subject.kind == "person" else "Good day"
        self.begin_with({
            "to": [address.email for address in self.known], "span": "zero", "style": "balance_forward",
            "text": f"{greeting}, your statement to {long_date_text(today)} is attached.",
        })  # fmt: skip
        if has_own_words(STATEMENT):
            self.begin_with({"text": ""})
            self.fields["text"].help_text = "Blank: what Settings say."

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        others = [part.strip() for part in values.get("other", "").replace(";", ",").split(",") if part.strip()]
        for address in others:
            try:
                validate_email(address)
            except forms.ValidationError:
                self.add_error("other", f"“{address[:60]}” is not an e-mail address.")
        values["addresses"] = [*values.get("to", []), *others]
        return values

    @property
    def period(self) -> Period | None:
        """The chosen period; None while the dates are not complete."""
        span = self.value("span") or "zero"
        for key, _, period in self.periods:
            if key == span:
                return period
        start, end = self.value("start"), self.value("end")
        return Period.through(start, end) if start and end and start <= end else None

    def preview_context(self) -> dict[str, Any]:
        period = self.period
        if period is None:
            return {"sheet": "", "query": ""}
        style: Style = "open_item" if self.value("style") == "open_item" else "balance_forward"
        statement = queries.statement_of(self.subject, period, style, self.caller.today)
        # Markup of the statement's own template, which escapes what it prints.
        sheet: SafeString = SafeString(statement_html(statement))
        page = reverse("statement", args=[self.subject.number])
        query = f"from={period.start.isoformat()}&to={period.last.isoformat()}&style={style}"
        return {"sheet": sheet, "page": page, "query": query}

    @property
    def button_text(self) -> str:
        sent = getattr(self, "cleaned_data", {}).get("addresses", [])
        count = len(sent if self.is_bound else self.known)
        return f"Send to {count} {'address' if count == 1 else 'addresses'}" if count else "Send"

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        if self.period is None:
            raise Refused("no_period", "Give both dates, the first before the last.", field="start")
        return {
            "customer": self.subject, "period": self.period, "style": values["style"],
            "addresses": values["addresses"], "text": values["text"], "related": values["related"],
        }  # fmt: skip

    def perform(self, caller: Any) -> Any:
        # Drawing the preview needs no message; a rolled-back one would still have been made into a PDF.
        return None if caller.preview else super().perform(caller)

    def refuse(self, refusal: Refused) -> None:
        field = {"addresses": "other", "to": "end"}.get(refusal.field or "", refusal.field)
        super().refuse(Refused(refusal.code, refusal.sentence, field=field))

    def saved(self, result: Message) -> Saved:
        count = len(self.cleaned_data["addresses"])
        said = f"Statement sent to {count} {'address' if count == 1 else 'addresses'}."
        if waits := waits_sentence():
            said = f"Statement not sent yet. {waits}"
        undo = reverse("cancel-message", args=[result.pk]) if self.caller.may(cancel_message) else ""
        return Saved(said, undo_url=undo)
