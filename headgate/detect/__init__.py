"""What is found in documents and in questions alike: personal data, text that addresses the model, language."""
