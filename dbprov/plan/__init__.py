"""What is wanted against what is found, and the steps that follow. Pure: nothing here asks a
server.
"""
