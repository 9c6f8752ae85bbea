"""Every write about who may sign in to the portal, and each sign-in."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db.models import Q
from django.template.loader import render_to_string

from counterfoil.access import queries, rules
from counterfoil.access.models import Access, Login, Passkey, SignInLink, Tries
from counterfoil.customers.models import Contact, Customer
from counterfoil.customers.queries import lock, visible
from counterfoil.kernel import clock
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.words import heard
from counterfoil.messaging.operations import queue_message, queue_private_mail
from counterfoil.messaging.operations.wording import Shown, Wording, declare_wording, filled, paragraphs, speaking
from counterfoil.operator.queries import face
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.logs import without_secrets
from counterfoil.platform.operations import Operation, step, verb

# One sentence for every sign-in that fails: it must not tell which addresses are known.
WRONG = "Incorrect e-mail address or password. Check both, or ask for a link."
SPENT = "There were too many tries. Wait 15 minutes, or ask for a link by e-mail."
DEAD_LINK = "This link no longer works. A link works once and for a short time; ask for a new one."
_KEEP_LINKS = dt.timedelta(days=7)
_signer = Signer(salt="counterfoil.access.link")


@verb(label="Give portal access")
def give_access(op: Operation, *, contact: Contact, email: str, welcome: bool = True) -> Access:
    """The contact can sign in to the portal with one of its e-mail addresses, and is told so."""
    customer = lock([contact.customer_id])[contact.customer_id]
    folded = rules.fold_email(email)
    known = {rules.fold_email(point.value) for point in contact.points.all() if point.kind == "email"}
    refuse_if(
        not contact.active, "contact_inactive", f"{contact.name} is no longer a contact of this customer.", field="who"
    )
    refuse_if(folded not in known, "not_their_address", "Choose one of the contact's e-mail addresses.", field="who")
    login, added = Login.objects.get_or_create(email=folded, defaults={"name": contact.name, "stamp": _new_stamp()})
    if added:
        op.keep(login, customer_id=customer.pk)
    before = Access.objects.filter(login=login, customer=customer, taken_at=None).select_related("contact").first()
    refuse_if(before and before.contact.active, "has_access", f"{folded} has access already.", field="who")
    if before:
        # Given to a contact who is no longer here: the address now belongs to this one.
        before.taken_at = op.now
        before.save(update_fields=["taken_at"])
        op.keep(before)
    access = Access.objects.create(login=login, customer=customer, contact=contact, given_at=op.now)
    op.record("access.given", access, customer_id=customer.pk, name=contact.name, email=folded)
    if welcome:
        _welcome(op, customer, contact, email.strip())
    return access


_FIELDS = {
    "contact_name": "whom it is to",
    "customer_name": "the customer",
    "account_number": "their account number",
    "company_name": "your trading name",
    "email": "the address to sign in with",
}


def _example(caller: Caller, subject: str, text: str) -> Shown | None:
    """The message to the contact who joined last."""
    contact = Contact.objects.filter(customer__in=visible(caller), active=True).order_by("-pk").first()
    if contact is None:
        return None
    point = contact.points.filter(kind="email").first()
    values = _values(contact.customer, contact.name, point.value if point else "")
    return Shown(contact.customer.name, filled(subject, values), filled(text, values))


def _values(customer: Customer, name: str, email: str) -> dict[str, str]:
    return {
        "contact_name": name, "customer_name": customer.name, "account_number": customer.number,
        "company_name": face(customer.brand_id).name, "email": email,
    }  # fmt: skip


WELCOME = declare_wording(
    Wording(
        "welcome", "Portal access", "Your account with {company_name}, online",
        "Good day {contact_name}, you can now see the account of {customer_name} ({account_number}) with "
        "{company_name} online: what there is to pay, invoices, payments and statements of any period. Enter {email} "
        "and you get a link that signs you in.",
        _FIELDS, _example,
    )
)  # fmt: skip
LINK = declare_wording(
    Wording(
        "link", "Sign-in link", "Sign in to {company_name}",
        "This link signs you in. It works once and for a short time.", _FIELDS, _example,
    )
)  # fmt: skip


def _said(wording: Wording, customer: Customer, name: str, email: str) -> tuple[str, list[str]]:
    """Subject and paragraphs of such a message to a customer."""
    subject, text = speaking(wording)(customer.brand_id, customer.language)
    values = _values(customer, name, email)
    return filled(subject, values)[:200], paragraphs(filled(text, values))


def _welcome(op: Operation, customer: Customer, contact: Contact, email: str) -> None:
    """Says where the portal is. It holds no secret: the copy that is kept can be read by staff."""
    house = face(customer.brand_id).speaking(customer.language)
    subject, said = _said(WELCOME, customer, contact.name, email)
    context = {
        "operator": house.name, "speech": house.speech, "subject": subject, "paragraphs": said,
        "url": queries.portal_url(),
        "reach": ", ".join(part for part in (house.email, house.phone) if part),
    }  # fmt: skip
    queue_message(
        op,
        customer=customer,
        kind="welcome",
        subject=subject,
        body_text=render_to_string("access/email_welcome.txt", context).strip() + "\n",
        body_html=render_to_string("access/email_welcome.html", context),
        addresses=[email],
    )


@verb(label="Remove portal access")
def take_access(op: Operation, *, access: Access) -> Access:
    """The login no longer sees this customer, from its next page on."""
    lock([access.customer_id])
    row = Access.objects.select_for_update(of=("self",)).select_related("login", "customer").get(pk=access.pk)
    if row.taken_at is None:
        row.taken_at = op.now
        row.save(update_fields=["taken_at"])
        op.record("access.taken", row, customer_id=row.customer_id, email=row.login.email)
    return row


@step
def move_access(op: Operation, *, customer: Customer, duplicate: Customer) -> None:
    """Whoever could see an account that was merged sees what it became. Part of merging, after the contacts moved."""
    known = {
        rules.fold_email(point.value): contact
        for contact in Contact.objects.filter(customer=customer, active=True).prefetch_related("points")
        for point in contact.points.all()
        if point.kind == "email"
    }
    for row in Access.objects.filter(customer=duplicate).select_related("login", "contact").order_by("pk"):
        seen = Access.objects.filter(login=row.login, customer=customer, taken_at=None).exists()
        stands = row.taken_at is None
        if row.contact.customer_id == customer.pk:
            row.customer = customer
            row.taken_at = op.now if stands and seen else row.taken_at
            if stands and not seen:
                op.record("access.given", row, customer_id=customer.pk, name=row.contact.name, email=row.login.email)
        elif stands:
            # The contact is known there already and stays with the old account.
            row.taken_at = op.now
            if not seen and (contact := known.get(row.login.email)):
                new = Access.objects.create(login=row.login, customer=customer, contact=contact, given_at=op.now)
                op.record("access.given", new, customer_id=customer.pk, name=contact.name, email=row.login.email)
            op.record("access.taken", row, customer_id=duplicate.pk, email=row.login.email)
        row.save(update_fields=["customer", "taken_at"])
        op.keep(row)


@step
def erase_access(op: Operation, *, customer: Customer, accounts: Sequence[int]) -> None:
    """Nobody signs in as a contact of this customer any more, and a login that sees nothing else is forgotten.

    `accounts` are all that are erased with it.
    """
    for row in Access.objects.filter(customer=customer).select_related("login").order_by("pk"):
        if row.taken_at is None:
            row.taken_at = op.now
            row.save(update_fields=["taken_at"])
            op.record("access.taken", row, customer_id=customer.pk, email="…")
        login = row.login
        if not Access.objects.filter(login=login).exclude(customer__in=accounts).exists():
            Passkey.objects.filter(login=login).delete()
            SignInLink.objects.filter(login=login).delete()
            login.email, login.name, login.password = f"erased-{login.pk}", "Erased", ""
            login.stamp = _new_stamp()
            login.save()
            op.keep(login)


@verb(label="View as customer")
def view_as_customer(op: Operation, *, customer: Customer) -> int:
    """The caller may look at the portal as this customer for a while. Returns since when, in seconds, for a ticket."""
    refuse_if(op.caller.user_id is None, "not_a_person", "Only a signed-in member of staff can look at the portal.")
    op.record("portal.viewed", customer, customer_id=customer.pk, name=customer.name)
    return int(op.now.timestamp())


_ticket_signer = Signer(salt="counterfoil.access.ticket")


def ticket_of(caller: Caller, customer: Customer, since: int) -> str:
    """What opens the portal for this person as this customer. It is kept nowhere, not even with the form's key."""
    ends = since + int(rules.VIEW_FOR.total_seconds())
    return _ticket_signer.sign_object([caller.user_id, customer.pk, ends, since])


