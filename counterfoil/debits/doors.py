"""How people meet mandates and debit orders."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.customers.queries import attachment_files_of
from counterfoil.debits import operations, queries, rules
from counterfoil.debits.models import DebitOrder, DebitRun
from counterfoil.debits.nouns import DEBIT_ORDER, DEBIT_RUN, MANDATE, SCHEME
from counterfoil.debits.operations.policy import WAYS
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text
from counterfoil.operator.queries import bank_accounts
from counterfoil.payments.queries import methods_offered
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says
from counterfoil.platform.templatetags.counterfoil import plural

State, OrderState = DebitRun.State, DebitOrder.State


def _waits(row: Customer) -> str:
    waiting = queries.waiting_of(row)
    if waiting is None:
        return ""
    amount = money_text(waiting.amount_minor, waiting.currency)
    return f"{amount} is being collected on {date_text(waiting.run.on)}: that goes on as it is."


def _files(customer: Customer) -> list[tuple[Any, str]]:
    return [(None, "None yet"), *((row, row.name) for row in attachment_files_of(customer) if row.kind == "mandate")]


SET_METHOD = Door(
    operations.set_payment_method, CUSTOMER, "pays-by", "Save", caption="Change how they pay", icon="landmark",
    words="billing details payment method eft debit order cash credit card", lead=_waits,
    start=lambda caller, row: {"method": queries.method_of(row)},
    offers={"method": lambda caller, row: methods_offered(caller.today)},
    done=lambda made, row: f"{row.name} pays by {made.method_name} from now on.",
)  # fmt: skip
ADD_MANDATE = Door(
    operations.add_mandate, CUSTOMER, "new-mandate", "Add mandate", caption="New mandate", icon="landmark",
    words="debit order direct debit bank details iban account", lead=_waits,
    offers={"way": lambda caller, row: queries.ways_offered(row.currency) or [("", "Set it up in Settings first")],
            "document": lambda caller, row: _files(row)},
    start=lambda caller, row: {"holder": row.name, "account_type": "current"},
    done=lambda made, row: f"{row.name} pays by debit order from {made.shown_account}"
                           f"{'' if made.signed_on else ' once the mandate is signed'}.",
)  # fmt: skip
SIGN_MANDATE = Door(
    operations.sign_mandate, MANDATE, "sign", "Record signature", caption="Record the signature", icon="square-pen",
    offers={"document": lambda caller, row: _files(row.customer)},
    offered=lambda row, day: row.ended_on is None and row.signed_on is None,
    start=lambda caller, row: {"signed_on": caller.today},
    done=lambda made, row: f"{made.number} is signed: debit orders can be collected from {made.shown_account}.",
)  # fmt: skip
END_MANDATE = Door(
    operations.end_mandate, MANDATE, "end", "End mandate", danger=True, icon="ban",
    offered=lambda row, day: row.ended_on is None, lead=lambda row: _waits(row.customer) or
    "Nothing is collected under it any more.",
    done=lambda made, row: f"{made.number} has ended. Nothing is collected from {made.shown_account} any more.",
)  # fmt: skip


def _amounts(row: DebitRun) -> str:
    return f"{plural(row.frozen_count, 'debit order')} of {money_text(row.frozen_minor, row.currency)}"


def _run(made: DebitRun) -> str:
    return str(DEBIT_RUN.url(made))


def _opened(made: DebitRun, row: Any) -> Saved:
    facts = queries.facts(made)
    (count, minor), (held, on_hold) = facts["chosen"], facts["held"]
    more = f"; {held} of {money_text(on_hold, made.currency)} on hold" if held else ""
    return Saved(f"{plural(count, 'debit order')} of {money_text(minor, made.currency)} chosen{more}.", _run(made))


def _chosen(row: DebitRun) -> str:
    count, minor = queries.run_sums(row).get("chosen", (0, 0))
    return f"Freeze {plural(count, 'debit order')} of {money_text(minor, row.currency)}"


OPEN_RUN = Door(
    operations.open_debit_run, None, "new", "Choose", name="open-debit-run", under="debit-runs",
    caption="New debit orders", home=lambda row: reverse("debit-orders"),
    offers={"scheme": lambda caller, row: [(one, str(one)) for one in queries.schemes()] or None},
    start=lambda caller, row: {"on": queries.first_possible(caller.today)},
    fields={"scheme": Says("Collected by"), "on": Says("Collect on")},
    lead=lambda row: "Everybody who pays by debit order and owes something by that day. Nothing is asked of the bank "
                     "before it is frozen and approved.",
    done=_opened,
)  # fmt: skip
FREEZE_RUN = Door(
    operations.freeze_debit_run, DEBIT_RUN, "freeze", "Freeze", caption="Freeze the amounts", under="debit-runs",
    press=_chosen, offered=lambda row, day: row.state == State.OPEN,
    lead=lambda row: "The amounts stand, and no other run collects the same invoices. What is paid later is left out "
                     "of the file.",
    done=lambda made, row: Saved(f"{_amounts(made)} frozen. Somebody approves them next.", _run(made)),
)  # fmt: skip


def _approval(row: DebitRun) -> str:
    told = " Customers are told by e-mail." if queries.policy().notices else ""
    gone = queries.standing_now(row)[2]
    less = f" {plural(gone, 'debit order')} paid, disputed or without a mandate since is left out." if gone else ""
    return f"Collected on {date_text(row.on)} by {row.scheme}, once the bank has the file.{told}{less}"


def _approve(row: DebitRun) -> str:
    count, minor, _ = queries.standing_now(row)
    return f"Approve {plural(count, 'debit order')} of {money_text(minor, row.currency)}"


APPROVE_RUN = Door(
    operations.approve_debit_run, DEBIT_RUN, "approve", "Approve", caption="Approve", icon="circle-check",
    under="debit-runs", press=_approve,
    offered=lambda row, day: row.state == State.FROZEN, lead=_approval,
    done=lambda made, row: Saved(f"{_amounts(made)} approved. Make the file next.", _run(made)),
)  # fmt: skip


def _sent(made: DebitRun, row: DebitRun) -> Saved:
    less = made.frozen_count - made.file_count
    more = f" {plural(less, 'debit order')} left out since: paid, disputed, or without a mandate." if less else ""
    amount = money_text(made.file_minor, made.currency)
    return Saved(f"The file asks for {plural(made.file_count, 'debit order')} of {amount}.{more}", _run(made))


SEND_RUN = Door(
    operations.send_debit_run, DEBIT_RUN, "send", "Make the file", caption="Make the file", icon="download",
    under="debit-runs", offered=lambda row, day: row.state == State.APPROVED,
    lead=lambda row: f"The bank must have it by {date_text(queries.reaches_bank_by(row))}. What was paid since is left "
                     "out.",
    done=_sent,
)  # fmt: skip
CANCEL_RUN = Door(
    operations.cancel_debit_run, DEBIT_RUN, "cancel", "Cancel debit orders", caption="Cancel", danger=True, icon="ban",
    under="debit-runs", offered=lambda row, day: row.state in (State.OPEN, State.FROZEN, State.APPROVED),
    done=lambda made, row: Saved("Nothing of it is collected.", reverse("debit-orders")),
)  # fmt: skip
REFUSE_RUN = Door(
    operations.refuse_debit_run, DEBIT_RUN, "refused", "The bank refused it", caption="The bank refused the file",
    danger=True, icon="ban", under="debit-runs", offered=lambda row, day: row.state == State.SENT,
    lead=lambda row: "Nothing of it was collected, and all of it can be chosen again.",
    done=lambda made, row: Saved(f"{plural(made.file_count, 'debit order')} can be chosen again.", _run(made)),
)  # fmt: skip
SETTLE_RUN = Door(
    operations.settle_debit_run, DEBIT_RUN, "settle", "Record as paid", caption="Record as paid", icon="check",
    under="debit-runs", offered=lambda row, day: row.state == State.SENT and row.on <= day,
    lead=lambda row: "What the bank did not return is recorded as paid on the day of the collection. What comes back "
                     "later is reversed.",
    done=lambda made, row: Saved(f"{plural(made.job.total or 0, 'debit order')} are being recorded as paid.",
                                 _run(made)),
)  # fmt: skip


def _order(row: DebitOrder) -> str:
    return f"{money_text(row.amount_minor, row.currency)}, {row.customer.name}"


def _back(row: DebitOrder) -> str:
    return str(DEBIT_RUN.url(row.run))


def _within(row: DebitOrder) -> int:
    """What the mandate lets be collected of it."""
    most = row.mandate.most_minor if row.mandate else None
    return row.amount_minor if most is None else min(row.amount_minor, most)


def _but(row: DebitOrder) -> str:
    rest = row.amount_minor - _within(row)
    return f"{row.said}." + (f" {money_text(rest, row.currency)} of it stays open." if rest else "")


INCLUDE_ORDER = Door(
    operations.include_debit_order, DEBIT_ORDER, "include", "Collect", caption="Collect all the same", icon="check",
    about=_order, home=_back, lead=_but, press=lambda row: f"Collect {money_text(_within(row), row.currency)}",
    offered=lambda row, day: row.state == OrderState.LEFT_OUT and row.code in rules.ALL_THE_SAME
    and row.run.state == State.OPEN,
    done=lambda made, row: f"{money_text(made.amount_minor, made.currency)} is collected of {row.customer.name}.",
)  # fmt: skip
HOLD_ORDER = Door(
    operations.hold_debit_order, DEBIT_ORDER, "leave-out", "Leave out", caption="Leave out", danger=True, icon="ban",
    about=_order, home=_back,
    offered=lambda row, day: row.state == OrderState.CHOSEN
    and row.run.state in (State.OPEN, State.FROZEN, State.APPROVED),
    done=lambda made, row: f"{_order(made)} is left out.",
)  # fmt: skip
RETURN_ORDER = Door(
    operations.return_debit_order, DEBIT_ORDER, "return", "Return", caption="Came back from the bank", danger=True,
    icon="undo", about=_order, home=_back, start=lambda caller, row: {"on": caller.today},
    offered=lambda row, day: row.state in (OrderState.SENT, OrderState.COLLECTED),
    lead=lambda row: "Its payment is reversed, and what it settled is owed again at its age.",
    done=lambda made, row: f"{_order(made)} came back: {made.said}.",
)  # fmt: skip


def _accounts(caller: Caller, row: Any) -> list[tuple[Any, str]]:
    return [(one, str(one)) for one in bank_accounts() if one.closed_on is None]


ADD_SCHEME = Door(
    operations.add_debit_scheme, None, "add", "Add", under="settings/debit-orders", name="add-debit-scheme",
    caption="Collect debit orders by a bank", home=lambda row: reverse("debit-settings"),
    offers={"bank_account": _accounts, "way": lambda caller, row: list(WAYS.items())},
    fields={"bank_account": Says("Bank account", "Where the money arrives.")},
    done=lambda made, _: f"Debit orders can be collected by {made}.",
)  # fmt: skip
RETIRE_SCHEME = Door(
    operations.retire_debit_scheme, SCHEME, "retire", "Stop using", under="settings/debit-orders", about=str,
    caption="Stop using", danger=True, home=lambda row: reverse("debit-settings"),
    offered=lambda row, day: row.retired_on is None, lead=lambda row: "Mandates stay; no new run is made of it.",
    done=lambda made, _: f"{made} is not used any more.",
)  # fmt: skip


def _policy(caller: Caller, row: Any) -> dict[str, Any]:
    now = queries.policy()
    return {"least": now.least_minor, "fee": now.fee_minor, "most_tries": now.most_tries, "on_day": now.on_day,
            "second_person": now.second_person, "notices": now.notices}  # fmt: skip


DEBIT_POLICY = Door(
    operations.set_debit_policy, None, "policy", "Save", under="settings/debit-orders", name="debit-policy",
    caption="Change debit order rules", about=lambda _: "Settings", home=lambda _: reverse("debit-settings"),
    start=_policy, done=lambda made, _: "Debit orders are chosen, approved and recorded like this from now on.",
)  # fmt: skip
