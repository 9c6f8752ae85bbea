from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "counterfoil.messaging"
    label = "messaging"
    # What people do here, in the words of a role.
    verbose_name = "Messages"
    default_auto_field = "django.db.models.BigAutoField"
