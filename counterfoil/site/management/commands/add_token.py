"""`counterfoil add-token NAME --role ROLE`."""

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import read_date
from counterfoil.operator.models import Area, Brand
from counterfoil.operator.queries import areas, brands
from counterfoil.site.console import console_caller
from counterfoil.staff.operations import add_token, new_token
from counterfoil.staff.queries import digest_of


class Command(BaseCommand):
    help = "Let another program in by the API. Prints its token, once; it is stored nowhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what the trail calls the program")
        parser.add_argument("--role", required=True, help="the key of a role: what the program may do")
        parser.add_argument("--area", action="append", default=[], help="only customers of this area; may be repeated")
        parser.add_argument("--brand", action="append", default=[], help="only customers of this brand")
        parser.add_argument("--expires", metavar="DATE", help="the last day on which the token works")

    def handle(self, *args: Any, **options: Any) -> None:
        caller, token = console_caller(), new_token()
        try:
            last: dt.date | None = read_date(options["expires"], today=caller.today) if options["expires"] else None
            add_token(
                caller, name=options["name"], role=options["role"], digest=digest_of(token), ending=token[-4:],
                expires_on=last, areas=_named(options["area"], areas()), brands=_named(options["brand"], brands()),
            )  # fmt: skip
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        self.stdout.write(token)


def _named(names: list[str], rows: list[Area] | list[Brand]) -> list[Any]:
    known = {row.name: row for row in rows}
    if missing := [name for name in names if name not in known]:
        raise CommandError(f"There is no {missing[0]!r}. There are: {', '.join(known) or 'none'}.")
    return [known[name] for name in names]
