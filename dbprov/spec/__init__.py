"""What the user wrote, checked: the spec, its model, its server URLs, and the file that import
writes.
"""
