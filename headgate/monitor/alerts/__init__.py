"""Tell people that something is wrong, once, and again when it is over."""
