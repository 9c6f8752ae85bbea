"""The operator, its people and their roles."""

import pytest

from counterfoil.kernel.errors import Refused
from counterfoil.platform.operations import Caller
from counterfoil.site.roles import ROLES
from counterfoil.site.setup import set_up
from counterfoil.staff.models import Role, User
from counterfoil.staff.operations import add_user, change_operator, prefer_theme, set_up_operator
from counterfoil.staff.queries import caller_for, operator
from counterfoil.testing.world import World, counts


def test_setting_up_twice_changes_nothing(world: World) -> None:
    before = counts()
    set_up()
    assert counts() == before
    set_up_operator(world.caller(), roles=ROLES)
    assert Role.objects.count() == len(ROLES)


def test_the_letterhead_is_policy_that_the_owner_changes(world: World) -> None:
    change_operator(world.caller(), name="Highveld Fibre", currency="ZAR")
    assert operator().name == "Highveld Fibre"
    with pytest.raises(Refused):
        change_operator(world.agent, name="Mine")
    assert operator().name == "Highveld Fibre"


def test_a_user_has_the_grants_of_the_role(world: World) -> None:
    user = add_user(
        world.caller(), email="Agent@Highveld.example", name="Zanele", role="agent", password="s3cret-enough"
    )
    assert User.objects.get_by_natural_key("AGENT@highveld.example") == user
    assert user.check_password("s3cret-enough")
    caller = caller_for(user)
    assert caller.may("payments.record_receipt")
    assert not caller.may("receivables.write_off")
    with pytest.raises(Refused, match="is taken"):
        add_user(world.caller(), email="agent@highveld.example", name="Z", role="agent", password="s3cret-enough")
    before = counts()
    with pytest.raises(Refused) as refused:
        add_user(world.caller(), email="new@highveld.example", name="New", role="agent", password="123")
    assert (refused.value.code, counts()) == ("weak_password", before)
    prefer_theme(caller, theme="dark")
    user.refresh_from_db()
    assert user.theme == "dark"
    with pytest.raises(Refused):
        prefer_theme(caller, theme="pink")


def test_grants_cover_exactly_an_app_or_everything() -> None:
    caller = Caller(name="X", grants=frozenset({"billing.*", "customers.view"}))
    assert caller.may("billing.issue_invoices")
    assert caller.may("customers.view")
    assert not caller.may("customers.add_note")
    assert Caller.system("shell").may("anything.at_all")
