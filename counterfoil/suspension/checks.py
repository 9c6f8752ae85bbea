"""Book checks of suspension."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Subquery

from counterfoil.customers.models import Customer
from counterfoil.platform.checks import book_check
from counterfoil.suspension import queries
from counterfoil.suspension.models import Command, Suspension


@book_check
def the_network_is_told_what_accounts_are() -> Iterable[str]:
    """What the network was last asked for is what the process says: off while suspended, on otherwise."""
    last = Command.objects.filter(suspension=OuterRef("pk")).order_by("-pk").values("wanted")[:1]
    rows = Suspension.objects.filter(commands__isnull=False).annotate(wanted=Subquery(last)).distinct()
    off = rows.filter(state=Suspension.State.SUSPENDED).exclude(wanted=Command.Wanted.OFF)
    on = rows.filter(state__in=(Suspension.State.PAUSED, Suspension.State.RESET)).exclude(wanted=Command.Wanted.ON)
    for row in [*off[:20], *on[:20]]:
        yield f"{row.customer_id} is {row.get_state_display().lower()}, and the network was last asked otherwise."


@book_check
def who_is_suspended_has_a_command() -> Iterable[str]:
    """Nobody is suspended without the network having been asked."""
    for row in Suspension.objects.filter(state=Suspension.State.SUSPENDED, commands__isnull=True)[:20]:
        yield f"{row.customer_id} is suspended, and the network was never asked to switch off."


@book_check
def nobody_stays_off() -> Iterable[str]:
    """The network was last asked to switch an account off only while it is suspended, or closed."""
    off = queries.told_off().filter(customer__status=Customer.Status.ACTIVE)
    suspended = Suspension.objects.filter(customer=OuterRef("customer"), state=Suspension.State.SUSPENDED)
    for row in off.filter(~Exists(suspended))[:20]:
        yield f"{row.customer_id} is switched off, and no suspension is under way."
