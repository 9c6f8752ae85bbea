"""`counterfoil report NAME --as-of DATE --format csv`, and `counterfoil report --list`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.documents.rendering import table_pdf
from counterfoil.kernel.errors import Refused
from counterfoil.operator.queries import operator
from counterfoil.platform.exports import for_pdf, to_csv, to_xlsx
from counterfoil.platform.tables import Listing
from counterfoil.reports.queries import REPORTS, asked_for, find_report, read_report
from counterfoil.site.console import console_caller, day, write_out


class Command(BaseCommand):
    help = f"A report as of any day or of a period, to a file or to standard output. Reports: {', '.join(REPORTS)}."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help=", ".join(REPORTS))
        parser.add_argument("--list", action="store_true", help="the names of the reports, one a line")
        parser.add_argument("--as-of", type=day, help="day, 2013-06-30; today when left out")
        parser.add_argument("--from", type=day, dest="first", help="first day of a period; else that of its month")
        parser.add_argument("--to", type=day, dest="as_of", help="last day of a period, the same as --as-of")
        parser.add_argument("--of", default="", help="a part: a ledger account's code, a method of payment")
        parser.add_argument("--format", choices=("csv", "xlsx", "pdf"), default="csv")
        parser.add_argument("--output", type=Path, help="file to write; standard output when left out")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["list"] and not options["name"]:
            raise CommandError("Say which report, or --list for their names.")
        if options["list"]:
            self.stdout.write("\n".join(REPORTS))
            return
        caller = console_caller()
        on = options["as_of"] or caller.today
        try:
            report = find_report(options["name"])
            asked = asked_for(options["first"], on, options["of"])
            table, rows = read_report(caller, report, asked)
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        listing = Listing(table, rows, {}, "", currency=operator().currency, today=caller.today)
        title = report.titled(asked)
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
