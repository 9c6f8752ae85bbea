"""The logo and the colour of the portal: the same for everybody, signed in or not."""

from __future__ import annotations

from django.test import Client

from counterfoil.documents.models import StoredFile
from counterfoil.documents.operations import store_file
from counterfoil.operator.operations import change_operator, set_logo
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
