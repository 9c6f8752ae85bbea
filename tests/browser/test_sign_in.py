"""Signing in with a passkey, and the form that asks for approval, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

PASSWORD = "counterfoil-demo"


def test_a_passkey_is_added_and_signs_in_alone(chromium: Browser, address: str) -> None:
    # Browsers hold passkeys for names, and for the machine itself as localhost.
    base = address.replace("127.0.0.1", "localhost")
    context = chromium.new_context(base_url=base)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
                     "isUserVerified": True, "automaticPresenceSimulation": True}},
    )  # fmt: skip
    page.goto("/sign-in/")
    page.get_by_label("E-mail address").fill("auditor@highveld.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "sign-in" not in url)
    page.goto("/me/sign-in/webauthn/add/")
    # Changing how one signs in asks for the password again.
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Sign in with it alone").check()
    page.get_by_role("button", name="Add passkey").click()
    page.wait_for_url(lambda url: "/add/" not in url)
    page.goto("/me/sign-in/")
    expect(page.get_by_text("1 passkey")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    page.wait_for_url("**/sign-in/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda url: "sign-in" not in url)
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    context.close()


def test_above_the_limit_the_form_asks_for_approval(opens: Callable[..., Page]) -> None:
    page = opens("/customers/HV-000001/credit/", role="billing")
    page.get_by_label("Amount").fill("1500.00")
    page.get_by_label("Reason").fill("Offline for two weeks")
    page.get_by_role("button", name="Issue").click()
    expect(page.get_by_role("heading", name=re.compile("Issue credit R1,500.00"))).to_be_visible()
    expect(page.get_by_text("You can't decide your own request")).to_be_visible()
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("Withdrawn").first).to_be_visible()
