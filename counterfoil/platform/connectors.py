"""Finds the implementation of an interface by the settings, because connectors stand above the apps they serve."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


def connector(setting: str, key: str) -> Any:
    """A new connector of the class that `settings.<setting>[key]` names."""
    return import_string(getattr(settings, setting)[key])()
