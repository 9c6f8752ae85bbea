"""How people meet credit profiles, their classes and letters."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from counterfoil.credit import operations, queries
from counterfoil.credit.forms import ReachForm
from counterfoil.credit.models import Profile
from counterfoil.credit.nouns import CHARGE_LIMIT, CLASS_AMOUNTS, LETTER, LETTER_TEXT, PROFILE, PROFILE_CLASS
from counterfoil.credit.rules import FIELDS
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.customers.queries import sites_of
from counterfoil.customers.rules import LANGUAGES
from counterfoil.operator.countries import COUNTRIES
from counterfoil.operator.queries import brands, lookups
from counterfoil.platform.callers import Caller
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.staff.queries import people


def _collectors(caller: Caller, row: Any) -> list[tuple[Any, str]]:
    return [(None, "Nobody"), *((one, one.name) for one in people())]


def _sets(caller: Caller, row: Any) -> list[tuple[Any, str]]:
    return [(None, "None, no letters"), *((one, one.name) for one in queries.letter_sets(offered=True))]


def _classes(caller: Caller, row: Any) -> list[tuple[Any, str]]:
    return [(one, one.name) for one in queries.offered_classes()]


def _sites(caller: Caller, row: Any) -> list[tuple[Any, str]] | None:
    found = [(site, f"The address {site.label}") for site in sites_of(row) if site.active]
    return [(None, "The customer"), *found] if found else None


def _reaches(currency: bool) -> Any:
    def offer(caller: Caller, row: Any) -> list[tuple[Any, str]]:
        of, code = (row.profile_class, row.currency) if currency else (row, "")
        return [(key, f"{words} ({queries.touched(of, key, code).count:,})") for key, words in queries.REACHES.items()]

    return offer


def _choices(kind: str) -> Any:
    def offer(caller: Caller, row: Any) -> list[tuple[Any, str]]:
        now = getattr(row, kind)
        offered = lookups(kind, caller.today)
        kept = [now] if now is not None and now not in offered else []
        return [(None, "None"), *((one, one.name) for one in (*kept, *offered))]

    return offer


def _as_typed(*names: str) -> Any:
    """Percentages without the places that nobody typed, and no profile reached unless somebody says so."""

    def start(caller: Caller, row: Any) -> dict[str, Any]:
        found = {name: getattr(row, name) for name in names}
        plain = {name: f"{value.normalize():f}" for name, value in found.items() if value is not None}
        return {**plain, **({} if row._meta.model_name == "profile" else {"reach": "none"})}

    return start


_TERMS = {
    "collector": _collectors, "letter_set": _sets, "credit_rating": _choices("credit_rating"),
    "account_status": _choices("account_status"),
}  # fmt: skip
_REACH = Says("Reaches", "Who has the class now. Customers without a profile always follow the default class.")
_HOME = "profile-classes"

ADD_CLASS = Door(
    operations.add_profile_class, None, "add", "Add class", under="settings/profile-classes",
    caption="Add credit profile class", home=lambda row: reverse(_HOME),
    lead=lambda row: "It begins as a copy of the default class.",
    done=lambda made, _: f"{made.name} added. Customers can be given it.",
)  # fmt: skip
CHANGE_CLASS = Door(
    operations.change_profile_class, PROFILE_CLASS, "edit", "Save class", under="settings/profile-classes",
    caption="Edit credit profile class", about=str, home=lambda row: reverse(_HOME), form=ReachForm,
    offers={**_TERMS, "reach": _reaches(False)}, fields={"reach": _REACH},
    start=_as_typed("tolerance_percent"), order=("name", "active"), done=lambda made, _: f"{made.name} saved.",
)  # fmt: skip
ADD_CURRENCY = Door(
    operations.add_class_currency, PROFILE_CLASS, "currency", "Add currency", under="settings/profile-classes",
    caption="Add currency", about=str, home=lambda row: reverse(_HOME),
    done=lambda made, _: f"{made} added. Set its amounts.",
)  # fmt: skip
CHANGE_AMOUNTS = Door(
    operations.change_class_amounts, CLASS_AMOUNTS, "edit", "Save amounts", under="settings/class-amounts",
    caption="Edit amounts", about=str, home=lambda row: reverse(_HOME), form=ReachForm,
    offers={"reach": _reaches(True)}, fields={"reach": _REACH}, start=_as_typed("interest_percent"),
    done=lambda made, _: f"{made} saved.",
)  # fmt: skip
_COUNTRY = {"country": lambda caller, row: [(code, land.name) for code, land in sorted(COUNTRIES.items())]}
ADD_LIMIT = Door(
    operations.set_charge_limit, None, "add", "Save limit", name="add-charge-limit", under="settings/charge-limits",
    caption="Limit interest and fees", home=lambda row: reverse(_HOME), offers=_COUNTRY,
    lead=lambda row: "For late customers of a company in that country. Interest above it is charged at the limit.",
    done=lambda made, _: f"Limits for {made.country} saved.",
)  # fmt: skip
CHANGE_LIMIT = Door(
    operations.set_charge_limit, CHARGE_LIMIT, "edit", "Save limit", under="settings/charge-limits",
    caption="Limit interest and fees", about=lambda row: COUNTRIES[row.country].name, home=lambda row: reverse(_HOME),
    given={"country": lambda caller, row: row.country},
    start=lambda caller, row: {"most_interest_percent": row.most_interest_percent, "most_fee": row.most_fee_minor},
    done=lambda made, _: f"Limits for {made.country} saved.",
)  # fmt: skip

_FIELDS = f"Filled in for each customer: {', '.join('{' + name + '}' for name in FIELDS)}."


def _saved_letter(made: Any, row: Any) -> str:
    used = queries.sets_with(made)
    if made.active or not used:
        return f"{made.name} saved."
    return f"{made.name} is switched off and still in {', '.join(used)}: customers it would go to are held back."


ADD_LETTER = Door(
    operations.add_letter, None, "add", "Add letter", under="settings/letters", caption="Add letter",
    home=lambda row: reverse("letters"), lead=lambda row: _FIELDS, done=lambda made, _: f"{made.name} added.",
)  # fmt: skip
CHANGE_LETTER = Door(
    operations.change_letter, LETTER, "edit", "Save letter", under="settings/letters", caption="Edit letter",
    about=str, home=lambda row: reverse("letters"),
    lead=lambda row: f"{_FIELDS} {_in_sets(row)}".strip(), done=_saved_letter,
)  # fmt: skip


def _brands(caller: Caller, row: Any) -> list[tuple[Any, str]] | None:
    rows = brands(caller)
    return [(None, "All"), *((one, one.name) for one in rows)] if rows else None


def _languages(caller: Caller, row: Any) -> list[tuple[Any, str]]:
    return [("", "All"), *LANGUAGES.items()]


_TEXT_FIELDS = {"brand": Says("To customers of the brand"), "language": Says("Who read")}
ADD_LETTER_TEXT = Door(
    operations.save_letter_text, LETTER, "words", "Save words", name="add-letter-text", under="settings/letters",
    caption="Words for a brand or language", about=str, home=lambda row: reverse("letters"),
    offers={"brand": _brands, "language": _languages}, fields=_TEXT_FIELDS,
    order=("brand", "language", "subject", "text", "active"), lead=lambda row: _FIELDS,
    start=lambda caller, row: {"subject": row.subject, "text": row.text, "active": True},
    done=lambda made, _: f"{made}: saved.",
)  # fmt: skip
CHANGE_LETTER_TEXT = Door(
    operations.save_letter_text, LETTER_TEXT, "edit", "Save words", name="change-letter-text",
    under="settings/letter-texts", caption="Edit words", about=str, home=lambda row: reverse("letters"),
    given={
        "letter": lambda caller, row: row.letter, "brand": lambda caller, row: row.brand,
        "language": lambda caller, row: row.language,
    },
    lead=lambda row: _FIELDS,
    start=lambda caller, row: {"subject": row.subject, "text": row.text, "active": row.active},
    done=lambda made, _: f"{made}: saved.",
)  # fmt: skip


def _in_sets(row: Any) -> str:
    used = queries.sets_with(row)
    return f"It is in {plural(len(used), 'letter set')}: {', '.join(used)}." if used else "It is in no letter set."


def _has_terms(made: Profile, row: Any) -> str:
    said = f"{made} has the terms of {made.profile_class}."
    if made.site is not None and made.send_dunning and queries.still_dunned(made.customer):
        # Somebody excluded the account: that an address is written to again must not go unseen.
        said += f" {made.customer} is excluded from letters, but {made.site.label} is sent them."
    return said


ASSIGN_CLASS = Door(
    operations.assign_class, CUSTOMER, "credit-class", "Give class", caption="Give credit profile class",
    icon="badge-minus", words="credit profile class collector letters dunning terms",
    home=lambda row: reverse("customer-tab", args=[row.number, "collections"]),
    order=("profile_class", "site"), offers={"profile_class": _classes, "site": _sites},
    fields={"profile_class": Says("Class", "Its terms take the place of those there are, overridden ones too."),
            "site": Says("For", "An address with terms of its own has them for what is invoiced to it.")},
    done=_has_terms,
)  # fmt: skip
CHANGE_PROFILE = Door(
    operations.change_profile, PROFILE, "edit", "Save profile", under="credit-profiles", name="edit-credit-profile",
    caption="Edit credit profile", about=lambda row: f"{row}, {row.profile_class}",
    offers=_TERMS, start=_as_typed("tolerance_percent", "interest_percent"),
    done=lambda made, _: f"Credit profile of {made} saved.",
)  # fmt: skip
