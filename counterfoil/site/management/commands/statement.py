"""`counterfoil statement CUSTOMER --from DATE --to DATE --format pdf|html|csv|xlsx`."""

import datetime as dt
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.customers.nouns import CUSTOMER
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.receivables import statement_files
from counterfoil.receivables.queries import default_statement_period, statement_of
from counterfoil.site.console import console_caller, day, write_out


class Command(BaseCommand):
    help = "A customer's statement for any period, to a file or to standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("customer", help="account number")
        parser.add_argument("--from", dest="first", type=day, help="first day, 2013-01-31")
        parser.add_argument("--to", dest="last", type=day, help="last day; today when left out")
        parser.add_argument("--format", choices=("pdf", "html", "csv", "xlsx"), default="pdf")
        parser.add_argument("--style", choices=("balance_forward", "open_item"), default="balance_forward")
        parser.add_argument("--output", type=Path, help="file to write; standard output when left out")

    def handle(self, *args: Any, **options: Any) -> None:
        caller = console_caller()
        try:
            customer = CUSTOMER.get(caller, options["customer"])
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        last: dt.date = options["last"] or caller.today
        first: dt.date = options["first"] or default_statement_period(customer, last).start
        if first > last:
            raise CommandError("The first day lies after the last. Give --from the earlier one.")
        statement = statement_of(customer, Period.through(first, last), options["style"])
        content: bytes | str
        match options["format"]:
            case "pdf":
                content = statement_files.statement_pdf(statement)
            case "html":
                content = statement_files.statement_html(statement, standalone=True)
            case "csv":
                content = statement_files.statement_csv(statement)
            case _:
                content = statement_files.statement_xlsx(statement)
        data = content.encode() if isinstance(content, str) else content
        write_out(data, options["output"])
