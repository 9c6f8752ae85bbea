"""Bank statements in every format, small and invented: what is right, what is strange, and what is no statement."""

from __future__ import annotations

import contextlib
import datetime as dt
import random

import pytest

from counterfoil.bank.readers import MOST_BYTES, Columns, columns_from, kind_of, read
from counterfoil.bank.readers.statement import minor_of
from counterfoil.kernel.errors import Refused

CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>
<Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">139.95</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Ntry><Amt Ccy="EUR">59.9000</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-03-02</Dt></BookgDt>
<AcctSvcrRef>B1</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>
<RltdPties><Dbtr><Pty><Nm>Zara Naidoo</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></DbtrAcct>
</RltdPties><RmtInf><Ustrd>INV-000001</Ustrd><Ustrd>thanks</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">19.95</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts>
<BookgDt><DtTm>2026-03-03T10:00:00</DtTm></BookgDt>
<AddtlNtryInf>Fees</AddtlNtryInf></Ntry>
<Ntry><Amt Ccy="EUR">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>PDNG</Sts></Ntry>
</Stmt></BkToCstmrStmt></Document>"""
MT940 = """:20:ONE
:25:DE02120300000000202051
:28C:1/1
:60F:C260301EUR100,00
:61:2603020302C59,90NTRFNONREF//B1
:86:166?00CREDIT?20EREF+E-1?21SVWZ+INV-000?2200 1 thanks?31DE893704004405320130
00?32Zara Nai?33doo
:61:260230D9,95NMSCNONREF
:86:Fees
:62F:C260303EUR149,95
-
"""
OFX = """OFXHEADER:100
<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKACCTFROM><BANKID>10<ACCTID>202051</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260301<DTEND>20260331
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260302120000[0:GMT]<TRNAMT>59,90<FITID>B1
<NAME>Zara &amp; Co<MEMO>INV-000001</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260303<TRNAMT>$9<FITID>B2</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>159.90<DTASOF>20260331</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"""
BAI2 = """01,1220,US,260303,0500,1,80,,2/
02,US,1220,1,260302,2359,EUR,2/
03,202051,EUR,010,10000,,,015,14995,,/
16,195,5990,V,260302,,B1,,Zara INV-0000/
88,01/
16,495,995,S,1,2,3,B2,,Fees/
49,31980,5/
98,31980,1,7/
99,31980,1,9/
"""
QIF = "!Type:Bank\nD25/03/26\nT59.90\nPZara\nMINV-000001\nNB1\n^\nD26/03/26\nT-9.95\nPFees\n^\n"
CSV = """Account;202051
Boekdatum;Naam;Omschrijving;Bedrag;Saldo
02-03-2026;Zara;INV-000001;59,90;1.159,90
03-03-2026;;Fees;-9,95;1.149,95
"""


def test_a_statement_of_each_kind() -> None:
    kinds = {"camt": CAMT, "mt940": MT940, "ofx": OFX, "bai2": BAI2, "qif": QIF, "csv": CSV}
    assert {name: kind_of(text.encode()) for name, text in kinds.items()} == {name: name for name in kinds}
    found = {name: read(text.encode(), currency="EUR")[0] for name, text in kinds.items()}
    told = {
        name: (one.account, one.currency, one.opening_minor, [line.amount_minor for line in one.lines], one.adds_up)
        for name, one in found.items()
    }
    assert told == {
        "camt": ("DE02120300000000202051", "EUR", 10000, [5990, -1995], True),
        "mt940": ("DE02120300000000202051", "EUR", 10000, [5990, -995], True),
        "ofx": ("202051", "EUR", None, [5990], False),
        "bai2": ("202051", "EUR", 10000, [5990, -995], True),
        "qif": ("", "EUR", None, [5990, -995], None),
        "csv": ("202051", "EUR", 110000, [5990, -995], True),
    }
    assert [line.date.isoformat() for line in found["camt"].lines] == ["2026-03-02", "2026-03-03"]
    first = {name: one.lines[0] for name, one in found.items()}
    assert (first["camt"].counterparty, first["camt"].account) == ("Zara Naidoo", "DE89370400440532013000")
    assert (first["camt"].details, first["camt"].end_to_end) == ("INV-000001 thanks", "")
    assert (first["mt940"].counterparty, first["mt940"].details) == ("Zara Naidoo", "INV-00000 1 thanks")
    assert (first["mt940"].end_to_end, first["mt940"].account) == ("E-1", "DE89370400440532013000")
    assert {line.reference for name, line in first.items() if name != "csv"} == {"B1"}
    assert (first["ofx"].counterparty, first["bai2"].details) == ("Zara & Co", "Zara INV-000001")


def test_what_is_strange_is_said() -> None:
    assert read(CAMT.encode())[0].doubts == ["An entry of 5.00 is not booked yet (PDNG) and was left out."]
    (mt940,) = read(MT940.encode())
    assert mt940.lines[1].date == dt.date(2026, 2, 28)
    assert mt940.doubts == ["30/2/2026 is not a day; the last of the month was taken."]
    assert read(OFX.encode())[0].doubts == ["A line was left out: “$9” is not an amount."]
    (wrong,) = read(CAMT.replace("139.95", "140.00").encode())
    assert wrong.adds_up is False
    assert wrong.doubts[-1] == (
        "It does not add up: €100.00 and the lines come to €139.95, the bank says €140.00: a difference of €0.05."
    )
    (cents,) = read(CAMT.replace("59.9000", "59.90001").encode())
    assert cents.doubts[0] == "An entry was left out: “59.90001” has more decimal places than EUR."
    (running,) = read(CSV.replace("1.149,95", "1.149,00").encode(), currency="EUR")
    assert running.doubts[0] == "The balance after line 2 does not follow from the one before."


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty."),
        (b"  \n ", "The file is empty."),
        (b"<html><body>Sign in</body></html>", "no bank statement"),
        (CAMT[:900].encode(), "damaged or cut off at line"),
        (CAMT.replace("?>\n", '?>\n<!DOCTYPE x [<!ENTITY a "b">]>').encode(), "declares entities"),
        (CAMT.replace("UTF-8", "UTF-16").replace("?>\n", "?>\n<!ENTITY a>").encode("utf-16"), "declares entities"),
        (b'OFXHEADER:100\n<!DOCTYPE x SYSTEM "file:///etc/passwd"><OFX></OFX>', "declares entities"),
        (b"OFXHEADER:100\n<OFX><STATUS><MESSAGE>Wrong password</STATUS></OFX>", "no statement. Wrong password"),
        (b"!Type:Cat\nNFood\n^\n", "of no bank account"),
        (b"01,a,b,260101,0000,1,80,,2/\n99,0,0,2/\n", "holds no account"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, ""),
        (b"hello", "no bank statement that is known"),
        (b"a,b,c\n1,2,3\n", "No heading says which column is the day"),
    ],
)
def test_what_is_no_statement_says_so(content: bytes, says: str) -> None:
    with pytest.raises(Refused) as refused:
        read(content)
    assert says in refused.value.sentence


def test_more_than_a_bank_sends_is_refused_before_it_is_read() -> None:
    with pytest.raises(Refused, match="at most 64 MB"):
        read(b"x" * (MOST_BYTES + 1))


@pytest.mark.parametrize("text", [CAMT, MT940, OFX, BAI2, QIF, CSV])
def test_a_file_cut_anywhere_ends_in_a_sentence_or_in_less(text: str) -> None:
    content = text.encode()
    whole = len(read(content, currency="EUR")[0].lines)
    for place in range(0, len(content), 7):
        found = []
        with contextlib.suppress(Refused):
            found = read(content[:place], currency="EUR")
        assert sum(len(one.lines) for one in found) <= whole


@pytest.mark.parametrize("seed", range(6))
def test_no_damage_ends_in_anything_but_a_sentence(seed: int) -> None:
    rng = random.Random(seed)
    pieces = [b",", b"\n", b"/", b":61:", b"9" * 30, b"<Ntry>", b"-", b";", b"\x00", b"\xff\xfe", b"\x1f"]
    for _ in range(300):
        content = bytearray(rng.choice([CAMT, MT940, OFX, BAI2, QIF, CSV]).encode())
        for _ in range(rng.randrange(1, 10)):
            place = rng.randrange(len(content))
            content[place : place + rng.randrange(30)] = rng.choice([*pieces, content[:20]])
        with contextlib.suppress(Refused):
            for one in read(bytes(content), currency="EUR"):
                assert (one.adds_up is False) or one.difference_minor in (0, None)
                assert all(one.doubts)


def test_what_could_be_read_in_two_ways_is_asked_for() -> None:
    table = "Date,Details,Amount\n01/04/2026,x,1.00\n02/04/2026,y,2.00\n"
    with pytest.raises(Refused) as refused:
        read(table.encode(), currency="EUR")
    assert refused.value.code == "unclear_day"
    (said,) = read(table.encode(), Columns(dates="month/day/year"), currency="EUR")
    assert [line.date.isoformat() for line in said.lines] == ["2026-01-04", "2026-02-04"]
    with pytest.raises(Refused, match="can be read in two ways"):
        read(b"Date,Details,Amount\n2026-04-01,x,1.000\n", currency="EUR")
    # Who writes a comma before the cents does not write the month first.
    (comma,) = read(b"Date;Details;Amount\n01/04/2026;x;1,00\n", currency="EUR")
    assert comma.lines[0].date == dt.date(2026, 4, 1)


def test_a_mapping_says_which_column_is_what() -> None:
    columns = columns_from({"date": "When", "amount": "How much", "details": "3", "turned": True})
    (one,) = read(b"When,How much,What\n2026-04-01,9.50,Shop\n2026-04-02,-100.00,Paid\n", columns, currency="EUR")
    assert [line.amount_minor for line in one.lines] == [-950, 10000]
    for values in ({"day": "When"}, {"dates": "backwards"}, {"decimal": "dot"}, {"turned": "yes"}):
        with pytest.raises(Refused) as refused:
            columns_from(dict(values))
        assert refused.value.code == "bad_mapping"


def test_the_newest_line_first_is_turned_round() -> None:
    table = b"Date,Details,Amount,Balance\n2026-04-02,b,2.00,13.00\n2026-04-01,a,1.00,11.00\n"
    (one,) = read(table, currency="EUR")
    assert [line.details for line in one.lines] == ["a", "b"]
    assert (one.opening_minor, one.closing_minor, one.adds_up) == (1000, 1300, True)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("5,", "EUR", 500), (".5", "EUR", 50), ("12", "JPY", 12), ("12.000", "JPY", 12), ("1.2345", "KWD", None),
     ("1e5", "EUR", None), ("NaN", "EUR", None), ("9" * 16, "EUR", None), ("1,2,3", "EUR", None), ("-1", "EUR", None)],
)  # fmt: skip
def test_an_amount_is_to_the_cent_or_none(text: str, currency: str, minor: int | None) -> None:
    if minor is not None:
        assert minor_of(text, currency) == minor
        return
    with pytest.raises(Refused):
        minor_of(text, currency)


def test_ten_thousand_lines_are_held_without_the_file() -> None:
    entry = CAMT[CAMT.index("<Ntry>") : CAMT.index("</Ntry>") + len("</Ntry>")]
    many = CAMT.replace(entry, entry * 10_000)
    (one,) = read(many.encode())
    assert (len(one.lines), one.lines[-1].amount_minor) == (10_001, -1995)


def test_an_ofx_amount_in_a_currency_of_its_own_is_never_read_as_another() -> None:
    text = (
        "OFXHEADER:100\n<OFX><STMTRS><CURDEF>{}<BANKACCTFROM><ACCTID>1</BANKACCTFROM><BANKTRANLIST><STMTTRN>"
        "<DTPOSTED>20260302<TRNAMT>12.34<{}><CURRATE>1.0<CURSYM>AUD</{}></STMTTRN></BANKTRANLIST></STMTRS></OFX>"
    )
    (own,) = read(text.format("", "CURRENCY", "CURRENCY").encode(), currency="EUR")
    assert (own.currency, [line.amount_minor for line in own.lines]) == ("AUD", [1234])
    (other,) = read(text.format("EUR", "CURRENCY", "CURRENCY").encode(), currency="EUR")
    assert (other.lines, other.adds_up) == ([], False)
    assert other.doubts == ["A line was left out: It is in AUD, the statement in EUR."]
    (changed,) = read(text.format("EUR", "ORIGCURRENCY", "ORIGCURRENCY").encode(), currency="EUR")
    assert (changed.currency, [line.amount_minor for line in changed.lines]) == ("EUR", [1234])


def test_a_bai2_account_whose_control_total_differs_does_not_add_up() -> None:
    text = (
        "01,A,B,260303,0500,1,80,,2/\n02,B,A,1,260303,,EUR,2/\n03,1,EUR,010,1000,,,015/\n88,3550,,/\n"
        "16,195,2550,,B1,,INV-1/\n49,{},4/\n98,7100,1,6/\n99,7100,1,8/\n"
    )
    (right,) = read(text.format("7100").encode())
    assert (right.adds_up, right.doubts) == (True, [])
    (wrong,) = read(text.format("7200").encode())
    assert wrong.adds_up is False
    assert wrong.doubts == [
        "The amounts of the account come to €71.00, its control total says €72.00: records are missing or were changed."
    ]


def test_an_empty_last_field_of_a_bai2_record_is_a_field() -> None:
    text = (
        "01,A,B,260303,0500,1,80,,2/\n02,B,A,1,260303,,EUR,2/\n03,1,EUR,010,1000,,,040,0,,/\n88,015,3550,,/\n"
        "16,195,2550,,B1,,INV-1/\n49,7100,4/\n98,7100,1,6/\n99,7100,1,8/\n"
    )
    (one,) = read(text.encode())
    assert (one.opening_minor, one.closing_minor, one.adds_up) == (1000, 3550, True)


def test_camt_without_a_statement_says_so() -> None:
    with pytest.raises(Refused, match="holds no statement of an account"):
        read(b"<Document><BkToCstmrStmt><GrpHdr/></BkToCstmrStmt></Document>")


def test_a_title_is_not_the_account() -> None:
    text = "ACCOUNT TRANSACTION HISTORY\n\nAccount:, 4242424242\n\nDate,Amount,Description\n2026/03/22,1.07,Interest\n"
    assert read(text.encode(), currency="EUR")[0].account == "4242424242"
