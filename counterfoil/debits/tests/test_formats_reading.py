"""What banks answer: small, invented files that are right, and everything that is not says so in a sentence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.debits.formats import nacha, netcash, pain002
from counterfoil.debits.formats.order import MOST_BYTES, Answer, FormatError

DAY = dt.date(2026, 12, 3)


def xml(body: str, version: str = "03") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}">'
        f"<CstmrPmtStsRpt><GrpHdr><MsgId>S1</MsgId><CreDtTm>2026-12-03T09:30:00</CreDtTm></GrpHdr>{body}"
        "</CstmrPmtStsRpt></Document>"
    ).encode()


def group(status: str = "", reasons: str = "") -> str:
    said = f"<GrpSts>{status}</GrpSts>" if status else ""
    return f"<OrgnlGrpInfAndSts><OrgnlMsgId>RUN-7</OrgnlMsgId>{said}{reasons}</OrgnlGrpInfAndSts>"


def why(code: str, told: str = "", kind: str = "Cd") -> str:
    more = f"<AddtlInf>{told}</AddtlInf>" if told else ""
    return f"<StsRsnInf><Rsn><{kind}>{code}</{kind}></Rsn>{more}</StsRsnInf>"


ABOUT = (
    '<OrgnlTxRef><Amt><InstdAmt Ccy="EUR">59.90</InstdAmt></Amt><MndtRltdInf>{}</MndtRltdInf>'
    "<DbtrAcct><Id><IBAN>NL39ABNA0636343332</IBAN></Id></DbtrAcct></OrgnlTxRef>"
)


def one(reference: str, status: str, rest: str = "") -> str:
    said = f"<TxSts>{status}</TxSts>" if status else ""
    return f"<TxInfAndSts><OrgnlEndToEndId>{reference}</OrgnlEndToEndId>{said}{rest}</TxInfAndSts>"


def block(orders: str, status: str = "") -> str:
    said = f"<PmtInfSts>{status}</PmtInfSts>" if status else ""
    return f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>RUN-7-RCUR</OrgnlPmtInfId>{said}{orders}</OrgnlPmtInfAndSts>"


PAIN002 = xml(group("PART") + block(one("DO-1", "RJCT", why("AC04") + ABOUT.format("<MndtId>M1</MndtId>"))))
LATER = xml(
    group() + block(one("DO-1", "RJCT", why("AC04") + ABOUT.format("<DrctDbtMndt><MndtId>M1</MndtId></DrctDbtMndt>"))),
    "10",
)


@pytest.mark.parametrize("content", [PAIN002, LATER])
def test_a_report_speaks_of_an_order(content: bytes) -> None:
    assert pain002.read(content) == [
        Answer(
            "rejected", "DO-1", "M1", "NL39ABNA0636343332", 5990, DAY, "AC04", "The account is closed.", True,
            file="RUN-7", block="RUN-7-RCUR",
        )
    ]  # fmt: skip


def test_a_report_speaks_of_a_whole_file_or_block() -> None:
    [whole] = pain002.read(xml(group("RJCT", why("FF01", "Line 3"))))
    assert (whole.kind, whole.reference, whole.file, whole.block, whole.final) == ("rejected", "", "RUN-7", "", False)
    assert whole.meaning == "The file is not as the bank wants it. The bank adds: Line 3"
    # All of a rejected block is rejected, whatever orders are listed; those without a status have the block's.
    found = pain002.read(xml(group("PART") + block(one("DO-1", "", why("AM04")) + one("DO-2", "ACSP"), "RJCT")))
    assert [(each.kind, each.reference, each.block) for each in found] == [
        ("rejected", "", "RUN-7-RCUR"), ("rejected", "DO-1", "RUN-7-RCUR"), ("accepted", "DO-2", "RUN-7-RCUR"),
    ]  # fmt: skip
    assert [each.final for each in found] == [False, False, False]
    [_, order] = pain002.read(xml(group() + block(why("MD01") + one("DO-1", ""), "RJCT")))
    assert (order.reference, order.code, order.final) == ("DO-1", "MD01", True)


def test_a_report_leaves_out_what_is_not_decided_and_refuses_what_nobody_knows() -> None:
    assert pain002.read(xml(group("PDNG") + block(one("DO-1", "PDNG") + one("DO-2", "")))) == []
    [own] = pain002.read(xml(group() + block(one("NOTPROVIDED", "RJCT", why("DD-7", kind="Prtry")))))
    assert (own.reference, own.code, own.meaning) == (
        "", "DD-7", "The bank’s code DD-7 is in no list here. Ask the bank what it means.",
    )  # fmt: skip
    [bacs] = pain002.read(xml(group() + block(one("DO-1", "RJCT", why("B", kind="Prtry")))), scheme="bacs")
    assert (bacs.meaning, bacs.final) == ("The account is closed.", True)
    with pytest.raises(FormatError, match="Order DO-1: nobody here knows the status “ZZZZ”"):
        pain002.read(xml(group() + block(one("DO-1", "ZZZZ"))))


@pytest.mark.parametrize("amount", ["59.90001", "1e5", "-1.00", "NaN", "9" * 40, "٣.00", ""])
def test_a_report_with_no_such_amount_is_refused(amount: str) -> None:
    with pytest.raises(FormatError) as refused:
        pain002.read(PAIN002.replace(b"59.90", amount.encode()))
    assert refused.value.code == "bad_amount"
    assert refused.value.sentence.startswith("Order DO-1: ")


BOMB = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><Document>&c;</Document>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"), (b" \r\n", "empty_file"), (b"PK\x03\x04", "bad_xml"), (b"<a/>", "not_a_report"),
        (b"<a>" * 50 + b"</a>" * 50, "bad_xml"), (BOMB.encode(), "bad_xml"), (BOMB.encode("utf-16"), "bad_xml"),
        (BOMB.encode("utf-16-be"), "bad_xml"), (b'<?xml version="1.0" encoding="martian"?><a/>', "bad_xml"),
        (b'<?xml version="1.0" encoding="UTF-7"?><a/>', "bad_xml"), (PAIN002[:-20], "bad_xml"),
        (PAIN002.replace(b"2026-12-03T", b"2026-13-03T"), "bad_day"), (PAIN002.replace(b"DO-1", b"\xff"), "bad_xml"),
    ],
)  # fmt: skip
def test_what_is_no_report_says_so(content: bytes, code: str) -> None:
    with pytest.raises(FormatError) as refused:
        pain002.read(content)
    assert refused.value.code == code


def ach(*lines: str) -> bytes:
    rows = [line.ljust(94) for line in lines]
    return "\r\n".join(rows + ["9" * 94] * (-len(rows) % 10)).encode() + b"\r\n"


HEAD = "101 12104288212345678902612030830A094101Test Bank              Cascade Line Inc"
BATCH = "5225Cascade Line Inc                    1234567890PPDPAYMENT         261201   1121042880000001"
ENTRY = "626231380104123456789        0000059900DO-1           Zoe Muller              1121042880000001"
R01 = "799R01121042880000001      23138010                                            121042880000001"
CHANGE = "621231380104123456789        0000000000DO-2           Zoe Muller              1121042880000002"
C01 = "798C01121042880000002      231380101918171614                                  121042880000002"
END = "822500000400462760200000000599000000000000001234567890                         121042880000001"
CONTROL = "9000001000001000000040046276020000000059900000000000000"
NACHA = ach(HEAD, BATCH, ENTRY, R01, CHANGE, C01, END, CONTROL)


def test_returns_and_corrections_are_of_one_file() -> None:
    assert nacha.read(NACHA) == [
        Answer(
            "returned", "DO-1", "", "123456789", 59900, DAY, "R01", "There was not enough money in the account.", False
        ),
        Answer(
            "corrected", "DO-2", "", "123456789", None, DAY, "C01",
            "The account number is wrong; the bank gives the right one.", False, "1918171614",
        ),
    ]  # fmt: skip
    # Without an identification number the trace number says which entry it was.
    [first, _] = nacha.read(NACHA.replace(b"DO-1", b"    "))
    assert first.reference == "121042880000001"


def test_a_file_may_have_short_lines_blocks_without_breaks_or_no_padding() -> None:
    wanted = nacha.read(NACHA)
    lines = NACHA.split(b"\r\n")
    assert nacha.read(b"\n".join(line.rstrip() for line in lines[:8])) == wanted
    assert nacha.read(NACHA.replace(b"\r\n", b"")) == wanted
    assert nacha.read(b"\r".join([lines[0] + b"   ", *lines[1:]])) == wanted
    assert nacha.read(NACHA.replace(b"Zoe Muller ", "Zoë Müller ".encode("latin-1"))) == wanted


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"hello", "not_nacha", "no NACHA file"),
        (PAIN002, "not_nacha", "no NACHA file"),
        (NACHA[:96], "cut_off", "ends without its control record"),
        (NACHA[:300], "cut_off", "Ask the bank for the file again"),
        (ach(HEAD, BATCH, ENTRY, R01), "cut_off", "ends without its control record"),
        (ach(HEAD, BATCH, ENTRY, R01, CONTROL), "cut_off", "Line 5: the batch before it is cut off"),
        (
            ach(HEAD, BATCH, ENTRY, R01, END, CONTROL),
            "does_not_add_up",
            "Line 5: the number of entries of the batch is 2",
        ),
        (ach(HEAD, BATCH, ENTRY, R01, CHANGE, C01, END), "cut_off", "ends without"),
        (NACHA.replace(b"0000059900DO", b"0000059901DO"), "does_not_add_up", "the sum of debits of the batch is 59901"),
        (NACHA.replace(b"626231380104", b"626231380204"), "does_not_add_up", "the entry hash of the batch"),
        (NACHA.replace(b"0000059900DO", b"00000599.0DO"), "damaged", "Line 3: “00000599.0” is not an amount"),
        (NACHA.replace(b"799R01", b"799RXX"), "damaged", "Line 4: “RXX” is no code of a return"),
        (NACHA.replace(b"Zoe Muller ", b"Zoe Muller-Sample"), "damaged", "Line 3 has 100 characters, not 94"),
        (NACHA.replace(b"261203", b"261303"), "bad_day", "the file's day: “261303” is not a day"),
        (NACHA + BATCH.encode(), "damaged", "goes on after its end"),
        (ach(HEAD, BATCH, R01, END, CONTROL), "damaged", "an addendum without its entry"),
        (ach(HEAD, BATCH, BATCH), "damaged", "Line 3: such a line cannot stand here"),
    ],
)
def test_an_answer_that_is_damaged_is_refused_whole(content: bytes, code: str, says: str) -> None:
    with pytest.raises(FormatError) as refused:
        nacha.read(content)
    assert (refused.value.code, says in refused.value.sentence) == (code, True), refused.value.sentence


def test_a_file_of_orders_is_no_answer() -> None:
    orders = ach(
        HEAD, BATCH, ENTRY.replace("626", "627").replace("  1121042880000001", "  0121042880000001"),
        "822500000100231380100000000599000000000000001234567890                         121042880000001",
        "9000001000001000000010023138010000000059900000000000000",
    )  # fmt: skip
    with pytest.raises(FormatError, match="it is a file of orders"):
        nacha.read(orders)


STATEMENT = (
    b"2026-12-03\tOBL\t0\tOpening Balance\t100.0000\t+\t0\r\n"
    b"2026-12-03\tTDD\t1\tRUN-7\t1299.0000\t+\t0\tDO-1\tMND-1\t\tDebtors\r\n"
    b"2026-12-03\tDRU\t2\tZoe Muller - Code: 12\t599.0000\t-\t0\tDO-2\tMND-2\t\tDebtors\r\n"
    b"2026-12-03\tDRU\t3\tDebit order unpaid\t-Code:02\t59.9000\t-\t0\tDO-3\tMND-3\t\tDebtors\r\n"
    b"2026-12-03\tNSF\t4\tService fee\t12.5000\t-\t1.63\t\t\t\tFees\r\n"
    b"2026-12-03\tCRP\t5\tSame day creditor payment\t8.0000\t-\t0\r\n"
    b"2026-12-03\tCBL\t0\tClosing Balance\t720.1000\t+\t0\r\n"
)
REPORT = (
    b"###BEGIN\tRUN-7\tUNSUCCESSFUL\t09:33\tR16672.00\t20261203\r\n"
    b"Acc Ref :MND-4\tLine :6\tDuplicate account reference\t78492\tENV:X\r\n###END\t09:33\r\n"
)


def test_a_statement_says_what_was_collected_and_what_came_back() -> None:
    assert netcash.read_statement(STATEMENT) == [
        Answer("collected", "DO-1", "MND-1", "", 129900, DAY, "TDD", "RUN-7."),
        Answer("returned", "DO-2", "MND-2", "", 59900, DAY, "12", "The account is closed.", True),
        Answer("returned", "DO-3", "MND-3", "", 5990, DAY, "02", "There was not enough money in the account."),
        Answer("fee", "", "", "", 1250, DAY, "NSF", "Service fee."),
    ]


def test_a_batch_report_says_what_was_wrong() -> None:
    assert netcash.read_batch_report(REPORT) == [
        Answer("rejected", "", "", "", 1667200, DAY, "", "Netcash took nothing of batch RUN-7.", file="RUN-7"),
        Answer("rejected", "", "MND-4", "", None, DAY, "", "Line 6: Duplicate account reference.", file="RUN-7"),
    ]
    [taken] = netcash.read_batch_report(b"###BEGIN MY BATCH SUCCESSFUL 01:59 PM R1.00 20261203\n###END 01:59 PM")
    assert (taken.kind, taken.file, taken.amount_minor) == ("accepted", "MY BATCH", 100)


@pytest.mark.parametrize(
    ("read", "content", "says"),
    [
        (netcash.read_statement, b"hello", "no Netcash statement"),
        (netcash.read_statement, REPORT, "no Netcash statement"),
        (netcash.read_statement, b"FH\t20261203\tkey\n", "a bulk statement"),
        (netcash.read_statement, STATEMENT[:-50], "cut off"),
        (netcash.read_statement, STATEMENT + STATEMENT, "Line 8: the statement goes on after its end"),
        (netcash.read_statement, STATEMENT.replace(b"DRU", b"ZZZ"), "Line 3: nobody here knows the code “ZZZ”"),
        (netcash.read_statement, STATEMENT.replace(b"599.0000", b"599.00001"), "Line 3: ZAR has 2 decimal places"),
        (netcash.read_statement, STATEMENT.replace(b"03\tDRU", b"33\tDRU"), "Line 3: “2026-12-33” is not a day"),
        (netcash.read_statement, STATEMENT.replace(b"\t-\t0", b"\t0"), "Line 3: it has no amount with a sign"),
        (netcash.read_batch_report, STATEMENT, "no Netcash batch report"),
        (netcash.read_batch_report, REPORT.replace(b"Line :6", b"Row 6"), "nobody here can read"),
        (netcash.read_batch_report, REPORT[:-14], "cut off"),
        (netcash.read_batch_report, REPORT + b"more", "Line 4: the report goes on after its end"),
        (netcash.read_batch_report, REPORT.replace(b"R16672.00", b"R1.00001"), "Line 1: ZAR has 2 decimal places"),
        (netcash.read_batch_report, REPORT.replace(b"20261203", b"20261303"), "Line 1: “20261303” is not a day"),
    ],
)
def test_what_netcash_does_not_say_is_refused(read: Callable[[bytes], list[Answer]], content: bytes, says: str) -> None:
    with pytest.raises(FormatError) as refused:
        read(content)
    assert says in refused.value.sentence


READERS = {
    pain002.read: PAIN002, nacha.read: NACHA, netcash.read_statement: STATEMENT, netcash.read_batch_report: REPORT,
}  # fmt: skip


@pytest.mark.parametrize("read", READERS)
def test_more_than_a_bank_sends_is_not_read(read: Callable[[bytes], list[Answer]]) -> None:
    with pytest.raises(FormatError, match="at most 64 MB"):
        read(b"9" * (MOST_BYTES + 1))


def said_of(read: Callable[[bytes], list[Answer]], content: bytes) -> list[Answer] | str:
    """What a reader answers, or its sentence; any other error is raised."""
    try:
        return read(content)
    except FormatError as refused:
        return refused.sentence


@pytest.mark.parametrize("read", READERS)
def test_a_file_cut_anywhere_is_read_as_it_was_or_refused(read: Callable[[bytes], list[Answer]]) -> None:
    whole = READERS[read]
    found = [said_of(read, whole[:end]) for end in range(len(whole))]
    assert [each for each in found if not isinstance(each, str) and each != read(whole)] == []
    assert all(found)


@given(st.data())
@settings(max_examples=150, derandomize=True, deadline=None)
def test_no_damage_is_any_other_error(data: st.DataObject) -> None:
    read, whole = data.draw(st.sampled_from(list(READERS.items())))
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 12)))
    found = said_of(read, whole[:start] + data.draw(st.binary(max_size=12)) + whole[end:])
    assert isinstance(found, list | str)
