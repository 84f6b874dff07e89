"""What text is made of: sentences, search terms, numbers."""
