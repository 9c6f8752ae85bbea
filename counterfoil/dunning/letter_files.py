"""A letter on paper, for whoever has no e-mail address."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from counterfoil.collections.notices import paper
from counterfoil.customers.queries import letterhead_of
from counterfoil.documents.joining import joined
from counterfoil.documents.rendering import render_pdf
from counterfoil.dunning.models import Correspondence


def letter_pdf(letter: Correspondence) -> bytes:
    """The letter as PDF: the words it had when it was sent."""
    return render_pdf("letter", letter_view(letter))


def letters_pdf(letters: Iterable[Correspondence]) -> bytes:
    """Letters of a run as one document, each on pages of its own."""
    return joined(letter_pdf(letter) for letter in letters)


def letter_view(letter: Correspondence) -> dict[str, Any]:
    """Everything the letter says, in finished words."""
    heading, _, text = letter.printed.partition("\n\n")
    return paper(letter.customer, letterhead_of(letter.customer), letter.on, heading, text)
