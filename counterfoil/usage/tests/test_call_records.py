"""Call records of each switch, as small files; and damage, which is a sentence and never a lost call."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.kernel.errors import Refused
from counterfoil.usage.calls import Call, columns_from, read, zone_of
from counterfoil.usage.calls.numbers import INTERNAL, Numbers
from counterfoil.usage.calls.records import MOST_BYTES, instant_of, seconds_of

NINE = dt.datetime(2026, 11, 1, 9, 0, tzinfo=dt.UTC)
ROW = (
    '"200001","27105550142","{to}","from-internal","""Ann"" <200001>","PJSIP/200001-01","PJSIP/out-01","Dial","",'
    '"{start}","{start}","{start}",{duration},{talk},"{result}","DOCUMENTATION","{id}",""\n'
)


def row(**values: Any) -> str:
    usual = {"to": "0825550142", "start": "2026-11-01 09:00:00", "duration": 70, "talk": 61, "result": "ANSWERED"}
    return ROW.format(**{**usual, "id": "1793523600.1", **values})


def calls(text: str | bytes, form: Any = "asterisk", zone: str = "UTC") -> list[Call]:
    return list(read(text.encode() if isinstance(text, str) else text, form, zone_of(zone)))


def test_asterisk_with_any_of_its_columns() -> None:
    whole = row().strip()
    for text in (whole, whole.removesuffix(',""'), whole.removesuffix(',"1793523600.1",""'), whole + ',"","1.1","7"'):
        (call,) = calls(text)
        assert (call.account, call.start, call.dialled, call.talk) == ("200001", NINE, "0825550142", 61)
        assert call.id == ("1793523600.1" if "1793523600.1" in text else "row 1")
        assert (call.why, call.remark) == ("", "")


def test_a_row_twice_counts_once_and_another_leg_with_the_same_id_is_a_call() -> None:
    found = read((row() + row() + row(talk=5) + row()).encode(), "asterisk")
    assert [call.talk for call in found] == [61, 5]
    assert found.repeated == 2


def test_times_of_a_server_that_is_not_on_utc() -> None:
    (call,) = calls(row(start="2026-11-01 11:00:00"), zone="Africa/Johannesburg")
    assert call.start == NINE


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"talk": -5}, "“-5” is no time of talk."),
        ({"talk": 360000}, "No call lasts 360000 seconds: the most is 24 hours."),
        ({"talk": "9" * 5000}, "is no time of talk."),
        ({"start": "yesterday"}, "“yesterday” is no day and time."),
        ({"start": ""}, "The record does not say when the call began."),
        ({"start": "2026-02-30 09:00:00"}, "“2026-02-30 09:00:00” is no day and time."),
        ({"start": "0001-01-01 00:00:00"}, "No call began in 1."),
        ({"result": "NO ANSWER"}, "The record says that nobody answered, and that they talked for 61 seconds."),
        ({"to": "08255\x0050142"}, "The record holds octets that are no text."),
    ],
)
def test_a_record_that_cannot_be_right_is_kept_and_says_why(values: dict[str, Any], why: str) -> None:
    first, second = calls(row(**values) + row())
    assert why in first.why
    assert first.account == "200001"
    assert (second.why, second.talk) == ("", 61)


def test_talk_above_duration_is_charged_and_remarked() -> None:
    (call,) = calls(row(duration=5, talk=7))
    assert (call.talk, call.why, call.remark) == (7, "", "The talk is longer than the call.")


@pytest.mark.parametrize("end", range(5, len(row()) - 2, 7))
def test_a_record_that_is_cut_off_takes_no_other_with_it(end: int) -> None:
    whole = row(id="1793523600.2")
    for text in (row() + whole[:end], whole[:end] + "\n" + row(), row() + whole[:end] + "\n" + row(id="1793523600.3")):
        found = calls(text)
        assert len(found) == text.strip().count("\n") + 1
        cut = [call for call in found if call.why]
        assert len(cut) == 1
        assert cut[0].why.startswith("The record is cut off")
        assert {call.talk for call in found if not call.why} == {61}


