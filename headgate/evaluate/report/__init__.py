"""Scores → figures, pictures, notes and the MLflow run."""
