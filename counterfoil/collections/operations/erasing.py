"""Forgetting what was said in calls with a person."""

from __future__ import annotations

from counterfoil.collections.models import Call, CallAction, CallTopic
from counterfoil.customers.models import Customer
from counterfoil.platform.operations import Operation, step


@step
def erase_collections(op: Operation, *, customer: Customer) -> None:
    """Of the calls to a customer only days, amounts and outcomes are left. Part of erasing personal data."""
    calls = Call.objects.filter(customer=customer)
    actions = CallAction.objects.filter(call__customer=customer)
    topics = CallTopic.objects.filter(call__customer=customer)
    op.keep(*calls, *actions, *topics, customer_id=customer.pk)
    calls.update(spoke_to="", phone="", note="", contact=None)
    actions.update(note="")
    topics.update(note="")
