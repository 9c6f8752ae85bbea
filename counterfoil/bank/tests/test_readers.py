"""Files that banks write, and files that nobody should: exact lines, or a sentence; never something in between."""

from __future__ import annotations

import datetime as dt

import pytest

from counterfoil.bank.readers import Statement, read_mapping, read_statements
from counterfoil.kernel.errors import Refused

CAMT = """<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>1</MsgId></GrpHdr><Stmt><Acct><Id><IBAN>NL00TEST0000000001</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">10.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">35.50</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Ntry><Amt Ccy="EUR">25.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt>
<AcctSvcrRef>B1</AcctSvcrRef><NtryDtls><TxDtls><Amt Ccy="USD">30.00</Amt><RltdPties><Dbtr><Pty><Nm>Zoë Žák</Nm></Pty></Dbtr>
</RltdPties><RmtInf><Ustrd>INV-1</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"""
MT940 = """:20:A
:25:NL00TEST0000000001
:60F:C260228EUR10,00
:61:2602300302C25,5NTRFNONREF//B1
:86:INV-1
:61:2603020302RD1,NTRFNONREF//B2
:62F:C260302EUR36,50
"""
OFX = """OFXHEADER:100

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1</BANKACCTFROM><BANKTRANLIST>
<STMTTRN><DTPOSTED>20260302120000<TRNAMT>25.50<FITID>B1<NAME>Q &amp; A<MEMO>INV-1</STMTTRN></BANKTRANLIST>
<LEDGERBAL><BALAMT>35.50</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"""
BAI2 = """01,A,B,260303,0500,1,80,,2/
02,B,A,1,260303,,EUR,2/
03,1,EUR,010,1000,,,015/
88,3550,,/
16,195,2550,V,260302,,B1,,INV/
88,-1/
49,7100,4/
98,7100,1,6/
99,7100,1,8/
"""
QIF = "!Type:Bank\nD03/22/2026\nT1,025.50\nPZoe\nMINV-1\n^\n"


def one(content: str | bytes, currency: str = "", mapping: str = "") -> Statement:
    given = content.encode() if isinstance(content, str) else content
    (made,) = read_statements(given, currency=currency, mapping=read_mapping(mapping) if mapping else None)
    return made


def test_an_entry_of_camt_has_the_amount_of_the_account_and_not_of_the_payers_currency() -> None:
    made = one(CAMT)
    (line,) = made.lines
    assert (made.account, made.currency, made.opening_minor, made.adds_up) == ("NL00TEST0000000001", "EUR", 1000, True)
    assert (line.amount_minor, line.currency, line.date, line.reference) == (2550, "EUR", dt.date(2026, 3, 2), "B1")
    assert (line.counterparty, line.details) == ("Zoë Žák", "INV-1")


def test_mt940_takes_the_booking_day_and_knows_a_debit_taken_back() -> None:
    made = one(MT940)
    assert [(line.date.isoformat(), line.amount_minor, line.reference) for line in made.lines] == [
        ("2026-03-02", 2550, "B1"),
        ("2026-03-02", 100, "B2"),
    ]
    assert made.adds_up is True
    assert made.remarks == ["Row 4: 30.2.2026 is no day; day 28 was taken."]


def test_ofx_and_qif_and_bai2() -> None:
    ofx, bai, qif = one(OFX), one(BAI2), one(QIF, "EUR")
    assert (ofx.closing_minor, ofx.adds_up, ofx.lines[0].counterparty) == (3550, None, "Q & A")
    assert (bai.opening_minor, bai.closing_minor, bai.adds_up, bai.lines[0].details) == (1000, 3550, True, "INV-1")
    assert bai.lines[0].date == ofx.lines[0].date == dt.date(2026, 3, 2)
    assert (qif.lines[0].amount_minor, qif.lines[0].date) == (102550, dt.date(2026, 3, 22))


def test_a_csv_without_headings_is_read_by_a_mapping_and_signs_are_turned() -> None:
    mapping = 'currency = "EUR"\nturn_signs = true\n[columns]\ndate = 1\namount = 3\ndetails = [2]\n'
    made = one("02.03.2026;INV-1;-1.025,50\n13.03.2026;Fee;7,00\n", mapping=mapping)
    assert [(line.amount_minor, line.details) for line in made.lines] == [(102550, "INV-1"), (-700, "Fee")]


def test_what_does_not_add_up_is_said_with_its_numbers() -> None:
    made = one(CAMT.replace("35.50</Amt>", "35.55</Amt>"))
    assert made.adds_up is False
    assert made.wrong == [
        "Opening €10.00 and 1 line of together €25.50 make €35.50, but the file says €35.55: a difference of €0.05."
    ]
    assert len(made.lines) == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (CAMT.replace("25.50<", "25.50001<"), "Entry 1 was left out: 25.50001 has more decimals than EUR has."),
        (CAMT.replace("2026-03-02", "2026-02-30"), "Entry 1 was left out: 2026-02-30 is no day of the calendar."),
        (MT940.replace("C25,5", "C25,555"), "Row 4: 25.555 has more decimals than EUR has; the entry was left out."),
        (OFX.replace(">25.50", ">$25"), "Transaction B1 was left out: “$25” is no amount."),
        (QIF.replace("^\n", ""), "The last entry, in row 5, has no end (^): the file was cut off."),
        (BAI2.replace("99,7100,1,8/\n", ""), "The file has no end (99): it was cut off."),
        ("Date,Amount,Currency\n2026-02-30,1.00,EUR\n", "Row 2 was left out: 2026-02-30 is no day of the calendar."),
    ],
)
def test_what_cannot_be_read_is_left_out_with_its_row_and_why(content: str, sentence: str) -> None:
    made = one(content, "EUR")
    assert sentence in made.wrong
    assert made.adds_up is False


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\0\1\2", b"\x89PNG\r\n\x1a\n", b"<html><body/></html>", b"PK\3\4", b"hello", b"<a><b></a>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><Document>&b;</Document>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><Document/>',
        b"<Document>" + b"<a>" * 100_000,
        b'<?xml version="1.0" encoding="klingon"?><Document/>',
        b"!Type:Invst\n^\n", b"01,only", b"<OFX>", b":20:x\n",
    ],
)  # fmt: skip
def test_what_is_no_statement_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read_statements(content)
    assert refused.value.code == "not_a_statement"
    assert refused.value.sentence.endswith((".", "”."))


@pytest.mark.parametrize("content", [CAMT, MT940, OFX, BAI2, QIF])
def test_a_file_cut_anywhere_is_refused_or_says_so_or_has_nothing_to_check(content: str) -> None:
    whole = content.encode()
    for end in range(len(whole.rstrip()) - 1):
        try:
            made = read_statements(whole[:end], currency="EUR")
        except Refused:
            continue
        # What has a closing balance at its end cannot add up without it.
        assert not any(statement.adds_up for statement in made), whole[:end][-40:]


def test_ten_thousand_entries_stay_in_order() -> None:
    entry = CAMT[CAMT.index("<Ntry>") : CAMT.index("</Stmt>")]
    many = "".join(entry.replace("B1", f"B{number}") for number in range(10_000))
    made = one(CAMT.replace(entry, many).replace("35.50</Amt>", "255010.00</Amt>"))
    assert made.adds_up is True
    assert [made.lines[0].reference, made.lines[-1].reference] == ["B0", "B9999"]
