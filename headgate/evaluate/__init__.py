"""Answerer → report → verdict. Needs the extra `pipeline`."""
