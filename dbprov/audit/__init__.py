"""The record of what was changed: entries, one after the other, each with the hash of the one
before it.
"""
