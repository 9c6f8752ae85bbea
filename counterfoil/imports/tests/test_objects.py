"""A list of objects is a file of rows, however it stands within what is around it."""

from __future__ import annotations

import json

import pytest

from counterfoil.customers.models import ContactPoint, Customer
from counterfoil.imports.operations import import_file
from counterfoil.imports.rules import ImportRefused, ImportResult
from counterfoil.imports.sheets import rows_of
from counterfoil.kernel.errors import Refused
from counterfoil.testing.world import World, counts

MAPPING = """source = "crm"
[customers]
key = "{id}"
number = "C-{id}"
name = "{first} {company}"
email = "{contacts.0.email}; {contacts.1.email}"
joined_on = "{since}"
"""
CLIENTS = [
    {"id": 7, "first": "Ann", "company": None, "since": "2021-08-17T00:00:00+0200", "tags": ["vip", "late"],
     "contacts": [{"email": "ann@x.example"}, {"email": "books@x.example"}]},
    {"id": 8, "first": "", "company": "Bo &amp; Sons", "since": "0000-00-00", "contacts": []},
]  # fmt: skip


def bring(world: World, data: object) -> ImportResult:
    content = json.dumps(data).encode()
    return import_file(world.caller(), content=content, file_name="c.json", mapping=MAPPING)


@pytest.mark.parametrize("around", [lambda rows: rows, lambda rows: {"result": "success", "clients": {"client": rows}}],
                         ids=["list", "within"])  # fmt: skip
def test_objects_come_in_as_rows_with_what_is_within_them(world: World, around: object) -> None:
    assert callable(around)
    assert bring(world, around(CLIENTS)).added == 2
    assert sorted(Customer.objects.values_list("number", "name")) == [("C-7", "Ann"), ("C-8", "Bo & Sons")]
    assert sorted(ContactPoint.objects.values_list("value", flat=True)) == ["ann@x.example", "books@x.example"]
    before = counts()
    assert bring(world, around(CLIENTS)).added == 0
    assert counts() == before


def test_errors_name_the_place_in_the_list(world: World) -> None:
    with pytest.raises(ImportRefused) as error:
        bring(world, [*CLIENTS, {"id": 9, "first": "", "company": ""}])
    assert [str(one) for one in error.value.errors] == ["row 3, first, company: It is blank."]


def test_values_are_read_as_they_are_written() -> None:
    first = b'{"a": 1234.50, "b": true, "c": null, "d": ["x", 2], "e": {"f": {"g": " z "}}, "{h}": 1}'
    data = b'\xef\xbb\xbf[%s, {"a": 2}]' % first
    assert list(rows_of(data, ["a", "b", "c", "d", "e.f.g", "(h)"])) == [
        (1, {"a": "1234.50", "b": "TRUE", "c": "", "d": "x; 2", "e.f.g": "z", "(h)": "1"}),
        (2, {"a": "2", "b": "", "c": "", "d": "", "e.f.g": "", "(h)": ""}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"[1, 2]", "no list of objects"), (b"{}", "no list of objects"), (b"[}]", "not JSON"),
     (b"[" * 5000 + b"]" * 5000, "JSON|list"), (b'[{"a": 1}]', "lacks the columns"),
     (b'[{"\xff": 1}]', "not JSON")],
)  # fmt: skip
def test_what_is_no_such_file_is_refused_in_words(content: bytes, says: str) -> None:
    with pytest.raises(Refused, match=says):
        list(rows_of(content, ["id"]))
