"""The customers list, the customer page and its sections."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from counterfoil.customers.models import Customer
from counterfoil.customers.operations import pin_note
from counterfoil.customers.queries import get_customer, get_note, visible
from counterfoil.desk import customer_page as page
from counterfoil.desk.exporting import export
from counterfoil.desk.lists import listing_for
from counterfoil.desk.recent import remember
from counterfoil.desk.sections import listing_of, section_of
from counterfoil.desk.summary import summary_of
from counterfoil.desk.tables import customers_table, only_numbers
from counterfoil.platform.doors import Saved, act
from counterfoil.receivables.lists import with_figures


def index(request: HttpRequest) -> HttpResponse:
    """All customers, narrowed by view, search and filters."""
    caller = request.caller  # type: ignore[attr-defined]
    rows = only_numbers(with_figures(visible(caller), caller.today), request.GET.getlist("id"))
    listing = listing_for(request, customers_table(caller), rows)
    if form := request.GET.get("format"):
        return export(request, listing, form)
    return render(request, "desk/customers.html", {"listing": listing})


def tab(request: HttpRequest, number: str, key: str = "overview") -> HttpResponse:
    """One customer, one tab."""
    caller = request.caller  # type: ignore[attr-defined]
    customer = get_customer(caller, number)
    here = page.find_tab(caller, key)
    remember(request, customer)
    sections = [section_of(request, customer, panel) for panel in here.panels]
    return render(request, "desk/customer.html", {**_frame(request, customer), "tab": here, "sections": sections})


def _frame(request: HttpRequest, customer: Customer) -> dict[str, object]:
    """What is the same on every tab."""
    caller = request.caller  # type: ignore[attr-defined]
    *head, primary = page.head_actions(caller, customer) or [None]
    return {
        "customer": customer, "summary": summary_of(caller, customer), "tabs": page.tabs(caller), "head": head,
        "primary": primary, "more": page.more_actions(caller, customer),
    }  # fmt: skip


def panel(request: HttpRequest, number: str, key: str) -> HttpResponse:
    """One section alone: as a fragment, as a page, or as a file."""
    caller = request.caller  # type: ignore[attr-defined]
    customer = get_customer(caller, number)
    here, wanted = page.find_panel(caller, key)
    if form := request.GET.get("format"):
        listing, _ = listing_of(request, customer, wanted, alone=True)
        if listing is not None:
            return export(request, listing, form, f"{wanted.title} {customer.number}")
    section = section_of(request, customer, wanted, alone=True)
    template = "desk/section.html" if request.htmx else "desk/section_page.html"  # type: ignore[attr-defined]
    return render(request, template, {"section": section, "customer": customer, "tab": here})


def peek(request: HttpRequest, number: str) -> HttpResponse:
    """The header of a customer beside the list."""
    caller = request.caller  # type: ignore[attr-defined]
    customer = get_customer(caller, number)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("customer", number=number)
    context = {"customer": customer, "summary": summary_of(caller, customer)}
    return render(request, "desk/peek.html", {**context, "actions": page.head_actions(caller, customer)})


def _pinning(caller: object, pk: int) -> dict[str, object]:
    note = get_note(caller, pk)  # type: ignore[arg-type]
    pinned = note.customer.pinned_note_id == note.pk
    return {"customer": note.customer, "note": None if pinned else note}


toggle_pin = act(
    pin_note, _pinning, lambda customer: Saved("Note pinned." if customer.pinned_note_id else "Note unpinned.")
)
