"""Every call in every way its description allows, and in others: no error, and no answer that it does not name."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from counterfoil.api.building import description
from counterfoil.api.values import address_of
from counterfoil.customers.queries import rows_of
from counterfoil.platform.showing import nouns
from counterfoil.site.wsgi import application
from counterfoil.testing.program import Program
from tests.permissions.place import Place

load_all_checks()
CHECKS = [
    schemathesis.checks.not_a_server_error, status_code_conformance, content_type_conformance,
    response_schema_conformance
]  # fmt: skip
SHARDS, TRIES = 8, 4


def _addresses(place: Place) -> dict[str, str]:
    """For each noun the address of a row that is there."""
    found = {}
    for noun in nouns():
        row = rows_of(place.by, noun).select_related(*noun.related).first()
        if row is not None:
            found[noun.path] = str(address_of(noun, row))
    return found


@pytest.mark.own_database
@pytest.mark.parametrize("shard", range(SHARDS))
def test_calls_answer_as_described(place: Place, settings_here: Any, shard: int) -> None:
    place.bill()
    place.receipt()
    place.agreement()
    there = _addresses(place)
    heads = Program().heads()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    schema.app = application
    calls = [found.ok() for found in schema.get_all_operations()]
    assert len(calls) == sum(len(row) for row in description()["paths"].values())
    for call in calls[shard::SHARDS]:

        @settings(
            max_examples=TRIES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=_cases(call), known=st.integers(0, 3))
        def check(case: Any, known: int) -> None:
            noun = case.operation.path.split("/")[3]
            good = case.meta.generation.mode is GenerationMode.POSITIVE
            if good and known and case.path_parameters and noun in there:
                for name in case.path_parameters:
                    case.path_parameters[name] = there[noun]
            answer = case.call_and_validate(headers=heads, checks=CHECKS)
            sent = (case.method, case.operation.path, case.path_parameters, case.query, case.headers, case.body)
            # Nothing of an empty list is sent, and the token is ours.
            unsent = any(value == [] for value in (case.query or {}).values()) or "Authorization" in (
                case.headers or {}
            )
            assert good or unsent or answer.status_code >= 400, f"The description does not allow this: {sent}"

        check()


def _cases(call: Any) -> Any:
    good = call.as_strategy(generation_mode=GenerationMode.POSITIVE)
    try:
        return good | call.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    except Exception:  # noqa: BLE001 - nothing can be wrong with a call that takes nothing
        return good


@pytest.fixture
def settings_here(settings: Any) -> Any:
    settings.API_CALLS_PER_MINUTE = 1_000_000
    return settings
