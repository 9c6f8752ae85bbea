"""What customers are told of their data: that much of it is used, or all."""

from __future__ import annotations

from counterfoil.access.queries import portal_links
from counterfoil.customers.queries import letterhead_of
from counterfoil.customers.reaching import addresses_of
from counterfoil.documents.speech import Speech
from counterfoil.messaging.operations import NewMessage
from counterfoil.messaging.operations.wording import Shown, Wording, declare_wording, letter, letter_to_newest, speaking
from counterfoil.network import rules
from counterfoil.network.included import DataState
from counterfoil.network.models import IncludedData
from counterfoil.platform.callers import Caller

FIELDS = {
    "customer_name": "the customer",
    "account_number": "their account number",
    "company_name": "your trading name",
    "service": "which of their services",
    "used": "how much it has used",
    "included": "how much is included",
    "until": "the last day of the billing period",
    "beyond": "what holds when all of it is used",
}


def _example(caller: Caller, subject: str, text: str) -> Shown | None:
    """The message as the customer who joined last would get it."""
    return letter_to_newest(caller, (subject, text), lambda _, house: {
        "service": "Fibre 50", "used": "82.4 GB", "included": "100 GB", "until": house.speech.long_date(caller.today),
        "beyond": _beyond(house.speech, IncludedData(beyond="slower", down_kbit=2000, up_kbit=1000)),
    })  # fmt: skip


WARNING = declare_wording(Wording(
    "data_warning", "Much of the data is used", "{service} has used {used} of {included}",
    "Good day, {service} has used {used} of the {included} that are included until {until}.\n"
    "When all of it is used: {beyond}.",
    FIELDS, _example,
))  # fmt: skip
USED_UP = declare_wording(Wording(
    "data_used_up", "The data is used", "{service} has used all of its {included}",
    "Good day, {service} has used {used}. {included} are included until {until}.\n"
    "Until then: {beyond}.",
    FIELDS, _example,
))  # fmt: skip


def _beyond(speech: Speech, policy: IncludedData) -> str:
    if policy.beyond == IncludedData.Beyond.SLOWER:
        return speech.say("the line goes on at {speed}", speed=rules.speed_words(policy.down_kbit, policy.up_kbit))
    if policy.beyond == IncludedData.Beyond.STOP:
        return speech.say("the line is closed")
    return speech.say("the line goes on as before")


def of_data(state: DataState) -> list[NewMessage]:
    """That so much is used; none where there is no address."""
    customer = state.service.subscription.customer
    to = [one.email for one in addresses_of([customer.pk], "ticket")[customer.pk]]
    if not to:
        return []
    house, wording = letterhead_of(customer), USED_UP if state.is_used_up else WARNING
    values = {
        "service": str(state.service), "used": rules.size(state.used), "included": f"{state.policy.gigabytes:,} GB",
        "until": house.speech.long_date(state.last_day), "beyond": _beyond(house.speech, state.policy),
    }  # fmt: skip
    words = speaking(wording)(customer.brand_id, customer.language)
    made = letter(customer, house, words, values, portal=portal_links([customer.pk])[customer.pk])
    return [NewMessage(
        customer=customer, kind=wording.key, subject=made.subject, addresses=to, body_text=made.text,
        body_html=made.html,
    )]  # fmt: skip
