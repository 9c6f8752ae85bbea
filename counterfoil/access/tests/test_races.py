"""The same link, and many passwords, at the same moment, on a database with real concurrency."""

from __future__ import annotations

import re

import pytest

from counterfoil.access import rules
from counterfoil.access.models import Login
from counterfoil.access.operations import count_try, give_access, make_link, use_link
from counterfoil.customers.models import Contact
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.interfaces import FakeChannel
from counterfoil.platform.callers import Caller
from counterfoil.site.setup import set_up
from counterfoil.testing.post import deliver
from counterfoil.testing.threads import at_once
from counterfoil.testing.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def world(transactional_db: None) -> World:
    set_up()
    world = World()
    world.customer("Zara", emails=("zara@mail.example",))
    give_access(world.agent, contact=Contact.objects.get(), email="zara@mail.example", welcome=False)
    return world


def test_a_link_signs_in_once_however_many_press_it(world: World) -> None:
    system = Caller.system("test")
    FakeChannel.sent.clear()
    for _ in range(4):
        make_link(Caller.system("portal"), email="zara@mail.example")
        token = re.findall(r"/portal/link/([^/]+)/", deliver()[-1].text)[0]
        answers = at_once(*[lambda token=token: use_link(system, token=token)] * 5)
        assert len([answer for answer in answers if isinstance(answer, Login)]) == 1
        assert len([answer for answer in answers if isinstance(answer, Refused)]) == 4


def test_tries_at_once_are_all_counted(world: World) -> None:
    system = Caller.system("test")
    answers = at_once(*[lambda: count_try(system, limit=rules.PASSWORD, value="zara@mail.example")] * 9)
    assert sorted(answers) == [False] * 4 + [True] * rules.PASSWORD.most
