"""What arguments mean, for whoever calls from another program. A name that is not here explains itself."""

from __future__ import annotations

WORDS = {
    "addresses": "E-mail addresses.",
    "allocate": "What it settles, and with how much. Left out, it settles the oldest first; an empty list leaves it on "
    "account.",
    "amount": "In minor units (cents) of its currency.",
    "amounts": "How much of each line, with tax; left out, all that is left of every line.",
    "areas": "Only customers of these areas; none is all.",
    "bill_to": "Everything due up to and on this day.",
    "brands": "Only customers of these brands; none is all.",
    "content": "The file, in base64.",
    "currency": "ISO 4217, such as ZAR.",
    "draft": "Not billed until it is started.",
    "duplicate_ok": "Also when a payment of this amount and reference is there already.",
    "due_on": "Left out, by the customer's terms.",
    "frequency": "Such as month, quarter, half_year or year.",
    "last_day": "The last day on which it holds.",
    "number": "Left out, the next one.",
    "on": "The day it counts from. Left out, where it may be: today.",
    "price": "In whole units of the currency (R599.00 is 599.00), where it is not the list price.",
    "reason": "Why; it stays in the audit trail.",
    "unit_price": "In whole units of the currency.",
    "until": "The first day on which it does not hold any more.",
    "version": "As it was read; refused when somebody saved since.",
}
