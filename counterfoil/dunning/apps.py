from django.apps import AppConfig


class DunningConfig(AppConfig):
    name = "counterfoil.dunning"
    label = "dunning"
    # What people do here, in the words of a role.
    verbose_name = "Dunning"
    default_auto_field = "django.db.models.BigAutoField"
