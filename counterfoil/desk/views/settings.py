"""Settings: what the owner decides once, each with what it is now and the page that changes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings as site
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from counterfoil.billing.models import TaxPolicy, TaxRate
from counterfoil.billing.operations import decide_tax, use_tax_rates
from counterfoil.billing.taxes import anything_issued, charges_tax, tax_rates
from counterfoil.cards import queries as cards
from counterfoil.cards.nouns import GATEWAY
from counterfoil.cards.operations.gateway import policy_words as card_words
from counterfoil.collections.queries import policy as collections_policy
from counterfoil.credit.queries import letter_sets, offered_classes
from counterfoil.customers.queries import custom_fields
from counterfoil.debits import queries as debits
from counterfoil.debits.nouns import SCHEME
from counterfoil.debits.operations.policy import policy_words
from counterfoil.desk.views import mail
from counterfoil.jobs.queries import job_types
from counterfoil.kernel.periods import date_text
from counterfoil.ledger.nouns import LEDGER_ACCOUNT
from counterfoil.ledger.queries import closing, ledger_accounts
from counterfoil.ledger.rules import POSTED
from counterfoil.network.queries import nases
from counterfoil.operator.countries import COUNTRIES
from counterfoil.operator.models import NumberSeries, Operator
from counterfoil.operator.nouns import AREA, BANK_ACCOUNT, BRAND, NUMBERS
from counterfoil.operator.numbering import For, counted, following
from counterfoil.operator.queries import (
    all_lookups,
    areas,
    bank_accounts,
    brands,
    default_account,
    letterhead_of,
    offered,
    operator,
)
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved, act
from counterfoil.platform.plain import Door, doors_of
from counterfoil.platform.requests import Request
from counterfoil.platform.showing import Noun
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.receivables.queries import bucket_rules, credit_settles_bills, default_bucket_set
from counterfoil.staff.queries import people, roles
from counterfoil.suspension import queries as suspension
from counterfoil.suspension.operations.policy import NETWORKS
from counterfoil.tickets.queries import targets as ticket_targets
from counterfoil.tickets.rules import hours_text


@dataclass(frozen=True)
class Setting:
    """A line of the page: where it is changed, who may see it, and what it is now."""

    label: str
    url_name: str
    right: str
    now: Callable[[], str]
    # It opens as a dialog over the page.
    dialog: bool = False
    # Other names that people look for it by.
    words: str = ""


def _company() -> str:
    house = operator()
    number = f"{house.tax_number_name or house.tax_name} {house.tax_number}" if house.tax_number else ""
    return ", ".join(part for part in (house.legal_name or house.name, number) if part)


def _bank() -> str:
    return str(default_account() or "None yet")


def _logo() -> str:
    return "On documents and in the portal" if operator().logo else "None yet"


def _taxes() -> str:
    if (said := charges_tax()) is not True:
        return "Not decided yet" if said is None else "No tax is charged"
    now = [row for row in tax_rates() if row.valid_to is None and row.percent]
    return ", ".join(row.name for row in now) or "No tax is charged"


def _credit() -> str:
    return "Settles what is billed, oldest first" if credit_settles_bills() else "Waits to be allocated"


def _suspension() -> str:
    now = suspension.policy()
    if not now.enabled:
        return "Off"
    return f"{now.overdue_days} days after the due day, then {now.second_days} and {now.suspend_days}"


def _ledger() -> str:
    return plural(len(ledger_accounts()), "account")


def _tickets() -> str:
    return f"First answer within {hours_text(ticket_targets()['normal'][0])}"


def _jobs() -> str:
    return plural(len(job_types()), "job type")


def _closed() -> str:
    last = closing().closed_to
    return f"Closed up to {date_text(last)}" if last else "Nothing is closed"


def _buckets() -> str:
    return ", ".join(rule.label for rule in bucket_rules(default_bucket_set()))


def _classes() -> str:
    return ", ".join(row.name for row in offered_classes())


def _letter_sets() -> str:
    return ", ".join(row.name for row in letter_sets(offered=True)) or "None in use"


def _time() -> str:
    house = operator()
    return f"{house.time_zone or site.TIME_ZONE}, weeks from {house.get_week_starts_display()}"


def _formats() -> str:
    house = operator()
    speech = letterhead_of(house, None).speech
    sample = speech.date(timezone.localdate(), today=dt.date.min), speech.money(123450, house.currency)
    return ", ".join((house.get_language_display(), *sample, house.get_paper_display()))


def _texts() -> str:
    house = operator()
    said = {"invoices": house.invoice_text, "credit notes": house.credit_note_text, "statements": house.statement_text}
    there = [kind for kind, text in said.items() if text]
    return f"On {', '.join(there)}" if there else "None yet"


def _numbers() -> str:
    return f"Next invoice {following('invoice', For(timezone.localdate()))}"


def _areas() -> str:
    return f"{plural(len(offered(brands())), 'brand')}, {plural(len(offered(areas())), 'area')}"


def _promises() -> str:
    return "Hold dunning and suspension" if collections_policy().promises_hold else "Hold nothing"


def _lookups() -> str:
    return plural(len(all_lookups()), "choice")


def _debits() -> str:
    used = debits.schemes()
    return ", ".join(row.get_way_display() for row in used) or "Not set up"


def _nases() -> str:
    return plural(nases(in_use=True).count(), "NAS", "NASes")


def _cards() -> str:
    used = cards.gateway()
    return str(used) if used is not None else "Not set up"


# Read from top to bottom, as the page shows it.
GROUPS: tuple[tuple[str, tuple[Setting, ...]], ...] = (
    (
        "Company",
        (
            Setting("Names and numbers", "company", "operator.change_operator", _company, words="address vat legal"),
            Setting("Logo", "logo", "operator.set_logo", _logo, dialog=True, words="picture svg png letterhead"),
            Setting("Bank accounts", "bank-accounts", "operator.change_bank_account", _bank,
                    words="iban bic eft branch"),
            Setting("Language and formats", "document-formats", "operator.change_operator", _formats,
                    words="german date number paper letter a4"),
            Setting("Time zone and week", "company-time", "operator.change_operator", _time,
                    words="clock hour today monday sunday calendar"),
            Setting("Texts on documents", "document-texts", "operator.change_operator", _texts,
                    words="terms notes footer invoice statement"),
            Setting("Document numbers", "document-numbers", "operator.change_numbers", _numbers,
                    words="sequence series prefix invoice account pattern"),
            Setting("Brands and areas", "belonging", "operator.change_brand", _areas, words="territory region"),
        ),
    ),
    (
        "Money rules",
        (
            Setting("Tax", "tax", "billing.save_tax_rate", _taxes, words="vat gst rate percent exempt"),
            Setting("Account credit", "credit-policy", "receivables.set_credit_policy", _credit, dialog=True,
                    words="allocate unallocated"),
            Setting("Ageing buckets", "ageing-buckets", "receivables.save_bucket_set", _buckets,
                    words="age analysis debtors days"),
            Setting("Credit profiles", "profile-classes", "credit.view", _classes,
                    words="class collector credit limit dunning interest terms"),
            Setting("Dunning letters", "letters", "credit.view", _letter_sets,
                    words="letter set reminder final demand fee staged"),
            Setting("Ledger accounts", "ledger-accounts", "ledger.change_ledger_account", _ledger,
                    words="chart of accounts general ledger bookkeeping number"),
            Setting("Closing the books", "closing", "ledger.view", _closed,
                    words="close month period year end lock soft hard reopen"),
            Setting("Debit orders", "debit-settings", "debits.view", _debits,
                    words="direct debit sepa nacha bacs netcash mandate returned fee"),
            Setting("Card payments", "card-settings", "cards.view", _cards,
                    words="credit card stripe gateway pay online webhook saved card automatic"),
            Setting("Suspension", "suspension-policy", "suspension.set_suspension_policy", _suspension, dialog=True,
                    words="cut off disconnect warnings days pause"),
            Setting("Holidays", "holidays", "suspension.add_holidays",
                    lambda: plural(len(suspension.holidays()), "day"), words="calendar bank holiday"),
            Setting("Network access", "network-settings", "network.view", _nases,
                    words="radius nas router mikrotik walled garden speed sessions online pppoe"),
            Setting("Network", "network", "suspension.choose_network", lambda: NETWORKS[suspension.provisioner_key()],
                    dialog=True, words="radius provisioning switch off"),
            Setting("Coupons", "coupons", "catalogue.view", lambda: "Discounts by a code", words="promotion voucher"),
        ),
    ),
    (
        "Collections",
        (
            Setting("Outcomes, reasons and actions", "lookups", "operator.change_lookup", _lookups,
                    words="lookup quickcode call outcome response follow-up rating status note type"),
            Setting("Promises to pay", "collections-policy", "collections.set_collections_policy", _promises,
                    dialog=True, words="promise hold dunning suspension portal instalments"),
        ),
    ),
    (
        "Messages",
        (
            Setting("E-mail", "e-mail", mail.RIGHT, mail.state, words="smtp mail server sender spf dkim test"),
            Setting("Tickets", "ticket-settings", "tickets.view", _tickets,
                    words="helpdesk service level business hours sla standard answers canned mailbox"),
            Setting("Jobs", "job-settings", "jobs.view", _jobs,
                    words="job types technicians skills working hours checklist activity schedule calendar"),
            Setting("What messages say", "wordings", "messaging.save_wording", mail.worded,
                    words="template text subject invoice statement"),
        ),
    ),
    (
        "People",
        (
            Setting("People", "people", "staff.view", lambda: plural(len(people()), "person", "people"), words="users"),
            Setting("Roles and limits", "roles", "staff.view", lambda: plural(len(roles()), "role"), words="rights"),
            Setting("Access tokens", "tokens", "staff.view", lambda: "For other programs", words="api integration"),
        ),
    ),
    (
        "Data",
        (
            Setting("Import", "imports", "imports.import_file", lambda: "Customers, services, payments",
                    words="upload csv"),
            Setting("Custom fields", "custom-fields", "customers.save_custom_field",
                    lambda: plural(len(custom_fields()), "field"), words="extra details"),
        ),
    ),
)  # fmt: skip


def _shown(caller: Caller) -> list[tuple[str, list[dict[str, Any]]]]:
    groups = []
    for title, rows in GROUPS:
        lines = [
            {"label": row.label, "url": reverse(row.url_name), "now": row.now(), "dialog": row.dialog}
            for row in rows
            if caller.may(row.right)
        ]
        if lines:
            groups.append((title, lines))
    return groups


def index(request: Request) -> HttpResponse:
    """Every setting with what it is now."""
    caller = request.caller
    caller.must("operator.view")
    return render(request, "desk/settings.html", {"groups": _shown(caller), "company": operator().name})


def _doors(caller: Caller, noun: Noun[Any], row: Any) -> list[tuple[Door, str]]:
    """What can be done to a row, each with its address."""
    return [(one, reverse(one.url_name, args=[row.pk])) for one in doors_of(noun) if one.is_offered(caller, row)]


def bank(request: Request) -> HttpResponse:
    """The accounts that customers pay into, and which of them documents show."""
    caller = request.caller
    caller.must("operator.view")
    rows = [
        {
            "row": row,
            "numbers": ", ".join(part for part in (row.branch, row.number or row.iban, row.bic) if part),
            "doors": _doors(caller, BANK_ACCOUNT, row),
        }
        for row in bank_accounts()
    ]  # fmt: skip
    return render(request, "desk/bank_accounts.html", {"rows": rows, "home": operator().currency})


def debit_orders(request: Request) -> HttpResponse:
    """By whom debit orders are collected, and what holds for them."""
    caller = request.caller
    caller.must("debits.view")
    rows = [(row, _doors(caller, SCHEME, row)) for row in debits.all_schemes()]
    now = debits.policy()
    context = {"rows": rows, "policy": now, "words": policy_words(now), "currency": operator().currency}
    return render(request, "desk/debit_settings.html", context)


def card_payments(request: Request) -> HttpResponse:
    """Which gateway takes card payments, whether it answers, and what holds for saved cards."""
    caller = request.caller
    caller.must("cards.view")
    rows = [(row, _doors(caller, GATEWAY, row)) for row in cards.gateways()]
    context = {
        "rows": rows,
        "words": card_words(cards.policy()),
        "hook": cards.hook_address("stripe"),
        "open": cards.failures(caller, caller.now - dt.timedelta(days=7)).count(),
    }
    return render(request, "desk/card_settings.html", context)


def belonging(request: Request) -> HttpResponse:
    """The brands with what they say for themselves, and the areas."""
    caller = request.caller
    caller.must("operator.view")
    parts = [
        (noun, [(row, _doors(caller, noun, row)) for row in rows])
        for noun, rows in ((BRAND, brands(caller)), (AREA, areas(caller)))
    ]
    return render(request, "desk/belonging.html", {"parts": parts, "may_logo": caller.may("operator.set_brand_logo")})


def numbers(request: Request) -> HttpResponse:
    """How each kind of document is numbered, and its next number."""
    caller = request.caller
    caller.must("operator.view")
    given = counted()
    order = {kind: place for place, kind in enumerate(NumberSeries.Kind.values)}
    series = NUMBERS.visible(caller).select_related("brand").exclude(pattern="")
    rows = [
        {
            "row": row,
            # An account of the name Example, where its letters are in the number.
            "next": following(row.kind, For(caller.today, row.brand_id, "EXA")),
            "given": f"{given.get(row.kind, 0):,}" if row.brand_id is None else "",
            "doors": _doors(caller, NUMBERS, row),
        }
        for row in sorted(series, key=lambda row: (order[row.kind], row.brand.name if row.brand else ""))
    ]
    return render(request, "desk/numbers.html", {"rows": rows, "brands": offered(brands(caller))})


def ledger(request: Request) -> HttpResponse:
    """The ledger accounts, and what is posted to each."""
    caller = request.caller
    caller.must("ledger.view")
    rows = [
        {"row": row, "posted": POSTED.get(row.code, ""), "doors": _doors(caller, LEDGER_ACCOUNT, row)}
        for row in ledger_accounts()
    ]
    return render(request, "desk/ledger_accounts.html", {"rows": rows})


def tax(request: Request) -> HttpResponse:
    """Each tax with the versions of its rate."""
    caller = request.caller
    caller.must("operator.view")
    caller.must("billing.view")
    rates = tax_rates()
    rows = [_version(row, caller) for row in rates]
    country = COUNTRIES.get(operator().region)
    there = {(row.code, row.name) for row in rates}
    preset = country if country and any((code, name) not in there for code, name, *_ in country.rates) else None
    if anything_issued() or not caller.may(use_tax_rates):
        preset = None
    context = {
        "rows": rows, "may": caller.may("billing.save_tax_rate"), "preset": preset, "charges": charges_tax(),
        "may_decide": caller.may(decide_tax),
    }  # fmt: skip
    return render(request, "desk/tax.html", context)


def _used(result: list[TaxRate], house: Operator) -> Saved:
    return Saved(f"{', '.join(row.name for row in result)} saved.", reverse("tax"))


use_preset = act(use_tax_rates, lambda caller: operator(), lambda caller, house: {"country": house.region}, _used)


def _decided(result: TaxPolicy, about: None) -> Saved:
    return Saved("Tax is charged by the rates below." if result.charges else "No tax is charged.", reverse("tax"))


charge_tax = act(decide_tax, lambda caller: None, lambda caller, about: {"charges": True}, _decided)
charge_none = act(decide_tax, lambda caller: None, lambda caller, about: {"charges": False}, _decided)


def _version(row: TaxRate, caller: Caller) -> dict[str, Any]:
    state = "Now" if row.valid_from <= caller.today else "To come"
    if row.valid_to is not None and row.valid_to <= caller.today:
        state = "Ended"
    return {"row": row, "state": state, "last": row.last_day}
