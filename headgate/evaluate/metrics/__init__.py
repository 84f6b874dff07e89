"""Answers → scores of one case."""
