"""Every read of the terms on which customers are chased."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, Case, Count, Exists, OuterRef, QuerySet, Subquery, Value, When

from counterfoil.credit import rules
from counterfoil.credit.models import (
    ChargeLimit,
    ClassAmounts,
    Letter,
    LetterLine,
    LetterSet,
    LetterText,
    Profile,
    ProfileClass,
)
from counterfoil.credit.rules import CreditLimits, EffectiveTerms
from counterfoil.customers.models import Customer
from counterfoil.documents.speech import Speech
from counterfoil.operator.queries import languages, operator
from counterfoil.platform.bulk import among
from counterfoil.platform.grants import declare_view

declare_view("credit.view", "See credit profiles, letters and letter sets")
EXCEED = "credit.exceed"
declare_view(EXCEED, "Sell beyond a customer's credit limit")

# What a class or a profile names.
_WITH = ("collector", "letter_set", "credit_rating", "account_status")
# How far a change of a class reaches.
REACHES = {"none": "No profile", "uncustomised": "Profiles not customised", "all": "All profiles"}


def default_class() -> ProfileClass:
    """The class of customers without a profile."""
    return ProfileClass.objects.get(is_default=True)


def profile_classes() -> list[ProfileClass]:
    """All classes with how many have each (`held`), the default one first."""
    rows = ProfileClass.objects.select_related(*_WITH).order_by("-is_default", "name")
    held = dict(Profile.objects.order_by().values_list("profile_class").annotate(Count("pk")))
    found = list(rows)
    for row in found:
        row.held = held.get(row.pk, 0)  # type: ignore[attr-defined]
    return found


def offered_classes() -> list[ProfileClass]:
    """The classes that customers can be given."""
    return list(ProfileClass.objects.filter(active=True).order_by("-is_default", "name"))


def class_amounts() -> list[ClassAmounts]:
    """The amounts of all classes, by class and currency."""
    rows = ClassAmounts.objects.select_related("profile_class")
    return list(rows.order_by("-profile_class__is_default", "profile_class__name", "currency"))


def letters() -> list[Letter]:
    """All letters, by name."""
    return list(Letter.objects.order_by("name"))


def letters_speaking(keys: Iterable[int]) -> Callable[[int, Customer], tuple[str, str]]:
    """What each of these letters says to a customer: subject and text, of the closest words there are; read once.

    Delivered words are said in the customer's language where it is known. Who said no language reads that of the brand
    or the company.
    """
    rows = Letter.objects.in_bulk(list(keys))
    usual = languages()
    own: dict[tuple[int, int | None, str], tuple[str, str]] = {}
    for row in LetterText.objects.filter(letter__in=rows, active=True).order_by("pk"):
        own[row.letter_id, row.brand_id, row.language] = (row.subject, row.text)

    def said(letter: int, customer: Customer) -> tuple[str, str]:
        brand = customer.brand_id
        language = customer.language or usual[brand]
        for key in ((brand, language), (brand, ""), (None, language)):
            if found := own.get((letter, *key)):
                return found
        say = Speech(language).say
        return say(rows[letter].subject), say(rows[letter].text)

    return said


def letter_texts() -> list[LetterText]:
    """What letters say to some customers, by letter."""
    return list(
        LetterText.objects.select_related("letter", "brand").order_by("letter__name", "brand__name", "language")
    )


def letter_sets(*, offered: bool = False) -> list[LetterSet]:
    """All letter sets with their lines, or those in use."""
    rows = LetterSet.objects.filter(active=True) if offered else LetterSet.objects.all()
    return list(rows.prefetch_related("lines__letter").order_by("name"))


def charge_limits() -> list[ChargeLimit]:
    """The limits of charges, by country."""
    return list(ChargeLimit.objects.order_by("country"))


def charge_limit() -> ChargeLimit | None:
    """The limit of the country that the company is in, where there is one."""
    return ChargeLimit.objects.filter(country=operator().region).first()


def sets_with(letter: Letter) -> list[str]:
    """The names of the letter sets in use that have the letter."""
    lines = LetterLine.objects.filter(letter=letter, set__active=True)
    return sorted(lines.values_list("set__name", flat=True).distinct())


# ------------------------------------------------------------------ whom a class reaches


def reached(profile_class: ProfileClass, reach: str, currency: str = "") -> QuerySet[Profile]:
    """The profiles that a change of the class reaches, of customers of a currency where one is said."""
    rows = Profile.objects.filter(profile_class=profile_class).select_related("customer", "site")
    if currency:
        rows = rows.filter(customer__currency=currency)
    if reach == "all":
        return rows.order_by("pk")
    return rows.filter(customised=[]).order_by("pk") if reach == "uncustomised" else rows.none()


def reached_text(count: int) -> str:
    """How many, in words."""
    return "reaching no profile" if not count else f"reaching {count:,} profile{'' if count == 1 else 's'}"


@dataclass(frozen=True)
class Touched:
    """Whom a change of a class reaches: how many, the first by name, and who has the class without a profile."""

    count: int
    names: tuple[str, ...]
    customised: int
    without: int


def touched(profile_class: ProfileClass, reach: str, currency: str = "", first: int = 5) -> Touched:
    """Whom a change of the class would reach now."""
    rows = reached(profile_class, reach, currency)
    names = tuple(rows.order_by("customer__name", "pk").values_list("customer__name", flat=True)[:first])
    customised = rows.exclude(customised=[]).count()
    without = 0
    if profile_class.is_default:
        own = Profile.objects.filter(site=None).values("customer")
        customers = Customer.objects.filter(status="active").exclude(pk__in=own)
        without = (customers.filter(currency=currency) if currency else customers).count()
    return Touched(rows.count(), names, customised, without)


# ------------------------------------------------------------------ what holds


def profiles_of(customer: Customer) -> list[Profile]:
    """The customer's own profile and those of its sites, the customer's first."""
    rows = Profile.objects.filter(customer=customer).select_related("site", "profile_class", *_WITH)
    return sorted(rows, key=lambda row: (row.site_id is not None, row.site_id or 0))


def amounts_in(profile_class: ProfileClass, currency: str) -> dict[str, Any]:
    """The amounts that a class has in a currency; none of each where it has none."""
    found = ClassAmounts.objects.filter(profile_class=profile_class, currency=currency).first()
    return {name: getattr(found, name) if found else None for name in rules.AMOUNTS}


_PLAIN = (
    "collector_id", "send_dunning", "letter_set_id", "receipt_grace_days", "finance_charges", "charge_interval_days",
    "charge_disputed",
)  # fmt: skip
_MONEY = rules.AMOUNTS[2:]


class TermsBook:
    """The terms of many customers: the default class read once, the profiles of some at a time."""

    def __init__(self) -> None:
        self._default = default_class()
        rows = ClassAmounts.objects.filter(profile_class=self._default)
        self._amounts = {row.currency: {name: getattr(row, name) for name in _MONEY} for row in rows}
        self._usual: dict[str, EffectiveTerms] = {}

    def usual(self, currency: str) -> EffectiveTerms:
        """The terms of customers of a currency who have no profile."""
        if currency not in self._usual:
            plain = {name: getattr(self._default, name) for name in _PLAIN}
            money = self._amounts.get(currency, {})
            self._usual[currency] = EffectiveTerms(self._default.name, **plain, **money)
        return self._usual[currency]

    def own(self, customers: Collection[int]) -> dict[int, dict[int | None, EffectiveTerms]]:
        """The profiles of these customers, by customer and by site (none: the customer's own); in one query."""
        rows = Profile.objects.filter(among("customer", customers))
        found: dict[int, dict[int | None, EffectiveTerms]] = {}
        for customer, site, *values in rows.values_list(
            "customer_id", "site_id", "profile_class__name", *_PLAIN, *_MONEY
        ):
            found.setdefault(customer, {})[site] = EffectiveTerms(*values)
        return found


def effective_terms(customer: Customer, site_id: int | None = None) -> EffectiveTerms:
    """The terms that hold for a customer, or for a site: its own profile, else the customer's, else the default."""
    book = TermsBook()
    own = book.own([customer.pk]).get(customer.pk, {})
    return own.get(site_id) or own.get(None) or book.usual(customer.currency)


def credit_limits(customer: Customer, site_id: int | None = None) -> CreditLimits | None:
    """What a customer, or a site with a profile of its own, may owe and order; none where credit is not checked."""
    own = {row.site_id: row for row in profiles_of(customer)}
    held = own.get(site_id) or own.get(None)
    terms = held or default_class()
    if not terms.credit_check:
        return None
    amounts = vars(held) if held else amounts_in(default_class(), customer.currency)
    return CreditLimits(amounts["credit_limit_minor"], amounts["order_limit_minor"], terms.tolerance_percent)


def terms_shown(customer: Customer) -> list[tuple[str, Profile | ProfileClass, Mapping[str, Any]]]:
    """What holds for a customer and for each site of its own terms: whom, the profile or class, and the amounts."""
    own = profiles_of(customer)
    found: list[tuple[str, Profile | ProfileClass, Mapping[str, Any]]] = [
        (row.site.label if row.site else "Customer", row, {name: getattr(row, name) for name in rules.AMOUNTS})
        for row in own
    ]
    if not own or own[0].site_id is not None:
        usual = ProfileClass.objects.select_related(*_WITH).get(is_default=True)
        found.insert(0, ("Customer", usual, amounts_in(usual, customer.currency)))
    return found


def with_collector(customers: QuerySet[Customer]) -> QuerySet[Any]:
    """The customers with `collector_id`: who collects from them, by their profile or else the default class."""
    own = Profile.objects.filter(customer=OuterRef("pk"), site=None)
    key = BigIntegerField(null=True)
    mine = Subquery(own.values("collector")[:1], output_field=key)
    usual = Value(default_class().collector_id, output_field=key)
    return customers.annotate(collector_id=Case(When(Exists(own), then=mine), default=usual, output_field=key))


def collectors_of(customers: Collection[int]) -> dict[int, str]:
    """Who collects from these accounts, by name, where somebody does."""
    rows = Profile.objects.filter(among("customer", customers), site=None)
    own = dict(rows.values_list("customer_id", "collector__name"))
    usual = default_class().collector
    found = {pk: own.get(pk, usual.name if usual else "") for pk in customers}
    return {pk: name for pk, name in found.items() if name}


def collects(user_id: int | None) -> bool:
    """Whether any account is this person's to collect from."""
    if user_id is None:
        return False
    return default_class().collector_id == user_id or Profile.objects.filter(collector=user_id, site=None).exists()


def still_dunned(customer: Customer) -> list[str]:
    """The addresses of a customer who is excluded from letters that are sent them all the same: terms of their own.

    By name; none of a customer who is not excluded.
    """
    if effective_terms(customer).send_dunning:
        return []
    rows = Profile.objects.filter(customer=customer, site__isnull=False, send_dunning=True)
    return list(rows.order_by("site__label", "pk").values_list("site__label", flat=True))
