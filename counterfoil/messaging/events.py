from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("message.queued", "Queued “{title}” for {addresses}", personal=("addresses", "title"), icon="mail"),
    Kind("message.cancelled", "Cancelled sending “{title}”", personal=("title",), icon="mail"),
    Kind("message.delivered", "“{title}” was delivered to {address}", personal=("address", "title"), icon="mail"),
    Kind(
        "message.undelivered",
        "“{title}” did not reach {address}: {result}",
        personal=("address", "title", "result"),
        icon="mail",
    ),
    # What only its addressee may read: a sign-in link, a link to set a password.
    Kind("mail.delivered", "E-mail “{title}” was delivered to {address}", personal=("address", "title"), icon="mail"),
    Kind(
        "mail.undelivered",
        "E-mail “{title}” did not reach {address}: {result}",
        personal=("address", "title", "result"),
        icon="mail",
    ),
    Kind("delivery_report.came", "A server reported a message as {action}", icon="mail"),
    Kind("wording.changed", "Changed the words of the message {title}: {said}"),
    Kind("mail_server.changed", "Changed the mail server: {changes}"),
    Kind(
        "mail_server.tested",
        "Sent a test message to {address}",
        personal=("address",),
        changes=False,
    ),
)
