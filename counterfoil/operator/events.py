from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("operator.set_up", "Set up {name}"),
    Kind("operator.changed", "Changed the operator: {changes}"),
    Kind("operator.logo_set", "Set the logo of {name}"),
    Kind("operator.logo_removed", "Removed the logo of {name}"),
    Kind("logo.kept", "Kept a logo"),
    Kind("bank_account.added", "Added the bank account {account}"),
    Kind("bank_account.changed", "Changed the bank account {account}: {changes}"),
    Kind("bank_account.used", "Put the bank account {account} on documents"),
    Kind("bank_account.closed", "Closed the bank account {account}"),
    Kind("area.added", "Added the area {name}"),
    Kind("area.renamed", "Renamed the area {before} to {name}"),
    Kind("area.retired", "Retired the area {name}"),
    Kind("area.restored", "Put the area {name} in use again"),
    Kind("brand.added", "Added the brand {name}"),
    Kind("brand.changed", "Changed the brand {name}: {changes}"),
    Kind("brand.logo_set", "Set the logo of the brand {name}"),
    Kind("brand.logo_removed", "Removed the logo of the brand {name}"),
    Kind("brand.retired", "Retired the brand {name}"),
    Kind("brand.restored", "Put the brand {name} in use again"),
)
