"""Files read by unstructured, with pandoc where a format needs it."""
