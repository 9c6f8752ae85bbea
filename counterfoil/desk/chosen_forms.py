"""What is done to many rows at once, ticked in a list: said whose they are, and confirmed by their number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.urls import reverse

from counterfoil.billing.models import CreditNote, Invoice
from counterfoil.billing.nouns import CREDIT_NOTE, INVOICE
from counterfoil.billing.operations import issue_invoices
from counterfoil.collections.operations import assign_collector
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import customers_numbered
from counterfoil.customers.reaching import addresses_of
from counterfoil.desk import operations
from counterfoil.kernel.money import money_text
from counterfoil.messaging.queries import missing_to_send
from counterfoil.operator.readiness import what_is_missing
from counterfoil.platform.bulk import among
from counterfoil.platform.doors import OperationForm, Saved
from counterfoil.platform.models import Job
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.receivables.models import Allocation
from counterfoil.receivables.operations import allocate_credits
from counterfoil.staff.queries import people
from counterfoil.suspension.models import Suspension
from counterfoil.suspension.nouns import SUSPENSION
from counterfoil.suspension.operations import approve_suspensions


class ChosenForm(OperationForm):
    """The rows that were ticked. More than one of them are confirmed by typing how many."""

    body = "desk/chosen.html"
    # What is done to one of them, and to several; what several are called, and what their contacts are called.
    verb: ClassVar[str]
    things: ClassVar[str]
    # Whether several of them are confirmed by their number: not where nothing is changed or sent.
    counted: ClassVar[bool] = True
    rows: Sequence[Any]
    left_out: int
    lead: str = ""

    ids = forms.CharField(widget=forms.HiddenInput, required=False)
    count = forms.CharField(label="How many", max_length=10)

    def prepare(self) -> None:
        asked = self.data.get("ids") if self.is_bound else " ".join(self.params.getlist("id"))
        keys = (asked or "").split(" ")[: operations.MOST_AT_ONCE + 1]
        self.rows = self.found(keys)
        # What is no such thing, or not in that state.
        self.left_out = len(set(filter(None, keys))) - len(self.rows)
        self.begin_with({"ids": " ".join(str(self.key_of(row)) for row in self.rows)})
        self.fields["count"].label = f"Type {len(self.rows)} to {self.verb} {self.many}"
        if len(self.rows) <= 1 or not self.counted:
            del self.fields["count"]

    def found(self, keys: list[str]) -> Sequence[Any]:
        """Those of the rows that this person sees."""
        raise NotImplementedError

    def key_of(self, row: Any) -> Any:
        """What a ticked row is called in the address."""
        return row.pk

    def line_of(self, row: Any) -> tuple[str, str]:
        """A row in words, and what is said smaller beside it."""
        return row.customer.name, f"{row}, {money_text(row.total_minor, row.currency)}"

    def warning(self) -> tuple[str, str]:
        """What some of them lack, in words, and which; nothing where they lack nothing."""
        return "", ""

    @property
    def many(self) -> str:
        """How many of what."""
        return plural(len(self.rows), self.things)

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The first of the rows."""
        return [self.line_of(row) for row in self.rows[:8]]

    @property
    def more(self) -> int:
        """How many rows there are besides."""
        return max(len(self.rows) - 8, 0)

    @property
    def button_text(self) -> str:
        return f"{self.verb.capitalize()} {self.many}"

    def clean(self) -> dict[str, Any]:
        if not self.rows:
            raise forms.ValidationError(f"Nothing is selected. Tick {self.things}s in the list first.")
        return dict(super().clean() or {})

    def clean_count(self) -> str:
        typed = str(self.cleaned_data["count"]).strip()
        if typed != str(len(self.rows)):
            raise forms.ValidationError(f"Type {len(self.rows)} to confirm that you {self.verb} {self.many}.")
        return typed


def _silent(customers: Sequence[Customer], purpose: str) -> tuple[str, str]:
    """The warning about customers without an address for what is sent."""
    addresses = addresses_of([row.pk for row in customers], purpose)
    silent = list({row.pk: row.name for row in customers if not addresses.get(row.pk)}.values())
    if not silent:
        return "", ""
    lack = plural(len(silent), "customer has", "customers have")
    names = ", ".join(silent[:3]) + (" and more" if len(silent) > 3 else "")
    said = f"{names} will be listed as failed; the others are sent."
    return f"{lack} no e-mail address for {purpose}s.", said


