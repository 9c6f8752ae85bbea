"""How a customer pays, and what they signed."""

from __future__ import annotations

from typing import Annotated

from counterfoil.customers.models import Attachment, Customer
from counterfoil.customers.queries import lock
from counterfoil.debits import queries, rules
from counterfoil.debits.formats.accounts import bare, last_digits, why_not
from counterfoil.debits.models import BillingDetails, DebitOrder, Mandate
from counterfoil.debits.operations.policy import WAYS, check_way, family_of
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.periods import date_text
from counterfoil.payments.models import Method
from counterfoil.payments.queries import check_method, methods
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.secrets import encrypt
from counterfoil.platform.signatures import OneOf, Says, Secret
from counterfoil.platform.words import PastDay, Reason

_ASK = "As the customer’s bank writes it: IBAN, or the account number alone."


@verb(label="Change how a customer pays")
def set_payment_method(
    op: Operation, *, customer: Customer, method: Annotated[str, Says("Pays by", most=60)]
) -> BillingDetails:
    """From now on the customer pays like this. Debit orders need a mandate, which says so by itself."""
    row = lock([customer.pk])[customer.pk]
    before = queries.method_of(row)
    check_method(methods(), method, op.today)
    refuse_if(before == method, "no_change", f"{row.name} pays that way already.", field="method")
    lacks = method == Method.DEBIT_ORDER and queries.mandate_of(row) is None
    refuse_if(lacks, "mandate_missing", "There is no mandate yet. Add one: the customer pays by debit order from then "
              "on.", field="method")  # fmt: skip
    return _pays(op, row, method, before)


@step
def agree_method(op: Operation, *, customer: Customer, method: str) -> BillingDetails:
    """The same as something else decided it, such as a card that was saved; whether or not people are offered it."""
    row = lock([customer.pk])[customer.pk]
    return _pays(op, row, method, queries.method_of(row))


def _pays(op: Operation, customer: Customer, method: str, before: str) -> BillingDetails:
    row, _ = BillingDetails.objects.update_or_create(customer=customer, defaults={"method": method})
    known = methods()
    op.record(
        "billing_details.changed", row, customer_id=customer.pk, method=known[method].name,
        before=known[before].name if before else "nothing agreed",
    )  # fmt: skip
    return row


@verb(label="Add mandate")
def add_mandate(
    op: Operation,
    *,
    customer: Customer,
    way: Annotated[str, Says("Collected by", most=10)],
    holder: Annotated[str, Says("Account holder", most=120)],
    account: Annotated[str, Says("Account", _ASK, most=40), Secret],
    bank: Annotated[str, Says("Branch or bank code", "Branch code, sort code or routing number; not with an IBAN.",
                              most=20)] = "",
    account_type: Annotated[str, OneOf(Mandate.AccountType), Says("Type of account")] = "current",
    day: Annotated[int | None, Says("Collection day", "Day of the month, 1 to 31. Empty: with any run.")] = None,
    most_minor: Annotated[int | None, Says("Most to take at a time", optional=True)] = None,
    signed_on: Annotated[PastDay | None, Says("Signed on", "Empty until the customer has signed.")] = None,
    number: Annotated[str, Says("Mandate reference", "Empty: we give one.", most=35)] = "",
    document: Annotated[Attachment | None, Says("Signed mandate", optional=True)] = None,
) -> Mandate:  # fmt: skip
    """The customer pays by debit order from this account. A mandate that they had ends with the day."""
    check_way(way)
    row, currency = lock([customer.pk])[customer.pk], rules.WAYS[way].currency
    refuse_if(currency != row.currency, "wrong_currency",
              f"{WAYS[way]} collects {currency}; this account is in {row.currency}.", field="way")  # fmt: skip
    if wrong := why_not(family_of(way), account, bank, account_type):
        raise Refused("bad_account", wrong, field=_field_of(wrong))
    refuse_if(day is not None and not 1 <= day <= 31, "absurd_day", "Give a day of the month, 1 to 31.", field="day")
    refuse_if(most_minor is not None and most_minor <= 0, "absurd_amount", "Give an amount above zero.", field="most")
    refuse_if(document is not None and document.customer_id != row.pk, "other_customer",
              "That file is another customer’s.", field="document")  # fmt: skip
    number = number.strip() or _next_number(row)
    taken = Mandate.objects.filter(number=number).exists()
    refuse_if(taken, "taken", f"There is a mandate {number} already.", field="number")
    if (old := Mandate.objects.select_for_update().filter(customer=row, ended_on=None).first()) is not None:
        _end(op, old, f"Replaced by {number}")
    plain = bare(account)
    made = Mandate.objects.create(
        customer=row, number=number, way=way, holder=holder, account_box=encrypt(plain), account_end=last_digits(plain),
        bank=bare(bank), account_type=account_type, day=day, most_minor=most_minor, currency=row.currency,
        signed_on=signed_on, document=document, author=op.caller.name[:120], at=op.now,
    )  # fmt: skip
    op.record("mandate.added", made, customer_id=row.pk, number=number, account=made.shown_account)
    if signed_on is not None:
        op.record("mandate.signed", made, customer_id=row.pk, number=number, on=signed_on)
    if (before := queries.method_of(row)) != Method.DEBIT_ORDER:
        _pays(op, row, Method.DEBIT_ORDER, before)
    return made


