"""The portal in a browser: accessible at every width, small, without JavaScript, and with a passkey of a real kind."""

from __future__ import annotations

import email
import gzip
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_pages import clean, fits

PAGES = (
    "/portal/",
    "/portal/invoices/",
    "/portal/payments/",
    "/portal/statements/",
    "/portal/usage/",
    "/portal/statements/?from=2999-01-01",
    "/portal/pay/",
    "/portal/card/",
    "/portal/details/",
    "/portal/security/",
)
DOORS = ("/portal/sign-in/", "/portal/link/invented/")
Opens = Callable[..., Page]


def everywhere(page: Page) -> list[str]:
    """Every page of the portal that this customer can reach."""
    page.goto("/portal/invoices/")
    invoice = page.locator("tbody th a").first.get_attribute("href")
    page.goto("/portal/details/")
    forms = page.get_by_role("link", name=re.compile("^Correct ")).evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )
    assert invoice
    assert len(forms) >= 3
    return [*PAGES, invoice, forms[0], forms[-1]]


@pytest.mark.parametrize("width", [1440, 390, 320])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_and_fits(opens: Opens, width: int, theme: str) -> None:
    page = opens("/portal/", role="customer", width=width, theme=theme)
    for path in everywhere(page):
        page.goto(path)
        expect(page.locator("h1").first).to_be_visible()
        clean(page, f"{path} at {width} {theme}")
        fits(page, f"{path} at {width} {theme}")
    page.goto("/portal/")
    page.locator("header summary").click()
    clean(page, f"open menu at {width} {theme}")
    expect(page.locator("nav.five a:visible")).to_have_count(5)


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark"), (320, "light"), (320, "dark")])
def test_the_doors_are_accessible_and_fit(opens: Opens, width: int, theme: str) -> None:
    page = opens("/portal/sign-in/", role="nobody", width=width, theme=theme)
    page.get_by_text("Use a password").click()
    clean(page, f"sign-in at {width} {theme}")
    page.get_by_label("E-mail address", exact=True).fill("x@y.example")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").first).to_contain_text("Incorrect e-mail address or password")
    clean(page, f"refused sign-in at {width} {theme}")
    fits(page, f"refused sign-in at {width} {theme}")
    page.get_by_label("Your e-mail address").fill("x@y.example")
    page.get_by_role("button", name="E-mail me a link").click()
    expect(page.locator("h1")).to_have_text("Check your e-mail")
    clean(page, f"link sent at {width} {theme}")


def test_a_dead_link_is_a_clear_page(opens: Opens) -> None:
    page = opens("/portal/sign-in/", role="nobody", width=390)
    answer = page.request.get("/portal/link/invented/")
    assert answer.status == 410
    assert "Ask for a new link" in answer.text()


def test_a_link_from_the_mailbox_signs_in_without_javascript(opens: Opens, mailbox: tuple[Path, int]) -> None:
    page = opens("/portal/sign-in/", role="nobody", javascript=False)
    expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    page.get_by_label("Your e-mail address").fill("it@mokoena.example")
    page.get_by_role("button", name="E-mail me a link").click()
    link = ""
    for _ in range(100):
        found = [path for path in (mailbox[0] / "new").glob("*") if "Sign in to Highveld" in path.read_text()]
        if found:
            body = email.message_from_string(found[0].read_text()).get_payload()[0].get_payload(decode=True).decode()  # type: ignore[union-attr, index]
            link = re.findall(r"http://localhost:\d+(/portal/link/\S+)", body)[0]
            break
        page.wait_for_timeout(200)
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("h1")).to_have_text("Good day, Pieter")
    for path in everywhere(page):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status in (200, 422), path
    page.goto("/portal/statements/")
    page.get_by_label("From").fill("2026-01-01")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".sheet")).to_contain_text("Statement of account")
    page.goto("/portal/details/")
    page.get_by_role("link", name="Correct Pieter van Wyk").click()
    page.get_by_label("Position").fill("Head of IT")
    page.get_by_role("button", name="Send correction").click()
    expect(page.locator("#main")).to_contain_text("review this")


