"""What the demonstration operator keeps about its customers besides: tags, fields, attachments, destinations."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence

from PIL import Image, ImageDraw

from counterfoil.customers.models import Customer
from counterfoil.customers.operations import (
    NewCustomer,
    add_customers,
    attach_file,
    save_custom_field,
    set_custom_values,
    set_destinations,
    set_tags,
)
from counterfoil.documents.rendering import table_pdf
from counterfoil.platform.callers import Caller

_TAGS = ("Rooftop", "VIP", "Estate", "School")


def add_details(
    admin: Caller, agent: Caller, rng: random.Random, tour: Customer, customers: Sequence[Customer]
) -> None:
    """Everything of that, through the operations staff use."""
    save_custom_field(admin, label="Tower", kind="choice", choices=["North mast", "South mast", "Hill"])
    save_custom_field(admin, label="Installed", kind="date", listed=False)
    save_custom_field(admin, label="Gate code", kind="text", listed=False)
    for customer in rng.sample(list(customers), min(len(customers), 40)):
        set_custom_values(agent, customer=customer, values={"tower": rng.choice(("North mast", "South mast", "Hill"))})
        set_tags(agent, customer=customer, names=[rng.choice(_TAGS)])
    set_custom_values(agent, customer=tour, values={"tower": "North mast", "installed": "2019-03-14"})
    set_tags(agent, customer=tour, names=["VIP"])
    set_destinations(agent, customer=tour, about="reminder", emails=["naledi@mokoena.example"])
    attach_file(agent, customer=tour, kind="photo", name="roof.png", content=_picture())
    attach_file(agent, customer=tour, kind="mandate", name="Debit order mandate.pdf", content=_mandate(tour))
    # Somebody signed up twice, under another spelling.
    twin = NewCustomer("Mokoena Architects", emails=("naledi@mokoena.example",), contact_name="Naledi Mokoena")
    add_customers(agent, customers=[twin])


def _picture() -> bytes:
    """A roof with a dish, drawn."""
    picture = Image.new("RGB", (640, 480), "#9db8d6")
    draw = ImageDraw.Draw(picture)
    draw.polygon([(0, 480), (0, 330), (320, 200), (640, 330), (640, 480)], fill="#7a4a3a")
    draw.ellipse([(420, 150), (500, 230)], fill="#e8ebef", outline="#555b66", width=4)
    draw.line([(460, 230), (460, 290)], fill="#555b66", width=8)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _mandate(customer: Customer) -> bytes:
    return table_pdf(
        author="Highveld Fibre", on=(2019, 3, 14), title="Debit order mandate",
        subtitle=f"{customer.name}, {customer.number}. Signed on 14 March 2019.",
        columns=[{"label": "We may collect", "align": "left"}, {"label": "At most", "align": "right"}],
        rows=[["Monthly services", "R5,000.00"]],
    )  # fmt: skip