def test_a_cell_may_run_over_lines() -> None:
    found = calls(row().replace('""Ann""', '""Ann\nof sales""') + row(talk=5))
    assert [(call.talk, call.why, call.row) for call in found] == [(61, "", 1), (5, "", 3)]


FREESWITCH = (
    '"Ann","27105550142","0825550142","default","2026-11-01 09:00:00","{answer}","2026-11-01 09:01:10","70","{talk}",'
    '"NORMAL_CLEARING","{id}","","200001","PCMA","PCMA"\n'
)


def test_freeswitch_table() -> None:
    text = FREESWITCH.format(answer="2026-11-01 09:00:09", talk=61, id="a") + FREESWITCH.format(
        answer="", talk=0, id="b"
    )
    first, second = calls(text, "freeswitch")
    assert (first.id, first.account, first.start, first.dialled, first.talk) == ("a", "200001", NINE, "0825550142", 61)
    assert (second.id, second.talk, second.why) == ("b", 0, "")


def test_an_id_that_is_given_once_is_not_charged_twice() -> None:
    text = "".join(FREESWITCH.format(answer="2026-11-01 09:00:09", talk=talk, id="a") for talk in (61, 62))
    assert [call.why for call in calls(text, "freeswitch")] == [
        "",
        "Another record has this id and says something else.",
    ]


def json_record(**values: str) -> str:
    usual = {"uuid": "a", "accountcode": "200001", "start_stamp": "2026-11-01%2009%3A00%3A00", "billsec": "61",
             "duration": "70", "answer_stamp": "2026-11-01%2009%3A00%3A09"}  # fmt: skip
    flow = [
        {"caller_profile": {"destination_number": "7"}},
        {"caller_profile": {"destination_number": "%2B27825550142"}},
    ]
    return json.dumps({"variables": {**usual, **values}, "callflow": flow}, indent=1)


def test_freeswitch_json_alone_in_a_list_and_one_after_the_other() -> None:
    one, two = json_record(), json_record(uuid="b", start_epoch="1793523660", billsec="5")
    for text in (f"[{one},\n{two}]", f"{one}\n{two}", f"\ufeff{one}{two}"):
        first, second = calls(text, "freeswitch")
        assert (first.id, first.account, first.start, first.dialled) == ("a", "200001", NINE, "+27825550142")
        # The instant beats the stamp, which is of the server's zone.
        assert (second.id, second.start, second.talk) == ("b", NINE + dt.timedelta(minutes=1), 5)


@pytest.mark.parametrize(
    "damage", ["{" * 5, json_record()[:90], "[" * 100_000 + "{", '{"variables": 7}', "{}", '{"a": 1']
)
def test_damaged_json_is_a_call_that_says_why(damage: str) -> None:
    found = calls(f"{json_record()}\n{damage}\n{json_record(uuid='b')}", "freeswitch")
    assert [call.id for call in found if not call.why] == ["a", "b"]
    assert any(call.why for call in found)


def test_nested_damage_is_not_looked_through_for_ever() -> None:
    with pytest.raises(Refused, match="More than 1,000 records of the file are damaged"):
        calls('{"a":\n' * 20_000, "freeswitch")


CISCO = (
    "cdrRecordType,dateTimeOrigination,callingPartyNumber,originalCalledPartyNumber,finalCalledPartyNumber,pkid,"
    "dateTimeConnect,duration\n"
    "INTEGER,INTEGER,VARCHAR(50),VARCHAR(64),VARCHAR(64),UNIQUEIDENTIFIER,INTEGER,INTEGER\n"
)


def test_cisco_has_two_heading_lines_and_seconds_since_1970() -> None:
    first, second = calls(CISCO + '1,1793523600,"2001","7","0825550142","a",1793523609,61\n1,1793523600,2001,7,8,b,0,0',
                          "cisco")  # fmt: skip
    assert (first.id, first.account, first.start, first.dialled, first.talk) == ("a", "2001", NINE, "0825550142", 61)
    assert (second.id, second.talk, second.why) == ("b", 0, "")


