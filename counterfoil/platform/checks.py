"""Book checks: each app contributes functions that return findings; `check-books` runs them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from django.apps import apps

from counterfoil.platform import append_only, kept
from counterfoil.trail.kinds import trail_name
from counterfoil.trail.models import Event
from counterfoil.trail.sealing import broken_seals


@dataclass(frozen=True)
class Finding:
    """Something in the books that cannot be true."""

    check: str
    sentence: str


Check = Callable[[], Iterable[str]]
CHECKS: dict[str, Check] = {}


def book_check(function: Check) -> Check:
    """Register a check: a function that yields one sentence for each thing it finds wrong."""
    app = function.__module__.split(".")[1]
    CHECKS[f"{app}.{function.__name__}"] = function
    return function


def check_books() -> list[Finding]:
    """Run every check, set-wise; no finding means that the books prove themselves."""
    return [Finding(name, sentence) for name, check in sorted(CHECKS.items()) for sentence in check()]


@book_check
def nothing_appended_was_changed() -> Iterable[str]:
    """The seals over the trail hold."""
    return broken_seals()


@book_check
def triggers_are_in_place() -> Iterable[str]:
    """The database itself refuses to change what is frozen (decision 0008)."""
    for name in append_only.missing():
        yield f"The trigger {name} is missing or changed. `counterfoil migrate` puts it back."


@book_check
def rows_are_as_operations_left_them() -> Iterable[str]:
    """Every row that is kept is as the last (sealed) event about it says, with all that belongs to it."""
    in_chunks = kept.kept_in_chunks()
    for noun in kept.nouns().values():
        if noun.label in in_chunks or noun.model._base_manager.exists():
            yield from changed_rows(noun)


def changed_rows(noun: kept.Noun) -> Iterable[str]:
    """A sentence for each of the first rows of a noun that no operation left as they are."""
    for pk, wrong in islice(kept.changed_rows(noun), 20):
        row = noun.model._base_manager.filter(pk=pk).first()
        named = f" ({row})" if row is not None else ""
        yield f"{str(noun.model._meta.verbose_name).capitalize()} {pk}{named} {wrong}."


@book_check
def event_subjects_exist() -> Iterable[str]:
    """Every event speaks of a row that is there."""
    models = {trail_name(model): model for model in apps.get_models()}
    for label in Event.objects.values_list("subject_type", flat=True).distinct().order_by():
        if (model := models.get(label)) is None:
            yield f"Events speak of a {label}, and there is no such thing."
            continue
        orphans = Event.objects.filter(subject_type=label).exclude(subject_id__in=model._base_manager.values("pk"))
        if count := orphans.count():
            yield f"{count} events speak of a {label} that is not there, first {orphans.order_by('pk')[0].subject_id}."
