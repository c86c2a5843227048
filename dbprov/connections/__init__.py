"""Connection strings, and a file in the form of each consumer."""
