"""PostgreSQL and MySQL: a folder each, with the same modules. ``engine.py`` says what they hold."""
