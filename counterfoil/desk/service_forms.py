"""Forms about services. The money a change makes is drawn by billing, so they live where the two meet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django import forms

from counterfoil.billing.operations import Effect, preview_change
from counterfoil.billing.queries import tax_to_add
from counterfoil.catalogue.models import Product
from counterfoil.catalogue.queries import coupon_coded, tax_words
from counterfoil.catalogue.rules import amount_text, price_text
from counterfoil.credit.queries import EXCEED
from counterfoil.kernel.money import money_text, read_decimal, round_minor
from counterfoil.kernel.periods import date_text
from counterfoil.operator.queries import without_tax
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import DayField, OperationForm, Saved
from counterfoil.platform.operations import Step, Verb
from counterfoil.subscriptions import operations, queries
from counterfoil.subscriptions.models import ServiceAction
from counterfoil.subscriptions.nouns import SERVICE
from counterfoil.subscriptions.operations.coupons import coupon_change
from counterfoil.subscriptions.rules import Change


class ChangeForm(OperationForm):
    """A change of services: its money is drawn before it is done."""

    drawing: ClassVar[Step[Any, Effect]] = preview_change
    preview_body = "desk/service_effect.html"
    drawn_at_once = True

    def drawn(self) -> dict[str, Any]:
        """The change to draw; what will be done, unless that says more."""
        return self.arguments()

    def perform(self, caller: Caller) -> Any:
        if caller.preview and caller.may("billing.view"):
            if not caller.may(EXCEED):
                # The system draws beyond a credit limit; this person would be refused.
                self.operation(caller, **self.arguments())
            arguments = self.drawn()
            caller.check_scope(arguments)
            return self.drawing(Caller.system(caller.door, behalf=caller), **arguments)
        return self.operation(caller, **self.arguments())

    def preview_context(self) -> dict[str, Any]:
        return {"effect": self.result, "currency": self.currency}


def said_of(action: ServiceAction, currency: str) -> str:
    """What was done to a service, or is to be, in a sentence: `Fibre 100 changed to Fibre 200 from 15 Dec 2026.`"""
    last = f" up to {date_text(action.until)}" if action.until else ""
    when = f" from {date_text(action.on)}{last}" + (", scheduled." if action.state == "scheduled" else ".")
    name = action.before if action.kind == "swap" else str(action.service)
    return f"{name} {_done_words(action, currency)}{when}"


def _done_words(action: ServiceAction, currency: str) -> str:
    match action.kind:
        case "swap":
            return f"changed to {action.product}"
        case "quantity":
            return f"changed to a quantity of {(action.quantity or Decimal(1)).normalize():f}"
        case "price":
            return "at its list price" if action.price is None else f"at {price_text(action.price, currency)}"
        case "discount":
            return f"with {(action.percent_off or Decimal(0)).normalize():f} % off"
        case "cancel" | "undo":
            return "removed"
        case "end_rest":
            return "resumed"
        case "regret":
            return "removed within the cooling-off period, everything charged is refunded,"
    return action.get_kind_display().lower()


class ServiceForm(ChangeForm):
    """An action on one service: what it says becomes a change."""

    operation: ClassVar[Verb[Any, Any]] = operations.change_services
    noun = SERVICE
    kind: ClassVar[str] = ""

    on = DayField(label="From")

    def prepare(self) -> None:
        self.begin_with({"on": self.caller.today})

    @property
    def context_line(self) -> str:
        return f"{self.subject}, {self.customer.name}"

    def details(self) -> dict[str, Any]:
        """What the change says besides its kind and day."""
        return {}

    def change(self) -> Change:
        return Change(self.kind, self.cleaned_data["on"], **self.details())

    def arguments(self) -> dict[str, Any]:
        said = self.cleaned_data.get("reason", "")
        return {"services": [self.subject], "change": self.change(), "reason": said}

    def saved(self, result: list[ServiceAction]) -> Saved:
        return Saved(said_of(result[0], self.currency), self.home)


class ChangePackageForm(ServiceForm):
    drawn_at_once = False
    caption = "Change package"
    button = "Change"
    kind = "swap"
    field_order = ("product",)

    product = forms.ChoiceField(label="New package", widget=forms.RadioSelect(attrs={"autofocus": True}))
    on = DayField(
        label="From", required=False,
        help_text="If left empty, an upgrade is today, a downgrade on the next billing day. A later day is scheduled.",
    )  # fmt: skip
    reason = forms.CharField(required=False, max_length=200)

    def prepare(self) -> None:
        day = self.caller.today
        now, packages = self.subject.product, queries.packages_for(self.subject, day)
        self.percents = tax_to_add([now, *(product for product, _ in packages)], day)
        self.excl = without_tax() if self.percents else ""
        self.now = self._with_tax(now, queries.price_of(self.subject, day) or 0)
        self.minors = {str(product.pk): self._with_tax(product, minor) for product, minor in packages}
        self.choose("product", [(str(product.pk), self._words(product, minor)) for product, minor in packages])

    def _with_tax(self, product: Product, minor: int) -> int:
        """Prices with tax in them and prices without compare only with tax."""
        return minor + round_minor(minor * self.percents.get(product.pk, Decimal(0)) / 100)

    def _words(self, product: Product, minor: int) -> str:
        more = self._with_tax(product, minor) - self.now
        sign = "+" if more >= 0 else ""
        meant = "" if product.prices_include_tax else f" {self.excl}"
        taxed = " with tax" if self.excl else ""
        price, change = money_text(minor, self.currency), money_text(more, self.currency)
        unit = f" per {product.unit}" if product.unit else ""
        within = f", {amount_text(product.included, product.unit)} included" if product.included else ""
        return f"{product.name}, {price}{unit}{meant} ({sign}{change}{taxed}){within}"

    def change(self) -> Change:
        product = self.cleaned_data["product"]
        day = self.cleaned_data["on"] or self.caller.today
        if not self.cleaned_data["on"] and self.minors[product] < self.now:
            # A downgrade waits for the next period, so there is nothing to credit (domain 3.4).
            day = queries.next_period_on(self.subject, day)
        return Change(self.kind, day, product_id=int(product))


class RemoveServiceForm(ServiceForm):
    """Undo, regret or cancel: it follows from the service and what is ticked (domain 3.3)."""

    operation = operations.remove_services
    caption = "Remove service"
    button = "Remove"
    danger = True

    on = DayField(label="First day without it")
    regret = forms.BooleanField(label="Within cooling-off period: refund recurring charges", required=False)
    reason = forms.CharField(required=False, max_length=200)

    @property
    def button_text(self) -> str:
        """What goes, and from when."""
        day = self.value("on")
        return f"Remove {self.subject} from {date_text(day, today=self.caller.today)}" if day else self.button

    def prepare(self) -> None:
        super().prepare()
        term = queries.term_on(self.subject.subscription, self.caller.today)
        if (self.caller.today - self.subject.added_on).days > term.regret_days:
            del self.fields["regret"]

    def change(self) -> Change:
        return Change("regret" if self.cleaned_data.get("regret") else "cancel", self.cleaned_data["on"])


class RestForm(ServiceForm):
    caption, button, kind = "Pause", "Pause", "rest"
    bills: ClassVar[str] = (
        "Not billed from then on, and what is billed already is credited. The package stays as it is."
    )
    until = DayField(label="Back on", required=False, help_text="If left empty, until somebody ends it.")
    reason = forms.CharField(required=False, max_length=200)

    def prepare(self) -> None:
        super().prepare()
        self.fields["on"].help_text = self.bills

    def details(self) -> dict[str, Any]:
        return {"until": self.cleaned_data["until"] or None}


class StopForm(RestForm):
    caption, button, kind = "Suspend at customer's request", "Suspend", "stop"
    bills = (
        "Not billed from then on, and what is billed already is credited. Package and quantity can change meanwhile."
    )


class StartForm(ServiceForm):
    caption, button, kind = "Start", "Start", "start"


class EndRestForm(ServiceForm):
    caption, button, kind = "Resume", "Resume", "end_rest"


class QuantityForm(ServiceForm):
    caption, button, kind = "Quantity", "Change", "quantity"
    field_order = ("quantity",)
    quantity = forms.DecimalField(max_digits=10, decimal_places=4)

    def details(self) -> dict[str, Any]:
        return {"quantity": self.cleaned_data["quantity"]}


class OwnPriceForm(ServiceForm):
    operation = operations.reprice_services
    caption, button, kind = "Custom price", "Set", "price"
    field_order = ("price",)
    price = forms.CharField(required=False)
    reason = forms.CharField(max_length=200)

    def prepare(self) -> None:
        super().prepare()
        product = self.subject.product
        per = product.unit or "period"
        self.fields["price"].help_text = f"Of one {per}, {tax_words(product)}. If left empty, the list price."

    def details(self) -> dict[str, Any]:
        text = self.cleaned_data["price"]
        return {"price": read_decimal(text, self.currency, field="price") if text else None}


class DiscountForm(RestForm):
    bills = ""
    operation = operations.reprice_services
    caption, button, kind = "Discount", "Set", "discount"
    field_order = ("percent_off",)
    percent_off = forms.DecimalField(label="Percent off", max_digits=6, decimal_places=3)
    until = DayField(
        label="Up to", required=False, help_text="The first day at the full price. If left empty, it has no end."
    )
    reason = forms.CharField(max_length=200)

    def details(self) -> dict[str, Any]:
        return {"percent_off": self.cleaned_data["percent_off"], **super().details()}


class CouponForm(ServiceForm):
    """A discount by its code; how much and how long is what the coupon says."""

    operation = operations.take_coupon
    caption = "Coupon"
    button = "Apply coupon"
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
        return Saved(said_of(result, self.currency), self.home)


ACTIONS: dict[str, type[ServiceForm]] = {
    form.kind: form
    for form in (RestForm, StopForm, StartForm, EndRestForm, QuantityForm, OwnPriceForm, DiscountForm, CouponForm)
}
