"""Who the demonstration's customers are: invented, and the same each time."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

from counterfoil.customers.operations import NewCustomer
from counterfoil.kernel.periods import add_months

FIRST = (
    "Naledi Thabo Zanele Sipho Lerato Kagiso Pieter Annelie Johan Marike Priya Rajesh Ayesha Imran Fatima "
    "Yusuf Chloe Liam Emma Jayden Nomsa Bongani Themba Lindiwe Musa Palesa Tumelo Refilwe Andile Ntombi "
    "Hendrik Elsabe Willem Karin Deepa Vikram Zoë François Renée José"
).split()
LAST = (
    "Mokoena Dube Khumalo Nkosi Ndlovu Molefe Mahlangu Sithole Zulu Botha Pretorius van_Wyk du_Toit "
    "Naidoo Pillay Govender Patel Khan Ismail Smith Jones Williams Fourie Venter Coetzee Mabaso Radebe "
    "Tshabalala Maseko Baloyi O'Connor Müller"
).split()
TRADES = (
    "Architects Attorneys Guesthouse Bakery Motors Dental Physio Plumbing Electrical Nursery Hardware "
    "Pharmacy Optometrists Accountants Brewery Logistics Printers Joinery Vets Studios"
).split()
PLACES = "Highveld Acacia Protea Kingfisher Umbrella Karee Baobab Springbok Kudu Marula Jacaranda Egret".split()
STREETS = (
    "Jan Smuts Avenue,Stiemens Street,Oxford Road,Tyrwhitt Avenue,Jorissen Street,7th Street,Barry Hertzog Avenue,"
    "Rustenburg Road,Louis Botha Avenue,Gleneagles Road,Main Road,Church Street"
).split(",")
SUBURBS = (
    ("Rosebank", "2196"),
    ("Braamfontein", "2001"),
    ("Melville", "2092"),
    ("Linden", "2195"),
    ("Parkhurst", "2193"),
)
AREAS = ("North ridge", "Old town", "Valley", "Business park")
HABITS = (("prompt", 46), ("on_terms", 26), ("late", 13), ("partial", 5), ("stopped", 6), ("ahead", 4))
PACKAGES = (
    ("Fibre 25/10", 499),
    ("Fibre 50/25", 649),
    ("Fibre 100/50", 899),
    ("Wireless 10", 399),
    ("Wireless 20", 529),
)
BUSINESS_PACKAGES = (("Business Fibre 100/100", 1299), ("Business Fibre 200/100", 1899), ("Business Wireless 50", 1149))


@dataclass(frozen=True)
class Person:
    """A customer to be, with how they pay and what they have."""

    new: NewCustomer
    habit: str
    package: tuple[str, int]
    extras: tuple[tuple[str, int, int], ...]


def people(rng: random.Random, today: dt.date, count: int) -> list[Person]:
    """The customers of the demonstration, oldest first; the first is the one of the tour."""
    made = [_tour(today)]
    emails: set[str] = set()
    for index in range(count - 1):
        months = rng.choice((30, 36, 60, 26, 24, 24, 20, 18, 14, 10, 8, 6, 4, 2, 1))
        joined = min(add_months(today, -months) + dt.timedelta(days=rng.randrange(28)), today)
        made.append(_business(rng, joined, index) if rng.random() < 0.28 else _home(rng, joined, emails))
    return sorted(made, key=lambda person: person.new.joined_on or today)


def _tour(today: dt.date) -> Person:
    new = NewCustomer(
        name="Mokoena Architects (Pty) Ltd", kind="company", billing_type="business",
        joined_on=add_months(today, -92), group="Business park", terms_days=30, tax_number="4810 234 567",
        emails=("accounts@mokoena.example", "naledi@mokoena.example"), phones=("082 555 0142",),
        contact_name="Naledi Mokoena", street="14 Jan Smuts Avenue", city="Rosebank", postcode="2196",
    )  # fmt: skip
    extras = (("VoIP line", 3, 89), ("Static IP", 1, 115))
    return Person(new, "tour", ("Business Fibre 200/100", 1899), extras)


def _home(rng: random.Random, joined: dt.date, emails: set[str]) -> Person:
    first, last = rng.choice(FIRST), rng.choice(LAST).replace("_", " ")
    stem = f"{first}.{last}".lower().replace(" ", "").replace("'", "")
    stem = stem.encode("ascii", "ignore").decode()
    email = next(e for n in range(99) if (e := f"{stem}{n or ''}@mail.example") not in emails)
    emails.add(email)
    suburb, code = rng.choice(SUBURBS)
    new = NewCustomer(
        name=f"{first} {last}", joined_on=joined, group=rng.choice(AREAS[:3]), terms_days=rng.choice((0, 7, 7, 14)),
        emails=(email,) if rng.random() < 0.94 else (), phones=(_phone(rng),), contact_name=f"{first} {last}",
        street=f"{rng.randrange(1, 220)} {rng.choice(STREETS)}", city=suburb, postcode=code,
    )  # fmt: skip
    extras = (("VoIP line", 1, 89),) if rng.random() < 0.2 else ()
    return Person(new, _habit(rng), rng.choice(PACKAGES), extras)


def _business(rng: random.Random, joined: dt.date, index: int) -> Person:
    first, last = rng.choice(FIRST), rng.choice(LAST).replace("_", " ")
    word = rng.choice((last, "Blue Crane", *PLACES))
    name = f"{word} {rng.choice(TRADES)}" + rng.choice(("", " CC", " (Pty) Ltd"))
    domain = "".join(ch for ch in word.lower() if ch.isascii() and ch.isalpha()) + f"{index}.example"
    suburb, code = rng.choice(SUBURBS)
    new = NewCustomer(
        name=name, kind="company", billing_type="business", joined_on=joined, group=rng.choice(AREAS[1:]),
        terms_days=30, tax_number=f"4{rng.randrange(100, 999)} {rng.randrange(100, 999)} {rng.randrange(100, 999)}",
        emails=(f"accounts@{domain}",), phones=(_phone(rng),), contact_name=f"{first} {last}",
        street=f"{rng.randrange(1, 220)} {rng.choice(STREETS)}", city=suburb, postcode=code,
    )  # fmt: skip
    extras = tuple(
        extra for extra, chance in ((("VoIP line", rng.randrange(1, 6), 89), 0.6), (("Static IP", 1, 115), 0.5))
        if rng.random() < chance
    )  # fmt: skip
    return Person(new, _habit(rng), rng.choice(BUSINESS_PACKAGES), extras)


def _phone(rng: random.Random) -> str:
    return f"0{rng.choice((82, 83, 72, 73, 84))} 555 {rng.randrange(10000):04d}"


def _habit(rng: random.Random) -> str:
    return rng.choices([habit for habit, _ in HABITS], [weight for _, weight in HABITS])[0]
