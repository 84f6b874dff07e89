"""What people must know while the service runs."""
