"""What every installation has: three letters of rising severity, their set, and the default class."""

from __future__ import annotations

from counterfoil.credit.models import Letter, LetterSet, ProfileClass
from counterfoil.credit.operations.letters import LineGiven, add_letter, save_letter_set
from counterfoil.platform.operations import Operation, step

STANDARD = "STANDARD"
DEFAULT = "DEFAULT"
LETTERS = (
    (
        "STANDARD1", "reminder", "Reminder: {amount_due} is overdue",
        "Good day {customer_name},\n\nWe have not received payment for the following on account {account_number}. "
        "Perhaps it was overlooked.\n\n{items}\n\nPlease pay {amount_due}. If you have paid in the last few days, "
        "please ignore this reminder.\n\n{charges}\n{how_to_pay}\n\n{company_name}",
    ),
    (
        "STANDARD2", "firm", "Second reminder: {amount_due} is {oldest_days} days overdue",
        "Good day {customer_name},\n\nWe have written to you before. The following on account {account_number} is "
        "still unpaid.\n\n{items}\n\nPlease pay {amount_due} within seven days, or call us if something is not right."
        "\n\n{charges}\n{how_to_pay}\n\n{company_name}",
    ),
    (
        "STANDARD3", "final", "Final demand: {amount_due} is {oldest_days} days overdue",
        "{customer_name}\n\nDespite our reminders, account {account_number} is still unpaid.\n\n{items}\n\nThis is our "
        "final demand for {amount_due}. If it is not paid within seven days, services may be suspended and the debt "
        "handed over for collection.\n\n{charges}\n{how_to_pay}\n\n{company_name}",
    ),
)  # fmt: skip
# From so many days late to so many.
_DAYS = ((1, 30), (31, 60), (61, None))


@step
def set_up_credit(op: Operation) -> None:
    """The STANDARD letters and set and the DEFAULT class exist; what the owner changed stays as it is."""
    if ProfileClass.objects.filter(is_default=True).exists():
        return
    letters = [
        Letter.objects.filter(name=name).first() or add_letter(op, name=name, severity=how, subject=subject, text=text)
        for name, how, subject, text in LETTERS
    ]
    lines = [
        # Each may be sent again only after two weeks.
        LineGiven(letter, first, last, min_days=14 if place else 0)
        for place, (letter, (first, last)) in enumerate(zip(letters, _DAYS, strict=True))
    ]
    found = LetterSet.objects.filter(name=STANDARD).first()
    # Each speaks of the one before: whoever is late for long already begins with the first.
    found = found or save_letter_set(op, name=STANDARD, lines=lines, in_sequence=True)
    row = ProfileClass.objects.create(name=DEFAULT, is_default=True, letter_set=found)
    op.record("profile_class.added", row, name=row.name)
