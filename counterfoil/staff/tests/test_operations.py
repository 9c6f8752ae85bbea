"""The people who work here and their roles."""

import pytest
from django.test import override_settings

from counterfoil.kernel.errors import Refused
from counterfoil.platform import write_guard
from counterfoil.platform.callers import Caller
from counterfoil.platform.checks import check_books
from counterfoil.site.roles import ROLES
from counterfoil.site.setup import set_up
from counterfoil.staff.models import Role, User
from counterfoil.staff.operations import (
    add_role,
    add_user,
    change_role,
    deactivate_user,
    prefer_theme,
    remove_role,
    set_up_roles,
)
from counterfoil.staff.queries import caller_for, roles
from counterfoil.testing.world import World, counts


def test_setting_up_twice_changes_nothing(world: World) -> None:
    before = counts()
    set_up()
    assert counts() == before
    set_up_roles(world.system(), roles=ROLES)
    assert Role.objects.count() == len(ROLES)


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


def test_a_role_of_ones_own_begins_as_another_and_is_given_to_people(world: World) -> None:
    agent = Role.objects.get(key="agent")
    row = add_role(world.caller(), name="Field work", like=agent)
    assert (row.key, row.grants, row.limits) == ("field-work", agent.grants, agent.limits)
    change_role(world.caller(), role=row, grants=["customers.view"], limits={})
    user = add_user(world.caller(), email="f@x.example", name="F", role="field-work")
    assert caller_for(user).grants == {"customers.view"}
    set_up_roles(world.system(), roles=ROLES)
    assert row.name in [role.name for role in roles()]
    assert add_role(world.caller(), name="Nothing yet").grants == []
    # The address /staff/roles/add/ is that of the form, and Cyrillic has no letters for an address.
    assert [add_role(world.caller(), name=name).key for name in ("Add", "Монтёр")] == ["add-2", "role"]
    before = counts()
    for name in ("field WORK", " ", "x" * 61):
        with pytest.raises(Refused):
            add_role(world.caller(), name=name)
    assert counts() == before


def test_a_role_of_before_forgets_what_is_no_grant_any_more(world: World) -> None:
    role = add_role(world.caller(), name="Runner")
    with write_guard.writing():
        grants = ["billing.*", "billing.issue_chunk", "desk.save_view", "payments.view", "staff.add_area"]
        Role.objects.filter(pk=role.pk).update(grants=grants, changed_here=True)
    set_up_roles(world.system(), roles=ROLES)
    role.refresh_from_db()
    # And what is called otherwise now is called so.
    assert role.grants == ["billing.*", "payments.view", "operator.add_area"]


def test_a_role_that_nobody_has_is_removed_and_stays_away(world: World) -> None:
    clerk = add_user(world.caller(), email="d@x.example", name="Dudu", role="dispatcher")
    dispatcher = Role.objects.get(key="dispatcher")
    deactivate_user(world.caller(), user=clerk)
    with pytest.raises(Refused, match="another role first: Dudu."):
        remove_role(world.caller(), role=dispatcher)
    collector = Role.objects.get(key="collector")
    remove_role(world.caller(), role=collector)
    set_up_roles(world.system(), roles=ROLES)
    assert "collector" not in [role.key for role in roles()]
    with pytest.raises(Refused, match="one of the roles there are"):
        add_user(world.caller(), email="c@x.example", name="C", role="collector")
    # The name is free again; the trail still knows the one there was.
    assert add_role(world.caller(), name=collector.name).key == "collector-2"
    assert world.events[-3:] == ["user.deactivated", "role.removed", "role.added"]


def test_nobody_adds_or_removes_a_role_that_reaches_further_than_their_own(world: World) -> None:
    before = counts()
    for verb in (
        lambda by: add_role(by, name="Mine", like=Role.objects.get(key="administrator")),
        lambda by: remove_role(by, role=Role.objects.get(key="finance")),
    ):
        with pytest.raises(Refused) as refused:
            verb(Caller(name="X", grants=frozenset({"staff.*"}), at=world.now))
        assert refused.value.code == "above_yourself"
    assert counts() == before


def test_a_weaker_hash_is_made_stronger_when_the_password_is_given_and_that_is_kept(world: World) -> None:
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"]):
        user = add_user(world.caller(), email="a@x.example", name="A", role="agent", password="s3cret-enough")
    before = User.objects.get(pk=user.pk).password
    assert before.startswith("pbkdf2_sha256$")
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    with override_settings(PASSWORD_HASHERS=hashers):
        assert not user.check_password("something else")
        assert User.objects.get(pk=user.pk).password == before
        assert user.check_password("s3cret-enough")
    assert User.objects.get(pk=user.pk).password == user.password != before
    assert check_books() == []
