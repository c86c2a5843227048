"""What each command does, without a terminal.

The CLI prints what these return, and a Python program calls them.
"""