def read_ticket(ticket: str) -> tuple[int, int, int, int] | None:
    """What a ticket says: for whom, which customer, until when, made when. None when it is not one of ours."""
    try:
        user, customer, ends, made = _ticket_signer.unsign_object(ticket)
    except (BadSignature, ValueError, TypeError):
        return None
    return user, customer, ends, made


# ------------------------------------------------------------------ signing in


@step
def count_try(op: Operation, *, limit: rules.Limit, value: str) -> bool:
    """One more try is counted, whatever becomes of it. Returns whether it is still allowed."""
    key = rules.tries_key(limit.kind, value)
    Tries.objects.bulk_create([Tries(key=key, since=op.now)], ignore_conflicts=True)
    row = Tries.objects.select_for_update().get(key=key)
    if rules.is_over(row.since, op.now):
        row.count, row.since = 0, op.now
    row.count += 1
    row.save(update_fields=["count", "since"])
    if limit == rules.PASSWORD and row.count == limit.most + 1 and (login := queries.login_for(value)):
        first = queries.customers_of(login)[0]
        op.record("login.locked", login, customer_id=first.pk, email=login.email)
    return row.count <= limit.most


@step
def make_link(op: Operation, *, email: str) -> Login | None:
    """An e-mail with a link that signs this address in once is on its way. None when it may see nobody.

    The e-mail is not among the messages that are kept: whoever reads the link can sign in, and staff must not.
    """
    login = queries.login_for(email)
    if login is None:
        return None
    secret = secrets.token_urlsafe(32)
    expires = op.now + dt.timedelta(minutes=settings.PORTAL_LINK_MINUTES)
    SignInLink.objects.create(login=login, digest=rules.secret_digest(secret), expires_at=expires)
    first = queries.customers_of(login)[0]
    house = face(first.brand_id).speaking(first.language)
    subject, said = _said(LINK, first, first.name, login.email)
    context = {
        "operator": house.name, "speech": house.speech, "subject": subject, "paragraphs": said, "email": login.email,
        "url": queries.portal_url(f"link/{_signer.sign(secret)}/"),
    }  # fmt: skip
    op.record("login.link_sent", login, customer_id=first.pk, email=login.email)
    queue_private_mail(
        op,
        address=login.email,
        subject=subject,
        text=render_to_string("access/email_link.txt", context).strip() + "\n",
        html=render_to_string("access/email_link.html", context),
        useless_at=expires,
        customer=first,
    )
    return login


