"""Book checks that find what somebody with the database in hand could do."""

from __future__ import annotations

import pytest

from counterfoil.access.models import Access, Login
from counterfoil.access.operations import give_access
from counterfoil.customers.models import Contact
from counterfoil.platform import write_guard
from counterfoil.platform.checks import check_books
from counterfoil.testing.world import World


@pytest.mark.books_are_broken_on_purpose
def test_access_to_a_strangers_account_and_a_second_spelling_are_found(world: World) -> None:
    world.customer("Zara", emails=("zara@mail.example",))
    boris = world.customer("Boris")
    give_access(world.agent, contact=Contact.objects.get(), email="zara@mail.example", welcome=False)
    assert not check_books()
    with write_guard.writing():
        Access.objects.update(customer=boris)
        Login.objects.update(email="Zara@mail.example")
    assert [finding.check for finding in check_books()] == [
        "access.access_is_to_the_contacts_own_customer",
        "access.logins_have_folded_addresses",
        *["platform.rows_are_as_operations_left_them"] * 2,
    ]
