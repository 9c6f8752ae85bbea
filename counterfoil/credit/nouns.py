"""What there is to read about the terms on which customers are chased."""

from __future__ import annotations

from counterfoil.credit.models import ChargeLimit, ClassAmounts, Letter, LetterSet, LetterText, Profile, ProfileClass
from counterfoil.credit.rules import AMOUNTS, TERMS
from counterfoil.platform.showing import Noun, Shown

LABELS = {
    "tolerance_percent": "Tolerance on limits, %",
    "credit_check": "Check credit before new orders",
    "receipt_grace_days": "Grace days",
    "send_dunning": "Send letters",
    "finance_charges": "Charge interest",
    "charge_interval_days": "Interest period, days",
    "charge_disputed": "Interest on disputed amounts",
    "credit_limit_minor": "Credit limit",
    "order_limit_minor": "Limit per order",
    "min_dunning_minor": "Least overdue for a letter",
    "min_dunning_invoice_minor": "Leave out items up to",
    "interest_percent": "Interest per period, %",
    "min_customer_balance_minor": "Least overdue for interest",
    "min_invoice_balance_minor": "Least per item for interest",
    "most_interest_minor": "Most interest per item",
    "is_default": "For customers without a profile",
    "profile_class": "Class",
    "customised": "Differs from the class in",
}

LETTER = Noun(
    Letter, path="letters", sees="credit.view", whose=(), sorts=("name",),
    shows=("name", "severity", "subject", "text", "active"), labels={"active": "In use"},
)  # fmt: skip
LETTER_TEXT = Noun(
    LetterText, path="letter-texts", sees="credit.view", whose=(), related=("letter", "brand"), sorts=("letter",),
    word="words of a letter", shows=("letter", "brand", "language", "subject", "text", "active"),
    labels={"active": "In use"},
)  # fmt: skip
LETTER_SET = Noun(
    LetterSet, path="letter-sets", sees="credit.view", whose=(), sorts=("name",),
    shows=("name", "method", "currency", "resend_last", "in_sequence", "dun_disputed", "include_unapplied",
           "use_grace_days", "charge_interest", "active"),
    parts={"lines": ("sequence", "letter", "first", "last", "min_days", "fee_minor")},
    labels={"resend_last": "Send the last letter again", "in_sequence": "One after the other",
            "dun_disputed": "Ask for disputed amounts", "include_unapplied": "Deduct account credit",
            "use_grace_days": "Allow grace days", "charge_interest": "Charge interest", "active": "In use"},
    rows=lambda caller, rows: rows.prefetch_related("lines__letter"),
)  # fmt: skip
PROFILE_CLASS = Noun(
    ProfileClass, path="profile-classes", sees="credit.view", whose=(), sorts=("name",),
    related=("collector", "letter_set", "credit_rating", "account_status"), labels={**LABELS, "active": "In use"},
    shows=("name", "active", "is_default", *TERMS),
)  # fmt: skip
CLASS_AMOUNTS = Noun(
    ClassAmounts, path="class-amounts", sees="credit.view", whose=(), related=("profile_class",), labels=LABELS,
    shows=("profile_class", "currency", *AMOUNTS), word="amounts of a class",
)  # fmt: skip
PROFILE = Noun(
    Profile, path="credit-profiles", sees="credit.view", word="credit profile", labels=LABELS,
    related=("customer", "site", "profile_class", "collector", "letter_set", "credit_rating", "account_status"),
    section="collections#credit-profile",
    shows=("customer", "site", "profile_class", *TERMS, *AMOUNTS,
           Shown("customised", lambda row: list(row.customised), list[str], "What was overridden.")),
)  # fmt: skip
CHARGE_LIMIT = Noun(
    ChargeLimit, path="charge-limits", sees="credit.view", whose=(), word="limit of charges",
    shows=("country", "most_interest_percent", "most_fee_minor", "currency"),
    labels={"most_interest_percent": "Most interest a year, %", "most_fee_minor": "Highest fee of a letter"},
)  # fmt: skip
