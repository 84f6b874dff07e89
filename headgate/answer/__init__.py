"""Question → answer: the one path of service and evaluation."""