MAPPING = {"id": "Call", "account": "Customer", "number": "To", "start": "Start (SAST)", "talk": "Talk",
           "result": "Result", "answered": ["Answered"], "zone": "Africa/Johannesburg"}  # fmt: skip
TABLE = """Calls of November
Call;Customer;To;Start (SAST);Talk;Result
a;200001;082 555 0142;13/11/2026 11:00:00;0:01:01;Answered
b;200001;082 555 0142;01/11/2026 11:00:00;00:00;Busy
"""


def test_a_table_by_mapping() -> None:
    first, second = calls(TABLE, columns_from(dict(MAPPING)))
    assert (first.id, first.account, first.dialled, first.talk) == ("a", "200001", "082 555 0142", 61)
    assert first.start == NINE + dt.timedelta(days=12)
    assert (second.start, second.talk, second.why) == (NINE, 0, "")
    places = columns_from({"number": 1, "start": "2", "talk": 3})
    (call,) = calls("0825550142,2026-11-01T09:00:00Z,60.2\n", places)
    assert (call.start, call.talk, call.id) == (NINE, 61, "row 1")


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"numbers": "To"}, "A mapping knows no numbers = 'To'. It knows: number, start, talk"),
        ({"number": "To", "start": "Start"}, 'A mapping says which column is talk: talk = "Talk time".'),
        ({**MAPPING, "number": "Dialled"}, "dialled is missing. The file has: call, customer, to"),
        ({**MAPPING, "dates": "d/m/y"}, "dates is one of day/month/year"),
        ({**MAPPING, "zone": "Soweto"}, "“Soweto” is no time zone."),
        ({**MAPPING, "answered": 7}, "answered is a list of results"),
        ({"number": 0, "start": 1, "talk": 2}, "Columns are counted from 1."),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(mapping: dict[str, object], says: str) -> None:
    with pytest.raises(Refused) as refused:
        calls(TABLE, columns_from(mapping))
    assert says in refused.value.sentence


def test_a_day_that_can_be_two_is_asked_for() -> None:
    text = TABLE.replace("13/11", "03/11")
    with pytest.raises(Refused, match="“03/11/2026 11:00:00” can be two days"):
        calls(text, columns_from(dict(MAPPING)))
    first, _ = calls(text, columns_from({**MAPPING, "dates": "month/day/year"}))
    assert first.start == dt.datetime(2026, 3, 11, 9, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding: str) -> None:
    (call,) = calls(row().replace("200001", "Café").encode(encoding))
    assert call.account == "Café"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty."),
        (b"\n \n", "The file is empty."),
        (b"a,b,c\n1,2,3\n", "holds no call records"),
        (b"PK\x03\x04" + bytes(50), "The file is no text"),
        (bytes(5000), "The file is no text."),
        (b"x" * (MOST_BYTES + 1), "at most 64 MB"),
        (row().encode() + b"\n" * 1_000_001, "at most 1,000,000 lines"),
        (b'"a",' * 100_000, "holds no call records"),
        (row().encode("utf-16-le"), "The file is no text."),
    ],
)
def test_what_is_no_file_of_calls_is_refused(content: bytes, says: str) -> None:
    for form in ("asterisk", "freeswitch", "cisco"):
        with pytest.raises(Refused) as refused:
            calls(content, form)
        assert says in refused.value.sentence


@given(st.binary(max_size=400), st.sampled_from(["asterisk", "freeswitch", "cisco", "table"]))
def test_octets_are_refused_or_say_why(content: bytes, form: str) -> None:
    asked: Any = columns_from(dict(MAPPING)) if form == "table" else form
    for before in (b"", row().encode(), b"{", CISCO.encode(), TABLE.encode()):
        said = "."
        try:
            calls(before + content, asked)
        except Refused as refused:
            said = refused.sentence
        assert said.endswith(".")


@given(st.text(max_size=30))
def test_cells_of_any_text_are_read_or_refused(text: str) -> None:
    for ask in (seconds_of, lambda cell: instant_of(cell, dt.UTC), lambda cell: instant_of(cell, dt.UTC, "mdy")):
        said = "."
        try:
            ask(text)
        except Refused as refused:
            said = refused.sentence
        assert said.endswith(".")


