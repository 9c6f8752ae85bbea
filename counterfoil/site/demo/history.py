"""Two years of the demonstration operator, day by day, through the operations that staff use."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils import timezone

from counterfoil.access.operations import give_access, set_password
from counterfoil.billing.models import Invoice, TaxRate
from counterfoil.billing.operations import (
    NewInvoice,
    credit_invoice,
    decide_tax,
    draft_invoice,
    draft_invoices,
    issue_invoices,
)
from counterfoil.billing.rules import LineInput
from counterfoil.customers.models import Contact, Customer
from counterfoil.customers.operations import add_contact, add_customers, add_note, add_site
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import add_months
from counterfoil.operator.models import NumberSeries
from counterfoil.operator.operations import (
    add_area,
    add_bank_account,
    add_brand,
    change_numbers,
    change_operator,
)
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import NewReceipt, pay_refund, record_receipts, reverse_receipt
from counterfoil.platform.approvals import ask_approval
from counterfoil.platform.callers import Caller
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import issue_credit, open_dispute, raise_debit_memo, write_off
from counterfoil.site.demo.banks import bring_in_some
from counterfoil.site.demo.calls import call_some
from counterfoil.site.demo.cards import pay_some_by_card
from counterfoil.site.demo.debits import collect_some
from counterfoil.site.demo.details import add_details
from counterfoil.site.demo.jobs import plan_some
from counterfoil.site.demo.network import connect_some
from counterfoil.site.demo.people import AREAS, Person, people
from counterfoil.site.demo.services import make_agreements, subscribe_everyone
from counterfoil.site.demo.suspensions import suspend_some
from counterfoil.site.demo.tickets import ask_some
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.staff.queries import caller_for

MONTHS = 24
PASSWORD = "counterfoil-demo"
STAFF = (
    ("admin@highveld.example", "Lerato Dube", "administrator"),
    ("billing@highveld.example", "Sibusiso Nkosi", "billing"),
    ("agent@highveld.example", "Zanele Khumalo", "agent"),
    ("finance@highveld.example", "Thandi Mokoena", "finance"),
    ("collector@highveld.example", "Pieter Botha", "collector"),
    ("dispatch@highveld.example", "Kagiso Molefe", "dispatcher"),
    ("technician@highveld.example", "Sizwe Dlamini", "technician"),
    ("auditor@highveld.example", "Annelie Fourie", "reader"),
)
# Who signs in to the portal, with the same password.
PORTAL = ("naledi@mokoena.example", "it@mokoena.example")
# Sees the customers of one area only.
LIMITED = ("valley@highveld.example", "Nomsa Baloyi", "agent")
BRANDS = ("Highveld Fibre", "Valley Net")
LETTERHEAD = {
    "name": "Highveld Fibre",
    "legal_name": "Highveld Fibre (Pty) Ltd",
    "registration": "2014/031877/07",
    "tax_number": "4780 265 113",
    "address": "22 Stiemens Street",
    "city": "Braamfontein",
    "postcode": "2001",
    "email": "accounts@highveld.example",
    "phone": "010 555 0100",
    "pay_url": "pay.highveld.example",
}
BANK = {"bank": "Standard Bank", "branch": "051 001", "number": "012 345 678", "kind": "current"}
NOTES = (
    "Ask for the office manager, not the front desk.",
    "Prefers WhatsApp after 09:00.",
    "Invoice credited because of three days without service.",
    "Gate code is with dispatch.",
    "Will pay after month end, salary on the 25th.",
    "Moved the router to the study, signal is better there.",
)


class Demo:
    """Builds the demonstration, deterministic for a given day."""

    def __init__(self, today: dt.date, count: int = 300) -> None:
        self.today, self.count = today, count
        self.rng = random.Random(20260101)
        self.users: dict[str, User] = {}
        self.people: dict[int, Person] = {}
        self.customers: dict[int, Customer] = {}
        self.due_payments: dict[dt.date, list[NewReceipt]] = defaultdict(list)

    def by(self, role: str, day: dt.date, hour: int = 10) -> Caller:
        """Somebody of the staff on a day."""
        user = self.users[role]
        caller = caller_for(user)
        at = timezone.make_aware(dt.datetime.combine(day, dt.time(hour, self.rng.randrange(60))))
        return Caller(
            name=caller.name, grants=frozenset({"*"}), user_id=user.pk, door="desk", at=min(at, timezone.now())
        )

    def build(self) -> None:
        """The whole history."""
        start = add_months(self.today.replace(day=1), -MONTHS)
        system = Caller.system("shell", at=timezone.make_aware(dt.datetime.combine(start, dt.time(8))))
        change_operator(system, **LETTERHEAD)
        change_numbers(system, series=NumberSeries.objects.get(kind="account"), pattern="HV-{number:06}")
        add_bank_account(system, details=BANK)
        decide_tax(system, charges=True)
        for email, name, role in STAFF:
            self.users[role] = add_user(system, email=email, name=name, role=role, password=PASSWORD)
        self.areas = {name: add_area(system, name=name) for name in AREAS}
        self.brands = {name: add_brand(system, name=name) for name in BRANDS}
        email, name, role = LIMITED
        add_user(system, email=email, name=name, role=role, password=PASSWORD, areas=[self.areas["Valley"]])
        waiting = people(self.rng, self.today, self.count)
        month = start
        while month <= self.today:
            after = add_months(month, 1)
            self._sign_up([person for person in waiting if (person.new.joined_on or start) < after], month)
            waiting = [person for person in waiting if (person.new.joined_on or start) >= after]
            self._bill(month)
            self._collect(min(after - dt.timedelta(days=1), self.today))
            self._incidents(month)
            month = after
        subscribe_everyone(self.by("billing", self.today), self.people, self.customers)
        make_agreements(self.by("billing", self.today), self.people, self.customers)
        self._present()

    def _sign_up(self, joining: Sequence[Person], month: dt.date) -> None:
        if not joining:
            return
        on = min(max([month, *(person.new.joined_on or month for person in joining)]), self.today)
        managers = [self.users[role].pk for role in ("billing", "agent")]
        new = [
            replace(person.new, manager_id=self.rng.choice(managers)) if person.new.kind == "company" else person.new
            for person in joining
        ]
        new = [
            replace(
                row,
                area_id=self.areas[row.group].pk,
                brand_id=self.brands["Valley Net" if row.group == "Valley" else "Highveld Fibre"].pk,
            )
            for row in new
        ]
        rows = add_customers(self.by("agent", on), customers=new)
        for row, person in zip(rows, joining, strict=True):
            self.people[row.pk], self.customers[row.pk] = person, row

    def _bill(self, month: dt.date) -> None:
        standard = TaxRate.objects.get(code="standard").pk
        new = []
        for pk, customer in self.customers.items():
            person = self.people[pk]
            if customer.joined_on >= month:
                continue
            label = month.strftime("%B")
            lines = [LineInput(f"{person.package[0]}, {label}", Decimal(1), Decimal(person.package[1]), standard)]
            lines += [
                LineInput(f"{text}, {label}", Decimal(n), Decimal(price), standard) for text, n, price in person.extras
            ]
            if any("VoIP" in text for text, _, _ in person.extras):
                calls = Decimal(self.rng.randrange(900, 42000)) / 100
                lines.append(LineInput("Calls, previous month", Decimal(1), calls, standard))
            new.append(NewInvoice(customer, tuple(lines), month, text=f"Services, {label}"))
        if not new:
            return
        caller = self.by("billing", month, hour=6)
        for invoice in issue_invoices(caller, invoices=draft_invoices(caller, invoices=new)):
            self._plan_payment(invoice)

    def _plan_payment(self, invoice: Invoice) -> None:
        person = self.people[invoice.customer_id]
        age = (self.today - invoice.on).days
        rng, total = self.rng, invoice.total_minor
        match person.habit:
            case "prompt":
                plan = [(rng.randrange(1, 9), total)]
            case "on_terms":
                plan = [((invoice.due_on - invoice.on).days + rng.randrange(-3, 3), total)]
            case "late":
                plan = [(rng.randrange(38, 75), total)]
            case "partial":
                plan = [(rng.randrange(10, 40), total // 2), (rng.randrange(60, 110), total - total // 2)]
            case "stopped":
                plan = [(rng.randrange(5, 30), total)] if age > 95 else []
            case "ahead":
                plan = [(rng.randrange(1, 6), total + (5000 if rng.random() < 0.2 else 0))]
            case _:  # the customer of the tour: pays a month late, and half of the one before last
                plan = [(28, total)] if age > 85 else [(48, 150000)] if age > 50 else []
        method = {"prompt": "debit_order", "late": "cash"}.get(person.habit, "eft")
        for days, minor in plan:
            on = invoice.on + dt.timedelta(days=max(days, 0))
            if on <= self.today:
                reference = self.customers[invoice.customer_id].number
                self.due_payments[on].append(NewReceipt(invoice.customer_id, minor, on, method, reference))

    def _collect(self, until: dt.date) -> None:
        due = sorted(day for day in self.due_payments if day <= until)
        receipts = [new for day in due for new in self.due_payments.pop(day)]
        if receipts:
            record_receipts(self.by("billing", until, hour=16), receipts=receipts)

    def _incidents(self, month: dt.date) -> None:
        """What goes wrong in a month, and what staff do about it."""
        last = min(add_months(month, 1) - dt.timedelta(days=1), self.today)
        rng = self.rng
        bounced = list(
            Receipt.objects.filter(on__range=(month, last), method="debit_order", reversal__isnull=True).order_by("pk")
        )
        for receipt in rng.sample(bounced, min(len(bounced), 2)):
            on = min(receipt.on + dt.timedelta(days=3), self.today)
            caller = self.by("billing", on, hour=11)
            reverse_receipt(caller, receipt=receipt, reason="Debit order returned, insufficient funds", on=on)
            memo: dict[str, Any] = {"amount_minor": 11500, "reason": "Returned debit order fee", "on": on}
            raise_debit_memo(caller, customer=receipt.customer, **memo)
            again = min(on + dt.timedelta(days=rng.randrange(5, 15)), self.today)
            pays = NewReceipt(receipt.customer_id, receipt.amount_minor + 11500, again, "eft", receipt.reference)
            if rng.random() < 0.8:
                self.due_payments[again].append(pays)
        issued = list(Invoice.objects.filter(on=month, state="issued").select_related("customer").order_by("pk"))
        for invoice in rng.sample(issued, min(len(issued), 2)):
            on = min(month + dt.timedelta(days=rng.randrange(8, 24)), self.today)
            caller = self.by("billing", on, hour=14)
            line = invoice.lines.order_by("position")[0]
            amounts = {line.pk: line.total_minor * 3 // 30}
            credit_invoice(caller, invoice=invoice, amounts=amounts, reason="Three days offline", on=on)
            add_note(caller, customer=invoice.customer, text=rng.choice(NOTES))

    def _give_portal_access(self, agent: Caller, tour: Customer) -> None:
        """Contacts of the tour's customer sign in to the portal; one of them sees a second account too."""
        other = next(customer for customer in self.customers.values() if customer.pk != tour.pk)
        add_contact(agent, customer=other, name="Naledi Mokoena", emails=[PORTAL[0]], roles=["billing"])
        for contact in Contact.objects.filter(points__value__in=PORTAL).order_by("pk"):
            for point in contact.points.filter(value__in=PORTAL):
                access = give_access(agent, contact=contact, email=point.value, welcome=False)
                how: dict[str, Any] = {"password": PASSWORD, "current": None, "customer": contact.customer}
                if not access.login.password:
                    set_password(agent, login=access.login, **how)

    def _present(self) -> None:
        """What stands today: disputes, a draft, credits, notes, a refund, a debt given up."""
        rng, today = self.rng, self.today
        billing, agent = self.by("billing", today, 9), self.by("agent", today, 9)
        standard = TaxRate.objects.get(code="standard").pk
        tour = next(self.customers[pk] for pk, person in self.people.items() if person.habit == "tour")
        add_note(agent, customer=tour, text="Ask for Naledi, not the front desk. No calls before 09:00.", pin=True)
        add_contact(
            agent, customer=tour, name="Pieter van Wyk", title="IT", roles=["technical"], emails=["it@mokoena.example"],
            phones=["082 555 0177"],
        )  # fmt: skip
        self._give_portal_access(agent, tour)
        add_site(
            agent, customer=tour, label="Second office", street="3 Jorissen Street", city="Braamfontein",
            postcode="2001", purposes=["service"],
        )  # fmt: skip
        callout = draft_invoice(
            billing, customer=tour, on=today - dt.timedelta(days=12), text="Call-out",
            lines=[LineInput("Call-out, fibre re-spliced", Decimal(1), Decimal(850), standard)],
        )  # fmt: skip
        (callout,) = issue_invoices(billing, invoices=[callout])
        item = OpenItem.objects.get(number=callout.number)
        open_dispute(agent, item=item, amount_minor=42500, reason="Says the call-out was included")
        late = list(
            OpenItem.objects.filter(kind="invoice", open_minor__gt=0, due_on__lt=today)
            .exclude(customer=tour)
            .order_by("due_on", "pk")
        )
        for item in rng.sample(late, min(len(late), 6)):
            open_dispute(agent, item=item, amount_minor=item.open_minor // 2, reason="Billed after the cancellation")
        for item in late[:2]:
            write_off(billing, item=item, amount_minor=item.open_minor, reason="Moved away, not traced")
        for customer in rng.sample(list(self.customers.values()), 8):
            issue_credit(
                billing, customer=customer, amount_minor=rng.choice((5000, 10000, 15000)), reason="Referral bonus"
            )
        for customer in rng.sample(list(self.customers.values()), min(len(self.customers), 30)):
            add_note(agent, customer=customer, text=rng.choice(NOTES))
        for customer in rng.sample(list(self.customers.values()), 4):
            lines = [
                LineInput("Router, dual band", Decimal(1), Decimal("1249.00"), TaxRate.objects.get(code="standard").pk)
            ]
            draft_invoice(billing, customer=customer, on=today, lines=lines, text="Router")
        asker, much = replace(caller_for(self.users["billing"]), at=billing.at), 185000
        wanted: dict[str, Any] = {
            "customer": tour,
            "amount_minor": much,
            "reason": "Offline for three weeks",
            "on": today,
        }
        ask_approval(
            asker, operation=issue_credit.name, arguments=wanted, customer_id=tour.pk, reason=wanted["reason"],
            label=f"Issue credit {money_text(much, tour.currency)}, {tour.name}",
        )  # fmt: skip
        spare = OpenItem.objects.filter(kind="receipt", open_minor__gte=3000).order_by("pk").first()
        if spare is not None:
            owner = Customer.objects.get(pk=spare.customer_id)
            how: dict[str, Any] = {"on": today, "method": "eft", "reason": "Paid twice"}
            pay_refund(billing, customer=owner, amount_minor=min(spare.open_minor, 5000), **how)
        add_details(self.by("administrator", today, 9), agent, rng, tour, list(self.customers.values()))
        call_some(self.by, today, tour.pk)
        suspend_some(self.by, today, tour.pk)
        bring_in_some(self.by, today)
        collect_some(self.by, today)
        pay_some_by_card(self.by, today, tour.pk)
        ask_some(self.by, today, tour)
        connect_some(self.by, today, tour)
        plan_some(self.by, today, tour)
