"""Forms about services. The money a change makes is drawn by billing, so they live where the two meet."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.urls import reverse

from counterfoil.billing.operations import preview_account, preview_change
from counterfoil.catalogue.models import RECURRING, Product
from counterfoil.catalogue.queries import coupon_coded, on_sale
from counterfoil.catalogue.rules import amount_text
from counterfoil.customers.forms import CustomerForm
from counterfoil.customers.queries import customers_numbered, sites_of
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import money_text, read_decimal
from counterfoil.kernel.periods import date_text
from counterfoil.platform.doors import DayField, OperationForm, Saved
from counterfoil.platform.operations import Caller, RegisteredOperation
from counterfoil.subscriptions import operations, queries
from counterfoil.subscriptions.models import Service, ServiceAction, Subscription, Term
from counterfoil.subscriptions.operations import NewService, NewTerm
from counterfoil.subscriptions.operations.coupons import coupon_change
from counterfoil.subscriptions.rules import Change


class ChangeForm(OperationForm):
    """A change of services: its money is drawn before it is done."""

    drawing: ClassVar[RegisteredOperation[Any, Any]] = preview_change
    preview_body = "desk/service_effect.html"
    drawn_at_once = True

    def drawn(self) -> dict[str, Any]:
        """The change to draw; what will be done, unless that says more."""
        return self.arguments()

    def perform(self, caller: Caller) -> Any:
        if caller.preview and caller.may(self.drawing):
            return self.drawing(caller, **self.drawn())
        return self.operation(caller, **self.arguments())

    def preview_context(self) -> dict[str, Any]:
        return {"effect": self.result, "currency": self.currency}


class ServiceForm(ChangeForm):
    """An action on one service: what it says becomes a change."""

    operation = operations.change_services
    kind: ClassVar[str] = ""

    on = DayField(label="From")

    @classmethod
    def find(cls, caller: Caller, **route: Any) -> Service:
        return queries.get_service(caller, route["pk"])

    def prepare(self) -> None:
        self.begin_with({"on": self.caller.today})

    @property
    def customer(self) -> Any:
        return self.subject.subscription.customer

    @property
    def context_line(self) -> str:
        return f"{self.subject}, {self.customer.name}"

    @property
    def home(self) -> str:
        return reverse("customer-tab", args=[self.customer.number, "services"])

    def details(self) -> dict[str, Any]:
        """What the change says besides its kind and day."""
        return {}

    def change(self) -> Change:
        return Change(self.kind, self.cleaned_data["on"], **self.details())

    def arguments(self) -> dict[str, Any]:
        said = self.cleaned_data.get("reason", "")
        return {"services": [self.subject], "change": self.change(), "reason": said}

    def saved(self, result: list[ServiceAction]) -> Saved:
        action = result[0]
        when = f"scheduled for {date_text(action.on)}" if action.state == "scheduled" else "done"
        return Saved(f"{action.service}: {action.get_kind_display().lower()}, {when}.", self.home)


class ChangePackageForm(ServiceForm):
    drawn_at_once = False
    caption = "Change package"
    button = "Change"
    kind = "swap"
    field_order = ("product",)

    product = forms.ChoiceField(label="New package", widget=forms.RadioSelect(attrs={"autofocus": True}))
    on = DayField(
        label="From", required=False,
        help_text="Left empty, an upgrade is today and a downgrade on the next billing day. A later day is scheduled.",
    )  # fmt: skip
    reason = forms.CharField(required=False, max_length=200)

    def prepare(self) -> None:
        day = self.caller.today
        self.now = queries.price_of(self.subject, day) or 0
        self.minors = {str(row.pk): (row, minor) for row, minor in queries.packages_for(self.subject, day)}
        self.choose("product", [(key, self._words(row, minor)) for key, (row, minor) in self.minors.items()])

    def _words(self, product: Product, minor: int) -> str:
        more = minor - self.now
        sign = "+" if more >= 0 else ""
        unit = f" per {product.unit}" if product.unit else ""
        return f"{product.name}, {money_text(minor, self.currency)}{unit} ({sign}{money_text(more, self.currency)})" + (
            f", {amount_text(product.included, product.unit)} included" if product.included else ""
        )

    def change(self) -> Change:
        product = self.cleaned_data["product"]
        day = self.cleaned_data["on"] or self.caller.today
        if not self.cleaned_data["on"] and self.minors[product][1] < self.now:
            # A downgrade waits for the next period, so there is nothing to credit (domain 21.7).
            day = max(self.subject.subscription.next_bill_on or day, day)
        return Change(self.kind, day, product_id=int(product))


class RemoveServiceForm(ServiceForm):
    """Seed 002: draft, regret or cancel follows from the service and the day; the last day is what is asked for."""

    operation = operations.remove_services
    caption = "Remove service"
    button = "Remove"
    danger = True

    on = DayField(label="First day without it")
    regret = forms.BooleanField(label="Within the regret days: give everything back", required=False)
    reason = forms.CharField(required=False, max_length=200)

    def prepare(self) -> None:
        super().prepare()
        term = queries.term_on(self.subject.subscription, self.caller.today)
        if (self.caller.today - self.subject.added_on).days > term.regret_days:
            del self.fields["regret"]

    def change(self) -> Change:
        return Change("regret" if self.cleaned_data.get("regret") else "cancel", self.cleaned_data["on"])


class RestForm(ServiceForm):
    caption, button, kind = "Rest", "Rest", "rest"
    until = DayField(label="Back on", required=False, help_text="Left empty, until somebody ends it.")
    reason = forms.CharField(required=False, max_length=200)

    def details(self) -> dict[str, Any]:
        return {"until": self.cleaned_data["until"] or None}


class StopForm(RestForm):
    caption, button, kind = "Stop", "Stop", "stop"


class StartForm(ServiceForm):
    caption, button, kind = "Start", "Start", "start"


class EndRestForm(ServiceForm):
    caption, button, kind = "End the rest", "End the rest", "end_rest"


class QuantityForm(ServiceForm):
    caption, button, kind = "Quantity", "Change", "quantity"
    field_order = ("quantity",)
    quantity = forms.DecimalField(max_digits=10, decimal_places=4)

    def details(self) -> dict[str, Any]:
        return {"quantity": self.cleaned_data["quantity"]}


class OwnPriceForm(ServiceForm):
    operation = operations.reprice_services
    caption, button, kind = "Own price", "Set", "price"
    field_order = ("price",)
    price = forms.CharField(
        required=False, help_text="Of one period (of usage: one unit), tax included. Left empty, the list price."
    )
    reason = forms.CharField(max_length=200)

    def details(self) -> dict[str, Any]:
        text = self.cleaned_data["price"]
        return {"price": read_decimal(text, self.currency, field="price") if text else None}


class DiscountForm(RestForm):
    operation = operations.reprice_services
    caption, button, kind = "Discount", "Set", "discount"
    field_order = ("percent_off",)
    percent_off = forms.DecimalField(label="Percent off", max_digits=6, decimal_places=3)
    until = DayField(label="Up to", required=False, help_text="The first day at the full price; empty is for good.")
    reason = forms.CharField(max_length=200)

    def details(self) -> dict[str, Any]:
        return {"percent_off": self.cleaned_data["percent_off"], **super().details()}


class CouponForm(ServiceForm):
    """A discount by its code; how much and how long is what the coupon says."""

    operation = operations.take_coupon
    caption = "Coupon"
    button = "Take it"
    kind = "coupon"
    field_order = ("code",)
    drawn_at_once = False

    code = forms.CharField(max_length=40)

    def arguments(self) -> dict[str, Any]:
        return {"service": self.subject, "code": self.cleaned_data["code"], "on": self.cleaned_data["on"]}

    def drawn(self) -> dict[str, Any]:
        change = coupon_change(coupon_coded(self.cleaned_data["code"]), self.subject, self.cleaned_data["on"])
        return {"services": [self.subject], "change": change, "reason": "Coupon"}

    def saved(self, result: ServiceAction) -> Saved:  # type: ignore[override]
        until = f" up to {date_text(result.until)}" if result.until else ""
        percent = f"{result.percent_off.normalize():f}" if result.percent_off is not None else ""
        return Saved(f"{result.service}: {percent} % off from {date_text(result.on)}{until}.", self.home)


ACTIONS: dict[str, type[ServiceForm]] = {
    form.kind: form
    for form in (RestForm, StopForm, StartForm, EndRestForm, QuantityForm, OwnPriceForm, DiscountForm, CouponForm)
}


class NewSubscriptionForm(CustomerForm):
    operation = operations.start_subscription
    caption = "New subscription"
    button = "Start"

    product = forms.ChoiceField(label="Package")
    label = forms.CharField(required=False, max_length=120, help_text="A telephone or serial number, if it has one.")
    on = DayField(label="From")
    frequency = forms.ChoiceField(label="Billed", choices=RECURRING)
    anchor_day = forms.IntegerField(label="Day of the month a period starts", required=False, min_value=1, max_value=31)
    in_arrears = forms.BooleanField(label="Billed after the period, not in advance", required=False)
    contract_ends = DayField(label="Contract ends", required=False)
    site = forms.ChoiceField(label="Address", required=False)

    def prepare(self) -> None:
        self.products = {str(row.pk): row for row in on_sale("data", "voice", "equipment", "extra", "usage")}
        self.choose("product", [(key, str(row)) for key, row in self.products.items()])
        self.sites = {str(site.pk): site for site in sites_of(self.subject)}
        self.choose("site", [("", "None"), *((key, site.text) for key, site in self.sites.items())])
        self.begin_with({"on": self.caller.today, "frequency": "month", "anchor_day": 1})

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        term = NewTerm(
            frequency=values["frequency"], anchor_day=values["anchor_day"], in_advance=not values["in_arrears"],
            contract_ends=values["contract_ends"] or None,
        )  # fmt: skip
        services = [NewService(self.products[values["product"]], label=values["label"])]
        site = self.sites.get(values["site"])
        return {"customer": self.subject, "services": services, "on": values["on"], "term": term, "site": site}

    def saved(self, result: Subscription) -> Saved:
        return Saved(f"{result.number} started.", reverse("customer-tab", args=[self.subject.number, "services"]))


class SubscriptionForm(OperationForm):
    """What every form about a subscription has."""

    @classmethod
    def find(cls, caller: Caller, **route: Any) -> Subscription:
        return queries.get_subscription(caller, route["pk"])

    @property
    def home(self) -> str:
        return reverse("customer-tab", args=[self.customer.number, "services"])

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
    regret = forms.BooleanField(label="Within the regret days: give everything back", required=False)
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
        when = "from that day" if result[0].state == "scheduled" else "done"
        return Saved(f"{len(result)} {'service' if len(result) == 1 else 'services'} removed, {when}.", self.home)


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
        return Saved(f"It goes on as {result.number} of {result.customer.name}.", home)


class AddServiceForm(SubscriptionForm):
    operation = operations.add_services
    caption = "Add service"
    button = "Add"

    product = forms.ChoiceField(label="Package")
    label = forms.CharField(required=False, max_length=120, help_text="A telephone or serial number, if it has one.")
    on = DayField(label="From")
    draft = forms.BooleanField(label="As a draft: not billed until it is started", required=False)

    def prepare(self) -> None:
        self.products = {str(row.pk): row for row in on_sale("data", "voice", "equipment", "extra", "usage")}
        self.choose("product", [(key, str(row)) for key, row in self.products.items()])
        self.begin_with({"on": self.caller.today})

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        new = NewService(self.products[values["product"]], label=values["label"], draft=values["draft"])
        return {"subscription": self.subject, "services": [new], "on": values["on"]}

    def saved(self, result: list[Service]) -> Saved:
        return Saved(f"{result[0]} added.", self.home)


class AmendTermsForm(SubscriptionForm):
    operation = operations.amend_terms
    caption = "How it is billed"
    button = "Change"

    frequency = forms.ChoiceField(label="Billed", choices=RECURRING)
    anchor_day = forms.IntegerField(label="Day of the month a period starts", min_value=1, max_value=31)
    in_arrears = forms.BooleanField(label="Billed after the period, not in advance", required=False)
    contract_ends = DayField(label="Contract ends", required=False)
    on = DayField(label="From", required=False, help_text="Left empty, from the end of what is billed already.")

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
        return Saved(f"Billed like that from {date_text(result.valid_from)}.", self.home)


class OneTimeChargeForm(CustomerForm):
    operation = operations.add_one_time_charge
    caption = "Add one-time charge"
    button = "Add to the next bill"

    subscription = forms.ChoiceField()
    text = forms.CharField(label="For", max_length=200)
    price = forms.CharField(label="Price, tax included")
    on = DayField(label="From")

    def prepare(self) -> None:
        self.subscriptions = {str(row.pk): row for row in queries.subscriptions_of(self.subject)}
        self.choose("subscription", [(key, row.number) for key, row in self.subscriptions.items()])
        self.begin_with({"on": self.caller.today})

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        price = read_decimal(values["price"], self.currency, field="price")
        row = self.subscriptions[values["subscription"]]
        return {"subscription": row, "text": values["text"], "price": price, "on": values["on"]}

    def saved(self, result: Any) -> Saved:
        return Saved(f"{result.text} is on the next bill.")


class WithdrawForm(OperationForm):
    operation = operations.withdraw_action
    caption = "Withdraw a scheduled change"
    button = "Withdraw"

    @classmethod
    def find(cls, caller: Caller, **route: Any) -> ServiceAction:
        return queries.get_action(caller, route["pk"])

    @property
    def customer(self) -> Any:
        return self.subject.service.subscription.customer

    @property
    def context_line(self) -> str:
        return f"{self.subject.service}: {self.subject.get_kind_display().lower()} on {date_text(self.subject.on)}"

    def arguments(self) -> dict[str, Any]:
        return {"action": self.subject}

    def saved(self, result: ServiceAction) -> Saved:
        return Saved("It will not happen.")
