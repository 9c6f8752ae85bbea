"""How people meet what needs no form of its own."""

from __future__ import annotations

from django.urls import reverse

from counterfoil.catalogue import operations
from counterfoil.catalogue.nouns import COUPON
from counterfoil.kernel.periods import date_text
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says

ADD_COUPON = Door(
    operations.add_coupon, None, "add", "Add coupon", under="catalogue/coupons", caption="Add coupon",
    about=lambda _: "Catalogue", home=lambda _: reverse("coupons"),
    fields={
        "code": Says(help="Code customers quote, e.g. WELCOME50. Not case-sensitive.", most=40),
        "percent_off": Says("Percent off"),
        "months": Says("For how many months", "If left empty, for as long as the service lasts.", 120, least=1),
        "valid_from": Says("Valid from"),
        "valid_until": Says("Valid until", "The last day. If left empty, until it is ended."),
        "most_uses": Says("Most services", "If left empty, any number.", least=1),
    },
    order=("code", "percent_off", "months", "valid_from", "valid_until", "most_uses"),
    start=lambda caller, _: {"valid_from": caller.today},
    done=lambda made, _: f"Coupon {made.code} added, valid from {date_text(made.valid_from)}.",
)  # fmt: skip
END_COUPON = Door(
    operations.end_coupon, COUPON, "end", "End coupon",
    offered=lambda row, day: row.valid_to is None or row.valid_to > day, under="catalogue/coupons", danger=True,
    about=lambda row: f"{row}. Services that have it keep their discount.", home=lambda row: reverse("coupons"),
    done=lambda row, _: f"{row.code} ended.",
)  # fmt: skip
