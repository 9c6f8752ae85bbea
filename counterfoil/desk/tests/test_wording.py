"""Messages in the company's own words: fields filled in, nothing of a customer unescaped, and back again."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from counterfoil.access.operations import give_access
from counterfoil.billing.models import Invoice
from counterfoil.billing.sending import send_invoice
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.messaging.models import Message, MessageText
from counterfoil.messaging.operations.wording import WORDINGS, filled, reset_wording, save_wording, words_of
from counterfoil.operator.operations import add_brand
from counterfoil.receivables.operations import send_statement
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.html import squeezed
from counterfoil.testing.world import World, counts

TO = ["zara@x.example"]
MARCH = Period.through(dt.date(2026, 3, 1), dt.date(2026, 3, 31))


def sent_invoice(world: World, name: str = "Zara Naidoo", **more: Any) -> Message:
    issued = world.invoice(world.customer(name), "425.00", due_on="2026-04-30", on="2026-03-31")
    return send_invoice(world.caller(), invoice=issued, addresses=TO, **more)


def test_an_invoice_says_what_the_company_says(world: World) -> None:
    before = sent_invoice(world)
    assert before.subject == "Invoice INV-000001, R425.00 due 30 April"
    assert "Good day, your invoice is attached." in before.body_text
    save_wording(
        world.caller(), kind="invoice", subject="{company_name}: { amount_due } by {due_date}",
        text="Dear {customer_name},\n\nthis is {invoice_number} for {total}, account {account_number}.",
    )  # fmt: skip
    after = sent_invoice(world, "Piet <b>Botha</b> {total}")
    assert after.subject == "Zebra Net: R425.00 by 30 April"
    # A name that looks like a field, or like HTML, is a name.
    said = f"Dear Piet <b>Botha</b> {{total}},\n\nthis is INV-000002 for R425.00, account {after.customer.number}."
    assert said in after.body_text
    assert "Dear Piet &lt;b&gt;Botha&lt;/b&gt; {total}," in after.body_html
    assert "<b>Botha" not in after.body_html
    # What was sent stays as it is, and what somebody writes for one message goes first.
    assert Message.objects.get(pk=before.pk).subject == before.subject
    assert "Hello {total}" in sent_invoice(world, "Yusuf", text="Hello {total}").body_text


def test_a_statement_says_what_the_company_says(world: World) -> None:
    zara = world.customer(owing={"2026-02-28": "310.00"})
    words: dict[str, Any] = {"customer": zara, "period": MARCH, "style": "open_item", "addresses": TO}
    assert send_statement(world.caller(), **words).subject == "Your statement, R310.00 to pay now"
    save_wording(
        world.caller(), kind="statement", subject="{statement_date}: {what_is_due}",
        text="{customer_name}, {amount_due} of {balance}",
    )  # fmt: skip
    mail = send_statement(world.caller(), **words)
    assert mail.subject == "31 March: R310.00 to pay now"
    assert "Zara Naidoo, R310.00 of R310.00" in mail.body_text


@pytest.mark.parametrize(
    ("subject", "text", "field", "says"),
    [
        ("Invoice", "Dear {customer}", "text",
         "There is no field {customer} in this message. Did you mean {customer_name}?"),
        ("{amount_deu}", "Dear", "subject",
         "There is no field {amount_deu} in this message. Did you mean {amount_due}?"),
        ("Invoice", "{balance}", "text", "There is no field {balance} in this message."),
        ("Invoice", "{}", "text", "There is no field {} in this message. There are {customer_name}, "),
        ("Invoice\nBcc: all@x.example", "Dear", "subject", "The subject must be a single line of text."),
        ("Invoice", "  ", "text", ""),
        (" ", "Dear", "subject", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_filled_in_is_refused(world: World, subject: str, text: str, field: str, says: str) -> None:
    before = counts()
    with pytest.raises(Refused) as refusal:
        save_wording(world.caller(), kind="invoice", subject=subject, text=text)
    assert (refusal.value.field, counts()) == (field, before)
    assert says in refusal.value.sentence


def test_there_is_a_way_back_to_the_delivered_words(world: World) -> None:
    invoice = WORDINGS["invoice"]
    delivered = words_of(invoice)
    assert delivered == (invoice.subject, invoice.text)
    for verb, arguments in ((reset_wording, {}), (save_wording, {"subject": invoice.subject, "text": invoice.text})):
        with pytest.raises(Refused) as refusal:
            verb(world.caller(), kind="invoice", **arguments)  # type: ignore[operator]
        assert refusal.value.code == "no_change"
    save_wording(world.caller(), kind="invoice", subject="One", text="Two")
    assert (words_of(invoice), words_of(WORDINGS["statement"])[0]) == (
        ("One", "Two"), "Your statement, {what_is_due}",
    )  # fmt: skip
    reset_wording(world.caller(), kind="invoice")
    assert words_of(invoice) == delivered
    # Every version is kept.
    assert list(MessageText.objects.order_by("pk").values_list("subject", "text")) == [("One", "Two"), ("", "")]
    with pytest.raises(Refused) as refusal:
        save_wording(world.caller(), kind="nothing", subject="One", text="Two")
    assert refusal.value.field == "kind"


def test_the_delivered_words_have_known_fields_only() -> None:
    for wording in WORDINGS.values():
        values = dict.fromkeys(wording.fields, "x")
        assert "{" not in filled(wording.subject + wording.text, values)


def test_it_is_written_beside_a_real_message(world: World, client: Client) -> None:
    add_user(world.caller(), email="lerato@x.example", name="Lerato", role="administrator")
    client.force_login(User.objects.get(email="lerato@x.example"))
    url = reverse("wording", args=["invoice"])
    assert "once there is one to show" in squeezed(client.get(url).content.decode())
    sent_invoice(world)
    assert "Invoice INV-000001, R425.00 due 30 April" in squeezed(client.get(url).content.decode())
    typed = {"subject_line": "{invoice_number} for {customer_name}", "text": "Hello"}
    before = counts()
    drawn = squeezed(client.post(f"{url}?preview=1", typed).content.decode())
    assert ("INV-000001 for Zara Naidoo" in drawn, counts()) == (True, before)
    wrong = squeezed(client.post(f"{url}?preview=1", {**typed, "text": "{totl}"}).content.decode())
    assert "There is no field {totl} in this message. Did you mean {total}?" in wrong
    said = squeezed(client.post(url, typed, follow=True).content.decode())
    assert "Invoice e-mail saved. Used from the next message on." in said
    assert "{invoice_number} for {customer_name}" in said
    form = squeezed(client.get(reverse("send-invoice", args=[Invoice.objects.get().pk])).content.decode())
    # What Settings say is there to be read and changed.
    assert ("INV-000001 for Zara Naidoo" in form, "Good day, your invoice is attached." in form) == (True, False)
    said = squeezed(client.post(reverse("reset-wording", args=["invoice"]), follow=True).content.decode())
    assert "It says what it says as delivered." in said
    assert client.get(reverse("wording", args=["nothing"])).status_code == 404


def test_a_brand_and_a_language_have_words_of_their_own(world: World) -> None:
    valley = add_brand(world.caller(), name="Valley Net")
    ours = {"kind": "invoice", "text": "Text"}
    save_wording(world.caller(), subject="All {total}", **ours)
    save_wording(world.caller(), subject="Alle {total}", language="de", **ours)
    save_wording(world.caller(), subject="Valley {total}", brand=valley, **ours)
    said = {}
    for brand in (None, valley):
        for language in ("en", "de"):
            customer = world.customer(f"C{brand}{language}", brand_id=brand.pk if brand else None, language=language)
            invoice = world.invoice(customer, "10.00", on="2026-03-31")
            said[brand and brand.name, language] = send_invoice(world.caller(), invoice=invoice, addresses=TO).subject
    # A brand goes before a language; both together before either.
    assert said == {
        (None, "en"): "All R10.00", (None, "de"): "Alle 10,00\u00a0R", ("Valley Net", "en"): "Valley R10.00",
        ("Valley Net", "de"): "Valley 10,00\u00a0R",
    }  # fmt: skip
    save_wording(world.caller(), subject="Tal", brand=valley, language="de", **ours)
    assert words_of(WORDINGS["invoice"], valley.pk, "de")[0] == "Tal"
    reset_wording(world.caller(), kind="invoice", brand=valley, language="de")
    reset_wording(world.caller(), kind="invoice", brand=valley)
    assert words_of(WORDINGS["invoice"], valley.pk, "de")[0] == "Alle {total}"
    assert words_of(WORDINGS["invoice"], valley.pk, "en")[0] == "All {total}"
    before = counts()
    for more in ({"language": "tlh"}, {"brand": valley, "subject": "All {total}"}):
        with pytest.raises(Refused):
            save_wording(world.caller(), **{"subject": "X {total}", **ours, **more})
    with pytest.raises(Refused, match="delivered words already"):
        reset_wording(world.caller(), kind="invoice", brand=valley)
    assert counts() == before


def test_words_of_a_brand_are_written_in_the_browser(world: World, client: Client) -> None:
    valley = add_brand(world.caller(), name="Valley Net")
    add_user(world.caller(), email="lerato@example.com", name="Lerato", role="administrator", password="correct horse")
    client.force_login(User.objects.get(email="lerato@example.com"))
    url = reverse("wording", args=["welcome"])
    page = squeezed(client.get(f"{url}?brand={valley.pk}&language=de").content.decode())
    assert ("Valley Net, German" in page, "Ihr Kundenkonto bei {company_name}, online" in page) == (True, True)
    typed = {
        "subject_line": "Hallo {contact_name}",
        "text": "Konto {account_number}",
        "brand": valley.pk,
        "language": "de",
    }
    assert "Portal access e-mail saved." in squeezed(client.post(url, typed, follow=True).content.decode())
    listed = squeezed(client.get(reverse("wordings")).content.decode())
    assert "Portal access, Valley Net, German" in listed
    zara = world.customer("Zara", brand_id=valley.pk, language="de", emails=("zara@x.example",))
    give_access(world.caller(), contact=zara.contacts.get(), email="zara@x.example")
    message = Message.objects.get(kind="welcome")
    assert (message.subject, f"Konto {zara.number}" in message.body_text) == ("Hallo Zara", True)
    said = client.post(reverse("reset-wording", args=["welcome"]), {"brand": valley.pk, "language": "de"}, follow=True)
    assert "It says what it says to everybody else." in squeezed(said.content.decode())
    assert words_of(WORDINGS["welcome"], valley.pk, "de")[0] == "Ihr Kundenkonto bei {company_name}, online"
