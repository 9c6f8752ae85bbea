"""What a letter says to whom: in their language, in the words of their brand; and the batch that is printed."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.test import Client
from pypdf import PdfReader

from counterfoil.credit.models import Letter, LetterText
from counterfoil.credit.operations import save_letter_text
from counterfoil.credit.queries import letters_speaking
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_site
from counterfoil.dunning.models import DunningRun
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.models import Message
from counterfoil.operator.operations import add_brand
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World

Runs = Callable[..., DunningRun]
SAYS = {"subject": "Please: {amount_due}", "text": "Dear {customer_name}: {items}"}


def late(world: World, name: str, **details: object) -> Customer:
    return world.customer(name, {"2026-03-11": "100.00"}, **details)


def standard() -> Letter:
    return Letter.objects.get(name="STANDARD1")


def test_the_closest_words_are_sent(world: World) -> None:
    valley = add_brand(world.caller(), name="Valley Net")
    save_letter_text(world.caller(), letter=standard(), brand=valley, **SAYS)
    save_letter_text(world.caller(), letter=standard(), language="de", subject="Bitte", text="Hallo {customer_name}")
    save_letter_text(world.caller(), letter=standard(), brand=valley, language="de", subject="Tal", text="Hoi")
    says = letters_speaking([standard().pk])
    whom = {
        "plain": late(world, "Ann"), "brand": late(world, "Ben", brand_id=valley.pk),
        "german": late(world, "Cem", language="de"), "both": late(world, "Dirk", brand_id=valley.pk, language="de"),
    }  # fmt: skip
    said = {key: says(standard().pk, row)[0] for key, row in whom.items()}
    assert said == {
        "plain": "Reminder: {amount_due} is overdue", "brand": "Please: {amount_due}", "german": "Bitte", "both": "Tal",
    }  # fmt: skip
    # Switched off, they are sent what the others are: the delivered words, in their language.
    save_letter_text(
        world.caller(), letter=standard(), language="de", subject="Bitte", text="Hallo {customer_name}", active=False
    )
    assert LetterText.objects.count() == 3
    assert letters_speaking([standard().pk])(standard().pk, whom["german"])[0] == (
        "Erinnerung: {amount_due} sind überfällig"
    )


def test_a_run_sends_each_their_words_and_what_was_sent_stays(world: World, run: Runs) -> None:
    german = late(world, "Cem", language="de", emails=("cem@x.example",))
    run()
    first = Message.objects.get(customer=german)
    assert first.subject == "Erinnerung: 100,00 R sind überfällig"
    assert "INV-000001, fällig am 11.03.2026, 20 Tage überfällig: 100,00\xa0R" in first.body_text
    save_letter_text(world.caller(), letter=standard(), language="de", subject="Neu", text="Neu {items}")
    assert Message.objects.get(pk=first.pk).subject == first.subject


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({}, "of_nobody", "language"),
        ({"language": "xx"}, "unknown_choice", "language"),
        ({"language": "de", "text": "{custmer_name}"}, "unknown_field", "text"),
        ({"language": "de", "subject": "a\nb"}, "newline", "subject"),
    ],
)
def test_words_that_cannot_be_sent_are_refused(world: World, given: dict[str, str], code: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        save_letter_text(world.caller(), letter=standard(), **{**SAYS, **given})
    assert refused.value.field == field
    assert refused.value.code == code or field == "subject"
    assert not LetterText.objects.exists()


def test_letters_without_an_address_are_printed_at_once(
    world: World, run: Runs, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Ann", "Ben", "Cas"):
        add_site(world.caller(), customer=late(world, name), label="Home", street="1 Long Street", purposes=["billing"])
    late(world, "Mail", emails=("m@x.example",))
    made = run()
    user = add_user(world.caller(), email="c@x.example", name="Cas", role="collector", password="a-good-long-one")
    client.force_login(user)
    page = client.get(f"/dunning/{made.pk}/").content.decode()
    assert "Print 3 letters" in page
    pdf = PdfReader(io.BytesIO(client.get(f"/dunning/{made.pk}/letters/?part=1").getvalue()))
    assert [name for name in ("Ann", "Ben", "Cas") for leaf in pdf.pages if name in leaf.extract_text()] == [
        "Ann", "Ben", "Cas",
    ]  # fmt: skip
    monkeypatch.setattr("counterfoil.dunning.queries.PRINTED_AT_ONCE", 2)
    assert "Print 3 to 3" in client.get(f"/dunning/{made.pk}/").content.decode()
    pdf = PdfReader(io.BytesIO(client.get(f"/dunning/{made.pk}/letters/?part=2").getvalue()))
    assert len(pdf.pages) == 1
    for wrong in ("3", "0", "x", "9999999"):
        assert client.get(f"/dunning/{made.pk}/letters/?part={wrong}").status_code == 404


def test_the_page_adds_words_beside_a_letter(world: World, client: Client) -> None:
    user = add_user(world.caller(), email="a@x.example", name="Ada", role="administrator", password="a-good-long-one")
    client.force_login(user)
    shown = client.get("/settings/letters/").content.decode()
    assert f"/settings/letters/{standard().pk}/words/" in shown
    client.post(f"/settings/letters/{standard().pk}/words/", {"language": "de", "active": "on", **SAYS})
    row = LetterText.objects.get()
    assert "STANDARD1, German" in client.get("/settings/letters/").content.decode()
    client.post(f"/settings/letter-texts/{row.pk}/edit/", {**SAYS, "subject": "Other"})
    row.refresh_from_db()
    assert (row.subject, row.active, row.language) == ("Other", False, "de")
