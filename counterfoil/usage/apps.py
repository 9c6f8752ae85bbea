from django.apps import AppConfig


class UsageConfig(AppConfig):
    name = "counterfoil.usage"
    label = "usage"
    # What people do here, in the words of a role.
    verbose_name = "Usage"
    default_auto_field = "django.db.models.BigAutoField"
