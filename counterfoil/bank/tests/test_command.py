"""`counterfoil bank-statement`: what is said, and that nothing is written."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from counterfoil.testing.world import World, counts

TABLE = """Date,Name,Details,Amount,Balance
2026-03-02,Zara,payment for {number} thanks,100.00,100.00
2026-03-03,Ann,CF 000002,30.00,130.00
2026-03-04,,internet,75.00,205.00
2026-03-05,Bank,fees,-5.00,200.00
"""


def run(*arguments: Any) -> str:
    out = io.StringIO()
    call_command("bank_statement", *map(str, arguments), "--dry-run", stdout=out)
    return out.getvalue()


def test_a_statement_is_read_and_matched_and_nothing_is_written(world: World, tmp_path: Path) -> None:
    invoice = world.invoice(world.customer("Zara"), "120.00")
    world.invoice(world.customer("Ann"), "40.00")
    world.invoice(world.customer("Ben"), "75.00")
    file = tmp_path / "march.csv"
    file.write_text(TABLE.format(number=invoice.number.replace("-", "/")))
    before = counts()
    (one,) = json.loads(run(file, "--match", "--format", "json"))
    assert counts() == before
    assert (one["currency"], one["opening"], one["closing"], one["adds_up"]) == ("ZAR", "0.00", "200.00", True)
    first, second, third, fourth = one["lines"]
    assert (first["date"], first["amount_minor"], first["counterparty"]) == ("2026-03-02", 10000, "Zara")
    named = [{"invoice": invoice.number, "customer": "CF-000001", "amount_minor": 10000}]
    assert first["match"] == {
        "how": "sure", "why": f"Names {invoice.number}; a part of what is open", "settles": named,
    }  # fmt: skip
    on_account = [{"invoice": None, "customer": "CF-000002", "amount_minor": 3000}]
    assert second["match"] == {
        "how": "sure", "why": "Names the account CF-000002; no open invoice of that amount", "settles": on_account,
    }  # fmt: skip
    assert (third["match"]["how"], third["match"]["why"]) == ("suggested", "The only open invoice of that amount")
    assert fourth["match"] == {"how": None, "why": "", "settles": []}
    said = run(file, "--match")
    assert "Account ZAR: 4 lines, adds up" in said
    assert f"    Names {invoice.number}; a part of what is open: {invoice.number} R100.00" in said


def test_what_cannot_be_read_is_an_error_in_words(world: World, tmp_path: Path) -> None:
    file = tmp_path / "march.csv"
    file.write_text("When;Paid\n1;2\n")
    mapping = tmp_path / "bank.toml"
    mapping.write_text('date = "When"\namounts = "Paid"\n')
    for arguments, said in (
        ((file,), "The file is no bank statement that is known"),
        ((tmp_path / "none.csv",), "none.csv cannot be read: No such file or directory."),
        ((file, "--mapping", mapping), "A mapping knows no amounts = 'Paid'. It knows: date, amount"),
        ((file, "--mapping", tmp_path / "no.toml"), "no.toml cannot be read"),
        ((file, "--mapping", file), "is no mapping"),
    ):
        with pytest.raises(CommandError) as error:
            run(*arguments)
        assert said in str(error.value)
