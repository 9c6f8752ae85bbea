"""Every verb with arguments that work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from counterfoil.bank.operations import record_line
from counterfoil.billing.models import BillRunItem, TaxRate
from counterfoil.billing.operations import NewInvoice, credit_invoice
from counterfoil.billing.sending import InvoiceEmail
from counterfoil.cards.operations import set_card_policy
from counterfoil.catalogue.models import Price, Product
from counterfoil.catalogue.operations import NewProduct
from counterfoil.catalogue.rules import Increase
from counterfoil.collections.operations import NewAction, agree_plan, close_call
from counterfoil.credit.models import ProfileClass
from counterfoil.credit.operations import (
    LineGiven,
    add_class_currency,
    assign_class,
    save_letter_text,
    set_charge_limit,
)
from counterfoil.credit.queries import default_class, letter_sets, letters
from counterfoil.customers.models import Contact
from counterfoil.customers.operations import (
    NewCustomer,
    add_contact,
    add_note,
    add_site,
    attach_file,
    place_credit_hold,
    save_custom_field,
)
from counterfoil.debits.models import BillingDetails, DebitPolicy
from counterfoil.debits.queries import first_possible
from counterfoil.desk.operations import mail_report, save_view
from counterfoil.dunning.models import DunningRun
from counterfoil.jobs.operations import attach_job_file, set_job_policy, set_working_hours
from counterfoil.kernel.periods import Period, month_of
from counterfoil.ledger.models import LedgerAccount
from counterfoil.ledger.operations import close_books
from counterfoil.messaging.operations.wording import save_wording
from counterfoil.network.operations import set_included_data, set_network_policy, set_speed, set_vendor_attributes
from counterfoil.operator.models import Lookup
from counterfoil.operator.operations import add_bank_account, retire_area, retire_brand
from counterfoil.payments.operations import NewReceipt, pay_refund
from counterfoil.platform.jobs import fail_job, pause_job
from counterfoil.platform.plain import Door, all_doors, form_of
from counterfoil.receivables.models import Allocation, Standing
from counterfoil.receivables.operations import StatementEmail, issue_credit, open_dispute, save_bucket_set, set_aside
from counterfoil.receivables.rules import DEFAULT_BUCKETS
from counterfoil.staff.models import Role
from counterfoil.subscriptions.operations import (
    NewService,
    NewTerm,
    add_one_time_charge,
)
from counterfoil.subscriptions.rules import Change
from counterfoil.suspension.models import SuspensionPolicy
from counterfoil.suspension.operations import add_holidays, choose_network, never_suspend, set_suspension_policy
from counterfoil.tickets.operations import (
    link_ticket,
    set_mailbox,
    set_office_hours,
    set_service_target,
    set_ticket_policy,
)
from tests.permissions.place import BANK, CSV, LINES, MAPPING, Place

# Speak of no customer, so that no area or brand limits them.
OF_NOBODY = {
    "desk.export_in_background", "desk.forget_view", "desk.read_notices", "desk.mail_report", "desk.save_view",
    "desk.stop_report_mail", "platform.cancel_job", "platform.pause_job", "platform.resume_job", "platform.retry_job",
    "staff.add_role", "staff.change_role", "staff.change_user", "staff.deactivate_user", "staff.prefer_theme",
    "staff.reactivate_user", "staff.remove_role", "staff.add_token", "staff.revoke_token",
    "staff.reset_second_factor", "staff.set_password", "staff.sign_out_everywhere", "staff.sign_out_user",
}  # fmt: skip
LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 30"><path d="M0 0h90v30H0z"/></svg>'
# Refused out of scope with a sentence of their own rather than as not found.
OWN_SENTENCE = {
    "customers.add_customer": "outside_scope",
    "customers.add_customers": "outside_scope",
    "staff.add_token": "above_yourself",
    "staff.add_user": "above_yourself",
    "staff.revoke_token": "above_yourself",
}

Example = Callable[[Place], dict[str, Any]]
WHY = {"reason": "Because"}
# A row of each, all of them of a customer in the north where they are somebody's.
ROWS: dict[str, Callable[[Place], Any]] = {
    "addresses": lambda p: add_site(p.by, customer=p.zara, label="Home", street="1 Main Road"),
    "agreements": lambda p: p.agreement(),
    "allocations": lambda p: Allocation.objects.get(credit=p.receipt().item),
    "approvals": lambda p: p.request(),
    "areas": lambda p: p.north,
    "nas": lambda p: p.nas(),
    "access-accounts": lambda p: p.sign_in(),
    "sessions": lambda p: p.online(),
    "vendor-attributes": lambda p: set_vendor_attributes(p.by, vendor="cisco", full="", walled=""),
    "speeds": lambda p: set_speed(p.by, product=p.service().product, down_kbit=1000, up_kbit=1000),
    "included-data": lambda p: set_included_data(p.by, product=p.service().product, gigabytes=100),
    "network-policies": lambda p: set_network_policy(p.by, realm="isp.example"),
    "calls": lambda p: p.call(),
    "call-actions": lambda p: p.disputed(),
    "follow-ups": lambda p: p.call().follow_ups.get(action=None),
    "payment-plans": lambda p: agree_plan(
        p.by, customer=p.zara, instalments=[(50, p.today), (50, p.today + dt.timedelta(days=7))]
    ),
    "promises": lambda p: p.promise(),
    "lookups": lambda p: Lookup.objects.get(kind="call_outcome", code="promised"),
    "attachments": lambda p: attach_file(p.by, customer=p.zara, kind="other", name="a.txt", content=b"Text"),
    "balances": lambda p: Standing.objects.get(customer=p.zara),
    "bill-run-items": lambda p: p.run() and BillRunItem.objects.get(),
    "bill-runs": lambda p: p.run(),
    "bank-accounts": lambda p: p.account(),
    "tickets": lambda p: p.ticket(),
    "ticket-messages": lambda p: p.ticket().messages.get(),
    "ticket-links": lambda p: link_ticket(p.by, ticket=p.ticket(), number=str(p.invoice.number)),
    "ticket-mailbox": lambda p: set_mailbox(p.by, host="imap.example", user="help", password="s3cret"),
    "incoming-mail": lambda p: p.mail(),
    "canned-answers": lambda p: p.canned(),
    "service-targets": lambda p: set_service_target(p.by, priority="low", first_minutes=60, solve_minutes=120),
    "office-hours": lambda p: set_office_hours(p.by, weekday="5", opens="08:00", closes="12:00"),
    "ticket-policies": lambda p: set_ticket_policy(p.by, reopen_days=3),
    "field-jobs": lambda p: p.visit(),
    "job-entries": lambda p: p.visit().entries.get(),
    "job-files": lambda p: attach_job_file(p.by, job=p.visit(), kind="photo", name="a.txt", content=b"Text"),
    "job-charges": lambda p: p.charged_visit().charges.get(),
    "job-types": lambda p: p.job_type(),
    "technicians": lambda p: p.technician(),
    "working-hours": lambda p: set_working_hours(p.by, weekday="5", opens="08:00", closes="12:00"),
    "job-policies": lambda p: set_job_policy(p.by, reminds=False),
    "bank-lines": lambda p: p.bank_line(),
    "bank-statements": lambda p: p.bank_line().statement,
    "billing-details": lambda p: p.mandate() and BillingDetails.objects.get(),
    "mandates": lambda p: p.mandate(),
    "debit-runs": lambda p: p.debit_run(),
    "debit-orders": lambda p: p.debit_order(),
    "debit-schemes": lambda p: p.debit_scheme(),
    "debit-policies": lambda p: p.debit_run() and DebitPolicy.objects.get(),
    "card-gateways": lambda p: p.card_gateway(),
    "card-policies": lambda p: set_card_policy(p.by, automatic=True, most_tries=2, wait_days=4),
    "saved-cards": lambda p: p.saved_card(),
    "card-payments": lambda p: p.card_payment(),
    "card-events": lambda p: p.card_event(),
    "brands": lambda p: p.brand(),
    "bucket-sets": lambda p: save_bucket_set(p.by, name="Other", buckets=DEFAULT_BUCKETS),
    "charge-limits": lambda p: set_charge_limit(p.by, country="ZA", most_interest_percent=Decimal(24)),
    "class-amounts": lambda p: add_class_currency(p.by, profile_class=default_class(), currency="ZAR"),
    "letters": lambda p: letters()[0],
    "letter-sets": lambda p: letter_sets()[0],
    "letter-texts": lambda p: save_letter_text(
        p.by, letter=letters()[0], language="de", subject="Bitte", text="{items}"
    ),
    "profile-classes": lambda p: default_class(),
    "credit-profiles": lambda p: assign_class(p.by, customer=p.zara, profile_class=default_class()),
    "correspondence": lambda p: p.letter(),
    "dunning-runs": lambda p: p.letter() and DunningRun.objects.get(),
    "contacts": lambda p: Contact.objects.get(customer=p.zara),
    "coupons": lambda p: p.coupon(),
    "credit-notes": lambda p: credit_invoice(p.by, invoice=p.invoice, **WHY),
    "custom-fields": lambda p: save_custom_field(p.by, label="Gate", kind="text"),
    "customers": lambda p: p.zara,
    "disputes": lambda p: open_dispute(p.by, item=p.item, amount_minor=100, **WHY),
    "closings": lambda p: close_books(p.by, up_to=month_of(p.today).start - dt.timedelta(days=1)),
    "ledger-accounts": lambda p: LedgerAccount.objects.get(code="4000"),
    "document-numbers": lambda p: p.series(),
    "invoices": lambda p: p.invoice,
    "items": lambda p: p.credit(),
    "jobs": lambda p: p.job(),
    "messages": lambda p: p.message(),
    "notes": lambda p: add_note(p.by, customer=p.zara, text="Note"),
    "one-time-charges": lambda p: add_one_time_charge(
        p.by, subscription=p.service().subscription, text="Call-out", price=Decimal(250), on=p.today
    ),
    "payments": lambda p: p.receipt(),
    "people": lambda p: p.other,
    "portal-access": lambda p: p.access(),
    "prices": lambda p: p.service() and Price.objects.get(),
    "products": lambda p: p.world.package("Fibre", "599"),
    "recurring-invoices": lambda p: p.recurring(),
    "refunds": lambda p: pay_refund(
        p.by, customer=p.world.pays(p.zara, "500.00").customer, amount_minor=100, on=p.today, method="eft", **WHY
    ),
    "roles": lambda p: Role.objects.get(key="reader"),
    "service-actions": lambda p: p.action(),
    "services": lambda p: p.service(),
    "subscriptions": lambda p: p.service().subscription,
    "suspensions": lambda p: p.suspension(),
    "suspension-exclusions": lambda p: never_suspend(p.by, customer=p.zara, **WHY),
    "suspension-policies": lambda p: p.suspension() and SuspensionPolicy.objects.latest("pk"),
    "network-choices": lambda p: choose_network(p.by, provisioner="recording"),
    "network-commands": lambda p: p.suspension().commands.get(),
    "holidays": lambda p: add_holidays(p.by, days="2026-12-25 Christmas Day")[0],
    "tax-rates": lambda p: TaxRate.objects.first(),
    "tokens": lambda p: p.token(),
    "usage-records": lambda p: p.world.uses(p.metered(), "5"),
}


def _closed(place: Place) -> dt.date:
    """The day up to which the books are closed."""
    last = month_of(place.today).start - dt.timedelta(days=1)
    close_books(place.by, up_to=last)
    return last


def _as_it_starts(one: Door) -> Example:
    """The arguments of a door's form as it starts, with a reason, about the row of its noun."""

    def example(place: Place) -> dict[str, Any]:
        assert one.noun is not None
        row = ROWS[one.noun.path](place)
        if one.at_once:
            return one.arguments(place.by, row)
        about: dict[str, Any] = {"caller": place.by, "subject": row, "params": QueryDict()}
        form = form_of(one)(**about)
        sent = {name: field.prepare_value(form.initial.get(name, "")) for name, field in form.fields.items()}
        whole = form_of(one)(QueryDict(urlencode({**sent, **WHY})), **about)
        assert whole.is_valid(), f"{one.verb.name} asks for more than it starts with: give it a line in EXAMPLES."
        return whole.arguments()

    return example


