"""The audit log: a file of entries, each with the hash of the entry before it."""
