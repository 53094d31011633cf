"""Numbers of other registries among a study's secondary identifiers.

Sources: the primary registries of WHO's ICTRP and their number forms; EudraCT (`2011-004486-33`), CTIS
(`2022-502759-70-01`) and WHO's Universal Trial Number.
"""

import re
from collections.abc import Iterable, Iterator

_NUMBER = re.compile(
    r"""(?<![\w-])(
    NCT\d{8}
    | 20\d{2}-5\d{5}-\d{2}(?:-\d{2})?
    | (?:19|20)\d{2}-0\d{5}-\d{2}
    | ISRCTN\d{8}
    | ACTRN\d{14}p?
    | ChiCTR[\w-]*\d{8,}
    | CTRI/\d{4}/\d{2,3}/\d{6}
    | CTR20\d{6}
    | DRKS\d{8}
    | IRCT\w{11,}
    | JapicCTI-\d{6}
    | jRCT\w{10,}
    | UMIN\d{9}
    | JPRN-\w+
    | KCT\d{7}
    | NTR\d{2,5}
    | NL-OMON\d+
    | PACTR\d{15,16}
    | RBR-\w{6,9}
    | RPCEC\d{8}
    | SLCTR/\d{4}/\d{3}
    | TCTR\d{11}
    | LBCTR\d{10}
    | U1111-\d{4}-\d{4}
    )(?![\w-])""",
    re.VERBOSE,
)


def registry_numbers(identifiers: Iterable[str]) -> Iterator[str]:
    """Give the registry numbers in these texts, such as the one in `EudraCTnr: 2005-005175-16`."""
    for identifier in identifiers:
        yield from _NUMBER.findall(identifier)
