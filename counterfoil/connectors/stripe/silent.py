"""For demonstrations: events are read as Stripe's are, and nothing leaves the house."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil.cards.interfaces import Keys, Trouble
from counterfoil.connectors.stripe.connector import StripeGateway


class SilentStripe(StripeGateway):
    """Stripe, as far as it can be had without asking it."""

    def _ask(
        self, keys: Keys, method: str, path: str, form: Mapping[str, Any] | None = None, *, key: str = ""
    ) -> dict[str, Any]:
        raise Trouble("This is a demonstration: no gateway is asked.", again=False)
