from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("view.saved", "Saved a view of the list {list}: {name}", icon="bookmark", changes=False),
    Kind("view.forgotten", "Deleted the view {name} of the list {list}", icon="bookmark", changes=False),
    Kind("report.mailed", "Report {report} e-mailed to {name}", icon="mail", changes=False),
    Kind("report.mail_asked", "Asked for the report {report} by e-mail: {every}", icon="mail", changes=False),
    Kind("report.mail_stopped", "Report {report} no longer e-mailed to {name}: {why}", icon="mail", changes=False),
)
