"""Another program, which calls the API with a token."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client
from django.utils import timezone

from counterfoil.platform.callers import Caller
from counterfoil.staff.operations import add_token, new_token
from counterfoil.staff.queries import digest_of


class Program:
    """An integration of a role; every answer is JSON."""

    def __init__(self, role: str = "administrator", name: str = "", **token: Any) -> None:
        self.token = new_token()
        self.row = add_token(
            Caller.system("test"), name=name or f"Shop as {role}", role=role, digest=digest_of(self.token),
            ending=self.token[-4:], **token,
        )  # fmt: skip
        self.http = Client()

    @property
    def today(self) -> str:
        return timezone.localdate().isoformat()

    def get(self, path: str, status: int = 200, **query: Any) -> Any:
        answer = self.http.get(f"/api/v1/{path}", query, headers=self.heads())
        return self._read(answer, status)

    def post(self, path: str, status: int = 200, key: str = "", query: str = "", **sent: Any) -> Any:
        answer = self.http.post(
            f"/api/v1/{path}{query and '?' + query}", json.dumps(sent), content_type="application/json",
            headers={**self.heads(), **({"Idempotency-Key": key} if key else {})},
        )  # fmt: skip
        return self._read(answer, status)

    def heads(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def _read(self, answer: Any, status: int) -> Any:
        assert answer.status_code == status, answer.content[:1000]
        return answer.json()


def rand(amount: str) -> dict[str, Any]:
    """`"850.00"` as the API has it."""
    whole, _, cents = amount.partition(".")
    return {"minor": int(whole + (cents or "00")), "currency": "ZAR"}
