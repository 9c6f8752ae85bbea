from django.apps import AppConfig


class CollectionsConfig(AppConfig):
    name = "counterfoil.collections"
    label = "collections"
    # What people do here, in the words of a role.
    verbose_name = "Collections"
    default_auto_field = "django.db.models.BigAutoField"
