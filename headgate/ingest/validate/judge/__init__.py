"""Rows judged by expectations that people edit; Great Expectations in a process of its own."""
