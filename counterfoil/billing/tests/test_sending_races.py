"""Two jobs of one run and two writers of the same bytes at the same moment, on a database with real concurrency."""

import pytest

from counterfoil.billing import sending
from counterfoil.billing.models import Invoice
from counterfoil.billing.sending import InvoiceEmail, send_invoices
from counterfoil.documents.models import StoredFile
from counterfoil.messaging.models import Delivery, Message, MessageFile
from counterfoil.site.setup import set_up
from counterfoil.testing.threads import at_once
from counterfoil.testing.world import World
from counterfoil.trail.models import Event

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def world(transactional_db: None) -> World:
    set_up()
    return World()


def test_two_jobs_of_a_run_send_each_invoice_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # Every invoice is the same paper, so the bytes are raced for too.
    monkeypatch.setattr(sending, "invoice_pdf", lambda invoice, online: b"%PDF")
    made = [world.invoice(world.customer(f"Customer {n}"), "10.00") for n in range(12)]

    def send(first: int, step: int) -> list[bool]:
        rows = Invoice.objects.filter(pk__in=[row.pk for row in made]).order_by("pk")[first : first + 8]
        emails = [InvoiceEmail(row, ["a@x.example"], key=f"bill-run-item:{row.pk}") for row in rows][::step]
        return [one.message is not None for one in send_invoices(world.clerk, invoices=emails)]

    # Overlapping chunks, in both orders.
    results = at_once(lambda: send(0, 1), lambda: send(4, -1), lambda: send(0, -1), lambda: send(4, 1))

    assert not [result for result in results if isinstance(result, Exception)]
    assert sum(sum(result) for result in results) == 12
    assert sorted(Message.objects.values_list("customer_id", flat=True)) == sorted(row.customer_id for row in made)
    assert (Delivery.objects.count(), MessageFile.objects.count(), StoredFile.objects.count()) == (12, 12, 1)
    assert Event.objects.filter(kind="file.stored").count() == 1
