"""Tests without any I/O: no server, no network, no files (but for the places that are files, in test_secret.py)."""
