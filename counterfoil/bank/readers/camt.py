"""camt.052, .053 and .054 of ISO 20022, all versions: elements are found by their local names."""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

from counterfoil.bank.readers.cells import Unreadable, iso_day, joined, minor, refuse
from counterfoil.bank.readers.shape import Line, Part, Statement

_STATEMENTS = {"Stmt", "Rpt", "Ntfctn"}
_DEEPEST = 60
# Opening and closing balances, the best first (external code set: BalanceType).
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)


class Node:
    """One element with what is in it."""

    __slots__ = ("kids", "name", "text", "traits")

    def __init__(self, name: str, traits: dict[str, str]) -> None:
        self.name, self.traits = name, traits
        self.text = ""
        self.kids: list[Node] = []

    def all(self, path: str) -> list[Node]:
        found = [self]
        for name in path.split("/"):
            found = [kid for node in found for kid in node.kids if kid.name == name]
        return found

    def say(self, *paths: str) -> str:
        """The text at the first path that has any."""
        for path in paths:
            for node in self.all(path):
                if node.text.strip():
                    return node.text.strip()
        return ""


class _Walk:
    """Keeps one entry at a time: a file of any length needs the memory of its lines alone."""

    def __init__(self) -> None:
        self.open: list[Node] = []
        self.statements: list[Statement] = []
        self.entries = 0

    def start(self, name: str, traits: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if len(self.open) >= _DEEPEST:
            raise refuse("The file is nested deeper than any statement.")
        if not self.open and local != "Document":
            raise refuse(f"This XML is no bank statement: it begins with “{local[:40]}”, not “Document”.")
        if local in _STATEMENTS and len(self.open) == 2:
            self.statements.append(Statement("camt"))
            self.entries = 0
        self.open.append(Node(local, traits))

    def data(self, text: str) -> None:
        self.open[-1].text += text

    def end(self, _: str) -> None:
        node = self.open.pop()
        depth = len(self.open)
        if depth == 3 and self.open[2].name in _STATEMENTS:
            if node.name == "Ntry":
                self.entries += 1
                _entry(self.statements[-1], node, self.entries)
            else:
                _head(self.statements[-1], node)
        elif depth > 3:
            self.open[-1].kids.append(node)


def _refuse_type(*_: object) -> None:
    raise refuse("The XML declares a document type or entities: no bank does, and what they name is never opened.")


def read(content: bytes, _currency: str = "") -> list[Statement]:
    """The statements of a camt file."""
    walk = _Walk()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = walk.start
    parser.EndElementHandler = walk.end
    parser.CharacterDataHandler = walk.data
    parser.StartDoctypeDeclHandler = _refuse_type
    parser.EntityDeclHandler = _refuse_type
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        said = expat.ErrorString(error.code)
        raise refuse(
            f"The XML ends too early or is damaged ({said}). Fetch the file again.", row=error.lineno
        ) from None
    except (ValueError, LookupError):
        raise refuse("The XML says that it is in an encoding that does not exist. Fetch the file again.") from None
    if not walk.statements:
        raise refuse("This XML holds no statement, report or notification of an account (camt.052, .053 or .054).")
    return walk.statements


def _head(statement: Statement, node: Node) -> None:
    if node.name == "Acct":
        statement.account = node.say("Id/IBAN", "Id/Othr/Id")
        statement.currency = node.say("Ccy")
    elif node.name == "Bal":
        code = node.say("Tp/CdOrPrtry/Cd")
        amount = _amount(node, statement, f"The balance {code}")
        if amount is None:
            return
        if code in _OPENING and (statement.opening_minor is None or code == "OPBD"):
            statement.opening_minor = amount[0]
        elif code in _CLOSING:
            statement.closing_minor = amount[0]
        if not statement.currency:
            statement.currency = amount[1]


def _amount(node: Node, statement: Statement, what: str) -> tuple[int, str] | None:
    """The amount that is a direct child, with its sign: an amount further down may be of another currency."""
    for amount in node.all("Amt"):
        currency = amount.traits.get("Ccy", "") or statement.currency
        try:
            found = minor(amount.text, currency)
        except Unreadable as wrong:
            statement.wrong.append(f"{what} was left out: {wrong}.")
            return None
        return (-found if node.say("CdtDbtInd") == "DBIT" else found), currency
    statement.wrong.append(f"{what} was left out: it has no amount.")
    return None


def _entry(statement: Statement, node: Node, number: int) -> None:
    what = f"Entry {number}"
    if (status := node.say("Sts/Cd", "Sts") or "BOOK") != "BOOK":
        statement.remarks.append(f"{what} is not booked yet ({status[:20]}) and no money: it was left out.")
        return
    amount = _amount(node, statement, what)
    if amount is None:
        return
    paths = ("BookgDt/Dt", "BookgDt/DtTm", "BookgDt", "ValDt/Dt", "ValDt/DtTm", "ValDt")
    try:
        day = iso_day(node.say(*paths))
    except Unreadable as wrong:
        statement.wrong.append(f"{what} was left out: {wrong}.")
        return
    incoming = amount[0] >= 0
    parts = [_part(details, incoming, amount) for details in node.all("NtryDtls/TxDtls")]
    one = parts[0] if len(parts) == 1 else Part(amount[0])
    statement.lines.append(
        Line(
            date=day,
            amount_minor=amount[0],
            currency=amount[1],
            reference=node.say("AcctSvcrRef", "NtryRef", "NtryDtls/TxDtls/Refs/AcctSvcrRef"),
            counterparty=one.counterparty,
            counterparty_account=one.counterparty_account,
            details=one.details or joined(node.say("AddtlNtryInf"), node.say("NtryDtls/Btch/PmtInfId")),
            end_to_end=one.end_to_end,
            mandate=one.mandate,
            creditor_reference=one.creditor_reference,
            parts=tuple(parts) if len(parts) > 1 else (),
        )
    )


def _part(node: Node, incoming: bool, entry: tuple[int, str]) -> Part:
    say: Callable[..., str] = node.say
    # Who paid is the debtor; of a returned debit too, where the money went back to the debtor.
    sides = ("Dbtr", "Cdtr") if incoming or say("RtrInf/Rsn/Cd") else ("Cdtr", "Dbtr")
    names = [f"RltdPties/{kind}{side}{path}" for side in sides for kind in ("", "Ultmt") for path in ("/Pty/Nm", "/Nm")]
    accounts = [f"RltdPties/{side}Acct/Id/{path}" for side in sides for path in ("IBAN", "Othr/Id")]
    amount = entry[0]
    for found in [*node.all("Amt"), *node.all("AmtDtls/TxAmt/Amt")]:
        if found.traits.get("Ccy") == entry[1]:
            try:
                amount = minor(found.text, entry[1]) * (1 if incoming else -1)
            except Unreadable:
                continue
            break
    reference = say("Refs/EndToEndId")
    return Part(
        amount_minor=amount,
        end_to_end="" if reference == "NOTPROVIDED" else reference,
        mandate=say("Refs/MndtId"),
        creditor_reference=say("RmtInf/Strd/CdtrRefInf/Ref"),
        counterparty=say(names[0], *names[1:4]),
        counterparty_account=say(*accounts[:2]),
        details=joined(*(found.text for found in node.all("RmtInf/Ustrd")), say("RmtInf/Strd/AddtlRmtInf")),
    )
