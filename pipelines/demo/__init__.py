"""The newcomer's demo: documents → bundle → evaluation → gate → release → service → next release → rollback. See `__main__`."""
