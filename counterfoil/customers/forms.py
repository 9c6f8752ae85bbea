"""Forms about customers, their contacts, addresses and notes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse

from counterfoil.customers import operations, queries
from counterfoil.customers.models import Customer, CustomField
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.customers.rules import LANGUAGES
from counterfoil.documents.rendering import unprintable
from counterfoil.kernel.errors import Refused
from counterfoil.operator.models import Area, Brand
from counterfoil.operator.queries import areas, brands, letterhead, offered, operator
from counterfoil.operator.terms import MOST_DAYS, RULES
from counterfoil.platform.doors import DayField, OperationForm, Saved, VersionedForm
from counterfoil.platform.fields import text_lines
from counterfoil.staff.queries import people


def _choose_belonging(form: OperationForm) -> dict[str, list[Area] | list[Brand]]:
    """Areas and brands to choose from, where the operator has any; a field without choices is left out."""
    shown: dict[str, list[Area] | list[Brand]] = {}
    for name, known in (("area", areas(form.caller)), ("brand", brands(form.caller))):
        rows = offered(known, [getattr(form.subject, f"{name}_id", None) or 0])
        if rows:
            # Somebody limited to areas cannot put a customer outside them.
            none = [] if name in form.caller.scope else [("", "None")]
            form.choose(name, [*none, *((str(row.pk), row.name) for row in rows)])
            shown[name] = rows
        else:
            del form.fields[name]
    return shown


def on_paper(*texts: str) -> str:
    """What to add where signs of these texts cannot be printed on this machine: said when they are typed."""
    missing = unprintable(" ".join(texts))
    if not missing:
        return ""
    return f" No font on this machine prints {missing}: on paper they are empty boxes until one is installed."


class CustomerForm(OperationForm):
    """What every form about an existing customer has: the customer, from the address."""

    noun = CUSTOMER


class AddCustomerForm(OperationForm):
    operation = operations.add_customer
    caption = "New customer"
    button = "Add customer"
    body = "customers/new.html"

    name = forms.CharField(max_length=300)
    number = forms.CharField(
        label="Account number", required=False, max_length=40, help_text="If left empty, the next number is used."
    )
    kind = forms.ChoiceField(label="Person or company", choices=Customer.Kind.choices)
    billing_type = forms.ChoiceField(label="Billed as", choices=Customer.BillingType.choices)
    terms_days = forms.IntegerField(label="Payment terms", min_value=0, max_value=MOST_DAYS)
    terms_rule = forms.ChoiceField(label="Counted as", choices=list(RULES.items()))
    # A field of the form; the form class takes it out of the class, so the property of that name stands.
    currency = forms.CharField(  # type: ignore[assignment]
        max_length=3, help_text="Can't be changed after the first transaction."
    )
    contact_name = forms.CharField(label="Contact person", required=False, max_length=300)
    email = forms.EmailField(label="E-mail for invoices and statements", required=False)
    phone = forms.CharField(label="Phone", required=False, max_length=40)
    street = forms.CharField(required=False, max_length=200)
    city = forms.CharField(required=False, max_length=80)
    postcode = forms.CharField(required=False, max_length=16)
    tax_number = forms.CharField(label="Tax number", required=False, max_length=40)
    group = forms.CharField(required=False, max_length=60)
    area = forms.ChoiceField(required=False)
    brand = forms.ChoiceField(required=False)

    def prepare(self) -> None:
        _choose_belonging(self)
        house = operator()
        self.initial = {
            "currency": house.currency, "terms_days": house.terms_days, "terms_rule": house.terms_rule
        }  # fmt: skip

    def arguments(self) -> dict[str, Any]:
        values = dict(self.cleaned_data)
        emails, phones = text_lines(values.pop("email")), text_lines(values.pop("phone"))
        belongs = {f"{name}_id": int(pk) if (pk := values.pop(name, "")) else None for name in ("area", "brand")}
        return {**values, **belongs, "emails": emails, "phones": phones}

    def saved(self, result: Customer) -> Saved:
        said = f"{result.name} added as {result.number}.{on_paper(result.name)}"
        return Saved(said, reverse("customer", args=[result.number]))

    @property
    def home(self) -> str:
        return reverse("customers")


class EditCustomerForm(VersionedForm):
    operation = operations.change_customer
    caption = "Edit details"
    body = "customers/edit.html"

    name = forms.CharField(max_length=300)
    kind = forms.ChoiceField(label="Person or company", choices=Customer.Kind.choices)
    billing_type = forms.ChoiceField(label="Billed as", choices=Customer.BillingType.choices)
    joined_on = DayField(label="Joined")
    terms_days = forms.IntegerField(label="Payment terms", min_value=0, max_value=MOST_DAYS)
    terms_rule = forms.ChoiceField(label="Counted as", choices=list(RULES.items()))
    tax_number = forms.CharField(label="Tax number", required=False, max_length=40)
    group = forms.CharField(required=False, max_length=60)
    language = forms.ChoiceField(required=False, help_text="Of their documents and messages.")
    area = forms.ChoiceField(required=False)
    brand = forms.ChoiceField(required=False)
    manager = forms.TypedChoiceField(label="Account manager", required=False, empty_value=None)
    parent = forms.CharField(
        label="Part of", required=False, max_length=40, help_text="The account number of the parent customer."
    )
    tags = forms.CharField(required=False, max_length=900, help_text="Your own words, separated by commas.")

    noun = CUSTOMER

    def prepare(self) -> None:
        super().prepare()
        self.initial["tags"] = ", ".join(queries.tags_of(self.subject))
        self.custom = queries.custom_fields()
        values = queries.custom_values_of(self.subject)
        for field in self.custom:
            name = f"field-{field.key}"
            self.fields[name] = custom_form_field(field)
            self.initial[name] = values.get(field.pk, "")
        names = ("name", "kind", "billing_type", "joined_on", "terms_days", "terms_rule", "tax_number", "group",
                 "language")  # fmt: skip
        own = self.subject.language
        usual = LANGUAGES[letterhead(self.subject.brand_id).language]
        known = {"": f"As the company ({usual})", **LANGUAGES}
        self.choose("language", list(({own: own} | known if own not in known else known).items()))
        self.begin_with({name: getattr(self.subject, name) for name in names})
        self.initial["manager"] = self.subject.manager_id
        self.initial["parent"] = self.subject.parent.number if self.subject.parent_id else ""
        self.belonging = _choose_belonging(self)
        for name in self.belonging:
            self.initial[name] = getattr(self.subject, f"{name}_id") or ""
        self.choose("manager", [("", "Nobody"), *((str(user.pk), user.name) for user in people())])

    def clean_manager(self) -> Any:
        chosen = self.cleaned_data["manager"]
        return next((user for user in people() if str(user.pk) == str(chosen)), None)

    def clean_parent(self) -> Any:
        number = self.cleaned_data["parent"].strip()
        if not number:
            return None
        try:
            return CUSTOMER.get(self.caller, number)
        except Refused as refusal:
            raise forms.ValidationError(refusal.sentence) from refusal

    @property
    def custom_bound(self) -> list[Any]:
        """The custom fields, for the template."""
        return [self[f"field-{field.key}"] for field in self.custom]

    def arguments(self) -> dict[str, Any]:
        own = {f"field-{field.key}": field.key for field in self.custom}
        changes = {name: value for name, value in self.cleaned_data.items() if name not in own and name != "version"}
        for name, rows in self.belonging.items():
            changes[name] = next((row for row in rows if str(row.pk) == changes[name]), None)
        changes["tags"] = changes["tags"].split(",")
        changes["fields"] = {own[name]: self.cleaned_data[name] for name in own}
        return {"customer": self.subject, "version": self.cleaned_data["version"] or 0, "changes": changes}

    def saved(self, result: Customer) -> Saved:
        return Saved(f"Details saved.{on_paper(result.name)}")


def custom_form_field(field: CustomField) -> forms.Field:
    """A custom field as a form shows it; what may be entered is the operation's to decide."""
    match field.kind:
        case "date":
            return forms.CharField(label=field.label, required=False, widget=forms.DateInput(attrs={"type": "date"}))
        case "yes_no":
            return forms.ChoiceField(
                label=field.label, required=False, choices=[("", "Not known"), ("yes", "Yes"), ("no", "No")]
            )
        case "choice":
            return forms.ChoiceField(
                label=field.label, required=False, choices=[("", "None"), *((text, text) for text in field.choices)]
            )
        case "number":
            return forms.CharField(
                label=field.label, required=False, max_length=40, widget=forms.TextInput(attrs={"inputmode": "decimal"})
            )
    return forms.CharField(label=field.label, required=False, max_length=500)
