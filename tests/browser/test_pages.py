"""Every page at three widths and both themes: accessible, within its width and its budget, quiet in the console."""

from __future__ import annotations

import gzip
import urllib.request
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

PAGES = (
    "/",
    "/customers/",
    "/customers/new/",
    "/settings/",
    "/settings/tax/",
    "/customers/HV-000001/",
    "/customers/HV-000001/billing/",
    "/customers/HV-000001/services/",
    "/customers/HV-000001/bill/",
    "/services/1/package/",
    "/services/1/remove/",
    "/services/1/coupon/",
    "/subscriptions/1/remove/",
    "/subscriptions/1/account/",
    "/invoices/1/recurring/",
    "/customers/HV-000001/messages/",
    "/customers/HV-000001/account/",
    "/customers/HV-000001/statement/",
    "/customers/HV-000001/payment/",
    "/customers/HV-000001/invoice/",
    "/invoices/1/",
    "/payments/1/",
    "/items/1/",
    "/reports/age-analysis/",
    "/reports/open-items/",
    "/import/",
    "/catalogue/",
    "/catalogue/1/",
    "/catalogue/raise/?value=8.5",
    "/catalogue/1/price/?value=1350",
    "/find?q=mokoena",
)
# What administrators have besides.
MORE = (
    "/collections/?whose=all",
    "/collections/promises/",
    "/collections/team/",
    "/customers/HV-000001/collections/",
    "/customers/HV-000001/plan/",
    "/dunning/",
    "/suspensions/",
    "/bill-runs/",
    "/bill-runs/new/",
    "/catalogue/add/",
    "/catalogue/coupons/",
    "/catalogue/coupons/add/",
    "/catalogue/1/change/",
    "/catalogue/1/withdraw/",
    "/catalogue/raise/whom/?how=percent&value=8.5&step=1&valid_from=2099-01-01&whom=all",
    "/customers/HV-000001/subscription/",
    "/customers/HV-000001/one-time-charge/",
    "/customers/HV-000001/agreement/",
    "/agreements/1/renew/",
    "/agreements/1/terminate/",
    "/customers/HV-000001/add-usage/",
    "/usage/1/take-back/",
    "/agreements/1/",
    "/services/1/",
    "/subscriptions/1/",
    "/contacts/1/",
    "/credit-notes/1/",
    "/allocations/1/",
    "/usage-records/1/",
    "/approvals/",
    "/approvals/1/",
    "/customers/?status=active&sort=-overdue",
    "/customers/duplicates/",
    "/customers/send-statements/?id=HV-000001&id=HV-000002",
    "/customers/HV-000001/attach/",
    "/customers/HV-000001/edit/",
    "/customers/HV-000001/merge/?other=HV-000002",
    "/customers/HV-000001/messages-go/invoice/",
    "/fields/",
    "/fields/new/",
    "/jobs/",
    "/me/sessions/",
    "/me/sign-in/",
    "/notices/",
    "/staff/",
    "/settings/company/",
    "/staff/roles/",
    "/staff/roles/add/",
    "/staff/roles/agent/",
    "/staff/roles/dispatcher/remove/",
    "/staff/who-may-do-what/",
)
DIALOGS = ("s", "p", "n", "?", "/")
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


def clean(page: Page, where: str) -> None:
    # Tall enough that no row at the edge of the window lies half under the dock: one scrolls, axe does not.
    size = page.viewport_size
    assert size
    page.set_viewport_size({"width": size["width"], "height": 9000})
    results = Axe().run(page, options=RULES)
    page.set_viewport_size(size)
    assert results.violations_count == 0, f"{where}: {results.generate_report()}"


def fits(page: Page, where: str) -> None:
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0, f"{where} is {over} px too wide."


# Contrast is the theme's and fit the width's, so not every width is drawn in both.
@pytest.mark.parametrize(
    ("width", "theme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark"), (320, "light")]
)
def test_pages_are_accessible_and_fit(opens: Callable[..., Page], width: int, theme: str) -> None:
    page = opens("/", width=width, theme=theme)
    for path in PAGES:
        page.goto(path)
        expect(page.locator("h1")).to_have_count(1)
        clean(page, f"{path} at {width} {theme}")
        fits(page, f"{path} at {width} {theme}")


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (390, "dark"), (320, "light")])
def test_the_pages_of_administrators_are_accessible_and_fit(opens: Callable[..., Page], width: int, theme: str) -> None:
    page = opens("/", role="admin", width=width, theme=theme)
    for path in MORE:
        page.goto(path)
        expect(page.locator("h1")).to_have_count(1)
        clean(page, f"{path} at {width} {theme}")
        fits(page, f"{path} at {width} {theme}")


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1440, "dark"), (390, "light"), (320, "dark")])
def test_open_dialogs_are_accessible(opens: Callable[..., Page], width: int, theme: str) -> None:
    page = opens("/customers/HV-000001/", width=width, theme=theme)
    for key in DIALOGS:
        page.goto("/customers/HV-000001/")
        page.keyboard.press(key)
        expect(page.locator("dialog[open]")).to_be_visible()
        page.wait_for_load_state("networkidle")
        clean(page, f"dialog {key} at {width} {theme}")


