"""Asking: a text and who asks it become an answer, or the nearest questions there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.urls import reverse

from counterfoil.billing.queries import invoices_numbered
from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Customer, SearchWord
from counterfoil.customers.queries import customers_numbered, search
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.operator.queries import areas, brands
from counterfoil.platform.callers import Caller
from counterfoil.questions.answers import CUSTOMER, EVERYBODY, Answer, Asked, Kind
from counterfoil.questions.invoices import is_called
from counterfoil.questions.kinds import ABOUT, KINDS
from counterfoil.questions.rules import EVERYONE, MOST_WORDS, Names, Reading, fitting, fold, nearest, read, tokens


@dataclass(frozen=True)
class Understood:
    """A question that one kind fits, about whom, and its answer."""

    kind: Kind
    customer: Customer | None
    answer: Answer


@dataclass(frozen=True)
class NotUnderstood:
    """A question that none fits: why, in a sentence, and the nearest that this person may ask."""

    said: str
    nearest: tuple[Kind, ...] = ()


def ask(caller: Caller, text: str, customer: Customer | None = None) -> Understood | NotUnderstood:
    """What a question asks, answered from what this caller may see; about a customer where one is given or named."""
    given = customer
    reading, kind, customer = _understand(caller, text, customer)
    if not text.strip():
        return NotUnderstood("Type a question.", _nearest(caller, reading, customer))
    if reading.refused:
        return NotUnderstood(reading.refused, _nearest(caller, reading, customer))
    if reading.rest:
        unknown = ", ".join(f"“{word[:30]}”" for word in reading.rest[:3])
        return NotUnderstood(f"Not understood: {unknown}. No figure is shown.", _nearest(caller, reading, given))
    if kind is None:
        if customer is None and _only_of_one(reading, caller.today):
            return NotUnderstood("Which customer? Name the customer, or ask on the customer's page.",
                                 _nearest(caller, reading, customer))  # fmt: skip
        return NotUnderstood("Question not understood. No figure is shown.", _nearest(caller, reading, customer))
    if not kind.may_ask(caller):
        said = "Your role does not show the figures that this asks for."
        return NotUnderstood(said, _nearest(caller, reading, customer))
    whose = customer if kind.about == CUSTOMER else None
    try:
        return Understood(kind, whose, _plain(kind.answer(Asked(caller, reading, whose))))
    except NotFound:
        return NotUnderstood(
            "This is about all customers, and you see a part of them.", _nearest(caller, reading, customer)
        )
    except Refused as refused:
        return NotUnderstood(refused.sentence, _nearest(caller, reading, customer))


def _plain(answer: Answer) -> Answer:
    """The answer with its rows as they were found: no view, filter or order of their own list narrows them."""
    table = answer.table
    if table is None:
        return answer
    key = f"answer-{table.key.removeprefix('answer-')}"
    plain = replace(table, key=key, views=(), filters=(), search=None, order="", grows=False, peek=None, row_id=None)
    return replace(answer, table=plain)


def _understand(caller: Caller, text: str, customer: Customer | None) -> tuple[Reading, Kind | None, Customer | None]:
    """How a text is read, the kind that fits it, and about whom it is."""
    names = _names(caller, text, customer)
    reading = read(text, caller.today, names)
    named = False
    if customer is None and not reading.refused:
        customer, reading = _named_customer(caller, reading)
        named = customer is not None
    kind = None if reading.rest or reading.refused else kind_of(reading, customer, caller.today, named=named)
    if kind is None and reading.product and not reading.refused:
        # “Installation” is a product, and a word: what no question about a product fits is read again without.
        plain = read(text, caller.today, replace(names, products=()))
        other = None if plain.rest or plain.refused else kind_of(plain, customer, caller.today, named=named)
        if other is not None:
            return plain, other, customer
    return reading, kind, customer


def _names(caller: Caller, text: str, customer: Customer | None) -> Names:
    """The names a question may use: those the caller could see on a screen."""
    products: Sequence[str] = ()
    if caller.may("catalogue.view") or caller.may("subscriptions.view"):
        products = [fold(name) for name in Product.objects.values_list("name", flat=True)]
    own = (customer.name, customer.number) if customer is not None else ()
    # A word of somebody's name is not a misspelt other word.
    kept = SearchWord.objects.filter(word__in=tokens(text)[:MOST_WORDS]).values_list("word", flat=True)
    return Names(
        products, [fold(row.name) for row in areas(caller)], [fold(row.name) for row in brands(caller)], own, set(kept)
    )  # fmt: skip


def kind_of(reading: Reading, customer: Customer | None, today: dt.date, *, named: bool = False) -> Kind | None:
    """The one kind that fits best: of one customer where there is one, else of everybody.

    On a customer's page everybody can be asked about by saying so; a question that names a customer is about that one.
    """
    everybody = customer is None or (EVERYONE in reading.known and not named)
    about = EVERYBODY if everybody else CUSTOMER
    patterns = {name: says for name, says in ABOUT[about].items() if KINDS[name].fits(reading, today)}
    names = fitting(patterns, reading.known, reading.given)
    if len(names) > 1:
        # Of those that fit as well as each other, one whose parameter was given says more.
        names = [name for name in names if KINDS[name].wants] or names
    return KINDS[names[0]] if len(names) == 1 else None


def _only_of_one(reading: Reading, today: dt.date) -> bool:
    patterns = {name: says for name, says in ABOUT[CUSTOMER].items() if KINDS[name].fits(reading, today)}
    return bool(fitting(patterns, reading.known, reading.given))


def _named_customer(caller: Caller, reading: Reading) -> tuple[Customer | None, Reading]:
    """The one customer that the question names, by words nobody knows or by a number, and the question without it."""
    for code in reading.codes:
        codes = tuple(one for one in reading.codes if one != code)
        for row in customers_numbered(caller, [code]):
            return row, replace(reading, codes=codes)
        if caller.may("billing.view"):
            for invoice in invoices_numbered(caller, code, 5):
                if is_called(str(invoice.number), code):
                    return invoice.customer, reading
    if not reading.rest:
        return None, reading
    found = search(caller, " ".join(reading.rest), limit=2)
    # A name that is only nearly right may be somebody else's.
    if len(found) != 1 or not set(reading.rest) <= set(tokens(found[0].name)):
        return None, reading
    return found[0], replace(reading, rest=())


def _nearest(caller: Caller, reading: Reading, customer: Customer | None) -> tuple[Kind, ...]:
    about = EVERYBODY if customer is None else CUSTOMER
    kinds = [KINDS[name] for name in ABOUT[about]]
    allowed = {kind.name: kind.says for kind in kinds if kind.may_ask(caller) and not kind.wants_names}
    names = list(dict.fromkeys([*nearest(allowed, reading.known), *allowed]))
    return tuple(KINDS[name] for name in names[:3])


# What belongs together, by how a kind is called first in the list.
_HEADS = (
    ("What they owe", "balance"), ("Invoices", "last_invoice"), ("How they pay", "last_payment"),
    ("What they have", "services"), ("The line and visits", "online"),
    ("Collections", "suspended"), ("Messages and tickets", "statement_sent"),
    ("Who they are", "phone"), ("What happened", "changes"), ("Who owes", "who_owes"), ("Money", "billed"),
    ("Customers", "how_many"), ("What needs somebody", "on_hold"),
)  # fmt: skip


def groups(about: str) -> list[tuple[str, list[Kind]]]:
    """The kinds about one customer or about everybody, in the order of the list, under what they are about."""
    starts = {first: head for head, first in _HEADS}
    found: list[tuple[str, list[Kind]]] = []
    for kind in KINDS.values():
        if kind.about == about:
            if kind.name in starts:
                found.append((starts[kind.name], []))
            found[-1][1].append(kind)
    return found


def offered(caller: Caller, customer: Customer | None) -> list[tuple[str, tuple[Kind, ...]]]:
    """What this person may ask, by what it is about."""
    about = EVERYBODY if customer is None else CUSTOMER
    allowed = [
        (head, tuple(kind for kind in kinds if kind.may_ask(caller) and not kind.wants_names))
        for head, kinds in groups(about)
    ]
    return [(head, kinds) for head, kinds in allowed if kinds]


def related(caller: Caller, found: Understood, most: int = 4) -> tuple[Kind, ...]:
    """Other questions of the same group."""
    for _, kinds in groups(found.kind.about):
        if found.kind in kinds:
            return tuple(
                kind for kind in kinds if kind is not found.kind and kind.may_ask(caller) and not kind.wants_names
            )[:most]
    return ()


def answered(caller: Caller, text: str, customer: Customer | None, /) -> tuple[str, str]:
    """The sentence that answers a text in the palette, and where its rows are; empty for what is no question.

    Of what may be a question and is not understood, the place alone, where the nearest questions are.
    """
    if len(text.split()) < 2:
        # One word is looked for; a question has more.
        return "", ""
    found = ask(caller, text, customer)
    query = {"question": text, "customer": customer.number if customer else ""}
    place = urlencode({key: value for key, value in query.items() if value})
    sentence = found.answer.sentence if isinstance(found, Understood) else ""
    if isinstance(found, Understood) and found.customer is not None and customer is None:
        sentence = f"{found.customer.name}: {sentence}"
    return sentence, f"{reverse('ask')}?{place}"
