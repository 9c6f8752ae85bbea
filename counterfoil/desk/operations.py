"""What people do at the desk itself: asking for a password, naming views, reading notices, sending to many."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from counterfoil.access.models import Login
from counterfoil.access.operations import erase_access
from counterfoil.access.queries import portal_url
from counterfoil.billing import run_queries
from counterfoil.billing.models import BillRun, CreditNote, Invoice
from counterfoil.billing.operations import erase_drafts, stop_recurring
from counterfoil.cards.operations import erase_cards
from counterfoil.collections import queries as collections
from counterfoil.collections.operations import erase_collections
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import erase_person
from counterfoil.customers.queries import find_customer, lock, merged_ids, visible
from counterfoil.debits.operations import erase_mandates
from counterfoil.desk.models import Notice, ReportMail, SavedView
from counterfoil.desk.rules import next_mail_on
from counterfoil.dunning.operations import erase_letters
from counterfoil.jobs.operations import erase_jobs
from counterfoil.kernel.errors import NotFound, Refused, refuse_if
from counterfoil.kernel.periods import date_text, long_date_text
from counterfoil.messaging.models import Delivery
from counterfoil.messaging.operations import erase_messages, queue_private_mail
from counterfoil.messaging.queries import refuse_unless_sendable
from counterfoil.messaging.rules import PRIVATE_FOR
from counterfoil.network.operations import erase_access_accounts
from counterfoil.operator.queries import face, house_name
from counterfoil.platform.approvals import erase_approvals
from counterfoil.platform.jobs import start_job
from counterfoil.platform.models import Approval, Job, JobItem
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Says
from counterfoil.platform.words import Reason
from counterfoil.receivables.queries import open_items_of
from counterfoil.reports.queries import REPORTS, find_report
from counterfoil.sales.operations import erase_agreements
from counterfoil.staff.models import User
from counterfoil.staff.queries import caller_for, user_with_email
from counterfoil.staff.sign_in import password_link
from counterfoil.suspension.operations import erase_suspensions
from counterfoil.tickets.models import Ticket
from counterfoil.tickets.operations import erase_tickets
from counterfoil.trail.models import Event
from counterfoil.usage.operations import erase_usage

MOST_VIEWS = 20
MOST_AT_ONCE = 5_000


@step
def mail_password_link(op: Operation, *, email: str) -> User | None:
    """An e-mail with a link to set a password is on its way. None when nobody works here with this address."""
    user = user_with_email(email)
    if user is None or user.email is None or not user.is_active:
        return None
    path = reverse("account_reset_password_from_key", kwargs=password_link(user))
    op.record("user.link_sent", user, name=user.name)
    queue_private_mail(
        op,
        address=user.email,
        subject=f"Set a new password, {house_name() or 'Counterfoil'}",
        text=render_to_string("desk/email_password.txt", {"url": f"{settings.PUBLIC_URL}{path}"}).strip() + "\n",
        useless_at=op.now + dt.timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT),
        user=user,
    )
    return user


@verb(label="Save this view", own=True)
def save_view(
    op: Operation, *, list_key: str, name: Annotated[str, Says(most=40)], query: str, shared: bool = False
) -> SavedView:
    """The list as it is on screen has a name; a view of that name is replaced."""
    if (user_id := op.caller.user_id) is None:
        raise Refused("no_person", "Views belong to people who sign in.")
    refuse_if(len(query) > 500, "too_long", "This view has too many filters to save.", field="name")
    mine = SavedView.objects.filter(user_id=user_id, list_key=list_key)
    refuse_if(
        mine.exclude(name=name).count() >= MOST_VIEWS,
        "too_many_views",
        f"A list has at most {MOST_VIEWS} views of one person. Delete one first.",
        field="name",
    )
    row, _ = SavedView.objects.update_or_create(
        user_id=user_id, list_key=list_key, name=name, defaults={"query": query, "shared": shared}
    )
    # The events speak of the person, because a view may be gone one day.
    op.record("view.saved", User(pk=row.user_id), name=name, list=list_key)
    return row


@verb(label="Delete view", own=True)
def forget_view(op: Operation, *, view: SavedView) -> None:
    """The view is gone for everybody; only its owner may do that."""
    row = SavedView.objects.filter(pk=view.pk, user_id=op.caller.user_id or 0).first()
    if row is None:
        raise NotFound("There is no such view, or it is somebody else's.")
    op.record("view.forgotten", User(pk=row.user_id), name=row.name, list=row.list_key)
    row.delete()


@verb(label="E-mail me a report", own=True)
def mail_report(
    op: Operation, *, report: Annotated[str, Says(most=40)], every: Annotated[str, Says(most=6)]
) -> ReportMail:  # fmt: skip
    """The caller gets the report by e-mail after each day, week or month, about that time; asked again, as before."""
    if (user_id := op.caller.user_id) is None:
        raise Refused("no_person", "Reports are e-mailed to people who sign in.")
    found = find_report(report)
    op.caller.must(found.sees)
    refuse_if(bool(found.behind), "needs_a_figure", "That report belongs to a figure of another.", field="report")
    refuse_if(every not in ReportMail.Every.values, "no_such_time", "Choose how often.", field="every")
    row, is_new = ReportMail.objects.get_or_create(
        user_id=user_id, report=found.name, every=every, defaults={"next_on": next_mail_on(every, op.today)}
    )
    refuse_if(not is_new, "no_change", "You get it that often already.", field="every")
    said = row.get_every_display().lower()
    op.record("report.mail_asked", User(pk=row.user_id), report=found.title, every=said)
    return row


@verb(label="Stop e-mailing a report", own=True)
def stop_report_mail(op: Operation, *, mail: ReportMail) -> None:
    """The report is no longer e-mailed; only who gets it may say so."""
    row = ReportMail.objects.filter(pk=mail.pk, user_id=op.caller.user_id or 0).select_related("user").first()
    if row is None:
        raise NotFound("There is no such e-mail, or it is somebody else's.")
    _stop_report_mail(op, row, "asked for")


@step
def send_report_mail(op: Operation, *, mail: ReportMail, on: dt.date, text: str, why_not: str = "") -> bool:
    """A report of a day leaves to who asked for it, once; or is stopped where they may no longer see it."""
    row = ReportMail.objects.select_for_update(of=("self",)).filter(pk=mail.pk, next_on=on)
    found = row.select_related("user").first()
    if found is None:
        return False
    if why_not or found.user.email is None:
        _stop_report_mail(op, found, why_not or "no e-mail address")
        return False
    found.next_on = next_mail_on(found.every, max(on, op.today))
    found.save(update_fields=["next_on"])
    title = find_report(found.report).title
    queue_private_mail(
        op, address=found.user.email, subject=f"{title}, {house_name() or 'Counterfoil'}", text=text,
        useless_at=op.now + PRIVATE_FOR, user=found.user,
    )  # fmt: skip
    op.record("report.mailed", User(pk=found.user_id), report=title, name=found.user.name)
    return True


def _stop_report_mail(op: Operation, row: ReportMail, why: str) -> None:
    # One of a report that there is no more has its name left.
    title = REPORTS[row.report].title if row.report in REPORTS else row.report
    op.record("report.mail_stopped", User(pk=row.user_id), report=title, name=row.user.name, why=why)
    row.delete()


@verb(own=True)
def read_notices(op: Operation) -> int:
    """The caller has read what they were told so far."""
    return Notice.objects.filter(user_id=op.caller.user_id or 0, read_at__isnull=True).update(read_at=op.now)


def _tell(op: Operation, user_id: int | None, event: Event, text: str, url: str, tone: str = "") -> None:
    # A program reads no notices.
    if user_id is not None and User.objects.filter(pk=user_id, kind=User.Kind.PERSON).exists():
        said = {"text": text[:300], "url": url, "tone": tone, "at": op.now, "customer_id": event.customer_id}
        Notice.objects.get_or_create(user_id=user_id, event_id=event.pk, defaults=said)


@step
def tell_job_ended(op: Operation, *, events: Sequence[int]) -> None:
    """Whoever asked for a job is told how it ended; of one that failed for a run approved ahead, who approved that.

    A reaction.
    """
    for event in Event.objects.filter(pk__in=events):
        failed = event.kind == "job.failed" or "failed" in event.data["said"]
        job = Job.objects.get(pk=event.subject_id)
        word = "Failed" if event.kind == "job.failed" else "Finished"
        text = f"{word}: {job.title}, {event.data['said']}"
        asked_by = job.user_id
        if asked_by is None and event.kind == "job.failed":
            asked_by = BillRun.objects.filter(job=job).values_list("approved_user_id", flat=True).first()
        _tell(op, asked_by, event, text, reverse("job", args=[job.pk]), "bad" if failed else "")


@step
def tell_run_issued(op: Operation, *, events: Sequence[int]) -> None:
    """Whoever approved a bill run before its day is told what came of it, exceptions included. A reaction."""
    for event in Event.objects.filter(pk__in=events):
        run = BillRun.objects.get(pk=event.subject_id)
        left = run_queries.items_of_run(run, *run_queries.EXCEPTIONS).count()
        held = f" {left:,} on hold." if left else " Nobody was on hold."
        text = f"{run.name}: {event.data['invoices']:,} invoices issued, {event.data['total']}.{held}"
        _tell(op, run.approved_user_id, event, text, reverse("bill-run", args=[run.pk]), "bad" if left else "")


@step
def tell_decided(op: Operation, *, events: Sequence[int]) -> None:
    """Whoever asked for an approval is told what became of it. A reaction."""
    words = {"approval.given": "Approved", "approval.refused": "Refused", "approval.failed": "No longer possible"}
    for event in Event.objects.filter(pk__in=events):
        row = Approval.objects.get(pk=event.subject_id)
        asker = User.objects.filter(pk=row.asked_by_id or 0).first() if row.door == "desk" else None
        if asker is not None:
            text = f"{words[event.kind]} by {row.decided_by}: {row.label}"
            tone = "" if event.kind == "approval.given" else "bad"
            _tell(op, asker.pk, event, text, reverse("approval", args=[row.pk]), tone)


@step
def tell_of_action(op: Operation, *, events: Sequence[int]) -> None:
    """Whoever a collector named is told of an action; an alert that names nobody, who manages the account. A reaction.

    Of an account without a manager the finance managers are told.
    """
    for event in Event.objects.filter(pk__in=events):
        for user_id in collections.told_of(event.subject_id):
            text = f"{event.data['action']}: {Customer.objects.get(pk=event.customer_id or 0)}{event.data['note']}"
            _tell(op, user_id, event, text, reverse("show-call-action", args=[event.subject_id]), "")


@step
def tell_of_ticket(op: Operation, *, events: Sequence[int]) -> None:
    """Whom a ticket is flagged to is told that it is, and that the customer answered; not of what they did themselves.

    A reaction.
    """
    for event in Event.objects.filter(pk__in=events):
        row = Ticket.objects.select_related("customer").filter(pk=event.subject_id).first()
        if row is None or row.flagged_to_id is None or row.flagged_to_id == event.actor_id:
            continue
        replied = event.kind in ("ticket.replied", "ticket.reopened")
        text = f"{row.customer.name} answered" if replied else "Flagged to you"
        _tell(
            op, row.flagged_to_id, event, f"{text}: {row.number}, {row.subject}", reverse("ticket", args=[row.number])
        )


@step
def tell_undelivered(op: Operation, *, events: Sequence[int]) -> None:
    """Whoever sent a message is told that it did not arrive. A reaction."""
    for event in Event.objects.filter(pk__in=events):
        delivery = Delivery.objects.select_related("message").get(pk=event.subject_id)
        queued = Event.objects.filter(kind="message.queued", subject_id=delivery.message_id).first()
        said = event.data.get("result", delivery.result)
        text = f"“{delivery.message.subject}” did not reach {delivery.address}: {said}"
        author = queued.actor_id if queued else None
        if author is not None and User.objects.filter(pk=author).exists():
            _tell(op, author, event, text, reverse("message", args=[delivery.message_id]), "bad")


@step
def tell_not_drafted(op: Operation, *, events: Sequence[int]) -> None:
    """Whoever made an invoice recurring is told that it cannot be drafted, and what to do. A reaction.

    Where they work here no more, or may not see it any more, everybody who may stop it is told.
    """
    people = User.objects.filter(kind=User.Kind.PERSON, is_active=True).select_related("role")
    for event in Event.objects.filter(pk__in=events):
        customer = Customer.objects.get(pk=event.customer_id or 0)
        made = Event.objects.filter(kind="invoice.recurs", subject_id=event.subject_id).order_by("pk").last()
        told = [row for row in people if _may_stop(row, customer)]
        own = [row for row in told if made is not None and row.pk == made.actor_id]
        data = event.data
        day = date_text(dt.date.fromisoformat(data["on"]))
        text = (
            f"{data['number']} of {customer.name} recurs, but no draft could be made for {day}: "
            f"{data['reason']} Mend that, or stop it and make another invoice recurring."
        )
        url = reverse("customer-tab", args=[customer.number, "billing"]) + "#recurring-invoices"
        for user in own or told:
            _tell(op, user.pk, event, text, url, "bad")


def _may_stop(user: User, customer: Customer) -> bool:
    caller = caller_for(user)
    return caller.may(stop_recurring) and visible(caller).filter(pk=customer.pk).exists()


# What happened to how somebody signs in, as their mail says it.
_ACCESS_CHANGES = {
    "user.password_changed": "Your password was changed.",
    "user.factor_added": "A way to sign in was added: {by}.",
    "user.factor_removed": "A way to sign in was removed: {by}.",
    "user.factors_reset": "An administrator removed your second factor.",
    "user.connected": "You signed in through single sign-on for the first time.",
    "login.password_set": "Your password was changed.",
    "login.passkey_added": "A way to sign in was added: {name}.",
    "login.passkey_removed": "A way to sign in was removed: {name}.",
}


@step
def mail_access_changes(op: Operation, *, events: Sequence[int]) -> None:
    """Whoever's password, passkey or second factor changed is told by e-mail, in case it was not them. A reaction."""
    for event in Event.objects.filter(pk__in=events).order_by("pk"):
        user = login = None
        if event.subject_type == User._meta.label_lower:
            user = User.objects.get(pk=event.subject_id)
        elif "@" not in (login := Login.objects.get(pk=event.subject_id)).email:
            continue  # erased in the meantime
        customer = find_customer(op.caller, event.customer_id)
        house = face(customer.brand_id if customer else None)
        text = {
            "said": _ACCESS_CHANGES[event.kind].format_map({"name": "a passkey", **event.data}),
            "day": long_date_text(timezone.localdate(event.at)),
            "time": f"{timezone.localtime(event.at):%H:%M}",
            "url": portal_url() if login else f"{settings.PUBLIC_URL}/sign-in/",
            "link": f"{settings.PUBLIC_URL}{reverse('account_reset_password')}" if user else "",
            "reach": ", ".join(part for part in (house.email, house.phone) if part) if login else "",
        }
        queue_private_mail(
            op,
            address=str((user or login).email),  # type: ignore[union-attr]
            subject=f"How you sign in to {house.name} was changed",
            text=render_to_string("desk/email_access_changed.txt", text).strip() + "\n",
            useless_at=op.now + PRIVATE_FOR,
            customer=customer,
            user=user,
        )


