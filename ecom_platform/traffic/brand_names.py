"""Names for the brands that no published table names: made up, pronounceable, unique.

Nothing else.
"""

_FIRST = (
    "ba",
    "ce",
    "di",
    "fo",
    "ga",
    "he",
    "ji",
    "ko",
    "la",
    "me",
    "ni",
    "po",
    "ra",
    "se",
    "ti",
    "vo",
    "za",
)
_MIDDLE = (
    "lan",
    "mor",
    "nex",
    "pil",
    "rad",
    "sol",
    "tur",
    "ven",
    "dox",
    "bel",
    "cam",
    "fir",
    "gor",
    "hul",
    "kin",
    "lum",
)
_LAST = (
    "a",
    "o",
    "ex",
    "is",
    "on",
    "um",
    "ia",
    "or",
    "in",
    "el",
    "us",
    "ey",
    "at",
    "ik",
    "en",
    "ar",
)


def made_up_brand(number: int) -> str:
    """The name of made-up brand `number`, from 0 to 4,351; neighbours do not look alike."""
    rest, first = divmod(number, len(_FIRST))
    rest, last = divmod(rest, len(_LAST))
    return _FIRST[first] + _MIDDLE[rest] + _LAST[last]
