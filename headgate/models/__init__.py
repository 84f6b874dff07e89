"""Models that run here or at a provider."""
