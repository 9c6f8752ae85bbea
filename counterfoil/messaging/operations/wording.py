"""What messages to customers say: as delivered, or in the company's own words with fields that are filled in."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.messaging import rules
from counterfoil.messaging.models import MessageText
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


def words_of(wording: Wording) -> tuple[str, str]:
    """Subject and text of such a message now."""
    own = MessageText.objects.filter(kind=wording.key).order_by("-pk").values_list("subject", "text").first()
    return own if own and own[0] else (wording.subject, wording.text)


def has_own_words(wording: Wording) -> bool:
    """Whether the company words it itself."""
    return words_of(wording) != (wording.subject, wording.text)


def versions_of(wording: Wording) -> list[MessageText]:
    """What its words were, the newest first."""
    return list(MessageText.objects.filter(kind=wording.key).order_by("-pk")[:50])


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its fields filled in. What is filled in is never read for fields itself."""
    return _FIELD.sub(lambda found: values.get(found[1].strip(), found[0]), text)


def paragraphs(text: str) -> list[str]:
    """The lines of a text that say something, for a letter that escapes each."""
    return [part.strip() for part in text.splitlines() if part.strip()]


def check_fields(text: str, known: Sequence[str], field: str) -> None:
    """Refuses a field that such a message does not have, by its name, with the nearest that it has."""
    for found in _FIELD.findall(text):
        name = found.strip()
        if name in known:
            continue
        near = difflib.get_close_matches(name, known, 1, 0.4)
        meant = f"Did you mean {{{near[0]}}}?" if near else f"There are {', '.join(f'{{{each}}}' for each in known)}."
        raise Refused("unknown_field", f"There is no field {{{name[:40]}}} in this message. {meant}", field=field)


@verb(label="Change what a message says")
def save_wording(
    op: Operation, *, kind: Annotated[str, Says(most=20)], subject: Annotated[str, Says(most=200)],
    text: Annotated[str, Says(most=_MOST_TEXT)],
) -> MessageText:  # fmt: skip
    """Such messages have this subject and text from now on, their fields filled in. What was sent stays as it is."""
    wording = _known(kind)
    subject = rules.check_line(subject, field="subject", name="The subject", most=200)
    text = rules.storable(text).strip()
    refuse_if(not text, "required", "The text is missing.", field="text")
    for name, value in (("subject", subject), ("text", text)):
        check_fields(value, list(wording.fields), name)
    refuse_if((subject, text) == words_of(wording), "no_change", "It says so already.")
    return _write(op, wording, subject, text)


@verb(right=save_wording, label="Go back to the delivered words of a message")
def reset_wording(op: Operation, *, kind: Annotated[str, Says(most=20)]) -> MessageText:
    """Such messages say what they say as delivered."""
    wording = _known(kind)
    refuse_if(not has_own_words(wording), "no_change", "It has the delivered words already.")
    return _write(op, wording, "", "")


def _known(kind: str) -> Wording:
    refuse_if(kind not in WORDINGS, "unknown_choice", "There is no such message.", field="kind")
    return WORDINGS[kind]


def _write(op: Operation, wording: Wording, subject: str, text: str) -> MessageText:
    row = MessageText.objects.create(
        kind=wording.key, subject=subject, text=text, at=op.now, author=op.caller.name[:120]
    )
    op.record("wording.changed", row, title=wording.title, said=subject or wording.subject)
    return row
