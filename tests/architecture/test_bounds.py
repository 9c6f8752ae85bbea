"""What a verb takes is said once: its signature, the API's description and the forms agree, for every verb."""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any

import pytest
from django import forms
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from counterfoil.api.building import NOT_HERE, Call, description
from counterfoil.kernel.errors import Refused
from counterfoil.platform.doors import MoneyField
from counterfoil.platform.operations import VERBS, Verb
from counterfoil.platform.signatures import AboveZero, Bounded, Says

CALLS = sorted(name for name, verb in VERBS.items() if not verb.own and name not in NOT_HERE)


def described(name: str) -> dict[str, Any]:
    """What the API says of each argument that is sent."""
    parts = description()["components"]["schemas"]
    model = next(
        call["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        for calls in description()["paths"].values()
        for call in calls.values()
        if call.get("operationId") == name.replace(".", "_") and "requestBody" in call
    )
    found: dict[str, Any] = parts[model.rpartition("/")[2]]["properties"]
    return found


def public(call: Call, row: Bounded) -> str:
    return next(sent.public for sent in call.sent if sent.name == row.name)


@pytest.mark.parametrize("name", [name for name in CALLS if VERBS[name].bounds])
def test_the_description_says_what_the_verb_checks(name: str) -> None:
    call, told = Call(VERBS[name]), described(name)
    for row in call.verb.bounds:
        for mark in row.marks:
            for word, bound in mark.described(required=row.required).items():
                assert told[public(call, row)][word] == bound, f"{name}: {row.name}"


@pytest.mark.parametrize("name", [name for name in CALLS if VERBS[name].bounds])
def test_what_is_beyond_the_description_is_refused_by_the_verb(name: str) -> None:
    """And nothing within it: the longest text is taken, and the first that is longer is not."""
    today = timezone.localdate()
    told, call = described(name), Call(VERBS[name])
    for row in call.verb.bounds:
        words = told[public(call, row)]
        if most := words.get("maxLength"):
            assert row.check("x" * most, today) == "x" * most
            with pytest.raises(Refused) as refused:
                row.check("x" * (most + 1), today)
            assert (refused.value.code, refused.value.field) == ("too_long", row.name)
            if words.get("minLength"):
                with pytest.raises(Refused) as refused:
                    row.check(" ", today)
                assert (refused.value.code, refused.value.field) == ("required", row.name)
            else:
                assert row.check(" ", today) == ""
        if amount := words.get("properties", {}).get("minor"):
            for value, code in ((0, "not_positive"), (amount["maximum"] + 1, "absurd_amount")):
                with pytest.raises(Refused) as refused:
                    row.check(value, today)
                assert (refused.value.code, refused.value.field) == (code, "amount")
            assert row.check(amount["minimum"], today) == amount["minimum"]
            assert row.check(amount["maximum"], today) == amount["maximum"]


@pytest.mark.parametrize("name", sorted(VERBS))
def test_no_text_is_bounded_where_nobody_can_read_it(name: str) -> None:
    """A verb does not check an argument of its own in its body: programs would be told of 20,000 letters."""
    verb = VERBS[name]
    tree = ast.parse(inspect.getsource(verb.function))
    taken = set(inspect.signature(verb.function).parameters)
    found = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in ("check_text", "check_positive", "check_day")
        if isinstance(node.args[0], ast.Name) and node.args[0].id in taken
    ]
    assert not found, f"{name}: say it in the signature (platform/words.py)."


def _forms(rows: Any) -> Any:
    for row in rows:
        if isinstance(row, URLResolver):
            yield from _forms(row.url_patterns)
        elif isinstance(row, URLPattern) and (form := getattr(row.callback, "form_class", None)):
            yield form


FORMS = {form.__name__: form for form in _forms(get_resolver("counterfoil.site.urls").url_patterns)}


@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_form_asks_for_no_more_than_the_verb_takes(name: str) -> None:
    form = FORMS[name]
    verb = form.operation
    if not isinstance(verb, Verb):
        return
    for row in verb.bounds:
        field = form.base_fields.get(re.sub("_minor$", "", row.name))
        for mark in row.marks:
            if isinstance(mark, Says) and mark.most and isinstance(field, forms.CharField):
                assert field.max_length == mark.most, f"{row.name} of {verb.name}"
            if isinstance(mark, AboveZero) and field is not None:
                assert isinstance(field, MoneyField)
