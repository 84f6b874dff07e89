"""Speed and quality against named references. Each module runs alone: `python -m benchmarks.NAME`; results go to RESULTS.md with the command."""