@pytest.mark.parametrize(("text", "seconds"), [("91", 91), ("90.2", 91), ("90,0", 90), ("1:31", 91), ("0:01:31", 91),
                                               ("", 0), ("24:00:00", 86400)])  # fmt: skip
def test_seconds(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


# ------------------------------------------------------------------ numbers


@pytest.mark.parametrize(
    ("dialled", "number", "why"),
    [
        ("0825550142", "+27825550142", ""),
        ("+27 82 555-0142", "+27825550142", ""),
        ("+27 (0)82 555 0142", "+27825550142", ""),
        ("0027825550142", "+27825550142", ""),
        ("27825550142", "+27825550142", ""),
        ("919876543210", "+919876543210", ""),
        ("sip:+27825550142@example.org;user=phone", "+27825550142", ""),
        # The 0 was dialled, and the carrier got it; and a code that no country has.
        ("0035507704013", "+35507704013", ""),
        ("+99995697025", "+99995697025", ""),
        ("112", "", INTERNAL),
        ("10111", "", INTERNAL),
        ("*43", "", INTERNAL),
        ("", "", "The record has no number that was dialled."),
        ("0800FLOWERS", "", "“0800FLOWERS” is no telephone number."),
        ("s", "", "“s” is no telephone number."),
        ("+0825550142", "", "“+0825550142” is no international number: those have 7 to 15 digits."),
        ("+2782555014212345", "", "“+2782555014212345” is no international number: those have 7 to 15 digits."),
        ("0825550142123", "", "“0825550142123” is no number of ZA, and does not begin as one from abroad."),
        ("1234567", "", "“1234567” is no number of ZA, and does not begin as one from abroad."),
        ("\u0660\u0668\u0662\u0665\u0665\u0665\u0660\u0661\u0664\u0662", "", "is no telephone number."),
    ],
)
def test_numbers_dialled_in_south_africa(dialled: str, number: str, why: str) -> None:
    found, said = Numbers("za").of(dialled)
    assert found == number
    assert why in said
    assert bool(why) == bool(said)


@pytest.mark.parametrize(
    ("country", "dialled", "number"),
    [("US", "2025550142", "+12025550142"), ("US", "12025550142", "+12025550142"),
     ("US", "01127825550142", "+27825550142"),
     ("GB", "02071838750", "+442071838750"), ("IT", "0669812345", "+390669812345"), ("DK", "32123456", "+4532123456"),
     ("AU", "001127825550142", "+27825550142"), ("DE", "030123456", "+4930123456")],
)  # fmt: skip
def test_numbers_dialled_elsewhere(country: str, dialled: str, number: str) -> None:
    assert Numbers(country).of(dialled) == (number, "")


@given(
    st.one_of(st.text(max_size=20), st.text("+0123456789 *(;@", max_size=20)), st.sampled_from(["ZA", "US", "BR", "IT"])
)
def test_any_text_is_a_number_or_says_why(dialled: str, country: str) -> None:
    number, why = Numbers(country).of(dialled)
    assert bool(number) != bool(why)
    assert not number or (number[0] == "+" and number[1:].isdecimal() and len(number) <= 16)


def test_a_country_that_is_none() -> None:
    with pytest.raises(Refused, match="is no country"):
        Numbers("Soweto")


@given(
    st.sampled_from(["ZA", "GB", "DE", "IN", "AU", "BR", "AR", "FR"]),
    st.from_regex(r"[1-9][0-9]{5,10}", fullmatch=True),
)
def test_the_quick_way_is_what_phonenumbers_says(country: str, rest: str) -> None:
    number, _ = Numbers(country).of(f"0{rest}")
    parsed = phonenumbers.parse(f"0{rest}", country)
    said = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if number and not (country == "AU" and f"0{rest}".startswith("0011")):
        assert number == said
    elif len(rest) > 5:
        assert not phonenumbers.is_possible_number(parsed)
