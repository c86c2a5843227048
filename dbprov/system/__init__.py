"""Files and their permissions, masking of secrets, loopback addresses, and time limits."""
