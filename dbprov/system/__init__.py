"""This machine: which files are believed, what is masked, what stays on loopback, and limits of
time.
"""
