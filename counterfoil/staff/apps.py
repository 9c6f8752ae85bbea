from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "counterfoil.staff"
    label = "staff"
    # What people do here, in the words of a role.
    verbose_name = "People and roles"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from counterfoil.platform import jobs  # noqa: PLC0415 - needs the loaded apps
        from counterfoil.staff.queries import caller_of  # noqa: PLC0415

        jobs.caller_of[0] = caller_of
