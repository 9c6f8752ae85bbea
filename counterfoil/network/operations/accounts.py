"""Access accounts: how a service signs in to the network."""

from __future__ import annotations

import ipaddress
import secrets
from typing import Annotated, Any

from django.db.models import F, Q
from django.db.models.functions import Lower

from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.network import queries, rules
from counterfoil.network.models import AccessAccount, AccessSession, DayUsage, Disconnect, NetworkPolicy
from counterfoil.network.operations.accounting import forget
from counterfoil.network.operations.sessions import disconnect_all
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.secrets import encrypt
from counterfoil.platform.signatures import Says, Secret
from counterfoil.platform.words import Reason
from counterfoil.subscriptions.models import Service

# No letter that is read as another one over the telephone.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_MADE_OF, _LEAST = 12, 8

_UserName = Annotated[str, Says("User name", "Blank: made by your convention.", most=253, optional=True)]
_IPv4 = Annotated[str, Says("Own IPv4 address", "Blank: from the NAS’s pool.", most=15, optional=True)]
_IPv6 = Annotated[str, Says("Own IPv6 prefix", "As 2001:db8:4821::/56.", most=50, optional=True)]
_Mac = Annotated[str, Says("MAC address", "The only device that may connect. Blank: any.", most=40, optional=True)]
_Circuit = Annotated[str, Says("Circuit", "The line, port or ONT, as your technicians call it.", most=120,
                               optional=True)]  # fmt: skip


def _password(caller: Caller, *, password: str = "", **rest: Any) -> str:
    if password:
        return encrypt(password)
    return encrypt("".join(secrets.choice(_LETTERS) for _ in range(_MADE_OF)))


@verb(label="Add network access", before=_password)
def add_access_account(
    op: Operation, *, service: Service, user_name: _UserName = "",
    password: Annotated[str, Says("Password", "Blank: one is made.", most=128, optional=True), Secret] = "",
    ipv4: _IPv4 = "", ipv6: _IPv6 = "", mac: _Mac = "", circuit: _Circuit = "",
) -> AccessAccount:  # fmt: skip
    """The service can sign in to the network with this name. Without one it is the account's number, and the realm."""
    row, customer = _service(service)
    if password:
        _check_password(password)
    said = _checked(ipv4, ipv6, mac, circuit)
    _one_at_a_time()
    name = user_name.strip() or rules.user_name(customer.number, _taken(customer), queries.policy().realm)
    _refuse_taken(name, said)
    made = AccessAccount.objects.create(
        service=row, user_name=name, password_box=op.ready, added_on=op.today, **said
    )  # fmt: skip
    op.record("access_account.added", made, customer_id=customer.pk, user_name=name, service=str(row))
    return made


def _service(service: Service) -> tuple[Service, Customer]:
    """The service, with its customer locked; refused when it has ended or is no service of the network."""
    row = Service.objects.select_related("subscription__customer", "product").get(pk=service.pk)
    customer = lock([row.subscription.customer_id])[row.subscription.customer_id]
    refuse_if(bool(row.end), "service_over", f"{row} has ended.", field="service")
    refuse_if(row.product.kind == Product.Kind.USAGE, "no_line", f"{row} is a charge by usage and has no access.",
              field="service")  # fmt: skip
    return row, customer


def _one_at_a_time() -> None:
    """Who takes addresses waits for who does so too: overlap is asked of what is there (PostgreSQL)."""
    NetworkPolicy.objects.order_by("pk").select_for_update().first()


def _taken(customer: Customer) -> list[str]:
    stem = rules.user_name(customer.number, [], "")
    rows = AccessAccount.objects.filter(ended_on=None, user_name__istartswith=stem)
    return list(rows.values_list("user_name", flat=True))


def _check_password(password: str) -> None:
    refuse_if(len(password) < _LEAST, "short_password", f"A password has {_LEAST} characters or more.",
              field="password")  # fmt: skip
    refuse_if(not password.isprintable(), "bad_password", "Use letters that can be typed.", field="password")


