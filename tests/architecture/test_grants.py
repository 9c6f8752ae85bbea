"""What is granted is declared: a view that no registry knows could be given to nobody."""

from __future__ import annotations

import re
from pathlib import Path

from counterfoil.platform.grants import VIEWS, all_grants
from counterfoil.site import urls
from counterfoil.site.roles import ROLES
from counterfoil.staff.rules import above, covers, tidy, unknown

PACKAGE = Path(__file__).resolve().parents[2] / "counterfoil"


def test_every_view_that_is_asked_for_is_declared_and_the_other_way_round() -> None:
    assert urls
    code = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py") if "tests" not in path.parts)
    assert set(re.findall(r'"([a-z]+\.view)"', code)) == {name for name in VIEWS if name.endswith(".view")}


def test_the_roles_we_start_with_grant_what_exists() -> None:
    for key, role in ROLES.items():
        assert not unknown(role.grants, all_grants()), key
        assert not [name for name in role.limits if not covers(role.grants, name)], key


def test_nobody_gives_more_than_they_hold() -> None:
    assert above(["*"], {}, ["*"], {}) == ""
    assert above(["billing.*"], {}, ["billing.view"], {}) == ""
    assert above(["billing.view"], {}, ["billing.*"], {}) == "billing.*"
    assert above(["billing.*"], {}, ["*"], {}) == "*"
    # A limit of one's own may not be lifted for somebody else.
    assert above(["billing.*"], {"billing.x": 100}, ["billing.x"], {}) == "billing.x"
    assert above(["billing.*"], {"billing.x": 100}, ["billing.x"], {"billing.x": 100}) == ""


def test_a_wildcard_makes_the_rest_superfluous() -> None:
    assert tidy(["billing.view", "billing.*", "customers.view"]) == ["billing.*", "customers.view"]
    assert tidy(["billing.view", "*"]) == ["*"]
