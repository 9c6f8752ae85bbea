"""What is kept of a customer besides: destinations, attachments, tags, custom fields."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction
from django_tasks_db.models import DBTaskResult

from counterfoil.customers import queries, reaching, rules, tasks
from counterfoil.customers.models import Attachment, Customer, CustomField, CustomValue, Tag
from counterfoil.customers.nouns import ATTACHMENT
from counterfoil.customers.operations import (
    attach_file,
    attachments,
    change_contact,
    change_customer,
    deactivate_customer,
    erase_person,
    remove_attachment,
    save_custom_field,
    set_custom_values,
    set_destinations,
    set_tags,
    set_thumbnail,
)
from counterfoil.documents.models import StoredFile
from counterfoil.documents.tests.test_inspection import picture
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.platform import write_guard
from counterfoil.platform.callers import Caller
from counterfoil.site.schedule import tick
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event


@pytest.fixture
def zara(world: World) -> Customer:
    return world.customer("Zara Naidoo", emails=("zara@mail.example",))


def going(zara: Customer, about: str) -> list[str]:
    return [address.email for address in reaching.addresses_for(zara, about)]


def test_a_kind_of_message_goes_to_its_own_addresses_or_where_the_contacts_say(world: World, zara: Customer) -> None:
    assert going(zara, "invoice") == ["zara@mail.example"]
    set_destinations(world.clerk, customer=zara, about="invoice", emails=["books@firm.example", "BOOKS@firm.example"])
    assert (going(zara, "invoice"), going(zara, "statement")) == (["books@firm.example"], ["zara@mail.example"])
    event = Event.objects.get(kind="destinations.changed")
    assert (event.data["before"], event.data["after"]) == ("as the contacts say", "books@firm.example")
    set_destinations(world.clerk, customer=zara, about="invoice", emails=[])
    assert going(zara, "invoice") == ["zara@mail.example"]


def test_changing_a_contact_leaves_destinations_unless_they_are_to_follow(world: World, zara: Customer) -> None:
    """Nobody needs to remember to change an address in a second place (domain 2.3)."""
    contact = queries.contacts_of(zara)[0]
    for about in ("invoice", "reminder"):
        set_destinations(world.clerk, customer=zara, about=about, emails=["zara@mail.example", "books@firm.example"])
    change_contact(
        world.clerk, contact=contact, version=1, changes={"emails": ["new@mail.example"]}, also_for=["invoice"]
    )
    assert going(zara, "invoice") == ["books@firm.example", "new@mail.example"]
    assert going(zara, "reminder") == ["zara@mail.example", "books@firm.example"]


@pytest.mark.parametrize(
    ("about", "emails"),
    [("gossip", ["a@x.example"]), ("invoice", ["not an address"]), ("invoice", [f"a{n}@x.example" for n in range(21)])],
)
def test_a_destination_that_cannot_be_is_refused(world: World, zara: Customer, about: str, emails: list[str]) -> None:
    before = counts()
    with pytest.raises(Refused):
        set_destinations(world.clerk, customer=zara, about=about, emails=emails)
    assert counts() == before


def test_a_file_is_kept_once_under_a_tidy_name_and_shown_until_it_is_removed(world: World, zara: Customer) -> None:
    other = world.customer("Yusuf")
    content = picture()
    one = attach_file(world.agent, customer=zara, kind="photo", name="..\\..\\etc/<roof>.exe", content=content)
    attach_file(world.agent, customer=other, kind="photo", name="roof.png", content=content)
    assert (one.name, one.file.mime) == ("roof.png", "image/png")
    assert StoredFile.objects.count() == 1
    assert [row.name for row in queries.attachments_of(zara)] == ["roof.png"]
    remove_attachment(world.clerk, attachment=one, reason="Wrong house")
    assert list(queries.attachments_of(zara)) == []
    with pytest.raises(Refused, match="a moment ago"):
        remove_attachment(world.clerk, attachment=one, reason="Again")
    with pytest.raises(NotFound):
        ATTACHMENT.get(world.agent, one.pk)
    assert len(queries.attachments_of(other)) == 1


def test_a_customer_has_at_most_so_many_attachments(
    world: World, zara: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "MOST", 2)
    one, _ = (attach_file(world.agent, customer=zara, kind="photo", name="a.png", content=picture()) for _ in range(2))
    with pytest.raises(Refused, match="at most 2 attachments"):
        attach_file(world.agent, customer=zara, kind="photo", name="b.png", content=picture())
    remove_attachment(world.clerk, attachment=one, reason="Wrong")
    attach_file(world.agent, customer=zara, kind="photo", name="b.png", content=picture())
    assert len(queries.attachments_of(zara)) == 2


def test_a_file_can_be_used_at_once_and_the_worker_pictures_it_afterwards(
    world: World, zara: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[bytes] = []

    def draw(content: bytes, mime: str) -> bytes:
        assert not write_guard.is_open(), "drawn inside an operation"
        drawn.append(content)
        return b"" if mime == "application/pdf" else picture("JPEG")

    monkeypatch.setattr(tasks, "small_picture", draw)
    paper = b"%PDF-1.7 startxref %%EOF"
    for name, content in (("roof.png", picture()), ("a.pdf", paper), ("note.txt", b"Gate code 1234")):
        attach_file(world.agent, customer=zara, kind="other", name=name, content=content)
    assert drawn == []
    assert [(row.name, row.thumbnail_id) for row in queries.attachments_of(zara)] == [
        ("note.txt", None), ("a.pdf", None), ("roof.png", None),
    ]  # fmt: skip
    assert tasks.picture_attachments(Caller.system("schedule")) == 2
    assert drawn == [picture(), paper]
    pictures = {row.name: row.thumbnail for row in Attachment.objects.select_related("thumbnail")}
    assert [name for name, small in pictures.items() if small] == ["roof.png"]
    assert bytes(pictures["roof.png"].content) == picture("JPEG")
    assert tasks.picture_attachments(Caller.system("schedule")) == 0


def test_the_clock_draws_nothing_and_one_picture_is_drawn_at_a_time(
    world: World, zara: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture may take half a minute and most of a gigabyte: neither the clock nor a second thread joins in."""
    under_way: list[int] = []

    def draw(content: bytes, mime: str) -> bytes:
        under_way.append(tasks.picture_attachments(Caller.system("another thread")))
        return b""

    monkeypatch.setattr(tasks, "small_picture", draw)
    for name in ("a.png", "b.png"):
        attach_file(world.agent, customer=zara, kind="photo", name=name, content=picture())
    DBTaskResult.objects.all().delete()
    assert tick()["Picture what was attached"] == 2
    assert under_way == []
    assert [row.queue_name for row in DBTaskResult.objects.filter(task_path__endswith="picture_new_attachments")] == [
        "jobs"
    ]
    assert tasks.picture_attachments(Caller.system("task"), seconds=0) == 0
    assert tasks.picture_attachments(Caller.system("task")) == 2
    assert under_way == [0, 0], "Whoever comes while one is drawn draws none."
    assert tick()["Picture what was attached"] == 0


