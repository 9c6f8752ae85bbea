"""One file on its way in: whose its records are, which of them are new, and how they are added or refused."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from django.db.models.functions import Lower

from counterfoil.customers.models import ContactPoint, Customer
from counterfoil.imports.mapping import FileMapping
from counterfoil.imports.models import ImportedRecord, ImportRun, ParkedRow
from counterfoil.imports.rules import ONE, Plan, Record, RowError, Tally
from counterfoil.kernel.errors import Refused
from counterfoil.ledger import queries as ledger
from counterfoil.platform import bulk
from counterfoil.platform.operations import Operation
from counterfoil.platform.templatetags.counterfoil import plural

CHUNK = 1000
# Parts whose records are entries in the books, on their own day.
_POSTED = ("invoices", "openings", "receipts")


class Work:
    """One file on its way in, batch by batch."""

    def __init__(
        self, op: Operation, run: ImportRun, mapping: FileMapping, plan: Plan, put_to: Customer | None = None
    ) -> None:
        self.op, self.run, self.mapping, self.plan = op, run, mapping, plan
        # Whose all records are, whomever they name.
        self.put_to = put_to
        self.source, self.currency = mapping.source, mapping.currency
        self.errors: list[RowError] = []
        # Records that somebody may put to a customer: each with its kind and what is wrong.
        self.amiss: list[tuple[str, Record, str]] = []
        self.tallies = {kind: Tally() for kind in ONE.values()}
        # The customers of the records at hand, by what the file calls them, and the ids of all that records went to.
        self.people: dict[str, Customer] = {}
        self.met: set[int] = set()
        # Accounts that the file names and that are another one now, by their number.
        self.merged: dict[str, str] = {}
        self.moved: Counter[tuple[str, str]] = Counter()
        self.remarks: list[str] = []
        # What differs from what came in before, where somebody is to be asked about it.
        self.differing: list[str] = []

    def batches(self, part: str, *, together: str = "") -> Iterator[list[Record]]:
        """The records of a part, counted, some thousand at a time; those with one value of a field stay together."""
        tally = self.tallies[ONE[part]]
        records = self.plan.records(part)
        for batch in _whole(records, together) if together else bulk.chunks(records, CHUNK):
            tally.in_file += len(batch)
            self.people = {}
            tally.amount_minor += sum(record.values.get("amount", 0) for record in batch)
            yield batch

    def park(self, rows: Iterable[tuple[int, dict[str, str]]], text: str) -> None:
        """What was wrong with records waits for somebody's decision, with what the file says in its rows."""
        if not self.amiss:
            return
        wanted = {row for _, record, _ in self.amiss for row in record.rows}
        cells = {row: values for row, values in rows if row in wanted}
        answers = self.plan.mapping.answers if self.plan.mapping else {}
        there = set(ParkedRow.objects.filter(source=self.source).values_list("kind", "key"))
        parked = {(kind, record.key): (record, problem) for kind, record, problem in self.amiss}
        self.remarks.insert(0, f"{plural(len(parked), 'record')} parked, to be put to a customer or dropped.")
        if fresh := {name: said for name, said in parked.items() if name not in there}:
            self.save_run()
            ParkedRow.objects.bulk_create(
                ParkedRow(
                    run=self.run, source=self.source, kind=kind, key=key, currency=self.currency, mapping=text,
                    answers=answers, rows=[(row, cells[row]) for row in record.rows], problem=problem, at=self.op.now,
                )
                for (kind, key), (record, problem) in fresh.items()
            )  # fmt: skip
            self.op.record("rows.parked", self.run, file=self.run.file_name, rows=len(fresh))

    def save_run(self) -> None:
        """The run is on record; a file that adds nothing leaves no trace."""
        if self.run.pk is None:
            self.run.save()

    def said(self) -> list[str]:
        """What there is to know besides the totals, the first hundred of each kind."""
        found = []
        for (kind, number), count in sorted(self.moved.items()):
            many = plural(count, "payment" if kind == "receipt" else kind)
            found.append(f"{many} for {number} went to {self.merged[number]}, which it was merged into.")
        for why, rows in self.plan.left_out.items():
            some = ", ".join(str(row) for row in rows[:10]) + (" and more" if len(rows) > 10 else "")
            each = "it" if len(rows) == 1 else "each"
            found.append(f"{plural(len(rows), 'row')} left out, because {each} {why}: row {some}.")
        return [*self.plan.remarks[:100], *found[:100], *self.remarks[:100]]

    # ------------------------------------------------------------------ whose

    def with_customer(self, part: str, records: Sequence[Record]) -> list[Record]:
        """Those of the records whose customer is there, in the file's currency; of the others it is said."""
        unclear = self._find_people({record.values["customer"] for record in records})
        found = []
        closed = ledger.closed_for(self.op.caller) if part in _POSTED else None
        for record in records:
            called = record.values["customer"]
            if closed is not None and record.values["on"] <= closed:
                self.wrong(record, ledger.closed_text(closed), part, "on")
                continue
            if called in self.merged:
                self.moved[ONE[part], called] += 1
            if called in unclear:
                self.wrong(record, unclear[called], part, "customer")
            elif called not in self.people and self.mapping.unknown == "leave out":
                self.plan.leave_out(record.row, "names a customer who is not there")
            elif called not in self.people:
                self.wrong(record, f"There is no customer {called}.", part, "customer")
            elif self.people[called].currency != self.currency:
                self.wrong(record, f"That customer's account is not in {self.currency}.", part, "customer")
            else:
                found.append(record)
        return found

    def _find_people(self, wanted: set[str]) -> dict[str, str]:
        """Those whom these records name are among `people`; returned is who could be several, with a sentence.

        A customer is known by the key of the file, by the account number, and by what the mapping says besides.
        """
        if self.put_to is not None:
            self.people |= dict.fromkeys(wanted, self.put_to)
            self._follow_merged()
            self.met.update(row.pk for row in self.people.values())
            return {}
        rows = ImportedRecord.objects.filter(source=self.source, kind="customer", key__in=wanted)
        ids = dict(rows.values_list("key", "object_id"))
        known = Customer.objects.in_bulk(set(ids.values()))
        self.people |= {key: known[pk] for key, pk in ids.items()}
        others = Customer.objects.filter(number__in=wanted - ids.keys())
        self.people |= {row.number: row for row in others}
        unclear = self._find_otherwise(wanted - self.people.keys())
        self._follow_merged()
        self.met |= {row.pk for row in self.people.values()}
        return unclear

    def _find_otherwise(self, wanted: set[str]) -> dict[str, str]:
        """Those who are called so or have that address, where one is; who are several, with a sentence."""
        by: dict[str, dict[int, Customer]] = defaultdict(dict)
        texts = {text.casefold() for text in wanted}
        if self.mapping.find == "name":
            lower = Lower("name")
            for row in Customer.objects.annotate(said=lower).filter(said__in=texts).exclude(status="erased"):
                by[row.name.casefold()][row.pk] = row
        elif self.mapping.find == "e-mail":
            points = ContactPoint.objects.annotate(said=Lower("value")).filter(kind="email", said__in=texts)
            for point in points.select_related("contact__customer"):
                by[point.value.casefold()][point.contact.customer_id] = point.contact.customer
        unclear = {}
        for text in wanted:
            # Of two accounts that were merged one is meant.
            found = {row.merged_into_id or row.pk: row for row in by.get(text.casefold(), {}).values()}
            if len(found) == 1:
                self.people[text] = next(iter(found.values()))
            elif found:
                numbers = ", ".join(sorted(row.number for row in found.values())[:5])
                unclear[text] = f"{text} could be {len(found)} customers: {numbers}. Write the account number."
        return unclear

    def _follow_merged(self) -> None:
        """An account that was merged is the one it is now, however often that was merged since."""
        while gone := {key: row for key, row in self.people.items() if row.merged_into_id is not None}:
            into = Customer.objects.in_bulk({row.merged_into_id for row in gone.values()})
            for key, row in gone.items():
                self.people[key] = into[row.merged_into_id]
                self.merged[key] = into[row.merged_into_id].number

    # ------------------------------------------------------------------ what of it is new

    def sort_out(self, kind: str, records: Sequence[Record], *, differ: list[Record] | None = None) -> list[Record]:
        """Records not brought in before. One with a known key and other content is an error, or one of `differ`."""
        rows = ImportedRecord.objects.filter(source=self.source, kind=kind, key__in=[r.key for r in records])
        before = dict(rows.values_list("key", "fingerprint"))
        fresh = []
        for record in records:
            if record.key not in before:
                fresh.append(record)
            elif before[record.key] == record.fingerprint:
                self._tally(kind).already_there += 1
            elif differ is not None:
                self._tally(kind).already_there += 1
                differ.append(record)
            else:
                self.wrong(
                    record, f"{kind.capitalize()} {record.key} was imported before with other content.", _part(kind)
                )
        return fresh

    def _tally(self, kind: str) -> Tally:
        return self.tallies[ONE[_part(kind)]]

    def add(self, kind: str, records: Sequence[Record], add: Callable[[Sequence[Record]], list[int]]) -> None:
        """The records come in, some thousand at once: all of them, but those that a rule refused."""
        left, ids = list(records), []
        while left:
            try:
                with self.op.attempting():
                    ids = add(left)
                break
            except Refused as error:
                # A rule said no to one of the batch: find out which row by asking for each alone, with the database
                # as it was before the batch.
                culprit = self._culprit(left, add, error)
                self.wrong(culprit, error.sentence, _part(kind))
                if self.mapping.wrong == "refuse":
                    return
                left.remove(culprit)
        self.came(kind, zip(left, ids, strict=True))

    def came(self, kind: str, made: Iterable[tuple[Record, int]]) -> None:
        """These records are there now, each as the row with that id."""
        made = list(made)
        if made:
            self.save_run()
        tally = self._tally(kind)
        tally.added += len(made)
        tally.added_minor += sum(record.values.get("amount", 0) for record, _ in made)
        bulk.insert_rows(
            ImportedRecord,
            ("run", "source", "kind", "key", "fingerprint", "object_id"),
            ((self.run.pk, self.source, kind, record.key, record.fingerprint, pk) for record, pk in made),
        )

    def _culprit(self, batch: Sequence[Record], add: Callable[[Sequence[Record]], list[int]], error: Refused) -> Record:
        for record in batch:
            try:
                with self.op.attempting():
                    add([record])
                    raise Refused("tried", "This was only tried.")
            except Refused as again:
                if again.code == error.code:
                    return record
        return batch[0]

    def wrong(self, record: Record, sentence: str, part: str, name: str = "") -> None:
        """What is wrong with a record of a part; with the field that the column is read for."""
        column = self.mapping.column(part, name) if name else ""
        self.amiss.append((ONE[part], record, sentence))
        self.errors.append(RowError(record.row, column, sentence))


def _part(kind: str) -> str:
    """The part of a mapping that records of a kind come from."""
    return next((part for part, one in ONE.items() if one == kind), "invoices")


def _whole(records: Iterable[Record], name: str) -> Iterator[list[Record]]:
    batch: list[Record] = []
    for _, some in itertools.groupby(records, key=lambda record: record.values[name]):
        if len(batch) >= CHUNK:
            yield batch
            batch = []
        batch += some
    if batch:
        yield batch
