from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "counterfoil.customers"
    label = "customers"
    # What people do here, in the words of a role.
    verbose_name = "Customers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from counterfoil.customers.queries import refuse_out_of_scope  # noqa: PLC0415 - needs the loaded apps
        from counterfoil.platform.callers import SCOPE_CHECKS  # noqa: PLC0415 - needs the loaded apps

        SCOPE_CHECKS.append(refuse_out_of_scope)
