"""The catalogue in the browser: prices are raised with whom it touches drawn before, at a desk and on a telephone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_flows import Hands, dialog_open
from tests.browser.test_pages import clean, fits


@pytest.mark.parametrize(
    ("width", "theme", "family", "product", "now", "then"),
    [
        (1440, "light", "Fibre", "Fibre 25/10", "499.00", "541.00"),
        (390, "dark", "Business", "Business Wireless 50", "1,149.00", "1,247.00"),
    ],
)
def test_prices_are_raised_with_whom_it_touches(
    opens: Callable[..., Page], width: int, theme: str, family: str, product: str, now: str, then: str
) -> None:
    page = opens("/catalogue/", width=width, theme=theme)
    hands = Hands(page)
    hands.click("Raise prices", role="link")
    dialog_open(page, "Raise prices")
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Family").select_option(family)
    dialog.get_by_label("Charged").select_option("month")
    dialog.get_by_label("Rounded to").select_option("1")
    hands.type("Raise by", "8.5")
    row = dialog.locator("tbody tr", has_text=product)
    expect(row).to_contain_text(now)
    expect(row).to_contain_text(then)
    expect(dialog.locator(".facts")).not_to_contain_text("R0.00")
    # For new services only nobody who is there pays more.
    dialog.get_by_label("New services only").check()
    expect(dialog.locator(".facts")).to_contain_text("R0.00")
    expect(dialog.locator("button.pri")).to_contain_text("Raise 3 prices")
    page.wait_for_load_state("networkidle")
    clean(page, f"raise prices at {width} {theme}")
    fits(page, f"raise prices at {width} {theme}")
    hands.click("Raise 3 prices")
    expect(page.locator("#toasts")).to_contain_text("3 prices are raised from")
    expect(page.locator("#t-products tr", has_text=product)).to_contain_text(f"R{then} from")
    page.get_by_role("link", name=product).click()
    expect(page.locator("#prices tr", has_text=f"R{then}")).to_contain_text("New services only")
    clean(page, f"a product at {width} {theme}")
    fits(page, f"a product at {width} {theme}")


def test_whom_it_touches_is_a_list_of_its_own(opens: Callable[..., Page]) -> None:
    page = opens("/catalogue/raise/?value=10&step=1&valid_from=2099-01-01")
    page.get_by_role("link", name="affected customers").click()
    expect(page.locator("h1")).to_have_text("Affected services")
    expect(page.locator("#t-touched tbody tr").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename.startswith("affected-services")


def test_prices_are_raised_without_javascript(opens: Callable[..., Page]) -> None:
    page = opens("/catalogue/raise/", javascript=False)
    page.get_by_label("Kind").select_option("voice")
    page.get_by_label("Raise by").fill("5")
    page.get_by_label("New services only").check()
    page.get_by_role("button", name="Update preview").click()
    expect(page.locator("#main")).to_contain_text("93.45")
    page.locator("#door-submit").click()
    expect(page.locator("#main, #toasts").first).to_be_visible()
    page.goto("/catalogue/?kind=voice")
    expect(page.locator("#main")).to_contain_text("R93.45 from")
