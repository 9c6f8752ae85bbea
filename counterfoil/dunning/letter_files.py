"""A letter on paper, for whoever has no e-mail address."""

from __future__ import annotations

from typing import Any

from counterfoil.customers.queries import letterhead_of
from counterfoil.documents.logos import letterhead_view
from counterfoil.documents.parties import words_of
from counterfoil.documents.rendering import render_pdf
from counterfoil.dunning.models import Correspondence
from counterfoil.receivables.queries import party_of


def letter_pdf(letter: Correspondence) -> bytes:
    """The letter as PDF: the words it had when it was sent."""
    return render_pdf("letter", letter_view(letter))


def letter_view(letter: Correspondence) -> dict[str, Any]:
    """Everything the letter says, in finished words."""
    house = letterhead_of(letter.customer)
    speech, say = house.speech, house.speech.say
    customer = party_of(letter.customer, speech)
    subject, _, text = letter.printed.partition("\n\n")
    foot = f"{customer.number}, {speech.long_date(letter.on)}"
    return {
        "title": f"{foot}, {house.name}",
        "foot": foot,
        "author": house.name,
        "heading": subject,
        "lang": house.language,
        "words": words_of(house),
        "date": [letter.on.year, letter.on.month, letter.on.day],
        "operator": letterhead_view(house),
        "facts": [
            [{"label": "", "lines": [customer.name, *customer.address.splitlines()], "strong": True}],
            [
                {"label": say("Account number"), "lines": [customer.number]},
                {"label": say("Date"), "lines": [speech.long_date(letter.on)]},
            ],
        ],
        "paragraphs": [part.splitlines() for part in text.strip().split("\n\n") if part.strip()],
    }
