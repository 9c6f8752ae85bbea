"""Agreements on the account page: made, renewed and terminated by forms, and what a refused form says."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from counterfoil.desk.tests.test_doors import desk, do, send
from counterfoil.kernel.periods import add_months, date_text, days_before
from counterfoil.sales.models import Agreement
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts

__all__ = ["desk"]
TODAY = timezone.localdate()


def test_an_agreement_is_made_renewed_and_terminated(desk: Client, world: World) -> None:
    zara = world.customer("Zara Naidoo")
    account = reverse("customer-tab", args=[zara.number, "account"])
    assert "New agreement" in desk.get(account).content.decode()
    last = days_before(add_months(TODAY, 12), 1)
    said = send(
        desk, do(zara, "new-agreement"), title="Rent of a mast", coverage="The roof and a key to it",
        starts=TODAY.isoformat(), last_day=last.isoformat(), renewal_months="12", site="",
    )  # fmt: skip
    row = Agreement.objects.get()
    assert f"{row.number} holds to {date_text(last)}." in said
    assert (row.ends, row.renewal_months) == (add_months(TODAY, 12), 12)
    page = desk.get(account).content.decode()
    for words in (
        "Rent of a mast",
        "The roof and a key to it",
        "12 months",
        "Active",
        "Renew",
        reverse("terminate-agreement", args=[row.pk]),
    ):
        assert words in page
    later = days_before(add_months(TODAY, 24), 1)
    form = desk.get(reverse("renew-agreement", args=[row.pk])).content.decode()
    assert f'value="{later.isoformat()}"' in form
    before = counts()
    answer = desk.post(reverse("renew-agreement", args=[row.pk]), {"last_day": TODAY.isoformat(), "key": "x"})
    assert (answer.status_code, counts()) == (422, before)
    assert "Choose a later day." in answer.content.decode()
    send(desk, reverse("renew-agreement", args=[row.pk]), last_day=later.isoformat(), renewal_months="")
    row.refresh_from_db()
    assert (row.ends, row.renewal_months) == (add_months(TODAY, 24), None)
    said = send(desk, reverse("terminate-agreement", args=[row.pk]), on=TODAY.isoformat(), reason="Mast taken down")
    assert f"{row.number} is terminated." in said
    page = desk.get(account).content.decode()
    assert "Terminated" in page
    assert "Mast taken down" in page
    assert reverse("renew-agreement", args=[row.pk]) not in page


def test_who_may_not_see_agreements_sees_none(desk: Client, world: World) -> None:
    zara = world.customer("Zara Naidoo")
    row = world.agreement(zara, title="Secret rent", ends=add_months(TODAY, 12))
    add_user(world.caller(), email="d@x.example", name="D", role="dispatcher", password="s3cret-enough")
    client = Client()
    client.force_login(User.objects.get(email="d@x.example"))
    assert "Secret rent" not in client.get(reverse("customer-tab", args=[zara.number, "account"])).content.decode()
    assert client.get(reverse("renew-agreement", args=[row.pk])).status_code in (403, 404)


def test_a_dialog_leads_back_to_its_section_also_on_the_page_it_is_on(desk: Client, world: World) -> None:
    zara = world.customer("Zara Naidoo")
    account = reverse("customer-tab", args=[zara.number, "account"])
    fields = {
        "title": "Rent",
        "starts": TODAY.isoformat(),
        "last_day": TODAY.isoformat(),
        "renewal_months": "",
        "site": "",
    }
    for key, here, answer in (
        # A browser that is told to go to another place of the page it shows only scrolls there.
        ("one", f"http://testserver{account}", ("HX-Refresh", "true")),
        ("two", f"http://testserver{account}#contacts", ("HX-Refresh", "true")),
        ("three", "http://testserver/customers/", ("HX-Redirect", f"{account}#agreements")),
    ):
        headers = {"HX-Request": "true", "HX-Current-URL": here}
        said = desk.post(do(zara, "new-agreement"), {**fields, "key": key}, headers=headers)
        assert said.headers.get(answer[0]) == answer[1]
    assert Agreement.objects.count() == 3
