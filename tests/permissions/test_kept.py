"""What waits for approval and what was answered, kept by every verb at some time, is read today.

`kept/tagged.jsonl` holds a call of each verb as it was kept while each value stood beside the word for its type;
`kept/plain.jsonl` as it is kept since. A verb, argument, field or model that is renamed without saying so fails here.
Rows are there without their keys.
"""

from __future__ import annotations

import dataclasses
import enum
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from counterfoil.platform.operations import RENAMED, VERBS, Verb
from counterfoil.platform.wire import keep_arguments, kept_answer, kept_arguments, named_first
from counterfoil.site import schedule, setup, urls
from counterfoil.trail.kinds import trail_name
from tests.permissions.examples import EXAMPLES
from tests.permissions.place import Place

assert schedule
assert setup
assert urls

# The verbs of the examples prove their books in test_every_operation.
pytestmark = [pytest.mark.once, pytest.mark.books_proven_elsewhere]

KEPT = Path(__file__).parent / "kept"
# A file or a secret never waits, nor does a question about another verb.
CANNOT_WAIT = {
    "access.add_passkey", "bank.bring_in_statement", "cards.add_card_gateway", "cards.change_card_keys",
    "customers.attach_file",
    "debits.add_debit_scheme",
    "debits.add_mandate", "debits.bring_in_answers", "imports.import_file",
    "imports.upload_file", "jobs.attach_job_file", "operator.set_brand_logo", "operator.set_logo",
    "platform.ask_approval",
    "network.add_access_account", "network.add_nas", "network.change_access_account", "network.change_nas",
    "tickets.set_mailbox",
}  # fmt: skip
# Numbers that differ from one database to the next.
NUMBERS = ("_id", "items", "number")


def calls() -> list[tuple[str, dict[str, Any]]]:
    found = []
    for path in sorted(KEPT.glob("*.jsonl")):
        found += [(path.stem, json.loads(line)) for line in path.read_text().splitlines()]
    return [(form, call) for form, call in found if call["verb"] not in CANNOT_WAIT]


def verb_of(name: str) -> Verb[Any, Any]:
    found = VERBS.get(name) or RENAMED.get(name)
    assert found, f"{name} has another name now, or is gone. Say what it is called: @verb(was=({name!r},))"
    return found


@cache
def _models() -> dict[str, Any]:
    found = {model._meta.label_lower: model for model in apps.get_models()}
    return found | {trail_name(model): model for model in apps.get_models()}


def _key(name: str) -> Any:
    return _models()[name]._base_manager.values_list("pk", flat=True).first()


def filled(kept: Any) -> Any:
    """What was kept, with keys of rows that are there."""
    match kept:
        case {"row": name, "pk": _}:
            return {"row": name, "pk": _key(name)}
        case Mapping():
            return {key: filled(item) for key, item in kept.items()}
        case list():
            return [filled(item) for item in kept]
        case str() if kept.endswith(":*"):
            return f"{kept[:-1]}{_key(kept[:-2])}"
    return kept


def without_keys(kept: Any, name: str = "") -> Any:
    match kept:
        case Mapping() if name == "amounts":
            # By the keys of lines, which differ from one database to the next.
            return dict(enumerate(kept.values()))
        case Mapping():
            return {key: without_keys(item, key) for key, item in kept.items()}
        case list():
            return [without_keys(item, name) for item in kept]
        case str() if kept.partition(":")[0] in _models():
            return f"{kept.partition(':')[0]}:*"
        case int() if name.endswith(NUMBERS):
            return 0
    return kept


@pytest.mark.parametrize(("form", "call"), calls(), ids=lambda part: part if isinstance(part, str) else part["verb"])
def test_what_was_kept_is_read(place: Place, form: str, call: dict[str, Any]) -> None:
    verb = verb_of(call["verb"])
    example = EXAMPLES[verb.name](place)
    if call["arguments"] is not None:
        read = kept_arguments(verb.function, filled(call["arguments"]))
        assert without_keys(named_first(verb.function, read)) == without_keys(named_first(verb.function, example))
    if "answer" in call:
        verb(place.by, **example)
        answer = filled(call["answer"])
        kept_answer(verb.function, answer)


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - CANNOT_WAIT))
def test_every_verb_can_wait(place: Place, name: str) -> None:
    function, given = VERBS[name].function, EXAMPLES[name](place)
    read = kept_arguments(function, keep_arguments(function, given))
    assert alike(read) == alike(given)


def test_each_verb_is_among_what_was_kept() -> None:
    known = {verb_of(call["verb"]).name for form, call in calls() if form == "plain"}
    new = sorted(set(VERBS) - known - CANNOT_WAIT)
    assert not new, f"Add a line for {new} to kept/plain.jsonl, and never change it again."


@pytest.mark.parametrize("name", sorted(CANNOT_WAIT))
def test_a_file_cannot_wait(place: Place, name: str) -> None:
    with pytest.raises(TypeError, match="cannot be kept for later"):
        keep_arguments(VERBS[name].function, EXAMPLES[name](place))


def alike(value: Any) -> Any:
    """Lists and tuples are one, choices are their texts; everything else is what it is, and of its type."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value), {row.name: alike(getattr(value, row.name)) for row in dataclasses.fields(value)}
    match value:
        case enum.Enum():
            return alike(value.value)
        case Mapping():
            return {key: alike(item) for key, item in value.items()}
        case list() | tuple():
            return [alike(item) for item in value]
    return type(value), value
