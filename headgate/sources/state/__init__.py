"""What is kept of sources from one run to the next."""
