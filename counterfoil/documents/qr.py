"""QR codes on documents."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import segno
from segno import helpers


def qr_svg(text: str) -> str:
    """A QR code as an SVG picture, dark modules on nothing, as large as its place allows."""
    return _svg(segno.make(text, error="m", micro=False), "QR code to pay online")


def transfer_svg(name: str, iban: str, bic: str, minor: int, text: str) -> str:
    """A QR code that fills in a SEPA transfer in a banking app (EPC069-12): to whom, how many cents, what for."""
    amount = Decimal(minor).scaleb(-2)
    bare = iban.replace(" ", "")
    code = helpers.make_epc_qr(name[:70], bare, amount, text=text[:140], bic=bic or None, encoding="utf-8")
    return _svg(code, "QR code for a bank transfer")


def _svg(code: segno.QRCode, label: str) -> str:
    out = BytesIO()
    code.save(out, kind="svg", border=0, dark="#14171d", xmldecl=False, svgclass=None, lineclass=None, omitsize=True)
    return out.getvalue().decode().strip().replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
