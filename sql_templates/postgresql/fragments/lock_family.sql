{# The first of the two numbers of all our advisory locks: "dbpr" in ASCII. Also for a person who looks at pg_locks.classid. -#}
1684172914