class ApproveSuspensionsForm(ChosenForm):
    """Each of the selected accounts is warned from now on; or all that are listed."""

    operation = approve_suspensions
    caption = "Approve suspensions"
    verb = "approve"
    things = "suspension"
    lead = (
        "Each gets the first warning now, and is suspended on its day unless it is paid. Others selected are left out."
    )

    def prepare(self) -> None:
        self.all = "all" in self.params and not self.is_bound
        super().prepare()

    def found(self, keys: list[str]) -> Sequence[Suspension]:
        listed = SUSPENSION.visible(self.caller).filter(state=Suspension.State.OVERDUE, ended_on__isnull=True)
        wanted = [int(key) for key in keys if key.isdecimal() and len(key) < 19]
        rows = listed if self.all else listed.filter(among("pk", wanted))
        return list(rows.select_related("customer").order_by("-amount_minor", "pk")[: operations.MOST_AT_ONCE])

    def line_of(self, row: Suspension) -> tuple[str, str]:
        return row.customer.name, f"{money_text(row.amount_minor, row.currency)} overdue"

    def warning(self) -> tuple[str, str]:
        lack, _ = _silent([row.customer for row in self.rows], "reminder")
        return lack, "They get no warning. Call them before their day." if lack else ""

    def arguments(self) -> dict[str, Any]:
        return {"suspensions": self.rows}

    def saved(self, result: list[Suspension]) -> Saved:
        return Saved(f"{plural(len(result), 'suspension')} approved.", reverse("suspensions"))

    @property
    def home(self) -> str:
        return reverse("suspensions")


class _CustomersForm(ChosenForm):
    def found(self, keys: list[str]) -> Sequence[Customer]:
        return customers_numbered(self.caller, keys)

    def key_of(self, row: Customer) -> str:
        return row.number

    def line_of(self, row: Customer) -> tuple[str, str]:
        return row.name, row.number

    @property
    def home(self) -> str:
        return reverse("customers")


class SendStatementsForm(_CustomersForm):
    """The usual statement to each of the selected customers."""

    operation = operations.send_statements
    lacks = staticmethod(missing_to_send)
    caption = "Send statements"
    verb = "send"
    things = "statement"
    lead = "Each gets the usual statement, since the last zero balance, at their own addresses."

    def warning(self) -> tuple[str, str]:
        return _silent(self.rows, "statement")

    def arguments(self) -> dict[str, Any]:
        return {"customers": self.rows}

    def saved(self, result: Job) -> Saved:
        return Saved(f"{result.title} are on their way.", reverse("job", args=[result.pk]))


class PrintStatementsForm(_CustomersForm):
    """The usual statement of each of the selected customers, in one PDF."""

    operation = operations.print_documents
    caption = "Print statements"
    verb = "print"
    things = "statement"
    counted = False
    lead = "One PDF with the usual statement of each, since the last zero balance."

    def arguments(self) -> dict[str, Any]:
        return {"statements": self.rows}

    def saved(self, result: Job) -> Saved:
        return _printing(result)


def _printing(job: Job) -> Saved:
    return Saved("The PDF is being made.", reverse("job", args=[job.pk]))


class AllocateCreditsForm(_CustomersForm):
    """The unallocated credit of each of the selected customers settles what is oldest."""

    operation = allocate_credits
    caption = "Allocate credit"
    verb = "allocate credit of"
    things = "account"
    lead = (
        "The unallocated credit of each settles what is oldest, disputed or not. "
        "What is set aside stays, and who has nothing to allocate is left out."
    )

    def arguments(self) -> dict[str, Any]:
        return {"customers": self.rows}

    def saved(self, result: list[Allocation]) -> Saved:
        sums: dict[str, int] = {}
        for row in result:
            sums[row.debit.currency] = sums.get(row.debit.currency, 0) + row.amount_minor
        total = " and ".join(money_text(minor, currency) for currency, minor in sorted(sums.items()))
        return Saved(f"{total} allocated, of {plural(len({row.debit.customer_id for row in result}), 'account')}.",
                     self.home)  # fmt: skip


