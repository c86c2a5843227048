ALTER USER {{ user | literal }}@{{ host | literal }} DISCARD OLD PASSWORD
