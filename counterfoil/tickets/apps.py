from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "counterfoil.tickets"
    label = "tickets"
    # What people do here, in the words of a role.
    verbose_name = "Tickets"
    default_auto_field = "django.db.models.BigAutoField"
