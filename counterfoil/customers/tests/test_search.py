"""Search as you type: every part of what is known of a customer, and words that were misspelt."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.customers import rules
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_contact, add_customer, change_customer
from counterfoil.customers.queries import meant, search
from counterfoil.platform import fulltext
from counterfoil.testing.world import World


def names(world: World, text: str) -> list[str]:
    return [row.name for row in search(world.agent, text)]


@pytest.fixture
def people(world: World) -> World:
    for name in ("Mokoena Architects", "Naledi Mokoena", "Johannes Schumacher", "Zoë Ångström", "John Smith"):
        add_customer(world.clerk, name=name, street="14 Jan Smuts Avenue", city="Rosebank")
    return world


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mokona", ["Mokoena Architects", "Naledi Mokoena"]),  # a letter missing
        ("mokeona archi", ["Mokoena Architects"]),  # two swapped, and a start
        ("schumaker", ["Johannes Schumacher"]),  # as it sounds
        ("hcumacher", ["Johannes Schumacher"]),  # the first letter missing
        ("angstrom", ["Zoë Ångström"]),  # without accents that is exact
        ("jhon", ["John Smith"]),
        ("okoen", ["Mokoena Architects", "Naledi Mokoena"]),  # a part from the middle
        ("xylophone", []),
        ("smit rosebnak", ["John Smith"]),
    ],
)
def test_a_typing_error_still_finds(people: World, text: str, found: list[str]) -> None:
    assert sorted(names(people, text)) == found


def test_what_is_spelled_right_is_not_diluted_by_what_is_close(people: World) -> None:
    add_customer(people.clerk, name="Mokoen Traders")
    assert names(people, "mokoen traders") == ["Mokoen Traders"]
    assert names(people, "john") == ["John Smith"]


def test_numbers_are_not_guessed(people: World) -> None:
    customer = add_customer(people.clerk, name="Zara", phones=["082 555 0142"])
    assert names(people, "082 555 0142") == ["Zara"]
    assert names(people, "082 555 0143") == []
    assert names(people, customer.number[:-1] + "9") == []


def test_the_account_of_that_number_is_not_missed_among_many_that_hold_it(world: World) -> None:
    for n in range(30):
        add_customer(world.clerk, name=f"Somebody {n}", emails=[f"cf-000031.{n}@x.example"])
    last = add_customer(world.clerk, name="Zara")
    assert last.number == "CF-000031"
    # Thirty others hold the text, and the list has room for four.
    assert [row.name for row in search(world.agent, "cf-000031", limit=1)] == ["Zara"]


def test_the_index_follows_every_change(people: World) -> None:
    customer = add_customer(people.clerk, name="Before Limited")
    row = change_customer(people.clerk, customer=customer, version=1, changes={"name": "After Limited"})
    assert names(people, "before") == []
    assert names(people, "after limited") == ["After Limited"]
    add_contact(people.clerk, customer=row, name="Wilhelmina Botha")
    assert names(people, "wilhelmena") == ["After Limited"]


@pytest.mark.parametrize(
    "text", ['"', 'a"b', "''", "%", "_", "*", "AND OR NOT", "(", "a*b", "né!", "💥💥💥", "\\", "x" * 400]
)
def test_no_text_breaks_the_search(people: World, text: str) -> None:
    assert names(people, text) == []


def test_searching_asks_few_questions(people: World, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(2):
        search(people.agent, "mokoena")
    with django_assert_max_num_queries(6):
        search(people.agent, "mokona")


def test_the_text_index_is_used(people: World) -> None:
    rows = fulltext.holding(Customer.objects.order_by(), "mokoena")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # which reads a table of five rows whole, unless it is told not to
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_indexscan = off")
    plan = rows.explain()
    assert "customers_customer_search_text_trgm" in plan or "VIRTUAL TABLE INDEX" in plan, plan


@given(st.text("abcdefghijklmnop", min_size=7, max_size=14), st.data())
def test_one_wrong_letter_is_always_forgiven(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    wrong = word[:place] + "z" + word[place + 1 :]
    assert rules.close_words(wrong, [word]) == [word]


def test_words_of_letters_only_are_learnt(people: World) -> None:
    add_customer(people.clerk, name="Grey", emails=["someone@somewhere.example"])
    assert meant("someoen") == []
    assert meant("gery") == ["grey"]
