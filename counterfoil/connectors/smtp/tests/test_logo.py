"""The logo in e-mails, over a real SMTP server: part of the message, the brand's own, and never in the way."""

from __future__ import annotations

import datetime as dt
import re
import struct
from email.message import EmailMessage

import pytest

from counterfoil.connectors.smtp.tests.server import Mailbox
from counterfoil.customers.models import Customer
from counterfoil.documents.rendering import DocumentFailed
from counterfoil.kernel.periods import Period
from counterfoil.messaging import sending
from counterfoil.messaging.models import Delivery, Message
from counterfoil.messaging.operations import queue_message, queue_private_mail
from counterfoil.messaging.sending import send_due
from counterfoil.operator.operations import add_brand, change_operator, set_brand_logo, set_logo
from counterfoil.platform.callers import Caller
from counterfoil.receivables.operations import send_statement
from counterfoil.testing.world import World

NOON = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} 30">'
WIDE = (HEAD + '<path d="M0 0h{0}v30H0z" fill="#0b5fff"/><text x="5" y="20">Valley</text></svg>').format(900).encode()
SMALL = (HEAD + '<path d="M0 0h{0}v30H0z" fill="#b3261e"/></svg>').format(90).encode()


def send(customer: Customer) -> None:
    period = Period.through(dt.date(2026, 1, 1), dt.date(2026, 3, 31))
    send_statement(Caller.system("task", at=NOON), customer=customer, period=period, style="balance_forward",
                   addresses=["zara@zara.example"])  # fmt: skip
    send_due(Caller.system("task", at=NOON + dt.timedelta(minutes=1)))


def parts(mail: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in mail.walk()]


def picture_of(mail: EmailMessage) -> EmailMessage:
    """The picture that the HTML names; nothing else is fetched, by it or by a style."""
    html = mail.get_body(["html"])
    assert html is not None
    said = html.get_content()
    (image,) = re.findall("<img[^>]*>", said)
    name = re.search('src="cid:([^"]*)"', image)
    assert name is not None
    assert not re.search(r"(src=.http|url\(|@import)", said)
    (picture,) = [part for part in mail.walk() if part["Content-ID"] == f"<{name[1]}>"]
    assert isinstance(picture, EmailMessage)
    wide, high = struct.unpack(">II", picture.get_content()[16:24])
    # Sharp: two pixels for each one shown.
    assert f'width="{wide // 2}" height="{high // 2}"' in image
    return picture


def test_a_brand_and_the_company_send_their_own_logo_with_the_document(world: World, mailbox: Mailbox) -> None:
    change_operator(world.caller(), name="Highveld & Sons")
    set_logo(world.caller(), content=WIDE)
    valley = add_brand(world.caller(), name="Valley")
    set_brand_logo(world.caller(), brand=valley, content=SMALL)
    for brand in (None, valley):
        send(world.customer(owing={"2026-02-04": "10.00"}, brand_id=brand and brand.pk))
    (_, ours), (_, theirs) = mailbox.mails
    for mail in (ours, theirs):
        assert parts(mail) == [
            "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
            "application/pdf",
        ]  # fmt: skip
        # Listed as a file is the document alone.
        assert [part.get_content_type() for part in mail.iter_attachments()] == ["application/pdf"]
    sizes = [struct.unpack(">II", picture_of(mail).get_content()[16:24]) for mail in (ours, theirs)]
    assert sizes == [(480, 16), (240, 80)]
    body = ours.get_body(["html"])
    assert body is not None
    assert 'alt="Highveld &amp; Sons"' in body.get_content()
    assert picture_of(ours).get_content_disposition() == "inline"
    # Kept is what it says, not the picture.
    assert "<img" not in "".join(Message.objects.order_by("pk").values_list("body_html", flat=True))


def test_without_a_logo_or_with_one_that_fails_the_name_stands_there(
    world: World, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    zara = world.customer(owing={"2026-02-04": "10.00"})
    send(zara)
    set_logo(world.caller(), content=SMALL)

    def fails(sha256: str) -> None:
        raise DocumentFailed(sha256)

    monkeypatch.setattr(sending, "logo_png", fails)
    send(zara)
    for _, mail in mailbox.mails:
        html = mail.get_body(["html"])
        assert html is not None
        assert "Zebra Net" in html.get_content()
        assert "image/png" not in parts(mail)
    assert [row.state for row in Delivery.objects.order_by("pk")] == ["sent", "sent"]


def test_what_nobody_framed_has_no_logo_and_private_mail_has(world: World, mailbox: Mailbox) -> None:
    set_logo(world.caller(), content=SMALL)
    zara, system = world.customer(), Caller.system("task", at=NOON)
    queue_message(
        system, customer=zara, kind="note", subject="Hello", addresses=["zara@zara.example"],
        body_text="<!--name-->me<!--/name-->", body_html="<p>&lt;!--name--&gt;me&lt;!--/name--&gt;</p>",
    )  # fmt: skip
    queue_private_mail(
        system, address="zara@zara.example", subject="Sign in", text="A link", customer=zara,
        html="<p><!--name-->Zebra Net<!--/name--></p>", useless_at=NOON + dt.timedelta(hours=1),
    )  # fmt: skip
    send_due(Caller.system("task", at=NOON + dt.timedelta(minutes=1)))
    mails = {mail["Subject"]: mail for _, mail in mailbox.mails}
    assert parts(mails["Hello"]) == ["multipart/alternative", "text/plain", "text/html"]
    assert picture_of(mails["Sign in"]).get_content().startswith(b"\x89PNG")
