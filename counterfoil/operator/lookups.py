"""What an installation begins with of what people choose from: outcomes of calls, actions, ratings, ways to pay.

A code is what the product does something by; people see names alone and may change them. They add their own, which do
nothing but schedule and report.
"""

from __future__ import annotations

# Kind to code and name, in the order in which they are offered.
DELIVERED: dict[str, tuple[tuple[str, str], ...]] = {
    "call_outcome": (
        ("promised", "Promised"), ("disputes", "Disputes"), ("says_paid", "Says paid"), ("call_back", "Call back"),
        ("no_answer", "No answer"), ("left_message", "Voicemail"), ("refuses", "Refuses"), ("busy", "Busy"),
        ("wrong_number", "Wrong number"), ("disconnected", "Number disconnected"),
    ),
    "customer_response": (
        ("will_pay", "Will pay"), ("already_paid", "Payment already sent"), ("billed_wrong", "Billed incorrectly"),
        ("not_received", "Service never received"), ("no_invoice", "Invoice not received"),
        ("quality", "Not satisfied with the service"), ("cash_flow", "Cash-flow problem"),
    ),
    "call_action": (
        ("alert", "Alert"), ("call", "Call"), ("collection_action", "Collection action"),
        ("collection_follow_up", "Collection follow-up"), ("credit_memo", "Credit memo"),
        ("exclude_from_dunning", "Exclude from dunning"), ("partial_dispute", "Partial dispute"),
    ),
    "follow_up_action": (
        ("call_again", "Call again"), ("alert_manager", "Alert the manager"), ("send_statement", "Send a statement"),
        ("visit", "Visit"), ("hand_over", "Hand over for legal collection"),
    ),
    "account_status": (
        ("current", "Current"), ("watched", "Watched"), ("delinquent", "Delinquent"), ("legal", "Legal collection"),
    ),
    "credit_rating": (("excellent", "Excellent"), ("good", "Good"), ("moderate", "Moderate"), ("poor", "Poor")),
    "note_type": (
        ("general", "General"), ("debtor", "Debtor note"), ("technical", "Technical"), ("complaint", "Complaint"),
    ),
    "credit_reason": (
        ("billing_error", "Billing error"), ("service_fault", "Service interrupted"),
        ("cancelled", "Service cancelled"),
        ("returned", "Equipment returned"), ("goodwill", "Goodwill"), ("discount", "Agreed discount"),
    ),
    "adjustment_reason": (
        ("uncollectable", "Uncollectable"), ("small_balance", "Small balance"), ("insolvent", "Customer insolvent"),
        ("untraceable", "Customer untraceable"), ("collection_costs", "Collection costs"),
        ("returned_payment", "Returned payment"),
    ),
    "payment_method": (("eft", "EFT"), ("debit_order", "Debit order"), ("cash", "Cash"), ("card", "Credit card")),
    "ticket_department": (("accounts", "Accounts"), ("technical", "Technical"), ("sales", "Sales")),
    "ticket_category": (
        ("statement_request", "Statement request"), ("billing_question", "Question about a bill"),
        ("proof_of_payment", "Proof of payment"), ("no_connection", "No connection"), ("slow", "Slow connection"),
        ("change", "Change of service"), ("cancellation", "Cancellation"), ("other_request", "Something else"),
    ),
}  # fmt: skip
