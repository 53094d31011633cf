"""Importers: history from a registry or a CTMS extract enters the platform by the services' adopt routes.

`ctgov` and `ctms` map, purely; `reading` and `tables` read files; `sending` sends batches; `running` joins
them; `commands` is `studyline import`.
"""

from studyline.importing.running import run_ctgov, run_ctms
from studyline.importing.summary import Problem, Summary

__all__ = ["Problem", "Summary", "run_ctgov", "run_ctms"]
