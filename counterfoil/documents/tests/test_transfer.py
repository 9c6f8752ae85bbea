"""The QR code of a transfer holds what a banking app reads, and stands only where there is such a transfer."""

from __future__ import annotations

import segno

from counterfoil.documents.parties import Letterhead, payment_view
from counterfoil.documents.qr import transfer_svg


def house(**more: str) -> Letterhead:
    return Letterhead(name="Nordlicht", iban="DE89 3704 0044 0532 0130 00", bic="COBADEFFXXX", **more)


def test_what_a_banking_app_reads() -> None:
    # EPC069-12: service tag, version, UTF-8, identification, BIC, name, IBAN, amount, purpose, reference, text.
    wanted = "BCD\n002\n1\nSCT\nCOBADEFFXXX\nNordlicht\nDE89370400440532013000\nEUR1198.5\n\n\nCF-000123"
    known = segno.make_qr(wanted.encode(), error="m", boost_error=False)
    made = transfer_svg("Nordlicht", "DE89 3704 0044 0532 0130 00", "COBADEFFXXX", 119_850, "CF-000123")
    assert path(made) == path(known.svg_inline(border=0, omitsize=True))


def path(svg: str) -> str:
    return svg.split(' d="')[1].split('"')[0]


def test_where_it_stands() -> None:
    view = payment_view(house(), "CF-000123", euro_minor=119_850)
    assert view is not None
    assert view["link_lines"] == ["Scan it with your banking app:", "€1,198.50"]
    assert "link" not in view
    for minor in (0, -1, 100_000_000_000):
        view = payment_view(house(), "CF-000123", euro_minor=minor)
        assert view is not None
        assert "qr" not in view
    # A page that takes payments is better than a transfer.
    view = payment_view(house(pay_url="https://pay.example"), "CF-000123", euro_minor=119_850)
    assert view is not None
    assert view["link"] == "https://pay.example/CF-000123"
