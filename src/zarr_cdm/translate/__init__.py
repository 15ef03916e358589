"""Work between two doors: convert, describe, print."""
