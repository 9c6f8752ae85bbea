"""Reads what the selection needs: for some customers at a time, as plain tuples, in as many queries however many."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from counterfoil.billing.models import Invoice
from counterfoil.collections.models import Promise
from counterfoil.collections.queries import policy
from counterfoil.credit.models import LetterSet
from counterfoil.credit.queries import TermsBook, charge_limit
from counterfoil.credit.rules import EffectiveTerms
from counterfoil.customers.models import Customer
from counterfoil.dunning.models import Correspondence, CorrespondenceItem
from counterfoil.dunning.rules import NOTHING_SENT, Dunned, Left, Letters, Limit, Line, Open, Sent, decide
from counterfoil.platform.bulk import among, as_sql
from counterfoil.receivables.models import Allocation, Dispute, OpenItem, SetAside

CHUNK = 5000
_NEW = tuple.__new__
# What of an item nothing was read about yet.
_PLAIN = tuple(Open._field_defaults.values())
_NOTHING: dict[int, dt.date] = {}


@dataclass(frozen=True)
class Asked:
    """As of which day, and of whom: with a letter set, of a collector, with account numbers from and to."""

    as_of: dt.date
    letter_set_id: int | None = None
    collector_id: int | None = None
    first_number: str = ""
    last_number: str = ""
    # Nothing of later days counts, neither letters nor payments: how it was, and nothing to send by.
    as_it_was: bool = False


class Account(NamedTuple):
    """A customer to look at."""

    pk: int
    number: str
    name: str
    currency: str


class Found(NamedTuple):
    """What becomes of a customer, or of what is invoiced to one of its sites."""

    account: Account
    site_id: int | None
    letter_set_id: int | None
    decision: Dunned | Left


@dataclass
class _History:
    """The letters of before: the day of the last one by customer and site, and the day of each by open item."""

    last: Mapping[tuple[int, int | None], dt.date]
    letters: Mapping[int, Mapping[int, dt.date]]

    def of(self, customer: int, site: int | None, items: Sequence[Open]) -> Sent:
        """What was sent about these items, to whomever, and to the customer or site."""
        # By item as well: what is an address's today was on the customer's letter, or on that of another account.
        sent: dict[int, dt.date] = {}
        for item in items:
            for letter, on in self.letters.get(item.id, _NOTHING).items():
                sent[letter] = max(on, sent.get(letter, on))
        days = list(sent.values())
        if last := self.last.get((customer, site)):
            days.append(last)
        return Sent(max(days), sent) if days else NOTHING_SENT


class Selection:
    """The selection as of a day: what holds for everybody is read once, the rest for some customers at a time."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._book = TermsBook()
        self._letters = letter_rules()
        found = charge_limit()
        self._limit = Limit(found.most_interest_percent, found.most_fee_minor, found.currency) if found else Limit()
        # What was settled after the day was open on it; of today that is nothing.
        self._past = Allocation.objects.filter(on__gt=asked.as_of).exists()
        # What came in after the day covers as well, where letters are sent.
        self._since = not asked.as_it_was and OpenItem.objects.filter(on__gt=asked.as_of).exists()
        self._written = Correspondence.objects.exists()
        self._merged = self._written and Customer.objects.filter(merged_into__isnull=False).exists()
        self._disputed = Dispute.objects.exists()
        self._promised = policy().promises_hold and Promise.objects.exists()
        self._aside = SetAside.objects.exists()

    def accounts(self, customers: QuerySet[Customer], after: int = 0) -> Iterator[list[Account]]:
        """The customers that were asked for, some at a time, in the order of their keys."""
        rows = customers.select_related(None).order_by("pk")
        if self.asked.first_number:
            rows = rows.filter(number__gte=self.asked.first_number)
        if self.asked.last_number:
            rows = rows.filter(number__lte=self.asked.last_number)
        while found := [Account(*row) for row in rows.filter(pk__gt=after).values_list(*Account._fields)[:CHUNK]]:
            yield found
            after = found[-1].pk

    def of(self, accounts: Sequence[Account]) -> list[Found]:
        """What becomes of each of these customers who has an open debit, in their order."""
        keys = [account.pk for account in accounts]
        later = self._settled_later(keys) if self._past else {}
        debits, credits = self._open_items(keys, later)
        owing = [account for account in accounts if account.pk in debits]
        history = self._history(keys, debits) if self._written else None
        if self._disputed:
            self._dispute(keys, debits)
        if self._promised:
            self._promise(keys, debits)
        own = self._book.own(keys)
        sited = self._sites_of(
            {pk for pk, terms in own.items() if any(site is not None for site in terms)}, debits, own
        )
        found: list[Found] = []
        for account in owing:
            pk = account.pk
            items = debits[pk]
            terms = own.get(pk)
            usual = (terms.get(None) if terms else None) or self._book.usual(account.currency)
            if pk not in sited:
                found += self._decided(account, None, items, credits.get(pk, 0), usual, history)
                continue
            assert terms is not None
            left = credits.get(pk, 0)
            parts = self._apart(items, sited[pk])
            # Credit of the customer goes to what is its own first.
            for site in sorted(parts, key=lambda site: (site is not None, site or 0)):
                used = min(left, sum(item.open_minor for item in parts[site]))
                mine = usual if site is None else terms[site]
                found += self._decided(account, site, parts[site], used, mine, history)
                left -= used
        return found

    def _decided(
        self, account: Account, site: int | None, items: list[Open], credit: int, terms: EffectiveTerms,
        history: _History | None,
    ) -> list[Found]:  # fmt: skip
        asked = self.asked
        if asked.letter_set_id is not None and terms.letter_set_id != asked.letter_set_id:
            return []
        if asked.collector_id is not None and asked.collector_id != terms.collector_id:
            return []
        items.sort()
        letters = self._letters.get(terms.letter_set_id or 0)
        sent = history.of(account.pk, site, items) if history else NOTHING_SENT
        decision = decide(items, credit, terms, letters, asked.as_of, account.currency, sent, self._limit)
        return [Found(account, site, terms.letter_set_id, decision)]

    # ------------------------------------------------------------------ reads

    def _settled_later(self, keys: Collection[int]) -> dict[int, int]:
        rows = Allocation.objects.filter(among("debit__customer", keys), on__gt=self.asked.as_of)
        later: dict[int, int] = defaultdict(int)
        for debit, credit, minor in rows.values_list("debit_id", "credit_id", "amount_minor"):
            later[debit] += minor
            later[credit] += minor
        return later

    def _open_items(
        self, keys: Collection[int], later: Mapping[int, int]
    ) -> tuple[dict[int, list[Open]], dict[int, int]]:
        """The open debits of each customer who has any, and what account credit each has.

        What is set aside covers nothing. To send by, a debit that was paid since the day is there with nothing open.
        """
        debits: dict[int, list[Open]] = {}
        credits: dict[int, int] = defaultdict(int)
        aside = self._set_aside(keys) if self._aside else set()
        for due_on, number, pk, minor, customer, side in self._open_rows(keys, later):
            if side == "credit":
                credits[customer] += 0 if pk in aside else minor
                continue
            # As `Open(…)` does, in half the time.
            item = _NEW(Open, (due_on, number, pk, minor, *_PLAIN))
            if customer in debits:
                debits[customer].append(item)
            else:
                debits[customer] = [item]
        return debits, credits

    def _open_rows(self, keys: Collection[int], later: Mapping[int, int]) -> list[Any]:
        rows = OpenItem.objects.filter(among("customer", keys), on__lte=self.asked.as_of)
        still = Q(open_minor__gt=0) | Q(among("pk", later)) if later else Q(open_minor__gt=0)
        columns = ("due_on", "number", "pk", "open_minor", "customer_id", "side")
        sql, values = as_sql(rows.filter(still).order_by().values_list(*columns))
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            found: list[Any] = cursor.fetchall()
        if self._since:
            came = OpenItem.objects.filter(
                among("customer", keys), side="credit", open_minor__gt=0, on__gt=self.asked.as_of
            )
            found += came.values_list(*columns)
        if not later:
            return found
        then = [(*row[:3], row[3] + later.get(row[2], 0), *row[4:]) for row in found]
        if self.asked.as_it_was:
            return [row for row in then if row[3] > 0]
        # To send by, it is the lower of what was open on the day and what is open now; of a credit what is left now.
        return [
            now if now[3] < was[3] or now[5] == "credit" else was
            for now, was in zip(found, then, strict=True)
            if was[3] > 0 or now[5] == "credit"
        ]

    def _set_aside(self, keys: Collection[int]) -> set[int]:
        on = self.asked.as_of
        rows = SetAside.objects.filter(among("item__customer", keys))
        if not self.asked.as_it_was:
            return set(rows.filter(released_on=None).values_list("item_id", flat=True))
        rows = rows.filter(Q(released_on=None) | Q(released_on__gt=on), since__lte=on)
        return set(rows.values_list("item_id", flat=True))

    def _dispute(self, keys: Collection[int], debits: Mapping[int, list[Open]]) -> None:
        on = self.asked.as_of
        held = Q(opened_on__lte=on) & (Q(closed_on=None) | Q(closed_on__gt=on))
        if not self.asked.as_it_was:
            # Nobody is asked for what is in dispute by now.
            held |= Q(closed_on=None)
        rows = Dispute.objects.filter(held, among("item__customer", keys))
        found: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for customer, item, minor in rows.values_list("item__customer_id", "item_id", "amount_minor"):
            # An item is in one dispute at a time.
            found[customer][item] = max(found[customer][item], minor)
        for customer, disputed in found.items():
            if customer in debits:
                debits[customer][:] = [
                    row._replace(disputed_minor=min(disputed[row.id], row.open_minor)) if row.id in disputed else row
                    for row in debits[customer]
                ]

    def _promise(self, keys: Collection[int], debits: Mapping[int, list[Open]]) -> None:
        """What was promised for the day or a later one, of an item or of all that is owed."""
        on = self.asked.as_of
        # One that was broken or kept later was open then; what was kept by the day holds nothing any more.
        rows = Promise.objects.filter(among("customer", keys), made_on__lte=on, due_on__gte=on)
        rows = rows.exclude(state="kept", judged_on__lte=on)
        # Of all that is owed a small promise holds nothing, and no more does a plan of which an instalment was missed.
        missed = Promise.objects.filter(plan=OuterRef("plan"), state__in=("part", "broken"))
        rows = rows.exclude(item=None, holds=False).exclude(Exists(missed))
        whole: dict[int, dt.date] = {}
        single: dict[int, dt.date] = {}
        for customer, item, due_on in rows.filter(Q(ended_on=None) | Q(ended_on__gt=on)).values_list(
            "customer_id", "item_id", "due_on"
        ):
            found, key = (whole, customer) if item is None else (single, item)
            found[key] = max(due_on, found.get(key, due_on))
        if not whole and not single:
            return
        for customer, items in debits.items():
            days = [whole.get(customer) or single.get(item.id) for item in items]
            items[:] = [item._replace(promised_on=day) if day else item for item, day in zip(items, days, strict=True)]

    def _history(self, keys: Collection[int], debits: Mapping[int, list[Open]]) -> _History:
        """The letters of these customers; what they said of items that are open is put to the items.

        Letters to an account that turned out to be the customer are the customer's, and what moved is what it was.
        """
        heirs = self._heirs(keys) if self._merged else {}
        moved = self._moved(heirs) if heirs else {}
        days: dict[int, tuple[int, dt.date]] = {}
        charges: set[int] = set()
        last: dict[tuple[int, int | None], dt.date] = {}
        rows = Correspondence.objects.filter(among("customer", [*keys, *heirs]))
        if self.asked.as_it_was:
            rows = rows.filter(on__lte=self.asked.as_of)
        for pk, customer, site, letter, on, interest, fee in rows.values_list(
            "pk", "customer_id", "site_id", "letter_id", "on", "interest_item_id", "fee_item_id"
        ):
            owner = heirs.get(customer, customer)
            days[pk] = (letter, on)
            last[owner, site] = max(on, last.get((owner, site), on))
            charges.update((interest, fee), moved.get(interest, ()), moved.get(fee, ()))
        about: dict[int, list[Any]] = {}
        letters: dict[int, dict[int, dt.date]] = {}
        still = {item.id for items in debits.values() for item in items if item.open_minor} if days else set()
        for letter_pk, item, level, interest in CorrespondenceItem.objects.filter(
            among("correspondence", days)
        ).values_list("correspondence_id", "item_id", "level", "interest_minor"):
            letter, on = days[letter_pk]
            for pk in (item, *moved.get(item, ())):
                if pk not in still:
                    continue
                # Highest level, day of the last letter, day and amount charged.
                row = about.setdefault(pk, [0, on, None, 0])
                row[0], row[1], row[3] = max(row[0], level), max(row[1], on), row[3] + interest
                if interest:
                    row[2] = max(row[2] or on, on)
                of = letters.setdefault(pk, {})
                of[letter] = max(on, of.get(letter, on))
        for items in debits.values():
            items[:] = [_with_history(item, about.get(item.id), item.id in charges) for item in items]
        return _History(last, letters)

    def _heirs(self, keys: Collection[int]) -> dict[int, int]:
        """The accounts that turned out to be one of these, each with that one."""
        rows = Customer.objects.filter(among("merged_into", keys)).values_list("pk", "merged_into_id")
        return {pk: heir for pk, heir in rows if heir is not None}

    def _moved(self, heirs: Mapping[int, int]) -> dict[int, list[int]]:
        """What items of merged accounts are by now, however often they moved."""
        # What moves out settles the item that moved, and has the number of what moves in.
        rows = Allocation.objects.filter(among("credit__customer", heirs), credit__kind="transfer_out")
        columns = ("credit__number", "debit_id", "debit__kind", "debit__number")
        was = {number: (pk, kind, before) for number, pk, kind, before in rows.values_list(*columns)}
        here = OpenItem.objects.filter(among("customer", set(heirs.values())), kind="transfer_in", side="debit")
        moved: dict[int, list[int]] = defaultdict(list)
        for pk, moved_by in here.values_list("pk", "number"):
            number = moved_by
            while number in was:
                source, kind, before = was[number]
                moved[source].append(pk)
                number = before if kind == "transfer_in" else ""
        return moved

    def _sites_of(
        self, customers: Collection[int], debits: Mapping[int, list[Open]],
        own: Mapping[int, Mapping[int | None, EffectiveTerms]],
    ) -> dict[int, dict[int, int]]:  # fmt: skip
        """For customers with terms of a site: which items were invoiced to such a site."""
        if not customers:
            return {}
        found: dict[int, dict[int, int]] = {pk: {} for pk in customers}
        items = [item.id for pk in customers for item in debits.get(pk, ())]
        rows = Invoice.objects.filter(among("item", items), site__isnull=False)
        for customer, item, site in rows.values_list("customer_id", "item_id", "site_id"):
            if site in own[customer]:
                found[customer][item] = site
        return found

    def _apart(self, items: Sequence[Open], sites: Mapping[int, int]) -> dict[int | None, list[Open]]:
        parts: dict[int | None, list[Open]] = defaultdict(list)
        for item in items:
            parts[sites.get(item.id)].append(item)
        return parts


def _with_history(item: Open, known: list[Any] | None, is_charge: bool) -> Open:
    if known is None and not is_charge:
        return item
    level, letter_on, charged_on, charged = known or (0, None, None, 0)
    return item._replace(
        level=level, letter_on=letter_on, charged_on=charged_on, charged_minor=charged, is_charge=is_charge
    )


def letter_rules() -> dict[int, Letters]:
    """The letter sets in use as values, by key."""
    rows = LetterSet.objects.filter(active=True).prefetch_related("lines__letter")
    return {
        row.pk: Letters(
            row.name,
            tuple(
                Line(
                    line.letter_id, line.letter.name, line.letter.active, line.first, line.last, line.min_days,
                    line.fee_minor,
                )
                for line in row.lines.all()
            ),
            row.method == LetterSet.Method.STAGED, row.resend_last, row.in_sequence, row.dun_disputed,
            row.include_unapplied, row.use_grace_days, row.charge_interest, row.currency,
        )
        for row in rows
    }  # fmt: skip
