"""What is understood of a question before anything is searched."""
