"""One of everything there is, all of a customer in the north: what the examples of operations are about."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from allauth.mfa.models import Authenticator

from counterfoil.access.models import Access
from counterfoil.access.operations import add_passkey, give_access
from counterfoil.bank.models import BankLine
from counterfoil.bank.operations import bring_in_statement
from counterfoil.billing.models import BillRun, Invoice, RecurringInvoice
from counterfoil.billing.operations import draft_invoice, make_recurring, open_bill_run, review_items, runs
from counterfoil.billing.rules import LineInput
from counterfoil.cards.interfaces import KeptCard
from counterfoil.cards.models import CardEvent, CardGateway, CardPayment, SavedCard
from counterfoil.cards.operations import add_card_gateway, keep_card, receive_event, work_event
from counterfoil.cards.queries import speaker_of
from counterfoil.catalogue.models import Coupon
from counterfoil.catalogue.operations import add_coupon
from counterfoil.collections.models import Call, CallAction, Promise
from counterfoil.collections.operations import NewAction, record_call, record_promise
from counterfoil.customers.models import Contact, Customer
from counterfoil.customers.operations import (
    deactivate_customer,
)
from counterfoil.debits.models import DebitOrder, DebitRun, DebitScheme, Mandate
from counterfoil.debits.operations import (
    add_debit_scheme,
    add_mandate,
    approve_debit_run,
    freeze_debit_run,
    open_debit_run,
    send_debit_run,
    set_debit_policy,
)
from counterfoil.debits.queries import first_possible
from counterfoil.desk.models import Notice
from counterfoil.dunning.jobs import work
from counterfoil.dunning.models import Correspondence, DunningRun
from counterfoil.dunning.operations import start_dunning_run
from counterfoil.imports.models import ParkedRow
from counterfoil.imports.operations import import_file
from counterfoil.jobs.models import FieldJob, JobType, Technician
from counterfoil.jobs.operations import (
    add_job_type,
    cancel_job,
    complete_job,
    open_job,
    schedule_job,
    set_technician,
)
from counterfoil.messaging.models import Message
from counterfoil.messaging.operations import queue_message
from counterfoil.network import rules
from counterfoil.network.models import AccessAccount, AccessSession, Nas
from counterfoil.network.operations import add_access_account, add_nas, take_report
from counterfoil.operator.models import Area, BankAccount, Brand, Lookup, NumberSeries
from counterfoil.operator.operations import add_bank_account, add_brand, number_brand
from counterfoil.payments.models import Receipt
from counterfoil.platform import write_guard
from counterfoil.platform.approvals import ask_approval
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.jobs import start_job
from counterfoil.platform.models import Job
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import issue_credit, set_credit_policy
from counterfoil.receivables.queries import credit_settles_bills
from counterfoil.sales.models import Agreement
from counterfoil.staff.models import Token, User
from counterfoil.staff.operations import add_token
from counterfoil.subscriptions.models import Service, ServiceAction
from counterfoil.subscriptions.operations import (
    NewService,
    NewTerm,
    change_services,
    start_subscription,
)
from counterfoil.subscriptions.rules import Change
from counterfoil.suspension.models import Suspension
from counterfoil.suspension.operations import set_suspension_policy, suspend_now, take_all_steps
from counterfoil.testing.world import World
from counterfoil.tickets.models import CannedAnswer, IncomingMail, Ticket
from counterfoil.tickets.operations import add_canned_answer, open_ticket, take_in

LINES = [LineInput("Services", Decimal(1), Decimal("10.00"), None)]
CSV = b"number,name\nX-1,Xolani\n"
BANK = b"Date,Name,Details,Amount\n2026-01-05,Zara,payment,100.00\n"
MAPPING = """
name = "People"
source = "test"
[customers]
key = "{number}"
number = "{number}"
name = "{name}"
"""


@dataclass
class Place:
    """One of everything, all of a customer in the north."""

    world: World
    north: Area
    south: Area
    zara: Customer
    me: User
    other: User

    def account(self) -> BankAccount:
        """A bank account beside the one on documents."""
        first = add_bank_account(self.by, details={"bank": "Nedbank", "number": "110 220"})
        return first if not first.is_default else self.account()

    def debit_scheme(self) -> DebitScheme:
        """A bank that collects debit orders."""
        details = {"bank": "Nedbank", "number": "1234567890", "branch": "198765"}
        account = add_bank_account(self.by, details=details)
        key = "12345678-1234-1234-1234-123456789012"
        return add_debit_scheme(self.by, way="netcash", bank_account=account, creditor=key)

    def mandate(self, **more: Any) -> Mandate:
        """What the customer signed."""
        details = {"holder": "Zara", "account": "62001234567", "bank": "250655", "signed_on": self.today, **more}
        return add_mandate(self.by, customer=self.zara, way="netcash", **details)

    def debit_run(self, state: str = "open", ago: int = 0) -> DebitRun:
        """Debit orders that were chosen some days ago, and are as far as is said."""
        then = replace(self.by, at=self.by.now - dt.timedelta(days=ago))
        scheme = self.debit_scheme()
        set_debit_policy(
            self.by, least_minor=0, fee_minor=0, most_tries=3, on_day=True, second_person=False
        )  # fmt: skip
        if not Mandate.objects.exists():
            self.mandate(signed_on=then.today)
        run = open_debit_run(then, scheme=scheme, on=first_possible(then.today))
        for step in (freeze_debit_run, approve_debit_run, send_debit_run):
            if run.state == state:
                break
            run = step(then, run=run)
        return run

    def debit_order(self, state: str = "open") -> DebitOrder:
        """The order of such a run."""
        return DebitOrder.objects.get(run=self.debit_run(state))

    def answers(self) -> bytes:
        """What the provider says of a debit order: it came back."""
        row = self.debit_order("sent")
        day, amount = self.today.isoformat(), f"{row.amount_minor / 100:.4f}"
        lines = (
            (day, "OBL", "0", "Opening Balance", "0.0000", "+", "0"),
            (day, "DRU", "2", "Zara - Code: 02", amount, "-", "0", row.reference, "M", "", "Debtors"),
            (day, "CBL", "0", "Closing Balance", amount, "-", "0"),
        )
        return "".join("\t".join(line) + "\r\n" for line in lines).encode()

    def card_gateway(self) -> CardGateway:
        """An account that takes card payments."""
        keys = {"public_key": "pk_test_1", "secret_key": "sk_test_1", "signing_secret": "whsec_1"}
        return add_card_gateway(self.by, kind="stripe", **keys)

    def saved_card(self) -> SavedCard:
        """The card that the customer entered."""
        card = KeptCard("cus_1", "pm_1", "visa", "4242", 12, self.today.year + 2, "entered")
        return keep_card(Caller.system("hook"), customer=self.zara, gateway=self.card_gateway(), card=card)

    def card_event(self, number: str = "") -> CardEvent:
        """Money that came by card, for an invoice or for nobody knows what."""
        gateway, system = self.card_gateway(), Caller.system("hook")
        told = {
            "id": "evt_1", "type": "charge.succeeded", "created": int(self.by.now.timestamp()), "livemode": False,
            "data": {"object": {"id": "ch_1", "amount": 5000, "currency": "zar", "paid": True, "payment_intent": "pi_1",
                                "metadata": {"invoice": number}}},
        }  # fmt: skip
        body = json.dumps(told)
        event = receive_event(system, gateway=gateway, told=speaker_of("stripe").read(body.encode()), body=body)
        work_event(system, event=event)
        return CardEvent.objects.select_related("gateway").get(pk=event.pk)

    def card_payment(self) -> CardPayment:
        """What the customer paid by card."""
        payment = self.card_event(str(self.invoice.number)).payment
        assert payment is not None
        return payment

    def nas(self) -> Nas:
        """A router that asks by RADIUS."""
        return add_nas(self.by, name="bras1", address="192.0.2.1", secret="not-a-secret", vendor="mikrotik")

    def sign_in(self) -> AccessAccount:
        """How the customer's service signs in."""
        return add_access_account(self.by, service=self.service(), user_name="zara")

    def online(self) -> AccessSession:
        """The customer is on line."""
        self.nas()
        said = {"Acct-Status-Type": "Start", "NAS-IP-Address": "192.0.2.1", "Acct-Session-Id": "1",
                "User-Name": self.sign_in().user_name, "Framed-IP-Address": "100.64.0.9"}  # fmt: skip
        packet = rules.packet(said, self.by.now, dt.UTC)
        assert packet is not None
        take_report(Caller.system("hook"), packet=packet)
        return AccessSession.objects.get()

    def bank_line(self) -> BankLine:
        """A line of a bank statement that names the customer's account."""
        text = f"Date,Name,Details,Amount\n{self.today.isoformat()},Z,account {self.zara.number},100.00\n"
        of = self.account()
        (made,) = bring_in_statement(self.by, content=text.encode(), file_name="march.csv", bank_account=of)
        return BankLine.objects.get(statement=made)

    def lookup(self, code: str, kind: str = "call_outcome") -> Lookup:
        """A delivered choice."""
        return Lookup.objects.get(kind=kind, code=code)

    def call(self) -> Call:
        """A call of today, with something to follow up, a credit that was asked for and an alert."""
        actions = [NewAction(self.lookup("credit_memo", "call_action"), self.item, 100, "Never came"),
                   NewAction(self.lookup("alert", "call_action"))]  # fmt: skip
        return record_call(
            self.by, customer=self.zara, outcome=self.lookup("call_back"), actions=actions, follow_up_on=self.today
        )

    def disputed(self) -> CallAction:
        """A dispute that a call opened."""
        action = NewAction(self.lookup("partial_dispute", "call_action"), self.item, 100, "Never came")
        made = record_call(self.by, customer=self.zara, outcome=self.lookup("disputes"), actions=[action])
        return made.actions.get()

    def promise(self) -> Promise:
        """A promise that is open."""
        return record_promise(self.by, customer=self.zara, amount_minor=100, due_on=self.today)

    def brand(self) -> Brand:
        """A brand that is in use."""
        return add_brand(self.by, name="Valley Net")

    def series(self) -> NumberSeries:
        """How invoices are numbered."""
        return NumberSeries.objects.get(kind="invoice", brand=None)

    def brand_series(self) -> NumberSeries:
        """How invoices of a brand are numbered."""
        return number_brand(self.by, kind="invoice", brand=self.brand(), pattern="VN-{number:04}")

    @property
    def today(self) -> dt.date:
        return self.world.today

    @property
    def by(self) -> Caller:
        return self.world.caller()

    @property
    def invoice(self) -> Invoice:
        return Invoice.objects.get(state="issued")

    @property
    def item(self) -> OpenItem:
        return OpenItem.objects.get(kind="invoice")

    def draft(self) -> Invoice:
        return draft_invoice(self.by, customer=self.zara, lines=LINES, on=self.today)

    def service(self, *, draft: bool = False) -> Service:
        fibre = self.world.package("Fibre 100", "599")
        start_subscription(
            self.by, customer=self.zara, services=[NewService(fibre, draft=draft)], on=self.today, term=NewTerm()
        )
        return Service.objects.get()

    def metered(self) -> Service:
        calls = self.world.metered("Calls", "1.20")
        start_subscription(self.by, customer=self.zara, services=[NewService(calls)], on=self.today, term=NewTerm())
        return Service.objects.get()

    def coupon(self) -> Coupon:
        return add_coupon(self.by, code="HALF", percent_off=Decimal(50), valid_from=self.today)

    def recurring(self) -> RecurringInvoice:
        return make_recurring(self.by, invoice=self.invoice, frequency="month", agreement=self.agreement())

    def agreement(self) -> Agreement:
        return self.world.agreement(self.zara)

    def bill(self) -> Invoice:
        self.service()
        return self.world.bill(self.zara)

    @property
    def system(self) -> System:
        """The product, for whoever made what there is."""
        return Caller.system("job", behalf=self.by)

    def run(self, state: str = "previewed") -> BillRun:
        self.service()
        run = open_bill_run(self.by, bill_to=self.today)
        runs.preview_chunk(self.system, run=run, catalogue=runs.catalogue_of(run))
        run = runs.finish_preview(self.system, run=run)
        if state == "issued":
            review_items(self.by, run=run, items=run.items.values_list("pk", flat=True), verdict="approve")
            runs.begin_issuing(self.by, run=run)
            runs.issue_chunk(self.system, run=run, catalogue=runs.catalogue_of(run))
            run = runs.finish_issuing(self.system, run=run)
        return run

    def letter(self) -> Correspondence:
        self.world.invoice(self.zara, "100.00", due_on=(self.today - dt.timedelta(days=10)).isoformat())
        run = start_dunning_run(self.by, as_of=self.today)
        list(work(self.system, run))
        return Correspondence.objects.get(customer=self.zara)

    def held_letter(self) -> DunningRun:
        """A run that could send nothing to somebody whom it cannot reach."""
        nowhere = self.world.customer("Nowhere", area_id=self.north.pk)
        self.world.invoice(nowhere, "100.00", due_on=(self.today - dt.timedelta(days=10)).isoformat())
        run = start_dunning_run(self.by, as_of=self.today)
        list(work(self.system, run))
        return DunningRun.objects.get(pk=run.pk)

    def held_run(self) -> BillRun:
        run = self.run()
        review_items(self.by, run=run, items=run.items.values_list("pk", flat=True), verdict="hold")
        return run

    def approved_run(self) -> BillRun:
        self.service()
        run = open_bill_run(self.by, bill_to=self.today, on=self.today + dt.timedelta(days=1))
        runs.preview_chunk(self.system, run=run, catalogue=runs.catalogue_of(run))
        run = runs.finish_preview(self.system, run=run)
        review_items(self.by, run=run, items=run.items.values_list("pk", flat=True), verdict="approve")
        run = runs.begin_issuing(self.by, run=run)
        with write_guard.writing():
            Job.objects.update(state="done")
        return run

    def ready_run(self) -> BillRun:
        run = self.run()
        review_items(self.by, run=run, items=run.items.values_list("pk", flat=True), verdict="approve")
        return run

    def action(self) -> ServiceAction:
        later = Change("stop", self.today + dt.timedelta(days=3))
        (action,) = change_services(self.by, services=[self.service()], change=later)
        return action

    def earned(self) -> dt.date:
        first = self.today.replace(day=1)
        with self.world.on(first - dt.timedelta(days=20)):
            self.bill()
        return first

    def receipt(self) -> Receipt:
        return self.world.pays(self.zara, "40.00")

    def ticket(self, **more: Any) -> Ticket:
        """Something that the customer asked."""
        return open_ticket(self.by, customer=self.zara, subject="Hello", text="Text", **more)

    def canned(self) -> CannedAnswer:
        """An answer that is given often."""
        return add_canned_answer(self.by, name="How to pay", text="By EFT")

    def mail(self) -> IncomingMail:
        """An e-mail of somebody whom no customer is known by."""
        content = b"From: who@mail.example\nMessage-ID: <1@mail.example>\nSubject: Hello\n\nText\n"
        return take_in(self.system, content)

    def job_type(self) -> JobType:
        """What technicians are sent for."""
        return add_job_type(self.by, name="Repair", minutes=60, checklist=["Measure", "Test"])

    def technician(self, who: User | None = None) -> Technician:
        """Somebody who does jobs."""
        return set_technician(self.by, person=who or self.other)

    def visit(self, state: str = "unassigned") -> FieldJob:
        """A job of the customer, as far as is said."""
        row = open_job(self.by, customer=self.zara, job_type=self.job_type(), summary="No light", note="Ring first")
        if state != "unassigned":
            row = schedule_job(self.by, job=row, technician=self.technician(), on=self.today, at="09:00")
        if state == "cancelled":
            row = cancel_job(self.by, job=row, reason="Because")
        return row

    def charged_visit(self) -> FieldJob:
        """A job that was completed, and charged something once."""
        self.world.package("Call-out", "300", kind="one_time", frequency="once")
        kind = add_job_type(self.by, name="Call-out", minutes=60, products=["call-out"])
        row = open_job(self.by, customer=self.zara, job_type=kind, summary="No light")
        row = schedule_job(self.by, job=row, technician=self.technician(), on=self.today, at="09:00")
        return complete_job(self.by, job=row)

    def message(self) -> Message:
        text = {"subject": "Hello", "body_text": "Text", "body_html": "<p>Text</p>", "addresses": ["z@mail.example"]}
        return queue_message(self.by, customer=self.zara, kind="statement", **text)

    def credit(self, minor: int = 5000) -> OpenItem:
        # It would settle what is owed.
        if credit_settles_bills():
            set_credit_policy(self.by, settles_bills=False)
        return issue_credit(self.by, customer=self.zara, amount_minor=minor, reason="Offline")

    def overdue(self) -> Customer:
        self.world.invoice(self.zara, "50.00", due_on="2026-02-01")
        return self.zara

    def suspension(self) -> Suspension:
        set_suspension_policy(self.by, changes={"enabled": True})
        return suspend_now(self.by, customer=self.overdue(), reason="Long overdue")

    def listed(self) -> Suspension:
        set_suspension_policy(self.by, changes={"enabled": True})
        self.overdue()
        take_all_steps(self.system)
        return Suspension.objects.get()

    def request(self, who: Caller | None = None) -> Any:
        arguments = {"customer": self.zara, "amount_minor": 100, "reason": "Offline"}
        return ask_approval(who or self.by, operation=issue_credit.name, arguments=arguments, customer_id=self.zara.pk)

    def second_factor(self) -> User:
        Authenticator.objects.create(user=self.other, type="totp", data={})
        return self.other

    def inactive(self) -> User:
        from counterfoil.staff.operations import deactivate_user

        return deactivate_user(self.by, user=self.other)

    def parked(self) -> ParkedRow:
        mapping = (
            'source = "bank"\nwrong = "park"\n[receipts]\nkey = "{id}"\ncustomer = "{who}"\non = "{on}"\n'
            'amount = "{paid}"\n'
        )
        content = b"id,who,on,paid\n1,Somebody,2026-03-01,5.00\n"
        import_file(self.by, content=content, file_name="bank.csv", mapping=mapping)
        return ParkedRow.objects.get()

    def token(self) -> Token:
        return add_token(self.by, name="Till", role="reader", digest="e" * 64, ending="eeee")

    @property
    def mine(self) -> Caller:
        return replace(self.by, name=self.me.name, user_id=self.me.pk)

    def access(self) -> Access:
        contact = Contact.objects.get(customer=self.zara)
        return give_access(self.by, contact=contact, email="z@mail.example", welcome=False)

    def passkey(self) -> dict[str, Any]:
        login = self.access().login
        key = add_passkey(self.by, login=login, key_id="k", credential=b"c", uses=0, customer=self.zara)
        return {"passkey": key, "customer": self.zara}

    def job(self) -> Job:
        return start_job(Caller.system("job", behalf=self.mine), kind="export", title="A list", arguments={})

    def notice(self) -> None:
        with write_guard.writing():
            Notice.objects.create(user=self.me, event_id=1, text="Done", at=self.world.now)

    def settled(self) -> Customer:
        self.world.pays(self.zara, "100.00")
        return self.sleeping()

    def sleeping(self) -> Customer:
        return deactivate_customer(self.by, customer=self.zara, reason="Moved")
