from django.apps import AppConfig


class SuspensionConfig(AppConfig):
    name = "counterfoil.suspension"
    label = "suspension"
    # What people do here, in the words of a role.
    verbose_name = "Suspension"
    default_auto_field = "django.db.models.BigAutoField"
