"""`counterfoil check-books`: exit 1 with findings when the books do not prove themselves."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.platform.checks import CHECKS, Finding, check_books
from counterfoil.trail.anchors import Anchor, broken_anchors, read_anchors


class Command(BaseCommand):
    help = "Prove the books: postings, items, documents, numbers, seals. Exit 1 with findings when something is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--anchors", type=Path, help="a file of anchors that the seals must agree with")

    def handle(self, *args: Any, **options: Any) -> None:
        anchors = _read(options["anchors"]) if options["anchors"] is not None else []
        findings = check_books()
        findings += [Finding("platform.anchors_hold", sentence) for sentence in broken_anchors(anchors)]
        for finding in findings:
            self.stdout.write(f"{finding.check}: {finding.sentence}")
        if findings:
            self.stdout.write(f"{len(findings)} findings.")
            sys.exit(1)
        proved = f" The seals agree with {len(anchors)} anchors." if anchors else ""
        self.stdout.write(f"The books check: {len(CHECKS)} checks, no findings.{proved}")


def _read(path: Path) -> list[Anchor]:
    try:
        anchors = read_anchors(path.read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path}: {error}") from error
    if not anchors:
        raise CommandError(f"{path} has no anchors in it.")
    return anchors