def test_everything_can_be_read_and_posted_without_javascript(opens: Callable[..., Page]) -> None:
    page = opens("/", javascript=False)
    for path in PAGES:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
    page.goto("/customers/HV-000004/note/")
    page.get_by_label("Note").fill("Written without JavaScript")
    page.locator("form button.pri").click()
    page.goto("/customers/HV-000004/messages/")
    expect(page.locator("#main")).to_contain_text("Written without JavaScript")


def test_lines_of_a_form_stand_below_each_other_on_a_telephone(opens: Callable[..., Page]) -> None:
    for path in ("invoice", "subscription"):
        page = opens(f"/customers/HV-000001/{path}/", width=390)
        page.locator("[data-add]").click()
        fields = page.evaluate(
            """[...document.querySelectorAll('.lines .in')].map(e => {
            const r = e.getBoundingClientRect(), l = e.labels[0].getBoundingClientRect();
            return [e.labels[0].textContent.replace(/\\s+/g, ' ').trim(), r.left, r.width,
            l.top, l.bottom, r.top, r.bottom] })"""
        )
        assert len({(left, width) for _, left, width, *_ in fields}) == 1, fields
        edges = [edge for _, _, _, *edges in fields for edge in edges]
        # Label, field, label, field: nothing lies on anything else. Each line says which it is.
        assert edges == sorted(edges), fields
        names, half = [field[0] for field in fields], len(fields) // 2
        assert names[half:] == [name.replace("1", "2") for name in names[:half]], names
        assert all("1" in name for name in names[:half])


def test_focus_is_never_hidden_by_the_sticky_rows(opens: Callable[..., Page]) -> None:
    page = opens("/customers/HV-000001/billing/")
    hidden = []
    for _ in range(90):
        page.keyboard.press("Tab")
        covered = page.evaluate(
            """() => { const e = document.activeElement, r = e.getBoundingClientRect();
            if (!r.width || e.closest('.stick, .nav, dialog')) return '';
            const top = document.elementFromPoint(r.left + r.width / 2, r.top + Math.min(r.height / 2, 10));
            return top && (e === top || e.contains(top) || top.contains(e)) ? '' : e.outerHTML.slice(0, 80) }"""
        )
        if covered:
            hidden.append(covered)
    assert not hidden, hidden


def test_sizes_are_within_budget(opens: Callable[..., Page], address: str) -> None:
    page = opens("/customers/HV-000001/")
    sources = page.evaluate(
        "[...document.querySelectorAll('script[src], link[rel=stylesheet]')].map(e => e.src || e.href)"
    )
    sizes = {}
    for source in sources:
        with urllib.request.urlopen(source) as answer:
            sizes[source.rsplit("/", 1)[1]] = len(gzip.compress(answer.read()))
    scripts = sum(size for name, size in sizes.items() if ".js" in name)
    styles = sum(size for name, size in sizes.items() if "app" in name and ".css" in name)
    assert scripts <= 22 * 1024, sizes
    assert styles <= 10 * 1024, sizes
    for path in ("/customers/HV-000001/", "/customers/HV-000001/billing/", "/customers/"):
        page.goto(path)
        assert len(gzip.compress(page.content().encode())) <= 16 * 1024, path
    nodes = page.evaluate("document.querySelectorAll('*').length")
    assert nodes <= 1800


def test_dark_is_remembered(opens: Callable[..., Page]) -> None:
    page = opens("/", role="admin")
    page.locator("[data-theme-form] button:visible").first.click()
    page.wait_for_function("document.documentElement.dataset.theme !== 'system'")
    chosen = page.evaluate("document.documentElement.dataset.theme")
    page.goto("/customers/")
    assert page.evaluate("document.documentElement.dataset.theme") == chosen
