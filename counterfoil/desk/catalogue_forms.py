"""Forms about products and prices. Whom a price touches is read from subscriptions, so they live where the two meet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode

from counterfoil.billing.queries import tax_rates_on, tax_to_add
from counterfoil.catalogue import operations, queries
from counterfoil.catalogue.models import Frequency, Price, Product
from counterfoil.catalogue.nouns import PRODUCT
from counterfoil.catalogue.operations import NewProduct, ProductFacts
from counterfoil.catalogue.rules import Increase
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import money_text, places, read_decimal
from counterfoil.kernel.periods import add_months, date_text
from counterfoil.operator.queries import operator_currency, without_tax
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import DayField, OperationForm, Saved
from counterfoil.subscriptions.queries import services_by_product
from counterfoil.subscriptions.repricing import Effect, effect_of

WHOM = [("all", "Everybody"), ("new", "New services only. Existing services keep their price.")]
PRICES = [("incl", "Include tax"), ("excl", "Exclude tax: it is added on the invoice")]
STEPS = ("0.01", "0.05", "0.10", "0.50", "1", "5", "10")
# A preview shows so many lines; its figures are of all.
MOST_LINES = 60


class _Adding(OperationForm):
    """Something about no product yet."""

    @classmethod
    def find(cls, caller: Caller, **route: Any) -> None:
        caller.must("catalogue.view")

    @property
    def context_line(self) -> str:
        return "Catalogue"

    @property
    def home(self) -> str:
        return reverse("catalogue")


class _AboutProduct(OperationForm):
    noun = PRODUCT

    @property
    def context_line(self) -> str:
        return f"{self.subject}, {self.subject.code}"

    @property
    def home(self) -> str:
        return reverse("product", args=[self.subject.pk])


class _ProductFields(forms.Form):
    name = forms.CharField(max_length=120)
    family = forms.CharField(
        required=False, max_length=40, help_text="Products of one family are up- and downgrades of each other."
    )
    tier = forms.IntegerField(
        required=False, min_value=0, max_value=32767, help_text="Its place in the family, the lowest first."
    )
    needs = forms.ChoiceField(
        required=False, choices=[("", "Nothing"), *Product.Kind.choices],
        help_text="Must be on the same subscription.",
    )  # fmt: skip
    tax_code = forms.ChoiceField(label="Tax", required=False)
    set_up = forms.ChoiceField(
        label="Set-up fee", required=False, help_text="A one-time charge, on the first bill of each service with it."
    )
    prices = forms.ChoiceField(choices=PRICES, help_text="Can't be changed once there is a price or service.")
    alternative_code = forms.CharField(
        label="Other code", required=False, max_length=40, help_text="Its code in another system."
    )

    def offer_taxes(self, caller: Caller, current: str = "") -> list[tuple[str, str]]:
        """The taxes that may be chosen; the one it has stays one of them."""
        rates = [(rate.code, rate.name) for rate in tax_rates_on(caller.today)]
        if current and current not in dict(rates):
            rates.append((current, current))
        self.fields["tax_code"].choices = [*rates, ("", "No tax")]  # type: ignore[attr-defined]
        return rates

    def offer_fees(self, current: Product | None = None) -> None:
        """What is charged once can be a set-up fee; the one it has stays one of them."""
        fees = [(row.code, row.name) for row in queries.on_sale(Product.Kind.ONE_TIME)]
        if current is not None and current.code not in dict(fees):
            fees.append((current.code, f"{current}, withdrawn"))
        if fees:
            self.fields["set_up"].choices = [("", "None"), *fees]  # type: ignore[attr-defined]
        else:
            del self.fields["set_up"]


class AddProductForm(_ProductFields, _Adding):
    operation = operations.add_product
    caption = "Add product"
    button = "Add product"
    body = "desk/product_fields.html"

    code = forms.CharField(max_length=40, help_text="Short and lasting, such as fibre-100. It does not change later.")
    kind = forms.ChoiceField(choices=Product.Kind.choices)
    unit = forms.CharField(
        required=False, max_length=20, help_text="What usage is measured in: minute, GB. It does not change later."
    )
    included = forms.DecimalField(
        required=False, min_value=0, max_digits=13, decimal_places=4,
        help_text="Units included per billing period. For a different allowance, add another product.",
    )  # fmt: skip
    parts = forms.MultipleChoiceField(
        label="Comes with", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="Included in the bundle's price.",
    )  # fmt: skip

    def prepare(self) -> None:
        rates = self.offer_taxes(self.caller)
        self.offer_fees()
        self.begin_with({"tax_code": rates[0][0] if rates else "", "tier": 0, "prices": "incl"})
        self.choose("parts", [(row.code, row.name) for row in queries.on_sale()])

    def arguments(self) -> dict[str, Any]:
        values = dict(self.cleaned_data)
        values |= {
            "tier": values["tier"] or 0, "included": values["included"] or Decimal(0),
            "parts": tuple(values["parts"]), "prices_include_tax": values.pop("prices") == "incl",
        }  # fmt: skip
        return {"new": NewProduct(**values)}

    def saved(self, result: Product) -> Saved:
        may = self.caller.may(operations.set_prices)
        url = reverse("set-price" if may else "product", args=[result.pk])
        return Saved(f"{result} added. Set a price to start selling it.", url)


class ChangeProductForm(_ProductFields, _AboutProduct):
    operation = operations.change_product
    caption = "Change product"
    body = "desk/product_fields.html"

    def prepare(self) -> None:
        self.offer_taxes(self.caller, self.subject.tax_code)
        self.offer_fees(self.subject.set_up)
        if self.subject.kind == Product.Kind.ONE_TIME:
            self.fields.pop("set_up", None)
        if operations.tax_kept_by(self.subject):
            del self.fields["prices"]
        first = {name: getattr(self.subject, name) for name in self.fields if name not in ("prices", "set_up")}
        first["set_up"] = self.subject.set_up.code if self.subject.set_up else ""
        self.begin_with({**first, "prices": "incl" if self.subject.prices_include_tax else "excl"})

    def arguments(self) -> dict[str, Any]:
        values = dict(self.cleaned_data)
        name, prices = values.pop("name"), values.pop("prices", None)
        more = {"tier": values["tier"] or 0, "prices_include_tax": None if prices is None else prices == "incl"}
        facts = ProductFacts(**{**values, **more})
        return {"product": self.subject, "name": name, "active": self.subject.active, "facts": facts}

    def saved(self, result: Product) -> Saved:
        return Saved(f"{result} saved.", self.home)


class WithdrawProductForm(_AboutProduct):
    operation = operations.change_product
    caption = "Withdraw from sale"
    button = "Withdraw"
    body = "desk/withdraw_product.html"
    danger = True
    active: ClassVar[bool] = False

    @property
    def services(self) -> int:
        """How many services go on with it."""
        return services_by_product(self.caller).get(self.subject.pk, 0)

    def arguments(self) -> dict[str, Any]:
        return {"product": self.subject, "name": self.subject.name, "active": self.active}

    def saved(self, result: Product) -> Saved:
        return Saved(f"{result} withdrawn from sale.", self.home)


class OfferProductForm(WithdrawProductForm):
    caption = "Sell again"
    button = "Sell again"
    danger = False
    active = True

    def saved(self, result: Product) -> Saved:
        return Saved(f"{result} is on sale again.", self.home)


class _PriceForm(OperationForm):
    """What the two forms of prices have: from when and for whom, and whom it touches drawn before it is done."""

    preview_body = "desk/price_effect.html"
    drawn_at_once = True
    touched: ClassVar[str] = ""

    def offer_currencies(self) -> None:
        """The currencies there are prices in; with one there is nothing to choose."""
        own = operator_currency()
        found = sorted({own, *queries.priced_in()[1]}, key=lambda code: (code != own, code))
        self.choose("currency", [(code, code) for code in found])
        self.begin_with({"currency": own})
        if len(found) < 2:
            del self.fields["currency"]

    @property
    def priced_in(self) -> str:
        """The currency of the prices in the form."""
        return self.cleaned_data.get("currency") or operator_currency()

    def when_and_whom(self) -> dict[str, Any]:
        """The arguments that both operations have."""
        values = self.cleaned_data
        return {
            "currency": self.priced_in, "valid_from": values["valid_from"], "new_only": values["whom"] == "new",
        }  # fmt: skip

    @cached_property
    def effect(self) -> Effect | None:
        """What the prices do to the services that are there; None before there are any."""
        prices: list[Price] = self.result or []
        if not prices:
            return None
        on = max(prices[0].valid_from, self.caller.today)
        return effect_of(prices, on, tax_to_add([price.product for price in prices], on))

    def preview_context(self) -> dict[str, Any]:
        if self.effect is None:
            return {}
        prices = self.result
        query = {name: self.value(name) for name in self.fields}
        if isinstance(query.get("products"), list):
            query["products"] = ".".join(query["products"])
        return {
            "excl": "" if all(price.product.prices_include_tax for price in prices) else without_tax(),
            "effect": self.effect, "lines": self.effect.lines[:MOST_LINES],
            "more": max(len(self.effect.lines) - MOST_LINES, 0), "currency": prices[0].currency,
            "on": prices[0].valid_from, "new_only": prices[0].new_only,
            "by_unit": any(price.frequency == Frequency.UNIT for price in prices),
            "kept": ", ".join(f"{count:,} {why}" for why, count in sorted(self.effect.kept.items())),
            "touched_url": f"{self.touched_address}?{urlencode({k: v for k, v in query.items() if v})}",
        }  # fmt: skip

    @property
    def touched_address(self) -> str:
        """The page that lists whom it touches."""
        return reverse(self.touched)

    def refuse(self, refusal: Refused) -> None:
        field = {"percent": "value", "amount": "value"}.get(refusal.field or "", refusal.field)
        super().refuse(Refused(refusal.code, refusal.sentence, field=field))

    def after(self, effect: Effect) -> str:
        """Affected services, as the message says it."""
        if not effect.services:
            return "No service's price changes."
        if all(line.price.frequency == Frequency.UNIT for line in effect.lines):
            return (
                f"{effect.services:,} {'service pays' if effect.services == 1 else 'services pay'} it for their usage."
            )
        services = f"{effect.services:,} {'service pays' if effect.services == 1 else 'services pay'}"
        more = effect.month_minor
        said = money_text(abs(more), effect.lines[0].price.currency)
        taxed = "" if all(line.price.product.prices_include_tax for line in effect.lines) else ", tax included"
        return f"{services} {said} {'more' if more >= 0 else 'less'} a month{taxed}."


class SetPriceForm(_PriceForm, _AboutProduct):
    operation = operations.set_prices
    caption = "Set a price"
    button = "Set price"
    touched = "price-touched"

    frequency = forms.ChoiceField(label="Charged", choices=Frequency.choices)
    currency = forms.ChoiceField()  # type: ignore[assignment]
    value = forms.CharField(max_length=30)  # type: ignore[assignment]  # a field, which is no attribute
    valid_from = DayField(label="From", help_text="Each billing period is charged at the price on its first day.")
    whom = forms.ChoiceField(label="For", choices=WHOM, widget=forms.RadioSelect, initial="all")

    def prepare(self) -> None:
        self.fields["value"].widget.attrs.update({"inputmode": "decimal", "autocomplete": "off"})
        self.fields["value"].label = f"Price, {queries.tax_words(self.subject)}"
        usual = {Product.Kind.ONE_TIME: Frequency.ONCE, Product.Kind.USAGE: Frequency.UNIT}
        frequency = usual.get(self.subject.kind, Frequency.MONTH)
        by_unit = frequency == Frequency.UNIT
        self.choose("frequency", [each for each in Frequency.choices if (each[0] == Frequency.UNIT) == by_unit])
        self.begin_with({"frequency": frequency, "valid_from": self.caller.today})
        self.offer_currencies()

    @property
    def touched_address(self) -> str:
        return reverse(self.touched, args=[self.subject.pk])

    @property
    def button_text(self) -> str:
        if not self.result:
            return self.button
        price = self.result[0]
        return f"Set {queries.price_words(price.amount, price.currency, price.product)}"

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        amount = read_decimal(values["value"], self.priced_in, field="value")
        return {"prices": [(self.subject, values["frequency"], amount)], **self.when_and_whom()}

    def saved(self, result: list[Price]) -> Saved:
        price = result[0]
        self.result = result
        said = queries.price_words(price.amount, price.currency, price.product)
        said += f" {price.get_frequency_display().lower()}"
        since = date_text(price.valid_from, today=self.caller.today)
        effect = f" {self.after(self.effect)}" if self.effect else ""
        return Saved(f"{self.subject} costs {said} from {since}.{effect}", self.home)


class RaisePricesForm(_PriceForm, _Adding):
    """Many prices at once, with whom it touches drawn before anything is done."""

    operation = operations.raise_prices
    caption = "Raise prices"
    button = "Raise prices"
    body = "desk/raise_fields.html"
    touched = "raise-touched"

    kind = forms.ChoiceField(required=False, choices=[("", "Every kind"), *Product.Kind.choices])
    family = forms.ChoiceField(required=False)
    products = forms.MultipleChoiceField(
        label="Only these products", required=False, widget=forms.CheckboxSelectMultiple
    )
    frequency = forms.ChoiceField(label="Charged", required=False)
    currency = forms.ChoiceField()  # type: ignore[assignment]
    how = forms.ChoiceField(
        label="By", choices=[("percent", "Percent"), ("amount", "An amount")], widget=forms.RadioSelect,
        initial="percent",
    )  # fmt: skip
    value = forms.CharField(label="Raise by", max_length=30)  # type: ignore[assignment]
    step = forms.ChoiceField(label="Rounded to")
    valid_from = DayField(label="From", help_text="Each billing period is charged at the price on its first day.")
    whom = forms.ChoiceField(label="For", choices=WHOM, widget=forms.RadioSelect, initial="all")

    def prepare(self) -> None:
        self.fields["value"].widget.attrs.update({"inputmode": "decimal", "autocomplete": "off"})
        self.all = queries.products(self.caller)
        self.choose("family", [("", "Every family"), *((name, name) for name in queries.families())])
        self.choose(
            "products", [(str(row.pk), row.name if row.active else f"{row.name}, withdrawn") for row in self.all]
        )
        labels = dict(Frequency.choices)
        self.choose("frequency", [("", "At every frequency"), *((key, labels[key]) for key in queries.priced_in()[0])])
        # Finer than the smallest unit there is of a currency is refused with what to choose.
        finest = Decimal(1).scaleb(-places(operator_currency()))
        next_month = add_months(self.caller.today.replace(day=1), 1)
        steps = [step for step in STEPS if Decimal(step) >= finest]
        self.choose("step", [(step, step) for step in steps])
        self.begin_with({"valid_from": next_month, "products": self.params.getlist("id"), "step": steps[0]})
        self.offer_currencies()

    @property
    def button_text(self) -> str:
        count = len(self.result or [])
        return f"Raise {count:,} {'price' if count == 1 else 'prices'}" if count else self.button

    @property
    def some(self) -> bool:
        """Whether products are ticked one by one."""
        return bool(self.value("products"))  # type: ignore[operator]

    def chosen(self) -> list[Product]:
        """The products that are meant; refused when there are none."""
        values = self.cleaned_data
        found = [
            row
            for row in self.all
            if (not values["kind"] or row.kind == values["kind"])
            and (not values["family"] or row.family == values["family"])
            and (not values["products"] or str(row.pk) in values["products"])
        ]
        refuse_if(not found, "no_products", "No product matches. Choose another kind or family.", field="kind")
        return found

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        text = values["value"].strip().removesuffix("%").strip()
        by = read_decimal(text, self.priced_in, field="value")
        increase = Increase(**{values["how"]: by}, step=Decimal(values["step"]))
        return {
            "products": self.chosen(), "increase": increase, "frequency": values["frequency"], **self.when_and_whom(),
        }  # fmt: skip

    def saved(self, result: list[Price]) -> Saved:
        self.result = result
        since = date_text(result[0].valid_from, today=self.caller.today)
        count = f"{len(result):,} {'price is' if len(result) == 1 else 'prices are'}"
        effect = f" {self.after(self.effect)}" if self.effect else ""
        return Saved(f"{count} raised from {since}.{effect}", self.home)
