"""The promoted bundle behind HTTP. Needs the extra `serve`."""
