"""The layout, as a test: where lines of code live, how long they are, and what every part must have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from counterfoil.platform.operations import VERBS
from counterfoil.trail.kinds import KINDS

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "counterfoil"
APPS = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists())
# Every app has only those of these that it needs.
NAMES = {
    "__init__.py", "README.md", "apps.py", "models.py", "rules.py", "operations.py", "operations", "queries.py",
    "panels.py", "forms.py", "doors.py", "nouns.py", "views.py", "views", "urls.py", "templates", "static", "api.py",
    "tasks.py",
    "interfaces.py", "checks.py", "events.py", "tables.py", "management", "migrations", "tests", "__pycache__",
}  # fmt: skip
# What an app has beyond the common names, each with its reason.
OWN_NAMES = {
    "kernel": {"money.py", "periods.py", "errors.py", "digests.py", "clock.py", "iban.py", "words.py", "elements.py"},
    "trail": {"kinds.py", "sealing.py", "erasing.py", "anchors.py"},
    # The forms of what is kept besides; accounts that may be one customer twice; where messages go.
    "customers": {"detail_forms.py", "duplicates.py", "reaching.py"},
    "platform": None,  # plumbing: every file is one mechanism, named for it
    "connectors": None,  # one folder each
    "site": None,  # the composition root
    "testing": None,
    # What a cell, a sheet, a mapping and a file say, and columns that are matched by a person.
    "imports": {
        "cells.py",
        "sheets.py",
        "mapping.py",
        "matching.py",
        "objects.py",
        "questions.py",
        "reading.py",
        "shelf.py",
    },
    # One file for each format.
    "bank": {"readers"},
    # Call records, rate decks and what calls cost.
    "usage": {"calls"},
    # What is in dispute of which line of an invoice, and later what customers are told of a plan.
    "collections": {"disputes.py", "effectiveness.py", "notices.py"},
    "debits": {"formats", "files.py", "jobs.py", "notices.py"},
    # The way to the gateway's page, where it tells what happened, and what customers are told.
    "cards": {"hosted.py", "hooks.py", "notices.py"},
    # What suspension switches, where the RADIUS server asks, and its configuration.
    "network": {"provisioner.py", "hooks.py", "freeradius.py", "counting.py", "included.py", "notices.py"},
    # What customers are told of a visit, and the calendar that other programs read.
    "jobs": {"notices.py", "feeds.py"},
    # What customers are told of it.
    "suspension": {"warnings.py"},
    # What words mean, days in words, the kinds of question, what an answer is, and the answers by what they are about.
    "questions": {
        "lexicon.py",
        "periods.py",
        "kinds.py",
        "answers.py",
        "scope.py",
        "owed.py",
        "paid.py",
        "services.py",
        "care.py",
        "people.py",
        "everyone.py",
        "company.py",
        "field.py",
        "invoices.py",
    },
    # What is asked of a report, and the reports by what they are about.
    "reports": {
        "asked.py",
        "ageing.py",
        "books.py",
        "collections.py",
        "dunning.py",
        "effectiveness.py",
        "money.py",
        "months.py",
        "sales.py",
        "suspensions.py",
    },
    "documents": {
        "joining.py",
        "rendering.py",
        "typesetter.py",
        "qr.py",
        "parties.py",
        "inspection.py",
        "picturing.py",
        "logos.py",
        "speech.py",
        "german.py",
        "german_portal.py",
        "typst",
        "fonts",
        "calendars.py",
    },  # the PDF engine, what all documents share, what a file really is, small pictures, what a logo may hold,
    # how documents say things in a language, and what calendar files say
    "receivables": {
        "statement_files.py",
        "statement_email.py",
        "statement_form.py",
        "lists.py",
        "ageing.py",
    },  # the statement in full
    # Documents and sending; reads of what is due and of runs; what runs long; forms of bills.
    "billing": {
        "charging.py",
        "invoice_files.py",
        "line_texts.py",
        "lines.py",
        "sending.py",
        "charges.py",
        "forecast.py",
        "run_queries.py",
        "jobs.py",
        "bill_forms.py",
        "tax_forms.py",
        "taxes.py",
    },
    # What differs by country, as data; what must be entered before a document goes out; how documents are numbered,
    # and when they are due.
    "operator": {"countries.py", "lookups.py", "readiness.py", "numbering.py", "patterns.py", "terms.py"},
    "payments": {"receipt_files.py"},
    # What the selection reads, what a letter says, on paper too, and what runs long.
    "dunning": {"selecting.py", "writing.py", "letter_files.py", "jobs.py"},
    # The loop between claiming a delivery and recording how it went; a document to each of many; reading what comes in.
    "messaging": {"sending.py", "letters.py", "inbound"},
    "staff": {"sign_in.py", "tokens.py"},  # what the sign-in package asks of us
    # Whom new prices touch, when something is to bill, and what is to come.
    "subscriptions": {"repricing.py", "due.py", "coming.py"},
    "access": {"sessions.py", "passkeys.py"},  # the portal's cookie, and WebAuthn
    # The frame of each page, and who may open it; what opens without signing in.
    "portal": {"pages.py", "middleware.py", "open_urls.py"},
    "api": None,  # made of what the other apps declare: one file for each step from there to an answer
    "desk": None,  # one file for each page that composes
}
# Longer than the limit, with the reason.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS = {"counterfoil/desk/tables.py:customers_table": "one declaration, column by column"}


def sources(*, tests: bool = False) -> Iterator[Path]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" not in path.parts and (tests or "tests" not in path.parts):
            yield path


@pytest.mark.parametrize("app", APPS)
def test_an_app_has_only_files_with_known_names(app: str) -> None:
    own = OWN_NAMES.get(app, set())
    if own is not None:
        unknown = {path.name for path in (PACKAGE / app).iterdir()} - NAMES - own
        assert not unknown, f"{app} has {sorted(unknown)}: use a common name, or list it here with its reason."


@pytest.mark.parametrize("app", sorted(set(APPS) - {"testing"}))
def test_an_app_says_what_it_owns(app: str) -> None:
    text = (PACKAGE / app / "README.md").read_text()
    for heading in ("Owns", "Does not own", "Words", "Dates", "Invariants", "Failure states"):
        assert f"**{heading}.**" in text, f"{app}/README.md lacks {heading}."


def test_files_can_be_read_in_one_sitting() -> None:
    for path in sources(tests=True):
        limit = 600 if "tests" in path.parts else 450
        lines = len(path.read_text().splitlines())
        name = str(path.relative_to(ROOT))
        assert lines <= limit or name in LONG_FILES, f"{name} has {lines} lines; the most is {limit}."


def test_functions_are_short() -> None:
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                name = f"{path.relative_to(ROOT)}:{node.name}"
                assert length <= 70 or name in LONG_FUNCTIONS, f"{name} has {length} lines."


def test_doors_read_through_queries() -> None:
    for path in sources():
        if path.stem in ("views", "panels", "forms", "api", "tables") or "views" in path.parts:
            assert ".objects" not in path.read_text(), f"{path.relative_to(ROOT)} reads the database by itself."


def test_there_are_no_signals() -> None:
    for path in sources():
        text = path.read_text()
        assert "django.dispatch" not in text, path
        assert ".signals import" not in text or path.name in ("write_guard.py", "proof.py"), path


def test_rules_and_kernel_do_not_ask_the_clock() -> None:
    for path in sources():
        if path.stem == "rules" or "kernel" in path.parts or path.stem == "models":
            text = path.read_text()
            for clock in ("date.today(", "datetime.now(", "timezone.now(", "localdate("):
                assert clock not in text, f"{path.relative_to(ROOT)} asks the clock."


def test_every_operation_says_what_it_changes_and_is_tested() -> None:
    tests = (
        "\n".join(path.read_text() for folder in (PACKAGE, ROOT / "tests") for path in folder.rglob("test_*.py"))
        + (PACKAGE / "testing" / "world.py").read_text()
    )
    code = "\n".join(path.read_text() for path in sources())
    for name, operation in VERBS.items():
        assert operation.function.__doc__, f"{name} has no docstring."
        # A part of other verbs (called with their `op`) is tested through them.
        part = re.search(rf"\b{operation.verb}\(\s*(self\.)?op\b", code)
        tested = part or re.search(rf"\b{operation.verb}\b", tests)
        assert tested, f"{name} is named by no test."


def test_every_event_recorded_is_declared_and_every_declared_one_recorded() -> None:
    text = "\n".join(path.read_text() for path in sources() if path.name != "events.py")
    recorded = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', text))
    assert not set(KINDS) - recorded, f"Declared and never recorded: {sorted(set(KINDS) - recorded)}"


def test_foreign_keys_point_down_quietly_and_protect() -> None:
    for model in apps.get_models():
        if not model.__module__.startswith("counterfoil."):
            continue
        for field in model._meta.get_fields():
            if isinstance(field, models.ForeignKey):
                mine, theirs = model._meta.app_label, field.related_model._meta.app_label
                name = f"{model.__name__}.{field.name}"
                if mine != theirs:
                    assert field.remote_field.related_name == "+", f"{name}: a lower model grows no upward attribute."
                    assert field.remote_field.on_delete is models.PROTECT, f"{name} must protect."


def test_foreign_keys_have_an_index() -> None:
    """SQLite looks for the rows of each row that is inserted after them: without an index it reads the whole table.

    Their own, or one that begins with them.
    """
    bare = []
    for model in apps.get_models():
        meta = model._meta
        begins = {index.fields[0].lstrip("-") for index in meta.indexes if index.fields and not index.condition}
        begins |= {rule.fields[0] for rule in meta.total_unique_constraints}
        bare += [
            f"{meta.label}.{field.name}"
            for field in meta.concrete_fields
            if model.__module__.startswith("counterfoil.") and field.is_relation
            if not (field.db_index or field.unique or field.name in begins)
        ]
    assert bare == []


def test_money_is_never_a_float() -> None:
    for model in apps.get_models():
        assert not [field.name for field in model._meta.get_fields() if isinstance(field, models.FloatField)]
    for path in sources():
        if path.stem in ("rules", "operations") or "operations" in path.parts:
            assert "float(" not in path.read_text(), path


def test_commands_and_settings_are_documented() -> None:
    documented = (
        "\n".join(path.read_text() for path in (ROOT / "docs").rglob("*.md")) + (ROOT / "README.md").read_text()
    )
    for path in (PACKAGE / "site" / "management" / "commands").glob("[a-z]*.py"):
        name = {"import_file": "import"}.get(path.stem, path.stem.replace("_", "-"))
        assert f"counterfoil {name}" in documented, f"counterfoil {name} is in no document."
    settings = (PACKAGE / "site" / "settings.py").read_text()
    for name in set(re.findall(r'(?:environ\.get\(|_flag\(|environ\[)"([A-Z_]+)"', settings)):
        assert f"`{name}`" in documented, f"{name} is in no document."


def test_third_party_files_carry_their_licence() -> None:
    for font in PACKAGE.rglob("*.woff2"):
        assert (font.parent / "OFL.txt").exists()
    for font in PACKAGE.rglob("*.ttf"):
        assert (font.parent / "OFL.txt").exists()


def test_the_project_names_no_machine() -> None:
    wrong = re.compile(r"/(work|farm|root)/|/home/\w|bash_jobs")
    for path in ROOT.rglob("*"):
        if path.suffix in (".py", ".md", ".toml", ".html", ".js", ".css", ".lock") and not {
            ".venv", "var", ".git", ".hypothesis", ".mypy_cache", "architecture",
        } & set(path.relative_to(ROOT).parts):  # fmt: skip
            assert not wrong.search(path.read_text()), path


def test_every_icon_is_in_the_sprite() -> None:
    sprite = (PACKAGE / "platform/static/platform/sprite.svg").read_text()
    known = set(re.findall(r'id="i-([\w-]+)"', sprite))
    for path in [*PACKAGE.rglob("*.html"), *sources()]:
        text = path.read_text()
        used = {*re.findall(r'{% icon "([\w-]+)"', text), *re.findall(r'icon="([\w-]+)"', text)}
        assert used <= known, f"{path.name} shows icons that are not there: {sorted(used - known)}."


# What cannot be broken: a tag's one attribute.
_ONE_ATTRIBUTE = re.compile(r' *(<\w+ )?[a-z:-]+="[^>]*>?')


def test_templates_have_at_most_120_columns() -> None:
    """What the formatter leaves longer is put right by hand (`make format` wraps what can be wrapped)."""
    long = [
        f"{path.relative_to(PACKAGE)}:{number}"
        for path in sorted(PACKAGE.rglob("*.html"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 120 and not _ONE_ATTRIBUTE.fullmatch(line)
    ]
    assert long == []
