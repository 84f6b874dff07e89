"""Documents that nobody may find any more, in no bundle, old or new."""
