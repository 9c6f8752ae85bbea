"""What the verbs about customers share: saving an edit with old and new, and keeping the searchable text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.db import models

from counterfoil.customers import rules
from counterfoil.customers.models import Contact, Customer, CustomerTag, CustomValue, SearchWord, Site
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform.joints import joint
from counterfoil.platform.operations import Operation
from counterfoil.staff.models import User

M = TypeVar("M", bound=models.Model)


@joint
def accounts_opened(op: Operation, customers: Iterable[int], /) -> None:
    """Many are asked, who keep a row for each account: it begins with these new ones, by key."""
    raise NotImplementedError


@joint
def account_reactivated(op: Operation, customer: Customer, /) -> None:
    """Many are asked, whose work ended with the account: what has to be done as it is active again is done."""
    raise NotImplementedError


@joint
def account_merged(op: Operation, customer: Customer, duplicate: Customer, /) -> None:
    """Many are asked, who keep what was agreed with an account: what the duplicate had holds for the customer now."""
    raise NotImplementedError


@joint
def has_entries(customer: Customer, /) -> bool:
    """Many are asked: whether there is anything on the account in its currency."""
    raise NotImplementedError


@joint
def kept_open(customer: Customer, /) -> str:
    """Many are asked: a sentence why an account cannot be closed or merged away yet, or none."""
    raise NotImplementedError


def refuse_while_needed(customer: Customer) -> None:
    """Refuse to close an account on which something goes on: nobody would bill it any more."""
    for sentence in kept_open(customer):
        refuse_if(sentence, "still_needed", sentence)


def apply_changes(
    op: Operation, row: M, version: int, changes: dict[str, Any], *, force: bool = False
) -> dict[str, list[str]]:
    """Set the fields and return old and new in words; refused when the row was saved since it was read."""
    current: int = row.version  # type: ignore[attr-defined]
    if current != version:
        raise Refused(
            "stale_form", "Somebody saved this while you were editing. Their changes are shown; re-enter yours."
        )
    old_new = {}
    for name, value in changes.items():
        old = getattr(row, name)
        if old != value:
            old_new[name.replace("_", " ")] = [in_words(old), in_words(value)]
            setattr(row, name, value)
    if old_new or force:
        row.version = current + 1  # type: ignore[attr-defined]
        row.save()
    return old_new


def in_words(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, User):
        return value.name
    return ", ".join(value) if isinstance(value, list) else str(value)


def refresh_search(customer: Customer) -> None:
    parts = [customer.number, customer.name, customer.group, customer.tax_number]
    for contact in Contact.objects.filter(customer=customer).prefetch_related("points"):
        parts += [contact.name, *(point.value for point in contact.points.all())]
    parts += [site.text for site in Site.objects.filter(customer=customer)]
    parts += CustomerTag.objects.filter(customer=customer).values_list("tag__name", flat=True)
    parts += CustomValue.objects.filter(customer=customer).exclude(field__kind="yes_no").values_list("text", flat=True)
    # A merged account is found through the one it is now.
    parts += Customer.objects.filter(merged_into=customer).values_list("number", flat=True)
    customer.search_text = rules.fold(" ".join(parts))
    Customer.objects.filter(pk=customer.pk).update(search_text=customer.search_text)
    learn_words([customer.search_text])


def learn_words(texts: Iterable[str]) -> None:
    """The words people may misspell are known; a word that is no longer used does no harm."""
    words = {word for text in texts for word in rules.spelled_words(text)}
    known = set(SearchWord.objects.filter(word__in=words).values_list("word", flat=True)) if len(words) < 500 else set()
    # In one order, so that two operations cannot wait for each other's words.
    new = [SearchWord(word=word) for word in sorted(words - known)]
    SearchWord.objects.bulk_create(new, batch_size=500, ignore_conflicts=True)


def choice(value: str, choices: type[models.TextChoices], field: str) -> str:
    refuse_if(
        value not in choices.values, "unknown_choice", f"Choose one of: {', '.join(choices.values)}.", field=field
    )
    return value


def subset(values: Iterable[str], known: Sequence[str], field: str) -> list[str]:
    chosen = list(dict.fromkeys(values))
    unknown = [value for value in chosen if value not in known]
    refuse_if(unknown, "unknown_choice", f"Choose from: {', '.join(known)}.", field=field)
    return chosen
