"""Columns of lists in other languages are known by what they are called there."""

import pytest

from counterfoil.imports.matching import columns_of, suggested


@pytest.mark.once
@pytest.mark.parametrize(
    ("holds", "heading", "fields"),
    [
        (
            "customers",
            ["Kundennummer", "Name", "E-Mail", "Telefon", "Straße", "PLZ", "Ort", "Kunde seit", "Tarif"],
            ["number", "name", "email", "phone", "street", "postcode", "city", "joined_on", None],
        ),
        ("customers", ["Klantnummer", "Naam", "Adres", "Plaats"], ["number", "name", "street", "city"]),
        ("customers", ["Nom", "Téléphone", "Code postal", "Ville"], ["name", "phone", "postcode", "city"]),
        (
            "invoices",
            ["Rechnungs-Nr.", "Kunde", "Datum", "Fällig am", "Betrag"],
            ["number", "customer", "on", "due_on", "amount"],
        ),
        ("services", ["Kundennr.", "Tarif", "Preis", "Beginn"], ["customer", "product", "price", "on"]),
        # A list of customers holds their services too: the product is the better name, whatever stands before it.
        ("services", ["Kundennummer", "Name", "Tarif"], ["customer", None, "product"]),
        ("receipts", ["Zahlungsdatum", "Kunde", "Betrag", "Zahlungsart"], ["on", "customer", "amount", "method"]),
    ],
)
def test_headings_of_other_languages(holds: str, heading: list[str], fields: list[str | None]) -> None:
    columns = columns_of([(1, heading), (2, ["x"] * len(heading))], headed=True)
    found = suggested(holds, columns)
    assert [found.get(name) for name in heading] == fields
