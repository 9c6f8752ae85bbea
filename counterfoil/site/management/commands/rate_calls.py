"""`counterfoil rate-calls FILE --format-of FORMAT --country ZA --deck DECK.csv [--format json] --dry-run`."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from counterfoil.kernel.errors import Refused
from counterfoil.operator.queries import operator_currency
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.usage.calls import (
    FORMATS,
    MOST_BYTES,
    Calls,
    Columns,
    Decks,
    Rated,
    Rater,
    Totals,
    columns_from,
    read,
    read_deck,
    zone_of,
)


class Command(BaseCommand):
    help = (
        "Read call records (of Asterisk, FreeSWITCH or Cisco, or of any exchange by a mapping) and say what each call "
        "costs by rate decks. As JSON it is a list with an object for each call: id, account, start (UTC), number "
        "(E.164), prefix, billed_seconds, cost; where it has no cost, that is null and why says the reason. Besides: "
        "dialled, talk_seconds, currency, destination, deck, and remark, which says what is strange about the record."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="call records as the switch wrote them")
        parser.add_argument("--format-of", required=True, help=f"{', '.join(FORMATS)}, or a mapping (a TOML file)")
        parser.add_argument("--country", required=True, help="where numbers were dialled: ZA")
        parser.add_argument("--deck", type=Path, action="append", required=True, help="a rate deck; more than one may")
        parser.add_argument("--zone", default="UTC", help="of times that name none; UTC when left out")
        parser.add_argument("--currency", default="", help="of decks that name none; the company's when left out")
        parser.add_argument("--places", type=int, default=4, choices=range(10), metavar="PLACES",
                            help="decimal places that a call's cost is rounded to; 4 when left out")  # fmt: skip
        parser.add_argument("--format", choices=("text", "json"), default="text")
        parser.add_argument("--dry-run", action="store_true", required=True, help="only say it; nothing is written")

    def handle(self, *args: Any, **options: Any) -> None:
        asked, money = options["format_of"], options["currency"].upper()
        if money and not re.fullmatch("[A-Z]{3}", money):
            raise CommandError("--currency is a code such as ZAR.")
        try:
            form = asked if asked in FORMATS else _columns(Path(asked))
            decks = Decks([read_deck(_content(path), path.name) for path in options["deck"]],
                          money)  # fmt: skip
            rater = Rater(decks, options["country"], options["places"])
            calls = read(_content(options["file"]), form, zone_of(options["zone"]))
            currency = decks.currency or _company_currency()
            if options["format"] == "json":
                self._print(calls, rater, currency)
            else:
                self._say(calls, rater, currency)
        except Refused as refused:
            raise CommandError(refused.sentence) from refused

    def _print(self, calls: Calls, rater: Rater, currency: str) -> None:
        # One at a time: a file may hold hundreds of thousands. (json.dumps would make an encoder for each.)
        before, encode = "[", json.JSONEncoder(ensure_ascii=False).encode
        for call in calls:
            told = encode(as_object(rater.rate(call), rater, currency))
            self.stdout.write(before + told, ending="")
            before = ",\n"
        self.stdout.write("]" if before != "[" else "[]")

    def _say(self, calls: Calls, rater: Rater, currency: str) -> None:
        totals = Totals()

        def money(cost: int) -> str:
            return f"{currency} {rater.text(cost)}".strip()

        for call in calls:
            one = rater.rate(call)
            totals.add(one)
            start = f"{call.start:%Y-%m-%d %H:%M:%S}" if call.start else "?"
            told = money(one.cost) if one.cost is not None else one.why
            remark = f" ({call.remark})" if call.remark else ""
            self.stdout.write(f"{start}  {call.account or '-'}  {one.number or call.dialled or '-'}  "
                              f"{one.billed_seconds} s  {told}{remark}")  # fmt: skip
        self.stdout.write("")
        for account, total in sorted(totals.accounts.items()):
            left = f", {plural(total.unrated, 'call')} without a cost" if total.unrated else ""
            self.stdout.write(f"{account or 'No account'}: {plural(total.calls, 'call')}, {total.rated} charged, "
                              f"{total.billed_seconds} s, {money(total.cost)}{left}")  # fmt: skip
        every = plural(sum(one.calls for one in totals.accounts.values()), "call")
        self.stdout.write(f"All: {every}, {money(sum(total.cost for total in totals.accounts.values()))}")
        if calls.repeated:
            count = "counts" if calls.repeated == 1 else "count"
            self.stdout.write(f"{plural(calls.repeated, 'record')} stood there before and {count} once.")


def as_object(one: Rated, rater: Rater, currency: str) -> dict[str, Any]:
    """A call for programs. What it does not have is null."""
    call, price = one.call, one.price
    return {
        "id": call.id, "account": call.account or None, "start": call.start.isoformat() if call.start else None,
        "dialled": call.dialled, "number": one.number or None, "prefix": price.prefix if price else None,
        "destination": price.destination if price else None, "deck": price.deck.name if price else None,
        "talk_seconds": call.talk, "billed_seconds": one.billed_seconds,
        "cost": rater.text(one.cost) if one.cost is not None else None, "currency": currency or None,
        "why": one.why or None, "remark": call.remark or None,
    }  # fmt: skip


def _company_currency() -> str:
    """The company's, which decks that name none are in; none before there is a company."""
    try:
        return operator_currency()
    except DatabaseError:
        return ""


def _content(path: Path) -> bytes:
    """The file, and one octet more than is read of any, by which it is refused without being held."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


def _columns(path: Path) -> Columns:
    try:
        return columns_from(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}. --format-of is one of {', '.join(FORMATS)}, or a "
                           "mapping.") from error  # fmt: skip
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CommandError(f"{path} is no mapping: {error}.") from error
