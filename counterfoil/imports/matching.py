"""Columns matched by hand: which field each column seems to be, and the mapping that a person's choices make."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from counterfoil.imports.cells import ORDERS
from counterfoil.imports.sheets import MOST_ABOVE, NUMBER, Row

# By what the file holds, each field with its words for people and what such columns are called elsewhere.
FIELDS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "customers": (
        ("number", "Account number",
         "account accountno accno customerid customernumber clientid id ref code login "
         "kundennummer kundennr kdnr klantnummer numeroclient numerocliente"),
        ("name", "Name",
         "name client customer company fullname customername clientname debtor "
         "kunde firma kundenname klant naam nom nombre nome"),
        ("email", "E-mail", "email mail emailaddress billingemail emailadresse epos correo courriel"),
        ("phone", "Telephone",
         "phone tel telephone mobile cell cellphone phonenumber contactnumber "
         "telefon telefonnummer mobil handy telefoon telefono telefone"),
        ("contact", "Contact person",
         "contact contactperson attention attn "
         "ansprechpartner kontakt contactpersoon contacto contato"),
        ("street", "Street and number",
         "street street1 address addr addr1 address1 streetaddress "
         "strasse adresse anschrift adres straat rue calle direccion rua endereco"),
        ("city", "Town", "city town suburb place ort stadt wohnort plaats stad dorp ville ciudad cidade"),
        ("postcode", "Postal code",
         "postcode zip zipcode postalcode plz "
         "postleitzahl poskode codepostal codigopostal cep"),
        ("group", "Group", "group category segment gruppe kundengruppe groep"),
        ("tax_number", "Tax number",
         "vat vatnumber taxnumber vatno taxid "
         "ustid ustidnr steuernummer btwnummer nif cif"),
        ("joined_on", "Joined",
         "joined since dateadd created startdate activationdate "
         "kundeseit seit eintritt klantsinds"),
        ("terms_days", "Payment terms in days", "terms paymentterms termsdays zahlungsziel betaaltermijn"),
    ),
    "invoices": (
        ("number", "Invoice number",
         "number invoice invoiceno invoicenumber document documentno "
         "rechnung rechnungsnummer rechnungsnr factuurnummer facture factura"),
        ("customer", "Customer",
         "customer account customerid accountno clientid client "
         "kunde kundennummer kundennr klantnummer klant"),
        ("on", "Invoice date", "date invoicedate issued datecreated day rechnungsdatum datum factuurdatum fecha"),
        ("due_on", "Due date",
         "due duedate datetill payby "
         "fallig falligam faelligam faelligkeit vervaldatum echeance vencimiento"),
        ("amount", "Amount",
         "amount total linetotal invoiceamount value "
         "betrag brutto summe bedrag montant importe valor"),
        ("total", "Invoice total, to compare", "invoicetotal"),
        ("text", "For", "text item description details for beschreibung text leistung omschrijving"),
        ("reference", "Reference", "reference ref po ponumber"),
    ),
    "openings": (
        ("customer", "Customer",
         "customer account customerid accountno clientid client id "
         "kunde kundennummer kundennr klantnummer klant"),
        ("on", "As of", "asof on date day stand datum"),
        ("amount", "Balance",
         "balance amount openingbalance deposit outstanding accountbalance "
         "saldo offen offenerbetrag betrag bedrag"),
        ("due_on", "Due since", "due duedate dueon oldestdue fallig falligseit faelligseit"),
        ("text", "For", "text description for"),
    ),
    "services": (
        ("key", "What tells services apart", "id serviceid"),
        ("customer", "Customer",
         "customer account customerid accountno clientid client userid "
         "kunde kundennummer kundennr klantnummer klant"),
        ("product", "Product",
         "product plan package tariff item productcode tariffid planname servicename "
         "tarif produkt paket pakket abo abonnement name"),
        ("label", "Number or label",
         "label number description login username serial serialnumber "
         "anschluss rufnummer bezeichnung"),
        ("quantity", "Quantity", "quantity qty menge anzahl aantal"),
        ("price", "Price of a period",
         "price unitprice amount recurringamount monthly "
         "preis betrag monatspreis prijs prix precio"),
        ("on", "Started",
         "started start startdate activefrom regdate activationdate since "
         "beginn vertragsbeginn start ab seit begin"),
        ("paid_to", "Paid up to", "paidto paidupto billedto billeduntil lastday bezahltbis abgerechnetbis betaaldtot"),
        ("next_on", "Next billed from",
         "nextbill nextduedate nextinvoice nextbilldate billfrom "
         "nachsterechnung naechsterechnung"),
        ("frequency", "Billed how often", "frequency billingcycle cycle often"),
        ("billing_day", "Billed on day of the month", "billingday billday"),
    ),
    "receipts": (
        ("key", "What tells payments apart", "id receipt receiptnumber transactionid paymentid reference"),
        ("customer", "Customer",
         "customer account customerid accountno clientid client "
         "kunde kundennummer kundennr klantnummer klant"),
        ("on", "Date", "date day paid paidon paymentdate datum zahlungsdatum eingang fecha"),
        ("amount", "Amount", "amount total paid value betrag bedrag montant importe"),
        ("invoice", "Invoice it pays", "invoice invoiceno invoicenumber rechnung rechnungsnummer factuurnummer"),
        ("method", "Method", "method paymenttype type zahlungsart zahlungsweise betaalwijze"),
        ("reference", "Reference", "reference comment note description verwendungszweck kenmerk"),
    ),
    "usage": (
        ("key", "What tells records apart", "id recordid callid uniqueid"),
        ("service", "Number or label of the service", "service caller number src msisdn line"),
        ("on", "Date", "date day start starttime calldate"),
        ("quantity", "Quantity", "quantity amount duration seconds billsec minutes usage"),
        ("product", "Product code", "product productcode"),
        ("customer", "Customer's account number", "customer account customerid"),
        ("text", "For", "text called destination dst description"),
    ),
}  # fmt: skip
NEEDED = {
    "customers": ("name",), "invoices": ("number", "customer", "on", "amount"),
    "openings": ("customer", "on", "amount"), "services": ("customer", "product"),
    "receipts": ("customer", "on", "amount"), "usage": ("service", "on", "quantity"),
}  # fmt: skip
_SAMPLES = 3


@dataclass(frozen=True)
class FoundColumn:
    """A column of a file: what it is called in a mapping, what people see of it, and its first cells."""

    name: str
    label: str
    samples: tuple[str, ...]


def _plain(text: str) -> str:
    """In small letters, without accents and signs: `Fällig am` is `falligam`."""
    return re.sub(r"[^a-z0-9_]", "", unicodedata.normalize("NFKD", text).casefold())


def _known(holds: str) -> dict[str, dict[str, int]]:
    """What columns are called elsewhere, with the fields that each may be, and how far back among the names of each."""
    names: dict[str, dict[str, int]] = {}
    for field, label, words in FIELDS[holds]:
        for place, word in enumerate((_plain(label), field, *words.split())):
            names.setdefault(word, {}).setdefault(field, place)
    return names


def columns_of(lines: Sequence[Row], *, headed: bool) -> list[FoundColumn]:
    """The columns of a file from its first lines; its heading is the first line with as many names as any."""
    some = [cells for _, cells in lines if any(cells)][:MOST_ABOVE]
    if not some:
        return []
    if not headed:
        widest = max(len(cells) for cells in some)
        return [
            FoundColumn(str(place + 1), f"Column {place + 1}", _samples(some, place)) for place in range(widest)
        ]  # fmt: skip
    known = {name for holds in FIELDS for name in _known(holds)}

    def names(cells: list[str]) -> tuple[int, int]:
        texts = [cell for cell in cells if cell and not any(char.isdigit() for char in cell)]
        return sum(_plain(cell) in known for cell in cells), len(texts)

    best = max(range(len(some)), key=lambda place: (names(some[place]), -place))
    heading, below = some[best], some[best + 1 :]
    return [
        FoundColumn(name, name, _samples(below, place))
        for place, name in enumerate(heading)
        if name and "{" not in name and "}" not in name and heading.count(name) == 1
    ]


def _samples(lines: Sequence[list[str]], place: int) -> tuple[str, ...]:
    found = [cells[place].replace(NUMBER, "")[:40] for cells in lines if place < len(cells) and cells[place]]
    return tuple(found[:_SAMPLES])


def suggested(holds: str, columns: Sequence[FoundColumn]) -> dict[str, str]:
    """The field that each column seems to be, by the column: no field twice, each by the likeliest of its columns."""
    known, names = _known(holds), [_plain(column.label) for column in columns]
    likely = sorted((place, at, field) for at, name in enumerate(names) for field, place in known.get(name, {}).items())
    found: dict[int, str] = {}
    for _, at, field in likely:
        if at not in found and field not in found.values():
            found[at] = field
    return {column.name: found[at] for at, column in enumerate(columns) if at in found}


def mapping_text(
    holds: str, source: str, chosen: Mapping[str, str], settings: Mapping[str, str],
    answers: Mapping[str, Mapping[str, str]] = MappingProxyType({}), fixed: Mapping[str, str] = MappingProxyType({}),
) -> str:  # fmt: skip
    """The mapping of what a person chose: by column its field, and what was answered about it; `fixed` is no column.

    Two columns of one field stand one after the other.
    """
    fields = dict(fixed)
    for column, field in chosen.items():
        fields[field] = f"{fields[field]} {{{column}}}" if field in fields else f"{{{column}}}"
    if holds == "customers":
        # Without an account number a customer is known by the name, and has the next number of ours.
        fields = {"key": fields.get("number") or fields.get("name", ""), "number": fields.get("number", ""), **fields}
    if holds == "services" and "key" not in fields:
        # The same when its price changes, so that it is met again.
        fields["key"] = " ".join(fields[name] for name in ("customer", "product", "label") if name in fields)
    elif holds in ("receipts", "usage") and "key" not in fields:
        # What no number tells apart is told apart by all that it says.
        fields["key"] = " ".join(fields[name] for name in fields)
    lines = [
        f"source = {_quoted(source)}",
        *(f"{name} = {_quoted(value)}" for name, value in settings.items() if value),
    ]
    lines += [f"[{holds}]", *(f"{name} = {_quoted(value)}" for name, value in fields.items())]
    for column, said in answers.items():
        lines += [f"[columns.{_quoted(column)}]", *(f"{name} = {_quoted(value)}" for name, value in said.items())]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A text as TOML has it, which is as JSON has it."""
    return json.dumps(text, ensure_ascii=False)


DATE_ORDERS = tuple((name, f"{name}, such as {sample}") for name, sample in zip(
    ORDERS, ("12/31/2026", "31/12/2026", "2026-12-31"), strict=True
))  # fmt: skip
