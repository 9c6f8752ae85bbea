"""`counterfoil dunning --as-of DATE [--dry-run] [--format json]`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.customers.models import Customer
from counterfoil.dunning.jobs import work
from counterfoil.dunning.models import DunningRun
from counterfoil.dunning.operations import start_dunning_run
from counterfoil.dunning.queries import held_of, skipped_of, totals_of
from counterfoil.dunning.rules import Left
from counterfoil.dunning.selecting import Asked, Found, Selection
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import money_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.site.console import console_caller, day


class Command(BaseCommand):
    help = (
        "Send late customers the letter that is theirs as of a day, or with --dry-run say what would be sent and to "
        "whom not, and why, as it was on that day (a run counts letters sent since, too). As JSON it is one list with "
        "an object for each customer who has an open debit: number, currency, and either letter, level, items, "
        "total_minor, interest_minor and fee_minor, or the reason. A customer with an address that has terms of its "
        "own may have an object more for that address (site)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", type=day, help="day, 2013-06-30; today when left out")
        parser.add_argument("--dry-run", action="store_true", help="say what would be sent; nothing is written")
        parser.add_argument("--format", choices=("text", "json"), default="text", help="json: a list, see above")

    def handle(self, *args: Any, **options: Any) -> None:
        caller = console_caller()
        as_of = options["as_of"] or caller.today
        if as_of > caller.today:
            raise CommandError("The day lies ahead. Letters are sent as of today or an earlier day.")
        if options["dry_run"]:
            self._say(_found(Asked(as_of, as_it_was=True)), options["format"])
            return
        try:
            run = start_dunning_run(caller, as_of=as_of)
            for _ in work(Caller.system("shell", behalf=caller), run):
                pass
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        self._tell(caller, DunningRun.objects.get(pk=run.pk), options["format"])

    def _say(self, rows: Iterator[Found], form: str) -> None:
        if form == "text":
            for row in rows:
                self.stdout.write(_line(row))
            return
        self.stdout.write("[", ending="")
        for place, row in enumerate(rows):
            # One after the other: a book of a million customers is never held.
            self.stdout.write(f"{',' if place else ''}\n{json.dumps(as_object(row), ensure_ascii=False)}", ending="")
        self.stdout.write("\n]")

    def _tell(self, caller: Caller, run: DunningRun, form: str) -> None:
        totals, held = totals_of(caller, run), list(held_of(caller, run))
        if form == "json":
            sent = [
                {
                    "currency": row.currency, "letters": row.letters, "total_minor": row.asked_minor,
                    "interest_minor": row.interest_minor, "fee_minor": row.fee_minor,
                }
                for row in totals
            ]  # fmt: skip
            on_hold = [{"number": row.customer.number, "reason": row.said} for row in held]
            told = {
                "run": run.pk, "as_of": run.as_of.isoformat(), "sent": sent, "held": on_hold, "left_out": run.skipped,
            }  # fmt: skip
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for row in totals:
            asked = money_text(row.asked_minor, row.currency)
            added = row.interest_minor + row.fee_minor
            charging = f", charging {money_text(added, row.currency)}" if added else ""
            self.stdout.write(f"{plural(row.letters, 'letter')} for {asked}{charging}")
        if not totals:
            self.stdout.write("No letters.")
        for one in held:
            self.stdout.write(f"On hold: {one.customer.number}, {one.said}")
        for words, count in skipped_of(caller, run):
            self.stdout.write(f"{words}: {count:,}")


def _found(asked: Asked) -> Iterator[Found]:
    selection = Selection(asked)
    for accounts in selection.accounts(Customer.objects.all()):
        yield from selection.of(accounts)


def as_object(row: Found) -> dict[str, Any]:
    """What becomes of a customer, for programs."""
    told: dict[str, Any] = {"number": row.account.number, "currency": row.account.currency}
    if row.site_id is not None:
        told["site"] = row.site_id
    decision = row.decision
    if isinstance(decision, Left):
        return {**told, "reason": decision.said}
    items = [
        {
            "number": item.number, "due_on": item.due_on.isoformat(), "days_late": item.days_late,
            "open_minor": item.open_minor, "disputed_minor": item.disputed_minor,
        }
        for item in decision.items
    ]  # fmt: skip
    return {
        **told, "letter": decision.line.letter, "level": decision.level, "items": items,
        "total_minor": decision.total_minor, "interest_minor": decision.interest_minor,
        "fee_minor": decision.fee_minor,
    }  # fmt: skip


def _line(row: Found) -> str:
    decision = row.decision
    if isinstance(decision, Left):
        return f"{row.account.number}: {decision.said}"
    return f"{row.account.number}: {decision.line.letter}, {money_text(decision.total_minor, row.account.currency)}"
