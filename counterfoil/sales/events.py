from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("agreement.made", "Made the agreement {number}, to {last}", icon="file-text"),
    Kind("agreement.renewed", "Renewed the agreement {number}, to {last}", icon="repeat"),
    Kind("agreement.expired", "The agreement {number} expired", icon="file-text"),
    Kind(
        "agreement.terminated",
        "Terminated the agreement {number} from {on}: {reason}",
        personal=("reason",),
        icon="ban",
    ),
)
