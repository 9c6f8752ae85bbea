"""Forms of collections: logging a call, and agreeing a plan."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.http import urlencode

from counterfoil.billing.forms import LineAmountsForm
from counterfoil.billing.models import InvoiceLine
from counterfoil.collections import disputes, operations, queries
from counterfoil.collections.models import Call, Plan
from counterfoil.collections.nouns import CALL
from counterfoil.collections.operations import NewAction, NewTopic
from counterfoil.credit.queries import still_dunned
from counterfoil.customers.forms import CustomerForm
from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.customers.queries import contacts_of, sites_of
from counterfoil.kernel.money import money_text, split_minor
from counterfoil.kernel.periods import add_months, date_text
from counterfoil.operator.models import Lookup
from counterfoil.operator.nouns import LOOKUP
from counterfoil.operator.queries import delivered, lookup_names, lookups, lookups_by_kind
from counterfoil.platform.doors import DayField, MoneyField, OperationForm, Saved
from counterfoil.platform.fields import suggest
from counterfoil.receivables.lists import open_dispute_of
from counterfoil.receivables.models import Dispute
from counterfoil.receivables.nouns import ITEM
from counterfoil.receivables.queries import figures, open_items_of
from counterfoil.staff.queries import people

_MANY_ITEMS = 60
_MORE = ("dispute", "line", "site", "forecast", "forecast_on", "action", "amount", "confirm", "response")
_ASKS = {"promised": "promise", "disputes": "dispute", "call_back": "follow_up_on"}


def _pairs(kind: str, day: dt.date, none: str = "") -> list[tuple[str, str]]:
    rows = [(str(row.pk), row.name) for row in lookups(kind, day)]
    return [("", none), *rows] if none else rows


def _chosen(form: OperationForm, value: Any) -> Lookup | None:
    return LOOKUP.get(form.caller, int(value)) if value else None


_ANSWERS = [("yes", "Yes, exclude the account"), ("no", "No, change nothing")]


def _answer(form: OperationForm) -> bool | None:
    """What was answered to whether the whole account is to be excluded from dunning; none where nobody was asked."""
    return {"yes": True, "no": False}.get(form.cleaned_data.get("confirm", ""))


def _line_words(row: InvoiceLine) -> str:
    return f"{row.invoice.number}: {row.text[:60]}, {money_text(row.total_minor, row.invoice.currency)}"


class CallForm(CustomerForm):
    """A call: its outcome by a key, and with it whatever came of it."""

    operation = operations.record_call
    caption = "Log call"
    button = "Save call"
    body = "collections/call_form.html"

    outcome = forms.ChoiceField(widget=forms.RadioSelect)
    contact = forms.ChoiceField(label="With", required=False)
    promise = MoneyField(label="Will pay", required=False)
    promise_on = DayField(label="By", required=False)
    dispute = MoneyField(label="In dispute", required=False)
    note = forms.CharField(required=False, max_length=10_000)
    follow_up_on = DayField(label="Follow up on", required=False)
    follow_up_time = forms.CharField(label="At", required=False, max_length=5, widget=forms.TextInput(
        attrs={"type": "time"}))  # fmt: skip
    follow_up_action = forms.ChoiceField(label="To do", required=False)
    response = forms.ChoiceField(label="Says", required=False)
    line = forms.ChoiceField(label="Of line", required=False)
    site = forms.ChoiceField(label="About address", required=False)
    forecast = MoneyField(label="You expect", required=False)
    forecast_on = DayField(label="By (expected)", required=False)
    action = forms.ChoiceField(label="Action", required=False)
    confirm = forms.ChoiceField(
        label="No site level profile exists. Exclude the whole account from dunning?", required=False, choices=_ANSWERS,
        widget=forms.RadioSelect,
    )  # fmt: skip
    amount = MoneyField(label="Amount of the action", required=False)
    notify = forms.ChoiceField(label="Tell", required=False)
    items = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple, label="About")

    def prepare(self) -> None:
        today = self.caller.today
        offered = lookups_by_kind(("call_outcome", "follow_up_action", "customer_response", "call_action"), today)
        pairs = {kind: [(str(row.pk), row.name) for row in rows] for kind, rows in offered.items()}
        outcomes = offered["call_outcome"]
        self.choose("outcome", [(str(row.pk), row.name) for row in outcomes])
        self.codes = {str(row.pk): row.code for row in outcomes}
        self.contacts = {str(row.pk): row for row in contacts_of(self.subject) if row.active}
        self.choose("contact", [("", "Not said"), *((key, row.name) for key, row in self.contacts.items())])
        self.choose("follow_up_action", pairs["follow_up_action"])
        self.choose("response", [("", "Nothing more"), *pairs["customer_response"]])
        self.choose("action", [("", "None"), *pairs["call_action"]])
        self.choose("notify", [("", "Nobody"), *((str(row.pk), row.name) for row in people())])
        # The page around the form shows them too.
        self.open_items = open_items_of(self.subject, today)
        self.debits = [item for item in self.open_items if item.is_debit][:_MANY_ITEMS]
        self.choose("items", [(str(item.id), f"{item.number}, {item.text}") for item in self.debits])
        self.lines = disputes.lines_of([item.id for item in self.debits])
        self.choose("line", [("", "The whole item"), *((str(row.pk), _line_words(row)) for row in self.lines)])
        self.sites = {str(row.pk): row for row in sites_of(self.subject) if row.active}
        self.choose("site", [("", "The account"), *((key, row.label) for key, row in self.sites.items())])

    @property
    def quick(self) -> list[tuple[Any, str, str]]:
        """The outcomes as they are offered, the first seven with their key, and the field that each asks for."""
        return [
            (option, str(place) if place < 8 else "", _ASKS.get(self.codes.get(str(option.data["value"]), ""), ""))
            for place, option in enumerate(self["outcome"], 1)
        ]

    @property
    def ticked(self) -> list[str]:
        """The keys of the items that were ticked when it was sent."""
        return list(getattr(self.data, "getlist", lambda name: [])("items"))

    @property
    def first_value(self) -> str:
        """Where it goes on to, as it was asked for the first time."""
        return str(self.data.get("then", "")) if self.is_bound else ""

    @property
    def more_open(self) -> bool:
        """Whether what is under More is in sight: something there was refused, or chosen."""
        return any(self.errors.get(name) or self.data.get(name) for name in _MORE)

    @property
    def asks_exclusion(self) -> bool:
        """Whether somebody has to say if the whole account is to be excluded from dunning (domain 16.1)."""
        return bool(self.errors.get("confirm") or self.data.get("confirm"))

    @property
    def amount_minor(self) -> Any:
        """No amount of a call is limited by itself: a credit is asked for, and given by somebody else."""
        return None

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        code = self.codes.get(values.get("outcome") or "", "")
        if code == "promised" and not values.get("promise") and "promise" not in self.errors:
            self.add_error("promise", "Say how much they will pay.")
        if values.get("follow_up_time") and not values.get("follow_up_on") and "follow_up_on" not in self.errors:
            # An hour without a day is today's.
            values["follow_up_on"] = self.caller.today
        if code == "call_back" and not values.get("follow_up_on") and "follow_up_on" not in self.errors:
            self.add_error("follow_up_on", "Say when to call back.")
        if values.get("promise") and not values.get("promise_on") and "promise_on" not in self.errors:
            self.add_error("promise_on", "Say by which day.")
        if values.get("amount") and len(values.get("items") or ()) > 1:
            self.add_error("amount", "Tick one item for an amount.")
        if values.get("forecast") and not values.get("forecast_on") and "forecast_on" not in self.errors:
            self.add_error("forecast_on", "Say by which day you expect it.")
        if values.get("forecast_on") and not values.get("forecast") and "forecast" not in self.errors:
            self.add_error("forecast", "Say how much you expect.")
        if values.get("line"):
            line = next(row for row in self.lines if str(row.pk) == values["line"])
            # The line says which item it is about.
            values["items"] = [str(line.invoice.item_id)]
        elif values.get("dispute") and len(values.get("items") or ()) != 1:
            self.add_error("dispute", "Tick the one item that is in dispute, or choose a line.")
        return values

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        ticked = [ITEM.get(self.caller, item.id) for item in self.debits if str(item.id) in values["items"]]
        actions = []
        line = int(values["line"]) if values["line"] else None
        chosen = _chosen(self, values["action"])
        if values["dispute"] or (line and (chosen is None or chosen.code not in ("credit_memo", "partial_dispute"))):
            code = delivered("call_action", "partial_dispute")
            actions.append(NewAction(code, ticked[0], values["dispute"], line=line))
        tell = tuple(row for row in people() if str(row.pk) == values["notify"])
        if chosen is not None:
            about: list[Any] = list(ticked) or [None]
            actions += [
                NewAction(chosen, item, values["amount"], values["note"][:200], tell, line, _answer(self))
                for item in about
            ]
        elif tell:
            actions.append(NewAction(delivered("call_action", "alert"), None, None, values["note"][:200], tell))
        wants = bool(values["follow_up_on"] or values["follow_up_time"])
        return {
            "customer": self.subject, "outcome": _chosen(self, values["outcome"]), "note": values["note"],
            "response": _chosen(self, values["response"]), "contact": self.contacts.get(values["contact"]),
            "site": self.sites.get(values["site"]), "forecast_minor": values["forecast"],
            "forecast_on": values["forecast_on"], "promise_minor": values["promise"],
            "promise_on": values["promise_on"] if values["promise"] else None,
            "follow_up_on": values["follow_up_on"], "follow_up_time": values["follow_up_time"],
            "follow_up_action": _chosen(self, values["follow_up_action"]) if wants else None,
            "topics": [NewTopic(item) for item in ticked], "actions": actions,
        }  # fmt: skip

    def refuse(self, refusal: Any) -> None:
        """What a promise is refused for stands at the promise, where there is one."""
        if refusal.field in ("amount", "due_on") and refusal.code in ("over_promised", "promise_past", "absurd_date"):
            refusal.field = {"amount": "promise", "due_on": "promise_on"}[refusal.field]
        elif str(refusal.field).startswith("line-"):
            refusal.field = "dispute" if self.cleaned_data.get("dispute") else "line"
        elif refusal.field == "amount" and self.cleaned_data.get("dispute"):
            refusal.field = "dispute"
        super().refuse(refusal)

    def saved(self, result: Call) -> Saved:
        parts = [result.outcome.name]
        if self.cleaned_data["promise"]:
            parts.append(f"{money_text(self.cleaned_data['promise'], self.currency)} promised for "
                         f"{date_text(self.cleaned_data['promise_on'])}")  # fmt: skip
        wrong = result.actions.filter(action__code="partial_dispute").values_list("amount_minor", flat=True)
        if disputed := sum(minor or 0 for minor in wrong):
            parts.append(f"{money_text(disputed, self.currency)} in dispute")
        parts += [str(row.action).lower() for row in result.actions.exclude(action__code="partial_dispute")]
        if self.cleaned_data["follow_up_on"]:
            hour = f" at {self.cleaned_data['follow_up_time']}" if self.cleaned_data["follow_up_time"] else ""
            parts.append(f"to follow up on {date_text(self.cleaned_data['follow_up_on'])}{hour}")
        text = f"Call logged: {', '.join(parts)}."
        if result.actions.filter(action__code="exclude_from_dunning").exists() and (left := still_dunned(self.subject)):
            text += f" Letters still go to {', '.join(left)}, which has terms of its own."
        if self.data.get("then") != "next":
            return Saved(text)
        following = next_after(self.caller, self.subject, self.data)
        if following is None:
            return Saved(f"{text} Your queue is done.", reverse("collections"))
        return Saved(f"{text} Next: {following.name}.", workbench_url(following, self.data))


def workbench_url(customer: Customer, params: Any) -> str:
    """The workbench with a customer open, in the same queue."""
    kept = {name: params[name] for name in ("view", "whose") if _is_word(params.get(name, ""))}
    return f"{reverse('collections')}?{urlencode({'customer': customer.number, **kept})}"


def _is_word(text: str) -> bool:
    return text.isascii() and text.isalpha() and len(text) < 10


def next_after(caller: Any, customer: Customer, params: Any) -> Customer | None:
    """Whom to call next: who came after this customer in the queue as it was shown, else the first who waits."""
    mine = caller.user_id if params.get("whose") == "mine" else None
    rows = queries.narrowed(queries.queue(caller, caller.now, mine), params.get("view", ""))
    waiting = [row.customer for row in rows if row.customer != customer.pk]
    shown = str(params.get("following", ""))[:18]
    if shown.isdecimal() and int(shown) in waiting:
        return CUSTOMER.visible(caller).get(pk=int(shown))
    return CUSTOMER.visible(caller).get(pk=waiting[0]) if waiting else None


class PlanForm(CustomerForm):
    """Equal instalments: how much in all, how many, from when, how often."""

    operation = operations.agree_plan
    caption = "Agree payment plan"
    button = "Agree plan"
    preview_body = "collections/plan_preview.html"

    total = MoneyField(label="To be paid in all")
    count = forms.IntegerField(label="Instalments", min_value=2, max_value=operations.MOST_INSTALMENTS, initial=3)
    first_on = DayField(label="First by")
    every = forms.ChoiceField(
        choices=[("month", "Every month"), ("fortnight", "Every two weeks"), ("week", "Every week")]
    )
    confirm = forms.BooleanField(label="E-mail the plan to the customer", required=False, initial=True)

    def prepare(self) -> None:
        today = self.caller.today
        due = figures(self.subject, today)
        self.begin_with({"total": due.overdue_minor or due.total_due_minor, "first_on": today + dt.timedelta(days=7)})

    @property
    def amount_minor(self) -> Any:
        return None

    @property
    def instalments(self) -> list[tuple[int, dt.date]]:
        """The amounts, the first ones larger by a cent where it does not divide, with their days."""
        total, count, first = self.value("total"), self.value("count"), self.value("first_on")
        if not (isinstance(total, int) and total > 0 and isinstance(count, int) and isinstance(first, dt.date)):
            return []
        if not 2 <= count <= operations.MOST_INSTALMENTS or total < count:
            return []
        every = self.value("every") or "month"
        step = {"week": 7, "fortnight": 14}.get(every)
        days = [add_months(first, n) if step is None else first + dt.timedelta(days=step * n) for n in range(count)]
        return list(zip(split_minor(total, [1] * count), days, strict=True))

    def preview_context(self) -> dict[str, Any]:
        return {"instalments": self.instalments, "currency": self.currency}

    def arguments(self) -> dict[str, Any]:
        return {
            "customer": self.subject, "instalments": self.instalments, "confirm": self.cleaned_data["confirm"],
        }  # fmt: skip

    def refuse(self, refusal: Any) -> None:
        refusal.field = {"promise_past": "first_on", "absurd_date": "count"}.get(refusal.code, "total")
        super().refuse(refusal)

    def saved(self, result: Plan) -> Saved:
        rows = self.instalments
        return Saved(f"{len(rows)} instalments agreed, the first of {money_text(rows[0][0], self.currency)} by "
                     f"{date_text(rows[0][1])}, the last by {date_text(rows[-1][1])}.")  # fmt: skip


class AddToCallForm(OperationForm):
    """One more action of a call that is on record, about the account or an item."""

    operation = operations.add_to_call
    noun = CALL
    caption = "Add to call"
    button = "Add"

    action = forms.ChoiceField(required=False)
    item = forms.ChoiceField(label="About", required=False)
    amount = MoneyField(required=False)
    note = forms.CharField(required=False, max_length=200)
    confirm = forms.ChoiceField(
        label="No site level profile exists. Exclude the whole account from dunning?", required=False, choices=_ANSWERS,
        widget=forms.RadioSelect,
    )  # fmt: skip

    def refuse(self, refusal: Any) -> None:
        super().refuse(refusal)
        if not self.errors.get("confirm"):
            # Nobody is asked what nothing asks.
            self.fields.pop("confirm", None)

    def prepare(self) -> None:
        if not self.is_bound:
            del self.fields["confirm"]
        self.choose("action", _pairs("call_action", self.caller.today, "None: a topic"))
        owner = self.subject.customer
        owed = [item for item in open_items_of(owner, self.caller.today) if item.is_debit][:_MANY_ITEMS]
        self.choose("item", [("", "The account"), *((str(row.id), f"{row.number}, {row.text}") for row in owed)])

    @property
    def amount_minor(self) -> Any:
        return None

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        item = ITEM.get(self.caller, int(values["item"])) if values["item"] else None
        if (action := _chosen(self, values["action"])) is not None:
            return {"call": self.subject, "actions": [
                NewAction(action, item, values["amount"], values["note"], confirm=_answer(self))
            ]}  # fmt: skip
        return {"call": self.subject, "topics": [NewTopic(item, note=values["note"])] if item else []}

    def saved(self, result: Call) -> Saved:
        return Saved("Added to the call.")


class DisputeLinesForm(LineAmountsForm):
    """What of which line of an invoice is in dispute; the lines start as they stand."""

    operation = operations.dispute_lines
    caption = "Dispute lines"
    button = "Dispute"
    body = "collections/dispute_lines.html"
    preview_body = "platform/button_only.html"

    reason = forms.CharField(max_length=200)

    def prepare(self) -> None:
        item = self.subject.item
        self.standing = disputes.open_parts_of(item) if item else {}
        left = disputes.disputable(self.subject)
        self.lines = [(line, left[line.pk]) for line in self.subject.lines.all() if line.pk in left]
        suggest(self.fields["reason"], lookup_names("customer_response")(self.caller))
        if item is not None and (found := open_dispute_of(item.pk)) is not None:
            self.begin_with({"reason": found.reason})

    def starting(self, line: InvoiceLine, left: int) -> int:
        return self.standing.get(line.pk) or super().starting(line, left)

    @property
    def whole_minor(self) -> int:
        """What is in dispute of the invoice as a whole, beside its lines."""
        return self.standing.get(None, 0)

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        ended = {line: 0 for line in self.standing if line is not None}
        return {"invoice": self.subject, "amounts": {**ended, **values["amounts"]}, "reason": values["reason"]}

    def saved(self, result: Dispute) -> Saved:
        text = money_text(result.amount_minor, result.item.currency)
        return Saved(f"{text} of {self.subject.number} is in dispute.", self.home)