# What asks for nothing but its starting values needs no line.
EXAMPLES: dict[str, Example] = {one.verb.name: _as_it_starts(one) for one in all_doors() if one.noun is not None}
EXAMPLES |= {
    "access.add_passkey": lambda p: {
        "login": p.access().login, "key_id": "k", "credential": b"c", "uses": 0, "customer": p.zara,
    },
    "access.give_access": lambda p: {"contact": Contact.objects.get(customer=p.zara), "email": "z@mail.example"},
    "access.remove_passkey": lambda p: p.passkey(),
    "access.set_password": lambda p: {
        "login": p.access().login, "password": "another-good-one", "current": None, "customer": p.zara,
    },
    "access.view_as_customer": lambda p: {"customer": p.zara},
    "billing.begin_issuing": lambda p: {"run": p.ready_run()},
    "billing.bill_customer": lambda p: {"customer": p.service().subscription.customer, "bill_to": p.today},
    "billing.make_recurring": lambda p: {"invoice": p.invoice, "frequency": "month", "agreement": p.agreement()},
    # As they were kept before they had doors (test_kept.py).
    "sales.renew_agreement": lambda p: {"agreement": p.agreement(), "ends": dt.date(2035, 1, 1)},
    "payments.reverse_receipt": lambda p: {"receipt": p.receipt(), **WHY},
    "sales.make_agreement": lambda p: {
        "customer": p.zara, "title": "Rent", "starts": p.today, "ends": p.today + dt.timedelta(days=365),
    },
    "billing.cancel_bill": lambda p: {"invoice": p.bill(), **WHY},
    "billing.open_bill_run": lambda p: {"bill_to": p.service().added_on},
    "billing.recheck_exceptions": lambda p: {"run": p.held_run()},
    "billing.release_revenue": lambda p: {"up_to": p.earned()},
    "billing.review_items": lambda p: {
        "run": p.run(), "items": list(BillRunItem.objects.values_list("pk", flat=True)), "verdict": "hold",
    },
    "billing.preview_again": lambda p: {"run": p.approved_run()},
    "billing.take_back_approval": lambda p: {"run": p.approved_run()},
    "billing.send_bill_run": lambda p: {"run": p.run("issued")},
    "credit.add_class_currency": lambda p: {"profile_class": default_class(), "currency": "USD"},
    "credit.add_letter": lambda p: {"name": "Call us", "subject": "Call us", "text": "{customer_name}, call us."},
    "credit.add_profile_class": lambda p: {"name": "Business"},
    "credit.assign_class": lambda p: {"customer": p.zara, "profile_class": default_class()},
    "credit.change_class_amounts": lambda p: {
        "amounts": add_class_currency(p.by, profile_class=default_class(), currency="ZAR"),
        "changes": {"min_dunning_minor": 5000},
    },
    "credit.save_letter_text": lambda p: {
        "letter": letters()[0], "language": "de", "subject": "Bitte", "text": "{items}",
    },
    "credit.change_letter": lambda p: {"letter": letters()[0], "changes": {"subject": "{amount_due} is late"}},
    "credit.change_profile": lambda p: {
        "profile": assign_class(p.by, customer=p.zara, profile_class=default_class()),
        "changes": {"receipt_grace_days": 5},
    },
    "credit.change_profile_class": lambda p: {
        "profile_class": default_class(), "changes": {"receipt_grace_days": 3}, "reach": "all",
    },
    "credit.save_letter_set": lambda p: {"name": "Gentle", "lines": [LineGiven(letters()[0], 1)]},
    "credit.set_charge_limit": lambda p: {"country": "ZA", "most_interest_percent": Decimal(24)},
    "dunning.retry_held_letters": lambda p: {"run": p.held_letter()},
    "dunning.start_dunning_run": lambda p: {"as_of": p.today},
    "catalogue.add_coupon": lambda p: {"code": "HALF", "percent_off": Decimal(50), "valid_from": p.today},
    "subscriptions.take_coupon": lambda p: {"code": p.coupon().code, "service": p.service(), "on": p.today},
    "catalogue.add_product": lambda p: {"new": NewProduct("fibre", "Fibre", "data")},
    "catalogue.change_product": lambda p: {
        "product": p.world.package("Fibre", "599"), "name": "Fibre 100", "active": False,
    },
    "catalogue.raise_prices": lambda p: {
        "products": [p.world.package("Fibre", "599")], "increase": Increase(percent=Decimal(5)), "currency": "ZAR",
        "valid_from": p.today,
    },
    "catalogue.set_prices": lambda p: {
        "prices": [(p.world.package("Fibre", "599"), "month", Decimal(699))], "currency": "ZAR", "valid_from": p.today,
    },
    "staff.add_token": lambda p: {
        "name": "Web shop", "role": "reader", "digest": "d" * 64, "ending": "dddd",
        "expires_on": p.today + dt.timedelta(days=30),
    },
    "subscriptions.add_one_time_charge": lambda p: {
        "subscription": p.service().subscription, "text": "Call-out", "price": Decimal(250), "on": p.today,
    },
    "subscriptions.add_services": lambda p: {
        "subscription": p.service().subscription, "services": [NewService(Product.objects.get())], "on": p.today,
    },
    "subscriptions.amend_terms": lambda p: {
        "subscription": p.service().subscription, "term": NewTerm(anchor_day=15),
        "on": p.today + dt.timedelta(days=1),
    },
    "subscriptions.change_services": lambda p: {"services": [p.service()], "change": Change("stop", p.today)},
    "subscriptions.remove_services": lambda p: {"services": [p.service()], "change": Change("cancel", p.today)},
    "subscriptions.reprice_services": lambda p: {
        "services": [p.service()], "change": Change("price", p.today, price=Decimal(499)), **WHY,
    },
    "subscriptions.change_account": lambda p: {
        "subscription": p.service().subscription, "customer": p.world.customer("Next", area_id=p.north.pk),
    },
    "subscriptions.start_subscription": lambda p: {
        "customer": p.zara, "services": [NewService(p.world.package("Fibre", "599"))], "on": p.today,
    },
    "usage.record_usage": lambda p: {"service": p.metered(), "on": p.today, "quantity": Decimal(5)},
    "billing.change_draft": lambda p: {"invoice": p.draft(), "version": 1, "lines": LINES * 2, "on": p.today},
    "billing.credit_invoice": lambda p: {"invoice": p.invoice, **WHY},
    "billing.discard_draft": lambda p: {"invoice": p.draft()},
    "billing.draft_invoice": lambda p: {"customer": p.zara, "lines": LINES, "on": p.today},
    "billing.draft_invoices": lambda p: {"invoices": [NewInvoice(p.zara, tuple(LINES), p.today)]},
    "billing.issue_invoices": lambda p: {"invoices": [p.draft()]},
    "billing.decide_tax": lambda p: {"charges": False},
    "billing.save_tax_rate": lambda p: {
        "code": "new", "name": "New", "category": "standard", "percent": Decimal(5), "valid_from": p.today,
    },
    "billing.send_invoice": lambda p: {"invoice": p.invoice, "addresses": ["z@mail.example"]},
    "billing.send_invoices": lambda p: {"invoices": [InvoiceEmail(p.invoice, ["z@mail.example"])]},
    "customers.add_contact": lambda p: {"customer": p.zara, "name": "Ann"},
    "customers.add_customer": lambda p: {"name": "New", "area_id": p.north.pk},
    "customers.add_customers": lambda p: {"customers": [NewCustomer("New", area_id=p.north.pk, language="en")]},
    "customers.add_note": lambda p: {"customer": p.zara, "text": "Note"},
    "customers.add_site": lambda p: {"customer": p.zara, "label": "Home", "street": "1 Main Road"},
    "customers.attach_file": lambda p: {"customer": p.zara, "kind": "other", "name": "a.txt", "content": b"Text"},
    "customers.change_contact": lambda p: {
        "contact": add_contact(p.by, customer=p.zara, name="Ann"), "version": 1, "changes": {"name": "Anna"},
    },
    "customers.change_customer": lambda p: {"customer": p.zara, "version": 1, "changes": {"terms_days": 3}},
    "customers.change_site": lambda p: {
        "site": add_site(p.by, customer=p.zara, label="Home", street="1 Main Road"), "version": 1,
        "changes": {"city": "Linden"},
    },
    "customers.lift_credit_hold": lambda p: {"customer": place_credit_hold(p.by, customer=p.zara, **WHY)},
    "customers.reactivate_customer": lambda p: {"customer": p.sleeping(), **WHY},
    "customers.save_custom_field": lambda p: {"label": "Gate", "kind": "text"},
    "customers.set_custom_values": lambda p: {
        "customer": p.zara, "values": {save_custom_field(p.by, label="Gate", kind="text").key: "1234"},
    },
    "customers.set_destinations": lambda p: {"customer": p.zara, "about": "invoice", "emails": ["b@mail.example"]},
    "customers.set_tags": lambda p: {"customer": p.zara, "names": ["VIP"]},
    "desk.erase_personal_data": lambda p: {"customer": p.settled(), **WHY},
    "desk.export_in_background": lambda p: {
        "path": "/customers/", "query": "", "form": "csv", "title": "Customers", "rows": 1,
    },
    "desk.export_personal_data": lambda p: {"customer": p.zara},
    "desk.forget_view": lambda p: {"view": save_view(p.mine, list_key="customers", name="Mine", query="q=z")},
    "desk.read_notices": lambda p: p.notice() or {},
    "desk.mail_report": lambda p: {"report": "tax", "every": "month"},
    "desk.stop_report_mail": lambda p: {"mail": mail_report(p.mine, report="tax", every="week")},
    "desk.save_view": lambda p: {"list_key": "customers", "name": "Mine", "query": "q=z"},
    "questions.record_question": lambda p: {
        "question": "What do they owe?", "answered": "balance", "customer": p.zara,
    },  # fmt: skip
    "desk.print_documents": lambda p: {"invoices": [p.invoice], "statements": [p.zara]},
    "desk.send_invoices": lambda p: {"invoices": [p.invoice]},
    "desk.send_statements": lambda p: {"customers": [p.zara]},
    "imports.import_file": lambda p: {"content": CSV, "file_name": "people.csv", "mapping": MAPPING},
    "imports.drop_parked_rows": lambda p: {"rows": [p.parked()]},
    "imports.place_parked_row": lambda p: {"parked": p.parked(), "customer": p.zara},
    "imports.save_mapping": lambda p: {"name": "People", "text": MAPPING},
    "imports.upload_file": lambda p: {"content": CSV, "file_name": "people.csv"},
    "bank.bring_in_statement": lambda p: {"content": BANK, "file_name": "march.csv", "bank_account": p.account()},
    "bank.record_line": lambda p: {"line": p.bank_line()},
    "bank.record_sure_lines": lambda p: p.bank_line() and {},
    "bank.give_line": lambda p: {"line": p.bank_line(), "customer": p.zara},
    "bank.post_line": lambda p: {"line": p.bank_line(), "account": LedgerAccount.objects.get(code="6200")},
    "bank.reopen_line": lambda p: {"line": record_line(p.by, line=p.bank_line()), **WHY},
    "network.add_nas": lambda p: {
        "name": "bras1", "address": "192.0.2.1", "secret": "not-a-secret", "vendor": "mikrotik",
    },
    "network.change_nas": lambda p: {
        "nas": p.nas(), "name": "bras2", "address": "192.0.2.2", "vendor": "cisco", "coa_port": 1700,
    },
    "network.switch_nas": lambda p: {"nas": p.nas(), "in_use": False},
    "network.set_vendor_attributes": lambda p: {
        "vendor": "mikrotik", "full": "Mikrotik-Rate-Limit := {up_k}k/{down_k}k", "walled": "Framed-Pool := {pool}",
    },
    "network.set_included_data": lambda p: {"product": p.service().product, "gigabytes": 100},
    "network.set_speed": lambda p: {"product": p.service().product, "down_kbit": 100000, "up_kbit": 50000},
    "network.set_network_policy": lambda p: {"realm": "isp.example", "walled_list": "unpaid"},
    "network.renew_radius_token": lambda p: {},
    "network.add_access_account": lambda p: {"service": p.service(), "mac": "58:2b:0a:44:91:0e"},
    "network.change_access_account": lambda p: {"account": p.sign_in(), "user_name": "other", "ipv4": "192.0.2.77"},
    "network.end_access_account": lambda p: {"account": p.sign_in(), **WHY},
    "network.show_access_password": lambda p: {"account": p.sign_in()},
    "network.disconnect_session": lambda p: {"session": p.online()},
    "network.look_up_address": lambda p: {"address": "100.64.0.9", "at": "2026-03-31 12:00", **WHY},
    "tickets.open_ticket": lambda p: {"customer": p.zara, "subject": "Hello", "text": "Text"},
    "tickets.answer_ticket": lambda p: {"ticket": p.ticket(), "text": "Text", "addresses": ["z@mail.example"]},
    "tickets.add_ticket_note": lambda p: {"ticket": p.ticket(), "text": "Text"},
    "tickets.route_ticket": lambda p: {
        "ticket": p.ticket(), "department": p.lookup("sales", "ticket_department"), **WHY,
    },
    "tickets.take_ticket": lambda p: {"ticket": p.ticket()},
    "tickets.change_ticket": lambda p: {"ticket": p.ticket(), "subject": "Other", "priority": "high"},
    "tickets.set_ticket_state": lambda p: {"ticket": p.ticket(), "state": "closed"},
    "tickets.link_ticket": lambda p: {"ticket": p.ticket(), "number": str(p.invoice.number)},
    "tickets.merge_tickets": lambda p: {"into": p.ticket().number, "ticket": p.ticket()},
    "tickets.assign_mail": lambda p: {"mail": p.mail(), "customer": p.zara},
    "tickets.join_mail": lambda p: {"mail": p.mail(), "number": p.ticket().number},
    "tickets.discard_mail": lambda p: {"mail": p.mail(), **WHY},
    "tickets.set_ticket_policy": lambda p: {"reopen_days": 3},
    "tickets.set_service_target": lambda p: {"priority": "low", "first_minutes": 60, "solve_minutes": 120},
    "tickets.set_mailbox": lambda p: {"host": "imap.example", "user": "help", "password": "s3cret", "address": ""},
    "tickets.set_office_hours": lambda p: {"weekday": "5", "opens": "08:00", "closes": "12:00"},
    "tickets.add_canned_answer": lambda p: {"name": "Hello", "text": "Text"},
    "tickets.change_canned_answer": lambda p: {"answer": p.canned(), "name": "Other", "text": "Text"},
    "tickets.retire_canned_answer": lambda p: {"answer": p.canned()},
    "jobs.open_job": lambda p: {"customer": p.zara, "job_type": p.job_type(), "summary": "No light"},
    "jobs.change_job": lambda p: {"job": p.visit(), "summary": "No light at all"},
    "jobs.cancel_job": lambda p: {"job": p.visit(), **WHY},
    "jobs.reopen_job": lambda p: {"job": p.visit("cancelled"), **WHY},
    "jobs.schedule_job": lambda p: {
        "job": p.visit(), "technician": p.technician(), "on": p.today, "at": "10:00", "minutes": 45,
    },
    "jobs.assign_job": lambda p: {"job": p.visit("scheduled"), "technician": p.technician(p.me)},
    "jobs.unschedule_job": lambda p: {"job": p.visit("scheduled"), **WHY},
    "jobs.start_job": lambda p: {"job": p.visit("scheduled")},
    "jobs.tick_job": lambda p: {"job": p.visit(), "done": ["Measure"]},
    "jobs.add_job_note": lambda p: {"job": p.visit(), "text": "Text"},
    "jobs.add_job_reading": lambda p: {"job": p.visit(), "what": "Light", "value": "-21"},
    "jobs.attach_job_file": lambda p: {"job": p.visit(), "kind": "photo", "name": "a.txt", "content": b"Text"},
    "jobs.complete_job": lambda p: {
        "job": p.visit("scheduled"), "done": ["Measure", "Test"], "readings": ["Light: -21"],
    },
    "jobs.add_job_type": lambda p: {"name": "Survey", "minutes": 60, "skills": ["Fibre"], "checklist": ["Look"]},
    "jobs.change_job_type": lambda p: {"job_type": p.job_type(), "name": "Repair", "minutes": 90},
    "jobs.retire_job_type": lambda p: {"job_type": p.job_type()},
    "jobs.set_technician": lambda p: {"person": p.other, "skills": ["Fibre"]},
    "jobs.retire_technician": lambda p: {"technician": p.technician()},
    "jobs.revoke_feed": lambda p: {"technician": p.technician()},
    "jobs.set_working_hours": lambda p: {"weekday": "5", "opens": "08:00", "closes": "12:00"},
    "jobs.set_job_policy": lambda p: {"reminds": False},
    "debits.set_debit_policy": lambda p: {
        "least_minor": 5000, "fee_minor": 4500, "most_tries": 2, "on_day": False, "second_person": False,
    },
    "debits.add_debit_scheme": lambda p: {
        "way": "netcash", "creditor": "12345678-1234-1234-1234-123456789012",
        "bank_account": add_bank_account(
            p.by, details={"bank": "Nedbank", "number": "1234567890", "branch": "198765"}
        ),
    },
    "debits.retire_debit_scheme": lambda p: {"scheme": p.debit_scheme()},
    "debits.set_payment_method": lambda p: {"customer": p.zara, "method": "cash"},
    "debits.add_mandate": lambda p: {
        "customer": p.zara, "way": "netcash", "holder": "Zara", "account": "62001234567", "bank": "250655",
    },
    "debits.sign_mandate": lambda p: {"mandate": p.mandate(signed_on=None), "signed_on": p.today},
    "debits.end_mandate": lambda p: {"mandate": p.mandate(), **WHY},
    "debits.open_debit_run": lambda p: p.mandate() and {
        "scheme": p.debit_scheme(), "on": first_possible(p.today),
    },
    "debits.include_debit_order": lambda p: p.mandate(most_minor=1) and {"order": p.debit_order()},
    "debits.hold_debit_order": lambda p: {"order": p.debit_order(), **WHY},
    "debits.freeze_debit_run": lambda p: {"run": p.debit_run()},
    "debits.approve_debit_run": lambda p: {"run": p.debit_run("frozen")},
    "debits.send_debit_run": lambda p: {"run": p.debit_run("approved")},
    "debits.cancel_debit_run": lambda p: {"run": p.debit_run(), **WHY},
    "debits.refuse_debit_run": lambda p: {"run": p.debit_run("sent"), **WHY},
    "debits.settle_debit_run": lambda p: {"run": p.debit_run("sent", ago=14)},
    "debits.return_debit_order": lambda p: {"order": p.debit_order("sent"), "code": "02"},
    "debits.bring_in_answers": lambda p: {"content": p.answers(), "file_name": "netcash.txt"},
    "cards.add_card_gateway": lambda p: {
        "kind": "stripe", "public_key": "pk_test_1", "secret_key": "sk_test_1", "signing_secret": "whsec_1",
    },
    "cards.change_card_keys": lambda p: {
        "gateway": p.card_gateway(), "public_key": "pk_test_2", "secret_key": "sk_test_2", "signing_secret": "whsec_2",
    },
    "cards.check_card_gateway": lambda p: {"gateway": p.card_gateway()},
    "cards.retire_card_gateway": lambda p: {"gateway": p.card_gateway()},
    "cards.set_card_policy": lambda p: {"automatic": True, "most_tries": 2, "wait_days": 4},
    "cards.remove_card": lambda p: {"card": p.saved_card(), **WHY},
    "cards.refund_card_payment": lambda p: {"payment": p.card_payment(), "amount_minor": 100, **WHY},
    "cards.assign_card_event": lambda p: {"event": p.card_event(), "customer": p.zara},
    "cards.retry_card_event": lambda p: {"event": p.card_event()},
    "cards.revoke_pay_link": lambda p: {"invoice": p.invoice},
    "ledger.close_books": lambda p: {"up_to": month_of(p.today).start - dt.timedelta(days=1), "how": "year"},
    "ledger.reopen_books": lambda p: {"since": month_of(_closed(p)).start, **WHY},
    "messaging.reset_wording": lambda p: {
        "kind": save_wording(p.by, kind="invoice", subject="Invoice {invoice_number}", text="Hello").kind
    },
    "messaging.save_wording": lambda p: {"kind": "invoice", "subject": "Invoice {invoice_number}", "text": "Hello"},
    "messaging.set_mail_server": lambda p: {"host": "mail.example.com", "user": "us", "password": "hush"},
    "messaging.try_mail_server": lambda p: {"to": "us@example.com"},
    "messaging.queue_message": lambda p: {
        "customer": p.zara, "kind": "statement", "subject": "Hello", "body_text": "Text", "body_html": "<p>Text</p>",
        "addresses": ["z@mail.example"],
    },
    "payments.pay_refund": lambda p: {
        "customer": p.world.pays(p.zara, "500.00").customer, "amount_minor": 100, "on": p.today, "method": "eft", **WHY,
    },
    "payments.record_receipt": lambda p: {
        "customer": p.zara, "amount_minor": 100, "on": p.today, "method": "eft",
    },
    "payments.record_receipts": lambda p: {"receipts": [NewReceipt(p.zara.pk, 100, p.today, "eft")]},
    "platform.approve": lambda p: {"approval": p.request()},
    "platform.ask_approval": lambda p: {
        "operation": issue_credit.name, "customer_id": p.zara.pk,
        "arguments": {"customer": p.zara, "amount_minor": 100, "reason": "Offline"},
    },
    "platform.cancel_job": lambda p: {"job": p.job()},
    "platform.pause_job": lambda p: {"job": p.job()},
    "platform.refuse_approval": lambda p: {"approval": p.request(), "note": "No"},
    "platform.resume_job": lambda p: {"job": pause_job(p.mine, job=p.job())},
    "platform.retry_job": lambda p: {"job": fail_job(p.system, job=p.job(), reason="Broken")},
    "platform.withdraw_approval": lambda p: {
        "approval": p.request(replace(p.by, name=p.me.name, user_id=p.me.pk)),
    },
    "receivables.adjust_account": lambda p: {"customer": p.zara, "amount_minor": 100, **WHY},
    "receivables.allocate": lambda p: {
        "customer": p.zara, "credit": p.credit(), "debit": p.item, "amount_minor": 100,
    },
    "receivables.allocate_oldest_first": lambda p: {"customer": p.credit().customer},
    "receivables.allocate_credits": lambda p: {"customers": [p.credit().customer]},
    "receivables.close_dispute": lambda p: {
        "dispute": open_dispute(p.by, item=p.item, amount_minor=100, reason="Wrong"), "outcome": "Agreed",
    },
    "receivables.issue_credit": lambda p: {"customer": p.zara, "amount_minor": 100, **WHY},
    "receivables.merge_customers": lambda p: {
        "customer": p.zara, "duplicate": p.world.customer("Zara again", area_id=p.north.pk),
    },
    "receivables.open_dispute": lambda p: {"item": p.item, "amount_minor": 100, **WHY},
    "receivables.raise_debit_memo": lambda p: {"customer": p.zara, "amount_minor": 100, **WHY},
    "receivables.release_credit": lambda p: {"item": set_aside(p.by, item=p.credit(), purpose="Deposit").item},
    "receivables.set_aside": lambda p: {"item": p.credit(), "purpose": "Deposit"},
    "receivables.set_credit_policy": lambda p: {"settles_bills": False},
    "receivables.save_bucket_set": lambda p: {"name": "Other", "buckets": DEFAULT_BUCKETS},
    "receivables.send_statements": lambda p: {
        "statements": [StatementEmail(p.zara, Period.through(p.today, p.today), ["z@mail.example"])],
        "style": "open_item",
    },
    "receivables.send_statement": lambda p: {
        "customer": p.zara, "period": Period.through(dt.date(2026, 1, 1), p.today), "style": "balance_forward",
        "addresses": ["z@mail.example"],
    },
    "receivables.write_off": lambda p: {"item": p.item, "amount_minor": 100, **WHY},
    "collections.record_call": lambda p: {"customer": p.zara, "outcome": p.lookup("no_answer"), "note": "Rang out"},
    "collections.add_to_call": lambda p: {
        "call": p.call(), "actions": [NewAction(p.lookup("call", "call_action"), p.item, None, "Again")],
    },
    "collections.reopen_call": lambda p: {"call": close_call(p.by, call=p.call())},
    "collections.finish_follow_up": lambda p: {"follow_up": p.call().follow_ups.get(action=None)},
    "collections.finish_action": lambda p: {"action": p.call().actions.get(action__code="alert")},
    "collections.change_call_dispute": lambda p: {"action": p.disputed(), "amount_minor": 50},
    "collections.remove_call_dispute": lambda p: {"action": p.disputed()},
    "collections.grant_credit": lambda p: {
        "action": p.call().actions.get(action__code="credit_memo"), "amount_minor": 100, **WHY,
    },
    "collections.decline_credit": lambda p: {"action": p.call().actions.get(action__code="credit_memo"), **WHY},
    "collections.dispute_lines": lambda p: {
        "invoice": p.invoice, "amounts": {p.invoice.lines.get().pk: 100}, **WHY,
    },
    "collections.credit_dispute": lambda p: {
        "dispute": open_dispute(p.by, item=p.item, amount_minor=100, **WHY), "amount_minor": 100, **WHY,
    },
    "collections.record_promise": lambda p: {"customer": p.zara, "amount_minor": 100, "due_on": p.today},
    "collections.cancel_promise": lambda p: {"promise": p.promise(), **WHY},
    "collections.recalculate_effectiveness": lambda p: {"periods": 1},
    "collections.send_plan": lambda p: {"plan": agree_plan(p.by, customer=p.zara, instalments=[
        (50, p.today), (50, p.today + dt.timedelta(days=7)),
    ])},
    "collections.agree_plan": lambda p: {
        "customer": p.zara, "instalments": [(50, p.today), (50, p.today + dt.timedelta(days=7))],
    },
    "collections.assign_collector": lambda p: {"customers": [p.zara], "collector": p.other},
    "collections.set_collections_policy": lambda p: {
        "promises_hold": False, "hold_percent": 50, "longest_days": 62, "portal_days": 7, "portal_instalments": 2,
    },
    "operator.add_area": lambda p: {"name": "West"},
    "operator.add_brand": lambda p: {"name": "Valley Net"},
    "operator.add_lookup": lambda p: {"kind": "call_outcome", "name": "Answered by a machine"},
    "operator.change_lookup": lambda p: {
        "lookup": Lookup.objects.get(kind="call_outcome", code="promised"), "name": "Will pay",
    },
    "suspension.add_holidays": lambda p: {"days": "2026-12-25 Christmas Day"},
    "suspension.allow_suspension": lambda p: {"customer": never_suspend(p.by, customer=p.zara, **WHY).customer},
    "suspension.approve_family": lambda p: {"customer": p.listed().customer},
    "suspension.approve_suspensions": lambda p: {"suspensions": [p.listed()]},
    "suspension.choose_network": lambda p: {"provisioner": "recording"},
    "suspension.drop_suspension_policy": lambda p: {
        "profile_class": set_suspension_policy(
            p.by, changes={"enabled": True}, profile_class=ProfileClass.objects.get(is_default=True)
        ).profile_class,
    },
    "suspension.never_suspend": lambda p: {"customer": p.zara, **WHY},
    "suspension.pause_suspension": lambda p: {"suspension": p.suspension(), "days": 1},
    "suspension.reset_suspension": lambda p: {"suspension": p.suspension(), **WHY},
    "suspension.set_suspension_policy": lambda p: {"changes": {"enabled": True, "overdue_days": 5}},
    "suspension.suspend_now": lambda p: {"customer": p.overdue(), **WHY},
    "staff.add_user": lambda p: {"email": "new@x.example", "name": "New", "role": "reader", "areas": [p.north]},
    "operator.change_operator": lambda p: {"name": "Another"},
    "operator.add_bank_account": lambda p: {"details": {"bank": "FNB", "number": "620 555"}},
    "operator.change_bank_account": lambda p: {"account": p.account(), "details": {"branch": "250 655"}},
    "operator.use_bank_account": lambda p: {"account": p.account()},
    "operator.close_bank_account": lambda p: {"account": p.account()},
    "operator.change_area": lambda p: {"area": p.north, "name": "Far north"},
    "operator.change_brand": lambda p: {"brand": p.brand(), "details": {"email": "hello@valley.example"}},
    "ledger.change_ledger_account": lambda p: {
        "account": LedgerAccount.objects.get(code="4000"), "name": "Sales of services", "number": "8400",
    },
    "operator.change_numbers": lambda p: {"series": p.series(), "pattern": "INV-{year}-{number:04}"},
    "operator.number_brand": lambda p: {"kind": "invoice", "brand": p.brand(), "pattern": "VN-{number:04}"},
    "operator.share_numbers": lambda p: {"series": p.brand_series()},
    "operator.retire_area": lambda p: {"area": p.north},
    "operator.retire_brand": lambda p: {"brand": p.brand()},
    "operator.restore_area": lambda p: {"area": retire_area(p.by, area=p.north)},
    "operator.restore_brand": lambda p: {"brand": retire_brand(p.by, brand=p.brand())},
    "operator.set_brand_logo": lambda p: {"brand": p.brand(), "content": LOGO},
    "operator.set_logo": lambda p: {"content": LOGO},
    "billing.use_tax_rates": lambda p: {"country": "AU"},
    "staff.change_role": lambda p: {"role": Role.objects.get(key="reader"), "grants": ["billing.view"], "limits": {}},
    "staff.change_user": lambda p: {
        "user": p.other, "version": 1, "name": "Anna", "role": "reader", "areas": [p.south],
    },
    "staff.deactivate_user": lambda p: {"user": p.other},
    "staff.add_role": lambda p: {"name": "Field work", "like": Role.objects.get(key="reader")},
    "staff.prefer_theme": lambda p: {"theme": "dark"},
    "staff.reactivate_user": lambda p: {"user": p.inactive()},
    "staff.reset_second_factor": lambda p: {"user": p.second_factor()},
    "staff.set_password": lambda p: {"user": p.me, "password": "another-good-one"},
    "staff.sign_out_everywhere": lambda p: {},
    "staff.sign_out_user": lambda p: {"user": p.other},
}  # fmt: skip
