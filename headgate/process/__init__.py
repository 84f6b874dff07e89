"""What a process sets up before anything heavy is imported."""
