"""The form that sends a statement, with the statement itself beside it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.safestring import SafeString

from counterfoil.customers.forms import CustomerForm
from counterfoil.customers.queries import letterhead_of
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period, add_months, date_text, long_date_text
from counterfoil.messaging.forms import LetterForm
from counterfoil.messaging.models import Message
from counterfoil.messaging.operations.wording import has_own_words
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


class SendStatementForm(LetterForm, CustomerForm):
    operation = send_statement
    caption = "Send statement"
    about = "statement"
    body = "receivables/send_statement.html"
    preview_body = "receivables/statement_preview.html"
    foot = "receivables/send_statement_foot.html"

    span = forms.ChoiceField(label="Period")
    start = DayField(label="From", required=False)
    end = DayField(label="To", required=False)
    style = forms.ChoiceField(label="Shows", choices=STYLES)
    related = forms.ChoiceField(label="Related ticket", required=False)

    def prepare(self) -> None:
        super().prepare()
        today = self.caller.today
        self.periods = usual_periods(self.subject, today)
        self.choose("span", [*((key, label) for key, label, _ in self.periods), ("other", "Other dates")])
        self._choose_ticket()
        first = self.known[0].name.split(" ")[0] if self.known else ""
        greeting = f"Good day {first}" if first and self.subject.kind == "person" else "Good day"
        self.begin_with({
            "span": "zero", "style": "balance_forward",
            "text": f"{greeting}, your statement to {long_date_text(today)} is attached.",
        })  # fmt: skip
        if has_own_words(STATEMENT) or letterhead_of(self.subject).language != "en":
            self.begin_with({"text": ""})
            self.fields["text"].help_text = "Blank: what Settings say."

    def _choose_ticket(self) -> None:
        """The customer's open tickets; the one that asks for a statement is chosen, where it is the only one."""
        requests = [one for answer in queries.open_requests(self.subject) for one in answer]
        asked = self.data.get("related", "") if self.is_bound else self.params.get("related", "")
        known = [number for number, _, _ in requests]
        named = [(asked, asked)] if asked and asked not in known else []
        if not requests and not named:
            del self.fields["related"]
            return
        self.choose("related", [("", "None"), *((number, words) for number, words, _ in requests), *named])
        asking = [number for number, _, asks in requests if asks]
        self.begin_with({"related": asking[0] if len(asking) == 1 else ""})

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

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        if self.period is None:
            raise Refused("no_period", "Give both dates, the first before the last.", field="start")
        return {
            "customer": self.subject, "period": self.period, "style": values["style"],
            "addresses": values["addresses"], "text": values["text"], "related": values.get("related", ""),
        }  # fmt: skip

    def refuse(self, refusal: Refused) -> None:
        super().refuse(Refused(refusal.code, refusal.sentence, field="end") if refusal.field == "to" else refusal)

    def saved(self, result: Message) -> Saved:
        return self.sent("Statement", result)
