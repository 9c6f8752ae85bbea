"""What an event says, in the words of a page."""

from counterfoil.trail.kinds import KINDS, Kind, sentence


def test_days_and_changes_are_said_as_people_say_them() -> None:
    KINDS["test.said"] = Kind("test.said", "It is so from {on}: {changes}, {text}")
    try:
        said = {"on": "2026-12-01", "changes": {"ends": ["2026-03-05", None], "terms days": ["30", "14"]},
                "text": "2026-13-45"}  # fmt: skip
        assert sentence("test.said", said) == (
            "It is so from 1 Dec 2026: ends from 5 Mar 2026 to None; terms days from 30 to 14, 2026-13-45"
        )
    finally:
        del KINDS["test.said"]