def test_what_was_erased_while_it_was_drawn_stays_erased(world: World, zara: Customer) -> None:
    row = attach_file(world.agent, customer=zara, kind="photo", name="roof.png", content=picture())
    deactivate_customer(world.clerk, customer=zara, reason="Left")
    erase_person(world.system(), customer=zara, reason="Asked")
    assert set_thumbnail(world.system(), attachment=row, picture=picture("JPEG")).thumbnail is None
    assert [bytes(content) for content in StoredFile.objects.values_list("content", flat=True)] == [b""]
    assert tasks.picture_attachments(Caller.system("schedule")) == 0


def test_a_file_of_no_kind_we_keep_changes_nothing(world: World, zara: Customer) -> None:
    before = counts()
    with pytest.raises(Refused) as refused:
        attach_file(world.agent, customer=zara, kind="other", name="a.pdf", content=b"<svg onload=alert(1)>")
    assert (refused.value.code, refused.value.field) == ("unknown_file", "file")
    with pytest.raises(Refused):
        attach_file(world.agent, customer=zara, kind="secret", name="a.png", content=picture())
    assert counts() == before


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        ("x" * 400 + ".pdf", "x" * 120 + ".pdf"), ("", "file.pdf"), ("...", "file.pdf"), ("a\u202egpj.exe", "agpj.pdf"),
        ("C:\\Users\\me\\mandate.PDF", "mandate.pdf"), ("né 💥.html", "né 💥.pdf"), ("con\x00\r\n.pdf", "con.pdf"),
    ],
)  # fmt: skip
def test_file_names(name: str, tidy: str) -> None:
    assert rules.tidy_file_name(name, "application/pdf") == tidy


def test_stored_bytes_cannot_be_changed_behind_the_back(world: World, zara: Customer) -> None:
    row = attach_file(world.agent, customer=zara, kind="photo", name="a.png", content=picture())
    for change in ({"content": b"other"}, {"mime": "text/html"}, {"sha256": "0" * 64}):
        with pytest.raises(DatabaseError), transaction.atomic(), write_guard.writing():
            StoredFile.objects.filter(pk=row.file_id).update(**change)


