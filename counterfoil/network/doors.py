"""How people meet the network."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from counterfoil.catalogue.models import Product
from counterfoil.catalogue.nouns import PRODUCT
from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.network import operations, queries, rules
from counterfoil.network.models import AccessAccount, AccessSession
from counterfoil.network.nouns import ACCESS_ACCOUNT, ACCESS_SESSION, NAS
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved
from counterfoil.platform.plain import Door
from counterfoil.platform.secrets import decrypt

# ------------------------------------------------------------------ access of a customer


def _services(caller: Caller, row: Customer) -> list[tuple[Any, str]]:
    return [(one, str(one)) for one in queries.free_services(row)]


def _tab(row: Customer) -> str:
    return reverse("customer-tab", args=[row.number, "services"]) + "#access"


def _open(row: AccessAccount, day: dt.date) -> bool:
    return row.ended_on is None


@dataclass(frozen=True)
class _Password(Saved):
    """What is shown once on this page, and can be shown again."""

    once_is: str = "Password"
    once_words: str = "It is stored encrypted, and can be shown again."


ADD_ACCESS = Door(
    operations.add_access_account, CUSTOMER, "add-access", "Add access", caption="Add network access",
    icon="radio-tower", words="radius pppoe user name password ip address network login",
    offered=lambda row, day: row.status == Customer.Status.ACTIVE, offers={"service": _services}, home=_tab,
    done=lambda made, row: Saved(f"{made.service} signs in as {made.user_name}.", ACCESS_ACCOUNT.url(made)),
)  # fmt: skip
CHANGE_ACCESS = Door(
    operations.change_access_account, ACCESS_ACCOUNT, "change", "Save", caption="Change access", offered=_open,
    start=lambda caller, row: {
        "user_name": row.user_name, "ipv4": row.ipv4 or "", "ipv6": row.ipv6, "mac": row.mac, "circuit": row.circuit,
    },
    done=lambda made, row: f"{made.user_name} changed. It holds from the next sign-in.",
)  # fmt: skip
SHOW_PASSWORD = Door(
    operations.show_access_password, ACCESS_ACCOUNT, "password", "Show password", caption="Show password",
    icon="lock", offered=_open, lead=lambda row: "It is on record that you looked.",
    done=lambda made, row: _Password(f"The password of {made.user_name}:", ACCESS_ACCOUNT.url(made),
                                 once=decrypt(made.password_box)),
)  # fmt: skip
END_ACCESS = Door(
    operations.end_access_account, ACCESS_ACCOUNT, "end", "End access", caption="End access", danger=True, icon="ban",
    offered=_open, lead=lambda row: "Nobody signs in with it any more, and open sessions are ended.",
    done=lambda made, row: f"{made.user_name} has ended.",
)  # fmt: skip

# ------------------------------------------------------------------ sessions

DISCONNECT = Door(
    operations.disconnect_session, ACCESS_SESSION, "disconnect", "Disconnect", caption="Disconnect", icon="ban",
    offered=lambda row, day: row.ended_at is None and not row.is_cut,
    lead=lambda row: "The NAS is asked to end it. The device usually connects again by itself.",
    done=lambda made, row: Saved("The NAS is being asked. What it says stands on the session.",
                                 ACCESS_SESSION.url(row)),
)  # fmt: skip


def _found(made: list[AccessSession], row: Any) -> Saved:
    if not made:
        return Saved("Nobody had that address at that time, by what is kept.", reverse("sessions"))
    if len(made) > 1:
        names = ", ".join(sorted({one.user_name or "forgotten" for one in made}))
        return Saved(f"{len(made)} sessions had it: {names}.", reverse("sessions"))
    one = made[0]
    whose = one.account.service.subscription.customer if one.account is not None else None
    who = f"{whose.name}, {whose.number}" if whose else "a user name that is nobody’s"
    return Saved(f"It was {who}, as {one.user_name or 'forgotten'}.", ACCESS_SESSION.url(one))


LOOK_UP = Door(
    operations.look_up_address, None, "look-up", "Look up", under="sessions", caption="Who had this address?",
    icon="search", home=lambda row: reverse("sessions"), about=lambda _: "Address lookup",
    lead=lambda row: "It is on record that you asked, with the reason.", done=_found,
)  # fmt: skip

# ------------------------------------------------------------------ settings


def settings_url(row: Any = None) -> str:
    """The page of what holds for network access."""
    return reverse("network-settings")


def _settings(**more: Any) -> dict[str, Any]:
    return {"under": "settings/access", "home": settings_url, **more}


def _policy(caller: Caller, row: Any) -> dict[str, Any]:
    now = queries.policy()
    names = ("realm", "walled_list", "walled_pool", "interim_seconds", "stale_minutes", "keep_days")
    return {name: getattr(now, name) for name in names}


NETWORK_POLICY = Door(
    operations.set_network_policy, None, "policy", "Save", name="network-policy", caption="Change access rules",
    about=lambda _: "Settings", start=_policy, done=lambda made, _: "Access is handled like this from now on.",
    **_settings(),
)  # fmt: skip
RENEW_TOKEN = Door(
    operations.renew_radius_token, None, "token", "Make a new token", name="renew-radius-token", danger=True,
    caption="New token", about=lambda _: "Settings",
    lead=lambda row: "The RADIUS server is refused until its configuration is written anew.",
    done=lambda made, _: "There is a new token. Write the configuration of the RADIUS server now.", **_settings(),
)  # fmt: skip
ADD_NAS = Door(
    operations.add_nas, None, "add-nas", "Add", caption="New NAS", about=lambda _: "Settings",
    start=lambda caller, row: {"vendor": "mikrotik", "coa_port": 3799},
    done=lambda made, _: f"{made.name} is known. Write the configuration of the RADIUS server next.", **_settings(),
)  # fmt: skip
CHANGE_NAS = Door(
    operations.change_nas, NAS, "change", "Save", caption="Change", about=str,
    start=lambda caller, row: {name: getattr(row, name) for name in ("name", "address", "vendor", "coa_port")},
    done=lambda made, _: f"{made.name} changed. Write the configuration of the RADIUS server next.", **_settings(),
)  # fmt: skip


def _switch(on: bool, slug: str, words: str, said: str) -> Door:
    return Door(
        operations.switch_nas, NAS, slug, words, name=slug, caption=words, about=str, at_once=True,
        given={"in_use": lambda caller, row: on}, offered=lambda row, day: row.in_use is not on,
        done=lambda made, _: f"{made.name} is {said}.", **_settings(),
    )  # fmt: skip


USE_NAS = _switch(True, "use-nas", "Use again", "in use")
STOP_NAS = _switch(False, "stop-using-nas", "Stop using", "not in use any more")
SET_SPEED = Door(
    operations.set_speed, PRODUCT, "speed", "Save", name="set-speed", caption="Speed", about=lambda row: row.name,
    offered=lambda row, day: row.kind == Product.Kind.DATA,
    start=lambda caller, row: _speed(row), done=lambda made, _: f"{made}.", **_settings(),
)  # fmt: skip


SET_INCLUDED = Door(
    operations.set_included_data, PRODUCT, "included", "Save", name="set-included-data", caption="Included data",
    about=lambda row: row.name, offered=lambda row, day: row.kind == Product.Kind.DATA,
    start=lambda caller, row: _included(row), done=lambda made, _: f"{made}.", **_settings(),
)  # fmt: skip


def _included(row: Product) -> dict[str, Any]:
    now = queries.included_data().get(row.pk)
    names = ("gigabytes", "beyond", "warns_at", "down_kbit", "up_kbit")
    return {name: getattr(now, name) for name in names} if now is not None else {"warns_at": "80, 100"}


def _speed(row: Product) -> dict[str, Any]:
    now = queries.speed_of(row.pk)
    return {"down_kbit": now.down_kbit, "up_kbit": now.up_kbit} if now is not None else {}


def _attributes(vendor: str) -> Door:
    def start(caller: Caller, row: Any) -> dict[str, Any]:
        full, walled = queries.attributes_of(vendor)
        return {"full": full, "walled": walled}

    given: dict[str, Callable[[Caller, Any], Any]] = {"vendor": lambda caller, row: vendor}
    return Door(
        operations.set_vendor_attributes, None, f"attributes/{vendor}", "Save", name=f"attributes-{vendor}",
        caption=f"What {rules.VENDORS[vendor]} is told", about=lambda _: "Settings", given=given, start=start,
        done=lambda made, _: f"{made} is told this from now on.", **_settings(),
    )  # fmt: skip


MIKROTIK, CISCO, JUNIPER = _attributes("mikrotik"), _attributes("cisco"), _attributes("juniper")
HUAWEI, OTHER = _attributes("huawei"), _attributes("other")
