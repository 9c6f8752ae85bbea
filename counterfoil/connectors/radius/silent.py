"""For demonstrations: no NAS is asked."""

from __future__ import annotations

from collections.abc import Mapping

from counterfoil.network.interfaces import Answer, Target


class SilentLine:
    """A way to NASes that leads nowhere: each session is said to be gone."""

    def disconnect(self, target: Target, attributes: Mapping[str, str]) -> Answer:
        return Answer(42, 503)
