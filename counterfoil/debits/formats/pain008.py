"""Direct debits in ISO 20022: pain.008.001.02 and .08, for SEPA CORE and B2B (EPC130-08, EPC131-08) and for BACS.

One writer for all, as they differ in a few elements. The message id and the time of creation are passed in: making a
file again gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from counterfoil.debits.formats.accounts import CURRENCIES, bare, check_accounts, why_not, wrong_creditor_id
from counterfoil.debits.formats.order import (
    MOST_REFERENCE,
    Creditor,
    FormatError,
    Order,
    OrderFile,
    check_orders,
    plain,
    plain_name,
)  # fmt: skip
from counterfoil.kernel.money import plain_text

Scheme = Literal["core", "b2b", "bacs"]
Version = Literal["02", "08"]

# A block's id is the message's with `-FRST` or `-RCUR`.
MOST_MESSAGE = MOST_REFERENCE - 5
# A name in SEPA (AT-14); ISO takes 140.
_NAME, _TEXT = 70, 140


def write(
    creditor: Creditor,
    orders: Sequence[Order],
    *,
    scheme: Scheme,
    message: str,
    created: dt.datetime,
    collect_on: dt.date,
    version: Version = "08",
    batch: bool = True,
) -> OrderFile:
    """The file: a block of first collections and one of the others, in the order in which they are passed.

    `message` is its id, at most 30 characters, never used before; `batch`: the bank books each block as one sum. Facts
    are `message`, and `first` and `recurring`: how many there are of each.
    """
    domestic = scheme == "bacs"
    _check(creditor, orders, "bacs" if domestic else "sepa", message)
    root = Element("Document", {"xmlns": f"urn:iso:std:iso:20022:tech:xsd:pain.008.001.{version}"})
    body = SubElement(root, "CstmrDrctDbtInitn")
    head = SubElement(body, "GrpHdr")
    _say(head, "MsgId", message)
    _say(head, "CreDtTm", created.isoformat(timespec="seconds"))
    _totals(head, orders)
    party = SubElement(head, "InitgPty")
    _say(party, "Nm", plain(creditor.name, _NAME))
    if domestic:
        _service_user(SubElement(SubElement(party, "Id"), "OrgId"), creditor)
    blocks = [("FRST", [order for order in orders if order.first]), ("RCUR", [o for o in orders if not o.first])]
    for sequence, some in blocks:
        if some:
            block = _block(body, creditor, some, scheme, version, f"{message}-{sequence}", sequence, batch, collect_on)
            for order in some:
                _order(block, order, scheme, version)
    ElementTree.indent(root)
    return OrderFile(
        f"{message.replace('/', '-')}.xml",
        ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n",
        len(orders),
        sum(order.amount_minor for order in orders),
        {"message": message, "first": str(len(blocks[0][1])), "recurring": str(len(blocks[1][1]))},
    )


def _check(creditor: Creditor, orders: Sequence[Order], scheme: str, message: str) -> None:
    if not 0 < len(message) <= MOST_MESSAGE or not _is_plain(message):
        raise FormatError(
            "bad_message", f"The file's id “{message[:40]}” must be 1 to {MOST_MESSAGE} plain characters."
        )
    if not plain(creditor.name, _NAME):
        raise FormatError("bad_creditor", "Our name cannot be written for the bank. Enter it in Latin letters.")
    if wrong := why_not(scheme, creditor.account, creditor.bank, "current"):
        raise FormatError("bad_creditor", f"Our own account: {wrong}")
    if wrong := wrong_creditor_id(scheme, creditor.creditor_id):
        raise FormatError("bad_creditor", wrong)
    check_orders(orders, CURRENCIES[scheme])
    check_accounts(scheme, orders)
    for order in orders:
        # Answers name both: neither may be changed on its way to the bank.
        for what, text in (("reference", order.reference), ("mandate", order.mandate)):
            if not 0 < len(text) <= MOST_REFERENCE or not _is_plain(text):
                raise FormatError(
                    "bad_order",
                    f"Order {order.reference}: its {what} “{text[:40]}” must be 1 to {MOST_REFERENCE} letters, digits "
                    "and / - ? : ( ) . , ' +.",
                    reference=order.reference,
                )


def _is_plain(text: str) -> bool:
    return plain(text, len(text)) == text


def _say(parent: Element, name: str, text: str) -> Element:
    child = SubElement(parent, name)
    child.text = text
    return child


def _totals(parent: Element, orders: Sequence[Order]) -> None:
    _say(parent, "NbOfTxs", str(len(orders)))
    _say(parent, "CtrlSum", plain_text(sum(order.amount_minor for order in orders), orders[0].currency))


def _block(
    body: Element, creditor: Creditor, orders: Sequence[Order], scheme: Scheme, version: Version, name: str,
    sequence: str, batch: bool, collect_on: dt.date,
) -> Element:  # fmt: skip
    block = SubElement(body, "PmtInf")
    _say(block, "PmtInfId", name)
    _say(block, "PmtMtd", "DD")
    _say(block, "BtchBookg", "true" if batch else "false")
    _totals(block, orders)
    kind = SubElement(block, "PmtTpInf")
    if scheme != "bacs":
        _say(SubElement(kind, "SvcLvl"), "Cd", "SEPA")
        _say(SubElement(kind, "LclInstrm"), "Cd", scheme.upper())
    _say(kind, "SeqTp", sequence)
    _say(block, "ReqdColltnDt", collect_on.isoformat())
    party = SubElement(block, "Cdtr")
    _say(party, "Nm", plain(creditor.name, _NAME))
    if scheme == "bacs":
        _service_user(SubElement(SubElement(party, "Id"), "OrgId"), creditor)
    account = SubElement(block, "CdtrAcct")
    _account(account, creditor.account, scheme)
    if scheme == "bacs":
        _say(account, "Ccy", "GBP")
    _bank(SubElement(block, "CdtrAgt"), creditor.bank, scheme, version)
    if scheme != "bacs":
        # Each side pays its own bank's charges: the only way in SEPA.
        _say(block, "ChrgBr", "SLEV")
    us = SubElement(SubElement(SubElement(block, "CdtrSchmeId"), "Id"), "PrvtId")
    if scheme == "bacs":
        _service_user(us, creditor)
    else:
        other = SubElement(us, "Othr")
        _say(other, "Id", creditor.creditor_id)
        _say(SubElement(other, "SchmeNm"), "Prtry", "SEPA")
    return block


def _service_user(parent: Element, creditor: Creditor) -> None:
    other = SubElement(parent, "Othr")
    _say(other, "Id", creditor.creditor_id)
    _say(SubElement(other, "SchmeNm"), "Prtry", "SUN")


def _account(parent: Element, account: str, scheme: Scheme) -> None:
    identity = SubElement(parent, "Id")
    if scheme == "bacs":
        other = SubElement(identity, "Othr")
        _say(other, "Id", bare(account))
        _say(SubElement(other, "SchmeNm"), "Cd", "BBAN")
    else:
        _say(identity, "IBAN", bare(account))


def _bank(parent: Element, bank: str, scheme: Scheme, version: Version) -> None:
    identity = SubElement(parent, "FinInstnId")
    if scheme == "bacs":
        member = SubElement(identity, "ClrSysMmbId")
        _say(SubElement(member, "ClrSysId"), "Cd", "GBDSC")
        _say(member, "MmbId", bare(bank))
    elif bank:
        _say(identity, "BIC" if version == "02" else "BICFI", bare(bank))
    else:
        _say(SubElement(identity, "Othr"), "Id", "NOTPROVIDED")


def _order(block: Element, order: Order, scheme: Scheme, version: Version) -> None:
    one = SubElement(block, "DrctDbtTxInf")
    _say(SubElement(one, "PmtId"), "EndToEndId", order.reference)
    _say(one, "InstdAmt", plain_text(order.amount_minor, order.currency)).set("Ccy", order.currency)
    mandate = SubElement(SubElement(one, "DrctDbtTx"), "MndtRltdInf")
    _say(mandate, "MndtId", order.mandate)
    _say(mandate, "DtOfSgntr", order.signed_on.isoformat())
    _bank(SubElement(one, "DbtrAgt"), order.bank, scheme, version)
    _say(SubElement(one, "Dbtr"), "Nm", plain_name(order, _NAME))
    _account(SubElement(one, "DbtrAcct"), order.account, scheme)
    if text := plain(order.text, _TEXT):
        _say(SubElement(one, "RmtInf"), "Ustrd", text)
