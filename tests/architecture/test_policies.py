"""What the operator decides has a page: each row that is no customer's is found, and says where it is changed."""

from __future__ import annotations

from django.apps import apps
from django.urls import NoReverseMatch, reverse

from counterfoil.customers.models import Customer
from counterfoil.desk.navigation import MENU
from counterfoil.desk.views.settings import GROUPS
from counterfoil.platform import scopes

# Each with the page that lists or changes it.
PAGES = {
    "bank.BankLine": "bank",
    "bank.BankStatement": "bank",
    "bank.KeptColumns": "bank",
    "billing.BillRun": "bill-runs",
    "billing.TaxPolicy": "tax",
    "billing.TaxRate": "tax",
    "cards.CardGateway": "card-settings",
    "cards.CardPolicy": "card-settings",
    "catalogue.Coupon": "coupons",
    "catalogue.Product": "catalogue",
    "collections.CollectionsPolicy": "collections-policy",
    "credit.ChargeLimit": "profile-classes",
    "credit.ClassAmounts": "profile-classes",
    "credit.Letter": "letters",
    "credit.LetterSet": "letters",
    "credit.LetterText": "letters",
    "credit.ProfileClass": "profile-classes",
    "customers.CustomField": "custom-fields",
    "debits.DebitPolicy": "debit-settings",
    "debits.DebitRun": "debit-orders",
    "debits.DebitScheme": "debit-settings",
    "dunning.DunningRun": "dunning",
    "imports.SavedMapping": "imports",
    "jobs.JobPolicy": "job-settings",
    "jobs.JobType": "job-settings",
    "jobs.Technician": "job-settings",
    "jobs.WorkingHours": "job-settings",
    "ledger.Closing": "closing",
    "ledger.LedgerAccount": "ledger-accounts",
    "messaging.MailSettings": "e-mail",
    "messaging.MessageText": "wordings",
    "network.IncludedData": "network-settings",
    "network.Nas": "network-settings",
    "network.NetworkPolicy": "network-settings",
    "network.Speed": "network-settings",
    "network.VendorAttributes": "network-settings",
    "operator.Area": "belonging",
    "operator.BankAccount": "bank-accounts",
    "operator.Brand": "belonging",
    "operator.Logo": "logo",
    "operator.Lookup": "lookups",
    "operator.NumberSeries": "document-numbers",
    "operator.Operator": "company",
    "platform.Job": "jobs",
    "receivables.BucketSet": "ageing-buckets",
    "receivables.CreditPolicy": "credit-policy",
    "staff.Role": "roles",
    "staff.Token": "tokens",
    "staff.User": "people",
    "suspension.Holiday": "holidays",
    "suspension.NetworkChoice": "network",
    "suspension.SuspensionPolicy": "suspension-policy",
    "tickets.CannedAnswer": "ticket-settings",
    "tickets.Mailbox": "ticket-settings",
    "tickets.OfficeHours": "ticket-settings",
    "tickets.ServiceTarget": "ticket-settings",
    "tickets.TicketPolicy": "ticket-settings",
}
# Without one, each for its reason.
NONE = {
    "access.Login": "a person of a customer, on the customer's page",
    "collections.MonthFigures": "shown by the report Collection effectiveness, which recalculates it",
    "customers.Tag": "there by being given to a customer",
    "documents.StoredFile": "the bytes of what has a page",
    "imports.ImportRun": "what happened, told in the trail",
}


def _policies() -> set[str]:
    return {
        model._meta.label
        for model in apps.get_models()
        if model.__module__.startswith("counterfoil.") and "kept" in vars(model)
        and scopes.way_to(model, Customer, "customer_id") is None
    }  # fmt: skip


def test_every_policy_row_has_a_page_that_settings_or_the_menu_lead_to() -> None:
    led_to = {row.url_name for _, rows in GROUPS for row in rows} | {
        item.url_name for _, items in MENU for item in items
    }
    assert _policies() == {*PAGES, *NONE}
    for label, url_name in PAGES.items():
        assert url_name in led_to, f"{label} has the page {url_name}, which neither Settings nor the menu leads to."
        try:
            reverse(url_name)
        except NoReverseMatch as error:
            raise AssertionError(f"{label} has no page {url_name}.") from error
