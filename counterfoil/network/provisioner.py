"""The network that suspension switches, by RADIUS: what authorise answers, and an end to the sessions that are open."""

from __future__ import annotations

from counterfoil.customers.models import Customer
from counterfoil.network import queries
from counterfoil.network.operations import note_cut, set_walled
from counterfoil.network.tasks import ask
from counterfoil.platform.callers import Caller
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.suspension.interfaces import Done, Failed, Line, Outcome, Wanted


class RadiusProvisioner:
    """Who is suspended is let into the walled garden alone. Told twice, it asks only for what is still open."""

    def cut_off(self, line: Line) -> Outcome:
        return self._switch(line, walled=True)

    def restore(self, line: Line) -> Outcome:
        return self._switch(line, walled=False)

    def read_back(self, line: Line) -> Wanted | None:
        """How the account stands: a session of the other kind that is open, or has come back, says that it does not."""
        customer = Customer.objects.filter(number=line.number).first()
        if customer is None:
            return None
        walled = queries.is_walled(customer)
        others = queries.still_there(customer.pk, walled=not walled).exists()
        return "off" if walled != others else "on"

    def _switch(self, line: Line, *, walled: bool) -> Outcome:
        system = Caller.system("task")
        customer = set_walled(system, number=line.number, walled=walled)
        if customer is None:
            return Failed(f"There is no account {line.number}.")
        gone, dead, troubles = 0, set(), []
        for session in queries.with_owner(queries.still_there(customer.pk, walled=not walled))[:50]:
            if session.nas_address in dead:
                troubles.append("The NAS did not answer.")
                continue
            over, said = ask(session)
            if over:
                note_cut(system, session=session)
                gone += 1
            else:
                troubles.append(said)
                dead.add(session.nas_address)
        if troubles:
            return Failed(f"{plural(len(troubles), 'session')} still open. {troubles[0]}")
        what = "Walled garden" if walled else "Full service"
        return Done(f"{what}; {plural(gone, 'session')} ended." if gone else f"{what} from the next sign-in.")
