"""Forms about the company, and the areas and brands that customers belong to."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.urls import reverse

from counterfoil.documents.logos import data_address, letterhead_view, logo_svg
from counterfoil.documents.parties import payment_view
from counterfoil.documents.speech import DATES, ENGLISH, LANGUAGES, NUMBERS, PAPERS
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import date_text
from counterfoil.operator import operations, queries
from counterfoil.operator.countries import COUNTRIES, ZONES
from counterfoil.operator.models import WEEK_STARTS, Operator
from counterfoil.operator.nouns import BRAND
from counterfoil.operator.operations.company import keeps_currency
from counterfoil.operator.terms import MOST_DAYS, RULES, due_day, terms_text
from counterfoil.platform.doors import OperationForm, Saved, VersionedForm
from counterfoil.platform.operations import Verb


def _text_field(label: str, help_text: str = "") -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": "3"})
    return forms.CharField(label=label, required=False, max_length=600, help_text=help_text, widget=widget)


class HouseForm(VersionedForm):
    """What every form about the company has: its fields begin as they are kept, and are kept as they are entered."""

    operation = operations.change_operator

    find = classmethod(lambda cls, caller: queries.operator())  # type: ignore[assignment]

    def prepare(self) -> None:
        super().prepare()
        kept = [name for name in self.fields if name != "version" and hasattr(self.subject, name)]
        self.begin_with({name: getattr(self.subject, name) for name in kept})

    @property
    def context_line(self) -> str:
        return "Settings"

    @property
    def home(self) -> str:
        return reverse("settings")

    def arguments(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.fields}


class CompanyForm(HouseForm):
    """Who the company is, as every document and message says it; the invoice it changes is drawn beside it."""

    caption = "Names and numbers"
    button = "Save company"
    wide = True
    drawn_at_once = True
    body = "operator/company_fields.html"
    preview_body = "operator/company_preview.html"

    name = forms.CharField(label="Trading name", max_length=120)
    code = forms.CharField(
        label="Code in document numbers", required=False, max_length=8, help_text="What {brand} stands for, e.g. HF."
    )
    legal_name = forms.CharField(label="Legal name", required=False, max_length=160)
    region = forms.ChoiceField(
        label="Country", help_text="Decides what the two numbers below are called, and how they are checked."
    )
    registration_name = forms.CharField(label="Label for registration number", required=False, max_length=20)
    registration = forms.CharField(label="Registration number", required=False, max_length=60)
    tax_number_name = forms.CharField(label="Label for tax number", required=False, max_length=20)
    tax_number = forms.CharField(label="Tax number", required=False, max_length=40)
    tax_name = forms.CharField(label="Name of tax", max_length=20)
    address = forms.CharField(
        label="Street", required=False, max_length=240, widget=forms.Textarea(attrs={"rows": "2"})
    )
    city = forms.CharField(label="Town", required=False, max_length=80)
    postcode = forms.CharField(label="Postal code", required=False, max_length=20)
    email = forms.EmailField(label="E-mail customers write to", required=False)
    phone = forms.CharField(label="Telephone", required=False, max_length=40)
    home_currency = forms.CharField(
        label="Currency", max_length=3, help_text="Used for prices, limits and new customers, e.g. ZAR."
    )
    terms_days = forms.IntegerField(label="Payment terms of new customers", min_value=0, max_value=MOST_DAYS)
    terms_rule = forms.ChoiceField(label="Counted as", choices=list(RULES.items()))
    billing_day = forms.IntegerField(
        label="Billing day of new subscriptions",
        required=False,
        min_value=1,
        max_value=31,
        help_text="Blank: the day a subscription starts.",
    )
    colour = forms.CharField(
        label="Colour of headings and buttons", max_length=7, widget=forms.TextInput(attrs={"type": "color"}),
    )  # fmt: skip
    footer = forms.CharField(label="Footer of documents", required=False, max_length=240)
    pay_url = forms.CharField(
        label="Page to pay at",
        required=False,
        max_length=120,
        help_text="Documents link to it, with a QR code.",
    )

    def prepare(self) -> None:
        super().prepare()
        known = [(row.code, row.name) for row in COUNTRIES.values()]
        here = self.subject.region
        self.choose("region", known if here in COUNTRIES else [*known, (here, here)])
        self.begin_with({"home_currency": self.subject.currency})

    def clean(self) -> dict[str, Any]:
        """Another country brings its own names of numbers and tax, where they were those of the one before.

        Its currency too, as long as nothing is priced or posted in the other.
        """
        values = dict(super().clean() or {})
        before, after = COUNTRIES.get(self.subject.region), COUNTRIES.get(values.get("region", ""))
        if after is not None and after is not before:
            for name in ("registration_name", "tax_name", "tax_number_name"):
                if values.get(name) == getattr(self.subject, name):
                    values[name] = getattr(after, name)
            if values.get("home_currency") == self.subject.currency and not any(keeps_currency()):
                values["home_currency"] = after.currency
        return values

    def arguments(self) -> dict[str, Any]:
        named = {"home_currency": "currency"}
        return {named.get(name, name): self.cleaned_data[name] for name in self.fields}

    def refuse(self, refusal: Refused) -> None:
        if refusal.field == "currency":
            self.add_error("home_currency", refusal.sentence)
        else:
            super().refuse(refusal)

    def preview_context(self) -> dict[str, Any]:
        house = self.result or self.subject
        printed = queries.letterhead_of(house, queries.default_account())
        return {
            "house": letterhead_view(printed),
            "logo": data_address(logo_svg(printed.logo)),
            "pay": payment_view(printed, "CF-000123", ENGLISH),
            "row": house,
            "due": date_text(due_day(house.terms_rule, house.terms_days, self.caller.today)),
            "terms": terms_text(house.terms_rule, house.terms_days),
        }

    def saved(self, result: Operator) -> Saved:
        return Saved(f"{result.name} saved. Used from the next document on.", self.home)


class TextsForm(HouseForm):
    """What documents say below their lines, beside the footer."""

    caption = "Texts on documents"
    button = "Save texts"

    invoice_text = _text_field("On invoices", "Terms of payment, or thanks; below the lines and how to pay.")
    credit_note_text = _text_field("On credit notes")
    statement_text = _text_field("On statements")
    footer = forms.CharField(label="Footer of all documents", required=False, max_length=240)

    def saved(self, result: Operator) -> Saved:
        return Saved("Texts saved. Used from the next document on.", self.home)


class FormatsForm(HouseForm):
    """The language of documents, how they write dates and amounts, and their paper, with a sample of each."""

    caption = "Language and formats"
    button = "Save formats"
    preview_body = "operator/formats_preview.html"
    drawn_at_once = True

    language = forms.ChoiceField(label="Language of documents", choices=list(LANGUAGES.items()))
    date_format = forms.ChoiceField(label="Dates", required=False, choices=list(DATES.items()))
    number_format = forms.ChoiceField(label="Numbers", required=False, choices=list(NUMBERS.items()))
    paper = forms.ChoiceField(label="Paper", choices=list(PAPERS.items()))

    def preview_context(self) -> dict[str, Any]:
        house = self.result or self.subject
        speech, today = queries.letterhead_of(house, None).speech, self.caller.today
        return {
            "heading": speech.say("Invoice"),
            "due": f"{speech.say('Please pay by')} {speech.long_date(today)}",
            "date": speech.date(today, today=today.replace(year=today.year + 1)),
            "amount": speech.money(123450, house.currency),
        }

    def saved(self, result: Operator) -> Saved:
        return Saved("Formats saved. Used from the next document on.", self.home)


class TimeForm(HouseForm):
    """What day it is and how times are shown, and what weeks begin with."""

    caption = "Time zone and week"
    button = "Save"
    preview_body = "operator/time_preview.html"
    drawn_at_once = True

    time_zone = forms.ChoiceField(
        required=False,
        help_text="Decides what day it is: today, what is due and overdue, and when nightly work is done.",
    )
    week_starts = forms.TypedChoiceField(
        label="Weeks begin on",
        coerce=int,
        choices=list(WEEK_STARTS.items()),
        help_text="The first day in the schedule. Reports count weeks from Monday.",
    )

    def prepare(self) -> None:
        super().prepare()
        usual = ZONES.get(self.subject.region, "")
        names = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
        first = [(usual, f"{usual}, usual in {COUNTRIES[self.subject.region].name}")] if self._is_known(usual) else []
        now = self.subject.time_zone
        own = [(now, now)] if now and now not in names else []
        rest = [(name, name) for name in names if name != usual or not first]
        self.choose("time_zone", [("", f"As the installation: {settings.TIME_ZONE}"), *first, *own, *rest])

    def _is_known(self, usual: str) -> bool:
        return bool(usual) and self.subject.region in COUNTRIES

    def preview_context(self) -> dict[str, Any]:
        house = self.result or self.subject
        zone = zoneinfo.ZoneInfo(house.time_zone or settings.TIME_ZONE)
        here = self.caller.now.astimezone(zone)
        first = here.date() - dt.timedelta(days=(here.weekday() - house.week_starts) % 7)
        return {
            "zone": str(zone), "clock": f"{here:%H:%M}", "today": f"{here:%A}, {date_text(here.date())}",
            "week": f"{date_text(first)} to {date_text(first + dt.timedelta(days=6))}",
        }  # fmt: skip

    def saved(self, result: Operator) -> Saved:
        return Saved("Time zone and week saved. Every page follows within half a minute.", self.home)


class LogoForm(OperationForm):
    """The logo that documents and the pages of customers bear."""

    operation: ClassVar[Verb[Any, Any]] = operations.set_logo
    caption = "Logo"
    button = "Save logo"
    body = "operator/logo_fields.html"

    content = forms.FileField(
        label="File", required=False, help_text="SVG, or PNG from 600 px wide; 1 MB at most.",
        widget=forms.FileInput(attrs={"accept": ".svg,.png,.jpg,.jpeg"}),
    )  # fmt: skip
    remove = forms.BooleanField(label="Remove it: documents show the name instead", required=False)

    find = classmethod(lambda cls, caller: queries.operator())  # type: ignore[assignment]

    def prepare(self) -> None:
        if self.subject.logo is None:
            del self.fields["remove"]
            self.fields["content"].required = True

    @property
    def now(self) -> str:
        """The logo as it is, as the address of an image."""
        return data_address(logo_svg(queries.letterhead_of(self.subject, None).logo))

    @property
    def context_line(self) -> str:
        return "Settings"

    @property
    def home(self) -> str:
        return reverse("settings")

    def clean(self) -> dict[str, Any]:
        values = dict(super().clean() or {})
        if not values.get("content") and not values.get("remove") and not self.errors:
            self.add_error("content", "Choose a file.")
        return values

    def arguments(self) -> dict[str, Any]:
        file = self.cleaned_data["content"]
        return {"content": file.read() if file else None}

    def saved(self, result: Operator) -> Saved:
        return Saved(f"Logo {'saved' if result.logo else 'removed'}. Used from the next document on.", self.home)


class BrandLogoForm(LogoForm):
    """The logo of a brand, where it has one of its own."""

    operation = operations.set_brand_logo

    remove = forms.BooleanField(label="Remove it: documents show the company's", required=False)

    find = classmethod(lambda cls, caller, pk: BRAND.get(caller, pk))  # type: ignore[assignment]

    @property
    def now(self) -> str:
        return data_address(logo_svg(self.subject.logo.file.sha256)) if self.subject.logo else ""

    @property
    def context_line(self) -> str:
        return str(self.subject)

    @property
    def home(self) -> str:
        return reverse("belonging")

    def arguments(self) -> dict[str, Any]:
        return {**super().arguments(), "brand": self.subject}


class NumbersForm(OperationForm):
    """The next number, as it will be, stands under the form."""

    preview_body = "operator/numbers_preview.html"
    drawn_at_once = True
