"""A network in a few lines: a NAS, a service with a speed and access, and packets as FreeRADIUS sends them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.test import Client

from counterfoil.customers.models import Customer
from counterfoil.network import queries, rules
from counterfoil.network.models import AccessAccount, Nas
from counterfoil.network.operations import add_access_account, add_nas, set_network_policy, set_speed
from counterfoil.subscriptions.models import Service
from counterfoil.testing.world import World

NAS = "192.0.2.1"
SECRET = "between-nas-and-radius"


def a_nas(world: World, address: str = NAS, vendor: str = "mikrotik", **more: Any) -> Nas:
    return add_nas(world.caller(), name=f"bras {address}", address=address, secret=SECRET, vendor=vendor, **more)


def a_service(world: World, customer: Customer, name: str = "Fibre 100") -> Service:
    product = world.package(name, "599")
    set_speed(world.caller(), product=product, down_kbit=100_000, up_kbit=50_000)
    return world.subscribe(customer, product).services.get()


def an_account(world: World, customer: Customer | None = None, **details: Any) -> AccessAccount:
    """Zara's access, with a package of 100/50 Mbit/s and the walled garden set up."""
    if queries.policy().walled_list != "unpaid":
        set_network_policy(world.caller(), realm="isp.example", walled_list="unpaid")
    who = customer or world.customer()
    service = details.pop("service", None) or a_service(world, who)
    return add_access_account(world.caller(), service=service, **{"password": "s3cret-pw", **details})


def sent(**attributes: Any) -> dict[str, Any]:
    """A packet as FreeRADIUS's rest module makes it: each attribute with its type, and a list of values."""
    named = {name.replace("_", "-"): value for name, value in attributes.items()}
    return {
        name: {"type": "integer" if isinstance(value, int) else "string", "value": [value]}
        for name, value in named.items()
    }


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def reported(kind: str, when: str, **more: Any) -> dict[str, Any]:
    """An accounting packet of one session, at a time in UTC."""
    usual = {
        "User_Name": "ada@isp.example", "Acct_Session_Id": "80700001", "Acct_Unique_Session_Id": "f" * 32,
        "NAS_IP_Address": NAS, "Framed_IP_Address": "100.64.0.9", "Calling_Station_Id": "02-00-00-03-00-50",
    }  # fmt: skip
    time = f"{at(when):%b %d %Y %H:%M:%S} UTC"
    return sent(**{**usual, "Acct_Status_Type": kind, "Event_Timestamp": time, **more})


def counts(seconds: int, up: int, down: int) -> dict[str, int]:
    """What a report says of time and octets, with the gigawords apart."""
    return {
        "Acct_Session_Time": seconds,
        "Acct_Input_Octets": up % rules.GIGAWORD, "Acct_Input_Gigawords": up // rules.GIGAWORD,
        "Acct_Output_Octets": down % rules.GIGAWORD, "Acct_Output_Gigawords": down // rules.GIGAWORD,
    }  # fmt: skip


def post(what: str, packet: dict[str, Any], token: str | None = None) -> Any:
    """What the address of the RADIUS server answers."""
    shown = queries.token() if token is None else token
    return Client().post(
        f"/radius/{what}", json.dumps(packet), content_type="application/json",
        headers={"Authorization": f"Bearer {shown}"},
    )  # fmt: skip


def ask(**attributes: Any) -> Any:
    return post("authorize", sent(**{"NAS_IP_Address": NAS, **attributes}))


def report(kind: str, when: str, **more: Any) -> int:
    return int(post("accounting", reported(kind, when, **more)).status_code)
