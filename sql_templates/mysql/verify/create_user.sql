CREATE USER {{ probe | literal }}@'localhost' ACCOUNT LOCK
