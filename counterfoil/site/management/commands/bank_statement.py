"""`counterfoil bank-statement FILE [--mapping MAPPING] [--match] [--format json] --dry-run`."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.bank.queries import book_in, shares_text
from counterfoil.bank.readers import MOST_BYTES, Columns, Line, Part, Statement, columns_from, read
from counterfoil.bank.rules import Book, Match, match
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import money_text, plain_text
from counterfoil.operator.queries import operator_currency
from counterfoil.platform.templatetags.counterfoil import plural


class Command(BaseCommand):
    help = (
        "Read a bank statement (camt.052, .053, .054, MT940, OFX, BAI2, QIF, or a table) and say what is in it and "
        "whether it adds up. As JSON it is a list with an object for each statement: account, currency, opening, "
        "closing, adds_up (null where the bank wrote no balances), said, and its lines; with --match what each would "
        "settle, how sure that is, and why."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a file from the bank")
        parser.add_argument("--mapping", type=Path, help='which column of a table is what (TOML): date = "Boekdatum"')
        parser.add_argument("--currency", default="", help="of files that name none; the company's when left out")
        parser.add_argument("--match", action="store_true", help="say what each line would settle")
        parser.add_argument("--format", choices=("text", "json"), default="text")
        parser.add_argument("--dry-run", action="store_true", required=True, help="only say it; nothing is written")

    def handle(self, *args: Any, **options: Any) -> None:
        columns = _columns(options["mapping"]) if options["mapping"] else None
        try:
            with options["file"].open("rb") as file:
                # A file of any size is refused without being held.
                content = file.read(MOST_BYTES + 1)
            found = read(content, columns, currency=options["currency"].upper() or operator_currency())
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        books: dict[str, Book] = {}
        told = []
        for one in found:
            if options["match"] and one.currency not in books:
                books[one.currency] = book_in(one.currency)
            matches = [match(line, books[one.currency]) for line in one.lines] if options["match"] else []
            if options["format"] == "json":
                told.append(json.dumps(as_object(one, matches), ensure_ascii=False))
            else:
                self._say(one, matches)
        if options["format"] == "json":
            self.stdout.write("[" + ",\n".join(told) + "]")

    def _say(self, one: Statement, matches: list[Match]) -> None:
        answer = {True: "adds up", False: "does not add up", None: "has no balances to prove it"}[one.adds_up]
        self.stdout.write(f"{one.account or 'Account'} {one.currency}: {plural(len(one.lines), 'line')}, {answer}")
        for sentence in one.doubts:
            self.stdout.write(f"  {sentence}")
        for place, line in enumerate(one.lines):
            told = " ".join(part for part in (line.counterparty, line.details or line.structured) if part)
            self.stdout.write(
                f"  {line.date.isoformat()} {money_text(line.amount_minor, one.currency):>14}  {told[:70]}"
            )
            if matches and matches[place].reason:
                shares = shares_text(matches[place], one.currency)
                self.stdout.write(f"    {matches[place].reason}{f': {shares}' if shares else ''}")


def _columns(path: Path) -> Columns:
    try:
        return columns_from(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} is no mapping: {error}.") from error
    except Refused as refused:
        raise CommandError(refused.sentence) from refused


def as_object(one: Statement, matches: list[Match]) -> dict[str, Any]:
    """A statement for programs."""
    lines = [_line(line) for line in one.lines]
    for line, found in zip(lines, matches, strict=False):
        shares = [
            {"invoice": share.number or None, "customer": share.customer, "amount_minor": share.minor}
            for share in found.shares
        ]
        line["match"] = {"how": found.how or None, "why": found.reason, "settles": shares}
    return {
        "account": one.account, "currency": one.currency, "opening_minor": one.opening_minor,
        "closing_minor": one.closing_minor, "adds_up": one.adds_up, "said": one.doubts, "lines": lines,
        "opening": _plain(one.opening_minor, one.currency), "closing": _plain(one.closing_minor, one.currency),
    }  # fmt: skip


def _plain(minor: int | None, currency: str) -> str | None:
    return None if minor is None else plain_text(minor, currency)


def _line(line: Line) -> dict[str, Any]:
    told = {
        "date": line.date.isoformat(), "amount_minor": line.amount_minor, "reference": line.reference,
        "counterparty": line.counterparty, "account": line.account, "details": line.details or line.structured,
        "end_to_end": line.end_to_end, "mandate": line.mandate, "returned": line.returned,
    }  # fmt: skip
    return {**told, "parts": [_part(part) for part in line.parts]} if line.parts else told


def _part(part: Part) -> dict[str, Any]:
    return {
        "amount_minor": part.amount_minor, "counterparty": part.counterparty, "account": part.account,
        "details": part.details or part.structured, "end_to_end": part.end_to_end, "mandate": part.mandate,
        "returned": part.returned,
    }  # fmt: skip
