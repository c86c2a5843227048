"""Sessions of the admin on one server: look, apply, lock, retry, and the logins that verify what
was made.
"""
