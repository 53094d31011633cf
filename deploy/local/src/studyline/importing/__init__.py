"""Importers: history from a registry or a CTMS extract enters the platform by the services' adopt routes.

`ctgov` and `ctms` map, purely; `reading` and `tables` read files; `sending` batches; `commands` is `studyline import`.
"""
