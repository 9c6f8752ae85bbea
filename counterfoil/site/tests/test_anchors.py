"""Seals that were anchored outside: who owns the database cannot rewrite history unseen."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from counterfoil.messaging.interfaces import FakeChannel
from counterfoil.messaging.models import PrivateMail
from counterfoil.platform import append_only, write_guard
from counterfoil.platform.callers import Caller
from counterfoil.platform.checks import check_books
from counterfoil.platform.upkeep import seal_trail
from counterfoil.site.anchoring import anchor_daily
from counterfoil.testing.post import deliver
from counterfoil.testing.world import World
from counterfoil.trail.anchors import broken_anchors, newest_anchor, read_anchors
from counterfoil.trail.models import Event, Seal, SealHead


def rewrite(world: World) -> None:
    """As whoever owns the database can: an event is changed, and all seals are made anew."""
    append_only.disable()
    with write_guard.writing():
        Event.objects.filter(kind="customer.added").update(actor="Somebody else")
        Seal.objects.all().delete()
        SealHead.objects.update(seals=0, events=0, hash="")
    append_only.ensure()
    seal_trail(world.system())


def test_history_that_is_rewritten_with_all_its_seals_is_noticed_by_an_anchor(world: World, tmp_path: Path) -> None:
    file = tmp_path / "anchors"
    world.customer("Zara Naidoo")
    call_command("anchor", to=file)
    world.customer("Yusuf Adams")
    call_command("anchor", to=file)
    world.customer("Xena")
    seal_trail(world.system())
    anchors = read_anchors(file.read_text())
    assert [anchor.seals for anchor in anchors] == [1, 2]
    assert list(broken_anchors(anchors)) == []
    out = io.StringIO()
    call_command("check_books", anchors=file, stdout=out)
    assert "The seals agree with 2 anchors." in out.getvalue()

    rewrite(world)
    assert check_books() == []  # the books alone cannot tell
    found = list(broken_anchors(anchors))
    assert len(found) == 2
    assert "events up to seal 1, hash" in found[0]
    assert "what is before it was rewritten" in found[0]
    assert "says 2 seals; 1 are there: the end was cut off." in found[1]
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("check_books", anchors=file, stdout=out)
    assert "platform.anchors_hold: The anchor of" in out.getvalue()


def test_an_anchor_is_printed_and_read_back_from_a_mail(world: World) -> None:
    world.customer()
    out = io.StringIO()
    call_command("anchor", stdout=out)
    line = out.getvalue().strip()
    head = SealHead.objects.get()
    assert line.endswith(f"seals={head.seals} events={head.events} hash={head.hash}")
    (anchor,) = read_anchors(f"Subject: Anchor\n\n> {line}\n\nKeep this message.\n")
    assert str(anchor) == line


@pytest.mark.parametrize(
    "text", ["", "nothing here", "counterfoil-anchor 2026-01-01T00:00:00+00:00 seals=1 events=1 hash=ab"]
)
def test_a_file_without_whole_anchors_is_no_proof(world: World, tmp_path: Path, text: str) -> None:
    file = tmp_path / "anchors"
    file.write_text(text)
    with pytest.raises(CommandError):
        call_command("check_books", anchors=file)
    with pytest.raises(CommandError):
        call_command("check_books", anchors=tmp_path / "none")


def test_nothing_is_anchored_before_anything_is_sealed(db: None) -> None:
    assert newest_anchor(World().now) is None


def test_once_a_day_the_newest_seal_goes_where_the_settings_say(world: World, settings: Any, tmp_path: Path) -> None:
    settings.MESSAGE_CHANNELS = {"email": "counterfoil.messaging.interfaces.FakeChannel"}
    FakeChannel.sent.clear()
    clock = Caller.system("schedule", at=world.now)
    world.customer()
    seal_trail(world.system())
    assert anchor_daily(clock) == 0  # nowhere to put it
    settings.ANCHOR_FILE, settings.ANCHOR_TO = str(tmp_path / "safe" / "anchors"), ["auditor@mail.example"]
    with pytest.raises(FileNotFoundError):
        anchor_daily(clock)
    assert not Event.objects.filter(kind="trail.anchored").exists()
    assert not PrivateMail.objects.exists()
    (tmp_path / "safe").mkdir()
    assert anchor_daily(clock) == 2  # the next minute
    assert anchor_daily(clock) == 0  # the rest of the day
    (mail,) = deliver(clock)
    with world.on("2026-04-01"):
        assert anchor_daily(Caller.system("schedule", at=world.now)) == 2
    lines = (tmp_path / "safe" / "anchors").read_text().splitlines()
    assert len(lines) == 2
    assert mail.text.startswith(f"{lines[0]}\n")
    assert (mail.to, mail.subject) == ("auditor@mail.example", "Anchor of 2026-03-31")
    event = Event.objects.filter(kind="trail.anchored").first()
    assert event is not None
    assert event.data == {"seals": 1, "events": SealHead.objects.get().events, "hash": SealHead.objects.get().hash}
