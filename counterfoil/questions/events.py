from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("question.asked", "Asked “{question}”: {answered}", personal=("question",), icon="search", changes=False),
)  # fmt: skip
