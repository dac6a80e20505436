"""Text of strangers as people may see it: short, and without a character that cannot be seen."""

LONGEST = 80


def shown(text: str, longest: int = LONGEST) -> str:
    r"""The text with what is invisible escaped: a byte order mark stands as `\ufeff`."""
    visible = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
    return visible if len(visible) <= longest else f"{visible[:longest]}…"
