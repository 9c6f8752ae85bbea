"""Book checks of bank lines."""

from collections.abc import Iterable

from django.db.models import Count, Sum

from counterfoil.bank.models import BankLine
from counterfoil.kernel.money import money_text
from counterfoil.ledger.models import Posting
from counterfoil.ledger.rules import SUSPENSE
from counterfoil.platform.checks import book_check


@book_check
def open_lines_are_what_stands_unmatched() -> Iterable[str]:
    """The ledger holds as unmatched what the open lines come to, in each currency."""
    lines = BankLine.objects.filter(state=BankLine.State.OPEN).order_by().values_list("currency")
    wanted = dict(lines.annotate(total=Sum("amount_minor")))
    stands = Posting.objects.filter(account__code=SUSPENSE).order_by().values_list("entry__currency")
    held = {currency: -total for currency, total in stands.annotate(total=Sum("amount_minor"))}
    for currency in sorted({*wanted, *held}):
        if (there := held.get(currency, 0)) != (open_now := wanted.get(currency, 0)):
            yield (
                f"Open bank lines come to {money_text(open_now, currency)}, the ledger holds "
                f"{money_text(there, currency)} as unmatched."
            )


@book_check
def recorded_lines_are_what_was_paid() -> Iterable[str]:
    """The payments of a recorded line that stand come to its amount, or all of them were reversed one by one."""
    rows = BankLine.objects.filter(state=BankLine.State.RECORDED)
    paid = rows.annotate(n=Count("payments"), total=Sum("payments__receipt__amount_minor")).filter(n=0)
    for line in paid[:20]:
        yield f"Bank line {line.pk} is recorded, and no payment is."
