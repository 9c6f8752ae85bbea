"""Ask: one question at a time, its answer with the rows behind it, and what else could be asked."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.desk.exporting import export
from counterfoil.desk.lists import listing_for
from counterfoil.operator.queries import operator_currency
from counterfoil.platform.requests import Request
from counterfoil.questions.answers import Kind
from counterfoil.questions.operations import record_question
from counterfoil.questions.queries import Understood, offered, related
from counterfoil.questions.queries import ask as ask_question
from counterfoil.questions.rules import MOST_LETTERS


def address(question: str, customer: Customer | None) -> str:
    """Where a question is answered."""
    query = {"question": question, "customer": customer.number if customer else ""}
    return f"{reverse('ask')}?{urlencode({key: value for key, value in query.items() if value})}"


def ask(request: Request) -> HttpResponse:
    """The question of the address, about the customer of the address where it has one."""
    caller = request.caller
    question = " ".join(request.GET.get("question", "").split())[: 4 * MOST_LETTERS]
    number = request.GET.get("customer", "")
    customer = CUSTOMER.get(caller, number) if number else None
    context: dict[str, Any] = {"question": question, "customer": customer, "most": MOST_LETTERS}

    def links(kinds: tuple[Kind, ...], whose: Customer | None) -> list[tuple[str, str]]:
        return [(kind.ask, address(kind.ask, whose)) for kind in kinds]

    if not question:
        context["offered"] = [(head, links(kinds, customer)) for head, kinds in offered(caller, customer)]
        return render(request, "questions/ask.html", context)
    found = ask_question(caller, question, customer)
    if not isinstance(found, Understood):
        context |= {"said": found.said, "nearest": links(found.nearest, customer)}
        return render(request, "questions/ask.html", context)
    answer = found.answer
    listing = None
    if answer.table is not None:
        currency = found.customer.currency if found.customer else operator_currency()
        listing = listing_for(request, answer.table, answer.rows, currency=currency, keep=("question", "customer"))
        if form := request.GET.get("format"):
            return export(request, listing, form, question[:60])
    if not request.htmx:
        record_question(caller, question=question, answered=found.kind.name, customer=found.customer)
    context |= {
        "found": found, "answer": answer, "listing": listing, "at": caller.now,
        "related": links(related(caller, found), customer),
    }  # fmt: skip
    return render(request, "questions/ask.html", context)
