"""Files that real books contain and a tidy sample does not."""

import tracemalloc

import pytest

from counterfoil.customers.models import Customer
from counterfoil.imports.operations import import_file
from counterfoil.imports.rules import ImportRefused, ImportResult
from counterfoil.kernel.errors import Refused
from counterfoil.operator.queries import operator
from counterfoil.platform import write_guard
from counterfoil.receivables.models import OpenItem
from counterfoil.testing.world import World, counts

BOTH = """
source = "old"
[invoices]
number = "{no}"
customer = "{who}"
on = "{on}"
due_on = "{due}"
amount = "{amount}"
"""
PEOPLE = """
source = "old"
[customers]
key = "{who}"
name = "{name}"
email = "{email}"
street = "{name}"
postcode = "{code}"
terms_days = "{terms}"
"""
MONEY = """
source = "bank"
[receipts]
key = "{key}"
customer = "{who}"
on = "{on}"
amount = "{amount}"
invoice = "{no}"
"""


def bring(world: World, text: str, mapping: str) -> ImportResult:
    return import_file(world.clerk, content=text.encode(), file_name="a.csv", mapping=mapping)


def test_an_invoice_that_is_not_due_yet_is_brought_in(world: World) -> None:
    world.customer(number="Z1")
    bring(world, "no,who,on,due,amount\n1,Z1,2026-03-20,2026-04-19,10.00\n", BOTH)
    assert str(OpenItem.objects.get().due_on) == "2026-04-19"


def test_two_payments_of_one_file_that_overpay_an_invoice_leave_the_rest_on_account(world: World) -> None:
    zara = world.customer(number="Z1", owing={"2026-01-31": "150.00"})
    rows = "key,who,on,amount,no\nA,Z1,2026-02-01,100,INV-000001\nB,Z1,2026-02-02,100,INV-000001\n"
    bring(world, rows, MONEY)
    assert world.open(zara) == {"RC-000002": "-50.00"}


def test_a_payment_without_invoice_does_not_take_what_another_row_names(world: World) -> None:
    zara = world.customer(number="Z1", owing={"2026-01-31": "100.00", "2026-02-28": "100.00"})
    rows = "key,who,on,amount,no\nA,Z1,2026-02-01,100,\nB,Z1,2026-02-02,100,INV-000001\n"
    bring(world, rows, MONEY)
    assert world.open(zara) == {}


