"""`counterfoil check-books`: exit 1 with findings when the books do not prove themselves."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from counterfoil.platform.checks import CHECKS, check_books


class Command(BaseCommand):
    help = "Prove the books: postings, items, documents, numbers, seals. Exit 1 with findings when something is wrong."

    def handle(self, *args: Any, **options: Any) -> None:
        findings = check_books()
        for finding in findings:
            self.stdout.write(f"{finding.check}: {finding.sentence}")
        if findings:
            self.stdout.write(f"{len(findings)} findings.")
            sys.exit(1)
        self.stdout.write(f"The books check: {len(CHECKS)} checks, no findings.")
