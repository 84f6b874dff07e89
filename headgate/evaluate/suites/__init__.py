"""Questions with what is known about their right answers."""