def _field_of(wrong: str) -> str:
    """Which field a sentence about an account speaks of."""
    return (
        "bank"
        if any(word in wrong for word in ("branch", "Branch", "sort code", "outing number", "BIC"))
        else "account"
    )


def _next_number(customer: Customer) -> str:
    had = Mandate.objects.filter(customer=customer).count()
    return f"{customer.number[:28]}-M{had + 1}"


@verb(label="Record a signature")
def sign_mandate(
    op: Operation, *, mandate: Mandate, signed_on: Annotated[PastDay, Says("Signed on")],
    document: Annotated[Attachment | None, Says("Signed mandate", optional=True)] = None,
) -> Mandate:  # fmt: skip
    """The customer has signed: debit orders may be collected from now on."""
    row = _living(mandate)
    refuse_if(row.signed_on is not None, "signed_already", f"{row.number} was signed.", field="signed_on")
    refuse_if(document is not None and document.customer_id != row.customer_id, "other_customer",
              "That file is another customer’s.", field="document")  # fmt: skip
    row.signed_on, row.document = signed_on, document or row.document
    row.save(update_fields=["signed_on", "document"])
    op.record("mandate.signed", row, customer_id=row.customer_id, number=row.number, on=signed_on)
    return row


@verb(label="End mandate")
def end_mandate(op: Operation, *, mandate: Mandate, reason: Reason) -> Mandate:
    """Nothing is collected under it any more. What the bank has been sent it may still collect."""
    row = _living(mandate)
    _end(op, row, reason)
    return row


def _living(mandate: Mandate) -> Mandate:
    lock([mandate.customer_id])
    row = Mandate.objects.select_for_update().get(pk=mandate.pk)
    refuse_if(row.ended_on is not None, "ended", f"{row.number} has ended.")
    return row


def _end(op: Operation, row: Mandate, reason: str) -> None:
    row.ended_on, row.end_reason = op.today, reason[:200]
    row.save(update_fields=["ended_on", "end_reason"])
    op.record("mandate.ended", row, customer_id=row.customer_id, number=row.number, reason=reason)


def end_for_bank(op: Operation, mandate: Mandate, reason: str) -> None:
    """The bank says that nothing can be collected under it."""
    row = Mandate.objects.select_for_update().get(pk=mandate.pk)
    if row.ended_on is None:
        _end(op, row, reason)


def keeps_open(customer: Customer) -> str:
    """Why an account stays open: something of it is with the bank."""
    row = queries.waiting_of(customer)
    if row is None:
        return ""
    return (
        f"A debit order of {date_text(row.run.on)} is not answered yet. Wait for the bank, or take it out of the run."
    )


def follow_merge(op: Operation, customer: Customer, duplicate: Customer) -> None:
    """What was agreed with an account that is merged holds for the other, unless it has a mandate of its own."""
    row = Mandate.objects.select_for_update().filter(customer=duplicate, ended_on=None).first()
    if row is not None and queries.mandate_of(customer) is not None:
        _end(op, row, f"Merged into {customer.number}")
    elif row is not None:
        row.customer = customer
        row.save(update_fields=["customer"])
        op.keep(row, customer_id=customer.pk)
        if (before := queries.method_of(customer)) != Method.DEBIT_ORDER:
            _pays(op, customer, Method.DEBIT_ORDER, before)


@step
def erase_mandates(op: Operation, *, customer: Customer) -> None:
    """Nobody's account is left in what a customer signed. Part of erasing personal data."""
    for row in Mandate.objects.select_for_update().filter(customer=customer):
        if row.ended_on is None:
            _end(op, row, "Erased")
        row.holder, row.account_box, row.account_end, row.document = "Erased", "", "", None
        row.save(update_fields=["holder", "account_box", "account_end", "document"])
        op.keep(row, customer_id=customer.pk)
    DebitOrder.objects.filter(customer=customer, state=DebitOrder.State.LEFT_OUT).update(said="")
