"""Reads about stored files. Who may see one is decided by the app whose document it is."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from django.apps import apps

from counterfoil.documents.models import StoredFile


def referring_fields() -> list[Any]:
    """Every foreign key to a stored file there is, found by itself: a new noun with one cannot be forgotten."""
    fields = [field for model in apps.get_models() for field in model._meta.concrete_fields]
    return [field for field in fields if field.is_relation and field.related_model is StoredFile]


def referred_to(files: Collection[int]) -> set[int]:
    """Which of the files (by key) something refers to, whatever it is: then their bytes are needed."""
    used: set[int] = set()
    for field in referring_fields():
        rows = field.model._base_manager.filter(**{f"{field.name}__in": files})
        used.update(rows.values_list(field.attname, flat=True))
    return used


def is_intact(file: StoredFile) -> bool:
    """Whether the bytes are still those that were stored."""
    return hashlib.sha256(bytes(file.content)).hexdigest() == file.sha256
