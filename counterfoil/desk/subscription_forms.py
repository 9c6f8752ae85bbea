"""Forms about subscriptions: starting one, its services together, how it is billed, and what is charged once."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django import forms
from django.urls import reverse

from counterfoil.billing.forecast import NextBill
from counterfoil.billing.operations import preview_account, preview_services
from counterfoil.catalogue.models import RECURRING
from counterfoil.catalogue.queries import service_offers, services_on_sale
from counterfoil.credit.queries import EXCEED
from counterfoil.customers.forms import CustomerForm
from counterfoil.customers.queries import customers_numbered, sites_of
from counterfoil.desk.service_forms import ChangeForm
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import money_text, places, read_decimal, round_minor
from counterfoil.kernel.periods import add_months, date_text
from counterfoil.operator.queries import operator
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import DayField, OperationForm, Saved
from counterfoil.subscriptions import operations, queries
from counterfoil.subscriptions.models import Service, ServiceAction, Subscription, Term
from counterfoil.subscriptions.nouns import SUBSCRIPTION
from counterfoil.subscriptions.operations import NewService, NewTerm
from counterfoil.subscriptions.rules import Change

_LINE = re.compile(r"^services-(\d{1,4})-(product|label|quantity|price)$")
_PARTS = ("product", "label", "quantity", "price")
_MOST_SERVICES = 50


class ServiceLines(OperationForm):
    """Services to start, a line each, with the price in the choice; plain inputs, so they work without JavaScript."""

    wide = True
    lean = True
    body = "desk/service_lines_form.html"
    preview_body = "desk/bills_after.html"

    on = DayField(label="From")

    def prepare(self) -> None:
        self.products = {str(row.pk): row for row in services_on_sale()}
        self.offers = service_offers(list(self.products.values()), self.currency, self.caller.today)
        self.may_price = self.caller.may(operations.reprice_services)
        self.begin_with({"on": self.caller.today})

    @property
    def rows(self) -> list[dict[str, str]]:
        """The lines as they are typed, and a blank one to fill."""
        numbers = sorted({int(found[1]) for key in self.data if (found := _LINE.match(key))})
        typed = [{part: self.data.get(f"services-{n}-{part}", "") for part in _PARTS} for n in numbers]
        filled = [row for row in typed if any(row[part].strip() for part in ("product", "label", "price"))]
        return [*filled, {"product": "", "label": "", "quantity": "1", "price": ""}]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        found = []
        if len(self.rows) > _MOST_SERVICES + 1:
            self.add_error(None, f"At most {_MOST_SERVICES} services at once. Add the others afterwards.")
            return values
        for place, row in enumerate(self.rows[:-1], start=1):
            product = self.products.get(row["product"])
            if product is None:
                self.add_error(None, f"Line {place}: choose a service.")
                continue
            try:
                quantity = read_decimal(row["quantity"].strip() or "1", self.currency)
                price = read_decimal(row["price"], self.currency) if row["price"].strip() else None
            except Refused as refusal:
                self.add_error(None, f"Line {place}: {refusal.sentence}")
                continue
            draft = bool(values.get("draft"))
            found.append(NewService(product, row["label"], quantity, price, draft=draft))
        if not found and not self.errors:
            self.add_error(None, forms.ValidationError("Choose at least one service.", code="required"))
        values["services"] = found
        return values

    def perform(self, caller: Caller) -> Any:
        if not caller.preview:
            return super().perform(caller)
        arguments = {"customer": self.customer, **self.arguments()}
        caller.check_scope(arguments)
        drawn = caller.may("billing.view")
        if not drawn or not caller.may(EXCEED):
            # The system draws beyond a credit limit; this person would be refused.
            super().perform(caller)
        if not drawn:
            return None
        # What is drawn by the system is refused as it would be when this person does it.
        operations.refuse_own_prices(caller, arguments["services"])
        return preview_services(Caller.system(caller.door, behalf=caller), **arguments)

    @property
    def button_text(self) -> str:
        """With the next bill, once it is drawn."""
        first = self.result[0].bill if isinstance(self.result, list) and self.result else None
        if not isinstance(first, NextBill) or first.refused:
            return self.button
        return f"{self.button}, {money_text(first.minor, self.currency)} on {date_text(first.on)}"

    def preview_context(self) -> dict[str, Any]:
        return {"bills": self.result if isinstance(self.result, list) else []}


class NewSubscriptionForm(ServiceLines, CustomerForm):
    operation = operations.start_subscription
    caption = "New subscription"
    button = "Start"

    frequency = forms.ChoiceField(label="Billed", choices=RECURRING)
    anchor_day = forms.IntegerField(label="Day of the month a period starts", required=False, min_value=1, max_value=31)
    in_arrears = forms.BooleanField(label="Billed after the period, not in advance", required=False)
    contract_ends = DayField(label="Contract ends", required=False)
    site = forms.ChoiceField(label="Address", required=False)

    def prepare(self) -> None:
        super().prepare()
        self.sites = {str(site.pk): site for site in sites_of(self.subject) if site.active}
        self.choose("site", [("", "None"), *((key, site.text) for key, site in self.sites.items())])
        self.begin_with({"frequency": "month", "anchor_day": operator().billing_day})
        # A customer's services are billed together, and are where the others are, unless somebody says otherwise.
        if other := queries.subscriptions_of(self.subject).last():
            term = queries.term_on(other, self.caller.today)
            self.begin_with({
                "frequency": term.frequency, "anchor_day": term.anchor_day, "in_arrears": not term.in_advance,
            })  # fmt: skip
        place = next((key for key, site in self.sites.items() if "service" in site.purposes), "")
        self.begin_with({"site": place or next(iter(self.sites), "")})

    @property
    def chips(self) -> list[tuple[str, str, dt.date]]:
        """Days that are often meant: the field, what it is called, and the day."""
        today = self.caller.today
        soon = add_months(today.replace(day=1), 1)
        ends = [("contract_ends", f"{months} months", add_months(today, months)) for months in (12, 24)]
        return [("on", "Today", today), ("on", date_text(soon, today=today), soon), *ends]

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        term = NewTerm(
            frequency=values["frequency"], anchor_day=values["anchor_day"], in_advance=not values["in_arrears"],
            contract_ends=values["contract_ends"] or None,
        )  # fmt: skip
        site = self.sites.get(values["site"])
        return {
            "customer": self.subject, "services": values["services"], "on": values["on"], "term": term, "site": site,
        }  # fmt: skip

    def saved(self, result: Subscription) -> Saved:
        result.refresh_from_db()
        first = f" First bill on {date_text(result.next_bill_on)}." if result.next_bill_on else ""
        said = f"{result.number} started from {date_text(result.started_on)}.{first}"
        return Saved(said, reverse("customer-tab", args=[self.subject.number, "services"]))


class SubscriptionForm(OperationForm):
    """What every form about a subscription has."""

    noun = SUBSCRIPTION

    @property
    def context_line(self) -> str:
        return f"{self.subject.number}, {self.customer.name}"


class RemoveServicesForm(ChangeForm, SubscriptionForm):
    """Several services at once, all of them unless some are unticked: the whole subscription ends."""

    operation = operations.remove_services
    caption = "Remove services"
    button = "Remove"
    danger = True

    services = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    on = DayField(label="First day without them")
    regret = forms.BooleanField(label="Within cooling-off period: refund recurring charges", required=False)
    reason = forms.CharField(required=False, max_length=200)

    def prepare(self) -> None:
        today = self.caller.today
        # What came with a bundle goes with it.
        rows = queries.services_of(self.subject.customer).filter(subscription=self.subject, within=None)
        self.rows = {str(row.pk): row for row in rows}
        self.choose("services", [(key, str(row)) for key, row in self.rows.items()])
        self.begin_with({"services": list(self.rows), "on": today})
        regret_days = queries.term_on(self.subject, today).regret_days
        if not any((today - row.added_on).days <= regret_days for row in self.rows.values()):
            del self.fields["regret"]

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        change = Change("regret" if values.get("regret") else "cancel", values["on"])
        chosen = [self.rows[key] for key in values["services"]]
        return {"services": chosen, "change": change, "reason": values["reason"]}

    def saved(self, result: list[ServiceAction]) -> Saved:
        many = f"{len(result)} {'service' if len(result) == 1 else 'services'}"
        when = f"{date_text(result[0].on)}{', scheduled' if result[0].state == 'scheduled' else ''}"
        return Saved(f"{many} of {self.subject.number} removed from {when}.", self.home)


class ChangeAccountForm(ChangeForm, SubscriptionForm):
    """The subscription goes on under another account; both bills are drawn before it is done."""

    operation = operations.change_account
    drawing = preview_account
    caption = "Change account"
    button = "Change account"
    drawn_at_once = False

    account = forms.CharField(label="Account number of the other", max_length=40)
    reason = forms.CharField(required=False, max_length=200)

    def arguments(self) -> dict[str, Any]:
        found = customers_numbered(self.caller, [self.cleaned_data["account"].strip()])
        if not found:
            raise Refused("no_account", "There is no such account, or you may not see it.", field="account")
        return {"subscription": self.subject, "customer": found[0], "reason": self.cleaned_data["reason"]}

    def saved(self, result: Subscription) -> Saved:
        home = reverse("customer-tab", args=[result.customer.number, "services"])
        number, since = self.subject.number, date_text(result.started_on)
        return Saved(f"{number} continues as {result.number} of {result.customer.name} from {since}.", home)


class AddServiceForm(ServiceLines, SubscriptionForm):
    operation = operations.add_services
    caption = "Add service"
    button = "Add"

    draft = forms.BooleanField(label="As a draft: not billed until it is started", required=False)

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {"subscription": self.subject, "services": values["services"], "on": values["on"]}

    def saved(self, result: list[Service]) -> Saved:
        names = ", ".join(str(row) for row in result if row.within_id is None)
        draft = " as a draft" if self.cleaned_data["draft"] else ""
        return Saved(f"{names} added to {self.subject.number}{draft} from {date_text(result[0].added_on)}.", self.home)


class AmendTermsForm(SubscriptionForm):
    operation = operations.amend_terms
    caption = "How it is billed"
    button = "Change"

    frequency = forms.ChoiceField(label="Billed", choices=RECURRING)
    anchor_day = forms.IntegerField(label="Day of the month a period starts", min_value=1, max_value=31)
    in_arrears = forms.BooleanField(label="Billed after the period, not in advance", required=False)
    contract_ends = DayField(label="Contract ends", required=False)
    on = DayField(label="From", required=False, help_text="If left empty, from the end of what is billed already.")

    def prepare(self) -> None:
        term = queries.term_on(self.subject, self.caller.today)
        self.begin_with(
            {"frequency": term.frequency, "anchor_day": term.anchor_day, "in_arrears": not term.in_advance,
             "contract_ends": term.contract_ends}
        )  # fmt: skip

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        current = queries.term_on(self.subject, self.caller.today)
        term = NewTerm(
            values["frequency"], values["anchor_day"], not values["in_arrears"], current.proration,
            values["contract_ends"] or None, current.notice_days, current.regret_days, current.penalty_minor,
        )  # fmt: skip
        return {"subscription": self.subject, "term": term, "on": values["on"] or None}

    def saved(self, result: Term) -> Saved:
        often = f"by the {result.get_frequency_display().lower()}"
        how = f"{often}, {'in advance' if result.in_advance else 'in arrears'}, day {result.anchor_day}"
        return Saved(f"{self.subject.number} is billed {how}, from {date_text(result.valid_from)}.", self.home)


class OneTimeChargeForm(CustomerForm):
    operation = operations.add_one_time_charge
    caption = "Add one-time charge"
    button = "Add to the next bill"

    subscription = forms.ChoiceField()
    text = forms.CharField(label="For", max_length=200)
    price = forms.CharField()
    prices = forms.ChoiceField(label="Tax", choices=[("incl", "Included in the price"), ("excl", "Added to the price")])
    on = DayField(label="From")

    def prepare(self) -> None:
        self.subscriptions = {str(row.pk): row for row in queries.subscriptions_of(self.subject)}
        self.choose("subscription", [(key, row.number) for key, row in self.subscriptions.items()])
        # Whoever is quoted prices without tax is quoted all of them so.
        priced = {row.product.prices_include_tax for row in queries.services_of(self.subject)}
        self.begin_with({"on": self.caller.today, "prices": "excl" if priced == {False} else "incl"})

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        price = read_decimal(values["price"], self.currency, field="price")
        row = self.subscriptions[values["subscription"]]
        return {
            "subscription": row, "text": values["text"], "price": price, "on": values["on"],
            "prices_include_tax": values["prices"] == "incl",
        }  # fmt: skip

    def saved(self, result: Any) -> Saved:
        price = money_text(round_minor((result.price * result.quantity).scaleb(places(self.currency))), self.currency)
        when = f" from {date_text(result.on)} on" if result.on > self.caller.today else ""
        return Saved(f"{result.text} for {price} is on the next bill{when}.")
