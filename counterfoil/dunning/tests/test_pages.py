"""Dunning on screen: the preliminary list, a run, letters on paper, and the customer's tab."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from counterfoil.credit import queries as credit
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_contact, add_site
from counterfoil.dunning.jobs import work
from counterfoil.dunning.models import Correspondence, DunningRun
from counterfoil.dunning.operations import start_dunning_run
from counterfoil.platform.jobs import run as run_job
from counterfoil.platform.models import Job
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts


@pytest.fixture
def collector(world: World, client: Client) -> Client:
    world.today = timezone.localdate()
    add_user(world.caller(), email="c@x.example", name="Cas", role="collector", password="a-good-long-one")
    client.force_login(User.objects.get(email="c@x.example"))
    return client


def late(world: World, name: str, days: int = 10, *, email: bool = True) -> Customer:
    made = world.customer(name, {(world.today - dt.timedelta(days=days)).isoformat(): "100.00"})
    if email:
        add_contact(world.caller(), customer=made, name=name, roles=["primary"], emails=[f"{name.lower()}@x.example"])
    return made


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return " ".join(answer.content.decode().split())


def test_the_preliminary_list_says_who_and_why_and_leads_to_sending(world: World, collector: Client) -> None:
    late(world, "Ann")
    late(world, "Ben", days=-3)
    before = counts()
    shown = page(collector, "/dunning/preliminary/")
    assert '1 letter, <span class="num">0</span> on hold. Nothing is sent yet.' in shown
    assert "STANDARD1" in shown
    # Who is not late is in the list of everybody who owes.
    assert "Ann" in shown
    assert "Ben" not in shown
    assert "Ben" not in collector.get("/dunning/preliminary/?format=csv").content.decode()
    shown = page(collector, "/dunning/preliminary/?view=all")
    assert "Not overdue" in shown
    assert "Ben" in shown
    assert "Ann" not in page(collector, "/dunning/preliminary/?view=all&what=left")
    assert "Ben" not in page(collector, "/dunning/preliminary/?view=all&what=letter")
    csv = collector.get("/dunning/preliminary/?view=all&format=csv").content.decode()
    assert "Not overdue" in csv
    shown = page(collector, "/dunning/preliminary/")
    day = world.today.isoformat()
    assert f"/dunning/new/?as_of={day}" in shown
    assert f'value="{day}"' in page(collector, f"/dunning/new/?as_of={day}")
    assert counts() == before
    # Narrowed, the dialog has the same.
    standard = credit.letter_sets()[0].pk
    shown = page(collector, f"/dunning/preliminary/?letter_set={standard}&first_number=A")
    assert f"/dunning/new/?as_of={day}&amp;letter_set={standard}&amp;first_number=A" in shown


def test_the_button_says_how_many_letters_are_sent(world: World, collector: Client) -> None:
    ann = late(world, "Ann")
    late(world, "Cas", days=40)
    late(world, "Ben", days=-3)
    late(world, "Nowhere", email=False)
    day = world.today
    before = counts()
    assert button(page(collector, "/dunning/new/")) == "Send 2 letters"
    assert button(page(collector, f"/dunning/new/?as_of={day - dt.timedelta(days=20)}")) == "Send 1 letter"
    assert button(page(collector, f"/dunning/new/?first_number={ann.number}&last_number={ann.number}")) == (
        "Send 1 letter"
    )
    standard = credit.letter_sets()[0].pk
    assert button(page(collector, f"/dunning/new/?letter_set={standard}")) == "Send 2 letters"
    me = User.objects.get(email="c@x.example").pk
    assert button(page(collector, f"/dunning/new/?collector={me}")) == "Send 0 letters"
    # As the fields change, it changes too.
    typed = {"as_of": day.isoformat(), "letter_set": standard, "collector": "", "first_number": ann.number,
             "last_number": ann.number}  # fmt: skip
    answer = collector.post("/dunning/new/?preview=1", typed, headers={"HX-Request": "true"})
    assert button(" ".join(answer.content.decode().split())) == "Send 1 letter"
    answer = collector.post("/dunning/new/?preview=1", {**typed, "as_of": ""}, headers={"HX-Request": "true"})
    assert button(" ".join(answer.content.decode().split())) == "Send letters"
    assert counts() == before


def button(shown: str) -> str:
    found = re.search(r'id="door-submit"[^>]*> (.*?) <', shown)
    assert found
    return found[1]


def test_a_run_is_started_done_by_a_job_and_shown(world: World, collector: Client) -> None:
    ann = late(world, "Ann")
    late(world, "Nowhere", email=False)
    late(world, "Later", days=-3)
    sent = collector.post("/dunning/new/", {"as_of": world.today.isoformat(), "letter_set": "", "collector": ""})
    run = DunningRun.objects.get()
    assert (sent.status_code, sent.url) == (302, f"/dunning/{run.pk}/")  # type: ignore[attr-defined]
    assert "Sending" in page(collector, f"/dunning/{run.pk}/")
    run_job(Job.objects.get().pk)
    shown = page(collector, f"/dunning/{run.pk}/")
    assert "Done" in shown
    assert "No e-mail address and no address to post it to" in shown
    assert '<dt>Not overdue</dt><dd class="num">1</dd>' in shown
    assert "R100.00" in shown
    assert "STANDARD1" in page(collector, f"/customers/{ann.number}/collections/")
    assert "now: letter sent today" in page(collector, f"/customers/{ann.number}/collections/")
    letter = Correspondence.objects.get()
    shown = page(collector, f"/correspondence/{letter.pk}/")
    assert "INV-" in shown
    assert collector.get(f"/correspondence/{letter.pk}/pdf/").status_code == 404
    assert collector.post(f"/dunning/{run.pk}/retry/").status_code == 302
    run_job(Job.objects.latest("pk").pk)
    assert DunningRun.objects.get().state == "done"
    assert "Everybody" in page(collector, "/dunning/")


def test_a_run_whose_job_was_cancelled_goes_on(world: World, collector: Client) -> None:
    late(world, "Ann")
    collector.post("/dunning/new/", {"as_of": world.today.isoformat(), "letter_set": "", "collector": ""})
    run = DunningRun.objects.get()
    assert "Go on" not in page(collector, f"/dunning/{run.pk}/")
    assert collector.post(f"/jobs/{Job.objects.get().pk}/cancel/").status_code == 302
    assert "Go on" in page(collector, f"/dunning/{run.pk}/")
    assert collector.post(f"/dunning/{run.pk}/retry/").status_code == 302
    run_job(Job.objects.latest("pk").pk)
    run.refresh_from_db()
    assert (run.state, Correspondence.objects.count()) == ("done", 1)


def test_a_letter_on_paper_is_a_pdf_of_what_it_said(world: World, collector: Client) -> None:
    ann = late(world, "Ann", email=False)
    add_site(world.caller(), customer=ann, label="Home", street="1 Main Road", city="Rosebank")
    list(work(world.system(), start_dunning_run(world.caller(), as_of=world.today)))
    letter = Correspondence.objects.get()
    answer = collector.get(f"/correspondence/{letter.pk}/pdf/")
    assert answer.status_code == 200
    text = " ".join(PdfReader(io.BytesIO(answer.content)).pages[0].extract_text().split())
    assert "Reminder: R100.00 is overdue" in text
    assert "1 Main Road" in text
    assert "10 days late: R100.00" in text
    run = DunningRun.objects.get()
    assert f"/correspondence/{letter.pk}/pdf/" in page(collector, f"/dunning/{run.pk}/")


def test_who_only_looks_sends_nothing(world: World, collector: Client, client: Client) -> None:
    late(world, "Ann")
    add_user(world.caller(), email="r@x.example", name="Ria", role="reader", password="a-good-long-one")
    client.force_login(User.objects.get(email="r@x.example"))
    assert "/dunning/new/" not in page(client, "/dunning/preliminary/")
    assert client.post("/dunning/new/", {"as_of": world.today.isoformat()}).status_code == 403
    assert not DunningRun.objects.exists()
