"""`counterfoil serve`: the web server, and with `--with-worker` the background work beside it."""

import socket
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from counterfoil.platform.logs import NoSecrets
from counterfoil.platform.processes import die_with_parent
from counterfoil.site.console import whole
from counterfoil.site.wsgi import application


class Log(Logger):
    """gunicorn's own log of errors, and of requests where somebody turns that on: it tells no secret either."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            log.addFilter(NoSecrets())


class Server(BaseApplication):
    """gunicorn, configured here instead of in a file."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for key, value in self.options.items():
            self.cfg.set(key, value)

    def load(self) -> Any:
        return application


def _must_be_free(host: str, port: int) -> None:
    """Say now what the server would try five times and then say in its own words."""
    try:
        (family, kind, *_, address), *_ = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        what = error.strerror if isinstance(error, OSError) and error.strerror else "it is no address of this machine"
        raise CommandError(f"{host} port {port} cannot be listened on: {what}. Choose another with --port.") from error


class Command(BaseCommand):
    help = "Serve the product over HTTP."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bind", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=whole(1, 65535), default=8000)
        parser.add_argument("--workers", type=whole(1, 64), default=2, help="web processes")
        parser.add_argument("--threads", type=whole(1, 64), default=4, help="threads of each web process")
        parser.add_argument("--with-worker", action="store_true", help="run the background work in one more process")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.MODE == "local" and options["bind"] not in ("127.0.0.1", "::1", "localhost"):
            raise CommandError("In local mode only the loopback address is served. Set COUNTERFOIL_MODE=production.")
        bind = f"{options['bind']}:{options['port']}"
        _must_be_free(options["bind"], options["port"])
        if settings.PRODUCTION:
            call_command("collectstatic", interactive=False, verbosity=0)
        worker = None
        if options["with_worker"]:
            background = [sys.executable, "-m", "counterfoil", "worker"]
            kept = [sys.executable, "-m", "counterfoil.platform.keeper", *background]
            worker = subprocess.Popen(kept, preexec_fn=die_with_parent)
        try:
            Server(
                {
                    "bind": bind,
                    "workers": options["workers"],
                    "threads": options["threads"],
                    "worker_class": "gthread",
                    "timeout": 60,
                    # Longer than browsers and proxies keep a connection that is idle: were it shorter, one closed
                    # here just as the next request sets out would be an error there (a proxy's 502).
                    "keepalive": 75,
                    "loglevel": "warning",
                    "logger_class": Log,
                    "preload_app": False,
                }
            ).run()
        finally:
            if worker is not None:
                worker.terminate()
                try:
                    worker.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    # What it was doing is found interrupted by whoever is started next.
                    worker.kill()
                    worker.wait()
