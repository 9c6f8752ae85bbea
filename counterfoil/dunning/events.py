from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("dunning_run.started", "Started sending {name}"),
    Kind("dunning_run.finished", "Sent {name}: {letters} letters, {held} on hold"),
    Kind("dunning_run.retried", "Tried again {customers} letters on hold of {name}"),
    Kind("dunning.letter_sent", "Sent the letter {letter} for {amount}, {how}{added}"),
)
