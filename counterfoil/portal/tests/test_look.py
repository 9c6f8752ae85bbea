"""The logo and the colour of the portal: the same for everybody, signed in or not."""

from __future__ import annotations

from django.test import Client

from counterfoil.customers.models import Customer
from counterfoil.customers.operations import change_customer
from counterfoil.documents.models import StoredFile
from counterfoil.documents.operations import store_file
from counterfoil.messaging.interfaces import FakeChannel
from counterfoil.operator.operations import (
    add_bank_account,
    add_brand,
    change_brand,
    change_operator,
    set_brand_logo,
    set_logo,
)
from counterfoil.portal.tests.conftest import text_of
from counterfoil.testing.post import deliver
from counterfoil.testing.world import World

DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 3"><path d="M0 0h9v3z"/></svg>'


def test_pages_bear_the_logo_and_the_colour(world: World, portal: Client) -> None:
    strangers = Client()
    for client, path in ((strangers, "/portal/sign-in/"), (portal, "/portal/")):
        page = client.get(path).content.decode()
        assert "/portal/logo/" not in page
        assert "/portal/colour/" not in page
    set_logo(world.caller(), content=DRAWING)
    change_operator(world.caller(), name="Valley Net", colour="#0b5fff")
    address = f"/portal/logo/{StoredFile.objects.get(mime='image/svg+xml').sha256}/"
    for client, path in ((strangers, "/portal/sign-in/"), (portal, "/portal/")):
        page = client.get(path).content.decode()
        assert f'<img src="{address}" alt="Valley Net" height="28">' in page
        assert 'href="/portal/colour/0b5fff/"' in page
    answer = strangers.get(address)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, DRAWING, "image/svg+xml")
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    # Nothing of it runs, not even when it is opened by itself.
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer["Content-Security-Policy"].endswith("sandbox")
    style = strangers.get("/portal/colour/0b5fff/")
    assert (style["Content-Type"], b"--ink: #0b5fff" in style.content) == ("text/css", True)


def test_no_other_file_is_shown_to_strangers_and_no_other_style(world: World) -> None:
    file = store_file(world.system(), content=b"private", mime="image/svg+xml")
    for path in (f"/portal/logo/{file.sha256}/", "/portal/logo/0/", "/portal/colour/0b5fff;x/", "/portal/colour/red/"):
        answer = Client().get(path)
        assert (answer.status_code, b"private" in answer.content) == (404, False), path
    assert Client().post("/portal/colour/0b5fff/").status_code == 405


def test_who_is_signed_in_sees_the_brand_and_strangers_the_company(
    world: World, zara: Customer, portal: Client
) -> None:
    by = world.caller()
    change_operator(by, name="Highveld", email="accounts@highveld.example")
    valley = add_brand(by, name="Valley Net")
    set_brand_logo(by, brand=valley, content=DRAWING)
    own = add_bank_account(by, details={"bank": "Nedbank", "iban": "DE89370400440532013000"})
    details = {"email": "hello@valley.example", "colour": "#a4123f", "account": own}
    change_brand(by, brand=valley, details=details)
    change_customer(by, customer=zara, version=zara.version, changes={"brand": valley})
    mine, door = (client.get(path).content.decode() for client, path in (
        (portal, "/portal/"), (Client(), "/portal/sign-in/")))  # fmt: skip
    assert 'alt="Valley Net"' in mine
    assert 'href="/portal/colour/a4123f/"' in mine
    assert "mailto:hello@valley.example" in mine
    assert "highveld" not in mine.lower()
    assert "Bank Nedbank IBAN DE89 3704 0044 0532 0130 00 Reference" in text_of(portal.get("/portal/"))
    assert "Valley" not in door
    assert "mailto:accounts@highveld.example" in door
    # The link to sign in comes from the brand too.
    Client().post("/portal/sign-in/link/", {"email": "zara@mail.example"})
    deliver()
    (mail,) = FakeChannel.sent
    assert (mail.sender, mail.reply_to, mail.subject) == (
        "Valley Net <hello@valley.example>", "hello@valley.example", "Sign in to Valley Net",
    )  # fmt: skip
