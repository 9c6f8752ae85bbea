"""Ageing buckets have a page: the last day of each, so that none can overlap or be missing."""

from __future__ import annotations

import pytest
from django.test import Client

from counterfoil.receivables.models import BucketSet
from counterfoil.receivables.queries import bucket_rules, default_bucket_set
from counterfoil.receivables.rules import BucketRule, buckets_up_to, check_buckets
from counterfoil.staff.operations import add_user
from counterfoil.testing.html import squeezed
from counterfoil.testing.world import World, counts


@pytest.fixture
def desk(world: World) -> Client:
    user = add_user(world.caller(), email="b@x.example", name="B", role="administrator", password="s3cret-enough")
    client = Client()
    client.force_login(user)
    return client


def test_buckets_follow_from_their_last_days() -> None:
    assert buckets_up_to([0, 30, 60]) == [
        BucketRule("Current", None, 0), BucketRule("1-30", 1, 30), BucketRule("31-60", 31, 60),
        BucketRule("Over 60", 61, None),
    ]  # fmt: skip
    assert buckets_up_to([30]) == [BucketRule("Up to 30", None, 30), BucketRule("Over 30", 31, None)]
    for days in ([0], [0, 7, 14, 21], [5, 6]):
        check_buckets(buckets_up_to(days))


def test_a_set_is_added_changed_and_the_default(desk: Client) -> None:
    assert "Current, 1-30" in squeezed(desk.get("/settings/ageing-buckets/").content.decode())
    given = {"name": "Weeks", "days": "0, 7, 14", "basis": "document", "is_default": "on", "key": "k1"}
    assert desk.post("/settings/ageing-buckets/add/", given).status_code in (200, 302)
    weeks = default_bucket_set()
    assert (weeks.name, weeks.basis) == ("Weeks", "document")
    assert [rule.label for rule in bucket_rules(weeks)] == ["Current", "1-7", "8-14", "Over 14"]
    address = f"/settings/ageing-buckets/{weeks.pk}/change/"
    assert 'value="0, 7, 14"' in squeezed(desk.get(address).content.decode())
    desk.post(address, {"days": "0, 10", "basis": "due", "is_default": "on", "key": "k2"})
    assert [rule.label for rule in bucket_rules(default_bucket_set())] == ["Current", "1-10", "Over 10"]
    assert BucketSet.objects.filter(is_default=True).count() == 1


@pytest.mark.parametrize("days", ["", "a", "30, 20", "0, 0", "-5", "0, 100000"])
def test_days_that_are_none_change_nothing(desk: Client, days: str) -> None:
    before = counts()
    given = {"name": "Weeks", "days": days, "basis": "due", "key": "k1"}
    assert desk.post("/settings/ageing-buckets/add/", given).status_code == 422
    assert counts() == before