@step
def use_link(op: Operation, *, token: str) -> Login:
    """The link is used up and its login is signed in."""
    try:
        secret = _signer.unsign(token)
    except BadSignature as error:
        raise Refused("dead_link", DEAD_LINK) from error
    link = SignInLink.objects.select_for_update(of=("self",)).filter(digest=rules.secret_digest(secret)).first()
    lasts = dt.timedelta(minutes=settings.PORTAL_LINK_MINUTES)
    good = link is not None and not link.used_at and clock.still_good(link.expires_at, lasts, op.now)
    refuse_if(not good, "dead_link", DEAD_LINK)
    assert link is not None
    link.used_at = op.now
    link.save(update_fields=["used_at"])
    return _signed_in(op, link.login, "link")


def link_is_good(token: str) -> bool:
    """Whether a link's signature is ours. Looking at it uses nothing up: mail scanners open links before people do."""
    try:
        _signer.unsign(token)
    except BadSignature:
        return False
    return True


def may_try(system: System, *, limit: rules.Limit, value: str) -> bool:
    """Whether one more try is allowed; it is counted. Who has none left costs a read and no write."""
    return not queries.is_spent(limit, value, system.now) and count_try(system, limit=limit, value=value)


def _check_first(caller: Caller, *, email: str, password: str) -> str:
    """The stored hash that the password fits; refused when it fits none. Hashing is slow on purpose."""
    login = queries.login_for(email)
    if login is None or not login.password:
        make_password(password)
        raise Refused("wrong_password", WRONG)
    refuse_if(not check_password(password, login.password), "wrong_password", WRONG)
    return login.password


@step(before=_check_first)
def sign_in_by_password(op: Operation, *, email: str, password: str) -> Login:
    """The login is signed in; an unknown address and a wrong password are the same answer and the same work."""
    login = queries.login_for(email)
    # The password may have been changed since it was checked.
    if login is None or login.password != op.ready:
        raise Refused("wrong_password", WRONG)
    Tries.objects.filter(key=rules.tries_key(rules.PASSWORD.kind, login.email)).update(count=0)
    return _signed_in(op, login, "password")


@step
def sign_in_by_passkey(op: Operation, *, passkey: Passkey, uses: int) -> Login:
    """The login is signed in by a passkey whose answer was verified; refused when its count shows a copy."""
    row = Passkey.objects.select_for_update(of=("self",)).select_related("login").get(pk=passkey.pk)
    refuse_if(
        rules.looks_copied(row.uses, uses),
        "copied_passkey",
        "This passkey has been used elsewhere since. Sign in by link and remove it.",
    )
    row.uses, row.used_at = uses, op.now
    row.save(update_fields=["uses", "used_at"])
    return _signed_in(op, row.login, "passkey")


