"""Erasing one customer takes from nobody else what they have: the bytes go when the last one lets go of them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from PIL import Image

from counterfoil.customers.models import Attachment, Customer
from counterfoil.customers.operations import attach_file, deactivate_customer
from counterfoil.desk.operations import erase_personal_data
from counterfoil.documents.models import StoredFile
from counterfoil.documents.operations import erase_files, store_file
from counterfoil.documents.queries import referring_fields
from counterfoil.documents.tests.test_inspection import picture
from counterfoil.messaging.interfaces import FakeChannel
from counterfoil.messaging.models import Message, MessageFile
from counterfoil.messaging.operations import queue_message
from counterfoil.messaging.sending import outgoing_of, send_due
from counterfoil.platform import write_guard
from counterfoil.platform.callers import Caller
from counterfoil.platform.checks import check_books
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World

PICTURE = picture()


def small_jpeg() -> bytes:
    """What is a thumbnail of one picture and, byte for byte, a file of somebody else."""
    out = io.BytesIO()
    Image.open(io.BytesIO(PICTURE)).save(out, "JPEG", quality=80)
    return out.getvalue()


def attach(world: World, customer: Customer, content: bytes = PICTURE) -> Attachment:
    return attach_file(world.agent, customer=customer, kind="photo", name="roof.png", content=content)


def send(world: World, customer: Customer, content: bytes = PICTURE, *, leave: bool = True) -> Message:
    message = queue_message(
        world.caller(), customer=customer, kind="statement", subject="Roof", body_text="See the picture", body_html="",
        addresses=["a@mail.example"], files=[("roof.png", "image/png", content)],
    )  # fmt: skip
    if leave:
        send_due(Caller.system("task", at=message.leaves_at), channel=FakeChannel())
    return message


def erase(world: World, customer: Customer) -> None:
    deactivate_customer(world.clerk, customer=customer, reason="Left")
    erase_personal_data(world.caller(), customer=customer, reason="Asked")


def attached(row: Attachment) -> Callable[[], bytes]:
    return lambda: bytes(Attachment.objects.get(pk=row.pk).file.content)


def sent(message: Message) -> Callable[[], bytes]:
    return lambda: bytes(MessageFile.objects.get(message=message).file.content)


WAYS: dict[str, Callable[[World, Customer], Callable[[], bytes]]] = {
    "attached": lambda world, other: attached(attach(world, other)),
    "sent": lambda world, other: sent(send(world, other)),
    "queued": lambda world, other: sent(send(world, other, leave=False)),
}


@pytest.mark.parametrize("has", ["attached", "sent"])
@pytest.mark.parametrize("way", WAYS)
def test_what_somebody_else_has_too_is_kept_for_them(world: World, way: str, has: str) -> None:
    zara, other = world.customer("Zara"), world.customer("Yusuf")
    WAYS[has](world, zara)
    read = WAYS[way](world, other)
    erase(world, zara)
    assert read() == PICTURE


def test_a_message_that_waits_leaves_with_its_file(world: World) -> None:
    zara, other = world.customer("Zara"), world.customer("Yusuf")
    attach(world, zara)
    message = send(world, other, leave=False)
    erase(world, zara)
    assert [file.content for file in outgoing_of(message.deliveries.get()).attachments] == [PICTURE]


def test_a_thumbnail_and_a_file_of_the_same_bytes_keep_each_other(world: World) -> None:
    zara, other = world.customer("Zara"), world.customer("Yusuf")
    row = attach(world, zara)
    small = store_file(world.system(), content=small_jpeg(), mime="image/jpeg")
    with write_guard.writing():
        Attachment.objects.filter(pk=row.pk).update(thumbnail=small)
    kept = attach(world, other, small_jpeg())
    assert kept.file_id == small.pk
    erase(world, zara)
    assert attached(kept)() == small_jpeg()


def test_the_bytes_go_with_the_last_who_has_them_and_come_again_for_the_next(world: World) -> None:
    zara, other, third = world.customer("Zara"), world.customer("Yusuf"), world.customer("Xena")
    attach(world, zara)
    send(world, zara)
    row = attach(world, other)
    erase(world, zara)
    assert StoredFile.objects.get(pk=row.file_id).erased_at is None
    erase(world, other)
    gone = StoredFile.objects.get(pk=row.file_id)
    assert (bytes(gone.content), gone.erased_at is not None) == (b"", True)
    assert (Attachment.objects.get(pk=row.pk).file, MessageFile.objects.get().file) == (None, None)
    again = attach(world, third)
    assert again.file_id != gone.pk
    assert attached(again)() == PICTURE
    assert again.file.sha256 == gone.sha256 == hashlib.sha256(PICTURE).hexdigest()


def test_a_file_is_not_erased_while_anything_refers_to_it(world: World) -> None:
    """Whatever has a foreign key to a file counts: the nouns are found, not listed."""
    assert {str(field) for field in referring_fields()} == {
        "customers.Attachment.file", "customers.Attachment.thumbnail", "messaging.MessageFile.file",
        "operator.Logo.file", "tickets.IncomingMail.original", "tickets.TicketFile.file",
    }  # fmt: skip
    row = attach(world, world.customer("Zara"))
    assert erase_files(world.system(), files=[row.file_id]) == 0
    assert attached(row)() == PICTURE


def test_what_is_erased_stays_erased_and_a_message_keeps_its_file(world: World) -> None:
    zara = world.customer("Zara")
    message = send(world, zara)
    file = MessageFile.objects.get().file
    erase(world, zara)
    for model, pk, change in (
        (StoredFile, file.pk, {"erased_at": None}),
        (StoredFile, file.pk, {"content": PICTURE}),
        (MessageFile, MessageFile.objects.get(message=message).pk, {"file": file}),
        (MessageFile, MessageFile.objects.get(message=message).pk, {"name": "other.png"}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), write_guard.writing():
            model._base_manager.filter(pk=pk).update(**change)


def test_the_page_of_an_erased_message_says_what_was_attached_and_gives_nothing(world: World) -> None:
    zara = world.customer("Zara")
    message = send(world, zara)
    erase(world, zara)
    add_user(world.caller(), email="a@x.example", name="A", role="administrator", password="s3cret-enough")
    client = Client()
    client.force_login(User.objects.get())
    page = client.get(f"/messages/{message.pk}/").content.decode()
    assert "roof.png" in page
    assert "erased" in page
    assert client.get(f"/messages/files/{MessageFile.objects.get().pk}/").status_code == 404


@pytest.mark.books_are_broken_on_purpose
def test_books_in_which_somebody_lost_a_file_say_so(world: World) -> None:
    """As an earlier version left them: the bytes are gone, and somebody still refers to them."""
    row, message = attach(world, world.customer("Yusuf")), send(world, world.customer("Xena"))
    with write_guard.writing():
        StoredFile.objects.filter(pk=row.file_id).update(content=b"", erased_at=world.now)
    found = [finding for finding in check_books() if finding.check == "documents.nothing_refers_to_an_erased_file"]
    file = message.files.get()
    assert [finding.sentence.partition(" has lost its")[0] for finding in found] == [
        f"Attachment {row.pk} (roof.png)", f"Message file {file.pk} (roof.png)",
    ]  # fmt: skip
    assert all("Attach it again, or take it from a backup." in finding.sentence for finding in found)
