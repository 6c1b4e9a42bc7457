"""Names, the pytrec-eval adapter, plug-in measures, and the guard around them."""
