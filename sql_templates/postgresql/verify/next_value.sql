SELECT nextval({{ sequence | literal }}::regclass) = 1 AS held, 'next value 1' AS observed
