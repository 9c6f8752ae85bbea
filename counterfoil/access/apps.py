from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "counterfoil.access"
    label = "access"
    # What people do here, in the words of a role.
    verbose_name = "Portal access"
    default_auto_field = "django.db.models.BigAutoField"
