from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("access.given", "Gave {name} access to the portal as {email}", personal=("name", "email"), icon="users"),
    Kind("access.taken", "Removed the portal access of {email}", personal=("email",), icon="ban"),
    Kind("login.link_sent", "Asked for a sign-in link for {email}", personal=("email",), icon="mail", changes=False),
    Kind(
        "login.signed_in",
        "{email} signed in to the portal with a {how}",
        personal=("email",),
        icon="users",
        changes=False,
    ),
    Kind(
        "login.locked",
        "Too many failed tries to sign in to the portal as {email}",
        personal=("email",),
        icon="ban",
        changes=False,
    ),
    Kind("login.password_set", "{email} set a password for the portal", personal=("email",)),
    Kind("login.passkey_added", "{email} added the passkey {name}", personal=("email", "name")),
    Kind("login.passkey_removed", "{email} removed the passkey {name}", personal=("email", "name")),
    Kind("portal.viewed", "Looked at the portal as {name}", personal=("name",), icon="search", changes=False),
    Kind("portal.refused", "Refused {who} {method} {path}", personal=("who",), icon="ban", changes=False),
)