@verb(label="Send statements to several customers")
def send_statements(op: Operation, *, customers: Sequence[Customer]) -> Job:
    """A job sends each of them the usual statement; a customer without an address does not stop the others."""
    refuse_unless_sendable()
    refuse_if(not customers, "nobody_selected", "Select the customers first.")
    refuse_if(len(customers) > MOST_AT_ONCE, "too_many", f"At most {MOST_AT_ONCE:,} at once. Narrow the list.")
    count = len(customers)
    return start_job(
        op, kind="statements", title=f"Statements to {count:,} {'customer' if count == 1 else 'customers'}",
        unit="statements", items=[(row.pk, f"{row.name} ({row.number})") for row in customers],
    )  # fmt: skip


@verb(label="Send several invoices")
def send_invoices(op: Operation, *, invoices: Sequence[Invoice]) -> Job:
    """A job sends each of them to its customer; one without an address does not stop the others."""
    refuse_if(not invoices, "nothing_selected", "Select issued invoices first.")
    refuse_if(len(invoices) > MOST_AT_ONCE, "too_many", f"At most {MOST_AT_ONCE:,} at once. Narrow the list.")
    count = len(invoices)
    return start_job(
        op, kind="invoices", title=f"{count:,} {'invoice' if count == 1 else 'invoices'}", unit="invoices",
        # Without the customer's name, which may have to be forgotten.
        items=[(row.pk, f"{row} ({row.customer.number})") for row in invoices],
    )  # fmt: skip


