"""Every read for card payments."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from counterfoil.billing.models import Invoice
from counterfoil.cards import rules
from counterfoil.cards.interfaces import Gateway, Keys
from counterfoil.cards.models import CardEvent, CardGateway, CardPart, CardPayment, CardPolicy, PayLink, SavedCard
from counterfoil.collections.queries import promised
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import theirs
from counterfoil.debits.models import BillingDetails
from counterfoil.debits.queries import credit_of
from counterfoil.kernel.clock import SKEW
from counterfoil.payments.models import Method
from counterfoil.platform.bulk import among
from counterfoil.platform.callers import Caller
from counterfoil.platform.connectors import connector
from counterfoil.platform.grants import declare_view
from counterfoil.platform.secrets import decrypt, seals
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.queries import disputed_now

declare_view("cards.view", "See card payments")

State, EventState = CardPayment.State, CardEvent.State
# Whoever has been silent for so long has died; the gateway does nothing twice.
INTERRUPTED_AFTER = dt.timedelta(minutes=5)
# A page that nobody told of is asked about, and not for ever: pages of gateways close after a day.
ASK_AFTER, ASK_EVERY, ASK_FOR = dt.timedelta(minutes=10), dt.timedelta(minutes=30), dt.timedelta(hours=30)


def policy() -> rules.Policy:
    """What the operator decided; until then nothing is charged by itself."""
    row = CardPolicy.objects.order_by("-pk").first()
    return rules.Policy() if row is None else rules.Policy(row.automatic, row.most_tries, row.wait_days)


# ------------------------------------------------------------------ the gateway


def gateway() -> CardGateway | None:
    """The account that takes card payments now; none where cards are not taken."""
    return CardGateway.objects.filter(retired_on=None).order_by("pk").first()


def gateways() -> QuerySet[CardGateway]:
    """Those that were given up too."""
    return CardGateway.objects.order_by("retired_on", "-pk")


def listening(kind: str) -> list[CardGateway]:
    """The accounts of a kind whose events are heard, the one in use first: of others something may still come."""
    rows = CardGateway.objects.filter(kind=kind).order_by("-pk")
    return sorted(rows, key=lambda row: row.retired_on is not None)[:5]


def keys_of(row: CardGateway) -> Keys:
    """How we are known to the gateway."""
    return Keys(row.public_key, decrypt(row.secret_box), decrypt(row.signing_box), row.live)


def speaker_of(kind: str) -> Gateway:
    """What speaks to a gateway of a kind."""
    found: Gateway = connector("CARD_GATEWAYS", kind)
    return found


def hook_address(kind: str) -> str:
    """Where the gateway sends its events."""
    return f"{settings.PUBLIC_URL}/hooks/cards/{kind}/"


# ------------------------------------------------------------------ cards and payments of a customer


def card_of(customer: Customer) -> SavedCard | None:
    """The card that may be charged."""
    return SavedCard.objects.filter(customer=customer, removed_on=None).select_related("gateway").first()


def payments_of(customer: Customer) -> QuerySet[CardPayment]:
    """Payments by card that came to something, the newest first; merged accounts included."""
    rows = CardPayment.objects.filter(theirs(customer)).exclude(state=State.STARTED)
    return rows.select_related("receipt", "card", "customer").order_by("-pk")


def payment_named(customer: Customer, reference: str) -> CardPayment | None:
    """A payment of this customer by its reference."""
    return CardPayment.objects.filter(customer=customer, reference=reference).select_related("receipt").first()


def under_way_of(customer: Customer) -> CardPayment | None:
    """What is being charged to the saved card now."""
    return CardPayment.objects.filter(customer=customer, state__in=(State.DUE, State.CHARGING)).first()


def payable(customer: Customer) -> list[rules.Open]:
    """What may be paid: open, without what is in dispute, the oldest due first; nothing that a debit order collects."""
    rows = OpenItem.objects.filter(customer=customer, side="debit", open_minor__gt=0, currency=customer.currency)
    rows = rows.annotate(disputed=disputed_now("pk")).order_by("due_on", "number", "pk")
    found = rows.values_list("pk", "due_on", "on", "number", "open_minor", "disputed")
    return [
        rules.Open(pk, due or on, number, minor - (disputed or 0))
        for pk, due, on, number, minor, disputed in found
        if minor > (disputed or 0)
    ]


def invoices_of_items(items: Collection[int]) -> dict[int, Invoice]:
    """The invoice behind each item that is one."""
    rows = Invoice.objects.filter(among("item_id", items))
    return {row.item_id: row for row in rows if row.item_id is not None}


def find_payment(account: CardGateway, reference: str, intent: str, session: str) -> CardPayment | None:
    """The payment that a gateway speaks of, by whichever name; begun with other keys of the same account, too."""
    rows = CardPayment.objects.filter(gateway__kind=account.kind, gateway__live=account.live)
    for name, value in (("reference", reference), ("intent", intent), ("session", session)):
        if value and (found := rows.filter(**{name: value}).first()) is not None:
            return found
    return None


def invoice_numbered(number: str) -> Invoice | None:
    """An issued invoice by its number."""
    if not number:
        return None
    return Invoice.objects.filter(number=number, state=Invoice.State.ISSUED).select_related("customer", "item").first()


def heir_of(customer: Customer) -> Customer:
    """The account that this one turned out to be."""
    row = customer
    while row.merged_into_id is not None:
        row = Customer.objects.get(pk=row.merged_into_id)
    return row


def events_about(payment: CardPayment) -> QuerySet[CardEvent]:
    """All that was told of a payment."""
    named = Q(reference=payment.reference) | Q(payment=payment.pk)
    if payment.intent:
        named |= Q(intent=payment.intent)
    same = {"gateway__kind": payment.gateway.kind, "gateway__live": payment.gateway.live}
    return CardEvent.objects.filter(named, **same).exclude(state=EventState.REFUSED).order_by("pk")


# ------------------------------------------------------------------ what is to be done


def events(caller: Caller) -> QuerySet[CardEvent]:
    """What gateways told, the newest first. It is of all customers, so nobody sees it who sees a part of them."""
    rows = CardEvent.objects.select_related("customer", "payment", "gateway").order_by("-pk")
    return rows.none() if caller.is_scoped else rows


def failures(caller: Caller, since: dt.datetime) -> QuerySet[CardEvent]:
    """What somebody should look at."""
    unsolved = Q(state__in=(EventState.UNKNOWN, EventState.PROBLEM))
    return events(caller).filter(unsolved | Q(state=EventState.REFUSED, at__gte=since))


def refused_lately(now: dt.datetime) -> int:
    """How many deliveries were refused within an hour."""
    return CardEvent.objects.filter(state=EventState.REFUSED, at__gt=now - dt.timedelta(hours=1)).count()


def waiting_events() -> QuerySet[CardEvent]:
    """What was told and is not worked yet, in the order in which it came."""
    return CardEvent.objects.filter(state=EventState.WAITING).order_by("pk")


def due_charges(now: dt.datetime) -> QuerySet[CardPayment]:
    """Payments by saved card to try now, and those whose worker died."""
    # A time far ahead was set by a clock that was wrong.
    far = now + dt.timedelta(days=60)
    due = Q(state=State.DUE) & (Q(next_try_at__lte=now) | Q(next_try_at__gt=far))
    silent = Q(claimed_at__lt=now - INTERRUPTED_AFTER) | Q(claimed_at__gt=now + SKEW)
    return CardPayment.objects.filter(due | (Q(state=State.CHARGING) & silent)).order_by("next_try_at", "pk")


def to_give_back(now: dt.datetime) -> QuerySet[CardPayment]:
    """Payments of which something is to go back and the gateway has not taken the order."""
    return CardPayment.objects.filter(asked_back_minor__gt=0, ask_back_at__lte=now).order_by("ask_back_at", "pk")


def to_ask(now: dt.datetime) -> QuerySet[CardPayment]:
    """Pages that were opened a while ago and of which nothing was told."""
    rows = CardPayment.objects.filter(state=State.STARTED, at__lt=now - ASK_AFTER, at__gt=now - ASK_FOR)
    return rows.exclude(session="").filter(Q(asked_at=None) | Q(asked_at__lt=now - ASK_EVERY)).order_by("pk")


def given_up(now: dt.datetime) -> QuerySet[CardPayment]:
    """Pages that have closed by now, whoever did not say so."""
    return CardPayment.objects.filter(state=State.STARTED, at__lt=now - ASK_FOR).order_by("pk")


def to_forget() -> QuerySet[SavedCard]:
    """Cards that were removed here and are still kept at the gateway."""
    # One that is being charged is asked about with its token until there is an answer.
    busy = CardPayment.objects.filter(card=OuterRef("pk"), state__in=(State.DUE, State.CHARGING))
    rows = SavedCard.objects.exclude(removed_on=None).exclude(token="").exclude(Exists(busy))
    return rows.select_related("gateway").order_by("pk")


def charged_by_card(today: dt.date, limit: int) -> list[SavedCard]:
    """Cards of who pays by card and owes something that is due, without a payment under way or given up since.

    What was declined for good is not begun again by itself: that would be a new series of tries every day.
    """
    pays = BillingDetails.objects.filter(method=Method.CARD, customer__status=Customer.Status.ACTIVE).values("customer")
    owed = OpenItem.objects.filter(customer=OuterRef("customer"), side="debit", open_minor__gt=0, due_on__lte=today)
    # An item that was tried with a card is left to people, until there is another card.
    tried = CardPart.objects.filter(item=OuterRef("pk"), payment__card=OuterRef(OuterRef("pk")))
    busy = CardPayment.objects.filter(customer=OuterRef("customer"), state__in=(State.DUE, State.CHARGING))
    rows = SavedCard.objects.filter(removed_on=None, customer__in=pays, gateway__retired_on=None)
    rows = rows.filter(Exists(owed.filter(~Exists(tried)))).exclude(Exists(busy))
    return list(rows.select_related("customer", "gateway").order_by("pk")[:limit])


def due_of(customer: Customer, card: SavedCard, today: dt.date) -> list[tuple[int, int]]:
    """What a card is charged today, by item: due, not in dispute, not tried with it before, less account credit.

    Nothing while a promise to pay is open, as with debit orders.
    """
    if promised([customer.pk], today):
        return []
    tried = set(CardPart.objects.filter(payment__card=card).values_list("item", flat=True))
    due = [row for row in payable(customer) if row.due_on <= today]
    credit = credit_of([customer.pk], customer.currency).get(customer.pk, 0)
    new = [row for row in due if row.item not in tried]
    left = max(sum(row.minor for row in due) - credit, 0)
    return rules.parts(new, min(left, sum(row.minor for row in new)))


def expiring(today: dt.date) -> list[SavedCard]:
    """Cards that expire within a month and of which nobody was told."""
    rows = SavedCard.objects.filter(removed_on=None, told_on=None).select_related("customer")
    ahead = today + dt.timedelta(days=rules.TOLD_AHEAD_DAYS)
    about = Q(exp_year__lt=ahead.year) | Q(exp_year=ahead.year, exp_month__lte=ahead.month)
    return [row for row in rows.filter(about) if rules.expires_soon(row.exp_month, row.exp_year, today)]


# ------------------------------------------------------------------ the link of an invoice


@dataclass(frozen=True)
class Linked:
    """What a payment link leads to."""

    invoice: Invoice
    open_minor: int


def pay_token(invoice: Invoice) -> str:
    """What names an invoice in an address: its key, and a seal that nobody can guess."""
    return _token(invoice.pk, _version(invoice.pk))


def _token(pk: int, version: int) -> str:
    return f"{_short(pk)}-{_tags(pk, version)[0]}"


def pay_address(invoice: Invoice) -> str:
    """Where an issued invoice is paid online, for documents and e-mails; empty where cards are not taken."""
    return pay_addresses([invoice]).get(invoice.pk, "")


def pay_addresses(invoices: Sequence[Invoice]) -> dict[int, str]:
    """Where each of these issued invoices is paid online, by key; none where cards are not taken."""
    issued = [
        row.pk for row in invoices
        if row.pk is not None and row.item_id is not None and row.customer.merged_into_id is None
    ]  # fmt: skip
    if not issued or gateway() is None:
        return {}
    versions = dict(PayLink.objects.filter(among("invoice", issued)).values_list("invoice", "version"))
    return {pk: f"{settings.PUBLIC_URL}/pay/{_token(pk, versions.get(pk, 0))}" for pk in issued}


def linked(token: str) -> Linked | None:
    """The invoice behind a token; none where it was made up or revoked. Made-up ones cost no question."""
    head, _, tag = token.partition("-")
    pk = _key(head)
    # Revoking changes the seal, so the version is not said in the token.
    if pk is None or len(tag) != _TAG:
        return None
    version = _version(pk)
    if not any(hmac.compare_digest(tag.encode(), one.encode()) for one in _tags(pk, version)):
        return None
    rows = Invoice.objects.filter(pk=pk, state=Invoice.State.ISSUED).exclude(item=None)
    invoice = rows.select_related("customer", "item").first()
    if invoice is None or invoice.item is None or invoice.customer.merged_into_id is not None:
        return None  # what is open of it is another account's now
    disputed = OpenItem.objects.filter(pk=invoice.item.pk).annotate(d=disputed_now("pk")).values_list("d", flat=True)
    return Linked(invoice, max(invoice.item.open_minor - (disputed[0] or 0), 0))


def _version(pk: int) -> int:
    return PayLink.objects.filter(invoice=pk).values_list("version", flat=True).first() or 0


_TAG = 20
_DIGITS = "0123456789abcdefghijkmnpqrstuvwxyz"


def _tags(pk: int, version: int) -> list[str]:
    """The seal by each key of the installation: a hundred bits, in letters that are read aloud alike."""
    whole = seals("pay link", f"{pk}:{version}".encode())
    return [base64.b32encode(hashlib.sha256(one.encode()).digest()).decode().lower()[:_TAG] for one in whole]


def _short(number: int) -> str:
    text = ""
    while True:
        number, place = divmod(number, len(_DIGITS))
        text = _DIGITS[place] + text
        if not number:
            return text


def _key(text: str) -> int | None:
    if not 1 <= len(text) <= 12 or any(sign not in _DIGITS for sign in text):
        return None
    number = 0
    for sign in text:
        number = number * len(_DIGITS) + _DIGITS.index(sign)
    return number if number < 2**63 else None
