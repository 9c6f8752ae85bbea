"""Who may connect, and as what: access accounts, what authorise answers, and the list of NASes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.network import queries
from counterfoil.network.models import AccessAccount, Disconnect, Nas
from counterfoil.network.operations import (
    add_access_account,
    add_nas,
    change_access_account,
    change_nas,
    end_access_account,
    end_with_services,
    renew_radius_token,
    set_network_policy,
    set_vendor_attributes,
    set_walled,
    show_access_password,
    switch_nas,
)
from counterfoil.network.tests.helpers import NAS, a_nas, a_service, an_account, ask, post, report, sent
from counterfoil.platform import write_guard
from counterfoil.platform.callers import Caller
from counterfoil.platform.secrets import decrypt
from counterfoil.subscriptions.operations import change_services, remove_services
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World
from counterfoil.trail.models import Event


@pytest.fixture
def zara(world: World) -> Customer:
    return world.customer()


def reasons(answer: Any) -> list[str]:
    assert answer.status_code == 401
    return list(answer.json()["reply:Reply-Message"]["value"])


def told(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200
    return {name: row["value"][0] for name, row in answer.json().items()}


def test_who_is_served_gets_password_speed_and_address(world: World, zara: Customer) -> None:
    a_nas(world)
    account = an_account(world, zara, ipv4="102.65.14.77", ipv6="2001:db8:4821::/56")
    assert told(ask(User_Name=account.user_name.upper())) == {
        "control:Cleartext-Password": "s3cret-pw",
        "reply:Class": "full",
        "reply:Acct-Interim-Interval": "300",
        "reply:Framed-IP-Address": "102.65.14.77",
        "reply:Delegated-IPv6-Prefix": "2001:db8:4821::/56",
        "reply:Mikrotik-Rate-Limit": "50000k/100000k",
    }


def test_who_is_suspended_gets_the_walled_garden(world: World, zara: Customer) -> None:
    a_nas(world)
    account = an_account(world, zara, ipv4="102.65.14.77")
    set_walled(Caller.system("task"), number=zara.number, walled=True)
    answer = told(ask(User_Name=account.user_name))
    assert (answer["reply:Class"], answer["reply:Mikrotik-Address-List"]) == ("walled", "unpaid")
    assert answer["reply:Mikrotik-Rate-Limit"] == "1024k/1024k"
    set_network_policy(world.caller(), realm="isp.example", walled_list="unpaid", walled_pool="unpaid-pool")
    pooled = told(ask(User_Name=account.user_name))
    assert pooled["reply:Framed-Pool"] == "unpaid-pool"
    assert "reply:Framed-IP-Address" not in pooled


@pytest.mark.parametrize(
    ("vendor", "attribute", "value"),
    [
        ("cisco", "Cisco-AVPair", ["ip:sub-qos-policy-in=up-50000k", "ip:sub-qos-policy-out=down-100000k"]),
        ("juniper", "ERX-Egress-Policy-Name", ["down-100000k"]),
        ("huawei", "Huawei-Output-Average-Rate", ["100000000"]),
        ("other", "WISPr-Bandwidth-Max-Down", ["100000000"]),
    ],
)
def test_each_vendor_is_told_in_its_own_words(
    world: World, zara: Customer, vendor: str, attribute: str, value: list[str]
) -> None:
    a_nas(world, vendor=vendor)
    account = an_account(world, zara)
    assert ask(User_Name=account.user_name).json()[f"reply:{attribute}"]["value"] == value


def test_what_a_vendor_is_told_is_the_operators_to_say(world: World, zara: Customer) -> None:
    a_nas(world)
    account = an_account(world, zara)
    set_vendor_attributes(world.caller(), vendor="mikrotik", full="Mikrotik-Group := {user}", walled="")
    assert told(ask(User_Name=account.user_name))["reply:Mikrotik-Group"] == account.user_name
    with pytest.raises(Refused) as refused:
        set_vendor_attributes(world.caller(), vendor="mikrotik", full="Mikrotik-Group {user}", walled="")
    assert (refused.value.code, refused.value.field) == ("bad_attribute", "full")
    assert queries.attributes_of("mikrotik") == ("Mikrotik-Group := {user}", "")


def test_who_is_refused_and_why(world: World, zara: Customer) -> None:
    nas = a_nas(world)
    account = an_account(world, zara, mac="58:2b:0a:44:91:0e")
    name = account.user_name
    assert reasons(ask(User_Name="nobody")) == ["There is no such user."]
    assert reasons(ask(User_Name=name, NAS_IP_Address="192.0.2.99")) == ["This NAS is not known."]
    assert reasons(ask(User_Name=name)) == ["This device is not the one of the account."]
    device = {"Calling_Station_Id": "58-2B-0A-44-91-0E"}
    assert ask(User_Name=name, **device).status_code == 200
    switch_nas(world.caller(), nas=nas, in_use=False)
    assert reasons(ask(User_Name=name, **device)) == ["This NAS is not known."]
    switch_nas(world.caller(), nas=nas, in_use=True)
    end_access_account(world.caller(), account=account, reason="Moved away")
    assert reasons(ask(User_Name=name, **device)) == ["There is no such user."]


def test_a_service_that_is_not_active_today_is_refused(
    world: World, zara: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_nas(world)
    account = an_account(world, zara)
    asked = {"NAS-IP-Address": NAS, "User-Name": account.user_name}
    assert queries.authorise(asked, world.today).told is not None
    change_services(world.caller(), services=[account.service], change=Change("stop", world.today))
    assert queries.authorise(asked, world.today).why == "The service is not active."


def test_access_ends_with_its_service(world: World, zara: Customer) -> None:
    a_nas(world)
    account = an_account(world, zara)
    report("Start", "2026-03-31T08:00", User_Name=account.user_name)
    remove_services(world.caller(), services=[account.service], change=Change("cancel", world.today), reason="Left")
    assert queries.authorise({"NAS-IP-Address": NAS, "User-Name": account.user_name}, world.today).told is None
    assert end_with_services(Caller.system("schedule", at=world.now)) == 1
    assert end_with_services(Caller.system("schedule", at=world.now)) == 0
    account.refresh_from_db()
    assert (account.ended_on, account.reason) == (world.today, "Its service has ended")
    assert Disconnect.objects.count() == 1


def test_a_token_that_was_replaced_opens_nothing(world: World, zara: Customer) -> None:
    a_nas(world)
    account, before = an_account(world, zara), queries.token()
    asked = sent(NAS_IP_Address=NAS, User_Name=account.user_name)
    assert post("authorize", asked, token=before).status_code == 200
    renew_radius_token(world.caller())
    assert post("authorize", asked, token=before).status_code == 403
    assert post("authorize", asked).status_code == 200


@pytest.mark.parametrize("body", [{}, [], "text", {"User-Name": []}, {"NAS-IP-Address": {"value": [None]}}])
def test_nonsense_is_refused(world: World, body: Any) -> None:
    assert post("authorize", body).status_code == 401


# ------------------------------------------------------------------ accounts


def test_names_and_passwords_are_made(world: World, zara: Customer) -> None:
    set_network_policy(world.caller(), realm="isp.example")
    service = a_service(world, zara)
    one, two = (add_access_account(world.caller(), service=service) for _ in range(2))
    stem = zara.number.lower().replace("-", "")
    assert (one.user_name, two.user_name) == (f"{stem}@isp.example", f"{stem}-2@isp.example")
    made = decrypt(one.password_box)
    assert len(made) == 12
    assert made != decrypt(two.password_box)
    assert made not in one.password_box


def test_who_saw_a_password_is_on_record(world: World, zara: Customer) -> None:
    account = an_account(world, zara)
    show_access_password(world.agent, account=account)
    event = Event.objects.get(kind="access_password.shown")
    assert (event.actor, event.customer_id) == ("Sipho Dube", zara.pk)
    assert not Event.objects.filter(data__icontains="s3cret-pw").exists()


@pytest.mark.parametrize(
    ("details", "code", "field"),
    [
        ({"user_name": "ZARA@isp.example"}, "name_taken", "user_name"),
        ({"ipv4": "102.65.14.77"}, "address_taken", "ipv4"),
        ({"ipv6": "2001:db8:4821:10::/60"}, "address_taken", "ipv6"),
        ({"ipv6": "2001:db8::/32"}, "address_taken", "ipv6"),
        ({"ipv6": "2001:db8:4821::1/56"}, "bad_prefix", "ipv6"),
        ({"ipv4": "102.65.14"}, "bad_address", "ipv4"),
        ({"mac": "58:2b"}, "bad_mac", "mac"),
        ({"password": "short"}, "short_password", "password"),
    ],
)
def test_what_is_taken_or_wrong_is_refused(
    world: World, zara: Customer, details: dict[str, str], code: str, field: str
) -> None:
    first = an_account(world, zara, user_name="zara@isp.example", ipv4="102.65.14.77", ipv6="2001:db8:4821::/56")
    with pytest.raises(Refused) as refused:
        add_access_account(world.caller(), service=first.service, **details)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert AccessAccount.objects.count() == 1


def test_the_database_itself_refuses_prefixes_that_overlap(world: World, zara: Customer) -> None:
    first = an_account(world, zara, ipv6="2001:db8:4821::/56")
    other = add_access_account(world.caller(), service=first.service, ipv6="2001:db8:4822::/56")
    first.refresh_from_db()
    with write_guard.writing(), pytest.raises(DatabaseError), transaction.atomic():
        AccessAccount.objects.filter(pk=other.pk).update(v6_first=first.v6_first, v6_last=first.v6_last)
    end_access_account(world.caller(), account=first, reason="Moved away")
    changed = change_access_account(
        world.caller(), account=other, user_name=other.user_name, ipv6="2001:db8:4821::/48"
    )  # fmt: skip
    assert changed.ipv6 == "2001:db8:4821::/48"


def test_accounts_are_found_by_name_address_and_device(world: World, zara: Customer) -> None:
    account = an_account(
        world, zara, user_name="zara", ipv4="102.65.14.77", ipv6="2001:db8:4821::/56", mac="582b0a44910e"
    )
    an_account(world, world.customer("Other"), service=a_service(world, world.customer("Third"), "Fibre 50"))
    for text in ("ZARA", "102.65.14.77", "2001:db8:4821:1::9", "58-2b-0a-44-91-0e", zara.number):
        assert list(queries.narrowed(queries.accounts(world.caller()), text)) == [account], text
    assert not queries.narrowed(queries.accounts(world.caller()), "102.65.14.78").exists()


# ------------------------------------------------------------------ NASes


@pytest.mark.parametrize(
    ("details", "code", "field"),
    [
        ({"address": "192.0.2"}, "bad_address", "address"),
        ({"address": "0.0.0.0"}, "bad_address", "address"),
        ({"secret": "short"}, "short_secret", "secret"),
        ({"secret": 'with"quotation'}, "odd_secret", "secret"),
        ({"address": NAS}, "address_taken", "address"),
        ({"name": f"BRAS {NAS}"}, "name_taken", "name"),
    ],
)
def test_a_nas_that_cannot_be_is_refused(world: World, details: dict[str, str], code: str, field: str) -> None:
    a_nas(world)
    good = {"name": "bras9", "address": "192.0.2.9", "secret": "long-enough", "vendor": "cisco"}
    with pytest.raises(Refused) as refused:
        add_nas(world.caller(), **{**good, **details})
    assert (refused.value.code, refused.value.field) == (code, field)
    assert Nas.objects.count() == 1


def test_a_secret_is_stored_encrypted_and_stays(world: World) -> None:
    nas = a_nas(world)
    changed = change_nas(world.caller(), nas=nas, name="bras1", address="192.0.2.8", vendor="cisco")
    assert queries.target_of(changed).secret == "between-nas-and-radius"
    assert "between-nas" not in changed.secret_box
    assert not Event.objects.filter(data__icontains="between-nas").exists()


def test_the_address_of_a_nas_holds_nothing_else(world: World) -> None:
    for odd in ("fe80::1%eth0", "fe80::1%a\n}\nclient x {"):
        with pytest.raises(Refused, match="no address of a machine"):
            a_nas(world, address=odd)


def test_half_a_character_is_nobody(world: World) -> None:
    a_nas(world)
    assert ask(User_Name="\ud800x", User_Password="x").status_code == 401
