"""Two accounts that turn out to be one customer, and a person who is to be forgotten."""

from __future__ import annotations

from django.apps import apps
from django.db.models import Q

from counterfoil.customers import queries, rules
from counterfoil.customers.models import (
    Attachment,
    Contact,
    ContactPoint,
    Customer,
    CustomerTag,
    CustomValue,
    Destination,
    Note,
    SearchWord,
    Site,
)
from counterfoil.customers.operations.shared import account_merged, refresh_search, refuse_while_needed
from counterfoil.documents.operations import erase_files
from counterfoil.kernel.checks import check_text
from counterfoil.kernel.errors import refuse_if
from counterfoil.platform import fulltext
from counterfoil.platform.operations import Operation, step
from counterfoil.trail.erasing import erase_personal


@step
def absorb_customer(op: Operation, *, customer: Customer, duplicate: Customer) -> Customer:
    """The duplicate is merged: its contacts, addresses, tags and fields are the customer's, its number leads there.

    Notes, attachments and documents stay on its own account and are shown on the customer's page. The caller moves what
    is open.
    """
    rows = queries.lock([customer.pk, duplicate.pk])
    target, source = rows[customer.pk], rows[duplicate.pk]
    refuse_if(target.pk == source.pk, "same_customer", "That is the same account.", field="number")
    for row in (target, source):
        refuse_if(
            row.status in (Customer.Status.MERGED, Customer.Status.ERASED),
            "account_closed", f"{row.number} is {row.get_status_display().lower()} already.", field="number",
        )  # fmt: skip
    refuse_while_needed(source)
    known = set(ContactPoint.objects.filter(contact__customer=target).values_list("kind", "value"))
    for contact in Contact.objects.filter(customer=source).prefetch_related("points"):
        points = {(point.kind, point.value) for point in contact.points.all()}
        # Somebody who is known here already stays with the old account.
        if not points or points - known:
            contact.customer = target
            contact.save(update_fields=["customer"])
    Site.objects.filter(customer=source).update(customer=target, is_primary=False)
    mine = set(CustomerTag.objects.filter(customer=target).values_list("tag_id", flat=True))
    CustomerTag.objects.filter(customer=source).exclude(tag__in=mine).update(customer=target)
    filled = set(CustomValue.objects.filter(customer=target).values_list("field_id", flat=True))
    CustomValue.objects.filter(customer=source).exclude(field__in=filled).update(customer=target)
    there = set(Destination.objects.filter(customer=target).values_list("about", "email"))
    for destination in Destination.objects.filter(customer=source):
        if (destination.about, destination.email) not in there:
            destination.customer = target
            destination.save(update_fields=["customer"])
    following = Customer.objects.filter(Q(parent=source) | Q(merged_into=source)).exclude(pk=target.pk)
    along = list(following.order_by("pk"))
    Customer.objects.filter(parent=source).exclude(pk=target.pk).update(parent=target)
    Customer.objects.filter(merged_into=source).update(merged_into=target)
    source.status, source.merged_into, source.search_text = Customer.Status.MERGED, target, ""
    # Who sees the one sees the other.
    source.parent, source.area, source.brand = None, target.area, target.brand
    source.version += 1
    source.save(update_fields=["status", "merged_into", "search_text", "parent", "area", "brand", "version"])
    if source.held_on(op.today) and not target.held_on(op.today):
        target.hold_reason, target.hold_ends = source.hold_reason, source.hold_ends
        target.save(update_fields=["hold_reason", "hold_ends"])
    refresh_search(target)
    account_merged(op, target, source)
    for pk in (source.pk, target.pk):
        op.record("customer.merged", source, customer_id=pk, number=source.number, into=target.number)
    for row in (target, *along):
        op.keep(row, customer_id=row.pk)
    return target


@step
def erase_person(op: Operation, *, customer: Customer, reason: str) -> Customer:
    """Nothing personal is left of the customer's record: name, contacts, addresses, notes, attachments, trail.

    The account number and what was issued stay, as the law on books requires.
    """
    row = queries.lock([customer.pk])[customer.pk]
    refuse_if(row.status == Customer.Status.ERASED, "already_erased", f"{row.number} is erased already.")
    why = check_text(reason, field="reason", most=200)
    words = rules.spelled_words(row.search_text)
    ContactPoint.objects.filter(contact__customer=row).delete()
    for contact in Contact.objects.filter(customer=row):
        contact.name, contact.title, contact.active, contact.roles = "Erased", "", False, []
        contact.version += 1
        contact.save()
    Site.objects.filter(customer=row).update(
        label="Erased", street="Erased", city="", postcode="", country="", active=False
    )
    Destination.objects.filter(customer=row).delete()
    CustomerTag.objects.filter(customer=row).delete()
    CustomValue.objects.filter(customer=row).delete()
    Note.objects.filter(customer=row).exclude(text="").update(text="")
    op.keep(*Note.objects.filter(customer=row), customer_id=row.pk)
    _erase_attachments(op, row)
    row.name, row.tax_number, row.group, row.pinned_note = f"Erased {row.number}", "", "", None
    row.hold_reason, row.hold_ends = "", None
    row.status = Customer.Status.ERASED
    row.search_text = rules.fold(row.number)
    row.version += 1
    row.save()
    _forget_words(words)
    # What was kept of their rows is erased with what was personal in them, and kept anew without.
    for label, pk in erase_personal([row.pk]):
        op.record_of("row.kept", apps.get_model(label), pk, customer_id=row.pk)
    op.record("customer.erased", row, customer_id=row.pk, reason=why)
    return row


def _erase_attachments(op: Operation, customer: Customer) -> None:
    """What was attached is gone, unless somebody else has the same file; that something was attached stays."""
    rows = list(Attachment.objects.filter(customer=customer))
    files = {pk for row in rows for pk in (row.file_id, row.thumbnail_id) if pk}
    for row in rows:
        row.name, row.removed_at, row.file, row.thumbnail = "Erased", row.removed_at or op.now, None, None
        row.pictured_at = row.pictured_at or op.now
        row.save(update_fields=["name", "removed_at", "file", "thumbnail", "pictured_at"])
    op.keep(*rows, customer_id=customer.pk)
    erase_files(op, files=files)


def _forget_words(words: set[str]) -> None:
    """Words that nobody else has are not known any more."""
    for word in words:
        if not fulltext.holding(Customer.objects.order_by(), word).exists():
            SearchWord.objects.filter(word=word).delete()