def test_tags_are_words_found_by_search(world: World, zara: Customer) -> None:
    set_tags(world.clerk, customer=zara, names=["VIP", " vip ", "Rooftop"])
    assert queries.tags_of(zara) == ["Rooftop", "vip"]
    other = world.customer("Yusuf")
    set_tags(world.clerk, customer=other, names=["ROOFTOP"])
    assert Tag.objects.count() == 2
    assert {row.name for row in queries.search(world.agent, "rooftop")} == {"Zara Naidoo", "Yusuf"}
    set_tags(world.clerk, customer=zara, names=[])
    assert queries.tags_of(zara) == []
    assert queries.tags(world.agent) == ["Rooftop"]
    with pytest.raises(Refused, match="at most 20"):
        set_tags(world.clerk, customer=zara, names=[f"tag {n}" for n in range(21)])


FIELDS = (
    ("Tower", "choice", ["North", "South"]),
    ("Contract value", "number", []),
    ("Installed", "date", []),
    ("Rooftop", "yes_no", []),
    ("Gate", "text", []),
)


@pytest.fixture
def fields(world: World) -> dict[str, CustomField]:
    return {
        label: save_custom_field(world.caller(), label=label, kind=kind, choices=choices)
        for label, kind, choices in FIELDS
    }


@pytest.mark.parametrize(
    ("key", "entered", "kept"),
    [
        ("tower", "north", "North"), ("contract-value", "1,250.50", "1250.50"),
        ("installed", "25 nov 2025", "2025-11-25"),
        ("rooftop", "Yes", "yes"), ("gate", "  4321 ", "4321"), ("gate", "", None),
    ],
)  # fmt: skip
def test_a_custom_field_keeps_values_of_its_kind(
    world: World, zara: Customer, fields: dict[str, CustomField], key: str, entered: str, kept: str | None
) -> None:
    set_custom_values(world.clerk, customer=zara, values={key: entered})
    assert CustomValue.objects.filter(customer=zara).values_list("text", flat=True).first() == kept


@pytest.mark.parametrize(
    ("key", "entered", "code"),
    [
        ("tower", "West", "unknown_choice"), ("contract-value", "a lot", "not_an_amount"),
        ("contract-value", "=1+1", "not_an_amount"),
        ("installed", "soon", "not_a_date"), ("rooftop", "perhaps", "not_yes_or_no"), ("gate", "x" * 501, "too_long"),
        ("nothing", "x", "no_such_field"),
    ],
)  # fmt: skip
def test_another_kind_of_value_is_refused_by_name(
    world: World, zara: Customer, fields: dict[str, CustomField], key: str, entered: str, code: str
) -> None:
    before = counts()
    with pytest.raises(Refused) as refused:
        set_custom_values(world.clerk, customer=zara, values={"gate": "1", key: entered})
    assert refused.value.code == code
    assert counts() == before


def test_details_tags_and_fields_are_saved_together_or_not_at_all(
    world: World, zara: Customer, fields: dict[str, CustomField]
) -> None:
    before = counts()
    changes = {"group": "North", "tags": ["VIP"], "fields": {"installed": "never"}}
    with pytest.raises(Refused):
        change_customer(world.clerk, customer=zara, version=1, changes=changes)
    assert counts() == before
    assert Customer.objects.get(pk=zara.pk).group == ""
    change_customer(world.clerk, customer=zara, version=1, changes={**changes, "fields": {"installed": "2025-11-25"}})
    assert queries.tags_of(zara) == ["VIP"]
    assert [row.name for row in queries.search(world.agent, "2025-11")] == ["Zara Naidoo"]


def test_a_field_in_use_keeps_its_kind_and_its_choices(
    world: World, zara: Customer, fields: dict[str, CustomField]
) -> None:
    set_custom_values(world.clerk, customer=zara, values={"tower": "North"})
    tower = fields["Tower"]
    for kind, choices in (("text", []), ("choice", ["South", "East"])):
        with pytest.raises(Refused):
            save_custom_field(world.caller(), field=tower, label="Tower", kind=kind, choices=choices)
    save_custom_field(world.caller(), field=tower, label="Mast", kind="choice", choices=["North", "East"])
    assert CustomField.objects.get(pk=tower.pk).label == "Mast"
    with pytest.raises(Refused, match="already"):
        save_custom_field(world.caller(), label="mast", kind="text")
    with pytest.raises(Refused, match="two choices"):
        save_custom_field(world.caller(), label="One", kind="choice", choices=["Only"])