class GiveToCollectorForm(_CustomersForm):
    """Who collects from each of the selected customers."""

    operation = assign_collector
    caption = "Give to a collector"
    verb = "give away"
    things = "account"
    lead = "They are in that collector's queue from now on; given to nobody, in everybody's."

    collector = forms.ChoiceField(required=False, label="In the queue of")

    def prepare(self) -> None:
        super().prepare()
        self.people = {str(row.pk): row for row in people()}
        self.choose("collector", [("", "Nobody"), *((key, row.name) for key, row in self.people.items())])

    def arguments(self) -> dict[str, Any]:
        return {"customers": self.rows, "collector": self.people.get(self.cleaned_data["collector"])}

    def saved(self, result: list[Customer]) -> Saved:
        whose = self.people.get(self.cleaned_data["collector"])
        return Saved(f"{plural(len(result), 'account')} given to {whose.name if whose else 'nobody'}.", self.home)

    @property
    def home(self) -> str:
        return f"{reverse('customers')}?view=overdue"


class _InvoicesForm(ChosenForm):
    state: ClassVar[str]

    def found(self, keys: list[str]) -> Sequence[Invoice]:
        wanted = [int(key) for key in keys if key.isdecimal() and len(key) < 19]
        rows = INVOICE.visible(self.caller).filter(among("pk", wanted), state=self.state)
        return list(rows.select_related("customer").order_by("sequence_no", "pk"))

    def arguments(self) -> dict[str, Any]:
        return {"invoices": self.rows}

    @property
    def home(self) -> str:
        return reverse("invoices")


class SendInvoicesForm(_InvoicesForm):
    """Each of the selected invoices to its customer. Drafts among them stay where they are."""

    operation = operations.send_invoices
    lacks = staticmethod(missing_to_send)
    caption = "Send invoices"
    verb = "send"
    things = "invoice"
    state = Invoice.State.ISSUED
    lead = "Each goes as a PDF to its customer's own addresses for invoices. Drafts are left out."

    def warning(self) -> tuple[str, str]:
        return _silent([row.customer for row in self.rows], "invoice")

    def saved(self, result: Job) -> Saved:
        return Saved(f"{result.title} {'is' if result.total == 1 else 'are'} on the way.",
                     reverse("job", args=[result.pk]))  # fmt: skip


class PrintInvoicesForm(_InvoicesForm):
    """Each of the selected invoices, in one PDF. Drafts among them stay where they are."""

    operation = operations.print_documents
    caption = "Print invoices"
    verb = "print"
    things = "invoice"
    counted = False
    state = Invoice.State.ISSUED
    lead = "One PDF with each of them. Drafts are left out."

    def saved(self, result: Job) -> Saved:
        return _printing(result)


class PrintCreditNotesForm(ChosenForm):
    """Each of the selected credit notes, in one PDF."""

    operation = operations.print_documents
    caption = "Print credit notes"
    verb = "print"
    things = "credit note"
    counted = False
    lead = "One PDF with each of them."

    def found(self, keys: list[str]) -> Sequence[CreditNote]:
        wanted = [int(key) for key in keys if key.isdecimal() and len(key) < 19]
        rows = CREDIT_NOTE.visible(self.caller).filter(among("pk", wanted))
        return list(rows.select_related("customer").order_by("on", "pk"))

    def arguments(self) -> dict[str, Any]:
        return {"credit_notes": self.rows}

    def saved(self, result: Job) -> Saved:
        return _printing(result)

    @property
    def home(self) -> str:
        return reverse("credit-notes")


class IssueDraftsForm(_InvoicesForm):
    """Each of the selected drafts becomes an invoice with a number."""

    operation = issue_invoices
    lacks = staticmethod(what_is_missing)
    caption = "Issue drafts"
    verb = "issue"
    things = "draft"
    state = Invoice.State.DRAFT
    lead = "Each gets the next number and never changes from then on. Issued invoices among the selected are left out."

    def saved(self, result: list[Invoice]) -> Saved:
        first, last = result[0].number, result[-1].number
        return Saved(f"{first} issued." if len(result) == 1 else f"{first} to {last} issued.", reverse("invoices"))
