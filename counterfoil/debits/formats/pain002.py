"""What banks say of direct debits they were sent: pain.002, version .03 and later, by the local names of elements.

A report speaks of the whole file, of a block of it, or of one order. What it says of a block holds for the orders that
it does not name: a bank that rejects a block may list only the order that was wrong.
"""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from counterfoil.debits.formats.order import Answer, FormatError, Kind, check_file, day_of, minor_of, tidy
from counterfoil.debits.formats.reasons import reason
from counterfoil.kernel.elements import child, declares_entities, events, local

# Statuses by what they come to (ISO 20022 external code set); with the others nothing is decided yet.
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("ACCP", "ACCC", "ACFC", "ACSC", "ACSP", "ACTC", "ACWC", "ACWP", "PATC"), "accepted"),
    **dict.fromkeys(("RJCT", "CANC"), "rejected"),
}  # fmt: skip
_WAITING = {"PDNG", "RCVD", "PART", "PRES", "ACPD", "BLCK", ""}
# No account and no reference is nested deeper; what is, is no report.
_MOST_DEPTH = 40


def read(content: bytes, *, scheme: str = "sepa") -> list[Answer]:
    """An answer for each file, block and order that was accepted or rejected, the wider first; a later one counts.

    `reference` is empty for a block or a whole file; `file` is our message id, `block` the block's. `scheme` is whose
    codes the bank uses beside those of ISO. An accepted order is not collected yet.
    """
    check_file(content, "A status report")
    if declares_entities(content):
        raise FormatError("bad_xml", "The file declares entities, which no bank does. Choose the bank's own file.")
    try:
        return _read(content, scheme)
    except ElementTree.ParseError as error:
        line, _ = error.position
        raise FormatError(
            "bad_xml", f"The file is damaged or cut off at line {line}. Ask the bank for it again.", line=line
        ) from error
    except FormatError:
        raise
    except (LookupError, ValueError) as error:
        raise FormatError("bad_xml", "The file is XML in an encoding that nobody knows. Ask for UTF-8.") from error


class _Report:
    """What was read so far of a report."""

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme
        self.on: dt.date | None = None
        self.file = ""
        self.answers: list[Answer] = []
        # The block that is being read, and whether it was said what it comes to.
        self.block: Element | None = None
        self.said = False

    def head(self, element: Element) -> None:
        if text := _text(element, "CreDtTm"):
            self.on = day_of(text[:10], "%Y-%m-%d", "The report's creation time")

    def group(self, element: Element) -> None:
        self.file = _text(element, "OrgnlMsgId")
        self._say(element, _text(element, "GrpSts"), "", "The report", _code(element))

    def begin_block(self, element: Element) -> None:
        self.block = element
        self.said = False

    def say_block(self) -> None:
        """What is said of the block itself, once; its own elements come before its orders."""
        if self.block is not None and not self.said:
            name = _text(self.block, "OrgnlPmtInfId")
            self._say(self.block, _text(self.block, "PmtInfSts"), name, f"Block {name}", _code(self.block))
            self.said = True

    def order(self, element: Element) -> None:
        self.say_block()
        reference = _text(element, "OrgnlEndToEndId")
        where = f"Order {reference}" if reference else "An order without reference"
        own, block = _text(element, "TxSts"), _text(self.block, "OrgnlPmtInfId")
        # Without a status of its own it has the block's, and its reason.
        code = _code(element) or ("" if own or self.block is None else _code(self.block))
        self._say(element, own or _text(self.block, "PmtInfSts"), block, where, code, one=True)

    def _say(self, element: Element, status: str, block: str, where: str, code: str, *, one: bool = False) -> None:
        if status in _WAITING:
            return
        kind = _KINDS.get(status)
        if kind is None:
            raise FormatError("unknown_status", f"{where}: nobody here knows the status “{status[:20]}”. Ask the bank.")
        told = " ".join(
            tidy(part.text or "") for found in element if local(found) == "StsRsnInf"
            for part in found if local(part) == "AddtlInf"
        ).strip()  # fmt: skip
        meaning, final = ("The bank took it.", False)
        if kind == "rejected":
            why = reason(self.scheme, code)
            meaning, final, code = why.meaning, why.ends_mandate and one, why.code
        if told and kind == "rejected":
            meaning = f"{meaning} The bank adds: {tidy(told)}"
        about = child(element, "OrgnlTxRef")
        reference = _text(element, "OrgnlEndToEndId") if one else ""
        self.answers.append(
            Answer(
                kind, "" if reference == "NOTPROVIDED" else reference, _mandate(about),
                _text(about, "DbtrAcct", "Id", "IBAN") or _text(about, "DbtrAcct", "Id", "Othr", "Id"),
                _amount(about, where), self.on, code, meaning, final, file=self.file, block=block,
            )
        )  # fmt: skip


def _read(content: bytes, scheme: str) -> list[Answer]:
    # Fed in pieces and cleared order by order, so that memory does not grow with the file.
    report, known, depth = _Report(scheme), False, 0
    for event, element in events(content):
        name = local(element)
        if event == "start":
            depth += 1
            known = known or name == "CstmrPmtStsRpt"
            if depth > _MOST_DEPTH:
                raise FormatError("bad_xml", "The file is nested deeper than any bank's. Choose the bank's own file.")
            if name == "OrgnlPmtInfAndSts":
                report.begin_block(element)
            continue
        depth -= 1
        if name == "GrpHdr":
            report.head(element)
        elif name == "OrgnlGrpInfAndSts":
            report.group(element)
        elif name == "TxInfAndSts":
            report.order(element)
            element.clear()
        elif name == "OrgnlPmtInfAndSts":
            report.say_block()
            report.block = None
            element.clear()
    if not known:
        raise FormatError("not_a_report", "The file is XML, but no status report (pain.002). Choose another.")
    return report.answers


def _text(element: Element | None, *path: str) -> str:
    found = child(element, *path)
    return tidy(found.text or "") if found is not None else ""


def _code(element: Element) -> str:
    """Why, in ISO's code or the bank's own."""
    return _text(element, "StsRsnInf", "Rsn", "Cd") or _text(element, "StsRsnInf", "Rsn", "Prtry")


def _mandate(about: Element | None) -> str:
    """The mandate, which later versions have one step deeper."""
    return _text(about, "MndtRltdInf", "MndtId") or _text(about, "MndtRltdInf", "DrctDbtMndt", "MndtId")


def _amount(about: Element | None, where: str) -> int | None:
    amount = child(about, "Amt", "InstdAmt")
    if amount is None:
        return None
    return minor_of(tidy(amount.text or ""), tidy(amount.get("Ccy", ""), 3) or "EUR", where)
