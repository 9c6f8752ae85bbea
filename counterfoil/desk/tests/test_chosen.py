"""What is done to many rows that are ticked: printed into one file, and their credit allocated."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdfium2 import PdfDocument

from counterfoil.billing.invoice_files import invoice_pdf
from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import credit_invoice
from counterfoil.customers.models import Customer
from counterfoil.desk.operations import print_documents
from counterfoil.kernel.errors import Refused
from counterfoil.platform import jobs
from counterfoil.platform.callers import Caller
from counterfoil.platform.checks import check_books
from counterfoil.platform.models import Job, JobFile
from counterfoil.receivables.models import Allocation
from counterfoil.receivables.operations import allocate_credits, set_credit_policy
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.staff.queries import caller_for
from counterfoil.testing.world import World, counts


@pytest.fixture
def user(world: World) -> User:
    world.today = timezone.localdate()
    return add_user(world.caller(), email="lerato@highveld.example", name="Lerato", role="administrator")


@pytest.fixture
def desk(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def pages() -> list[str]:
    """Run the job, and what each page of its file says."""
    job = Job.objects.latest("pk")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == "done", job.said
    content = bytes(JobFile.objects.get(job=job).content)
    return [page.get_textpage().get_text_range() for page in PdfDocument(content)]


def test_chosen_documents_are_one_pdf_in_order(world: World, desk: Client) -> None:
    zara, ben = (world.customer(name, owing={"2026-02-04": "10.00", "2026-03-04": "20.00"}) for name in ("Zara", "Ben"))
    first, *_, last = Invoice.objects.order_by("pk")
    note = credit_invoice(world.clerk, invoice=first, reason="Twice")
    draft = world.draft(zara, "5.00")
    form = desk.get(reverse("print-invoices"), {"id": [last.pk, draft.pk, first.pk]}).content.decode()
    # Nothing is sent or changed, so it is not counted out loud.
    assert "Print 2 invoices" in form
    assert "to print 2 invoices" not in form
    assert "Drafts are left out." in form
    assert "1 of those ticked left out" in form
    alone = desk.get(reverse("print-invoices"), {"id": [draft.pk]}).content.decode()
    assert "Nothing of what is ticked is left." in alone
    desk.post(reverse("print-invoices"), {"ids": f"{last.pk} {draft.pk} {first.pk}", "key": "1"})
    job = Job.objects.get()
    assert (job.title, job.total) == ("Print 2 invoices", 2)
    found = pages()
    assert [number for page in found for number in (first.number, last.number) if number in page] == [
        first.number, last.number,
    ]  # fmt: skip
    assert len(found) == 2
    # Each page is as it is by itself.
    assert found[0] == PdfDocument(invoice_pdf(first))[0].get_textpage().get_text_range()
    desk.post(reverse("print-credit-notes"), {"ids": str(note.pk), "key": "2"})
    assert [note.number in page for page in pages()] == [True]
    desk.post(reverse("print-statements"), {"ids": f"{zara.number} {ben.number}", "key": "3"})
    said = pages()
    assert [row.number in page for row, page in zip((zara, ben), said, strict=True)] == [True, True]
    assert check_books() == []


def test_who_may_not_see_it_prints_nothing(world: World, user: User) -> None:
    world.customer("Zara", owing={"2026-02-04": "10.00"})
    invoice, caller = Invoice.objects.get(), caller_for(user)
    narrow = Caller(name="Narrow", grants=frozenset({"desk.print_documents"}), at=caller.at, user_id=user.pk)
    job = print_documents(narrow, invoices=[invoice])
    with pytest.raises(Refused):
        list(jobs.KINDS["print"](narrow, job))
    before = counts()
    for chosen, code in (([], "nothing_selected"), ([invoice] * 501, "too_many")):
        with pytest.raises(Refused) as refused:
            print_documents(caller, invoices=chosen)
        assert (refused.value.code, counts()) == (code, before)


@pytest.fixture
def ahead(world: World) -> list[Customer]:
    """Two who paid without saying what for, and one who did not pay."""
    set_credit_policy(world.caller(), settles_bills=False)
    found = []
    for name, paid in (("Zara", "15.00"), ("Ben", "100.00"), ("Ann", "")):
        row = world.customer(name, owing={"2026-03-04": "20.00", "2026-02-04": "10.00"})
        if paid:
            world.pays(row, paid, allocate=[])
        found.append(row)
    return found


def test_credit_of_many_settles_what_is_oldest(desk: Client, world: World, ahead: list[Customer]) -> None:
    zara, ben, ann = ahead
    url, keys = reverse("allocate-credits"), " ".join(row.number for row in ahead)
    assert "Allocate credit of 3 accounts" in desk.get(url, {"id": [row.number for row in ahead]}).content.decode()
    before = counts()
    answer = desk.post(url, {"ids": keys, "count": "2", "key": "1"})
    assert (answer.status_code, counts()) == (422, before)
    page = desk.post(url, {"ids": keys, "count": "3", "key": "2"}, follow=True).content.decode()
    assert "R45.00 allocated, of 2 accounts." in page
    assert sorted(world.open(zara).values()) == ["15.00"]
    assert sorted(world.open(ben).values()) == ["-70.00"]
    assert sorted(world.open(ann).values()) == ["10.00", "20.00"]
    # Again there is nothing left to do, and nothing is done.
    before = counts()
    answer = desk.post(url, {"ids": keys, "count": "3", "key": "3"})
    assert (answer.status_code, counts()) == (422, before)
    assert "None of them has credit to allocate" in answer.content.decode()
    assert check_books() == []


def test_one_at_a_time_comes_to_the_same(world: World, ahead: list[Customer]) -> None:
    allocate_credits(world.caller(), customers=[*ahead, *ahead])
    rows = Allocation.objects.order_by("debit__customer", "pk").values_list("debit__due_on", "amount_minor")
    assert [minor for _, minor in rows] == [1000, 500, 1000, 2000]
    for chosen, code in (([], "nobody_selected"), (ahead * 400, "too_many")):
        with pytest.raises(Refused) as refused:
            allocate_credits(world.caller(), customers=chosen)
        assert refused.value.code == code