# One file of so many documents is made in a minute or two, and read by no machine that would choke on it.
MOST_PRINTED = 500


@verb(label="Print several documents")
def print_documents(
    op: Operation, *, invoices: Sequence[Invoice] = (), credit_notes: Sequence[CreditNote] = (),
    statements: Sequence[Customer] = (),
) -> Job:  # fmt: skip
    """A job makes one PDF of them all, in this order; of customers, their usual statements."""
    count = len(invoices) + len(credit_notes) + len(statements)
    refuse_if(not count, "nothing_selected", "Select what to print first.")
    refuse_if(count > MOST_PRINTED, "too_many", f"At most {MOST_PRINTED:,} at once. Select fewer.")
    kinds = (("invoice", invoices), ("credit note", credit_notes), ("statement", statements))
    said = ", ".join(f"{len(rows):,} {kind}{'' if len(rows) == 1 else 's'}" for kind, rows in kinds if rows)
    arguments = {kind.replace(" ", "_"): [row.pk for row in rows] for kind, rows in kinds}
    return start_job(op, kind="print", title=f"Print {said}", unit="documents", total=count, arguments=arguments)


@verb(label="Export a long list")
def export_in_background(op: Operation, *, path: str, query: str, form: str, title: str, rows: int) -> Job:
    """A job makes the file: the same rows, columns and order as on screen."""
    refuse_if(not 0 <= rows < 10**9, "no_list", "A list has no such number of rows.", field="rows")
    arguments = {"path": path, "query": query, "form": form}
    return start_job(op, kind="export", title=f"Export {title}", total=rows, arguments=arguments)


