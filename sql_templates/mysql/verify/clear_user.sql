DROP USER IF EXISTS {{ probe | literal }}@'localhost'
