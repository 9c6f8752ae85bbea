"""What messages to customers say: as delivered, or in the company's own words with fields that are filled in."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from django.template.loader import render_to_string

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import letterhead_of, visible
from counterfoil.customers.rules import LANGUAGES
from counterfoil.documents.parties import Letterhead
from counterfoil.documents.speech import Speech
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.messaging import rules
from counterfoil.messaging.models import MessageText
from counterfoil.operator.models import Brand
from counterfoil.operator.queries import languages
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Says

_FIELD = re.compile(r"\{([^{}]*)\}")
_MOST_TEXT = 4000


@dataclass(frozen=True)
class Shown:
    """A message as somebody would get it: whom it is to, its subject and its text."""

    to: str
    subject: str
    text: str


@dataclass(frozen=True)
class Wording:
    """A kind of message: what it says as delivered, its fields with what each is, and one as a customer gets it."""

    key: str
    title: str
    subject: str
    text: str
    fields: Mapping[str, str]
    # Of a real customer that the caller may see, with these words; none where there is none yet.
    example: Callable[[Caller, str, str], Shown | None]


WORDINGS: dict[str, Wording] = {}


def declare_wording(wording: Wording) -> Wording:
    """A kind of message whose words can be changed."""
    WORDINGS[wording.key] = wording
    return wording


Words = Callable[[int | None, str], tuple[str, str]]


def speaking(wording: Wording) -> Words:
    """What such messages say now to customers of a brand (its key) who read a language: subject and text.

    The closest that the company has words for: of brand and language, of the brand, of the language, of all; else as
    delivered, in that language where it is known. All of it is read once. Who said no language (empty) reads that of
    the brand or the company.
    """
    said, usual = _words(wording)
    return lambda brand_id, language: said(brand_id, language or usual[brand_id])


def words_of(wording: Wording, brand_id: int | None = None, language: str = "") -> tuple[str, str]:
    """Subject and text of such a message now, to everybody or to those customers."""
    return _words(wording)[0](brand_id, language)


def _words(wording: Wording) -> tuple[Words, dict[int | None, str]]:
    own: dict[tuple[int | None, str], tuple[str, str]] = {}
    rows = MessageText.objects.filter(kind=wording.key).order_by("pk")
    for brand, language, subject, text in rows.values_list("brand_id", "language", "subject", "text"):
        own[brand, language] = (subject, text)
    usual = languages()

    def said(brand_id: int | None, language: str) -> tuple[str, str]:
        for key in ((brand_id, language), (brand_id, ""), (None, language), (None, "")):
            if (found := own.get(key)) and found[0]:
                return found
        say = Speech(language or usual[brand_id]).say
        return say(wording.subject), say(wording.text)

    return said, usual


def has_own_words(wording: Wording, brand_id: int | None = None, language: str = "") -> bool:
    """Whether the company words it itself for exactly these customers."""
    newest = versions_of(wording, brand_id, language)[:1]
    return bool(newest and newest[0].subject)


def versions_of(wording: Wording, brand_id: int | None = None, language: str = "") -> list[MessageText]:
    """What its words for exactly these customers were, the newest first."""
    rows = MessageText.objects.filter(kind=wording.key, language=language).order_by("-pk")
    return list((rows.filter(brand=brand_id) if brand_id else rows.filter(brand__isnull=True))[:50])


def newest_words(wording: Wording) -> list[MessageText]:
    """The words of the company's own that hold now, for everybody first, then by brand and language."""
    rows = MessageText.objects.filter(kind=wording.key).select_related("brand").order_by("pk")
    newest = {(row.brand_id, row.language): row for row in rows}
    own = [row for row in newest.values() if row.subject]
    return sorted(own, key=lambda row: (row.brand.name if row.brand else "", row.language))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its fields filled in. What is filled in is never read for fields itself."""
    return _FIELD.sub(lambda found: values.get(found[1].strip(), found[0]), text)


def paragraphs(text: str) -> list[str]:
    """The lines of a text that say something, for a letter that escapes each."""
    return [part.strip() for part in text.splitlines() if part.strip()]


@dataclass(frozen=True)
class Letter:
    """A message in a customer's words, ready to be queued."""

    subject: str
    text: str
    html: str


