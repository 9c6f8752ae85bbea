"""`counterfoil report NAME --as-of DATE --format csv`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.documents.rendering import table_pdf
from counterfoil.kernel.errors import Refused
from counterfoil.operator.queries import operator
from counterfoil.platform.exports import for_pdf, to_csv, to_xlsx
from counterfoil.platform.tables import Listing
from counterfoil.reports.queries import REPORTS, find_report
from counterfoil.site.console import console_caller, day, write_out


class Command(BaseCommand):
    help = f"A report as of any day, to a file or to standard output. Reports: {', '.join(REPORTS)}."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help=", ".join(REPORTS))
        parser.add_argument("--as-of", type=day, help="day, 2013-06-30; today when left out")
        parser.add_argument("--format", choices=("csv", "xlsx", "pdf"), default="csv")
        parser.add_argument("--output", type=Path, help="file to write; standard output when left out")

    def handle(self, *args: Any, **options: Any) -> None:
        caller = console_caller()
        on = options["as_of"] or caller.today
        try:
            report = find_report(options["name"])
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        table, rows = report.read(caller, on)
        listing = Listing(table, rows, {}, "", currency=operator().currency, today=caller.today)
        title = f"{report.title} as of {on.isoformat()}"
        match options["format"]:
            case "csv":
                # For programs: no byte order mark, and heads without a currency because the rows say theirs.
                content = to_csv(listing, for_programs=True)
            case "xlsx":
                content = to_xlsx(listing, title=title, now=caller.now)
            case _:
                data = for_pdf(listing, title=title, now=caller.now)
                content = table_pdf(author=operator().name, on=(on.year, on.month, on.day), **data)
        write_out(content, options["output"])