def _checked(ipv4: str, ipv6: str, mac: str, circuit: str) -> dict[str, Any]:
    """Addresses, device and line as they are stored; refused where they cannot be right."""
    try:
        address = str(ipaddress.IPv4Address(ipv4.strip())) if ipv4.strip() else None
    except ValueError as error:
        raise Refused("bad_address", f"“{ipv4[:40]}” is no IPv4 address. Write it as 102.65.14.77.",
                      field="ipv4") from error  # fmt: skip
    try:
        prefix = str(ipaddress.IPv6Network(ipv6.strip())) if ipv6.strip() else ""
    except ValueError as error:
        raise Refused("bad_prefix", f"“{ipv6[:60]}” is no IPv6 prefix. Write it as 2001:db8:4821::/56.",
                      field="ipv6") from error  # fmt: skip
    device = rules.mac(mac)
    refuse_if(bool(mac.strip()) and not device, "bad_mac",
              f"“{mac[:40]}” is no MAC address. Write it as 58:2b:0a:44:91:0e.", field="mac")  # fmt: skip
    first, last = rules.span(prefix)
    return {"ipv4": address, "ipv6": prefix, "v6_first": first, "v6_last": last, "mac": device,
            "circuit": circuit.strip()}  # fmt: skip


def _refuse_taken(name: str, said: dict[str, Any], but: AccessAccount | None = None) -> None:
    refuse_if(not name or any(not ch.isprintable() for ch in name), "bad_name",
              "Write the user name in letters that can be typed.", field="user_name")  # fmt: skip
    others = queries.complete(AccessAccount.objects.filter(ended_on=None).exclude(pk=but.pk if but else 0))
    there = others.alias(low=Lower("user_name")).filter(low=name.lower()).first()
    refuse_if(there is not None, "name_taken", f"The user name {name[:60]} is {_of(there)} already.",
              field="user_name")  # fmt: skip
    if said["ipv4"]:
        has = others.filter(ipv4=said["ipv4"]).first()
        refuse_if(has is not None, "address_taken", f"{said['ipv4']} is {_of(has)} already.", field="ipv4")
    if said["ipv6"]:
        over = others.exclude(v6_first="").filter(v6_first__lte=said["v6_last"], v6_last__gte=said["v6_first"]).first()
        refuse_if(over is not None, "address_taken",
                  f"{said['ipv6']} overlaps {over.ipv6 if over else ''}, which is {_of(over)} already.",
                  field="ipv6")  # fmt: skip


def _of(row: AccessAccount | None) -> str:
    return f"{row.service.subscription.customer.number}’s" if row else ""


def held(account: AccessAccount) -> tuple[AccessAccount, Customer]:
    """The account as it is now, with its customer locked; refused once it has ended."""
    row = queries.complete(AccessAccount.objects.filter(pk=account.pk)).get()
    customer = lock([row.service.subscription.customer_id])[row.service.subscription.customer_id]
    row = queries.complete(AccessAccount.objects.filter(pk=account.pk)).get()
    refuse_if(row.ended_on is not None, "access_over", f"Access {row} has ended.")
    return row, customer


@verb(
    label="Change network access", before=lambda caller, *, password="", **rest: encrypt(password) if password else ""
)
def change_access_account(
    op: Operation, *, account: AccessAccount, user_name: Annotated[str, Says("User name", most=253)],
    password: Annotated[str, Says("Password", "Blank: it stays.", most=128, optional=True), Secret] = "",
    ipv4: _IPv4 = "", ipv6: _IPv6 = "", mac: _Mac = "", circuit: _Circuit = "",
) -> AccessAccount:  # fmt: skip
    """The service signs in like this from now on; a session that is open goes on as it began."""
    row, customer = held(account)
    if password:
        _check_password(password)
    said = {"user_name": user_name.strip(), **_checked(ipv4, ipv6, mac, circuit)}
    _one_at_a_time()
    _refuse_taken(said["user_name"], said, but=row)
    changes: dict[str, Any] = {
        key: [getattr(row, key) or "", value or ""]
        for key, value in said.items() if getattr(row, key) != value and not key.startswith("v6_")
    }  # fmt: skip
    for key, value in said.items():
        setattr(row, key, value)
    if password:
        row.password_box, changes["password"] = op.ready, "changed"
    refuse_if(not changes, "no_change", "Nothing was changed.")
    row.save()
    op.record("access_account.changed", row, customer_id=customer.pk, user_name=row.user_name, changes=changes)
    return row