def letter(
    customer: Customer, house: Letterhead, words: tuple[str, str], values: Mapping[str, str], *, portal: str = "",
    link: str = "",
) -> Letter:  # fmt: skip
    """The words, subject and text, with these values and who the customer and the company are.

    `portal` is where the customer helps themselves, `link` what the message asks to be opened.
    """
    known = {"customer_name": customer.name, "account_number": customer.number, "company_name": house.name, **values}
    subject, text = (filled(part, known) for part in words)
    said = {
        "subject": subject[:200], "heading": subject, "preheader": "", "operator": house.name, "speech": house.speech,
        "paragraphs": paragraphs(text), "account": f"{customer.name}, {customer.number}", "portal": portal,
        "small_print": house.small_print, "link": link,
    }  # fmt: skip
    return Letter(
        subject[:200], render_to_string("messaging/letter.txt", said).strip() + "\n",
        render_to_string("messaging/letter.html", said),
    )  # fmt: skip


def letter_to_newest(
    caller: Caller, words: tuple[str, str], values: Callable[[Customer, Letterhead], Mapping[str, str]]
) -> Shown | None:
    """Such a message as the customer who joined last would get it; none while there is no customer."""
    customer = visible(caller).filter(status="active").order_by("-joined_on", "-pk").first()
    if customer is None:
        return None
    house = letterhead_of(customer)
    made = letter(customer, house, words, values(customer, house))
    return Shown(customer.name, made.subject, made.text)


def check_fields(text: str, known: Sequence[str], field: str) -> None:
    """Refuses a field that such a message does not have, by its name, with the nearest that it has."""
    for found in _FIELD.findall(text):
        name = found.strip()
        if name in known:
            continue
        near = difflib.get_close_matches(name, known, 1, 0.4)
        meant = f"Did you mean {{{near[0]}}}?" if near else f"There are {', '.join(f'{{{each}}}' for each in known)}."
        raise Refused("unknown_field", f"There is no field {{{name[:40]}}} in this message. {meant}", field=field)


@verb(label="Change what a message says", whole=True)
def save_wording(
    op: Operation, *, kind: Annotated[str, Says(most=20)], subject: Annotated[str, Says(most=200)],
    text: Annotated[str, Says(most=_MOST_TEXT)], brand: Brand | None = None,
    language: Annotated[str, Says(most=8)] = "",
) -> MessageText:  # fmt: skip
    """Such messages have this subject and text from now on, their fields filled in. What was sent stays as it is.

    For customers of a brand or who read a language, or for everybody who has no words of their own.
    """
    wording = _known(kind)
    refuse_if(bool(language) and language not in LANGUAGES, "unknown_choice", "Choose a language.", field="language")
    subject = rules.check_line(subject, field="subject", name="The subject", most=200)
    text = rules.storable(text).strip()
    refuse_if(not text, "required", "The text is missing.", field="text")
    for name, value in (("subject", subject), ("text", text)):
        check_fields(value, list(wording.fields), name)
    same = (subject, text) == words_of(wording, brand.pk if brand else None, language)
    refuse_if(same, "no_change", "It says so already.")
    return _write(op, wording, subject, text, brand, language)


@verb(right=save_wording, label="Go back to the delivered words of a message", whole=True)
def reset_wording(
    op: Operation, *, kind: Annotated[str, Says(most=20)], brand: Brand | None = None,
    language: Annotated[str, Says(most=8)] = "",
) -> MessageText:  # fmt: skip
    """Such messages say what they say to the others; where these are for everybody, what they say as delivered."""
    wording = _known(kind)
    own = has_own_words(wording, brand.pk if brand else None, language)
    refuse_if(not own, "no_change", "It has the delivered words already.")
    return _write(op, wording, "", "", brand, language)


def whose(brand: Brand | None, language: str) -> str:
    """For which customers words are, such as `Valley Net, German`."""
    return ", ".join([*([brand.name] if brand else []), *([LANGUAGES.get(language, language)] if language else [])])


def _known(kind: str) -> Wording:
    refuse_if(kind not in WORDINGS, "unknown_choice", "There is no such message.", field="kind")
    return WORDINGS[kind]


def _write(
    op: Operation, wording: Wording, subject: str, text: str, brand: Brand | None, language: str
) -> MessageText:  # fmt: skip
    row = MessageText.objects.create(
        kind=wording.key, brand=brand, language=language, subject=subject, text=text, at=op.now,
        author=op.caller.name[:120],
    )  # fmt: skip
    title = ", ".join(part for part in (wording.title, whose(brand, language)) if part)
    op.record("wording.changed", row, title=title, said=subject or words_of(wording, row.brand_id, language)[0])
    return row
