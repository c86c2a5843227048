from dbprov.cli import main

main()
