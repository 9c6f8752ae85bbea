"""`counterfoil import FILE --mapping MAPPING [--dry-run]`."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.imports.operations import import_file
from counterfoil.imports.rules import ImportRefused
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import plain_text
from counterfoil.site.console import console_caller


class Command(BaseCommand):
    help = (
        "Import customers, services, invoices, payments and usage from a file: all or nothing, and twice adds nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a CSV, Excel or JSON file")
        parser.add_argument("--mapping", type=Path, required=True, help="how its columns become records (TOML)")
        parser.add_argument("--dry-run", action="store_true", help="work it all out, then change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content, mapping = options["file"].read_bytes(), options["mapping"].read_text(encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{options['mapping']} is no mapping: it is not text in UTF-8.") from error
        caller = console_caller()
        caller = caller.previewing() if options["dry_run"] else caller
        try:
            result = import_file(caller, content=content, file_name=options["file"].name, mapping=mapping)
        except ImportRefused as refused:
            for wrong in refused.others:
                self.stderr.write(str(wrong))
            for question in refused.questions:
                self.stderr.write(f"{question.sentence} Write one of these at the top of the mapping:")
                for line in question.lines:
                    self.stderr.write(f"  {line}")
            self.stderr.write(refused.sentence)
            sys.exit(1)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"{result.name}: {result.rows} rows" + (" (dry run, nothing changed)" * options["dry_run"]))
        for total in result.totals:
            amounts = f"  {total.quantity:,f} units in the file" if total.quantity else ""
            if total.amount_minor:
                amounts = (
                    f"  {result.currency} {plain_text(total.amount_minor, result.currency)} in the file, "
                    f"{plain_text(total.added_minor, result.currency)} added"
                )
            self.stdout.write(
                f"  {total.kind + 's':<13} {total.in_file:>7} in the file {total.added:>7} added "
                f"{total.already_there:>7} already there{amounts}"
            )
        for remark in result.said:
            self.stdout.write(f"  {remark}")
