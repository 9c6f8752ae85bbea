"""Every noun there is: its page is shown to who may see it, and to nobody else, nor to somebody of another area."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from counterfoil.platform.callers import Caller
from counterfoil.platform.showing import nouns
from counterfoil.site import urls
from counterfoil.staff.models import Role, User
from counterfoil.staff.operations import add_user, change_role
from tests.permissions.examples import ROWS
from tests.permissions.place import Place

# Registered by being imported, as in the served product.
assert urls

# The verbs of the examples prove their books in test_every_operation.
pytestmark = [pytest.mark.once, pytest.mark.books_proven_elsewhere]
# Seen by whose they are and by who looks after the system, which their own tests hold them to.
OWN = {"jobs", "approvals"}
# Of all customers, and so not there for who sees some of them only.
WHOLE = {"card-events", "bill-runs", "areas"}


def test_every_noun_has_a_row_here() -> None:
    assert {noun.path for noun in nouns()} == set(ROWS), "Add a row, and its page is tested for who may see it."


def _signed_in(place: Place, grants: list[str], area: Any = None) -> Client:
    """Somebody whose role holds exactly these."""
    change_role(place.by, role=Role.objects.get(key="agent"), grants=grants, limits={})
    who: User = add_user(
        place.by, email="who@x.example", name="Who", role="agent", password="correct horse battery",
        areas=[area] if area else [],
    )  # fmt: skip
    client = Client()
    client.force_login(who)
    return client


@pytest.mark.parametrize("path", sorted(set(ROWS) - OWN))
def test_a_page_is_there_for_who_may_see_it(place: Place, path: str) -> None:
    noun = next(one for one in nouns() if one.path == path)
    row = ROWS[path](place)
    page = noun.url(row)
    # The page of a role is the form that changes it.
    wanted = ["customers.view", noun.sees, *(["staff.change_role"] if path == "roles" else [])]
    assert _signed_in(place, wanted).get(page).status_code == 200


@pytest.mark.parametrize("path", sorted(set(ROWS) - OWN - {"balances"}))
def test_a_page_is_not_there_without_the_right(place: Place, path: str) -> None:
    noun = next(one for one in nouns() if one.path == path)
    # The page of a balance is the customer's, so it is left out.
    page = noun.url(ROWS[path](place))
    others = {one.sees for one in nouns()} - {noun.sees}
    answer = _signed_in(place, sorted(others)).get(page)
    assert answer.status_code == (403 if path == "roles" else 404)


@pytest.mark.parametrize("path", sorted(set(ROWS) - OWN))
def test_another_areas_row_is_not_there(place: Place, path: str) -> None:
    noun = next(one for one in nouns() if one.path == path)
    row = ROWS[path](place)
    page = noun.url(row)
    elsewhere = _signed_in(place, sorted({one.sees for one in nouns()} | {"staff.change_role"}), place.south)
    hidden = noun.is_somebodys or path == "customers" or path in WHOLE
    assert elsewhere.get(page).status_code == (404 if hidden else 200)
    # The row is found, and not found, by the same way from code.
    here = Caller(name="Me", grants=frozenset({"*"}), at=place.world.now)
    assert noun.get(here, noun.address_of(row)).pk == row.pk
    if hidden:
        limited = replace(here, scope={"area": frozenset({place.south.pk})})
        assert not noun.visible(limited).filter(pk=row.pk).exists()
