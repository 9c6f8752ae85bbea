"""Network access of the demonstration: two NASes, who is on line, and what was used in the last weeks."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Callable

from django.utils import timezone

from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Customer
from counterfoil.network import rules
from counterfoil.network.models import AccessAccount
from counterfoil.network.operations import (
    add_access_account,
    add_nas,
    set_included_data,
    set_network_policy,
    set_speed,
    take_report,
)
from counterfoil.platform.callers import Caller
from counterfoil.subscriptions.models import Service

_Staff = Callable[[str, dt.date, int], Caller]
_NASES = (("bras-rosebank", "10.20.0.1", "mikrotik"), ("bng-braamfontein", "10.20.0.2", "juniper"))
_MANY, _DAYS = 60, 45
# Packages up to so many megabits include so many gigabytes.
_LIMITED, _INCLUDED = 50, 600


def connect_some(by: _Staff, today: dt.date, tour: Customer) -> None:
    """Sixty services sign in; the tour's customer has used the line every day, and most are on line now."""
    admin = by("administrator", today, 7)
    for name, address, vendor in _NASES:
        add_nas(admin, name=name, address=address, secret=f"{name}-demonstration", vendor=vendor)
    set_network_policy(admin, realm="highveld.example", walled_list="unpaid")
    for product in Product.objects.filter(kind="data").order_by("pk"):
        numbers = [int(part) for part in re.findall(r"\d+", product.name)] or [10]
        down, up = numbers[0], numbers[1] if len(numbers) > 1 else max(1, numbers[0] // 2)
        set_speed(admin, product=product, down_kbit=down * 1000, up_kbit=up * 1000)
        if down <= _LIMITED:
            set_included_data(
                admin, product=product, gigabytes=_INCLUDED, beyond="slower", down_kbit=2000, up_kbit=1000
            )
    rows = Service.objects.filter(end="", product__kind="data").select_related("subscription__customer")
    of_tour = list(rows.filter(subscription__customer=tour).order_by("pk")[:1])
    others = rows.exclude(subscription__customer=tour).filter(subscription__customer__status="active")
    now = timezone.now().replace(microsecond=0) - dt.timedelta(minutes=4)
    for place, service in enumerate([*of_tour, *others.order_by("pk")[:_MANY]]):
        mine = {"ipv4": "102.65.14.77", "ipv6": "2001:db8:4821::/56", "circuit": "OLT-ROS-2, port 3/11"}
        account = add_access_account(admin, service=service, **(mine if not place else {}))
        _used(account, place, now)


def _used(account: AccessAccount, place: int, now: dt.datetime) -> None:
    """A session of each of the last days, and one that is open; the first account's is the longest history."""
    chance = random.Random(place)
    nas = _NASES[place % 2][1]
    address = account.ipv4 or f"100.64.{place}.{10 + place}"
    system = Caller.system("hook")
    days = _DAYS if not place else 3
    for ago in range(days, -1, -1):
        if place % 7 == 6 and not ago:
            return
        began = now - dt.timedelta(days=ago, hours=5, minutes=chance.randrange(60))
        key = f"{place:04}{ago:04}".rjust(32, "d")
        down = chance.randrange(4, 40) * 1_000_000_000 + chance.randrange(10**9)
        told = [("Start", 0, 0, 0), ("Interim-Update", 9000, down // 9, down // 2)]
        told.append(("Stop" if ago else "Interim-Update", 17000, down // 7, down))
        for kind, seconds, up, octets in told:
            sent = {
                "Acct-Status-Type": kind, "NAS-IP-Address": nas, "User-Name": account.user_name,
                "Acct-Session-Id": key[-8:], "Acct-Unique-Session-Id": key, "Framed-IP-Address": address,
                "Calling-Station-Id": f"58:2b:0a:44:{place:02x}:0e", "Acct-Session-Time": str(seconds),
                "Event-Timestamp": str(int(min(began + dt.timedelta(seconds=seconds), now).timestamp())),
                "Acct-Terminate-Cause": "Lost-Carrier" if kind == "Stop" else "",
                **({} if kind == "Start" else {
                    "Acct-Input-Octets": str(up % rules.GIGAWORD), "Acct-Input-Gigawords": str(up // rules.GIGAWORD),
                    "Acct-Output-Octets": str(octets % rules.GIGAWORD),
                    "Acct-Output-Gigawords": str(octets // rules.GIGAWORD),
                }),
            }  # fmt: skip
            packet = rules.packet(sent, now, dt.UTC)
            assert packet is not None, "Each is a report of a session."
            take_report(system, packet=packet)
