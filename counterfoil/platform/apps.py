from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class PlatformConfig(AppConfig):
    name = "counterfoil.platform"
    label = "platform"
    # What people do here, in the words of a role.
    verbose_name = "Approvals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Kinds of events and jobs, grants, verbs (operations) and book checks register themselves when imported.
        autodiscover_modules("events", "queries", "operations", "approvals", "jobs", "upkeep", "checks")
        from counterfoil.platform import write_guard  # noqa: PLC0415 - needs the loaded apps

        write_guard.install()
