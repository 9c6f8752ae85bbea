"""Nedbank CPS (South Africa): debit orders in records of 320 characters.

Unproven: the layout is second-hand, from another program that writes it, and no file of it was ever sent to the bank
from here. Have the bank test one before anything is collected by it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from counterfoil.debits.formats.accounts import CURRENCIES, bare, check_accounts
from counterfoil.debits.formats.order import Creditor, FormatError, Order, OrderFile, check_orders, plain

PROVEN = False

# The contract reference within what the payer reads; it is all of ours that the record carries.
MOST_REFERENCE = 14
_WIDTH = 320
_MOST_SUM = 10**14 - 1


def write(
    creditor: Creditor, orders: Sequence[Order], *, number: int, collect_on: dt.date, charges_account: str = ""
) -> OrderFile:
    """The file. `number` is its own and never used before; charges go to the same account where no other is named.

    `creditor_id` is the client number at the bank. Facts are `file_number` and `hash_total`: the sum of the accounts
    that are debited, which is what other South African files sum; nobody confirmed it for this one.
    """
    charges = charges_account or creditor.account
    _check(creditor, orders, number, charges)
    client = creditor.creditor_id.zfill(10)
    file_number = f"{client}{collect_on:%Y%m%d}{number:06d}"
    total = sum(order.amount_minor for order in orders)
    hash_total = str(sum(int(bare(order.account)) for order in orders))
    name = plain(creditor.name, 30)
    records = [f"01{client}{file_number}01{bare(creditor.account):0>16}{bare(charges):0>16}{name:<30}"]
    for place, order in enumerate(orders, 1):
        records.append(
            f"02{'':16}{file_number}{place:010d}{bare(order.bank)}{bare(order.account):0>16}{order.amount_minor:012d}"
            f"{collect_on:%Y%m%d}{name[:10]:<10}{order.reference:<14}{collect_on:%y%m%d}"
        )
    records.append(f"03{len(orders):010d}{total:014d}")
    records.append(f"04{hash_total:<50}")
    content = "".join(f"{record:<{_WIDTH}}\r\n" for record in records).encode("ascii")
    facts = {"file_number": file_number, "hash_total": hash_total}
    return OrderFile(f"CPS-{file_number}.txt", content, len(orders), total, facts)


def _check(creditor: Creditor, orders: Sequence[Order], number: int, charges: str) -> None:
    if not plain(creditor.name, 30):
        raise FormatError("bad_creditor", "Our name cannot be written for the bank. Enter it in Latin letters.")
    if not re.fullmatch("[0-9]{1,10}", creditor.creditor_id):
        raise FormatError("bad_creditor", "The client number has at most ten digits. Check the letter of the bank.")
    for account in (creditor.account, charges):
        if not re.fullmatch("[0-9]{7,16}", bare(account)):
            raise FormatError("bad_creditor", "Our own account has 7 to 16 digits. Check it.")
    if not 0 < number < 10**6:
        raise FormatError("bad_message", "The file's number must be from 1 to 999999.")
    check_orders(orders, CURRENCIES["za"])
    check_accounts("za", orders)
    if sum(order.amount_minor for order in orders) > _MOST_SUM:
        raise FormatError("too_much", "One file cannot carry so much. Make two runs of it.")
    for order in orders:
        if len(order.reference) > MOST_REFERENCE or plain(order.reference, MOST_REFERENCE) != order.reference:
            raise FormatError(
                "bad_order",
                f"Order {order.reference}: CPS takes a reference of at most {MOST_REFERENCE} letters and digits.",
                reference=order.reference,
            )
