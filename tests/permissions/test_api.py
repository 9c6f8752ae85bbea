"""Every call of the API: does what its verb does, is refused to who may not, and answers as its description says."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.utils import timezone

from counterfoil.api.building import NOT_HERE, Call
from counterfoil.api.kinds import written
from counterfoil.api.values import address_of, currency_of
from counterfoil.platform.operations import VERBS
from counterfoil.site import urls
from counterfoil.staff.models import Role
from counterfoil.staff.operations import change_role
from counterfoil.testing.program import Program
from tests.permissions.examples import EXAMPLES
from tests.permissions.place import Place

# Registered by being imported, as in the served product.
assert urls
CALLS = sorted(name for name, verb in VERBS.items() if not verb.own and name not in NOT_HERE)
# Their examples are about what a person may do, or what cannot be sent twice.
NEEDS_A_PERSON = {
    "platform.withdraw_approval": "Only who asked may do that.",
}


@pytest.fixture(autouse=True)
def world_time(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs call at the world's time."""
    noon = timezone.make_aware(dt.datetime.combine(place.today, dt.time(12)))
    monkeypatch.setattr(timezone, "now", lambda: noon)


def _sent(call: Call, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The address and the body of a call with these arguments."""
    subject = given.get(call.subject) if call.noun else None
    address = "" if call.noun is None else str(address_of(call.noun, subject))
    currency = currency_of(subject) if subject is not None else ""
    body = written(call.sent, {key: value for key, value in given.items() if key != call.subject}, currency or "ZAR")
    return call.path.replace(f"{{{call.key}}}", address).lstrip("/") if call.noun else call.path.lstrip("/"), body


def _same(result: Any) -> Any:
    """A result without keys, which PostgreSQL takes once only, and the reference that a usage record is given."""
    if isinstance(result, list):
        return [_same(row) for row in result]
    if isinstance(result, dict):
        given = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
        return {
            key: value for key, value in result.items() if type(value) is not int and not given.fullmatch(str(value))
        }
    return None if type(result) is int else result


@pytest.mark.once
@pytest.mark.books_proven_elsewhere  # in test_every_operation, which does the same without the API
@pytest.mark.parametrize("name", [name for name in CALLS if name not in NEEDS_A_PERSON])
def test_a_call_does_what_its_verb_does(place: Place, name: str) -> None:
    given = EXAMPLES[name](place)
    path, body = _sent(Call(VERBS[name]), given)
    nobody = Program("agent", name="Nobody")
    agent = Role.objects.get(key="agent")
    change_role(place.by, role=agent, grants=["customers.view"], limits={})
    assert nobody.post(path, 403, **body)["code"] == "not_allowed"
    shop = Program()
    dry = shop.post(path, query="dry_run=true", **body)
    done = shop.post(path, key="once", **body)
    assert done["said"] == dry["said"]
    assert _same(done["result"]) == _same(dry["result"])
    assert done["operation"]
    again = shop.post(path, key="once", **body)
    assert again["repeated"]
    assert again["result"] == done["result"]
