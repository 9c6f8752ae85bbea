"""Checks that every app uses, on plain values: what is right comes back tidy, the rest is refused by its field."""

from __future__ import annotations

from counterfoil.kernel.errors import refuse_if


def tidy_name(text: str, most: int = 80) -> str:
    """A name on one line, without what cannot be printed."""
    tidy = " ".join("".join(ch for ch in text if ch.isprintable() or ch.isspace()).split())
    refuse_if(not tidy, "required", "Name is missing.", field="name")
    refuse_if(len(tidy) > most, "too_long", f"A name has at most {most} characters.", field="name")
    return tidy
