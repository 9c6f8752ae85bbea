from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("profile_class.added", "Added the credit profile class {name}"),
    Kind("profile_class.changed", "Changed the credit profile class {name} ({reached}): {changes}"),
    Kind("class_amounts.added", "Added the amounts of {name}"),
    Kind("class_amounts.changed", "Changed the amounts of {name} ({reached}): {changes}"),
    Kind("profile.assigned", "Gave {whom} the credit profile class {name}"),
    Kind("profile.changed", "Changed the credit profile of {whom}: {changes}"),
    Kind("letter.added", "Added the letter {name}"),
    Kind("letter.changed", "Changed the letter {name}: {changes}"),
    Kind("letter_text.saved", "The letter {name} says to {whose}: {said}{off}"),
    Kind("letter_set.saved", "Saved the letter set {name}: {letters}"),
    Kind("charge_limit.saved", "Limited charges in {country}: {changes}"),
)
