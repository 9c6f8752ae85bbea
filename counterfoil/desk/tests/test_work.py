"""Long exports, statements to many, notices and views of one's own."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from django.test import Client
from django.utils import timezone

from counterfoil.billing.operations import fail_recurring, make_recurring
from counterfoil.customers.operations import NewCustomer, add_customers
from counterfoil.desk.models import Notice, SavedView
from counterfoil.desk.operations import (
    export_in_background,
    forget_view,
    read_notices,
    save_view,
    send_statements,
    tell_decided,
    tell_job_ended,
    tell_not_drafted,
    tell_undelivered,
)
from counterfoil.desk.queries import saved_views, unread_notices
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.messaging.interfaces import FakeChannel, Rejected
from counterfoil.messaging.models import Message
from counterfoil.messaging.sending import send_due
from counterfoil.platform import jobs, tables, write_guard
from counterfoil.platform.approvals import ask_approval, refuse_approval
from counterfoil.platform.callers import Caller
from counterfoil.platform.models import Job
from counterfoil.platform.reactions import react
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.staff.queries import caller_for
from counterfoil.testing.html import squeezed
from counterfoil.testing.world import World
from counterfoil.trail.models import Event


@pytest.fixture
def user(world: World) -> User:
    return add_user(world.caller(), email="b@x.example", name="Bongi", role="billing", password="s3cret-enough")


@pytest.fixture
def other(world: World) -> User:
    return add_user(world.caller(), email="c@x.example", name="Cas", role="billing", password="s3cret-enough")


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def run_all() -> None:
    for pk in Job.objects.filter(state="waiting").values_list("pk", flat=True):
        jobs.run(pk)
    for event in Event.objects.filter(kind__in=("job.finished", "job.failed")):
        react.func(operation_id=str(event.operation_id), kind=event.kind)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_long_list_is_exported_as_a_job_with_the_rows_on_screen(
    world: World, client: Client, user: User, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(tables, "MOST_AT_ONCE", 3)
    add_customers(world.clerk, customers=[NewCustomer(f"Zara {n}") for n in range(4)])
    add_customers(world.clerk, customers=[NewCustomer("Yusuf")])
    page = client.get("/customers/?q=zara&sort=-name")
    assert f'format={form}">' in squeezed(page.content.decode())  # without "download", which would save the job's page
    answer = client.get(f"/customers/?q=zara&sort=-name&format={form}")
    job = Job.objects.get()
    assert answer["Location"] == f"/jobs/{job.pk}/"
    assert (job.total, job.user_id, job.title) == (4, user.pk, "Export Customers")
    run_all()
    assert "Download" in client.get(f"/jobs/{job.pk}/").content.decode()
    file = client.get(f"/jobs/{job.pk}/file/")
    assert file["Content-Disposition"].startswith("attachment")
    monkeypatch.setattr(tables, "MOST_AT_ONCE", 10_000)
    if form == "csv":
        assert file.content == client.get("/customers/?q=zara&sort=-name&format=csv").content
        rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
        assert [row[0] for row in rows[1:]] == ["Zara 3", "Zara 2", "Zara 1", "Zara 0"]
    else:
        assert file.content[:2] == b"PK"
    assert Notice.objects.get().text == "Finished: Export Customers, 4 rows"


@pytest.mark.books_are_broken_on_purpose  # written by hand
def test_a_job_may_do_what_its_person_may_do_now(world: World, user: User) -> None:
    caller = caller_for(user)
    job = export_in_background(caller, path="/customers/", query="", form="csv", title="Customers", rows=1)
    with write_guard.writing():
        User.objects.filter(pk=user.pk).update(is_active=False)
    run_all()
    assert (Job.objects.get(pk=job.pk).state, Job.objects.get(pk=job.pk).said) == (
        "failed", "Whoever asked for this no longer works here.",
    )  # fmt: skip


def test_statements_to_several_one_of_whom_has_no_address(world: World, client: Client, user: User) -> None:
    world.today = timezone.localdate()
    rows = [
        world.customer("Ann", emails=("ann@x.example",)),
        world.customer("Ben"),
        world.customer("Cas", emails=("c@x.example",)),
    ]
    numbers = [row.number for row in rows]
    page = client.get("/customers/send-statements/", {"id": numbers})
    assert "Send 3 statements" in page.content.decode()
    assert "1 customer has no e-mail address" in squeezed(page.content.decode())
    data = {"ids": " ".join(numbers), "key": "k1"}
    answer = client.post("/customers/send-statements/", {**data, "count": "2"})
    assert answer.status_code == 422
    assert "Type 3 to confirm" in answer.content.decode()
    assert not Job.objects.exists()
    client.post("/customers/send-statements/", {**data, "count": "3"})
    client.post("/customers/send-statements/", {**data, "count": "3"})
    assert Job.objects.count() == 1
    run_all()
    assert sorted(Message.objects.values_list("customer__name", flat=True)) == ["Ann", "Cas"]
    job = Job.objects.get()
    assert job.said == "2 statements, 1 failed"
    assert [item.said for item in jobs.failures_of(job)] == ["No e-mail address for statements. Add one to a contact."]
    assert Notice.objects.get().tone == "bad"


def test_nobody_selected_is_refused(world: World, user: User) -> None:
    with pytest.raises(Refused, match="Select the customers first"):
        send_statements(caller_for(user), customers=[])
    assert not Job.objects.exists()


def test_who_sent_a_message_is_told_when_it_does_not_arrive(world: World, client: Client, user: User) -> None:
    zara = world.customer("Zara", emails=("gone@x.example",))
    client.post(
        f"/customers/{zara.number}/send-statement/",
        {"to": ["gone@x.example"], "span": "month", "style": "balance_forward", "text": "Hello"},
    )
    FakeChannel.answers["gone@x.example"] = [Rejected("No such mailbox.")]
    at = Message.objects.get().leaves_at
    send_due(Caller.system("task", at=at), channel=FakeChannel())
    event = Event.objects.get(kind="message.undelivered")
    for _ in range(2):
        tell_undelivered(Caller.system("reaction"), events=[event.pk])
    notice = Notice.objects.get()
    assert notice.user == user
    assert notice.text.endswith("did not reach gone@x.example: No such mailbox.")
    assert unread_notices(caller_for(user)) == 1
    assert "Notices, 1 new" in client.get("/").content.decode()
    assert notice.text.replace("“", "").split("”")[0] in client.get("/notices/").content.decode()
    assert unread_notices(caller_for(user)) == 0


@pytest.mark.books_are_broken_on_purpose  # written by hand
def test_who_made_an_invoice_recurring_is_told_when_it_cannot_be_drafted(
    world: World, client: Client, user: User, other: User
) -> None:
    invoice = world.invoice(world.customer("Zara"), "1150.00", on="2026-01-31", tax="standard")
    with world.on("2026-01-31"):
        caller = replace(caller_for(user), at=world.now)
        agreement = world.agreement(invoice.customer)
        row = make_recurring(caller, invoice=invoice, frequency="month", agreement=agreement)
    for _ in range(2):
        fail_recurring(Caller.system("schedule"), recurring=row, reason="The tax rate is not valid.")
    event = Event.objects.get(kind="invoice.not_drafted")
    for _ in range(2):
        tell_not_drafted(Caller.system("reaction"), events=[event.pk])
    notice = Notice.objects.get()
    assert (notice.user, notice.tone) == (user, "bad")
    assert notice.text == (
        f"{invoice.number} of Zara recurs, but no draft could be made for 28 Feb 2026: The tax rate is not valid. "
        "Mend that, or stop it and make another invoice recurring."
    )
    assert "The tax rate is not valid." in client.get(notice.url).content.decode()
    # Somebody who has left is not told; whoever may stop it is.
    with write_guard.writing():
        User.objects.filter(pk=user.pk).update(is_active=False)
    fail_recurring(Caller.system("schedule"), recurring=row, reason="Something else.")
    event = Event.objects.filter(kind="invoice.not_drafted").latest("pk")
    tell_not_drafted(Caller.system("reaction"), events=[event.pk])
    assert [row.user for row in Notice.objects.order_by("pk")] == [user, other]


def test_a_view_of_ones_own_is_a_tab_until_it_is_forgotten(
    world: World, client: Client, user: User, other: User
) -> None:
    world.customer("Zara")
    page = squeezed(client.get("/customers/?status=active&sort=-name").content.decode())
    assert "Save view" in page
    answer = client.post(
        "/views/save/", {"name": "Active, Z first", "list_key": "customers", "query": "status=active&sort=-name"}
    )
    assert answer["Location"] == "/customers/?status=active&sort=-name"
    page = client.get(answer["Location"]).content.decode()
    assert "Active, Z first" in page
    assert "Save view" not in page
    assert "Delete view" in page
    view = SavedView.objects.get()
    assert [row.name for row in saved_views(caller_for(other), "customers")] == []
    save_view(caller_for(user), list_key="customers", name="Active, Z first", query="status=active", shared=True)
    assert [row.query for row in saved_views(caller_for(other), "customers")] == ["status=active"]
    with pytest.raises(NotFound):
        forget_view(caller_for(other), view=view)
    client.post(f"/views/{view.pk}/forget/")
    assert not SavedView.objects.exists()


def test_a_view_of_no_list_or_without_end_is_refused(world: World, client: Client, user: User) -> None:
    answer = client.post("/views/save/", {"name": "x", "list_key": "nothing", "query": ""})
    assert answer.status_code == 404
    with pytest.raises(Refused, match="too many filters"):
        save_view(caller_for(user), list_key="customers", name="x", query="q=" + "x" * 600)
    for n in range(20):
        save_view(caller_for(user), list_key="customers", name=f"View {n}", query="q=1")
    with pytest.raises(Refused, match="at most 20"):
        save_view(caller_for(user), list_key="customers", name="One more", query="q=1")
    assert SavedView.objects.count() == 20


def test_what_narrows_a_list_is_shown_and_can_be_taken_away(world: World, client: Client) -> None:
    world.customer("Zara")
    page = client.get("/customers/?status=active&q=zara&sort=name").content.decode()
    assert 'href="/customers/?q=zara&amp;sort=name"><span class="muted">Status</span>Active' in page
    assert 'href="/customers/?status=active&amp;sort=name"><span class="muted">Text</span>“zara”' in page


def test_who_asked_for_approval_is_told_what_became_of_it(world: World, user: User) -> None:
    zara = world.customer(owing={"2026-01-31": "5000.00"})
    asked = {"customer": zara, "amount_minor": 400_000, "reason": "Offline"}
    approval = ask_approval(caller_for(user), operation="receivables.issue_credit", arguments=asked, reason="Promised")
    refuse_approval(world.caller(), approval=approval, note="Too much")
    event = Event.objects.get(kind="approval.refused")
    for _ in range(2):
        tell_decided(Caller.system("reaction"), events=[event.pk])
    notice = Notice.objects.get()
    assert (notice.user, notice.tone, notice.url) == (user, "bad", f"/approvals/{approval.pk}/")
    assert notice.text.startswith("Refused by Administrator: Issue credit")


def test_notices_are_told_once_and_read_once(world: World, user: User) -> None:
    job = export_in_background(caller_for(user), path="/customers/", query="", form="csv", title="Customers", rows=0)
    jobs.run(job.pk)
    event = Event.objects.get(kind="job.finished")
    for _ in range(2):
        tell_job_ended(Caller.system("reaction"), events=[event.pk])
    assert Notice.objects.count() == 1
    assert read_notices(caller_for(user)) == 1
    assert read_notices(caller_for(user)) == 0
