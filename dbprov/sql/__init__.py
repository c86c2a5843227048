"""Templates become statements, steps become a file, and a reviewed file is compared with the
plan of now.
"""
