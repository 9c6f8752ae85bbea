"""The customers list, the customer page and its sections."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify

from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import ATTACHMENT, CUSTOMER
from counterfoil.desk import customer_page as page
from counterfoil.desk.exporting import export
from counterfoil.desk.operations import export_personal_data
from counterfoil.desk.personal import just_exported, personal_zip
from counterfoil.desk.recent import remember
from counterfoil.desk.sections import listing_of, section_of
from counterfoil.desk.summary import summary_of
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.platform.downloads import file_response
from counterfoil.platform.requests import Request
from counterfoil.suspension.panels import badge as suspension_badge


def tab(request: Request, number: str, key: str = "overview") -> HttpResponse:
    """One customer, one tab."""
    caller = request.caller
    customer = CUSTOMER.get(caller, number)
    here = page.find_tab(caller, key)
    remember(request, customer)
    sections = [section_of(request, customer, panel) for panel in here.panels]
    return render(request, "desk/customer.html", {**_frame(request, customer), "tab": here, "sections": sections})


def _frame(request: Request, customer: Customer) -> dict[str, object]:
    """What is the same on every tab."""
    caller = request.caller
    actions = page.head_actions(caller, customer)
    head, primary = actions[:-1], actions[-1] if actions else None
    return {
        "customer": customer, "summary": summary_of(caller, customer), "tabs": page.tabs(caller), "head": head,
        # On a telephone these are in the menu.
        "all_head": actions,
        "badges": [*CUSTOMER.badges_of(customer, caller.today), *_suspended(request, customer)],
        "primary": primary, "groups": page.grouped_actions(caller, customer),
    }  # fmt: skip


def _suspended(request: Request, customer: Customer) -> list[tuple[str, str]]:
    caller = request.caller
    found = suspension_badge(customer, caller.today) if caller.may("suspension.view") else None
    return [found] if found else []


def panel(request: Request, number: str, key: str) -> HttpResponse:
    """One section alone: as a fragment, as a page, or as a file."""
    caller = request.caller
    customer = CUSTOMER.get(caller, number)
    here, wanted = page.find_panel(caller, key)
    if form := request.GET.get("format"):
        listing, _ = listing_of(request, customer, wanted, alone=True)
        if listing is not None:
            return export(request, listing, form, f"{wanted.title} {customer.number}")
    section = section_of(request, customer, wanted, alone=True)
    template = "desk/section.html" if request.htmx else "desk/section_page.html"
    return render(request, template, {"section": section, "customer": customer, "tab": here})


def peek(request: Request, number: str) -> HttpResponse:
    """The header of a customer beside the list."""
    caller = request.caller
    customer = CUSTOMER.get(caller, number)
    if not request.htmx:
        return redirect("customer", number=number)
    context = {"customer": customer, "summary": summary_of(caller, customer)}
    return render(request, "desk/peek.html", {**context, "actions": page.head_actions(caller, customer)})


def attachment(request: Request, pk: int) -> HttpResponse:
    """A file as it was attached. Whatever it is, it is to keep, never shown inside the page."""
    found = ATTACHMENT.get(request.caller, pk)
    assert found.file is not None, "What is not removed has its bytes."
    return file_response(bytes(found.file.content), found.name, found.file.mime)


def thumbnail(request: Request, pk: int) -> HttpResponse:
    """The small picture of an attachment, made by us."""
    found = ATTACHMENT.get(request.caller, pk)
    if found.thumbnail is None:
        raise NotFound("There is no picture of this file.")
    response = file_response(bytes(found.thumbnail.content), "thumbnail.jpg", "image/jpeg", inline=True)
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response


def personal_file(request: Request, number: str) -> HttpResponse:
    """Everything known of a customer, for whom it was recorded a moment ago that it is handed out."""
    caller = request.caller
    customer = CUSTOMER.get(caller, number)
    if not caller.may(export_personal_data) or not just_exported(caller, customer):
        raise Refused("not_allowed", "Ask for the export on the customer's page first; it is put on record.")
    return file_response(personal_zip(customer), f"personal-data-{slugify(number)}.zip", "application/zip")
