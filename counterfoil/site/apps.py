import gc

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "counterfoil.site"
    label = "site"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from counterfoil.site import wiring  # noqa: PLC0415 - needs the loaded apps

        wiring.install()
        _settle_memory()


def _settle_memory() -> None:
    """What is loaded by now stays, so the collector does not look through it again; and it looks less often.

    Bulk work makes many short-lived rows at once: with the standard thresholds a third of its time went to looking.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
