"""The durable log of what was asked and answered."""
