"""`counterfoil letterhead`: the operator as printed on documents."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from counterfoil.billing.operations import decide_tax
from counterfoil.billing.taxes import charges_tax
from counterfoil.operator.operations import add_bank_account, change_bank_account, change_operator
from counterfoil.operator.queries import default_account, operator
from counterfoil.site.console import console_caller, whole

# Of the account that documents show, under the names they have had here from the start.
BANK = {"bank": "bank", "bank_branch": "branch", "bank_account": "number", "iban": "iban", "bic": "bic"}
FIELDS = (
    "name", "legal_name", "registration_name", "registration", "tax_name", "tax_number_name", "tax_number", "address",
    "city", "postcode", "email", "phone", "currency", "region",
    "bank", "bank_branch", "bank_account", "iban", "bic", "pay_url", "code",
    "terms_days", "terms_rule", "billing_day", "colour", "footer",
)  # fmt: skip
_WHOLE = {"terms_days": (0, 365), "billing_day": (1, 31)}


class Command(BaseCommand):
    help = "Show the operator's letterhead and defaults, or set those that are given."

    def add_arguments(self, parser: CommandParser) -> None:
        for name in FIELDS:
            kind = whole(*_WHOLE[name]) if name in _WHOLE else str
            parser.add_argument(f"--{name.replace('_', '-')}", type=kind)

        parser.add_argument("--charges-tax", choices=["yes", "no"])

    def handle(self, *args: Any, **options: Any) -> None:
        given = {name: options[name] for name in FIELDS if options[name] is not None}
        if details := {BANK[name]: given.pop(name) for name in BANK if name in given}:
            _set_bank(details)
        if given:
            change_operator(console_caller(), **given)
        wanted = options["charges_tax"] and options["charges_tax"] == "yes"
        if wanted is not None and wanted != charges_tax():
            decide_tax(console_caller(), charges=wanted)
        house, account, tax = operator(), default_account(), charges_tax()
        for name in FIELDS:
            value = getattr(account, BANK[name], "") if name in BANK else getattr(house, name)
            self.stdout.write(f"{name.replace('_', '-'):<16} {value}")
        self.stdout.write(f"{'charges-tax':<16} {'not decided' if tax is None else 'yes' if tax else 'no'}")


def _set_bank(details: dict[str, str]) -> None:
    """The account that documents show has these values; the first of all is made of them."""
    if account := default_account():
        change_bank_account(console_caller(), account=account, details=details)
    elif any(details.values()):
        add_bank_account(console_caller(), details=details)
