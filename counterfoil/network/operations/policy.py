"""What the operator decides: NASes, what they are told, how fast packages are, and what holds for sessions."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any

from counterfoil.catalogue.models import Product
from counterfoil.kernel.errors import refuse_if
from counterfoil.network import queries, rules
from counterfoil.network.models import Nas, NetworkPolicy, Speed, Vendor, VendorAttributes
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.secrets import encrypt
from counterfoil.platform.signatures import OneOf, Says, Secret

_Name = Annotated[str, Says("Name", "As your technicians call it.", most=60)]
_Address = Annotated[str, Says("Address", "The one it sends from, IPv4 or IPv6.", most=45)]
_SECRET_HELP = "Shared by the NAS and the RADIUS server. Stored encrypted."
_Vendor = Annotated[str, OneOf(Vendor), Says("Vendor")]
_Port = Annotated[int, Says("CoA port", "Where it is asked to end a session; usually 3799, MikroTik 1700 before 7.",
                            least=1, most=0)]  # fmt: skip
_SECRET_LEAST, _SECRET_MOST = 8, 200


def _sealed(caller: Caller, *, secret: str = "", **rest: Any) -> str:
    return encrypt(secret) if secret else ""


@step
def set_up_network(op: Operation) -> None:
    """There is a row of what holds for access."""
    if not NetworkPolicy.objects.exists():
        NetworkPolicy.objects.create(at=op.now, author=op.caller.name[:120])


@verb(label="Add a NAS", before=_sealed, whole=True)
def add_nas(
    op: Operation, *, name: _Name, address: _Address,
    secret: Annotated[str, Says("RADIUS secret", _SECRET_HELP, most=_SECRET_MOST), Secret],
    vendor: _Vendor, coa_port: _Port = 3799,
) -> Nas:  # fmt: skip
    """What this NAS asks and reports is answered from now on. The RADIUS server knows it after `network write`."""
    _check_secret(secret)
    said = _checked(name, address, coa_port)
    _refuse_twice(said)
    made = Nas.objects.create(**said, secret_box=op.ready, vendor=vendor)
    op.record("nas.added", made, name=made.name, address=made.address)
    return made


@verb(right=add_nas, label="Change a NAS", before=_sealed, whole=True)
def change_nas(
    op: Operation, *, nas: Nas, name: _Name, address: _Address, vendor: _Vendor, coa_port: _Port = 3799,
    secret: Annotated[str, Says("RADIUS secret", f"{_SECRET_HELP} Blank: it stays.", most=_SECRET_MOST), Secret] = "",
) -> Nas:  # fmt: skip
    """The NAS is called, found and told like this from now on."""
    row = Nas.objects.select_for_update().get(pk=nas.pk)
    if secret:
        _check_secret(secret)
    said = {**_checked(name, address, coa_port), "vendor": vendor}
    _refuse_twice(said, but=row)
    changes: dict[str, Any] = {key: [getattr(row, key), now] for key, now in said.items() if getattr(row, key) != now}
    for key, value in said.items():
        setattr(row, key, value)
    if secret:
        row.secret_box, changes["secret"] = op.ready, "changed"
    refuse_if(not changes, "no_change", "Nothing was changed.")
    row.save()
    op.record("nas.changed", row, name=row.name, changes=changes)
    return row


@verb(right=add_nas, label="Use a NAS, or no more", whole=True)
def switch_nas(op: Operation, *, nas: Nas, in_use: bool) -> Nas:
    """The NAS is answered and asked, or is not any more; its sessions stay on record."""
    row = Nas.objects.select_for_update().get(pk=nas.pk)
    refuse_if(row.in_use == in_use, "no_change", f"{row} is {'in use' if in_use else 'not in use'} already.")
    if in_use:
        _refuse_twice({"name": row.name, "address": row.address}, but=row)
    row.in_use = in_use
    row.save(update_fields=["in_use"])
    op.record("nas.switched", row, name=row.name, what="in use" if in_use else "not in use any more")
    return row


def _check_secret(secret: str) -> None:
    refuse_if(len(secret) < _SECRET_LEAST, "short_secret", f"A secret has {_SECRET_LEAST} characters or more.",
              field="secret")  # fmt: skip
    # A quotation mark, a backslash or a dollar would mean something in the configuration of the RADIUS server.
    odd = not secret.isascii() or not secret.isprintable() or set(secret) & set("\"\\$'{}")
    refuse_if(bool(odd), "odd_secret", "Use letters, digits and signs other than quotation marks, \\, $ and braces.",
              field="secret")  # fmt: skip


def _checked(name: str, address: str, coa_port: int) -> dict[str, Any]:
    known = rules.address(address)
    found = ipaddress.ip_address(known) if known else None
    # A zone after a percent sign may hold anything, and means nothing to another machine.
    zoned = "%" in address
    refuse_if(found is None or found.is_multicast or found.is_unspecified or zoned, "bad_address",
              f"“{address[:60]}” is no address of a machine. Write 192.0.2.1 or 2001:db8::1.",
              field="address")  # fmt: skip
    refuse_if(not 1 <= coa_port <= 65535, "bad_port", "A port is from 1 to 65535.", field="coa_port")
    refuse_if(not name.isprintable(), "bad_name", "Write the name in letters that can be read.", field="name")
    return {"name": name.strip(), "address": str(found), "coa_port": coa_port}


def _refuse_twice(said: dict[str, Any], but: Nas | None = None) -> None:
    others = Nas.objects.filter(in_use=True).exclude(pk=but.pk if but else 0)
    there = others.filter(address=said["address"]).first()
    refuse_if(there is not None, "address_taken", f"{there} has the address {said['address']} already.",
              field="address")  # fmt: skip
    named = others.filter(name__iexact=said["name"]).exists()
    refuse_if(named, "name_taken", f"There is a NAS called {said['name']} already.", field="name")


_Lines = Annotated[
    str, Says(help="One attribute a line: Name := value. What is filled in: "
                   f"{', '.join(f'{{{one}}}' for one in rules.PLACES)}.", most=4000, optional=True),
]  # fmt: skip


@verb(label="Change what NASes are told", whole=True)
def set_vendor_attributes(
    op: Operation, *, vendor: _Vendor, full: _Lines = "", walled: _Lines = ""
) -> VendorAttributes:
    """NASes of this vendor are told these attributes when somebody connects from now on.

    A line that needs what is not known (the speed of a package without one) is left out.
    """
    said = {"full": _tidy(full), "walled": _tidy(walled)}
    for name, text in said.items():
        wrong = rules.mistake(text)
        refuse_if(bool(wrong), "bad_attribute", wrong, field=name)
    same = queries.attributes_of(vendor) == (said["full"], said["walled"])
    refuse_if(same, "no_change", "It is already set that way.")
    row, _ = VendorAttributes.objects.update_or_create(vendor=vendor, defaults=said)
    op.record("vendor_attributes.changed", row, vendor=str(row))
    return row


def _tidy(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


# 400 gigabits a second.
MOST_KBIT = 400_000_000


@verb(label="Change the speed of a package", whole=True)
def set_speed(
    op: Operation, *, product: Product,
    down_kbit: Annotated[int, Says("Download, kbit/s", "100 Mbit/s is 100000.", least=1)],
    up_kbit: Annotated[int, Says("Upload, kbit/s", least=1)],
) -> Speed:  # fmt: skip
    """Whoever has this package gets this speed when they connect next."""
    for name, value in (("down_kbit", down_kbit), ("up_kbit", up_kbit)):
        refuse_if(not 1 <= value <= MOST_KBIT, "absurd_number", "Give kilobits a second: 100000 is 100 Mbit/s.",
                  field=name)  # fmt: skip
    kind = product.kind
    refuse_if(kind != Product.Kind.DATA, "no_data", f"{product} is no data package.", field="product")
    now = queries.speed_of(product.pk)
    same = now is not None and (now.down_kbit, now.up_kbit) == (down_kbit, up_kbit)
    refuse_if(same, "no_change", "It is already set that way.")
    row, _ = Speed.objects.update_or_create(
        product=product, defaults={"down_kbit": down_kbit, "up_kbit": up_kbit}
    )  # fmt: skip
    op.record("speed.changed", row, product=product.name, speed=row.words)
    return row


@verb(label="Change what holds for network access", whole=True)
def set_network_policy(
    op: Operation,
    *,
    realm: Annotated[str, Says("Realm", "User names that are made end in @ and this, as isp.example.",
                               most=100, optional=True)] = "",
    walled_list: Annotated[str, Says("Walled garden: list", "The address list, filter or policy on the NAS that lets "
                                     "the suspended reach the payment page alone.", most=60, optional=True)] = "",
    walled_pool: Annotated[str, Says("Walled garden: pool", "The address pool of the suspended, where they have one.",
                                     most=60, optional=True)] = "",
    interim_seconds: Annotated[int, Says("Report every, seconds", "How often a NAS reports.", least=60)] = 300,
    stale_minutes: Annotated[int, Says("Taken for ended after, minutes", "Without a report.", least=5)] = 60,
    keep_days: Annotated[int, Says("Keep sessions, days", "Whose they were and from where; what was used stays.",
                                   least=1)] = 365,
) -> NetworkPolicy:  # fmt: skip
    """Access, the walled garden and sessions are handled like this from now on."""
    bounds = {"interim_seconds": (interim_seconds, 60, 86400), "stale_minutes": (stale_minutes, 5, 10080),
              "keep_days": (keep_days, 1, 3660)}  # fmt: skip
    for name, (value, least, most) in bounds.items():
        refuse_if(not least <= value <= most, "absurd_number", f"Give a number from {least} to {most}.", field=name)
    refuse_if(stale_minutes * 60 < 2 * interim_seconds, "too_soon",
              "A session would be taken for ended between two reports. Wait for two at least.",
              field="stale_minutes")  # fmt: skip
    wanted = {
        "realm": realm.strip().lstrip("@").lower(), "walled_list": walled_list.strip(),
        "walled_pool": walled_pool.strip(), "interim_seconds": interim_seconds, "stale_minutes": stale_minutes,
        "keep_days": keep_days,
    }  # fmt: skip
    for name in ("realm", "walled_list", "walled_pool"):
        text = str(wanted[name])
        refuse_if(any(ch.isspace() or not ch.isprintable() for ch in text), "bad_name",
                  "Write it without spaces, as the NAS has it.", field=name)  # fmt: skip
    now = queries.policy()
    changes = {name: [getattr(now, name), value] for name, value in wanted.items() if getattr(now, name) != value}
    refuse_if(not changes, "no_change", "It is already set that way.")
    row = NetworkPolicy.objects.create(
        **wanted, token_version=now.token_version, at=op.now, author=op.caller.name[:120]
    )
    op.record("network_policy.changed", row, changes=changes)
    return row


@verb(right=set_network_policy, label="Make a new token for the RADIUS server", whole=True)
def renew_radius_token(op: Operation) -> NetworkPolicy:
    """The RADIUS server is answered with a new token only: write its configuration anew (`network write`)."""
    now = queries.policy()
    kept = ("realm", "walled_list", "walled_pool", "interim_seconds", "stale_minutes", "keep_days")
    row = NetworkPolicy.objects.create(
        **{name: getattr(now, name) for name in kept}, token_version=now.token_version + 1, at=op.now,
        author=op.caller.name[:120],
    )  # fmt: skip
    op.record("radius_token.renewed", row)
    return row


def policy_words(now: NetworkPolicy) -> list[tuple[str, str]]:
    """What holds, in words, each with its label."""
    walled = " and ".join(
        part for part in (f"the list {now.walled_list}" if now.walled_list else "",
                          f"the pool {now.walled_pool}" if now.walled_pool else "") if part
    )  # fmt: skip
    return [
        ("User names", f"The account’s number, and @{now.realm}" if now.realm else "The account’s number"),
        ("Walled garden", walled[:1].upper() + walled[1:] or "Not set up: who is suspended is let in at 1 Mbit/s "
                          "or as the NAS says"),
        ("Reports", f"Every {now.interim_seconds} seconds; taken for ended after {now.stale_minutes} minutes"),
        ("Sessions", f"Kept for {now.keep_days} days"),
    ]  # fmt: skip
