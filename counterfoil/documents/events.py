from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("file.stored", "Stored a file of {size} bytes ({mime})", icon="file-text"),
    Kind("file.erased", "Erased the content of a file", icon="eraser"),
)
