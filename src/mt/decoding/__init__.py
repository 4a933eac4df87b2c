"""Searching for French: hypotheses, the search, engines, and whole texts."""
