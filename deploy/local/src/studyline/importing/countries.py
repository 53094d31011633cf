"""English country names, as registries and CTMS extracts write them, to ISO 3166-1 alpha-2.

The table `countries.tsv` has a code and then its names, a line a country: every country of ISO 3166-1, the
spellings of ClinicalTrials.gov (`Turkey (Türkiye)`, `Korea, Republic of`) and, under their codes of ISO
3166-3, former countries that old records still name (`Former Serbia and Montenegro` is CS). Kosovo has the
user-assigned code XK.
"""

import re
import unicodedata
from functools import lru_cache
from importlib.resources import files


def country_code(name: str) -> str:
    """Give the alpha-2 code of a country's name or code. Raises ValueError for an unknown one."""
    names, codes = _table()
    code = name if name in codes else names.get(_plain(name))
    if code is None:
        message = f"{name!r} is no country we know: expected an English country name such as Germany"
        raise ValueError(message)
    return code


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, str], frozenset[str]]:
    """Give the code of each plain name, and all codes; these count only in capitals: `no` is not Norway."""
    table = files("studyline.importing").joinpath("countries.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines()]
    names = {_plain(name): code for code, *names in rows for name in names}
    return names, frozenset(code for code, *_ in rows)


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    """Fold case, accents, punctuation and articles away: `CURACAO` and `Curaçao` are one name."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    words = re.findall(r"[a-z]+", letters.replace("&", " and "))
    return " ".join(word for word in words if word != "the")
