"""One module a format: a page of the sample corpus → the bytes of its file, the same on every run and machine."""