def test_a_passkey_is_added_and_signs_in(chromium: Browser, address: str) -> None:
    # WebAuthn wants a name, not a number.
    base = address.replace("127.0.0.1", "localhost")
    context = chromium.new_context(base_url=base)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    device = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    page.goto("/portal/sign-in/")
    page.get_by_text("Use a password").click()
    page.get_by_label("E-mail address", exact=True).fill("naledi@mokoena.example")
    page.get_by_label("Password").fill("counterfoil-demo")
    page.get_by_role("button", name="Sign in").click()
    page.goto("/portal/security/")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("#main")).to_contain_text("Your passkey is added.")
    assert len(devtools.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]) == 1
    clean(page, "security with a passkey")
    page.locator("header summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/portal/")
    expect(page.locator("h1")).to_have_text("Good day, Naledi")
    # An answer that was captured and sent again is refused: what was asked is gone.
    page.goto("/portal/security/")
    replayed = page.evaluate(
        """async () => { const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
        const sent = await fetch('/portal/sign-in/passkey/answer/', {method: 'POST', headers: {'X-CSRFToken': token,
          'Content-Type': 'application/json'}, body: JSON.stringify({id: 'AAAA', rawId: 'AAAA', type: 'public-key'})});
        return [sent.status, (await sent.json()).sentence]; }"""
    )
    assert replayed[0] == 422
    assert "could not be checked" in replayed[1]
    page.get_by_role("button", name="Remove Passkey 1").click()
    expect(page.locator("#main")).to_contain_text("is removed")
    page.locator("header summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("[data-problem]").first).to_contain_text("could not be checked")
    context.close()


def test_staff_look_at_the_portal_from_the_customer_page(opens: Opens) -> None:
    page = opens("/customers/HV-000001/account/", role="agent")
    page.get_by_role("link", name="View as customer").first.click()
    page.locator("dialog[open]").get_by_role("button", name="View as customer").click()
    page.wait_for_url("**/portal/")
    expect(page.locator(".looking")).to_contain_text("you see what Mokoena Architects (Pty) Ltd sees")
    for width in (1440, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        clean(page, f"looking at {width}")
        fits(page, f"looking at {width}")
    page.get_by_role("button", name="Exit customer view").click()
    page.wait_for_url("**/customers/HV-000001/")


def test_somebody_with_two_accounts_switches(opens: Opens) -> None:
    page = opens("/portal/", role="customer", width=390)
    page.locator("header summary").click()
    other = page.locator("header .pop form button").nth(1)
    name = other.locator("span").first.inner_text()
    other.click()
    expect(page.locator("#main .whose")).to_contain_text(name)
    page.locator("header summary").click()
    page.locator("header .pop form button").first.click()
    expect(page.locator("#main .whose")).to_contain_text("Mokoena Architects")


def test_the_portal_is_small(opens: Opens) -> None:
    page = opens("/portal/", role="customer", width=390)
    total = 0
    for path in ("/portal/", "/portal/security/"):
        page.goto(path)
        sources = page.evaluate(
            "[...document.querySelectorAll('script[src], link[rel=stylesheet]')].map(e => e.src || e.href)"
        )
        sizes = {source: _size(source) for source in sources}
        scripts = sum(size for source, size in sizes.items() if ".js" in source)
        assert scripts <= 2 * 1024, sizes
        assert sum(sizes.values()) - scripts <= 12 * 1024, sizes
        total = max(total, sum(sizes.values()))
    font = _size(page.evaluate("document.querySelector('link[rel=preload]').href"), packed=False)
    for path in everywhere(page):
        page.goto(path)
        html = len(gzip.compress(page.content().encode()))
        assert html <= 16 * 1024, path
        # Everything a first visit loads but the pictures of the menu: the font alone is 47 KB of it.
        assert html + total + font <= 66 * 1024, path
    assert page.evaluate("document.querySelectorAll('*').length") <= 1800


def _size(url: str, *, packed: bool = True) -> int:
    with urllib.request.urlopen(url) as answer:
        content = answer.read()
    return len(gzip.compress(content)) if packed else len(content)
