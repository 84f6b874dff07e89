"""How much words and vectors count, and how the two become one score."""
