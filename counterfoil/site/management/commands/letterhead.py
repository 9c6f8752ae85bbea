"""`counterfoil letterhead`: the operator as printed on documents."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from counterfoil.billing.operations import decide_tax
from counterfoil.billing.taxes import charges_tax
from counterfoil.customers.rules import CONVENTIONS
from counterfoil.operator.operations import change_operator
from counterfoil.operator.queries import operator
from counterfoil.site.console import console_caller, whole

FIELDS = (
    "name", "legal_name", "registration_name", "registration", "tax_name", "tax_number_name", "tax_number", "address",
    "city", "postcode", "email", "phone", "currency", "region",
    "bank", "bank_branch", "bank_account", "iban", "bic", "pay_url", "account_prefix",
    "account_convention", "terms_days",
)  # fmt: skip


class Command(BaseCommand):
    help = "Show the operator's letterhead and defaults, or set those that are given."

    def add_arguments(self, parser: CommandParser) -> None:
        for name in FIELDS:
            choices = sorted(CONVENTIONS) if name == "account_convention" else None
            kind = whole(0, 365) if name == "terms_days" else str
            parser.add_argument(f"--{name.replace('_', '-')}", type=kind, choices=choices)

        parser.add_argument("--charges-tax", choices=["yes", "no"])

    def handle(self, *args: Any, **options: Any) -> None:
        given = {name: options[name] for name in FIELDS if options[name] is not None}
        if given:
            change_operator(console_caller(), **given)
        wanted = options["charges_tax"] and options["charges_tax"] == "yes"
        if wanted is not None and wanted != charges_tax():
            decide_tax(console_caller(), charges=wanted)
        house, tax = operator(), charges_tax()
        for name in FIELDS:
            self.stdout.write(f"{name.replace('_', '-'):<16} {getattr(house, name)}")
        self.stdout.write(f"{'charges-tax':<16} {'not decided' if tax is None else 'yes' if tax else 'no'}")
