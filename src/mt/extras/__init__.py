"""Leaves: each may be deleted and breaks only its own command and test."""
