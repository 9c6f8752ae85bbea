"""`counterfoil ask "QUESTION" [--customer NUMBER] [--format json]`, and `counterfoil ask --score FILE`."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.customers.queries import visible
from counterfoil.kernel.errors import Refused
from counterfoil.operator.queries import operator_currency
from counterfoil.platform.callers import Caller
from counterfoil.platform.tables import Listing
from counterfoil.questions.operations import record_question
from counterfoil.questions.queries import NotUnderstood, Understood
from counterfoil.questions.queries import ask as ask_question
from counterfoil.site.console import console_caller

MOST_ROWS = 100


class Command(BaseCommand):
    help = (
        "Ask a question in words, about a customer or about everybody. As JSON it is one object: kind, sentence, "
        "figure (amounts in minor units), rows, sources and customer; or kind null, said, and nearest, the questions "
        "that come closest. --score reads a CSV file of questions (about, kind, question) and says how many are "
        "understood right."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("question", nargs="?", help="the question, in quotes")
        parser.add_argument("--customer", default="", help="the account number of whom it is about")
        parser.add_argument("--format", choices=("text", "json"), default="text")
        parser.add_argument("--score", type=Path, help="a CSV file of questions with the kind each should be")

    def handle(self, *args: Any, **options: Any) -> None:
        caller = console_caller()
        try:
            if options["score"]:
                self._score(caller, options["score"], options["customer"])
                return
            if not options["question"]:
                raise CommandError('Ask something: counterfoil ask "When did they last pay?" --customer HV-000001')
            customer = CUSTOMER.get(caller, options["customer"]) if options["customer"] else None
            found = ask_question(caller, options["question"], customer)
            if isinstance(found, Understood):
                record_question(
                    caller, question=options["question"], answered=found.kind.name, customer=found.customer
                )  # fmt: skip
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        if options["format"] == "json":
            self.stdout.write(json.dumps(as_object(found, caller), ensure_ascii=False))
        elif isinstance(found, NotUnderstood):
            self.stdout.write(found.said)
            self.stdout.writelines(f"  {kind.ask}" for kind in found.nearest)
        else:
            self.stdout.write(found.answer.sentence)
            self.stdout.writelines(f"  {line}" for line in found.answer.why)

    def _score(self, caller: Caller, file: Path, number: str) -> None:
        """Asks each question of the file, and counts."""
        customer = CUSTOMER.get(caller, number) if number else visible(caller).order_by("pk").first()
        if customer is None:
            raise CommandError("There is no customer yet to ask about.")
        tally: Counter[str] = Counter()
        for about, kind, question in _questions(file):
            verdict = _verdict(caller, question, kind, customer if about == "customer" else None)
            tally[verdict] += 1
            if verdict in ("wrong", "not understood"):
                self.stdout.write(f"{verdict}: {question}")
        asked, hoped = sum(tally.values()), tally["right"] + tally["not understood"] + tally["wrong"]
        share = 100 * tally["right"] / hoped if hoped else 0
        said = ", ".join(f"{name} {tally[name]}" for name in ("right", "refused rightly", "not understood", "wrong"))
        self.stdout.write(f"{asked} questions: {said}. Right of those there is a kind for: {share:.1f} %.")


def _questions(file: Path) -> list[tuple[str, str, str]]:
    try:
        with file.open(encoding="utf-8", newline="") as text:
            rows = list(csv.DictReader(text))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read as a CSV file of questions.") from error
    if not rows or not {"about", "kind", "question"} <= set(rows[0]):
        raise CommandError(f"{file} needs the columns about, kind and question, and a question.")
    return [(row["about"], row["kind"], row["question"]) for row in rows]


def _verdict(caller: Caller, question: str, kind: str, customer: Customer | None) -> str:
    found = ask_question(caller, question, customer)
    if isinstance(found, Understood):
        return "right" if found.kind.name == kind else "wrong"
    return "not understood" if kind else "refused rightly"


def as_object(found: Understood | NotUnderstood, caller: Caller) -> dict[str, Any]:
    """An answer for programs."""
    if isinstance(found, NotUnderstood):
        return {"kind": None, "said": found.said, "nearest": [kind.ask for kind in found.nearest]}
    answer, whose = found.answer, found.customer
    rows: list[dict[str, str]] = []
    if answer.table is not None:
        currency = whose.currency if whose else operator_currency()
        listing = Listing(answer.table, answer.rows, {"all": "1"}, "", currency=currency, today=caller.today)
        for row in list(listing.found[:MOST_ROWS]) if hasattr(listing.found, "__getitem__") else list(listing.found):
            rows.append({cell.column.key: cell.text for cell in listing.cells(row)})
    return {
        "kind": found.kind.name,
        "sentence": answer.sentence,
        "figure": answer.figure,
        "rows": rows[:MOST_ROWS],
        "sources": [{"label": source.label, "url": source.url} for source in answer.sources],
        "why": list(answer.why),
        "customer": whose.number if whose else None,
        "as_of": caller.now.isoformat(),
    }
