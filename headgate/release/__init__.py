"""Verdict → release: the ledger and the way back."""
