"""Accounts that can be, and codes in words."""

from __future__ import annotations

import pytest
from schwifty.registry import get_iban_spec

from counterfoil.debits.formats.accounts import IBAN_LENGTHS, bare, last_digits, why_not, wrong_creditor_id
from counterfoil.debits.formats.order import plain
from counterfoil.debits.formats.reasons import _LISTS, reason


@pytest.mark.parametrize(
    ("scheme", "account", "bank", "says"),
    [
        ("sepa", "NL39ABNA0636343332", "", ""),
        ("sepa", "nl39 abna 0636 3433 32", "abnanl2a", ""),
        ("sepa", "NL40ABNA0636343332", "", "That is not an IBAN"),
        # Arabic digits are none of an IBAN's.
        ("sepa", "NL39ABNA063634333٢", "", "That is not an IBAN"),
        ("sepa", "BR1500000000000010932840814P2", "", "SEPA does not reach accounts in BR"),
        ("sepa", "DE41370400440532013", "", "An IBAN of DE has 22 characters; this has 19"),
        ("sepa", "NL39ABNA0636343332", "ABNA", "A BIC has 8 or 11"),
        ("nacha", "744-5678-99", "231380104", ""),
        ("nacha", "123456789", "021000022", "its check digit is wrong"),
        ("nacha", "123456789", "02100002", "The routing number is too short"),
        ("nacha", "123456789", "000000000", "The routing number is 9 digits"),
        ("nacha", "123", "021000021", "The account number has 4 to 17"),
        ("bacs", "87654321", "30-96-34", ""),
        ("bacs", "8765432A", "309634", "The account number is 8 digits"),
        ("bacs", "876543210", "309634", "The account number is too long"),
        ("za", "7758270010", "198765", ""),
        ("za", "12", "250655", "The account number is too short"),
        ("za", "7758270010", "19876", "The branch code is too short"),
        ("za", "0000000000", "198765", "The account number is 7 to 11 digits"),
        ("giro", "1", "1", "Nobody here collects by “giro”"),
    ],
)
def test_an_account_that_cannot_be_says_why(scheme: str, account: str, bank: str, says: str) -> None:
    said = why_not(scheme, account, bank, "current")
    assert says in said
    assert bool(said) == bool(says)


def test_an_account_is_current_or_savings() -> None:
    assert "current or a savings" in why_not("za", "7758270010", "198765", "cheque")


def test_lengths_of_ibans_are_those_of_the_registry() -> None:
    assert {country: get_iban_spec(country).iban_length for country in IBAN_LENGTHS} == IBAN_LENGTHS


def test_what_the_bank_gave_us_has_its_form() -> None:
    assert wrong_creditor_id("sepa", "DE98ZZZ09999999999") == wrong_creditor_id("bacs", "654321") == ""
    # The business code is ours to choose: it is not in the check digits.
    assert wrong_creditor_id("sepa", "DE98ABC09999999999") == wrong_creditor_id("za", "anything") == ""
    assert "letter of the bank" in wrong_creditor_id("sepa", "DE99ZZZ09999999999")


@pytest.mark.parametrize(
    ("account", "shown"), [("NL39ABNA0636343332", "3332"), ("1234567", "4567"), ("123456", ""), ("1234", ""), ("", "")]
)
def test_of_an_account_the_last_four_are_shown(account: str, shown: str) -> None:
    assert last_digits(account) == shown


def test_accounts_are_kept_bare() -> None:
    assert [bare(text) for text in ("nl39 abna 0636", "20-04-15", "744-5678-99")] == [
        "NL39ABNA0636", "200415", "744-5678-99",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "most", "written"),
    [
        ("Société Générique & Cie", 70, "Societe Generique + Cie"), ("O’Malley", 70, "O'Malley"),
        ("Łukasz Próbny", 70, "Lukasz Probny"), ("Ñandú", 70, "Nandu"), ("Ελληνική Δοκιμή", 70, "Elliniki Dokimi"),
        ("Ψυχή Θεός Ὀδυσσεύς", 70, "Psychi Theos Odysseys"), ("Щука Їжак", 70, "Shtuka Yizhak"),
        ("Straße//Æble", 70, "Strasse/Aeble"), ('"A"\t<b>\x00', 70, "A b"), ("/x/", 70, "x"), ("李", 70, ""),
        ("abc def", 4, "abc"),
    ],
)  # fmt: skip
def test_text_is_written_in_the_characters_of_every_bank(text: str, most: int, written: str) -> None:
    assert plain(text, most) == written
    assert plain(written, most) == written


@pytest.mark.parametrize(
    ("scheme", "code", "retry", "ends"),
    [
        ("sepa", "AM04", True, False), ("sepa", "AC04", False, True), ("sepa", "MD01", False, True),
        ("sepa", "MD06", False, False), ("sepa", "MD07", False, True), ("sepa", "MS03", True, False),
        ("sepa", "SL01", False, False), ("nacha", "R01", True, False), ("nacha", "R02", False, True),
        ("nacha", "r10", False, True), ("nacha", "C01", False, False), ("bacs", "0", True, False),
        ("addacs", "0", False, True), ("bacs", "AC04", False, True), ("za", "02", True, False),
        ("za", "2", True, False), ("za", "12", False, True), ("za", "18", False, True), ("za", "22", True, False),
    ],
)  # fmt: skip
def test_a_code_says_whether_to_collect_again(scheme: str, code: str, retry: bool, ends: bool) -> None:
    found = reason(scheme, code)
    assert (found.retry, found.ends_mandate, found.known) == (retry, ends, True)


def test_of_a_code_in_no_list_nothing_follows() -> None:
    found = reason("sepa", "ZZ99")
    assert (found.retry, found.ends_mandate, found.known) == (False, False, False)
    assert found.meaning == "The bank’s code ZZ99 is in no list here. Ask the bank what it means."
    assert reason("za", "").meaning.startswith("The bank gave no code.")


def test_meanings_are_sentences() -> None:
    for codes in _LISTS.values():
        for follows, meaning in codes.values():
            assert follows in ("again", "look", "end")
            assert meaning[0].isupper()
            assert meaning.endswith((".", ")."))
