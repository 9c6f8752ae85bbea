"""What differs by country: how a company's numbers are called and checked, and the taxes it begins with.

As data, for a start: each of it is a row or a column that the owner changes. Rates as of 2026.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Code, name, category and percent of a rate.
Rate = tuple[str, str, str, str]


@dataclass(frozen=True)
class Country:
    """One country, by its code of ISO 3166-1."""

    code: str
    name: str
    currency: str
    # Before the number of registration, and before the tax number.
    registration_name: str
    tax_name: str
    tax_number_name: str
    tax_number_form: str
    tax_number_hint: str
    # The standard rate first.
    rates: tuple[Rate, ...] = ()
    # 10115 Berlin, not Berlin, 10115.
    postcode_first: bool = False

    def wrong_tax_number(self, number: str) -> str:
        """What is wrong with a tax number, in a sentence; empty when nothing is."""
        bare = re.sub(r"[\s.-]", "", number).upper()
        if not bare or re.fullmatch(self.tax_number_form, bare):
            return ""
        return f"A {self.tax_number_name} of {self.name} has {self.tax_number_hint}."


_NONE = (("zero", "Zero-rated", "zero", "0"), ("exempt", "Exempt", "exempt", "0"))

# The time zone that most of a country goes by.
ZONES = {
    "ZA": "Africa/Johannesburg", "DE": "Europe/Berlin", "GB": "Europe/London", "US": "America/New_York",
    "NL": "Europe/Amsterdam", "KE": "Africa/Nairobi", "AU": "Australia/Sydney", "NA": "Africa/Windhoek",
    "BW": "Africa/Gaborone", "ZW": "Africa/Harare", "AT": "Europe/Vienna", "CH": "Europe/Zurich",
}  # fmt: skip

COUNTRIES = {
    row.code: row
    for row in (
        Country("ZA", "South Africa", "ZAR", "Reg.", "VAT", "VAT number", r"4\d{9}", "10 digits and begins with 4",
                (("standard", "VAT 15%", "standard", "15"), *_NONE)),
        Country("DE", "Germany", "EUR", "HRB", "USt", "USt-IdNr.", r"DE\d{9}", "DE and 9 digits",
                (("standard", "USt 19%", "standard", "19"), ("reduced", "USt 7%", "reduced", "7"), *_NONE), True),
        Country("GB", "United Kingdom", "GBP", "Company no.", "VAT", "VAT number", r"(GB)?(\d{9}|\d{12})",
                "9 or 12 digits",
                (("standard", "VAT 20%", "standard", "20"), ("reduced", "VAT 5%", "reduced", "5"), *_NONE)),
        Country("US", "United States", "USD", "Entity no.", "Sales tax", "EIN", r"\d{9}", "9 digits",
                (("standard", "Sales tax", "standard", "0"), *_NONE)),
        Country("NL", "Netherlands", "EUR", "KvK", "btw", "btw-nummer", r"NL\d{9}B\d{2}",
                "NL, 9 digits, B and 2 digits",
                (("standard", "btw 21%", "standard", "21"), ("reduced", "btw 9%", "reduced", "9"), *_NONE), True),
        Country("KE", "Kenya", "KES", "Reg.", "VAT", "KRA PIN", r"[AP]\d{9}[A-Z]", "A or P, 9 digits and a letter",
                (("standard", "VAT 16%", "standard", "16"), *_NONE)),
        Country("AU", "Australia", "AUD", "ACN", "GST", "ABN", r"\d{11}", "11 digits",
                (("standard", "GST 10%", "standard", "10"), *_NONE)),
    )
}  # fmt: skip


def address_lines(street: str, city: str, postcode: str, country: str) -> list[str]:
    """An address on its own lines, the town as the country writes it."""
    found = COUNTRIES.get(country)
    parts = (postcode, city) if found and found.postcode_first else (city, postcode)
    town = (" " if found and found.postcode_first else ", ").join(part for part in parts if part)
    return [line.strip() for line in (*street.splitlines(), town) if line.strip()]
