"""Every verb there is: refused to nobody, to the wrong role and for a customer out of scope, and nothing changes.

A new verb needs a line in `EXAMPLES` of examples.py; until then this says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps

from counterfoil.customers.operations import (
    add_customer,
    add_note,
)
from counterfoil.kernel.errors import Refused
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import all_grants
from counterfoil.platform.operations import VERBS
from counterfoil.receivables.operations import issue_credit
from counterfoil.site import schedule, setup, urls
from counterfoil.site.roles import ROLES
from tests.permissions.examples import EXAMPLES, OF_NOBODY, OWN_SENTENCE
from tests.permissions.place import Place

# Registered by being imported, as in the served product.
assert schedule
assert setup
assert urls


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every business table, so that nothing can have changed unseen."""
    return {
        model._meta.label: sorted(model._base_manager.values_list(), key=str)
        for model in apps.get_models()
        if model.__module__.startswith(("counterfoil.", "allauth."))
    }


def refused(call: Callable[[], Any]) -> str:
    """The code of the refusal; nothing may have changed."""
    before = everything()
    with pytest.raises(Refused) as refusal:
        call()
    assert everything() == before
    return refusal.value.code


def test_every_operation_has_an_example() -> None:
    missing = sorted(set(VERBS) - set(EXAMPLES))
    assert not missing, (
        f"{', '.join(missing)}: add a line to EXAMPLES in examples.py with arguments that work, so that it is tested "
        "for nobody, the wrong role, another scope and the right role."
    )
    assert not set(EXAMPLES) - set(VERBS)


# Rights are decided before the database is asked anything of its own.
@pytest.mark.once
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_who_may_and_who_may_not(place: Place, name: str) -> None:
    operation, arguments = VERBS[name], EXAMPLES[name](place)
    # What does to many what another verb does to one needs that one's right.
    right = operation.right
    who = Caller(name="Me", grants=frozenset({right}), user_id=place.me.pk, at=place.world.now)
    if name.startswith("platform."):
        # What is asked for or decided must be within the caller's own grants too.
        who = replace(who, grants=frozenset({name, issue_credit.name}))
    if name in (
        "staff.add_token",
        "staff.add_user",
        "staff.revoke_token",
        "staff.change_user",
        *(n for n in EXAMPLES if "_role" in n),
        *(n for n in EXAMPLES if "_user" in n),
    ):
        # Nobody touches what reaches further than their own role.
        who = replace(who, grants=frozenset({name, *ROLES["agent"].grants, *ROLES["reader"].grants}))
    if name == "staff.reset_second_factor":
        who = replace(who, grants=frozenset({name, *ROLES["agent"].grants}))

    nobody = replace(who, grants=frozenset())
    if operation.own:
        # Any member of staff may, and nobody else: a customer who looks at their own affairs is none.
        assert name not in all_grants()
        who, nobody = nobody, replace(nobody, only=frozenset({place.zara.pk}))
        if name == "desk.mail_report":
            # A report that one may see.
            who = replace(who, grants=frozenset({"billing.view"}))
    assert refused(lambda: operation(nobody, **arguments)) == "not_allowed"
    wrong = replace(nobody, grants=frozenset(set(all_grants()) - {right}))
    assert refused(lambda: operation(wrong, **arguments)) == "not_allowed"
    if name not in OF_NOBODY:
        elsewhere = replace(who, scope={"area": frozenset({place.south.pk})})
        assert refused(lambda: operation(elsewhere, **arguments)) == (
            "whole_only" if operation.whole else OWN_SENTENCE.get(name, "not_found")
        )
    before = everything()
    operation(who, **arguments)
    assert everything() != before, f"{name} did nothing: give it an example that works."


def test_somebody_limited_to_the_right_area_may(place: Place) -> None:
    here = replace(place.by, scope={"area": frozenset({place.north.pk})})
    assert add_note(here, customer=place.zara, text="Note").customer == place.zara
    # Without choosing, what they add belongs to their own area.
    assert add_customer(here, name="New").area_id == place.north.pk