def test_the_row_that_is_wrong_is_the_one_that_is_named(world: World) -> None:
    rows = "who,name,email,code,terms\nA,Ann,ann@x.co,1,\nB,Ben,not an address,1,\nC,Cat,c@x.co,1,\n"
    with pytest.raises(ImportRefused) as refused:
        bring(world, rows, PEOPLE)
    assert [error.row for error in refused.value.errors] == [3]
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    "row",
    [
        f"A,Ann,a@x.co,{'9' * 17},", "A,Ann,a@x.co,1,²", f"{'A' * 200},Ann,a@x.co,1,", "A\x00,Ann,a@x.co,1,",
        f"A,{'n' * 301},a@x.co,1,",
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_an_error_of_its_row(world: World, row: str) -> None:
    with pytest.raises(ImportRefused):
        bring(world, f"who,name,email,code,terms\nB,Ben,b@x.co,1,{' ' * 5000}\n{row}\n", PEOPLE)


@pytest.mark.books_are_broken_on_purpose  # written by hand
def test_amounts_without_a_currency_are_in_the_operators(world: World) -> None:
    house = operator()
    with write_guard.writing():
        type(house).objects.filter(pk=house.pk).update(currency="JPY")
    world.customer(number="J1", currency="JPY")
    bring(world, "no,who,on,due,amount\n1,J1,2026-03-20,,1000\n", BOTH)
    assert OpenItem.objects.get().amount_minor == 1000


def test_amounts_of_another_currency_than_the_accounts_are_refused(world: World) -> None:
    world.customer(number="J1", currency="JPY")
    with pytest.raises(ImportRefused):
        bring(world, "no,who,on,due,amount\n1,J1,2026-03-20,,1000\n", BOTH)


def test_an_invoice_number_of_our_own_series_does_not_block_the_next_invoice(world: World) -> None:
    zara = world.customer(number="Z1")
    with pytest.raises(ImportRefused, match="error"):
        bring(world, "no,who,on,due,amount\nINV-000001,Z1,2026-03-20,,1000\n", BOTH)
    assert world.invoice(zara, "10.00").number == "INV-000001"


@pytest.mark.parametrize(
    "mapping",
    [
        'source = "x"\ncustomers = 3', 'source = "x"\ndelimiter = ";;"\n' + PEOPLE.replace('source = "old"', ""),
        f'source = "{"x" * 61}"\n' + PEOPLE.replace('source = "old"', ""),
    ],
)  # fmt: skip
def test_a_mapping_that_is_none_is_refused_in_words(world: World, mapping: str) -> None:
    with pytest.raises(Refused):
        bring(world, "who,name,email,code,terms\nA,Ann,a@x.co,1,\n", mapping)


def test_bringing_in_twice_with_one_key_gives_the_same_answer(world: World) -> None:
    caller = world.clerk.with_key("k")
    content = b"who,name,email,code,terms\nA,Ann,a@x.co,1,\n"
    first = import_file(caller, content=content, file_name="a.csv", mapping=PEOPLE)
    again = import_file(caller, content=content, file_name="a.csv", mapping=PEOPLE)
    assert again == first
    assert again.added == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (",".join(f"c{n}" for n in range(1_000_000)), "The file has 1,000,000 columns; the most is 500. Remove the"),
        (",".join(f"c{n}" for n in range(501)), "The file has 501 columns"),
        ("who,name,email,code,terms\n" + "x," * 1_000_000, "This line has 2,000,000 characters"),
        ("who,name,email,code,terms\n" + "x," * 1_000, "There are 1001 values for 5 columns"),
    ],
)
def test_a_million_columns_are_refused_before_they_are_taken_apart(world: World, text: str, says: str) -> None:
    before, content = counts(), text.encode()
    tracemalloc.start()
    try:
        with pytest.raises(ImportRefused) as refused:
            import_file(world.clerk, content=content, file_name="a.csv", mapping=PEOPLE)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused.value.errors[0].sentence.startswith(says)
    assert counts() == before
    # The text and one line of it, never a value for each column.
    assert peak < 8 * len(content) + 4_000_000


@pytest.mark.parametrize(
    ("change", "says"),
    [
        # Read in a time that grows with the square of the file, or no text at all.
        (('source = "old"', 'source = "old"\nencoding = "punycode"'), "use that of a text file"),
        (('source = "old"', 'source = "old"\nencoding = "idna"'), "use that of a text file"),
        (('source = "old"', 'source = "old"\nencoding = "unicode_escape"'), "use that of a text file"),
        (('source = "old"', 'source = "old"\nencoding = "zlib"'), "use that of a text file"),
        (('"{name}"', f'"{"{name}" * 100}"'), "name in [customers] has at most 300 characters"),
        (("[customers]", f"x = {'[' * 20_000}\n[customers]"), "lists within lists without end"),
    ],
)
def test_a_mapping_made_to_keep_the_server_busy_is_refused(world: World, change: tuple[str, str], says: str) -> None:
    before = counts()
    with pytest.raises(Refused) as refused:
        bring(world, "who,name,email,code,terms\nA,Ann,ann@x.co,1,\n", PEOPLE.replace(*change, 1))
    assert (refused.value.code, refused.value.field) == ("bad_mapping", "mapping")
    assert says in refused.value.sentence
    assert counts() == before


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ISO-8859-15", "utf-8", "windows-1252", "mac_roman"])
def test_the_encodings_of_text_files_are_read(world: World, encoding: str) -> None:
    mapping = PEOPLE.replace('source = "old"', f'source = "old"\nencoding = "{encoding}"')
    rows = "who,name,email,code,terms\nA,Zoë,ann@x.co,1,\n".encode(encoding)
    import_file(world.clerk, content=rows, file_name="a.csv", mapping=mapping)
    assert Customer.objects.get().name == "Zoë"
