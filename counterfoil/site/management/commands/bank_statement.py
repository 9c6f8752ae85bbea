"""`counterfoil bank-statement FILE [--mapping M] [--currency EUR] --format json --dry-run`."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.bank.readers import MOST_BYTES, Line, Statement, read_mapping, read_statements
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import figure_text


class Command(BaseCommand):
    help = "Read a bank statement (camt, MT940, OFX, QFX, BAI2, QIF, CSV) and say whether it adds up. Changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the file as the bank gave it")
        parser.add_argument("--mapping", type=Path, help="which column of a CSV says what (TOML)")
        parser.add_argument("--currency", default="", help="the currency where the file names none (EUR)")
        parser.add_argument("--format", choices=["text", "json"], default="text")
        parser.add_argument("--dry-run", action="store_true", help="only read; the only way so far")

    def handle(self, *args: Any, **options: Any) -> None:
        file, mapping = options["file"], options["mapping"]
        currency = options["currency"].upper()
        if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            raise CommandError(f"“{options['currency'][:20]}” is no currency: it has three letters, such as EUR.")
        try:
            if file.stat().st_size > MOST_BYTES:
                raise CommandError(
                    f"{file} is larger than {MOST_BYTES // 2**20} MB. Ask the bank for a shorter period."
                )
            content = file.read_bytes()
            columns = read_mapping(mapping.read_text(encoding="utf-8")) if mapping else None
            statements = read_statements(content, mapping=columns, currency=currency)
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{mapping} is no mapping: it is not text in UTF-8.") from error
        except ValueError as error:  # a name with a character that no file has
            raise CommandError("The name of the file cannot be used.") from error
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        if options["format"] == "json":
            self.stdout.write(json.dumps([_statement(one) for one in statements], ensure_ascii=False, indent=1))
            return
        for one in statements:
            self._say(one)

    def _say(self, one: Statement) -> None:
        amounts = [
            "not given" if minor is None else figure_text(minor, one.currency)
            for minor in (one.opening_minor, one.closing_minor)
        ]
        self.stdout.write(
            f"{one.account or 'No account named'} {one.currency}: opening {amounts[0]}, {len(one.lines)} lines of "
            f"{figure_text(one.total_minor, one.currency)}, closing {amounts[1]}"
        )
        adds_up = {True: "It adds up.", False: "It does not add up.", None: "It gives no two balances to check."}
        for sentence in (adds_up[one.adds_up], *one.wrong, *one.remarks):
            self.stdout.write(f"  {sentence}")


def _statement(one: Statement) -> dict[str, Any]:
    return {
        "format": one.form,
        "account": one.account,
        "currency": one.currency,
        "opening": one.opening_minor,
        "closing": one.closing_minor,
        "adds_up": one.adds_up,
        "wrong": one.wrong,
        "remarks": one.remarks,
        "lines": [_line(line) for line in one.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    said = {key: value for key, value in line.__dict__.items() if key not in ("date", "parts")}
    parts = {"parts": [part.__dict__ for part in line.parts]} if line.parts else {}
    return {"date": line.date.isoformat(), **said, **parts}
