"""What customers arrange by themselves: a promise to pay, and what they ask for, a plan or a dispute."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from counterfoil.access.sessions import Visit
from counterfoil.collections.disputes import disputable, lines_of
from counterfoil.collections.operations import agree_plan, dispute_lines, promise_by_customer
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.kernel.money import money_text, split_minor
from counterfoil.kernel.periods import add_months, deadline_text
from counterfoil.platform.callers import Caller
from counterfoil.portal import queries
from counterfoil.portal.forms import DisputeForm, PlanForm, PromiseForm
from counterfoil.portal.operations import ask
from counterfoil.portal.pages import page, speech_of
from counterfoil.receivables.operations import open_dispute


def _arrange(
    request: Visit, form: forms.Form, words: dict[str, Any], back: str, do: Callable[[str | None], str]
) -> HttpResponse:
    """Show a form; sent and right, do it, say what was done, and go back."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                said = do(request.POST.get("key") or None)
            except Refused as refusal:
                name = (refusal.field or "").removesuffix("_minor")
                form.add_error(name if name in form.fields else None, refusal.sentence)
            else:
                messages.success(request, said)
                return redirect(back)
    key = request.POST.get("key") or str(uuid.uuid4())
    return page(request, "portal/arrange.html", {"form": form, "key": key, "back": back, **words}, status=status)


def promise(request: Visit) -> HttpResponse:
    """All that is overdue, by a day within the policy: it holds letters and the cut-off up to then."""
    visitor = request.visitor
    due = queries.to_pay(visitor)
    if not due.parts.pay_now or not queries.arranged(visitor).may_promise:
        # Already promised, or paid meanwhile: home says how it stands.
        return redirect("portal:home")
    amount = money_text(due.parts.pay_now, due.currency)
    form = PromiseForm(request.POST if request.method == "POST" else None)
    form.fields["due_on"].today = visitor.caller.today  # type: ignore[attr-defined]

    def do(key: str | None) -> str:
        system = Caller.system(visitor.caller.door, behalf=visitor.caller)
        made = promise_by_customer(
            system.with_key(key and f"portal:{visitor.caller.alias}:{key}"[:200]), customer=visitor.customer,
            due_on=form.cleaned_data["due_on"],
        )  # fmt: skip
        day = deadline_text(made.due_on, today=visitor.caller.today)
        return f"Thank you. We expect {money_text(made.amount_minor, made.currency)} by {day}."

    words = {"title": "Promise to pay", "lead": f"{amount} is overdue. Tell us by when you will pay it.",
             "button": "Promise"}  # fmt: skip
    return _arrange(request, form, words, reverse("portal:home"), do)


def plan(request: Visit) -> HttpResponse:
    """All that is overdue in several payments; somebody of staff agrees."""
    visitor = request.visitor
    due, most = queries.to_pay(visitor), queries.arranged(visitor).most
    if not due.parts.pay_now or most < 2:
        return redirect("portal:home")
    amount = money_text(due.parts.pay_now, due.currency)
    form = PlanForm(request.POST if request.method == "POST" else None, most=most)
    form.fields["first_on"].today = visitor.caller.today  # type: ignore[attr-defined]

    def do(key: str | None) -> str:
        count, first = form.cleaned_data["count"], form.cleaned_data["first_on"]
        parts = split_minor(due.parts.pay_now, [1] * count)
        instalments = [(minor, add_months(first, n)) for n, minor in enumerate(parts)]
        ask(visitor, agree_plan, {"customer": visitor.customer, "instalments": instalments},
            f"Payment plan of {count} payments, {amount} in all", key)  # fmt: skip
        return "Thank you. We'll look at your plan and let you know."

    words = {"title": "Ask for a payment plan", "lead": f"{amount} is overdue. We'll look at what you propose.",
             "button": "Send request"}  # fmt: skip
    return _arrange(request, form, words, reverse("portal:home"), do)


def dispute(request: Visit, pk: int) -> HttpResponse:
    """Something of an invoice is not right; until somebody of staff has looked, nothing changes."""
    visitor = request.visitor
    found = queries.invoice(visitor, pk)
    item = queries.standing(visitor).get(found.item_id or 0)
    if found.item is None or item is None or not item.open_minor or item.disputed_minor:
        raise NotFound()
    left = disputable(found)
    lines = [
        (str(row.pk), f"{row.text[:60]}, {money_text(row.total_minor, found.currency)}")
        for row in lines_of([found.item.pk]) if row.pk in left
    ]  # fmt: skip
    whole = speech_of(request).say("The whole invoice")
    form = DisputeForm(request.POST if request.method == "POST" else None, lines=lines, whole=whole)
    form.fields["amount"].currency = found.currency  # type: ignore[attr-defined]

    def do(key: str | None) -> str:
        line = int(form.cleaned_data.get("line") or 0)
        minor = form.cleaned_data["amount"] or left.get(line, item.open_minor)
        if any(row.state == "waiting" and str(found.number) in row.label for row in queries.corrections(visitor)):
            raise Refused("asked_already", "We are looking at this invoice already. Call us if it is urgent.")
        if minor > item.open_minor:
            most = money_text(item.open_minor, found.currency)
            raise Refused("over_disputed", f"Only {most} of it is open.", field="amount")
        why, label = form.cleaned_data["reason"], f"{money_text(minor, found.currency)} of {found.number} in dispute"
        if line:
            if minor > left[line]:
                most = money_text(left[line], found.currency)
                raise Refused("over_disputed", f"Only {most} of it is open.", field="amount")
            ask(visitor, dispute_lines, {"invoice": found, "amounts": {line: minor}, "reason": why}, label, key)
        else:
            ask(visitor, open_dispute, {"item": found.item, "amount_minor": minor, "reason": why}, label, key)
        return "Thank you. We'll look at it and let you know."

    words = {"title": f"Something is wrong with {found.number}", "button": "Send",
             "lead": "Tell us what is not right. The rest of the invoice stays payable."}  # fmt: skip
    return _arrange(request, form, words, reverse("portal:invoice", args=[pk]), do)
