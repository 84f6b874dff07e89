"""What is found out of each document and chunk before anything is judged."""