@verb(label="End network access")
def end_access_account(op: Operation, *, account: AccessAccount, reason: Reason) -> AccessAccount:
    """Nobody signs in with this name any more, and its sessions are ended. The name and its addresses are free."""
    row, customer = held(account)
    _end(op, row, customer.pk, reason)
    return row


def _end(op: Operation, row: AccessAccount, customer_id: int, reason: str) -> None:
    row.ended_on, row.reason = op.today, reason
    row.save(update_fields=["ended_on", "reason"])
    op.record("access_account.ended", row, customer_id=customer_id, user_name=row.user_name, reason=reason)
    disconnect_all(op, list(AccessSession.objects.filter(account=row, ended_at=None)))


@verb(label="See the password of network access")
def show_access_password(op: Operation, *, account: AccessAccount) -> AccessAccount:
    """The password is shown, and it is on record who saw it."""
    row, customer = held(account)
    op.record("access_password.shown", row, customer_id=customer.pk, user_name=row.user_name)
    return row


@step
def end_with_services(op: Operation) -> int:
    """Access of services that have ended is over too. Run by the clock."""
    over = AccessAccount.objects.filter(ended_on=None, service__ended_on__lte=op.today).exclude(service__end="")
    found = list(queries.complete(over).order_by("pk")[:500])
    lock([row.service.subscription.customer_id for row in found])
    for row in AccessAccount.objects.filter(pk__in=[one.pk for one in found], ended_on=None).select_related(
        "service__subscription"
    ):  # fmt: skip
        _end(op, row, row.service.subscription.customer_id, "Its service has ended")
    return len(found)


def take_along(op: Operation, before: Service, after: Service) -> None:
    """A service that goes on under another account keeps its user name, password and addresses there.

    What was used up to yesterday, and the sessions that have ended, are of the account before: there it ends, and
    here it begins. What is used today is of the account that pays for today.
    """
    for row in AccessAccount.objects.select_for_update().filter(service=before, ended_on=None).order_by("pk"):
        old = row.service.subscription.customer_id
        row.ended_on, row.reason = op.today, "Account changed"
        row.save(update_fields=["ended_on", "reason"])
        op.record("access_account.ended", row, customer_id=old, user_name=row.user_name, reason=row.reason)
        kept = ("user_name", "password_box", "ipv4", "ipv6", "v6_first", "v6_last", "mac", "circuit")
        made = AccessAccount.objects.create(
            service=after, added_on=op.today, before=row, taken_at=op.now,
            **{name: getattr(row, name) for name in kept},
        )  # fmt: skip
        op.record("access_account.added", made, customer_id=after.subscription.customer_id, user_name=made.user_name,
                  service=str(after))  # fmt: skip
        # A clock that is ahead ends sessions in a time that is the new account's.
        AccessSession.objects.filter(Q(ended_at=None) | Q(ended_at__gte=op.now), account=row).update(account=made)
        DayUsage.objects.filter(account=row, day__gte=op.today).update(account=made)


def erase_access_accounts(op: Operation, *, customer: Customer) -> int:
    """Nothing is left of how the customer signed in, from where and with what; how much was used stays."""
    rows = list(AccessAccount.objects.filter(service__subscription__customer=customer).order_by("pk"))
    for row in rows:
        row.user_name, row.password_box, row.ipv4, row.ipv6, row.mac, row.circuit = "Erased", "", None, "", "", ""
        row.v6_first = row.v6_last = row.reason = ""
        row.ended_on = row.ended_on or op.today
        row.save()
        op.keep(row, customer_id=customer.pk)
    sessions = AccessSession.objects.filter(account__in=rows)
    sessions.filter(ended_at=None).update(ended_at=F("last_at"), end=AccessSession.End.STALE)
    forget(op, list(sessions.values_list("pk", flat=True)))
    Disconnect.objects.filter(row__account__in=rows).exclude(finished_at__isnull=False).update(
        state=Disconnect.State.FAILED, finished_at=op.now, said="Erased"
    )
    return len(rows)