def _signed_in(op: Operation, login: Login, how: str) -> Login:
    customers = queries.customers_of(login)
    refuse_if(not customers, "no_access", DEAD_LINK)
    login.seen_at = op.now
    login.save(update_fields=["seen_at"])
    op.record("login.signed_in", login, customer_id=customers[0].pk, email=login.email, how=how)
    return login


# ------------------------------------------------------------------ one's own login


def _hash_first(
    caller: Caller, *, login: Login, password: str, current: str | None, **details: Any
) -> tuple[str, str | None]:
    """The new password as it is stored, and the stored one that the current one fits; refused when it does not."""
    known = Login.objects.get(pk=login.pk).password
    if known and current is not None:
        refuse_if(
            not check_password(current, known), "wrong_password", "Current password is incorrect.", field="current"
        )
        current = known
    try:
        validate_password(password, login)  # type: ignore[arg-type]  # any object with the attributes
    except ValidationError as error:
        raise Refused("weak_password", " ".join(error.messages), field="password") from error
    return make_password(password), current


@verb(label="Set your password", before=_hash_first)
def set_password(op: Operation, *, login: Login, password: str, current: str | None, customer: Customer) -> Login:
    """The login has this password, and its other sessions end. `current` is None when a link has just proved who it is.

    A password that was there must be given again otherwise.
    """
    hashed, checked = op.ready
    row = Login.objects.select_for_update().get(pk=login.pk)
    if row.password and checked is not None:
        # It may have been changed since it was checked.
        refuse_if(checked != row.password, "wrong_password", "Current password is incorrect.", field="current")
    row.password, row.stamp = hashed, _new_stamp()
    row.save(update_fields=["password", "stamp"])
    op.record("login.password_set", row, customer_id=customer.pk, email=row.email)
    return row


@verb(label="Add a passkey")
def add_passkey(
    op: Operation, *, login: Login, key_id: str, credential: bytes, uses: int, customer: Customer
) -> Passkey:
    """The login can sign in with this passkey, which was verified."""
    refuse_if(Passkey.objects.filter(key_id=key_id).exists(), "passkey_known", "This passkey is known already.")
    mine = Passkey.objects.filter(login=login).count()
    refuse_if(mine >= 10, "too_many_passkeys", "You have ten passkeys. Remove one that you no longer use.")
    name = f"Passkey {mine + 1}"
    passkey = Passkey.objects.create(
        login=login, name=name, key_id=key_id, credential=credential, uses=uses, added_at=op.now
    )
    op.record("login.passkey_added", login, customer_id=customer.pk, email=login.email, name=name)
    return passkey


@verb(label="Remove a passkey")
def remove_passkey(op: Operation, *, passkey: Passkey, customer: Customer) -> None:
    """The passkey no longer signs anybody in."""
    login = passkey.login
    op.record("login.passkey_removed", login, customer_id=customer.pk, email=login.email, name=passkey.name)
    passkey.delete()


# ------------------------------------------------------------------ what was refused, and tidying up


@step
def record_refusal(op: Operation, *, customer: Customer, login: Login | None, method: str, path: str) -> None:
    """An attempt to reach what is somebody else's is in the trail. Bounded, so that it cannot fill the disk."""
    who = login.email if login else op.caller.name
    if count_try(op, limit=rules.REFUSED, value=who):
        op.record(
            "portal.refused",
            login or customer,
            customer_id=customer.pk,
            who=who,
            method=heard(method, most=8),
            path=heard(without_secrets(path), most=200),
        )


@step
def prune_access(op: Operation) -> int:
    """Links, counts of tries and sessions that mean nothing any more are gone; the trail has what happened."""
    # What ends later than it could was made while the clock was ahead (`kernel.clock`), and would stay for years.
    link = dt.timedelta(minutes=settings.PORTAL_LINK_MINUTES) + clock.SKEW
    session = dt.timedelta(seconds=max(settings.PORTAL_SESSION_HOURS * 3600, settings.SESSION_COOKIE_AGE)) + clock.SKEW
    links, _ = SignInLink.objects.filter(
        Q(expires_at__lt=op.now - _KEEP_LINKS) | Q(expires_at__gt=op.now + link)
    ).delete()
    tries, _ = Tries.objects.filter(Q(since__lt=op.now - rules.WINDOW) | Q(since__gt=op.now + clock.SKEW)).delete()
    sessions, _ = Session.objects.filter(Q(expire_date__lt=op.now) | Q(expire_date__gt=op.now + session)).delete()
    return links + tries + sessions


def _new_stamp() -> str:
    return secrets.token_urlsafe(24)
