"""The session of somebody in the portal: its own cookie and its own rows of the session table, apart from staff's.

A session says who and as which customer; what may be seen is read anew for each request, so that access taken away,
a new password and a member of staff who leaves end it at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token

from counterfoil.access import rules
from counterfoil.access.models import Login
from counterfoil.access.operations import read_ticket, view_as_customer
from counterfoil.access.queries import customers_of
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import merged_ids, visible
from counterfoil.kernel.clock import SKEW
from counterfoil.platform.callers import Caller
from counterfoil.platform.sessions import SessionStore

# What a customer may do themselves. What they may see is the one customer that `only` names.
GRANTS = frozenset(
    {
        "access.set_password",
        "access.add_passkey",
        "access.remove_passkey",
    }
)
_SIGN_IN_SECONDS = 600
_SKEW = SKEW.total_seconds()


@dataclass(frozen=True)
class Visitor:
    """Somebody in the portal: a customer's contact, or (with `viewer`) a member of staff who looks as one."""

    customer: Customer
    customers: tuple[Customer, ...]
    caller: Caller
    login: Login | None = None
    viewer: str = ""
    # The session was opened by a link, which proves the address: a forgotten password needs no other proof.
    by_link: bool = False


class Arrival(HttpRequest):
    """A request as it comes in, for the type checker: nobody may be known at the desk (`caller`), or in the portal."""

    caller: Caller | None
    visitor: Visitor | None
    portal_session: SessionStore | None


class Visit(Arrival):
    """A request of a page in the portal that asks for somebody: they are there."""

    visitor: Visitor
    portal_session: SessionStore


def visitor_of(session: SessionStore, staff: Caller | None) -> Visitor | None:
    """Who this session stands for now; None when it stands for nobody any more."""
    if "viewer" in session:
        return _viewer(session, staff)
    login = Login.objects.filter(pk=session.get("login", 0)).first()
    if login is None or session.get("stamp") != login.stamp:
        return None
    customers = customers_of(login)
    if not customers:
        return None
    customer = next((row for row in customers if row.pk == session.get("customer")), customers[0])
    alias = f"Portal login {login.pk}"
    caller = Caller(name=login.email, alias=alias, grants=GRANTS, door="portal", only=_accounts(customer))
    return Visitor(customer, tuple(customers), caller, login, by_link=session.get("how") == "link")


def _accounts(customer: Customer) -> frozenset[int]:
    """The customer, and the accounts that turned out to be the same one."""
    return frozenset({customer.pk, *merged_ids(customer)})


def _viewer(session: SessionStore, staff: Caller | None) -> Visitor | None:
    """A member of staff, while they are signed in at the desk, may look, and the time is not over."""
    if staff is None or staff.user_id != session["viewer"] or not staff.may(view_as_customer):
        return None
    customer = visible(staff).filter(pk=session.get("customer", 0)).first()
    # One that ends later than it could was begun while the clock was ahead.
    if customer is None or not 0 < session.get("ends", 0) - time.time() <= rules.VIEW_FOR.total_seconds() + _SKEW:
        return None
    only = _accounts(customer)
    caller = Caller(name=staff.name, grants=frozenset(), user_id=staff.user_id, door="view-as", only=only)
    return Visitor(customer, (customer,), caller, viewer=staff.name)


def begin(request: Arrival, login: Login, how: str) -> None:
    """A session of this login, under a new random key; one that was there is forgotten."""
    values = {"login": login.pk, "stamp": login.stamp, "how": how}
    _begin(request, values, settings.PORTAL_SESSION_HOURS * 3600)
    rotate_token(request)


def begin_view(request: Arrival, ticket: str, staff: Caller) -> bool:
    """A session that shows the portal as a customer, from a ticket that the desk has just given this person."""
    said = read_ticket(ticket)
    now = int(time.time())
    if said is None or said[0] != staff.user_id or not -_SKEW <= now - said[3] <= rules.TICKET_SECONDS:
        return False
    _begin(request, {"viewer": said[0], "customer": said[1], "ends": said[2]}, max(said[2] - now, 1))
    return True


def _begin(request: Arrival, values: dict[str, Any], seconds: int) -> SessionStore:
    end(request)
    session = SessionStore()
    session.update(values)
    session.set_expiry(seconds)
    session.create()
    request.portal_session = session
    return session


def end(request: Arrival) -> None:
    """The session is over and its row is gone."""
    if (session := request.portal_session) is not None:
        session.flush()
        request.portal_session = None


def keep_challenge(request: Arrival, state: dict[str, Any]) -> None:
    """Remember what a passkey has to answer; for somebody not signed in, in a session that is nobody's."""
    session = request.portal_session
    if session is None:
        session = _begin(request, {}, _SIGN_IN_SECONDS)
    session["challenge"] = state


def take_challenge(request: Arrival) -> dict[str, Any] | None:
    """What was asked, once: an answer cannot be given twice."""
    session = request.portal_session
    return session.pop("challenge", None) if session is not None else None


class VisitorMiddleware:
    """Gives each request its portal session and visitor, and writes the cookie. Costs nothing without a cookie."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Arrival) -> HttpResponse:
        key = request.COOKIES.get(settings.PORTAL_COOKIE_NAME)
        session = SessionStore(key) if key else None
        if session is not None and not list(session.keys()):
            session = None  # over, or never one of ours
        request.portal_session = session
        staff = getattr(request, "caller", None)
        request.visitor = visitor_of(session, staff) if session is not None else None
        answer = self.get_response(request)
        self._write(request, answer, had=key)
        return answer

    def _write(self, request: Arrival, answer: HttpResponse, *, had: str | None) -> None:
        session = request.portal_session
        if session is None:
            if had:
                answer.delete_cookie(settings.PORTAL_COOKIE_NAME, samesite="Lax")
            return
        if session.modified:
            session.save()
        if session.session_key != had:
            answer.set_cookie(
                settings.PORTAL_COOKIE_NAME,
                session.session_key or "",
                max_age=session.get_expiry_age(),
                httponly=True,
                samesite="Lax",
                secure=bool(settings.SESSION_COOKIE_SECURE),
            )