@verb(label="Export personal data")
def export_personal_data(op: Operation, *, customer: Customer) -> None:
    """It is on record that everything known of the customer was handed out."""
    op.record("customer.exported", customer, customer_id=customer.pk)


@verb(label="Erase personal data")
def erase_personal_data(op: Operation, *, customer: Customer, reason: Reason) -> Customer:
    """Nothing personal is left but what was issued, which the law on books keeps.

    Refused while the account is active or anything on it is open.
    """
    row = lock([customer.pk])[customer.pk]
    refuse_if(row.status == Customer.Status.ACTIVE, "still_active", "Make the account inactive first.")
    refuse_if(
        open_items_of(row, op.today), "still_open", "Something is open on this account. Settle or write it off first."
    )
    merged = [other for other in lock(merged_ids(row)).values() if other.status != Customer.Status.ERASED]
    accounts = [row.pk, *merged_ids(row)]
    refuse_if(
        Invoice.objects.filter(customer__in=accounts, state="draft").exists(), "has_drafts", "Discard the drafts first."
    )
    for each in (row, *merged):
        erase_messages(op, customer=each)
        erase_jobs(op, customer=each)
        erase_tickets(op, customer=each)
        erase_access(op, customer=each, accounts=accounts)
        erase_approvals(op, customer_id=each.pk)
        # By what it is about: a label may be cut short, and hold the number of somebody else.
        JobItem.objects.filter(job__kind="statements", subject_id=each.pk).update(label=each.number)
        Notice.objects.filter(customer=each).update(text="Erased", url="")
        erase_drafts(op, customer=each)
        erase_agreements(op, customer=each)
        erase_collections(op, customer=each)
        erase_letters(op, customer=each)
        erase_usage(op, customer=each)
        erase_suspensions(op, customer=each)
        erase_mandates(op, customer=each)
        erase_cards(op, customer=each)
        erase_access_accounts(op, customer=each)
        erase_person(op, customer=each, reason=reason)
    return row
